//! What the kinds of noise share: random streams, one per block of neurons, that last as long as the behaviour.

use bevy_reflect::prelude::*;

use crate::{
    network::{Preparation, PrepareError},
    numeric::{blocks::BLOCK, lanes::Lanes},
};

/// The random streams of a noise, one per block of neurons; their state advances with every iteration.
#[derive(Clone, Debug, Default, Reflect)]
#[reflect(opaque, Clone, Debug, Default)]
pub struct Streams(pub(super) Vec<Lanes>);

impl Streams {
    /// Starts the streams, unless they run already: a noise that is switched on again goes on where it stopped.
    pub(super) fn start(&mut self, preparation: &Preparation<'_>) {
        let blocks = preparation.shape().iter().product::<usize>().div_ceil(BLOCK);
        if !preparation.is_trial() && self.0.len() != blocks {
            self.0 = Lanes::for_blocks(preparation.stream("noise"), blocks);
        }
    }
}

/// For [`Behaviour::prepare`](crate::network::Behaviour::prepare): what acts from a time on ends after it.
pub(super) fn window(preparation: &Preparation<'_>, start: f64, stop: Option<f64>) -> Result<(), PrepareError> {
    if start.is_nan() {
        return Err(preparation.error(Some("start"), "must be a time, not NaN"));
    }
    match stop {
        Some(stop) if stop.is_nan() || stop <= start => {
            Err(preparation.error(Some("stop"), format!("must be after `start`, {start} ms, not {stop}")))
        }
        _ => Ok(()),
    }
}

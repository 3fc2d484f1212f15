//! What the kinds of noise share: random streams, one per block of neurons, that last as long as the behaviour.

use bevy_reflect::prelude::*;

use crate::{
    network::Preparation,
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

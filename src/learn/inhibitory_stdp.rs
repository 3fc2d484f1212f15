//! Plasticity of inhibitory synapses that holds the rate of their targets: T. Vogels, H. Sprekeler, F. Zenke, C. Clopath &
//! W. Gerstner, Science 334:1569 (2011), supporting material.
//!
//! ```text
//! source:  w ← w + eta (y − α)        α = 2 · target_rate · tau
//! target:  w ← w + eta · x
//! ```
//! Symmetric: x and y decay with the same time constant, and near spikes strengthen the synapse whichever comes first, while
//! each spike of the source alone weakens it. Weights are magnitudes, held at 0 and at `w_max`. Which spikes meet:
//! [`spike_timing`](super::spike_timing).

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    bounds, rests,
    spike_timing::{Pairing, SpikeTiming, Timing, Trace, Update, change, memory},
};
use crate::{
    behaviour,
    network::{Behaviour, Kind, Preparation, PrepareError, Range, Size, Unit, Weights},
    numeric::{Real, real::real},
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// Inhibition that grows until its targets fire at a rate.
    #[require(Timing<InhibitoryStdp>)]
    pub struct InhibitoryStdp {
        /// Change of the weight by two spikes at almost the same time, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub eta: f64 = 1e-3,
        /// Rate at which inhibition holds the targets.
        #[reflect(@Unit("Hz"), @Range::NOT_NEGATIVE)]
        pub target_rate: f64 = 3.0,
        /// Time constant of both sides of the window.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau: f64 = 20.0,
        /// The greatest weight.
        #[reflect(@Range::FINITE)]
        pub w_max: f64 = 10.0,
    }
}

impl Behaviour for InhibitoryStdp {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, change::<Self, 1, 1>);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        bounds::check(preparation, self.bounds())?;
        rests::carry_if_small(preparation, self.bounds(), &[self.eta]);
        if !real(self.alpha()).is_finite() {
            let why = format!("must be a number of spikes within `tau` that is finite, not {} Hz", self.target_rate);
            return Err(preparation.error(Some("target_rate"), why));
        }
        Ok(())
    }

    fn memory(&self, size: Size) -> u64 {
        memory(self, size)
    }
}

impl InhibitoryStdp {
    /// The trace of a target at which a spike of the source changes nothing.
    fn alpha(&self) -> f64 {
        2.0 * self.target_rate * self.tau / 1000.0
    }
}

impl SpikeTiming<1, 1> for InhibitoryStdp {
    type Update = Symmetric;
    type Changed = Weights;

    fn pre_traces(&self) -> [Trace; 1] {
        [Trace { tau: self.tau, pairing: Pairing::All }]
    }

    fn post_traces(&self) -> [Trace; 1] {
        self.pre_traces()
    }

    fn update(&self) -> Symmetric {
        Symmetric { eta: real(self.eta), alpha: real(self.alpha()) }
    }

    fn bounds(&self) -> [f64; 2] {
        [0.0, self.w_max]
    }
}

/// The constants of the rule.
#[derive(Clone, Copy, Debug)]
pub struct Symmetric {
    eta: Real,
    alpha: Real,
}

impl Update<1, 1> for Symmetric {
    #[inline(always)]
    fn on_pre(&self, _: Real, _: [Real; 1], [y]: [Real; 1]) -> Real {
        self.eta * (y - self.alpha)
    }

    #[inline(always)]
    fn on_post(&self, _: Real, [x]: [Real; 1], _: [Real; 1]) -> Real {
        self.eta * x
    }
}

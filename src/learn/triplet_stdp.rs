//! Plasticity by triplets of spikes: J.-P. Pfister & W. Gerstner, "Triplets of spikes in a model of spike timing-dependent
//! plasticity", J. Neurosci. 26:9673 (2006), eqs. 3 and 4.
//!
//! ```text
//! source:  w ← w − o1 (a2_minus + a3_minus · r2)         r1, r2 decay with tau_plus, tau_x;
//! target:  w ← w + r1 (a2_plus + a3_plus · o2)           o1, o2 with tau_minus, tau_y
//! ```
//! r are traces of the source and o of the target, just before the spike. Weights stay within hard bounds. Which spikes
//! meet: [`spike_timing`](super::spike_timing).

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    bounds::{self, finite_or_nearest},
    rests,
    spike_timing::{Pairing, SpikeTiming, Timing, Trace, Update, change, memory},
};
use crate::{
    behaviour,
    network::{Behaviour, Kind, Preparation, PrepareError, Range, Size, Unit, Weights},
    numeric::{Real, real::real},
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// Pairs and triplets of spikes change a synapse, so that the rate of a pairing counts beside its lag.
    ///
    /// By default visual cortex, all spikes: table 3 of the paper, the full model; weights from 0 to 2, of which 1 is the start.
    #[require(Timing<TripletStdp>)]
    pub struct TripletStdp {
        /// Strengthening by a pair, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub a2_plus: f64 = 5e-10,
        /// Strengthening by a triplet with two spikes of the target, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub a3_plus: f64 = 6.2e-3,
        /// Weakening by a pair, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub a2_minus: f64 = 7e-3,
        /// Weakening by a triplet with two spikes of the source, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub a3_minus: f64 = 2.3e-4,
        /// Time constant of r1.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_plus: f64 = 16.8,
        /// Time constant of r2.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_x: f64 = 101.0,
        /// Time constant of o1.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_minus: f64 = 33.7,
        /// Time constant of o2.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_y: f64 = 125.0,
        /// The least weight.
        #[reflect(@Range::FINITE)]
        pub w_min: f64 = 0.0,
        /// The greatest weight.
        #[reflect(@Range::FINITE)]
        pub w_max: f64 = 2.0,
        /// Whether a spike is paired with all that came before on the other side, or with the nearest.
        pub pairing: Pairing = Pairing::All,
    }
}

impl Behaviour for TripletStdp {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, change::<Self, 2, 2>);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let Self { a2_plus, a3_plus, a2_minus, a3_minus, .. } = *self;
        bounds::check(preparation, [self.w_min, self.w_max])?;
        rests::carry_if_small(preparation, self.bounds(), &[a2_plus, a3_plus, a2_minus, a3_minus]);
        Ok(())
    }

    fn memory(&self, size: Size) -> u64 {
        memory(self, size)
    }
}

impl SpikeTiming<2, 2> for TripletStdp {
    type Update = Triplets;
    type Changed = Weights;

    fn pre_traces(&self) -> [Trace; 2] {
        [self.tau_plus, self.tau_x].map(|tau| Trace { tau, pairing: self.pairing })
    }

    fn post_traces(&self) -> [Trace; 2] {
        [self.tau_minus, self.tau_y].map(|tau| Trace { tau, pairing: self.pairing })
    }

    fn update(&self) -> Triplets {
        Triplets { plus: [self.a2_plus, self.a3_plus].map(real), minus: [self.a2_minus, self.a3_minus].map(real) }
    }

    fn bounds(&self) -> [f64; 2] {
        [self.w_min, self.w_max]
    }
}

/// The constants of the rule.
#[derive(Clone, Copy, Debug)]
pub struct Triplets {
    plus: [Real; 2],
    minus: [Real; 2],
}

impl Update<2, 2> for Triplets {
    #[inline(always)]
    fn on_pre(&self, _: Real, [_, r2]: [Real; 2], [o1, _]: [Real; 2]) -> Real {
        -o1 * finite_or_nearest(self.minus[0] + self.minus[1] * r2)
    }

    #[inline(always)]
    fn on_post(&self, _: Real, [r1, _]: [Real; 2], [_, o2]: [Real; 2]) -> Real {
        r1 * finite_or_nearest(self.plus[0] + self.plus[1] * o2)
    }
}

//! Spike-timing-dependent plasticity of one step, as of networks of binary neurons: A. Lazar, G. Pipa & J. Triesch, "SORN: a
//! self-organizing recurrent neural network", Front. Comput. Neurosci. 3:23 (2009).
//!
//! ```text
//! Δw(t) = eta · (post(t) · pre(t − 1) − pre(t) · post(t − 1))        pre, post: 1 where there is a spike, else 0
//!
//! source:  w ← w − eta · post(t − 1)
//! target:  w ← w + eta · pre(t − 1)
//! ```
//! A step is an iteration, and pre is when a spike arrives: delays lie in the axon. Weights stay within hard bounds, between
//! the two lines too: where both sides fire in two steps on end, a weight at its least bound is `eta` above it afterwards,
//! in place of the sum's zero.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    bounds, rests,
    spike_timing::{SpikeTiming, Timing, Trace, Update, change, memory},
};
use crate::{
    behaviour,
    network::{Behaviour, Kind, Preparation, PrepareError, Range, Size, Weights},
    numeric::{Real, real::real},
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// A synapse strengthens if its source fired one step before its target, and weakens if one step after.
    ///
    /// By default the pace of the paper, for weights from 0 to 1.
    #[require(Timing<OneStepStdp>)]
    pub struct OneStepStdp {
        /// Change of the weight, up or down, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub eta: f64 = 1e-3,
        /// The least weight.
        #[reflect(@Range::FINITE)]
        pub w_min: f64 = 0.0,
        /// The greatest weight.
        #[reflect(@Range::FINITE)]
        pub w_max: f64 = 1.0,
    }
}

impl Behaviour for OneStepStdp {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, change::<Self, 1, 1>);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        bounds::check(preparation, self.bounds())?;
        rests::carry_if_small(preparation, self.bounds(), &[self.eta]);
        Ok(())
    }

    fn memory(&self, size: Size) -> u64 {
        memory(self, size)
    }
}

impl SpikeTiming<1, 1> for OneStepStdp {
    type Update = Steps;
    type Changed = Weights;

    fn pre_traces(&self) -> [Trace; 1] {
        [Trace::LAST_STEP]
    }

    fn post_traces(&self) -> [Trace; 1] {
        [Trace::LAST_STEP]
    }

    fn update(&self) -> Steps {
        Steps { eta: real(self.eta) }
    }

    fn bounds(&self) -> [f64; 2] {
        [self.w_min, self.w_max]
    }
}

/// The constants of the rule.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    eta: Real,
}

impl Update<1, 1> for Steps {
    #[inline(always)]
    fn on_pre(&self, _: Real, _: [Real; 1], [y]: [Real; 1]) -> Real {
        -self.eta * y
    }

    #[inline(always)]
    fn on_post(&self, _: Real, [x]: [Real; 1], _: [Real; 1]) -> Real {
        self.eta * x
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    /// A source that fires at step 10, and targets around it: by hand.
    #[test]
    fn only_neighbouring_steps_count() {
        let mut bench = Bench::new();
        let source = bench.group("source", 5, SpikeSource::at(vec![vec![10.5]; 5]));
        let target = bench.group("target", 5, SpikeSource::at((0..5).map(|k| vec![8.5 + f64::from(k)]).collect()));
        let rule = OneStepStdp { eta: 0.125, ..default() };
        let rules = (OneToOne::default(), InitialWeights(0.5.into()), rule);
        let synapses = bench.synapses(source, target, "X", rules);
        bench.ticks(20);
        assert_eq!(bench.get(synapses, "weights"), [0.5, 0.375, 0.5, 0.625, 0.5]);
    }
}

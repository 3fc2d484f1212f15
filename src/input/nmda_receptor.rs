//! NMDA receptors: a slow conductance that magnesium blocks at low membrane potentials (Jahr & Stevens, J. Neurosci.
//! 10:3178, 1990, eq. 4).
//!
//! ```text
//! g(t) = gain · weight · n · (exp(−t/decay) − exp(−t/rise))     after a spike; n such that the peak is gain · weight
//! open = g / (1 + magnesium/3.57 · exp(−0.062 v))               v (mV) at the start of the step, magnesium in mM
//! conductance += open,   input += open · reversal
//! ```
//! The conductance steps exactly and enters by its mean over the step (see [`super::decay`]).

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::dynamics::{self, Dynamic, Level, Parts, Rise};
use crate::{
    behaviour,
    network::{
        Afferent, Behaviour, Initial, Kind, Parameter, Preparation, PrepareError, Range, RegisterVariable, Unit,
    },
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// A slow conductance with the voltage-dependent block of NMDA receptors.
    #[require(Level, Rise)]
    pub struct NmdaReceptor {
        /// Tag or name of the afferent synapse groups whose spikes it takes.
        pub afferent: Afferent,
        /// Factor on the weights; peak without block, in nS, or as the model counts them (`HodgkinHuxley`: mS/cm²).
        pub gain: Parameter = 1.0,
        /// Time constant of the rise.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO_OR_INFINITE)]
        pub rise: Parameter = 2.0,
        /// Time constant of the decay.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO_OR_INFINITE)]
        pub decay: Parameter = 100.0,
        /// Reversal potential.
        #[reflect(@Unit("mV"))]
        pub reversal: Parameter = 0.0,
        /// Concentration of magnesium outside; 0 for no block.
        #[reflect(@Unit("mM"), @Range::NOT_NEGATIVE)]
        pub magnesium: Parameter = 1.0,
        /// Conductance at the start, from which it decays.
        pub initial: Initial = 0.0,
    }
}

impl Dynamic for NmdaReceptor {
    fn parts(&self) -> Parts<'_> {
        let Self { gain, rise, decay, reversal, magnesium, .. } = self;
        Parts { gain, rise: Some(rise), decay, reversal: Some(reversal), magnesium: Some(magnesium) }
    }
}

impl Behaviour for NmdaReceptor {
    const KIND: Kind = Kind::Receptor;

    fn plugin(app: &mut App) {
        app.register_variable::<Level>().register_variable::<Rise>();
        app.add_behaviour_system::<Self, _>(Stage::Input, dynamics::receive::<Self>);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        dynamics::prepare(&self.parts(), preparation)
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        dynamics::complete(&self.parts(), preparation);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::{input::receptor_tests::refusal, prelude::*};

    #[test]
    fn the_block_is_that_of_jahr_and_stevens() {
        let mut bench = Bench::new().with_dt(0.1);
        let cells = bench.group("cells", 3, (V::default(), Conductance::default()));
        bench.set(cells, "v", &[-80.0, -20.0, 40.0]);
        let receptor = NmdaReceptor { initial: 1.0.into(), reversal: 10.0.into(), ..default() };
        bench.receptor(cells, "nmda", receptor);
        bench.tick();
        // 1/(1 + exp(−0.062 v)/3.57) and the mean of the decay over the step, 1000 (1 − exp(−0.001)).
        let mean = 1000.0 * -f64::exp_m1(-0.001);
        let open = [0.024_424_653, 0.508_140_680, 0.977_080_156].map(|open| mean * open);
        let (sums, input) = (bench.get(cells, "conductance"), bench.get(cells, "input"));
        for i in 0..3 {
            assert!((sums[i] - open[i]).abs() < 1e-6, "{sums:?} {open:?}");
            assert!((input[i] - 10.0 * open[i]).abs() < 1e-5, "{input:?}");
        }
    }

    #[test]
    fn groups_without_a_membrane_potential_are_refused() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 1, Conductance::default());
        let error = refusal(&mut bench, cells, NmdaReceptor::default());
        assert_eq!(error, "cells.r: NmdaReceptor: `cells` has no membrane potential that magnesium could go by");
    }
}

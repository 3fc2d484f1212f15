//! Dopamine: a signal at the synapses onto a group, which any behaviour may raise and rules of learning go by (E. M.
//! Izhikevich, "Solving the distal reward problem through linkage of STDP and dopamine signaling", Cereb. Cortex 17:2443, 2007,
//! eq. 3).
//!
//! ```text
//! d(dopamine)/dt = −dopamine/tau + tonic,      dopamine += amount     by whatever rewards
//! ```
//! Exact at any step. The concentration is that at the end of an iteration, before which any behaviour may add to it
//! that comes before the rules of the learn stage, as `Reward` does; it decays as the last of that stage.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::bounds::finite_or_nearest;
use crate::{
    behaviour,
    network::{Behaviour, Clock, Range, RegisterVariable, Unit, residues::LEAST_DECAY},
    numeric::real::{IS_SINGLE, moved_by, real},
    schedule::{AddToStage, Stage},
    variable,
};

variable! {
    /// Concentration of dopamine at the synapses onto a neuron.
    pub struct Concentration = "dopamine" in "µM";
}

variable! {
    /// What a concentration has below the last place, where it is taken up too slowly for single precision.
    pub struct ConcentrationRest = "dopamine_rest" in "µM";
}

behaviour! {
    /// Dopamine at the synapses onto the neurons of a group.
    #[require(Concentration, ConcentrationRest)]
    pub struct Dopamine {
        /// Time constant of the uptake.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau: f64 = 200.0,
        /// What is always released.
        #[reflect(@Unit("µM/s"), @Range::FINITE)]
        pub tonic: f64 = 0.0,
    }
}

impl Behaviour for Dopamine {
    fn plugin(app: &mut App) {
        app.register_variable::<Concentration>()
            .register_variable::<ConcentrationRest>()
            .add_behaviour_system::<Self, _>(Stage::Learn, decay);
    }
}

fn decay(mut groups: Query<(&Dopamine, &mut Concentration, &mut ConcentrationRest)>, clock: Res<Clock>) {
    for (dopamine, mut concentration, mut rests) in &mut groups {
        let lost = -libm::expm1(-clock.dt / dopamine.tau);
        let released = finite_or_nearest(real(dopamine.tonic * 1e-3 * dopamine.tau * lost));
        if IS_SINGLE && lost < LEAST_DECAY {
            let lost = real(lost);
            for (d, rest) in concentration.0.iter_mut().zip(rests.0.iter_mut()) {
                *d = finite_or_nearest(moved_by(*d, rest, released - *d * lost));
            }
            continue;
        }
        let kept = real(1.0 - lost);
        concentration.0.iter_mut().for_each(|d| *d = finite_or_nearest(*d * kept + released));
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn it_settles_at_what_is_released_and_taken_up_and_decays_from_above() {
        let mut bench = Bench::new().with_dt(0.5);
        let cells = bench.group("cells", 2, Dopamine { tau: 100.0, tonic: 20.0 });
        bench.set(cells, "dopamine", &[0.0, 5.0]);
        for step in 1..=2000 {
            bench.tick();
            let decayed = (-0.5 * f64::from(step) / 100.0).exp();
            // 20 µM/s · 0.1 s
            for (found, start) in bench.get(cells, "dopamine").into_iter().zip([0.0, 5.0]) {
                let exact = 2.0 + (start - 2.0) * decayed;
                assert!((found - exact).abs() < 1e-4, "{step}: {found} {exact}");
            }
        }
    }
}

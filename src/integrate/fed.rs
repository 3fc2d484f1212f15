//! What the tests of models feed them with: conductances and jumps without receptors, and when they fire.

use crate::{network::*, numeric::real::real, prelude::*};

/// Conductances and jumps that the neurons of a group get in every iteration; empty for none.
#[derive(Component, Clone, Default)]
pub(super) struct Fed {
    pub(super) conductance: Vec<f64>,
    pub(super) jump: Vec<f64>,
}

/// Lets groups that have `Fed` be fed.
pub(super) fn feeding(mut bench: Bench) -> Bench {
    bench.app_mut().add_stage_system(Stage::Input, "fed", feed);
    bench
}

fn feed(mut groups: Query<(&Fed, Option<&mut Conductance>, Option<&mut Jump>)>) {
    for (fed, conductance, jump) in &mut groups {
        if let Some(mut conductance) = conductance {
            conductance.used = !fed.conductance.is_empty();
            conductance.sum.iter_mut().zip(&fed.conductance).for_each(|(sum, &x)| *sum = real(x));
        }
        if let Some(mut jump) = jump {
            jump.used = !fed.jump.is_empty();
            jump.sum.iter_mut().zip(&fed.jump).for_each(|(sum, &x)| *sum = real(x));
        }
    }
}

/// Spike times (iterations) of a group in the iterations to come, of whichever neuron.
pub(super) fn spike_times(bench: &mut Bench, group: Entity, iterations: u64) -> Vec<u64> {
    let fires = |bench: &mut Bench| {
        bench.tick();
        !bench.spikes(group).is_empty()
    };
    (0..iterations).filter(|_| fires(bench)).collect()
}

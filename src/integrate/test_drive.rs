//! What the tests of models feed them with: conductances and jumps without receptors, and a fine integration to compare
//! with.

use crate::{network::*, numeric::real::real, prelude::*};

/// Conductances and jumps that the neurons of a group get in every iteration; empty for none.
#[derive(Component, Clone, Default)]
pub(super) struct TestDrive {
    pub(super) conductance: Vec<f64>,
    pub(super) jump: Vec<f64>,
}

/// Lets groups that have `TestDrive` be fed.
pub(super) fn feeding(mut bench: Bench) -> Bench {
    bench.app_mut().add_stage_system(Stage::Input, "fed", feed);
    bench
}

fn feed(mut groups: Query<(&TestDrive, Option<&mut Conductance>, Option<&mut Jump>)>) {
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

/// A step of the classical fourth-order Runge–Kutta method.
pub(super) fn runge_kutta<const N: usize>(y: [f64; N], h: f64, f: &impl Fn([f64; N]) -> [f64; N]) -> [f64; N] {
    let along = |k: [f64; N], h: f64| std::array::from_fn(|i| y[i] + h * k[i]);
    let k1 = f(y);
    let k2 = f(along(k1, h / 2.0));
    let k3 = f(along(k2, h / 2.0));
    let k4 = f(along(k3, h));
    std::array::from_fn(|i| y[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

/// The solution of y' = f(y) at a time, by a hundred Runge–Kutta steps in each 0.1 ms.
pub(super) fn solution<const N: usize>(y: [f64; N], time: f64, f: impl Fn([f64; N]) -> [f64; N]) -> [f64; N] {
    let steps = (time * 1000.0).round() as usize;
    (0..steps).fold(y, |y, _| runge_kutta(y, 1e-3, &f))
}

/// The order at which errors fall when the step is halved, from errors at steps of h, h/2, h/4 …: the least of them.
pub(super) fn order_of(errors: &[f64]) -> f64 {
    assert!(errors.iter().all(|error| error.is_finite()), "{errors:?}");
    errors.windows(2).map(|pair| (pair[0] / pair[1]).log2()).fold(f64::INFINITY, f64::min)
}

/// Spike times (iterations) of a group in the iterations to come, of whichever neuron.
pub(super) fn spike_times(bench: &mut Bench, group: Entity, iterations: u64) -> Vec<u64> {
    let fires = |bench: &mut Bench| {
        bench.tick();
        !bench.spikes(group).is_empty()
    };
    (0..iterations).filter(|_| fires(bench)).collect()
}

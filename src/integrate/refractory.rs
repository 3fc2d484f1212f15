//! The refractory period of models that have one, counted in iterations.

use crate::{
    network::{LeastInterval, Parameter, Preparation, PrepareError},
    numeric::{Real, real::real},
    variable,
};

variable! {
    /// Iterations for which a neuron is refractory still.
    pub struct RefractoryLeft = "refractory_left" in "";
}

/// The iterations that a time rounds to, half an iteration up: 0.35 at 0.1 is four.
#[inline(always)]
pub(super) fn iterations(time: Real, dt: Real) -> Real {
    // A cast rounds towards zero, in vector lanes too, which `floor` of the baseline does not.
    // What is added to the half is the error of a quotient of 500 in f32, twice.
    (time / dt + 0.5001) as i32 as Real
}

/// Refuses times that cannot be counted, and states what they leave between two spikes.
pub(super) fn check(preparation: &mut Preparation<'_>, time: &Parameter) -> Result<(), PrepareError> {
    // Counted down in f32, which misses none below 2^24 of them.
    let dt = preparation.clock().dt;
    let longest = 1e7 * dt;
    preparation.check("refractory", time, |time| (0.0..=longest).contains(&time), "0 to 10 million iterations")?;
    let neurons = if time.uniform().is_some() { 1 } else { preparation.members() };
    let shortest = (0..neurons).map(|i| time.at(i)).fold(Real::INFINITY, Real::min);
    // A neuron may fire in the iteration after the refractory ones.
    let least = LeastInterval(iterations(shortest, real(dt)) as u64 + 1);
    let entity = preparation.entity();
    preparation.world().entity_mut(entity).insert(least);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_iterations_are_rounded_alike() {
        for k in 0..500_i32 {
            let half: f64 = format!("{}.{}5", k / 10, k % 10).parse().unwrap();
            assert_eq!(iterations(real(half), real(0.1)), real(f64::from(k + 1)), "{half}");
        }
        for whole in [0.0, 0.1, 2.0, 300.0, 1e5] {
            assert_eq!(iterations(real(whole), real(0.1)), real(libm::round(whole * 10.0)));
        }
    }
}

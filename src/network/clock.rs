//! Time and chance: the step, the iteration that runs, the seed that all random streams start from.

use bevy_ecs::prelude::*;

use crate::numeric::Real;

/// The step of the simulation and the iteration that runs.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Length of an iteration (ms), above zero; default 1.
    pub dt: f64,
    /// The iteration that runs, from 0; between ticks the number of those that ended.
    pub iteration: u64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { dt: 1.0, iteration: 0 }
    }
}

impl Clock {
    /// A clock at iteration 0.
    #[must_use]
    pub const fn new(dt: f64) -> Self {
        Self { dt, iteration: 0 }
    }

    /// The step (ms) in the precision of the state.
    #[must_use]
    pub const fn step(&self) -> Real {
        crate::numeric::real::real(self.dt)
    }

    /// The first iteration that begins at or after a time (ms), as [`is_within`](Self::is_within) has it.
    #[must_use]
    pub fn first_from(&self, start: f64) -> u64 {
        (start / self.dt - 1e-3).ceil().max(0.0) as u64
    }

    /// Whether the running iteration begins at or after `start` and before `stop` (ms).
    ///
    /// A time such as 0.3 is not exactly 3 · 0.1: a thousandth of a step below it belongs to it.
    #[must_use]
    pub fn is_within(&self, start: f64, stop: Option<f64>) -> bool {
        let time = self.time() + 1e-3 * self.dt;
        start <= time && stop.is_none_or(|stop| time < stop)
    }

    /// The time (ms) at which the running iteration begins.
    #[must_use]
    pub fn time(&self) -> f64 {
        self.iteration as f64 * self.dt
    }
}

/// The seed of all random streams; default 1.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Default for Seed {
    fn default() -> Self {
        Self(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_iteration_from_a_time_is_the_first_within_it() {
        for dt in [0.1, 0.3, 1.0] {
            for start in [0.0, 0.05, 0.1, 0.3, 0.6, 0.7, 2.9, 1e6] {
                let first = Clock::new(dt).first_from(start);
                let begins = |iteration: u64| Clock { dt, iteration }.is_within(start, None);
                assert!(begins(first) && (first == 0 || !begins(first - 1)), "{dt} {start} {first}");
            }
        }
    }
}

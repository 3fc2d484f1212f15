//! Time and chance: the step, the iteration that runs, the seed that all random streams start from.

use bevy_ecs::prelude::*;
#[cfg(feature = "inspect")]
use bevy_reflect::prelude::*;

use crate::numeric::{Real, grid};

/// The step of the simulation and the iteration that runs.
///
/// # To which iteration a time belongs
///
/// Iteration k, from 0, begins at k · dt and ends at (k + 1) · dt.
///
/// - **Spikes** stand at the end of their iteration, as all state does that is recorded: a spike at `t` is one of
///   iteration ⌈t / dt⌉ - 1, be it recorded or given (`SpikeSource`, `SpikeTrains`). A time between two ends goes to the
///   later one; 0 and what is below belongs to none and is refused. With a delay d it arrives d later: what it does is in
///   the state at t + d + dt, the first that an iteration makes after the arrival.
/// - **Currents and all other input**, rates and stimuli act from the first iteration that begins at their time or
///   after, ⌈t / dt⌉, and no more in the first that begins at their end or after.
/// - **Switches** come before that same iteration.
/// - **Recorders** count iterations: `from` is the first, `until` the first that is not recorded any more.
/// - **Durations** (delays, refractory periods, intervals, bins) are rounded to whole steps, halves away from zero.
///
/// Times are decimals as they were written: 0.3 is three steps of 0.1, and 0.15 is one and a half.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Resource))]
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

/// On a network and its parts: the iteration of the world's clock at which the network began. It is 0 for whatever is told times
/// or iterations in the network: inputs, switches, recorders.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
pub struct Birth(pub u64);

impl Clock {
    /// The time of a network that began when it did; that of the world for what is part of none.
    #[inline]
    #[must_use]
    pub fn since(self, birth: Option<&Birth>) -> Self {
        Self { iteration: self.iteration.saturating_sub(birth.map_or(0, |birth| birth.0)), ..self }
    }

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
        libm::ceil(grid::steps(start, self.dt)).max(0.0) as u64
    }

    /// Whether the running iteration begins at or after `start` and before `stop` (ms).
    #[inline]
    #[must_use]
    pub fn is_within(&self, start: f64, stop: Option<f64>) -> bool {
        self.has_reached(start) && stop.is_none_or(|stop| !self.has_reached(stop))
    }

    /// Whether the running iteration begins at or after a time (ms). Only where the two are near it takes a division and
    /// more: a tenth of the tick of single neurons under currents.
    #[inline]
    fn has_reached(&self, time: f64) -> bool {
        let since = self.time() - time;
        if since.abs() > 0.5 * self.dt { since > 0.0 } else { self.first_from(time) <= self.iteration }
    }

    /// The iteration of a spike at a time (ms): the one at whose end it stands, or that contains it. `None` for 0 ms and
    /// below, and for what is no number or beyond all counting.
    #[must_use]
    pub fn iteration_of_spike(&self, time: f64) -> Option<u64> {
        let ends = libm::ceil(grid::steps(time, self.dt));
        (time > 0.0 && ends <= 9e15).then(|| ends.max(1.0) as u64 - 1)
    }

    /// The same of a time that was written with so much slack (ms), as a number in single precision or of few decimals is: within
    /// it, up to a quarter of a step, the end of an iteration is met.
    #[must_use]
    pub fn iteration_of_written_spike(&self, time: f64, slack: f64) -> Option<u64> {
        let end = libm::round(time / self.dt) * self.dt;
        let near = (time - end).abs() <= slack.min(0.25 * self.dt);
        self.iteration_of_spike(if near && end > 0.0 { end } else { time })
    }

    /// The number of steps that a duration (ms) rounds to, half a step away from zero.
    #[must_use]
    pub fn steps(&self, duration: f64) -> u64 {
        grid::rounded(duration, self.dt) as u64
    }

    /// The time (ms) at which the running iteration begins.
    #[must_use]
    pub fn time(&self) -> f64 {
        self.iteration as f64 * self.dt
    }
}

/// The seed of all random streams; default 1.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Resource))]
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
    fn spikes_stand_at_the_ends_of_their_iterations() {
        let clock = Clock::new(0.1);
        let expected = [(1.0, 9), (0.1, 0), (0.05, 0), (1e-9, 0), (0.3, 2), (0.31, 3), (6606.6, 66_065)];
        for (time, iteration) in expected {
            assert_eq!(clock.iteration_of_spike(time), Some(iteration), "{time}");
        }
        for time in [0.0, -0.1, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(clock.iteration_of_spike(time), None, "{time}");
        }
        // What is recorded and written in ms comes back the same.
        for iteration in (0..2_000_000_000_u64).step_by(999_983) {
            for dt in [0.01, 0.1, 0.3, 1.0] {
                let time = (iteration + 1) as f64 * dt;
                assert_eq!(Clock::new(dt).iteration_of_spike(time), Some(iteration), "{dt}");
            }
        }
    }

    #[test]
    fn the_first_iteration_from_a_time_is_the_first_within_it() {
        for dt in [0.1, 0.3, 1.0] {
            for start in [0.0, 0.05, 0.1, 0.3, 0.6, 0.7, 0.149, 0.151, 2.9, 1e6, 123_456.75] {
                let first = Clock::new(dt).first_from(start);
                let begins = |iteration: u64| Clock { dt, iteration }.is_within(start, None);
                assert!(begins(first) && (first == 0 || !begins(first - 1)), "{dt} {start} {first}");
            }
        }
    }
}

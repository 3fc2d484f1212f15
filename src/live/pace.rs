//! Time of a network against time of the wall: how much is due, and how fast it goes.

use std::time::Instant;

use super::Speed;

/// A speed, counted from a moment.
pub(super) struct Pace {
    pub speed: Speed,
    /// The iteration and the time that it counts from.
    from: (u64, Instant),
}

impl Pace {
    pub fn new(speed: Speed, iteration: u64) -> Self {
        Self { speed, from: (iteration, Instant::now()) }
    }

    /// Counts from now on.
    pub fn restart(&mut self, iteration: u64) {
        self.from = (iteration, Instant::now());
    }

    /// The iteration that it is time for, of `dt` (ms) each; none where it goes as fast as it can.
    pub fn goal(&self, dt: f64) -> Option<u64> {
        match self.speed {
            Speed::Max => None,
            Speed::Times(times) => Some(self.at(times, dt)),
        }
    }

    /// The same at a speed.
    pub fn at(&self, times: f64, dt: f64) -> u64 {
        let passed = self.from.1.elapsed().as_secs_f64() * 1e3 * times / dt;
        self.from.0.saturating_add(passed as u64)
    }
}

/// Iterations for a second of wall time, over half a second or so, as frames are uneven.
pub(super) struct Measured {
    /// When and with what iteration it was looked at last.
    at: (Instant, u64),
    speed: f64,
}

impl Measured {
    pub fn new(iteration: u64) -> Self {
        Self { at: (Instant::now(), iteration), speed: 0.0 }
    }

    /// When it was looked at last.
    pub const fn since(&self) -> Instant {
        self.at.0
    }

    /// Looks at it.
    pub fn look(&mut self, iteration: u64) -> f64 {
        let seconds = self.at.0.elapsed().as_secs_f64();
        let own = iteration.saturating_sub(self.at.1) as f64 / seconds.max(1e-6);
        self.speed += (own - self.speed) * (2.0 * seconds).min(1.0);
        self.at = (Instant::now(), iteration);
        self.speed
    }
}

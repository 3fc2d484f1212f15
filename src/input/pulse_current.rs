//! A train of rectangular pulses.
//!
//! ```text
//! input[i] += amplitude    while start + k period ≤ t < start + k period + width,   k = 0, 1, … count − 1,   t < stop
//! ```

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::current::{AddCurrent, Current};
use crate::{
    behaviour,
    network::{Behaviour, Clock, Parameter, Preparation, PrepareError, Range, Unit},
    numeric::Real,
};

behaviour! {
    /// Adds pulses of current at regular intervals.
    pub struct PulseCurrent {
        /// The current of a pulse, in the unit of the model's input.
        pub amplitude: Parameter = 1.0,
        /// When the first pulse begins.
        #[reflect(@Unit("ms"), @Range::FINITE)]
        pub start: f64 = 0.0,
        /// From the beginning of a pulse to that of the next; of no account for a single one.
        #[reflect(@Unit("ms"))]
        pub period: f64 = 100.0,
        /// How long a pulse lasts.
        #[reflect(@Unit("ms"))]
        pub width: f64 = 10.0,
        /// Number of pulses; `None` for no end.
        pub count: Option<u64>,
        /// When the train ends, be it within a pulse; `None` for never.
        #[reflect(@Unit("ms"))]
        pub stop: Option<f64>,
    }
}

impl Behaviour for PulseCurrent {
    fn plugin(app: &mut App) {
        app.add_current::<Self>();
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        preparation.check_window(self.start, self.stop)?;
        if !(self.is_single() || self.period.is_finite() && self.period > 0.0) {
            let why = format!("must be above 0, not {}", self.period);
            return Err(preparation.error(Some("period"), why));
        }
        // A single pulse has no next one that it could run into.
        let within = self.is_single() || self.width <= self.period;
        if !(self.width > 0.0 && self.width.is_finite() && within) {
            let why = format!("must be above 0 and within the period of {}, not {}", self.period, self.width);
            return Err(preparation.error(Some("width"), why));
        }
        Ok(())
    }
}

impl PulseCurrent {
    fn is_single(&self) -> bool {
        self.count.is_some_and(|count| count <= 1)
    }

    /// Whether the iteration that the clock stands at lies in a pulse.
    fn is_on(&self, clock: &Clock) -> bool {
        if !clock.is_within(self.start, self.stop) {
            return false;
        }
        // Of a single pulse the period is of no account.
        let period = if self.is_single() { f64::MAX } else { self.period };
        let begins = |pulse: f64| if pulse == 0.0 { self.start } else { self.start + pulse * period };
        // The last pulse that has begun: the quotient is rounded, and so is the beginning.
        let near = libm::floor((clock.time() - self.start) / period);
        let begun = [near + 1.0, near].into_iter().find(|&pulse| clock.is_within(begins(pulse), None));
        let last = self.count.map_or(f64::INFINITY, |count| count as f64 - 1.0);
        let pulse = begun.unwrap_or(near - 1.0).min(last);
        pulse >= 0.0 && clock.is_within(begins(pulse), Some(begins(pulse) + self.width))
    }
}

impl Current for PulseCurrent {
    type Cell = Real;
    type Now = ();

    fn cell(&self, i: usize) -> Real {
        self.amplitude.at(i)
    }

    fn now(&self, clock: &Clock) -> Option<()> {
        self.is_on(clock).then_some(())
    }

    #[inline(always)]
    fn current(amplitude: Real, (): ()) -> Real {
        amplitude
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    fn seen(current: PulseCurrent) -> Vec<f64> {
        let mut bench = Bench::new().with_dt(0.1);
        let cells = bench.group("cells", 2, current);
        let tick = |_| {
            bench.tick();
            bench.get(cells, "input")[1]
        };
        (0..14).map(tick).collect()
    }

    #[test]
    fn pulses_have_their_width_period_and_number() {
        let train = PulseCurrent { amplitude: "2 * i".into(), start: 0.3, period: 0.5, width: 0.2, ..default() };
        let first_three = [0., 0., 0., 2., 2., 0., 0., 0., 2., 2., 0., 0., 0., 2.];
        assert_eq!(seen(train.clone()), first_three);
        let only_two = [0., 0., 0., 2., 2., 0., 0., 0., 2., 2., 0., 0., 0., 0.];
        assert_eq!(seen(PulseCurrent { count: Some(2), ..train.clone() }), only_two);
        let long = [0., 0., 0., 2., 2., 2., 2., 2., 2., 2., 2., 0., 0., 0.];
        assert_eq!(seen(PulseCurrent { count: Some(1), width: 0.8, ..train.clone() }), long);
        let stopped = [0., 0., 0., 2., 2., 0., 0., 0., 2., 0., 0., 0., 0., 0.];
        assert_eq!(seen(PulseCurrent { stop: Some(0.9), ..train }), stopped);
    }

    #[test]
    fn pulses_that_overlap_or_never_come_are_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("a", 1, PulseCurrent { width: 200.0, ..default() }).unwrap_err();
        assert_eq!(error, "a: PulseCurrent.width: must be above 0 and within the period of 100, not 200");
        let single = PulseCurrent { count: Some(1), period: 0.0, start: 0.1, width: 0.2, ..default() };
        let on = |k: u64| f64::from(u8::from((1..3).contains(&k)));
        assert_eq!(seen(single), (0..14).map(on).collect::<Vec<_>>());
        let error = bench.try_group("b", 1, PulseCurrent { period: f64::INFINITY, ..default() }).unwrap_err();
        assert_eq!(error, "b: PulseCurrent.period: must be above 0, not inf");
    }
}

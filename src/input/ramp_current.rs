//! A current that changes steadily from one value to another.
//!
//! ```text
//! input[i] += from + (to − from) · (t − start)/duration    while start ≤ t < start + duration,   t = iteration · dt
//! input[i] += to                                           afterwards, if it stays
//! ```

use bevy_app::App;

use super::current::{AddCurrent, Current};
use crate::{
    behaviour, cell,
    network::{Behaviour, Clock, Parameter, Range, Unit},
    numeric::{Real, real::real},
};

behaviour! {
    /// Adds a current that rises or falls linearly.
    pub struct RampCurrent {
        /// The current at the start, in the unit of the model's input.
        pub from: Parameter = 0.0,
        /// The current at the end.
        pub to: Parameter = 1.0,
        /// When it begins.
        #[reflect(@Unit("ms"), @Range::FINITE)]
        pub start: f64 = 0.0,
        /// How long it takes.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub duration: f64 = 1000.0,
        /// Whether the last value stays.
        pub stays: bool = true,
    }
}

impl Behaviour for RampCurrent {
    fn plugin(app: &mut App) {
        app.add_current::<Self>();
    }
}

cell! {
    /// The ends of a neuron's ramp.
    pub struct Ends {
        from: Real,
        to: Real,
    }
}

impl Current for RampCurrent {
    type Cell = Ends;
    /// The part of the ramp that is over; nothing after its end.
    type Now = Option<Real>;

    fn cell(&self, i: usize) -> Ends {
        Ends { from: self.from.at(i), to: self.to.at(i) }
    }

    fn now(&self, clock: &Clock) -> Option<Option<Real>> {
        let is_over = clock.is_within(self.start + self.duration, None);
        let done = (!is_over).then(|| real((clock.time() - self.start) / self.duration));
        (clock.is_within(self.start, None) && (!is_over || self.stays)).then_some(done)
    }

    #[inline(always)]
    fn current(Ends { from, to }: Ends, done: Option<Real>) -> Real {
        done.map_or(to, |done| from + (to - from) * done)
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn it_rises_from_start_to_end_and_stays_or_not() {
        for (stays, last) in [(true, 3.0), (false, 0.0)] {
            let mut bench = Bench::new().with_dt(0.1);
            let to = "1 + 2 * i".into();
            let current = RampCurrent { from: (-1.0).into(), to, start: 0.2, duration: 0.4, stays };
            let cells = bench.group("cells", 2, current);
            let seen = [(); 8].map(|()| {
                bench.tick();
                bench.get(cells, "input")[1]
            });
            let expected = [0.0, 0.0, -1.0, 0.0, 1.0, 2.0, last, last];
            assert!(seen.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-6), "{seen:?}");
        }
    }

    #[test]
    fn a_ramp_takes_time() {
        let mut bench = Bench::new();
        let error = bench.try_group("a", 1, RampCurrent { duration: 0.0, ..default() }).unwrap_err();
        assert_eq!(error, "a: RampCurrent.duration: must be above 0, not 0");
        let error = bench.try_group("b", 1, RampCurrent { start: f64::NAN, ..default() }).unwrap_err();
        assert_eq!(error, "b: RampCurrent.start: must be finite, not NaN");
    }
}

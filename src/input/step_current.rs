//! A current that changes in steps.
//!
//! ```text
//! input[i] += scale · amplitudes[k]   while   times[k] ≤ t < times[k + 1],   t = iteration · dt
//! ```
//! Nothing before the first time; the last amplitude stays.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::current::{AddCurrent, Current};
use crate::{
    behaviour,
    network::{Behaviour, Clock, Parameter, Preparation, PrepareError, Unit},
    numeric::{Real, real::real},
};

behaviour! {
    /// Adds a current that jumps to a new amplitude at each of some times.
    pub struct StepCurrent {
        /// When each amplitude begins, ascending.
        #[reflect(@Unit("ms"))]
        pub times: Vec<f64>,
        /// The amplitudes, one per time, in the unit of the model's input.
        pub amplitudes: Vec<f64>,
        /// Factor on the amplitudes, for neurons that differ.
        pub scale: Parameter = 1.0,
    }
}

impl Behaviour for StepCurrent {
    fn plugin(app: &mut App) {
        app.add_current::<Self>();
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let (times, amplitudes) = (self.times.len(), self.amplitudes.len());
        if times != amplitudes {
            let why = format!("{times} times and {amplitudes} amplitudes; there must be as many of both");
            return Err(preparation.error(Some("amplitudes"), why));
        }
        if self.times.iter().chain(&self.amplitudes).any(|x| !x.is_finite()) {
            return Err(preparation.error(Some("times"), "times and amplitudes must be finite"));
        }
        match self.times.windows(2).find(|pair| pair[0] >= pair[1]) {
            Some(pair) => {
                let why = format!("times must ascend, but {} is followed by {}", pair[0], pair[1]);
                Err(preparation.error(Some("times"), why))
            }
            None => Ok(()),
        }
    }
}

impl StepCurrent {
    /// The amplitude in the iteration that the clock stands at.
    #[must_use]
    pub fn at(&self, clock: &Clock) -> f64 {
        let step = self.times.partition_point(|&begin| clock.is_within(begin, None));
        step.checked_sub(1).and_then(|step| self.amplitudes.get(step)).copied().unwrap_or_default()
    }
}

impl Current for StepCurrent {
    type Cell = Real;
    type Now = Real;

    fn cell(&self, i: usize) -> Real {
        self.scale.at(i)
    }

    fn now(&self, clock: &Clock) -> Option<Real> {
        Some(real(self.at(clock))).filter(|amplitude| *amplitude != 0.0)
    }

    #[inline(always)]
    fn current(scale: Real, amplitude: Real) -> Real {
        amplitude * scale
    }
}

#[cfg(test)]
mod tests {
    use super::StepCurrent;
    use crate::prelude::*;

    #[test]
    fn amplitudes_begin_at_their_times_and_the_last_one_stays() {
        let mut bench = Bench::new().with_dt(0.1);
        let current = StepCurrent { times: vec![0.3, 0.5], amplitudes: vec![2.0, -1.0], scale: "1 + i".into() };
        let cells = bench.group("cells", 2, current);
        let seen: Vec<f64> = (0..7)
            .map(|_| {
                bench.tick();
                bench.get(cells, "input")[1]
            })
            .collect();
        assert_eq!(seen, [0.0, 0.0, 0.0, 4.0, 4.0, -2.0, -2.0]);
    }

    #[test]
    fn times_that_do_not_ascend_are_refused() {
        let mut bench = Bench::new();
        let current = StepCurrent { times: vec![5.0, 5.0], amplitudes: vec![1.0, 2.0], ..default() };
        let error = bench.try_group("cells", 1, current).unwrap_err();
        assert_eq!(error, "cells: StepCurrent.times: times must ascend, but 5 is followed by 5");
    }
}

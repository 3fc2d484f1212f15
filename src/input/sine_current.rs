//! A sinusoidal current.
//!
//! ```text
//! input[i] += offset + amplitude · sin(2π frequency (t − start) + phase)     while start ≤ t < stop,   t = iteration · dt
//! ```
//! With sin(a + b) = sin a cos b + cos a sin b a phase for every neuron costs no sine for every neuron.

use std::f64::consts::TAU;

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::current::{AddCurrent, Current};
use crate::{
    behaviour, cell,
    network::{Behaviour, Clock, Parameter, Preparation, PrepareError, Range, Unit},
    numeric::{
        Real,
        real::{real, wide},
    },
};

behaviour! {
    /// Adds a current that oscillates.
    pub struct SineCurrent {
        /// Amplitude, in the unit of the model's input.
        pub amplitude: Parameter = 1.0,
        /// Mean.
        pub offset: Parameter = 0.0,
        /// Frequency.
        #[reflect(@Unit("Hz"), @Range::NOT_NEGATIVE)]
        pub frequency: f64 = 10.0,
        /// Phase at the start.
        #[reflect(@Unit("rad"))]
        pub phase: Parameter = 0.0,
        /// When it begins.
        #[reflect(@Unit("ms"), @Range::FINITE)]
        pub start: f64 = 0.0,
        /// When it ends; `None` for never.
        #[reflect(@Unit("ms"))]
        pub stop: Option<f64>,
    }
}

impl Behaviour for SineCurrent {
    fn plugin(app: &mut App) {
        app.add_current::<Self>();
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        preparation.check_window(self.start, self.stop)
    }
}

cell! {
    /// The mean of a neuron's current, and its shares of sine and cosine.
    pub struct Shares {
        offset: Real,
        of_sin: Real,
        of_cos: Real,
    }
}

impl Current for SineCurrent {
    type Cell = Shares;
    /// Sine and cosine.
    type Now = (Real, Real);

    fn cell(&self, i: usize) -> Shares {
        let [amplitude, phase] = [&self.amplitude, &self.phase].map(|own| wide(own.at(i)));
        let (sin, cos) = libm::sincos(phase);
        Shares { offset: self.offset.at(i), of_sin: real(amplitude * cos), of_cos: real(amplitude * sin) }
    }

    fn now(&self, clock: &Clock) -> Option<(Real, Real)> {
        let (sin, cos) = libm::sincos(TAU * turns(self.frequency, clock.time() - self.start));
        clock.is_within(self.start, self.stop).then_some((real(sin), real(cos)))
    }

    #[inline(always)]
    fn current(cell: Shares, (sin, cos): (Real, Real)) -> Real {
        cell.offset + cell.of_sin * sin + cell.of_cos * cos
    }
}

/// Turns of an oscillation after a time (ms), without the whole ones.
fn turns(frequency: f64, time: f64) -> f64 {
    let turns = 1e-3 * frequency * time;
    turns - libm::floor(turns)
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn it_is_the_sine_of_time_frequency_and_phase() {
        for phase in ["0.5", "0.5 + 0.25 * i"] {
            let mut bench = Bench::new().with_dt(0.5);
            let current = SineCurrent {
                amplitude: 3.0.into(),
                offset: 1.0.into(),
                frequency: 40.0,
                phase: phase.into(),
                start: 2.0,
                stop: Some(100.0),
            };
            let cells = bench.group("cells", 3, current);
            for k in 0..210 {
                bench.tick();
                let t = f64::from(k) * 0.5;
                for (i, found) in bench.get(cells, "input").iter().enumerate() {
                    let phase = 0.5 + if phase.contains('i') { 0.25 * i as f64 } else { 0.0 };
                    let sine = 1.0 + 3.0 * (std::f64::consts::TAU * 0.04 * (t - 2.0) + phase).sin();
                    let expected = if (2.0..100.0).contains(&t) { sine } else { 0.0 };
                    assert!((found - expected).abs() < 2e-6, "{t}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn a_frequency_that_is_none_is_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("a", 1, SineCurrent { frequency: -1.0, ..default() }).unwrap_err();
        assert_eq!(error, "a: SineCurrent.frequency: must be 0 or more, not -1");
    }
}

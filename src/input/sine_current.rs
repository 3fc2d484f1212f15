//! A sinusoidal current.
//!
//! ```text
//! input[i] += offset + amplitude · sin(2π frequency (t − start) + phase)     while start ≤ t < stop,   t = iteration · dt
//! ```
//! With sin(a + b) = sin a cos b + cos a sin b a phase for every neuron costs no sine for every neuron.

use std::f64::consts::TAU;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::{
    network::{Behaviour, Clock, Derived, Input, Parameter, Parameters, Preparation, PrepareError, Range, Unit},
    numeric::{Real, dispatch, real::real},
    schedule::{AddToStage, Stage},
};

/// Adds a current that oscillates.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
pub struct SineCurrent {
    /// Amplitude, in the unit of the model's input.
    pub amplitude: Parameter,
    /// Mean.
    pub offset: Parameter,
    /// Frequency.
    #[reflect(@Unit("Hz"), @Range::NOT_NEGATIVE)]
    pub frequency: f64,
    /// Phase at the start.
    #[reflect(@Unit("rad"))]
    pub phase: Parameter,
    /// When it begins; an iteration belongs to the time at which it starts.
    #[reflect(@Unit("ms"), @Range::FINITE)]
    pub start: f64,
    /// When it ends; `None` for never.
    #[reflect(@Unit("ms"))]
    pub stop: Option<f64>,
    /// Offset, and the shares of sine and cosine.
    #[reflect(ignore)]
    pub shares: Derived<3>,
}

impl Default for SineCurrent {
    fn default() -> Self {
        Self {
            amplitude: 1.0.into(),
            offset: 0.0.into(),
            frequency: 10.0,
            phase: 0.0.into(),
            start: 0.0,
            stop: None,
            shares: Derived::default(),
        }
    }
}

impl Behaviour for SineCurrent {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, add_current);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        preparation.check_window(self.start, self.stop)
    }
}

fn add_current(mut groups: Query<(&mut SineCurrent, &mut Input)>, clock: Res<Clock>) {
    for (mut current, mut input) in &mut groups {
        if !clock.is_within(current.start, current.stop) {
            continue;
        }
        let changed = current.is_changed();
        let SineCurrent { amplitude, offset, frequency, phase, start, shares, .. } = current.bypass_change_detection();
        let neurons = input.0.len();
        if changed || !shares.holds(clock.dt, neurons) {
            shares.derive(clock.dt, neurons, [offset, amplitude, phase], |[offset, amplitude, phase]| {
                let (sin, cos) = libm::sincos(phase);
                [offset, amplitude * cos, amplitude * sin]
            });
        }
        let (sin, cos) = libm::sincos(TAU * turns(*frequency, clock.time() - *start));
        let (sin, cos): (Real, Real) = (real(sin), real(cos));
        let shares = shares.get();
        dispatch(
            #[inline(always)]
            || add(&mut input.0, shares, sin, cos),
        );
    }
}

/// Turns of an oscillation after a time (ms), without the whole ones.
fn turns(frequency: f64, time: f64) -> f64 {
    let turns = 1e-3 * frequency * time;
    turns - libm::floor(turns)
}

#[inline(always)]
fn add(input: &mut [Real], shares: Parameters<'_, 3>, sin: Real, cos: Real) {
    match shares {
        Parameters::Uniform([offset, of_sin, of_cos]) => {
            let current = offset + of_sin * sin + of_cos * cos;
            input.iter_mut().for_each(|input| *input += current);
        }
        Parameters::Each([offset, of_sin, of_cos]) => {
            for (((input, offset), of_sin), of_cos) in input.iter_mut().zip(offset).zip(of_sin).zip(of_cos) {
                *input += offset + of_sin * sin + of_cos * cos;
            }
        }
    }
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
                ..default()
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

//! A current that changes steadily from one value to another.
//!
//! ```text
//! input[i] += from + (to − from) · (t − start)/duration    while start ≤ t < start + duration,   t = iteration · dt
//! input[i] += to                                           afterwards, if it stays
//! ```

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::constant_current::add;
use crate::{
    network::{Behaviour, Clock, Input, Parameter, Parameters, Range, Unit},
    numeric::{Real, dispatch, real::real},
    schedule::{AddToStage, Stage},
};

/// Adds a current that rises or falls linearly.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
pub struct RampCurrent {
    /// The current at the start, in the unit of the model's input.
    pub from: Parameter,
    /// The current at the end.
    pub to: Parameter,
    /// When it begins; an iteration belongs to the time at which it starts.
    #[reflect(@Unit("ms"), @Range::FINITE)]
    pub start: f64,
    /// How long it takes.
    #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
    pub duration: f64,
    /// Whether the last value stays.
    pub stays: bool,
}

impl Default for RampCurrent {
    fn default() -> Self {
        Self { from: 0.0.into(), to: 1.0.into(), start: 0.0, duration: 1000.0, stays: true }
    }
}

impl Behaviour for RampCurrent {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, add_current);
    }
}

fn add_current(mut groups: Query<(&RampCurrent, &mut Input)>, clock: Res<Clock>) {
    for (current, mut input) in &mut groups {
        if !clock.is_within(current.start, None) {
            continue;
        }
        let end = current.start + current.duration;
        if clock.is_within(end, None) {
            if current.stays {
                let to = Parameters::of([&current.to]);
                dispatch(
                    #[inline(always)]
                    || add(&mut input.0, to, 1.0),
                );
            }
        } else {
            let done = real((clock.time() - current.start) / current.duration);
            let ends = Parameters::of([&current.from, &current.to]);
            dispatch(
                #[inline(always)]
                || add_between(&mut input.0, ends, done),
            );
        }
    }
}

#[inline(always)]
fn add_between(input: &mut [Real], ends: Parameters<'_, 2>, done: Real) {
    match ends {
        Parameters::Uniform([from, to]) => {
            let current = from + (to - from) * done;
            input.iter_mut().for_each(|input| *input += current);
        }
        Parameters::Each([from, to]) => {
            for ((input, from), to) in input.iter_mut().zip(from).zip(to) {
                *input += from + (to - from) * done;
            }
        }
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

//! Replayed arrays: a recorded or computed input, one row per iteration.
//!
//! ```text
//! input[i] += gain · rows[iteration][i]
//! ```

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::{
    network::{Behaviour, Clock, Failures, Input, Parameter, Preparation, PrepareError},
    numeric::real::real,
    schedule::{AddToStage, Stage},
    value::Array,
};

/// Adds the rows of an array to the input, one row per iteration.
#[derive(Component, Reflect, Clone, Debug)]
pub struct Replay {
    /// A `.npy` or `.npz` file, from the scene's folder: an array of shape iterations × neurons, or of iterations
    /// alone, for all neurons alike.
    pub file: String,
    /// The array's name in a `.npz` file; empty for a `.npy` file.
    pub key: String,
    /// Factor on the numbers.
    pub gain: Parameter,
    /// What follows the last row: `Fail`, `Silence` or `Repeat`.
    pub at_end: AtEnd,
    /// The rows, when they come from code or have been read.
    #[reflect(ignore)]
    pub rows: Option<Arc<Array>>,
}

/// What a [`Replay`] does after its last row.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtEnd {
    /// The run stops with an error: a recording that is too short is not filled with silence unasked.
    #[default]
    Fail,
    /// No input any more.
    Silence,
    /// The first row again.
    Repeat,
}

impl Default for Replay {
    fn default() -> Self {
        Self { file: String::new(), key: String::new(), gain: 1.0.into(), at_end: AtEnd::Fail, rows: None }
    }
}

impl Replay {
    /// Replays an array that is at hand: shape iterations × neurons, or iterations alone.
    #[must_use]
    pub fn of(rows: Array) -> Self {
        Self { rows: Some(Arc::new(rows)), ..Self::default() }
    }

    /// The row of an iteration: `Some(None)` for silence, `None` where there is none.
    fn row(&self, iteration: u64) -> Option<Option<&[f64]>> {
        let rows = self.rows.as_deref()?;
        let count = rows.shape.first().copied().unwrap_or_default();
        let len = rows.data.len().checked_div(count)?;
        let iteration = usize::try_from(iteration).ok()?;
        let row = match self.at_end {
            _ if iteration < count => iteration,
            AtEnd::Fail => return None,
            AtEnd::Silence => return Some(None),
            AtEnd::Repeat => iteration % count,
        };
        rows.data.get(row * len..(row + 1) * len).map(Some)
    }
}

impl Behaviour for Replay {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, replay);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let rows = match &self.rows {
            Some(rows) => rows.clone(),
            None if self.file.is_empty() => return Err(preparation.error(Some("file"), "no file is named")),
            None => {
                let key = (!self.key.is_empty()).then_some(self.key.as_str());
                preparation.array("file", &self.file, key)?
            }
        };
        let neurons = preparation.shape();
        let fits = matches!(rows.shape[..], [n] | [n, 1] if n > 0)
            || matches!(rows.shape[..], [n, row] if n > 0 && [row] == neurons[..]);
        if !fits {
            let why = format!(
                "the array has the shape {:?}; iterations × {} neurons, or iterations alone, are needed",
                rows.shape, neurons[0]
            );
            return Err(preparation.error(Some("file"), why));
        }
        self.rows = Some(rows);
        Ok(())
    }
}

fn replay(mut groups: Query<(Option<&Name>, &Replay, &mut Input)>, clock: Res<Clock>, mut failures: ResMut<Failures>) {
    for (name, replay, mut input) in &mut groups {
        match replay.row(clock.iteration) {
            Some(Some(row)) => {
                // One number for all, or one for each.
                let numbers = row.iter().cycle().take(input.0.len());
                for ((i, input), number) in input.0.iter_mut().enumerate().zip(numbers) {
                    *input += replay.gain.at(i) * real(*number);
                }
            }
            Some(None) => {}
            None => {
                let who = format!("{}.Replay", name.map_or("", Name::as_str));
                let why = format!(
                    "the array ended before iteration {}; `at_end: Silence` or `Repeat` would go on",
                    clock.iteration
                );
                failures.push(who, why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AtEnd, Replay};
    use crate::{prelude::*, value::Array};

    fn rows() -> Array {
        Array { shape: vec![2, 3], data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] }
    }

    #[test]
    fn rows_follow_the_iterations_and_the_end_is_what_was_asked_for() {
        let mut bench = Bench::new();
        let silent = Replay { at_end: AtEnd::Silence, gain: 2.0.into(), ..Replay::of(rows()) };
        let repeated = Replay { at_end: AtEnd::Repeat, ..Replay::of(rows()) };
        let (silent, repeated) = (bench.group("silent", 3, silent), bench.group("repeated", 3, repeated));
        bench.ticks(2);
        assert_eq!(bench.get(silent, "input"), [8.0, 10.0, 12.0]);
        bench.tick();
        assert_eq!(bench.get(silent, "input"), [0.0; 3]);
        assert_eq!(bench.get(repeated, "input"), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_recording_that_is_too_short_stops_the_run() {
        let mut bench = Bench::new();
        bench.group("cells", 3, Replay::of(rows()));
        assert_eq!(
            bench.try_ticks(5).unwrap_err(),
            "cells.Replay: the array ended before iteration 2; \
             `at_end: Silence` or `Repeat` would go on"
        );
    }

    #[test]
    fn a_wrong_shape_is_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("cells", 4, Replay::of(rows())).unwrap_err();
        assert!(error.contains("the array has the shape [2, 3]"), "{error}");
    }
}

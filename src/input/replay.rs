//! Replayed arrays: a recorded or computed input, or stimuli that are presented one after another.
//!
//! ```text
//! input[i] += gain · rows[presentation][i]      for `duration`, then nothing for `pause`
//! ```
//! By itself a row lasts an iteration, and they come in the order of the array. Which presentation is on is told to recorders
//! by [`Presented`].

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::sequence::{Block, Sequence};
use crate::{
    behaviour,
    network::{
        Behaviour, Birth, Clock, Failures, Input, NeuronGroup, Parameter, Preparation, PrepareError, Presentation,
        Presented, Unit,
    },
    numeric::real::real,
    schedule::{AddToStage, Stage},
    value::Array,
};

behaviour! {
    /// Adds the rows of an array to the input: one row per iteration, or each for a time.
    #[require(Presented)]
    pub struct Replay {
        /// A `.npy` or `.npz` file, from the scene's folder: an array of shape rows × neurons, of rows × the group's grid (for
        /// pictures, height × width), or of rows alone, for all neurons alike.
        pub file: String,
        /// The array's name in a `.npz` file; empty for a `.npy` file.
        pub key: String,
        /// Factor on the numbers.
        pub gain: Parameter = 1.0,
        /// How long a row is presented, rounded to iterations; `None` for one iteration.
        #[reflect(@Unit("ms"))]
        pub duration: Option<f64>,
        /// How long nothing is presented after each row, rounded to iterations.
        #[reflect(@Unit("ms"))]
        pub pause: f64 = 0.0,
        /// Which rows, how often and in which order, block after block: `(name: "test", from: 100, order: Shuffled)`; all rows
        /// once if it is empty.
        pub blocks: Vec<Block>,
        /// The name, in the same `.npz` file, of the classes of the rows: whole numbers, for recorders of responses.
        pub labels: String,
        /// What follows the last row: `Fail`, `Silence` or `Repeat`, in the same order.
        pub at_end: AtEnd = AtEnd::Fail,
        /// The rows, when they come from code or have been read.
        #[reflect(ignore)]
        pub rows: Option<Arc<Array>>,
        /// The classes of the rows, when they come from code or have been read.
        #[reflect(ignore)]
        pub classes: Option<Arc<[u32]>>,
        /// Which row is presented when.
        #[reflect(ignore)]
        pub sequence: Sequence,
    }
}

/// What a [`Replay`] does after its last row.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AtEnd {
    /// The run stops with an error: a recording that is too short is not filled with silence unasked.
    #[default]
    Fail,
    /// No input any more.
    Silence,
    /// The first row again.
    Repeat,
}

/// What an iteration is.
enum Moment {
    Shown(Presentation),
    Silent,
    /// The rows are over.
    Over,
}

impl Replay {
    /// Replays an array that is at hand: shape rows × neurons, or rows alone.
    #[must_use]
    pub fn of(rows: Array) -> Self {
        Self { rows: Some(Arc::new(rows)), ..Self::default() }
    }

    /// How many iterations a row is on, and how many there are from one to the next.
    fn steps(&self, dt: f64) -> (u64, u64) {
        let steps = |ms: f64| Clock::new(dt).steps(ms);
        let on = self.duration.map_or(1, steps);
        (on, on.saturating_add(steps(self.pause)))
    }

    fn moment(&self, clock: &Clock) -> Moment {
        let (on, period) = self.steps(clock.dt);
        let (number, within) = (clock.iteration / period.max(1), clock.iteration % period.max(1));
        let count = self.sequence.presentations() as u64;
        let place = match self.at_end {
            _ if number < count => number,
            AtEnd::Fail => return Moment::Over,
            AtEnd::Silence => return Moment::Silent,
            AtEnd::Repeat => number % count.max(1),
        };
        match self.sequence.at(place as usize) {
            Some((stimulus, block)) if within < on => {
                let begins = within == 0;
                let label = self.classes.as_ref().and_then(|classes| classes.get(stimulus as usize)).copied();
                let ends = within + 1 == on;
                Moment::Shown(Presentation { number, block, stimulus, label: label.unwrap_or(stimulus), begins, ends })
            }
            _ => Moment::Silent,
        }
    }

    fn row(&self, stimulus: u32) -> Option<&[f64]> {
        let rows = self.rows.as_deref()?;
        let len = rows.data.len().checked_div(*rows.shape.first()?)?;
        let start = stimulus as usize * len;
        rows.data.get(start..start + len)
    }

    fn check_times(&self, dt: f64) -> Result<(), (&'static str, String)> {
        // Counted in 64 bits, and a run of as many iterations takes longer than anybody waits.
        let longest = 1e15 * dt;
        match self.duration {
            // Half an iteration would be rounded to none.
            Some(duration) if !(duration > 0.5 * dt && duration < longest) => {
                Err(("duration", format!("must be an iteration of {dt} ms at least, not {duration} ms")))
            }
            _ if !(0.0..longest).contains(&self.pause) => {
                Err(("pause", format!("must be 0 ms or more, not {} ms", self.pause)))
            }
            _ => Ok(()),
        }
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
        let entity = preparation.entity();
        let group = preparation.world().get::<NeuronGroup>(entity).copied().unwrap_or(NeuronGroup::new(1));
        if !fits(&rows.shape, &group) {
            let why = format!(
                "the array has the shape {:?}; rows × {} neurons, or rows alone, are needed",
                rows.shape,
                group.size()
            );
            return Err(preparation.error(Some("file"), why));
        }
        let count = rows.shape[0];
        if let Some(place) = rows.data.iter().position(|number| !real(*number).is_finite()) {
            let row = place / (rows.data.len() / count).max(1);
            let why = format!("{} in row {row} is no number that a state can hold", rows.data[place]);
            return Err(preparation.error(Some("file"), why));
        }
        self.rows = Some(rows);
        if !self.labels.is_empty() && self.classes.is_none() {
            self.classes = Some(self.read_labels(preparation, count)?);
        }
        let dt = preparation.clock().dt;
        self.check_times(dt).map_err(|(field, why)| preparation.error(Some(field), why))?;
        let sequence = Sequence::new(&self.blocks, count, |purpose| preparation.stream(purpose));
        self.sequence = sequence.map_err(|why| preparation.error(Some("blocks"), why))?;
        let blocks = self.blocks.iter().map(|block| block.name.clone()).collect();
        if let Some(mut presented) = preparation.world().get_mut::<Presented>(entity) {
            presented.blocks = blocks;
        }
        Ok(())
    }
}

impl Replay {
    fn read_labels(&self, preparation: &Preparation<'_>, rows: usize) -> Result<Arc<[u32]>, PrepareError> {
        let labels = preparation.array("labels", &self.file, Some(&self.labels))?;
        if labels.shape != [rows] {
            let why = format!("there are {rows} rows, but the array of their classes has the shape {:?}", labels.shape);
            return Err(preparation.error(Some("labels"), why));
        }
        let is_class = |label: &&f64| label.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(*label);
        match labels.data.iter().find(|label| !is_class(label)) {
            Some(wrong) => Err(preparation.error(Some("labels"), format!("a class is a whole number, not {wrong}"))),
            None => Ok(labels.data.iter().map(|&label| label as u32).collect()),
        }
    }
}

/// Whether an array has a row, each with a number for every neuron or for all.
fn fits(shape: &[usize], group: &NeuronGroup) -> bool {
    let [width, height, depth] = group.shape;
    match *shape {
        [rows] | [rows, 1] => rows > 0,
        [rows, row] => rows > 0 && row == group.size(),
        // The last axis varies fastest, as x does among neurons.
        [rows, y, x] => rows > 0 && [x, y, 1] == [width, height, depth],
        [rows, z, y, x] => rows > 0 && [x, y, z] == [width, height, depth],
        _ => false,
    }
}

type Group<'w> = ((Entity, Option<&'w Name>), &'w Replay, &'w mut Presented, &'w mut Input, Option<&'w Birth>);

fn replay(mut groups: Query<Group<'_>>, clock: Res<Clock>, mut failures: ResMut<Failures>) {
    for ((group, name), replay, mut presented, mut input, birth) in &mut groups {
        match replay.moment(&clock.since(birth)) {
            Moment::Shown(presentation) => {
                presented.show(clock.iteration, presentation);
                // One number for all, or one for each.
                let numbers = replay.row(presentation.stimulus).unwrap_or_default().iter().cycle();
                for ((i, input), number) in input.0.iter_mut().enumerate().zip(numbers) {
                    *input += replay.gain.at(i) * real(*number);
                }
            }
            Moment::Silent => {}
            Moment::Over => {
                let who = format!("{}.Replay", name.map_or("", Name::as_str));
                let why = format!(
                    "the array ended before iteration {}; `at_end: Silence` or `Repeat` would go on",
                    clock.since(birth).iteration
                );
                failures.push_at(group, who, why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AtEnd, Block, Replay};
    use crate::{
        input::Order,
        network::{Failures, Presentation, Presented},
        prelude::*,
        value::Array,
    };

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
    fn a_row_is_presented_for_its_time_and_pauses_follow() {
        let mut bench = Bench::new().with_dt(0.5);
        let blocks = vec![
            Block { name: "a".into(), until: Some(1), rounds: 2, ..default() },
            Block { name: "b".into(), from: 1, ..default() },
        ];
        let replay = Replay {
            duration: Some(1.0),
            pause: 0.5,
            blocks,
            at_end: AtEnd::Silence,
            classes: Some([7, 9].into()),
            ..Replay::of(rows())
        };
        let cells = bench.group("cells", 3, replay);
        for iteration in 0..12 {
            bench.tick();
            let (number, within) = (iteration / 3, iteration % 3);
            let on = number < 3 && within < 2;
            let stimulus = u32::from(number == 2);
            let row = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]][stimulus as usize];
            assert_eq!(bench.get(cells, "input"), if on { row } else { [0.0; 3] });
            let presentation = Presentation {
                number,
                block: u32::from(number == 2),
                stimulus,
                label: [7, 9][stimulus as usize],
                begins: within == 0,
                ends: within == 1,
            };
            let presented = bench.world_mut().get::<Presented>(cells).unwrap();
            assert_eq!(presented.blocks, ["a", "b"]);
            assert_eq!(presented.at(iteration), on.then_some(presentation));
        }
    }

    #[test]
    fn the_order_is_shuffled_by_the_seed() {
        let shown = |seed: u64| {
            let mut bench = Bench::new();
            bench.world_mut().insert_resource(Seed(seed));
            let rows = Array { shape: vec![50], data: (0..50).map(f64::from).collect() };
            let blocks = vec![Block { order: Order::Shuffled, ..default() }];
            let cells = bench.group("cells", 1, Replay { blocks, ..Replay::of(rows) });
            let mut tick = || {
                bench.tick();
                bench.get(cells, "input")[0]
            };
            (0..50).map(|_| tick()).collect::<Vec<f64>>()
        };
        let first = shown(1);
        assert!(first == shown(1) && first != shown(2) && !first.is_sorted());
    }

    #[test]
    fn pictures_lie_on_the_grid_of_their_group() {
        let mut bench = Bench::new();
        let picture = |shape: Vec<usize>| Replay::of(Array { shape, data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] });
        let world = bench.world_mut();
        let retina =
            world.spawn((NeuronGroup::grid(3, 2), Replay { at_end: AtEnd::Repeat, ..picture(vec![1, 2, 3]) })).id();
        world.spawn((Name::new("turned"), NeuronGroup::grid(3, 2), picture(vec![1, 3, 2])));
        world.flush();
        let failures = bench.world_mut().resource_mut::<Failures>().take();
        let messages: Vec<String> = failures.iter().map(ToString::to_string).collect();
        assert_eq!(messages.len(), 1);
        assert!(messages[0].starts_with("turned: Replay.file: the array has the shape [1, 3, 2]"), "{messages:?}");
        bench.tick();
        // Neuron x + 3 y.
        assert_eq!(bench.get(retina, "input"), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn times_and_blocks_that_make_no_sense_are_refused() {
        let mut bench = Bench::new();
        let mut refused = |replay: Replay| bench.try_group("cells", 3, replay).unwrap_err();
        let duration = Replay { duration: Some(0.2), ..Replay::of(rows()) };
        assert_eq!(refused(duration), "cells: Replay.duration: must be an iteration of 1 ms at least, not 0.2 ms");
        let pause = Replay { pause: -1.0, ..Replay::of(rows()) };
        assert_eq!(refused(pause), "cells: Replay.pause: must be 0 ms or more, not -1 ms");
        let blocks = vec![Block { name: "late".into(), from: 1, until: Some(3), ..default() }];
        let why = "the block `late` ends before row 3, but the array has 2 rows";
        assert_eq!(refused(Replay { blocks, ..Replay::of(rows()) }), format!("cells: Replay.blocks: {why}"));
    }

    #[test]
    fn a_wrong_shape_is_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("cells", 4, Replay::of(rows())).unwrap_err();
        assert!(error.contains("the array has the shape [2, 3]"), "{error}");
    }
}

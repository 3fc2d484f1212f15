//! What a network shows of itself: once what it is, then at every look what is new.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Logged,
    tap::{MOST, Probe, Seen},
};
use crate::{
    network::{NeuronGroup, Tags, Variables, View},
    numeric::real::wide,
};

/// What a network is: all that does not change while it runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// What the scene is called.
    pub title: String,
    /// Length of an iteration (ms).
    pub dt: f64,
    /// Its neuron groups, in the order of the scene.
    pub groups: Vec<GroupOutline>,
}

/// What a neuron group is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupOutline {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Neurons along x, y and z.
    pub shape: [usize; 3],
    /// Its variables with their units.
    pub variables: Vec<(String, String)>,
}

impl GroupOutline {
    pub(super) fn of(world: &World, group: Entity) -> Self {
        let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
        let known = world.get_entity(group).map(|group| variables.of(group)).unwrap_or_default();
        Self {
            name: world.get::<Name>(group).map_or("", Name::as_str).to_owned(),
            tags: world.get::<Tags>(group).map(|tags| tags.0.clone()).unwrap_or_default(),
            shape: world.get::<NeuronGroup>(group).map_or([0; 3], |group| group.shape),
            variables: known.into_iter().map(|info| (info.name, info.unit)).collect(),
        }
    }
}

/// What somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// Variables of whole groups, at every look: place of the group, name.
    pub columns: Vec<(u32, String)>,
    /// Variables of single neurons, of every iteration.
    pub probes: Vec<Probe>,
}

/// A variable of a whole group at a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The group, by its place in the outline.
    pub group: u32,
    /// The variable.
    pub variable: String,
    /// A value for each neuron.
    pub values: Vec<f32>,
}

impl Snapshot {
    pub(super) fn of(world: &World, (group, entity): (u32, Entity), variable: &str) -> Option<Self> {
        let variables = world.get_resource::<Variables>()?;
        let values = match variables.view(world.get_entity(entity).ok()?, variable)? {
            View::Real(values) => values.iter().map(|&value| wide(value) as f32).collect(),
            View::Bool(values) => values.iter().map(|&value| f32::from(value)).collect(),
        };
        Some(Self { group, variable: variable.to_owned(), values })
    }
}

/// Messages that wait for somebody to take them, the newest.
const MOST_TOLD: usize = 100;

/// The trace of a probe: iteration, value.
pub type Trace = Vec<(u64, f32)>;

/// What is new since the frame before. Who takes frames late gets in one what was in several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The iterations that are done.
    pub iteration: u64,
    /// Spikes and traces since the frame before; after a leap in time, those since the leap.
    pub seen: Seen,
    /// The probes that the traces are of.
    pub probes: Vec<Probe>,
    /// Whether time has leapt, so that what was seen before is not what came before.
    pub leapt: bool,
    /// Variables of whole groups.
    pub columns: Vec<Snapshot>,
    /// Iterations for a second of wall time.
    pub speed: f64,
    /// Whether it rests.
    pub paused: bool,
    /// What has failed, or was refused.
    pub told: Vec<String>,
    /// All interventions so far, if there are others than in the frame before.
    pub log: Option<Vec<Logged>>,
}

impl Frame {
    /// Takes in what is new in a later one.
    pub(super) fn take_in(&mut self, later: Self) {
        let Self { iteration, seen, probes, leapt, columns, speed, paused, told, log } = later;
        if leapt || probes != self.probes {
            self.seen.traces.clear();
        }
        if leapt {
            self.seen = Seen::default();
        }
        self.seen.spikes.extend(seen.spikes);
        let over = self.seen.spikes.len().saturating_sub(MOST);
        self.seen.spikes.drain(..over);
        self.seen.dropped += seen.dropped + over as u64;
        self.seen.traces.resize(seen.traces.len(), Vec::new());
        for (known, new) in self.seen.traces.iter_mut().zip(seen.traces) {
            known.extend(new);
            known.drain(..known.len().saturating_sub(MOST));
        }
        self.told.extend(told);
        self.told.drain(..self.told.len().saturating_sub(MOST_TOLD));
        self.log = log.or(self.log.take());
        (self.iteration, self.probes, self.columns, self.speed, self.paused) =
            (iteration, probes, columns, speed, paused);
        self.leapt |= leapt;
    }
}

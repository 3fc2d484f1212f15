//! What a network shows of itself: once what it is, then at every look what is new.

use bevy_ecs::prelude::*;
use bevy_reflect::ReflectRef;
use serde::{Deserialize, Serialize};

use super::{
    Logged,
    tap::{MOST, Probe, Seen},
};
use crate::{
    network::{BehaviourEntry, Behaviours, NeuronGroup, Tags, Variables, View, change, shape::path_of},
    numeric::real::wide,
    scene::describe::parameters_of,
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

/// A behaviour of a group, of what belongs to it, or of synapses, as it is at a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BehaviourView {
    /// What has it: `excitatory`, `excitatory.gaba`, `GLUTAMATE`.
    pub at: String,
    /// The group that it belongs to, by its place in the outline; none for synapses.
    pub group: Option<u32>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub docs: String,
    /// Whether it is on.
    pub on: bool,
    /// Its fields; none while it is off.
    pub fields: Vec<FieldView>,
}

impl BehaviourView {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}.{}", self.at, self.name)
    }
}

/// A field of a behaviour.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// Its value as it would be written.
    pub value: String,
    /// Its unit; empty if it has none.
    pub unit: String,
    /// What it must be, in words; empty if nothing is said.
    pub range: String,
    /// What it is.
    pub docs: String,
    /// Why it cannot be changed while the network runs, if it cannot.
    pub fixed: Option<String>,
}

/// The behaviours that are attached to an entity.
pub(super) fn behaviours_of(world: &World, entity: Entity, group: Option<u32>) -> Vec<BehaviourView> {
    let (Some(behaviours), Ok(here)) = (world.get_resource::<Behaviours>(), world.get_entity(entity)) else {
        return Vec::new();
    };
    let view = |entry: &BehaviourEntry| {
        let on = entry.is_on(here)?;
        // Of one that rests nobody knows the fields but itself.
        let value = entry.value(here).map(bevy_reflect::PartialReflect::as_partial_reflect);
        let fixed = |name: &str| match value?.reflect_ref() {
            ReflectRef::Struct(fields) => change::fixed(entry.kind, fields.field(name)?).map(str::to_owned),
            _ => None,
        };
        let fields =
            value.map(|value| parameters_of(entry, value)).unwrap_or_default().into_iter().map(|field| FieldView {
                fixed: fixed(&field.name),
                name: field.name,
                value: field.default,
                unit: field.unit,
                range: field.range,
                docs: field.docs,
            });
        let (at, docs) = (path_of(world, entity), entry.docs().split_whitespace().collect::<Vec<_>>().join(" "));
        Some(BehaviourView { at, group, name: entry.name.to_owned(), docs, on, fields: fields.collect() })
    };
    behaviours.iter().filter_map(view).collect()
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
    /// All behaviours as they are, if they are others than in the frame before.
    pub behaviours: Option<Vec<BehaviourView>>,
}

impl Frame {
    /// Takes in what is new in a later one.
    pub(super) fn take_in(&mut self, later: Self) {
        let Self { iteration, seen, probes, leapt, columns, speed, paused, told, log, behaviours } = later;
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
        self.behaviours = behaviours.or(self.behaviours.take());
        (self.iteration, self.probes, self.columns, self.speed, self.paused) =
            (iteration, probes, columns, speed, paused);
        self.leapt |= leapt;
    }
}

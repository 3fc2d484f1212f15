//! What a network is, as those see it who look at it: groups, synapses, behaviours with their fields.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use bevy_reflect::{PartialReflect, ReflectRef};
use serde::{Deserialize, Serialize};

use crate::{
    network::{
        BehaviourEntry, Behaviours, Kind, NeuronGroup, Parameter, Source, Synapses, Tags, Target, Variables, change,
        shape::path_of,
    },
    scene::describe::parameters_of,
};

/// What a network is: all that does not change while it runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// What the scene is called.
    pub title: String,
    /// Length of an iteration (ms).
    pub dt: f64,
    /// The iteration with which there is something to see.
    pub first: u64,
    /// Its neuron groups, in the order of the scene.
    pub groups: Vec<GroupOutline>,
    /// Its synapse groups.
    pub synapses: Vec<SynapseOutline>,
    /// Whether it can be touched and paused.
    pub steerable: bool,
    /// Whether one can go to any of its moments.
    pub goes_back: bool,
    /// Whether it was simulated before, and is looked at as it was recorded.
    pub recorded: bool,
}

/// What a synapse group is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SynapseOutline {
    /// Its name.
    pub name: String,
    /// The group whose spikes it carries, by its place in the outline.
    pub source: u32,
    /// The group that it reaches, by its place in the outline.
    pub target: u32,
    /// How many synapses it has; of those that come and go as many as there were at first.
    pub number: u64,
}

impl SynapseOutline {
    pub(super) fn of(world: &World, synapses: Entity, groups: &[Entity]) -> Self {
        let place =
            |group: Option<Entity>| groups.iter().position(|one| Some(*one) == group).unwrap_or_default() as u32;
        Self {
            name: path_of(world, synapses),
            source: place(world.get::<Source>(synapses).map(|source| source.0)),
            target: place(world.get::<Target>(synapses).map(|target| target.0)),
            number: world.get::<Synapses>(synapses).map_or(0, Synapses::number) as u64,
        }
    }
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
    /// How many neurons it has.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.shape.iter().product()
    }

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

/// A value without the modules of its types: `[cortecs::input::Block {…}]` as `[Block {…}]`.
fn without_paths(value: &str) -> String {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut parts = value.split("::").peekable();
    let mut short = String::new();
    while let Some(part) = parts.next() {
        let kept = if parts.peek().is_some() { part.trim_end_matches(is_of_name) } else { part };
        short.push_str(kept);
    }
    short
}

/// The parameters in a field that holds several by name: `parameters.tau`.
fn named(value: &dyn PartialReflect, field: &FieldView) -> Option<Vec<FieldView>> {
    let ReflectRef::Struct(fields) = value.reflect_ref() else { return None };
    let all = fields.field(&field.name)?.try_downcast_ref::<BTreeMap<String, Parameter>>()?;
    let one = |(name, parameter): (&String, &Parameter)| FieldView {
        name: format!("{}.{name}", field.name),
        value: parameter.value().to_string(),
        ..field.clone()
    };
    Some(all.iter().map(one).collect())
}

/// The behaviours that are attached to an entity.
pub(super) fn behaviours_of(world: &World, entity: Entity, group: Option<u32>) -> Vec<BehaviourView> {
    let (Some(behaviours), Ok(here)) = (world.get_resource::<Behaviours>(), world.get_entity(entity)) else {
        return Vec::new();
    };
    let view = |entry: &BehaviourEntry| {
        let on = entry.is_on(here)?;
        // Of one that rests nobody knows the fields but itself.
        let value = entry.value(here).map(PartialReflect::as_partial_reflect);
        let fixed = |name: &str| match value?.reflect_ref() {
            ReflectRef::Struct(fields) => change::fixed(entry.kind, fields.field(name)?).map(str::to_owned),
            _ => None,
        };
        let all = value.map(|value| parameters_of(entry, value)).unwrap_or_default();
        let fields = all.into_iter().flat_map(|field| {
            let view = FieldView {
                fixed: fixed(&field.name),
                value: without_paths(&field.default),
                name: field.name,
                unit: field.unit,
                range: field.range,
                docs: field.docs,
            };
            let named = value.and_then(|value| named(value, &view));
            named.unwrap_or_else(|| vec![view])
        });
        let (at, docs) = (path_of(world, entity), entry.docs().split_whitespace().collect::<Vec<_>>().join(" "));
        Some(BehaviourView { at, group, name: entry.name.to_owned(), docs, on, fields: fields.collect() })
    };
    // What makes synapses has made them.
    let is_at_work = |entry: &&BehaviourEntry| entry.kind != Kind::Connectivity;
    behaviours.iter().filter(is_at_work).filter_map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::without_paths;

    #[test]
    fn values_are_shown_without_modules() {
        for (value, expected) in [
            ("0.5", "0.5"),
            ("[cortecs::input::sequence::Block { first: 1 }, cortecs::a::B]", "[Block { first: 1 }, B]"),
            ("\"file.npz\"", "\"file.npz\""),
            ("Some(a::B(c::D))", "Some(B(D))"),
            ("", ""),
        ] {
            assert_eq!(without_paths(value), expected);
        }
    }
}

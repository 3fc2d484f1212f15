//! Parameters that a host has written into a behaviour at work: they are sampled before they are used.

use bevy_ecs::{
    archetype::{ArchetypeGeneration, ArchetypeId},
    change_detection::Tick,
    entity_disabling::Disabled,
    prelude::*,
};

use super::{
    fields,
    preparation::Depth,
    prepare::tell,
    registry::{BehaviourEntry, Behaviours},
    shape::shape,
};

/// What was looked at last.
#[derive(Resource, Default)]
struct Looked {
    at: Option<(Tick, ArchetypeGeneration)>,
    /// The archetypes that have behaviours with parameters.
    archetypes: Vec<(ArchetypeId, Vec<BehaviourEntry>)>,
    /// What could not be sampled.
    left: Vec<(Entity, BehaviourEntry)>,
}

/// Prepares the behaviours anew whose parameters were written since the last look and have no numbers yet. What cannot be
/// sampled is a failure, until it is written again.
pub fn sample_what_was_written(world: &mut World) {
    let now = world.increment_change_tick();
    let generation = world.archetypes().generation();
    // Its contents are taken, and not the resource: bevy remembers removals.
    let mut looked = std::mem::take(&mut *world.get_resource_or_init::<Looked>());
    if looked.at.is_none_or(|(_, before)| before != generation) {
        looked.archetypes = bearing(world);
    }
    let since = looked.at.map_or(now, |(at, _)| at);
    let mut due = std::mem::take(&mut looked.left);
    for (archetype, entries) in &looked.archetypes {
        let Some(archetype) = world.archetypes().get(*archetype) else { continue };
        for entity in archetype.entities() {
            let Ok(here) = world.get_entity(entity.id()) else { continue };
            for entry in entries {
                let ticks = here.get_change_ticks_by_id(entry.component());
                if ticks.is_some_and(|ticks| ticks.is_changed(since, now)) && lacks_numbers(world, here, entry) {
                    due.push((entity.id(), *entry));
                }
            }
        }
    }
    looked.at = Some((now, generation));
    for (entity, entry) in due {
        let lacks = |world: &World| world.get_entity(entity).is_ok_and(|here| lacks_numbers(world, here, &entry));
        if !lacks(world) {
            continue;
        }
        if world.get::<Disabled>(entity).is_some() {
            looked.left.push((entity, entry));
            continue;
        }
        if let Err(error) = entry.prepare(world, entity, Depth::Whole) {
            tell(world, entity, error);
            looked.left.push((entity, entry));
        }
    }
    *world.get_resource_or_init::<Looked>() = looked;
}

/// The archetypes that have behaviours with parameters.
fn bearing(world: &World) -> Vec<(ArchetypeId, Vec<BehaviourEntry>)> {
    let Some(behaviours) = world.get_resource::<Behaviours>() else { return Vec::new() };
    let with_parameters =
        |entry: &&BehaviourEntry| fields::may_have_parameters(entry.default_value().as_partial_reflect());
    let all: Vec<BehaviourEntry> = behaviours.iter().filter(with_parameters).copied().collect();
    let own = |archetype: &bevy_ecs::archetype::Archetype| {
        let own = all.iter().filter(|entry| archetype.contains(entry.component()));
        (archetype.id(), own.copied().collect::<Vec<_>>())
    };
    world.archetypes().iter().map(own).filter(|(_, own)| !own.is_empty()).collect()
}

fn lacks_numbers(world: &World, here: EntityRef<'_>, entry: &BehaviourEntry) -> bool {
    let members = shape(world, here.id()).iter().product();
    entry.value(here).is_some_and(|value| !fields::parameters_are_sampled(value.as_partial_reflect(), members))
}

//! Networks that rest while others of their world go on: their time stands still, and nobody finds them at work.

use bevy_ecs::{entity_disabling::Disabled, prelude::*};
#[cfg(feature = "inspect")]
use bevy_reflect::prelude::*;

use super::{
    clock::{Birth, Clock},
    membership::Parts,
    receptor::{Receptors, WiringChanged},
    switch::{Switches, Switching},
};

/// On the entity of a network that rests: the iteration of the world's clock from which it does.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
pub struct Rests(pub u64);

/// On the same: what is to be switched in it once it goes on.
#[derive(Component, Default)]
struct Postponed(Vec<Switching>);

/// Lets a network rest. Its state can be looked at and changed meanwhile, and it is saved with the rest of the world; one that
/// rests already, or is none, stays as it is.
pub fn rest(world: &mut World, network: Entity) {
    let now = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
    if world.get::<Rests>(network).is_some() || world.get::<Parts>(network).is_none() {
        return;
    }
    for part in all_of(world, network) {
        world.entity_mut(part).insert(Disabled);
    }
    let switches = world.get_resource_mut::<Switches>();
    let postponed = switches.map(|mut switches| switches.withdraw(network)).unwrap_or_default();
    world.entity_mut(network).insert((Rests(now), Postponed(postponed)));
    note(world);
}

/// Lets a network go on that rested, where it was.
pub fn wake(world: &mut World, network: Entity) {
    let birth = birth(world, network);
    if world.get::<Rests>(network).is_none() {
        return;
    }
    let Postponed(postponed) = world.entity_mut(network).take().unwrap_or_default();
    if !postponed.is_empty() {
        world.get_resource_or_init::<Switches>().add(postponed);
    }
    world.entity_mut(network).remove::<Rests>();
    for part in all_of(world, network) {
        world.entity_mut(part).remove::<Disabled>();
    }
    begin_at(world, network, birth);
    note(world);
}

/// When a network began, as if it had not rested.
pub(crate) fn birth(world: &World, network: Entity) -> u64 {
    let Birth(birth) = world.get(network).copied().unwrap_or_default();
    let now = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
    birth + world.get::<Rests>(network).map_or(0, |Rests(since)| now.saturating_sub(*since))
}

/// Counts the time of a network from an iteration of the world's clock.
pub(crate) fn begin_at(world: &mut World, network: Entity, birth: u64) {
    let Birth(before) = world.get(network).copied().unwrap_or_default();
    for part in all_of(world, network).into_iter().chain([network]) {
        // Inserted, as those are told by it who count from there.
        world.entity_mut(part).insert(Birth(birth));
    }
    // The rest until now is part of it.
    let now = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
    if let Some(mut rests) = world.get_mut::<Rests>(network) {
        rests.0 = now;
    }
    let by = birth.wrapping_sub(before).cast_signed();
    if let Some(mut switches) = world.get_resource_mut::<Switches>() {
        switches.shift(network, by);
    }
    if let Some(mut postponed) = world.get_mut::<Postponed>(network) {
        postponed.0.iter_mut().for_each(|one| one.iteration = one.iteration.saturating_add_signed(by));
    }
}

/// The parts of a network, and the receptors of its groups.
fn all_of(world: &World, network: Entity) -> Vec<Entity> {
    let parts: Vec<Entity> = world.get::<Parts>(network).into_iter().flat_map(RelationshipTarget::iter).collect();
    let receptors = |part: &Entity| world.get::<Receptors>(*part).into_iter().flat_map(RelationshipTarget::iter);
    let receptors: Vec<Entity> = parts.iter().flat_map(receptors).collect();
    parts.into_iter().chain(receptors).filter(|part| world.get_entity(*part).is_ok()).collect()
}

fn note(world: &World) {
    if let Some(wiring) = world.get_resource::<WiringChanged>() {
        wiring.note();
    }
}

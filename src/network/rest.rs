//! Networks that rest while others of their world go on: their time stands still, and nobody finds them at work.

use bevy_ecs::{entity_disabling::Disabled, prelude::*};
#[cfg(feature = "inspect")]
use bevy_reflect::prelude::*;

use super::{
    clock::{Birth, Clock},
    membership::Parts,
    receptor::{Receptors, WiringChanged},
};

/// On the entity of a network that rests: the iteration of the world's clock from which it does.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
pub struct Rests(pub u64);

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
    world.entity_mut(network).insert(Rests(now));
    note(world);
}

/// Lets a network go on that rested, where it was.
pub fn wake(world: &mut World, network: Entity) {
    let Some(Rests(since)) = world.get::<Rests>(network).copied() else { return };
    let now = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
    world.entity_mut(network).remove::<Rests>();
    for part in all_of(world, network).into_iter().chain([network]) {
        let mut part = world.entity_mut(part);
        part.remove::<Disabled>();
        // Inserted, as those are told by it who count from there.
        if let Some(Birth(birth)) = part.get().copied() {
            part.insert(Birth(birth + now.saturating_sub(since)));
        }
    }
    note(world);
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

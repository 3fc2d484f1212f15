//! Where the address of a behaviour leads.

use bevy_ecs::prelude::*;

use super::{
    address::{Address, AddressError},
    registry::{BehaviourEntry, Behaviours},
};

/// The entities to which an address of a behaviour leads, each with that behaviour, be it on or off: within a network, or,
/// given none, in the whole world.
///
/// # Errors
/// No such group, tag or behaviour.
pub fn bearers(
    world: &mut World,
    network: Option<Entity>,
    address: &str,
) -> Result<Vec<(Entity, BehaviourEntry)>, AddressError> {
    let address: Address = address.parse()?;
    let behaviours = world.get_resource::<Behaviours>().cloned().unwrap_or_default();
    let mut bearers = Vec::new();
    let mut there = Vec::new();
    for entity in address.entities(world, network)? {
        let Ok(bearer) = world.get_entity(entity) else { continue };
        let own = behaviours.iter().filter(|entry| entry.is_on(bearer).is_some());
        there.extend(own.map(|entry| (entity, *entry)));
    }
    bearers.extend(there.iter().filter(|(_, entry)| entry.name == address.last).copied());
    if bearers.is_empty() {
        let mut known: Vec<String> = there.iter().map(|(_, entry)| entry.name.to_owned()).collect();
        known.dedup();
        return Err(AddressError::NoBehaviour { address: address.to_string(), known });
    }
    Ok(bearers)
}

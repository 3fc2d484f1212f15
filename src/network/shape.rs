//! The shape of what an entity has for each of its members, and the path by which random streams know it.

use bevy_ecs::prelude::*;

use super::{
    compartment::{group_of, owner_of},
    group::NeuronGroup,
    synapse::Synapses,
};

/// The shape of an entity's columns.
#[must_use]
pub fn shape(world: &World, entity: Entity) -> Vec<usize> {
    let entity = group_of(world, entity);
    if let Some(group) = world.get::<NeuronGroup>(entity) {
        return vec![group.size()];
    }
    world.get::<Synapses>(entity).map(|synapses| synapses.planned.clone()).unwrap_or_default()
}

/// The axes of an array with a number for each member, as NumPy has them: height × width of a sheet of neurons, in whose rows x
/// runs fastest; sources × targets.
#[must_use]
pub fn axes(world: &World, entity: Entity) -> Vec<usize> {
    let group = group_of(world, entity);
    match world.get::<NeuronGroup>(group) {
        Some(NeuronGroup { shape: [width, height, depth], .. }) => match (height, depth) {
            (1, 1) => vec![*width],
            (_, 1) => vec![*height, *width],
            _ => vec![*depth, *height, *width],
        },
        None => shape(world, entity),
    }
}

/// The name of an entity as it enters random streams: `excitatory`, `excitatory.gaba`, `pyramidal.dendrite.nmda`.
#[must_use]
pub fn path_of(world: &World, entity: Entity) -> String {
    let name = world.get::<Name>(entity).map_or("", Name::as_str);
    match owner_of(world, entity) {
        Some(owner) => format!("{}.{name}", path_of(world, owner)),
        None => name.to_owned(),
    }
}

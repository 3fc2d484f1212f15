//! Compartments: parts of the cells of a group with a membrane potential, input and receptors of their own. The group itself is the
//! soma.

use bevy_ecs::{prelude::*, relationship::RelationshipTarget};

use super::{
    columns::{Conductance, Input, V},
    membership::PartOf,
    receptor::{ReceptorOf, Receptors},
};

/// On a compartment: the neuron group whose cells have it. It has a potential (`v`), and what reaches it: `input`, `conductance`.
///
/// A model names those that its cells have ([`Behaviour::compartments`](super::Behaviour::compartments)), and its system moves their
/// potentials. Receptors at one are [`ReceptorOf`] it, currents and noises stand on it.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = Compartments)]
#[require(Compartment, Input, V, Conductance)]
pub struct CompartmentOf(pub Entity);

/// On a neuron group: the compartments of its cells.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = CompartmentOf, linked_spawn)]
pub struct Compartments(Vec<Entity>);

/// On a compartment: its place among those that the model names, from 0.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compartment(pub usize);

/// What a receptor or a compartment belongs to: a compartment or a group; nothing for what belongs to nobody.
#[must_use]
pub fn owner_of(world: &World, entity: Entity) -> Option<Entity> {
    let receptor = world.get::<ReceptorOf>(entity).map(|of| of.0);
    receptor.or_else(|| world.get::<CompartmentOf>(entity).map(|of| of.0))
}

/// The neuron group that an entity is, or belongs to.
#[must_use]
pub fn group_of(world: &World, entity: Entity) -> Entity {
    let mut group = entity;
    while let Some(owner) = owner_of(world, group) {
        group = owner;
    }
    group
}

/// The compartments of a group.
pub fn compartments_of(world: &World, group: Entity) -> impl Iterator<Item = Entity> + '_ {
    world.get::<Compartments>(group).into_iter().flat_map(RelationshipTarget::iter)
}

/// The compartment of a group with a name.
pub(crate) fn compartment_named(world: &World, group: Entity, name: &str) -> Option<Entity> {
    compartments_of(world, group).find(|one| world.get::<Name>(*one).is_some_and(|own| own.as_str() == name))
}

/// Where receptors, currents and noises of a group may stand: the group itself, then its compartments.
pub(crate) fn sites_of(world: &World, group: Entity) -> impl Iterator<Item = Entity> + '_ {
    std::iter::once(group).chain(compartments_of(world, group))
}

/// The receptors of a group, wherever on its cells they are.
pub(crate) fn receptors_of(world: &World, group: Entity) -> impl Iterator<Item = Entity> + '_ {
    let at = |site: Entity| world.get::<Receptors>(site).into_iter().flat_map(RelationshipTarget::iter);
    sites_of(world, group).flat_map(at)
}

/// Has a group the compartments that its model names, in this order: those that are missing are made. A compartment of another name is
/// told.
pub(super) fn settle(world: &mut World, group: Entity, names: &[String]) -> Result<(), String> {
    let there: Vec<(Entity, String)> = compartments_of(world, group)
        .map(|one| (one, world.get::<Name>(one).map_or("", Name::as_str).to_owned()))
        .collect();
    if let Some((_, other)) = there.iter().find(|(_, name)| !names.contains(name)) {
        let known =
            if names.is_empty() { "its cells have none".to_owned() } else { format!("it has {}", names.join(", ")) };
        return Err(format!("there is no compartment `{other}`: {known}"));
    }
    let part = world.get::<PartOf>(group).copied();
    for (place, name) in names.iter().enumerate() {
        let known = there.iter().find(|(_, known)| known == name).map(|(entity, _)| *entity);
        let compartment = known.unwrap_or_else(|| {
            let new = world.spawn((Name::new(name.clone()), CompartmentOf(group))).id();
            if let Some(part) = part {
                world.entity_mut(new).insert(part);
            }
            new
        });
        world.entity_mut(compartment).insert(Compartment(place));
    }
    Ok(())
}

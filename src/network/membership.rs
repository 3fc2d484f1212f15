//! Networks that share a world: which of them an entity is part of, and what values in it come from. Names and tags are those
//! of a network; who is part of none, as whatever is spawned by hand, sees all and is seen by no network's addresses.

use bevy_app::App;
use bevy_ecs::prelude::*;
#[cfg(feature = "inspect")]
use bevy_reflect::prelude::*;

use super::{
    clock::{Birth, Clock, Seed},
    compartment::owner_of,
    surroundings::{ArrayFolder, Constants},
};

/// On the entity of a network: what its values come from. The resources of these types are for what is part of no network.
#[derive(Component, Clone, Debug, Default)]
#[require(Parts)]
pub struct Origin {
    /// The seed of all random streams.
    pub seed: Seed,
    /// Names for numbers that values may use.
    pub constants: Constants,
    /// Where arrays are read from.
    pub folder: ArrayFolder,
}

/// On a neuron group, a synapse group or a recorder: the network that it is part of, and with which it goes. Receptors are
/// part of the network of their group. Whoever spawns by hand what is to be part of a network spawns it together with this.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
#[relationship(relationship_target = Parts)]
pub struct PartOf(pub Entity);

/// On the entity of a network: its parts, in the order in which they were made.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = PartOf, linked_spawn)]
pub struct Parts(Vec<Entity>);

pub(super) fn plugin(app: &mut App) {
    app.add_observer(
        |insert: On<Insert<Origin>>, clock: Option<Res<Clock>>, born: Query<&Birth>, mut commands: Commands| {
            if born.get(insert.entity).is_err() {
                commands.entity(insert.entity).insert(Birth(clock.map_or(0, |clock| clock.iteration)));
            }
        },
    );
    app.add_observer(|insert: On<Insert<PartOf>>, mut commands: Commands| {
        let part = insert.entity;
        commands.queue(move |world: &mut World| {
            let network = world.get::<PartOf>(part).map(|part| part.0);
            let birth = network.and_then(|network| world.get::<Birth>(network)).copied();
            if let (Some(birth), Ok(mut part)) = (birth, world.get_entity_mut(part)) {
                part.insert(birth);
            }
        });
    });
}

impl Origin {
    /// What values at an entity come from.
    #[must_use]
    pub fn of(world: &World, entity: Entity) -> Self {
        let own = network_of(world, entity).and_then(|network| world.get::<Self>(network)).cloned();
        own.unwrap_or_else(|| Self {
            seed: world.get_resource().copied().unwrap_or_default(),
            constants: world.get_resource().cloned().unwrap_or_default(),
            folder: world.get_resource().cloned().unwrap_or_default(),
        })
    }
}

/// The network that an entity is part of.
#[must_use]
pub fn network_of(world: &World, entity: Entity) -> Option<Entity> {
    if let Some(part) = world.get::<PartOf>(entity) {
        return Some(part.0);
    }
    network_of(world, owner_of(world, entity)?)
}

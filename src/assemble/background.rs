//! Networks that are built beside the loop of a host: their synapses, which take long, are made on threads of their own.

use bevy_ecs::prelude::*;

use super::{
    Network, Plan,
    network::{complete, prepare_to_build, prepare_whole, unmade},
    spawn::Spawned,
};
use crate::{
    network::{connect::Making, rest, wake},
    scene::Scene,
    text::{Diagnostic, Diagnostics},
};

/// On the entity of a network that is being built: it rests until all of it is there.
#[derive(Component)]
pub struct Building(Option<Under>);

/// What is under way.
struct Under {
    scene: Scene,
    spawned: Spawned,
    plan: Plan,
    making: Making,
    faults: Vec<Diagnostic>,
}

impl Building {
    /// How many of its synapse groups are there, and how many there will be.
    #[must_use]
    pub fn progress(&self) -> [usize; 2] {
        self.0.as_ref().map_or([0, 0], |under| under.making.progress())
    }
}

/// Begins to build the network of a scene, as [`build`](super::build()) does in one go, and returns its entity. It rests until it is
/// there: the host tells it as `NetworkBuilt`, and its time begins.
///
/// # Errors
/// Whatever [`build`](super::build()) finds wrong before it makes synapses. What fails then is told as `NetworkFailed`, and nothing
/// is left behind.
pub fn build_in_background(world: &mut World, scene: Scene) -> Result<Entity, Diagnostics> {
    let network = world.spawn_empty().id();
    begin_at(world, network, scene)
}

/// The same at an entity, which goes if it fails.
pub(crate) fn begin_at(world: &mut World, network: Entity, scene: Scene) -> Result<Entity, Diagnostics> {
    let (entity, spawned, plan) = prepare_to_build(world, network, &scene)?;
    let faults = prepare_whole(world, &scene, &spawned, &plan);
    if !faults.is_empty() {
        return complete(world, &scene, (entity, spawned, plan), faults).map(|network| network.entity);
    }
    match Making::begin(world) {
        Ok(making) => {
            rest(world, entity);
            world.entity_mut(entity).insert(Building(Some(Under { scene, spawned, plan, making, faults })));
            Ok(entity)
        }
        Err(error) => {
            let faults = vec![Diagnostic::error(format!("no threads to build the network with: {error}"))];
            complete(world, &scene, (entity, spawned, plan), faults).map(|network| network.entity)
        }
    }
}

/// Takes in what has been made of all networks that are being built; those that are complete, or have failed, with their
/// entities.
pub fn take_in_built(world: &mut World) -> Vec<(Entity, Result<Network, Diagnostics>)> {
    let mut all = world.query_filtered::<Entity, With<Building>>();
    let all: Vec<Entity> = all.iter(world).collect();
    all.into_iter().filter_map(|network| Some((network, take_in(world, network)?))).collect()
}

fn take_in(world: &mut World, network: Entity) -> Option<Result<Network, Diagnostics>> {
    let mut under = world.get_mut::<Building>(network)?.0.take()?;
    let failed = under.making.take_in(world);
    under.faults.extend(unmade(&under.scene, &under.spawned, failed));
    let [done, all] = under.making.progress();
    if done < all {
        world.get_mut::<Building>(network)?.0 = Some(under);
        return None;
    }
    world.entity_mut(network).remove::<Building>();
    wake(world, network);
    let Under { scene, spawned, plan, faults, .. } = under;
    Some(complete(world, &scene, (network, spawned, plan), faults))
}

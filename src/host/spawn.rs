//! Networks that a host asks for by a command, and that it builds anew while they run.

use std::sync::{Mutex, PoisonError};

use bevy_ecs::{prelude::*, system::EntityCommands};

use super::{NetworkBuilt, NetworkFailed};
use crate::{
    assemble::{Building, Network, begin_at, build_at, check},
    checkpoint::{Checkpoint, CheckpointError, Fit, Restored},
    network::{Clock, Parts, Switches, wake},
    scene::Scene,
    text::{Diagnostic, Diagnostics},
};

/// What a network can be spawned from: a [`Scene`], or with the feature `asset` the handle of a scene file.
pub trait NetworkSource: Send + 'static {
    /// Begins to build it at an entity.
    fn begin(self, world: &mut World, network: Entity);
}

/// Built in the background; told as [`NetworkBuilt`](super::NetworkBuilt) or [`NetworkFailed`].
impl NetworkSource for Scene {
    fn begin(self, world: &mut World, network: Entity) {
        // Tried first, so that there is still an entity that hears what is wrong.
        let outcome = check(world, &self).and_then(|_| begin_at(world, network, self));
        if let Err(why) = outcome {
            tell_refused(world, network, why.to_string());
            if let Ok(network) = world.get_entity_mut(network) {
                network.despawn();
            }
        }
    }
}

/// Commands that spawn networks.
pub trait SpawnNetwork {
    /// Spawns the entity of a network, which is built from a source in the background, from the next frame on.
    ///
    /// ```
    /// use cortecs::{host::SpawnNetwork, prelude::*, scene::Scene};
    ///
    /// let mut app = App::new();
    /// app.add_plugins(CortecsPlugins);
    /// let scene = Scene::from_text(app.world(), r#"(groups: {"cells": (size: 10, behaviours: [Izhikevich()])})"#)?;
    /// app.world_mut().commands().spawn_network(scene).observe(|built: On<NetworkBuilt>| {
    ///     assert_eq!(built.groups.len(), 1);
    /// });
    /// app.update();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn spawn_network(&mut self, source: impl NetworkSource) -> EntityCommands<'_>;
}

impl SpawnNetwork for Commands<'_, '_> {
    fn spawn_network(&mut self, source: impl NetworkSource) -> EntityCommands<'_> {
        let begin = move |world: &mut World, network: Entity| source.begin(world, network);
        self.spawn(Asked(Mutex::new(Some(Box::new(begin)))))
    }
}

/// On the entity of a network that was asked for: what begins it, once those who asked observe what becomes of it.
#[derive(Component)]
pub(super) struct Asked(Mutex<Option<Begin>>);

type Begin = Box<dyn FnOnce(&mut World, Entity) + Send>;

/// Begins the networks that were asked for.
pub(super) fn begin_asked(world: &mut World) {
    let mut asked = world.query::<(Entity, &mut Asked)>();
    let take = |(network, mut asked): (Entity, Mut<'_, Asked>)| {
        Some((network, asked.0.get_mut().unwrap_or_else(PoisonError::into_inner).take()?))
    };
    let all: Vec<(Entity, Begin)> = asked.iter_mut(world).filter_map(take).collect();
    for (network, begin) in all {
        if let Ok(mut there) = world.get_entity_mut(network) {
            there.remove::<Asked>();
            begin(world, network);
        }
    }
}

/// Tells that a network is there.
pub(super) fn tell_built(world: &mut World, network: Entity, groups: Vec<Entity>) {
    let mut built = NetworkBuilt { network, groups };
    world.trigger_ref(&mut built);
    world.write_message(built);
}

/// Tells that a network is not to be as it was asked for, at its entity if that is there still.
pub(super) fn tell_refused(world: &mut World, network: Entity, why: String) {
    let failed = NetworkFailed { network, at: network, why };
    world.write_message(failed.clone());
    if world.get_entity(network).is_ok() {
        world.trigger(failed);
    }
}

/// What became of a network that was built anew.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rebuilt {
    /// Its parts.
    pub network: Network,
    /// What was kept by its name, and what is new; or why nothing was.
    pub kept: Result<Restored, CheckpointError>,
}

/// Builds a network anew from an edited scene, at the same entity: what has the same names keeps its state, as a variant of a run
/// does, and time goes on. Groups are other entities than before, which [`NetworkBuilt`] names.
///
/// # Errors
/// The scene is wrong: nothing has changed then, unless there was no room to build it.
pub fn rebuild(world: &mut World, network: Entity, scene: &Scene) -> Result<Rebuilt, Diagnostics> {
    check(world, scene)?;
    wake(world, network);
    let before = Checkpoint::take(world);
    match world.get_entity_mut(network) {
        Ok(mut network) => _ = network.remove::<Building>().despawn_related::<Parts>(),
        Err(gone) => return Err(scene.diagnostics().with(Diagnostic::error(gone.to_string()))),
    }
    world.get_resource_or_init::<Switches>().forget(network);
    let network = build_at(world, network, scene)?;
    let kept = before.and_then(|before| before.restore(world, Fit::Variant { noise: None }));
    if kept.is_err() {
        // What was due has been, or is for a network that began earlier.
        let now = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
        Switches::go_on_before(world, now);
    }
    tell_built(world, network.entity, network.groups.clone());
    Ok(Rebuilt { network, kept })
}

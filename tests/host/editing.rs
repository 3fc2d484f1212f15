//! Networks that are spawned by commands, and scenes that are edited while they run.

use cortecs::{
    host::{SpawnNetwork, rebuild},
    network::PartOf,
    prelude::*,
    scene::Scene,
};

const SCENE: &str = r#"(
    groups: {
        "cells": (size: 20, behaviours: [Lif(v: "-65 + 14 * i / n"), UniformNoise(low: 0, high: 900)]),
        "others": (size: 3, behaviours: [Izhikevich()]),
    },
    synapses: [(from: "cells", to: "cells", tags: ["a"], weights: "uniform(0, 50)", connectivity: AllToAll())],
)"#;

#[derive(Resource, Default)]
struct Told {
    built: Vec<Entity>,
    failed: Vec<String>,
}

fn app() -> App {
    let mut app = App::new();
    app.add_plugins(CortecsPlugins.set(HostPlugin::in_schedule(Update))).init_resource::<Told>();
    app.world_mut().insert_resource(bevy_ecs::error::FallbackErrorHandler(bevy_ecs::error::ignore));
    app
}

fn spawn(app: &mut App, text: &str) -> Entity {
    let scene = Scene::from_text(app.world(), text).unwrap_or_else(|faults| panic!("{faults}"));
    let mut commands = app.world_mut().commands();
    let mut network = commands.spawn_network(scene);
    network.observe(|built: On<NetworkBuilt>, mut told: ResMut<Told>| told.built.extend(&built.groups));
    network.observe(|failed: On<NetworkFailed>, mut told: ResMut<Told>| told.failed.push(failed.why.clone()));
    let network = network.id();
    app.world_mut().flush();
    network
}

fn group(app: &mut App, network: Entity, name: &str) -> Entity {
    let world = app.world_mut();
    let mut groups = world.query_filtered::<(Entity, &Name, &PartOf), With<NeuronGroup>>();
    let found = groups.iter(world).find(|(_, known, part)| known.as_str() == name && part.0 == network);
    found.map(|(group, ..)| group).unwrap_or_else(|| panic!("no group {name}"))
}

fn until_built(app: &mut App) {
    while app.world().resource::<Told>().built.is_empty() {
        app.update();
        assert!(app.world().resource::<Told>().failed.is_empty(), "{:?}", app.world().resource::<Told>().failed);
    }
}

#[test]
fn a_command_spawns_a_network_that_is_built_beside_the_frames() {
    let mut app = app();
    let network = spawn(&mut app, SCENE);
    until_built(&mut app);
    let cells = group(&mut app, network, "cells");
    assert_eq!(app.world().resource::<Told>().built[0], cells);
    let before = app.world().get::<V>(cells).unwrap().0.to_vec();
    app.update();
    assert_ne!(app.world().get::<V>(cells).unwrap().0.to_vec(), before);
}

#[test]
fn a_scene_that_cannot_be_built_is_told_at_the_entity_that_was_asked_for() {
    let mut app = app();
    let network = spawn(&mut app, &SCENE.replace("uniform(0, 50)", "uniform(0, q)"));
    app.update();
    let told = &app.world().resource::<Told>().failed;
    assert!(told.len() == 1 && told[0].contains("nothing is named `q`"), "{told:?}");
    assert!(app.world().get_entity(network).is_err());
}

#[test]
fn an_edited_network_goes_on_where_it_was_and_so_do_the_others() {
    let mut app = app();
    let network = spawn(&mut app, SCENE);
    until_built(&mut app);
    let other = spawn(&mut app, SCENE);
    app.world_mut().resource_mut::<Told>().built.clear();
    until_built(&mut app);
    (0..50).for_each(|_| app.update());

    let states = |app: &mut App, name: &str| {
        [network, other].map(|network| {
            let group = group(app, network, name);
            app.world().get::<V>(group).unwrap().0.to_vec()
        })
    };
    let before = states(&mut app, "cells");
    let weights = |app: &mut App| {
        let world = app.world_mut();
        let mut all = world.query::<(&PartOf, &cortecs::network::Weights)>();
        all.iter(world).find(|(part, _)| part.0 == network).map(|(_, weights)| weights.0.to_vec()).unwrap()
    };
    let learnt = weights(&mut app);
    let edited = SCENE.replace("high: 900", "high: 0").replace("size: 3", "size: 5").replace("others", "new");
    let edited = Scene::from_text(app.world(), &edited).unwrap_or_else(|faults| panic!("{faults}"));
    app.world_mut().resource_mut::<Told>().built.clear();
    let rebuilt = rebuild(app.world_mut(), network, &edited).unwrap_or_else(|faults| panic!("{faults}"));
    let kept = rebuilt.kept.unwrap();
    assert!(kept.fresh.iter().all(|part| part.contains("new")), "{:?}", kept.fresh);
    assert_eq!(states(&mut app, "cells"), before);
    assert_eq!(weights(&mut app), learnt);
    assert_eq!(app.world().resource::<Told>().built, rebuilt.network.groups);
    let new = group(&mut app, network, "new");
    assert_eq!(app.world().get::<V>(new).unwrap().0.len(), 5);
    // Its own time goes on, and the noise that was edited away is gone: all potentials fall together.
    app.update();
    let after = states(&mut app, "cells");
    assert_ne!(after[1], before[1]);
    app.world_mut().despawn(other);
    app.update();
}

#[test]
fn an_edit_that_is_wrong_leaves_the_network_as_it_was() {
    let mut app = app();
    let network = spawn(&mut app, SCENE);
    until_built(&mut app);
    let cells = group(&mut app, network, "cells");
    let wrong = Scene::from_text(app.world(), &SCENE.replace("14 * i", "14 * q")).unwrap();
    assert!(rebuild(app.world_mut(), network, &wrong).is_err());
    assert_eq!(group(&mut app, network, "cells"), cells);
    app.update();
}

#[cfg(feature = "asset")]
mod files {
    use std::{fs, time::Duration};

    use bevy_app::TaskPoolPlugin;
    use cortecs::{
        bevy_asset::{AssetPlugin, AssetServer},
        host::SceneFilePlugin,
    };

    use super::*;

    /// Updates until something holds, for ten seconds at most.
    fn until(app: &mut App, holds: impl Fn(&mut App) -> bool) {
        for _ in 0..1000 {
            app.update();
            if holds(app) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{:?}", app.world().resource::<Told>().failed);
    }

    #[test]
    fn a_scene_file_is_loaded_and_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scene.ron");
        fs::write(&path, SCENE.replace("size: 20", "size: q")).unwrap();
        let mut app = App::new();
        let assets = AssetPlugin { file_path: folder.path().to_string_lossy().into_owned(), ..default() };
        let network = CortecsPlugins.set(HostPlugin::in_schedule(Update));
        app.add_plugins((TaskPoolPlugin::default(), assets, network, SceneFilePlugin)).init_resource::<Told>();
        app.insert_resource(Pace { paused: true, ..default() });
        app.world_mut().insert_resource(bevy_ecs::error::FallbackErrorHandler(bevy_ecs::error::ignore));
        let handle = app.world().resource::<AssetServer>().load("scene.ron");
        let mut commands = app.world_mut().commands();
        let mut network = commands.spawn_network(handle);
        network.observe(|built: On<NetworkBuilt>, mut told: ResMut<Told>| told.built.extend(&built.groups));
        network.observe(|failed: On<NetworkFailed>, mut told: ResMut<Told>| told.failed.push(failed.why.clone()));
        let network = network.id();
        app.world_mut().flush();

        // Wrong at first: told with the place in the file, and mended by an edit.
        until(&mut app, |app| !app.world().resource::<Told>().failed.is_empty());
        assert!(
            app.world().resource::<Told>().failed[0].contains("scene.ron:3:25"),
            "{}",
            app.world().resource::<Told>().failed[0]
        );
        fs::write(&path, SCENE).unwrap();
        app.world().resource::<AssetServer>().reload("scene.ron");
        until(&mut app, |app| !app.world().resource::<Told>().built.is_empty());
        let cells = group(&mut app, network, "cells");
        assert_eq!(app.world().get::<V>(cells).unwrap().0.len(), 20);

        // An edit of a network that runs.
        fs::write(&path, SCENE.replace("size: 3", "size: 4")).unwrap();
        app.world().resource::<AssetServer>().reload("scene.ron");
        until(&mut app, |app| app.world().resource::<Told>().built.len() > 2);
        let others = group(&mut app, network, "others");
        assert_eq!(app.world().get::<V>(others).unwrap().0.len(), 4);

        // A file that is not there.
        let missing = app.world().resource::<AssetServer>().load("missing.ron");
        app.world_mut()
            .commands()
            .spawn_network(missing)
            .observe(|failed: On<NetworkFailed>, mut told: ResMut<Told>| told.failed.push(failed.why.clone()));
        until(&mut app, |app| app.world().resource::<Told>().failed.iter().any(|why| why.contains("missing.ron")));
    }
}

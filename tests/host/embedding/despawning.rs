//! What goes between two ticks: groups, synapses, receptors, recorders, whole networks.

use std::path::Path;

use bevy_ecs::relationship::RelationshipTarget;
use cortecs::network::{Behaviours, Receptors};

use super::networks::recorded;
use super::*;

/// Scenes that come with the crate, made small where they are large.
const SCENES: [(&str, &[&str]); 15] = [
    ("izhikevich", &[]),
    ("izhikevich_2003", &[]),
    ("sparse_izhikevich", &[]),
    ("patterns", &[]),
    ("adex_patterns", &[]),
    ("hodgkin_huxley", &[]),
    ("pairing_protocol", &[]),
    ("cuba", &[]),
    ("coba", &[]),
    ("vogels_2011", &[]),
    ("song_2000", &[]),
    ("polychronization", &[]),
    ("dopamine", &[]),
    ("pattern_learning", &[]),
    ("microcircuit", &["constants.scale=0.02"]),
];

fn load(bench: &mut Bench, (name, settings): (&str, &[&str])) -> Network {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenes/{name}.ron"));
    let scene = Scene::from_file_with(bench.world_mut(), path, settings).unwrap_or_else(|faults| panic!("{faults}"));
    build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"))
}

fn receptors(world: &World, group: Entity) -> Vec<Entity> {
    world.get::<Receptors>(group).map(|own| own.iter().collect()).unwrap_or_default()
}

#[test]
fn every_scene_survives_the_loss_of_any_part_and_can_be_built_again() {
    // The digits of `pattern_learning` lie in an archive.
    let is_read = |(name, _): &(&str, _)| cfg!(feature = "formats") || *name != "pattern_learning";
    for scene in SCENES.into_iter().filter(is_read) {
        let mut bench = Bench::new();
        let network = load(&mut bench, scene);
        bench.ticks(3);
        // One of each kind, then all that are left, one by one.
        let first = |all: &[Entity]| all.first().copied();
        let receptor = network.groups.iter().flat_map(|&group| receptors(bench.world_mut(), group)).next();
        let one_each = [receptor, first(&network.recorders), first(&network.synapses), first(&network.groups)];
        let rest = network.synapses.iter().chain(&network.groups).chain(&network.recorders).copied();
        for entity in one_each.into_iter().flatten().chain(rest.take(40)) {
            if bench.world_mut().get_entity(entity).is_ok() {
                bench.world_mut().despawn(entity);
                bench.ticks(2);
            }
        }
        bench.finish();
        network.despawn(bench.world_mut());
        bench.ticks(2);
        assert_eq!(bench.world_mut().query::<&NeuronGroup>().iter(bench.world_mut()).count(), 0);
        let again = load(&mut bench, scene);
        let mut fresh = Bench::new();
        let other = load(&mut fresh, scene);
        bench.ticks(10);
        fresh.ticks(10);
        assert!(recorded(bench.world_mut(), &again) == recorded(fresh.world_mut(), &other), "{}", scene.0);
    }
}

/// A network in which each kind of behaviour finds its place: cells, a receptor, synapses; and cells of which none of them
/// knows.
fn small(bench: &mut Bench) -> [Entity; 4] {
    let bystanders = (Izhikevich::default(), NormalNoise { sd: 8.0.into(), ..default() });
    let bystanders = bench.group("bystanders", 4, bystanders);
    let model = (Lif { v: (-49.0).into(), ..default() }, Dopamine::default());
    let cells = bench.group("cells", 4, model);
    let receptor = bench.receptor(cells, "in", CurrentReceptor { afferent: "S".into(), ..default() });
    let rule = (FixedInDegree { in_degree: 3, ..default() }, Delays(Some("1 + j".into())));
    let synapses = bench.synapses(cells, cells, "S", rule);
    [bystanders, cells, receptor, synapses]
}

/// With default values, behaviours that need more are refused; whatever of a behaviour can be attached is lost in every way.
#[test]
fn every_behaviour_survives_the_loss_of_what_it_is_about() {
    let entries: Vec<_> = Bench::new().world_mut().resource::<Behaviours>().iter().copied().collect();
    let mut refused = Vec::new();
    let undisturbed = {
        let mut bench = Bench::new();
        let [bystanders, ..] = small(&mut bench);
        bench.ticks(20);
        bench.get(bystanders, "v")
    };
    for entry in entries {
        for lost in 0..4 {
            let mut bench = Bench::new();
            let [bystanders, cells, receptor, synapses] = small(&mut bench);
            let world = bench.world_mut();
            let entity = match entry.kind {
                Kind::Neurons => cells,
                Kind::Receptor => receptor,
                Kind::Synapses => synapses,
                Kind::Connectivity => {
                    world.spawn((SynapseGroup, Source(cells), Target(cells), Tags::new(&["S"]), Name::new("more"))).id()
                }
                Kind::Recorder => world.spawn_empty().id(),
            };
            let mut value = entry.default_value();
            if entry.kind == Kind::Recorder && !address(&mut *value) {
                refused.push(entry.name);
                break;
            }
            entry.insert(&mut world.entity_mut(entity), &*value);
            world.flush();
            if !world.resource_mut::<Failures>().take().is_empty() {
                refused.push(entry.name);
                break;
            }
            bench.ticks(10);
            bench.world_mut().despawn([entity, cells, receptor, synapses][lost]);
            bench.ticks(5);
            cortecs::schedule::finish(bench.world_mut());
            bench.world_mut().despawn_if_there(cells);
            bench.ticks(5);
            assert_eq!(bench.get(bystanders, "v"), undisturbed, "{} {lost}", entry.name);
        }
    }
    refused.sort_unstable();
    assert_eq!(refused, ["EdgeList", "ImageInput", "Matrix", "Replay", "ResponseRecorder"]);
}

trait DespawnIfThere {
    fn despawn_if_there(&mut self, entity: Entity);
}

impl DespawnIfThere for World {
    fn despawn_if_there(&mut self, entity: Entity) {
        if let Ok(entity) = self.get_entity_mut(entity) {
            entity.despawn();
        }
    }
}

/// Lets a recorder record something of the small network; false where one does not know how.
fn address(recorder: &mut dyn Reflect) -> bool {
    let of = |address: &str| vec![address.to_owned()];
    if let Some(recorder) = recorder.downcast_mut::<VariableRecorder>() {
        recorder.of = vec!["cells.v".into(), "S.weights".into(), "cells.in.arriving".into()];
    } else if let Some(recorder) = recorder.downcast_mut::<SpikeRecorder>() {
        recorder.of = of("cells");
    } else if let Some(recorder) = recorder.downcast_mut::<RateRecorder>() {
        (recorder.of, recorder.bin) = (of("cells"), 3.0);
    } else if let Some(recorder) = recorder.downcast_mut::<HistogramRecorder>() {
        (recorder.of, recorder.high) = (of("cells.v"), 1.0);
    } else if let Some(recorder) = recorder.downcast_mut::<ExpressionRecorder>() {
        (recorder.of, recorder.name, recorder.expression) = (of("cells"), "w".into(), "2 * v".into());
    } else if let Some(recorder) = recorder.downcast_mut::<WeightRecorder>() {
        (recorder.of, recorder.every) = (of("S"), Some(2));
    } else {
        return false;
    }
    true
}

/// What a host's system removes.
#[derive(Resource)]
struct Doomed(Entity, u64);

fn remove(mut commands: Commands, doomed: Res<Doomed>, clock: Res<Clock>) {
    if clock.iteration == doomed.1 {
        commands.entity(doomed.0).despawn();
    }
}

#[test]
fn a_system_of_the_host_may_remove_groups_before_or_after_the_networks() {
    for before in [true, false] {
        let mut app = app();
        let text = SCENE.replace("groups: {", "groups: {\"more\": (size: 3, behaviours: [Lif(v: -49)]),").replace(
            "},\n)",
            "}, synapses: [(from: \"more\", to: \"more\", connectivity: AllToAll())], recorders: [SpikeRecorder(of: [\"more\"])],)",
        );
        let network = spawn(&mut app, &text);
        app.insert_resource(Doomed(network.groups[0], 3));
        if before {
            app.add_systems(FixedUpdate, remove.before(NetworkSystems));
        } else {
            app.add_systems(FixedUpdate, remove.after(NetworkSystems));
        }
        (0..20).for_each(|_| app.update());
        assert!(app.world().get_entity(network.groups[0]).is_err() && !app.world().resource::<Pace>().paused);
        assert_eq!(iteration(&app), 20);
        let mut alone = Bench::new();
        let scene = Scene::from_text(alone.world_mut(), SCENE).unwrap();
        let same = build(alone.world_mut(), &scene).unwrap();
        alone.ticks(20);
        assert_eq!(app.world().get::<V>(network.groups[1]).unwrap().0.to_vec().len(), 5);
        let v = |world: &World, group| world.get::<V>(group).unwrap().0.to_vec();
        assert_eq!(v(app.world(), network.groups[1]), v(alone.world_mut(), same.groups[0]));
    }
}

#[test]
fn a_switch_of_what_was_removed_on_purpose_is_no_failure() {
    let mut app = app();
    let text = SCENE.replace("groups:", "switches: [(at: 5, off: \"cells.ConstantCurrent\")], groups:");
    let network = spawn(&mut app, &text);
    app.update();
    app.world_mut().despawn(network.groups[0]);
    (0..10).for_each(|_| app.update());
    assert!(!app.world().resource::<Pace>().paused && iteration(&app) == 11);
}

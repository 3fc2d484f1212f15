//! Several networks in one app: each gives what it gives alone.

use bevy_app::AppLabel;
use bevy_ecs::{relationship::RelationshipTarget, schedule::ScheduleLabel};
use cortecs::record::{Recording, Recordings};

use super::*;

/// Noise, random weights and delays, rules that go by addresses, and recorders of every kind that draws or counts.
const NETWORK: &str = r#"(
    seed: SEED,
    constants: {"drive": 4},
    groups: {
        "cells": (
            size: 30,
            draws: {"r": "uniform(0, 1)"},
            behaviours: [
                Izhikevich(d: "8 - 6 * r"), NormalNoise(mean: "drive", sd: 6), Dopamine(),
                Reward(synapses: "inner", within: 50, soonest: 1, latest: 20),
            ],
            receptors: {"in": ExponentialReceptor(afferent: "E")},
        ),
        "others": (
            size: 10, behaviours: [Lif(), PoissonInput(rate: 20, sources: 900, weight: 50, receptor: "in")],
            receptors: {"in": ExponentialReceptor()},
        ),
    },
    synapses: [
        (
            name: "inner", from: "cells", to: "cells", tags: ["E"], connectivity: FixedInDegree(in_degree: 6),
            weights: "uniform(0, 2)", delays: "uniform(1, 9)", behaviours: [RewardStdp()],
        ),
        (from: "others", to: "cells", tags: ["E"], connectivity: FixedProbability(probability: 0.3), weights: "normal(3, 1)"),
    ],
    recorders: [
        VariableRecorder(of: ["cells.v", "cells.dopamine", "inner.weights"]), SpikeRecorder(of: ["cells", "others"]),
        ExpressionRecorder(of: ["cells"], expression: "v + normal(0, 1)", name: "noisy"), RateRecorder(of: ["cells"], bin: 5),
    ],
)"#;

/// The same with something that is done at a time.
fn with_switches() -> String {
    NETWORK.replace(
        "recorders:",
        "switches: [(at: 40, off: \"cells.NormalNoise\"), (at: 60, on: \"cells.NormalNoise\")], recorders:",
    )
}

fn seeded(text: &str, seed: u32) -> String {
    text.replace("SEED", &seed.to_string())
}

fn run(app: &mut App, ticks: u32) {
    app.world_mut().resource_mut::<Pace>().ticks_per_step = ticks;
    app.update();
    assert!(!app.world().resource::<Pace>().paused, "something failed");
}

/// What was recorded, by name.
pub fn recorded(world: &World, network: &Network) -> Vec<(String, Vec<f64>)> {
    let recorders = network.recorders.iter().filter_map(|&recorder| world.get::<Recordings>(recorder));
    let recordings = recorders.flat_map(RelationshipTarget::iter).filter_map(|entity| world.get::<Recording>(entity));
    recordings.map(|recording| (format!("{}.{}", recording.group, recording.what()), recording.values())).collect()
}

fn alone(text: &str, ticks: u32) -> Vec<(String, Vec<f64>)> {
    let mut app = app();
    let network = spawn(&mut app, text);
    run(&mut app, ticks);
    let recorded = recorded(app.world(), &network);
    assert_eq!(recorded.len(), 7);
    assert!(recorded.iter().all(|(_, values)| values.iter().any(|&value| value != 0.0)), "something is silent");
    recorded
}

#[test]
fn networks_of_equal_names_and_different_seeds_give_what_each_gives_alone() {
    let [one, two] = [1, 2].map(|seed| seeded(&with_switches(), seed));
    let mut app = app();
    let networks = [&one, &two, &one].map(|text| spawn(&mut app, text));
    run(&mut app, 100);
    let [first, second, twin] = networks.map(|network| recorded(app.world(), &network));
    assert!(first == alone(&one, 100) && second == alone(&two, 100) && twin == first && first != second);
}

#[test]
fn a_network_that_goes_leaves_the_others_as_they_were() {
    let [one, two] = [1, 2].map(|seed| seeded(&with_switches(), seed));
    let mut app = app();
    let first = spawn(&mut app, &one);
    let second = spawn(&mut app, &two);
    run(&mut app, 30);
    first.despawn(app.world_mut());
    run(&mut app, 70);
    assert!(recorded(app.world(), &second) == alone(&two, 100));
    let left = app.world_mut().query::<&NeuronGroup>().iter(app.world()).count();
    assert_eq!(left, 2);
    // Nor does one that could not be built.
    let wrong = Scene::from_text(app.world(), &one.replace("of: [\"cells.v\"", "of: [\"cells.w\"")).unwrap();
    assert!(build(app.world_mut(), &wrong).is_err());
    run(&mut app, 20);
    assert!(recorded(app.world(), &second) == alone(&two, 120));
}

#[test]
fn a_network_that_joins_later_does_what_it_does_alone() {
    let one = seeded(&with_switches(), 1);
    let two = seeded(&with_switches(), 2);
    let mut app = app();
    let first = spawn(&mut app, &one);
    run(&mut app, 45);
    let second = spawn(&mut app, &two);
    assert_eq!(iteration(&app), 45, "the clock goes on");
    run(&mut app, 100);
    for ((name, here), (_, expected)) in recorded(app.world(), &first).into_iter().zip(alone(&one, 145)) {
        assert!(here == expected, "{name}");
    }
    for ((name, late), (_, expected)) in recorded(app.world(), &second).into_iter().zip(alone(&two, 100)) {
        assert!(late == expected, "{name}");
    }
}

#[test]
fn another_step_is_refused_while_there_are_groups_and_the_clock_starts_anew_without() {
    let text = seeded(NETWORK, 1);
    let slow = text.replace("seed: 1", "seed: 1, dt: 0.5");
    let mut app = app();
    let first = spawn(&mut app, &text);
    run(&mut app, 10);
    let scene = Scene::from_text(app.world(), &slow).unwrap();
    let entities = app.world().entities().count_spawned();
    let said = build(app.world_mut(), &scene).unwrap_err().to_string();
    assert!(said.contains("dt is 0.5 ms, but there are groups in this world whose step is 1 ms"), "{said}");
    assert!(said.contains("a world of its own"), "{said}");
    assert_eq!((app.world().entities().count_spawned(), iteration(&app)), (entities, 10));
    first.despawn(app.world_mut());
    let second = spawn(&mut app, &slow);
    assert_eq!(*app.world().resource::<Clock>(), Clock::new(0.5));
    run(&mut app, 100);
    assert!(recorded(app.world(), &second) == alone(&slow, 100));
}

#[test]
fn spikes_and_switches_tell_networks_apart() {
    let mut app = app();
    hear::<Fired>(&mut app);
    let [first, second] = [SCENE, SCENE].map(|text| spawn(&mut app, text));
    let off = "cells.ConstantCurrent";
    assert_eq!(cortecs::network::switch_within(app.world_mut(), Some(first.entity), off, false).unwrap(), 1);
    run(&mut app, 200);
    let heard = &app.world().resource::<Heard<Fired>>().0;
    let of = |network: &Network| {
        heard.iter().filter(|fired| app.world().get::<PartOf>(fired.group) == Some(&PartOf(network.entity))).count()
    };
    assert_eq!((of(&first), of(&second) > 10), (0, true));
    assert_eq!(cortecs::network::switch(app.world_mut(), off, false).unwrap(), 2);
}

#[derive(AppLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct Inner;

/// How two networks of different steps live in one app.
#[test]
fn a_sub_app_has_a_clock_of_its_own() {
    let mut inner = App::new();
    inner.add_plugins(CortecsPlugins.build().set(HostPlugin::in_schedule(Update)));
    let text = seeded(NETWORK, 2).replace("seed: 2", "seed: 2, dt: 0.5");
    let second = spawn(&mut inner, &text);
    inner.world_mut().resource_mut::<Pace>().ticks_per_step = 20;
    let mut app = app();
    let first = spawn(&mut app, &seeded(NETWORK, 1));
    let mut sub_app = std::mem::take(inner.main_mut());
    sub_app.update_schedule = Some(Main.intern());
    app.insert_sub_app(Inner, sub_app);
    for _ in 0..5 {
        run(&mut app, 10);
    }
    assert!(recorded(app.world(), &first) == alone(&seeded(NETWORK, 1), 50));
    let inner = app.get_sub_app(Inner).unwrap().world();
    assert_eq!(inner.resource::<Clock>().iteration, 100);
    assert!(recorded(inner, &second) == alone(&text, 100));
}

/// In frames of a game that go on meanwhile: what it gives is what it gives when it is built in one go.
#[test]
fn a_network_built_in_the_background_begins_when_it_is_there() {
    use cortecs::assemble::{Building, build_in_background};
    let text = seeded(&with_switches(), 2);
    let mut app = app();
    hear::<NetworkBuilt>(&mut app);
    let other = spawn(&mut app, &seeded(NETWORK, 1));
    let scene = Scene::from_text(app.world(), &text).unwrap();
    let network = build_in_background(app.world_mut(), scene).unwrap();
    let [done, all] = app.world().get::<Building>(network).unwrap().progress();
    assert!(done == 0 && all > 0);
    let mut frames = 0;
    while app.world().get::<Building>(network).is_some() {
        std::thread::sleep(Duration::from_millis(1));
        app.update();
        frames += 1;
        assert!(frames < 10_000, "it is never there");
    }
    // It begins in the frame in which it is there.
    run(&mut app, 99);
    let built = app.world().resource::<Heard<NetworkBuilt>>().0.clone();
    assert_eq!(built.iter().map(|built| built.network).collect::<Vec<_>>(), [network]);
    let parts = app.world().get::<cortecs::network::Parts>(network).unwrap();
    let recorders = parts.iter().filter(|part| app.world().get::<Recordings>(*part).is_some());
    let mut found = other.clone();
    (found.entity, found.groups, found.recorders) = (network, built[0].groups.clone(), recorders.collect());
    for ((name, here), (_, expected)) in recorded(app.world(), &found).into_iter().zip(alone(&text, 100)) {
        assert!(here == expected, "{name}");
    }
    assert_eq!(iteration(&app), frames + 99);
}

#[test]
fn what_is_wrong_with_a_network_in_the_background_is_told_and_leaves_nothing() {
    use cortecs::assemble::build_in_background;
    let mut app = app();
    let text = seeded(NETWORK, 1);
    let scene = Scene::from_text(app.world(), &text.replace("cells.v", "cells.w")).unwrap();
    assert!(build_in_background(app.world_mut(), scene).is_err());
    // Despawned while it is built: nobody hears of it.
    let scene = Scene::from_text(app.world(), &text).unwrap();
    let network = build_in_background(app.world_mut(), scene).unwrap();
    app.world_mut().entity_mut(network).despawn();
    run(&mut app, 5);
    assert_eq!(app.world_mut().query::<&NeuronGroup>().iter(app.world()).count(), 0);
}

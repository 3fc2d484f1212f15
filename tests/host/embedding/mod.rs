//! A network inside a bevy application, headless: what people with an app of their own rely on.

mod despawning;
mod networks;
mod trouble;

use std::time::Duration;

use bevy_time::{Fixed, Time, TimePlugin, TimeUpdateStrategy};
use cortecs::{
    assemble::build,
    network::Source,
    network::{Failures, Input},
    prelude::*,
    scene::Scene,
    value::Array,
};

const SCENE: &str = r#"(
    dt: 1.0,
    groups: {
        "cells": (
            size: 5,
            tags: ["all"],
            behaviours: [Izhikevich(v_steps: 2), ConstantCurrent(amplitude: "10 + i")],
        ),
    },
)"#;

/// An app that makes one fixed step per update.
fn app() -> App {
    let mut app = App::new();
    app.add_plugins((TimePlugin, CortecsPlugins))
        .insert_resource(Time::<Fixed>::from_duration(Duration::from_millis(10)))
        .insert_resource(TimeUpdateStrategy::FixedTimesteps(1));
    app.update(); // the first update has no time that has passed
    app
}

fn spawn(app: &mut App, text: &str) -> Network {
    let scene = Scene::from_text(app.world(), text).unwrap_or_else(|faults| panic!("{faults}"));
    build(app.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"))
}

fn iteration(app: &App) -> u64 {
    app.world().resource::<Clock>().iteration
}

#[test]
fn ticks_follow_the_hosts_fixed_steps_at_its_pace() {
    let mut app = app();
    spawn(&mut app, SCENE);
    app.update();
    app.update();
    assert_eq!(iteration(&app), 2);
    app.world_mut().resource_mut::<Pace>().ticks_per_step = 10;
    app.update();
    assert_eq!(iteration(&app), 12);
    app.world_mut().resource_mut::<Pace>().paused = true;
    app.update();
    assert_eq!(iteration(&app), 12);
    app.world_mut().resource_mut::<Pace>().single_steps = 1;
    app.update();
    app.update();
    assert_eq!(iteration(&app), 13);
}

/// What the host's own system heard.
#[derive(Resource)]
struct Heard<M: Message>(Vec<M>);

/// Lets a system of the host hear all messages of a kind.
fn hear<M: Message + Clone>(app: &mut App) {
    app.insert_resource(Heard::<M>(Vec::new())).add_systems(
        FixedUpdate,
        (|mut messages: MessageReader<M>, mut heard: ResMut<Heard<M>>| heard.0.extend(messages.read().cloned()))
            .after(NetworkSystems),
    );
}

#[test]
fn the_host_hears_every_spike_and_sees_the_columns() {
    let mut app = app();
    hear::<Fired>(&mut app);
    let network = spawn(&mut app, SCENE);
    app.world_mut().resource_mut::<Pace>().ticks_per_step = 7;
    for _ in 0..50 {
        app.update();
    }
    let cells = network.groups[0];
    let total = app.world().get::<Spikes>(cells).unwrap().total();
    let heard = &app.world().resource::<Heard<Fired>>().0;
    assert!(total > 20);
    assert_eq!(heard.iter().map(|fired| fired.neurons.len() as u64).sum::<u64>(), total);
    assert!(heard.iter().all(|fired| fired.group == cells && fired.iteration < 350));
    assert!(heard.windows(2).all(|pair| pair[0].iteration < pair[1].iteration));
    assert_eq!(app.world().get::<V>(cells).unwrap().0.len(), 5);
}

#[test]
fn a_host_and_a_plain_loop_give_the_same_trace() {
    let mut app = app();
    let network = spawn(&mut app, SCENE);
    app.world_mut().resource_mut::<Pace>().ticks_per_step = 20;
    for _ in 0..10 {
        app.update();
    }
    let mut bench = Bench::new();
    let scene = Scene::from_text(bench.world_mut(), SCENE).unwrap();
    let same = build(bench.world_mut(), &scene).unwrap();
    bench.ticks(200);
    let v = |world: &World, group: Entity| world.get::<V>(group).unwrap().0.to_vec();
    assert_eq!(v(app.world(), network.groups[0]), v(bench.world_mut(), same.groups[0]));
}

#[test]
fn groups_may_be_spawned_by_hand_and_go_while_the_app_runs() {
    let mut app = app();
    let world = app.world_mut();
    let drivers = (Name::new("drivers"), NeuronGroup::new(3), Izhikevich::default());
    let drivers = world.spawn((drivers, ConstantCurrent { amplitude: 20.0.into() })).id();
    let cells = world.spawn((Name::new("cells"), NeuronGroup::grid(2, 2), Izhikevich::default())).id();
    let receptor = CurrentReceptor { afferent: "X".into(), ..default() };
    world.spawn((Name::new("r"), ReceptorOf(cells), receptor));
    let synapses = (SynapseGroup, Source(drivers), Target(cells), Tags::new(&["X"]), AllToAll::default());
    let synapses = world.spawn((Name::new("s"), synapses, InitialWeights(30.0.into()))).id();
    app.world_mut().resource_mut::<Pace>().ticks_per_step = 100;
    app.update();
    let fired = |app: &App| app.world().get::<Spikes>(cells).unwrap().total();
    let while_connected = fired(&app);
    assert!(while_connected > 0);
    app.world_mut().despawn(synapses);
    app.update();
    let silent_from = fired(&app);
    app.update();
    assert_eq!(fired(&app), silent_from, "a synapse group that is gone still delivers");
    app.world_mut().despawn(drivers);
    app.world_mut().despawn(cells);
    app.update();
    assert!(app.world().resource::<Failures>().is_empty());
}

#[test]
fn a_whole_network_can_be_replaced() {
    let mut app = app();
    let first = spawn(&mut app, SCENE);
    app.update();
    first.despawn(app.world_mut());
    let second = spawn(&mut app, SCENE);
    app.update();
    assert_eq!(iteration(&app), 1);
    assert!(app.world().get_entity(first.groups[0]).is_err());
    assert!(app.world().get_entity(second.groups[0]).is_ok());
}

#[test]
fn a_failure_pauses_the_network_and_spares_the_app() {
    let mut app = app();
    app.insert_resource(bevy_ecs::error::FallbackErrorHandler(bevy_ecs::error::ignore));
    let rows = Array { shape: vec![2, 3], data: vec![0.0; 6] };
    app.world_mut().spawn((Name::new("cells"), NeuronGroup::new(3), Replay::of(rows)));
    for _ in 0..5 {
        app.update();
    }
    assert!(app.world().resource::<Pace>().paused);
    assert_eq!(iteration(&app), 3, "the third iteration finds no row");
}

#[test]
fn behaviours_are_switched_by_name_or_tag_and_keep_their_state() {
    let mut app = app();
    let network = spawn(&mut app, SCENE);
    let cells = network.groups[0];
    let input = |app: &App| app.world().get::<Input>(cells).unwrap().0[1];
    app.update();
    assert_eq!(input(&app), 11.0);
    assert_eq!(cortecs::network::switch(app.world_mut(), "all.ConstantCurrent", false).unwrap(), 1);
    app.update();
    assert_eq!(input(&app), 0.0);
    let v = app.world().get::<V>(cells).unwrap().0.to_vec();
    cortecs::network::switch(app.world_mut(), "cells.Izhikevich", false).unwrap();
    app.update();
    assert_eq!(app.world().get::<V>(cells).unwrap().0.to_vec(), v, "a model that is off stands still");
    cortecs::network::switch(app.world_mut(), "cells.Izhikevich", true).unwrap();
    assert_eq!(app.world().get::<V>(cells).unwrap().0.to_vec(), v, "and goes on where it stood");
    cortecs::network::switch(app.world_mut(), "cells.ConstantCurrent", true).unwrap();
    app.update();
    assert_eq!(input(&app), 11.0);
    for wrong in ["cells.Izhikevitch", "cell.Izhikevich", "Izhikevich"] {
        assert!(cortecs::network::switch(app.world_mut(), wrong, false).is_err(), "{wrong}");
    }
}

/// Where the ticks of a network ran: the thread of each, and whether rayon has it.
#[derive(Resource, Default)]
struct Seen(Vec<(std::thread::ThreadId, bool)>);

fn look(mut seen: ResMut<Seen>) {
    seen.0.push((std::thread::current().id(), rayon::current_thread_index().is_some()));
}

/// Neurons enough to be shared among threads.
fn large() -> Bench {
    let mut bench = Bench::new();
    bench.world_mut().init_resource::<Seen>();
    bench.group("cells", 70_000, Lif::default());
    bench.app_mut().add_stage_system(Stage::Record, "look", look);
    bench
}

#[test]
fn a_large_network_moves_to_the_threads_of_the_pool() {
    let mut bench = large();
    bench.ticks(3);
    let seen: Vec<bool> = bench.world_mut().resource::<Seen>().0.iter().map(|seen| seen.1).collect();
    let shared = rayon::current_num_threads() > 1;
    assert_eq!(seen, [false, shared, shared]);
}

#[test]
fn a_system_that_must_stay_on_its_thread_does() {
    let mut bench = large();
    bench.world_mut().insert_non_send(std::rc::Rc::new(0));
    fn of_this_thread(number: NonSend<std::rc::Rc<i32>>) {
        assert_eq!(**number, 0);
    }
    bench.app_mut().add_stage_system(Stage::Record, "of this thread", of_this_thread);
    bench.ticks(3);
    let here = std::thread::current().id();
    assert_eq!(bench.world_mut().resource::<Seen>().0, [(here, false); 3]);
}

#[test]
fn a_speed_is_time_of_the_networks_for_time_of_the_host() {
    let mut app = app();
    spawn(&mut app, SCENE);
    // Steps of 10 ms, a clock of 1 ms.
    for (speed, iterations) in [(1.0, 100), (0.25, 25), (0.03, 3), (0.0, 0), (f64::NAN, 0), (-1.0, 0)] {
        let before = iteration(&app);
        *app.world_mut().resource_mut::<Pace>() = Pace { speed: Some(speed), ..default() };
        (0..10).for_each(|_| app.update());
        assert_eq!(iteration(&app) - before, iterations, "{speed}");
    }
}

/// 20 000 iterations a step would freeze a frame for seconds.
#[test]
fn a_budget_leaves_out_what_would_take_longer_and_says_so() {
    let mut app = app();
    hear::<FellBehind>(&mut app);
    spawn(&mut app, SCENE);
    let budget = Some(Duration::from_millis(2));
    *app.world_mut().resource_mut::<Pace>() = Pace { ticks_per_step: 3_000_000, budget, ..default() };
    app.update();
    let done = iteration(&app);
    let left_out = app.world().resource::<Heard<FellBehind>>().0[0].iterations;
    assert!(done > 0 && done + u64::from(left_out) == 3_000_000, "{done}, {left_out}");
    // The next frame has a budget of its own.
    app.update();
    assert!(iteration(&app) > done);
}

#[test]
fn a_network_that_rests_goes_on_where_it_was() {
    let text =
        SCENE.replace("ConstantCurrent", "PulseCurrent(amplitude: 9, start: 5, period: 10, width: 5), ConstantCurrent");
    let text = text.replace(
        "    },\n)",
        "    },\n    switches: [(at: 20, off: \"cells.PulseCurrent\"), (at: 30, on: \"cells.PulseCurrent\")],\n    recorders: [VariableRecorder(of: [\"cells.v\"]), SpikeRecorder(of: [\"cells\"])],\n)",
    );
    let recorded = |app: &App, network: &Network| {
        let recorders =
            network.recorders.iter().map(|one| app.world().get::<cortecs::record::Recordings>(*one).unwrap());
        let all = recorders.flat_map(|own| own.iter().collect::<Vec<_>>());
        all.map(|one| app.world().get::<cortecs::record::Recording>(one).unwrap().values()).collect::<Vec<_>>()
    };
    let (mut app, mut alone) = (app(), app());
    let [network, other] = [spawn(&mut app, &text), spawn(&mut alone, &text)];
    for (rests, updates) in [(false, 13), (true, 9), (false, 30)] {
        match rests {
            true => cortecs::network::rest(app.world_mut(), network.entity),
            false => cortecs::network::wake(app.world_mut(), network.entity),
        }
        (0..updates).for_each(|_| app.update());
    }
    (0..43).for_each(|_| alone.update());
    assert_eq!(recorded(&app, &network), recorded(&alone, &other));
    assert_eq!(iteration(&app), 52);
}

#[test]
fn spikes_are_events_at_their_group() {
    #[derive(Resource, Default)]
    struct Seen(usize);
    let mut app = app();
    let network = spawn(&mut app, SCENE);
    app.init_resource::<Seen>();
    app.world_mut()
        .entity_mut(network.groups[0])
        .observe(|fired: On<Fired>, mut seen: ResMut<Seen>| seen.0 += fired.neurons.len());
    hear::<Fired>(&mut app);
    (0..50).for_each(|_| app.update());
    let sent: usize = app.world().resource::<Heard<Fired>>().0.iter().map(|fired| fired.neurons.len()).sum();
    assert!(sent > 0 && app.world().resource::<Seen>().0 == sent);
}

#[test]
fn recordings_of_a_game_keep_the_newest_and_go_with_their_groups() {
    use cortecs::record::{Recording, RecordingMemory};
    let mut app = app();
    app.insert_resource(RecordingMemory(1000));
    let text = SCENE.replace(
        "    },\n)",
        "    },\n    recorders: [VariableRecorder(of: [\"cells.v\"]), SpikeRecorder(of: [\"cells\"])],\n)",
    );
    let network = spawn(&mut app, &text);
    app.world_mut().resource_mut::<Pace>().ticks_per_step = 1000;
    app.update();
    let recorded: Vec<(u64, Vec<f64>)> =
        app.world_mut().query::<&Recording>().iter(app.world()).map(|one| (one.rows.rows(), one.values())).collect();
    let (rows, v) = &recorded[0];
    // Whole rows, the last of which is the state.
    assert_eq!((*rows, v.len() % 5), (1000, 0));
    assert!((12..=50).contains(&(v.len() / 5)) && recorded[1].1.len() <= 250, "{}", v.len());
    let state: Vec<f64> = app.world().get::<V>(network.groups[0]).unwrap().0.iter().map(|v| f64::from(*v)).collect();
    assert_eq!(v[v.len() - 5..], state);
    app.world_mut().entity_mut(network.groups[0]).despawn();
    assert_eq!(app.world_mut().query::<&Recording>().iter(app.world()).count(), 0);
    app.update();
}

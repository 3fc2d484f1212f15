//! Networks on several ranks, which are threads here, against those of one process.

use std::{path::Path, sync::Arc, time::Duration};

use bevy_ecs::prelude::*;

use crate::{
    assemble::{Network, build},
    checkpoint::{self, Checkpoint, Fit},
    network::{Clock, Failures, Ranks, Spikes, Warnings},
    numeric::exchange::{Exchange, together},
    prelude::Bench,
    ranks::{RanksPlugin, exchanged_every, run_ticks, stopped_elsewhere},
    record::of_recorders,
    scene::Scene,
    schedule::{self, Stage, Tick},
};

/// What a network leaves: what each recording has, and the spikes of each group.
type Left = (Vec<(String, Vec<f64>)>, Vec<u64>);

/// The network of a scene at a rank, with settings.
fn built(exchange: Option<Arc<dyn Exchange>>, path: &Path, settings: &[&str]) -> (Bench, Network) {
    let mut bench = Bench::new();
    if let Some(exchange) = exchange {
        bench.app_mut().add_plugins(RanksPlugin(exchange));
    }
    let world = bench.world_mut();
    let settings: Vec<String> = settings.iter().map(|&set| set.to_owned()).collect();
    let scene = Scene::from_file_with(world, path, &settings).expect("a scene");
    let network = build(world, &scene).map_err(|why| why.render(false)).expect("a network");
    (bench, network)
}

/// What a scene leaves with settings at a rank, after so many iterations.
fn left(exchange: Option<Arc<dyn Exchange>>, path: &Path, settings: &[&str], iterations: u64) -> Left {
    let (mut bench, network) = built(exchange, path, settings);
    let world = bench.world_mut();
    assert_eq!(run_ticks(world, iterations), iterations);
    schedule::finish(world);
    let mut recorded: Vec<_> = of_recorders(world, &network.recorders)
        .map(|(_, recording)| (format!("{}.{}", recording.group, recording.what()), recording.values()))
        .collect();
    recorded.sort_by(|a, b| a.0.cmp(&b.0));
    let spikes = network.groups.iter().map(|&group| world.get::<Spikes>(group).map_or(0, Spikes::total)).collect();
    (recorded, spikes)
}

#[track_caller]
fn assert_shared(path: &str, settings: &[&str], iterations: u64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let alone = left(None, &path, settings, iterations);
    for (ranks, threads) in [(2, 1), (3, 2)] {
        let shared = together(ranks, threads, |exchange| left(Some(exchange), &path, settings, iterations));
        for other in &shared {
            assert_eq!(other.1, alone.1, "spikes of {} on {ranks} ranks", path.display());
        }
        for ((name, there), (_, here)) in shared[0].0.iter().zip(&alone.0) {
            let differs = there.iter().zip(here).position(|(there, here)| there.to_bits() != here.to_bits());
            assert!(
                there.len() == here.len() && differs.is_none(),
                "{}: {name} on {ranks} ranks: {} and {} numbers, {differs:?}",
                path.display(),
                there.len(),
                here.len()
            );
        }
    }
}

/// That ranks save what one process saves, and any number of them goes on from there as one process does.
#[track_caller]
fn assert_saved(path: &str, settings: &[&str], iterations: u64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let state = |bench: &mut Bench| Checkpoint::take_changes(bench.world_mut()).expect("a state");
    let alone = {
        let (mut bench, _) = built(None, &path, settings);
        [0, iterations, iterations].map(|more| {
            assert_eq!(run_ticks(bench.world_mut(), more), more);
            state(&mut bench)
        })
    };
    for (ranks, threads) in [(2, 1), (3, 2)] {
        let differ = together(ranks, threads, |exchange| {
            let leads = exchange.rank() == 0;
            let (mut bench, _) = built(Some(exchange), &path, settings);
            let (mut differ, mut moments) = (Vec::new(), ["built", "before", "restored", "after"].into_iter());
            let mut compare = |bench: &mut Bench, then: &Checkpoint| {
                let now = state(bench);
                let moment = moments.next();
                if leads && now.bytes() != then.bytes() {
                    differ.push((moment, now.first_difference(then)));
                }
            };
            compare(&mut bench, &alone[0]);
            run_ticks(bench.world_mut(), iterations);
            compare(&mut bench, &alone[1]);
            // Elsewhere than it stood.
            run_ticks(bench.world_mut(), iterations / 2);
            alone[1].restore(bench.world_mut(), Fit::Exactly).expect("a state of this network");
            compare(&mut bench, &alone[1]);
            run_ticks(bench.world_mut(), iterations);
            compare(&mut bench, &alone[2]);
            differ
        });
        assert!(differ[0].is_empty(), "{} on {ranks} ranks: {:?}", path.display(), differ[0]);
    }
}

/// Scenes whose groups are cut, with settings and iterations.
const CUT: [(&str, &[&str], u64); 6] = [
    ("scenes/cuba.ron", &[], 400),
    ("scenes/coba.ron", &[], 100),
    ("scenes/brunel.ron", &[], 200),
    ("scenes/microcircuit.ron", &["constants.scale=0.1"], 150),
    ("scenes/sparse_izhikevich.ron", &["constants.size=9000"], 60),
    ("scenes/vogels_2011.ron", &["constants.size=9000"], 100),
];

/// Whichever write it is at which the disk is full, the others go on.
#[cfg(feature = "output")]
#[test]
fn a_state_that_cannot_be_written_holds_nobody_up() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/cuba.ron");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("checkpoint");
    together(2, 1, |exchange| {
        let leads = exchange.rank() == 0;
        let (mut bench, _) = built(Some(exchange), &path, &[]);
        let world = bench.world_mut();
        let mut failures = 0;
        loop {
            let failed = if leads {
                crate::disk::fault::plan(folder.path(), failures, false);
                let written = checkpoint::write(world, None, &file);
                crate::disk::fault::end(folder.path());
                written.is_err()
            } else {
                Checkpoint::take_changes(world).expect("a part");
                false
            };
            if !Ranks::any(world.get_resource::<Ranks>(), failed) {
                break;
            }
            failures += 1;
        }
        assert!(failures > 2 && (!leads || file.exists()), "{failures} writes");
        assert_eq!(run_ticks(world, 20), 20);
    });
}

/// One of them takes ten times as long as the others for its iterations, and then they for theirs.
#[test]
fn ranks_that_are_slow_change_nothing() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/cuba.ron");
    let spikes = |exchange: Option<Arc<dyn Exchange>>| {
        let slow = exchange.as_ref().map(|exchange| exchange.rank());
        let (mut bench, network) = built(exchange, &path, &[]);
        let wait = move |clock: Res<Clock>| {
            let turn = (clock.iteration / 100 % 3) as usize;
            std::thread::sleep(Duration::from_micros(if slow == Some(turn) { 1000 } else { 0 }));
        };
        bench.app_mut().add_systems(Tick, wait.in_set(Stage::Input));
        assert_eq!(run_ticks(bench.world_mut(), 300), 300);
        network.groups.iter().map(|&group| bench.spike_count(group)).collect::<Vec<_>>()
    };
    let alone = spikes(None);
    assert!(alone.iter().sum::<u64>() > 0);
    for all in together(3, 1, |exchange| spikes(Some(exchange))) {
        assert_eq!(all, alone);
    }
}

/// No spike is needed at another rank before its least delay has passed; where a rule learns, each is at once. A run that ends between
/// two exchanges leaves what it would alone.
#[test]
fn ranks_wait_as_long_as_delays_allow() {
    let text = |delay: &str, more: &str| {
        format!(
            r#"(dt: 0.5, groups: {{
                "a": (size: 5000, behaviours: [Lif(refractory: 2), AdaptiveThreshold(increment: 2, tau: 50),
                    NormalNoise(mean: 500, sd: 600)], receptors: {{"r": ExponentialReceptor(afferent: "X")}}),
                "b": (size: 2500, behaviours: [Izhikevich()], receptors: {{"r": CurrentReceptor(afferent: "X")}}),
            }}, synapses: [
                (from: "a", to: "a", tags: ["X"], name: "s", weights: "uniform(0, 2)", delays: {delay},
                    connectivity: FixedInDegree(in_degree: 30)),
                (from: "a", to: "b", tags: ["X"], weights: "uniform(0, 2)", delays: "uniform(3, 30)",
                    connectivity: FixedOutDegree(out_degree: 45){more}),
            ], recorders: [SpikeRecorder(of: ["a", "b"]), SpikeRecorder(of: ["a"], from: 20, until: 61),
                RateRecorder(of: ["a"], bin: 4, neurons: Stride(3)), VariableRecorder(of: ["b.v"], every: 7)])"#
        )
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scene.ron");
    let learns = r#", behaviours: [Stdp(w_max: 2)]"#;
    // The shortest of 150 000 uniform delays is 5 or 6 steps; 3 ms are 6.
    for (delay, more, every) in [("2", "", 5), ("\"uniform(1, 20)\"", "", 3), ("20", "", 7), ("2", learns, 1)] {
        std::fs::write(&path, text(delay, more)).expect("a scene");
        let found = together(2, 1, |exchange| {
            let (mut bench, _) = built(Some(exchange), &path, &[]);
            run_ticks(bench.world_mut(), 10);
            exchanged_every(bench.world_mut())
        });
        assert_eq!(found, [Some(every); 2], "{delay}{more}");
        let (_, spikes) = left(None, &path, &[], 100);
        assert!(spikes.iter().all(|spikes| *spikes > 100), "{spikes:?}");
        let path = path.to_str().expect("a name");
        assert_shared(path, &[], 100);
        assert_saved(path, &[], 33);
    }
}

/// Who fails says so with the next exchange, up to which all go on.
#[test]
fn all_stop_when_one_has_failed() {
    let text = r#"(dt: 0.5, groups: {"a": (size: 5000, behaviours: [Lif(), NormalNoise(mean: 20, sd: 5)],
        receptors: {"r": CurrentReceptor(afferent: "X")})}, synapses: [(from: "a", to: "a", tags: ["X"], delays: 5,
        connectivity: FixedInDegree(in_degree: 3))])"#;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scene.ron");
    std::fs::write(&path, text).expect("a scene");
    for at in [0_u64, 20, 21, 28, 31, 32] {
        let ran = together(3, 1, |exchange| {
            let fails = exchange.rank() == 1;
            let (mut bench, _) = built(Some(exchange), &path, &[]);
            let fail = move |clock: Res<Clock>, mut failures: ResMut<Failures>| {
                if fails && clock.iteration == at {
                    failures.push("somebody", "has failed");
                }
            };
            bench.app_mut().add_systems(Tick, fail.in_set(Stage::Input));
            let ran = run_ticks(bench.world_mut(), 33);
            let failures = bench.world_mut().resource_mut::<Failures>().take();
            let elsewhere = failures.iter().all(stopped_elsewhere);
            assert!(!failures.is_empty() || (at == 32 && !fails), "nobody knows of the failure at {at}");
            assert!(failures.is_empty() || elsewhere != fails);
            ran
        });
        let end = if at == 32 { 33 } else { ((at + 1) / 11 + 1) * 11 };
        assert_eq!(ran, [end; 3], "of a failure at {at}");
    }
}

/// Of some neurons of one rank, and of a whole group.
#[test]
fn who_runs_away_is_found_wherever_it_is() {
    let text = |amplitude: &str| {
        format!(
            r#"(dt: 0.1, groups: {{"a": (size: 9000, behaviours: [Lif(refractory: 2),
                ConstantCurrent(amplitude: "{amplitude}")])}}, recorders: [SpikeRecorder(of: ["a"])])"#
        )
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scene.ron");
    for (amplitude, told) in
        [("if(i >= 8500, 1e6, 0)", "500 neurons of `a` run away, the first is 8500"), ("1e6", "`a` runs away")]
    {
        std::fs::write(&path, text(amplitude)).expect("a scene");
        let warnings = |exchange| {
            let (mut bench, _) = built(exchange, &path, &[]);
            let world = bench.world_mut();
            run_ticks(world, 1500);
            schedule::finish(world);
            world.resource_mut::<Warnings>().take().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let alone = warnings(None);
        assert!(alone.len() == 1 && alone[0].starts_with(told), "{alone:?}");
        for all in together(3, 1, |exchange| warnings(Some(exchange))) {
            assert_eq!(all, alone);
        }
    }
}

#[test]
fn large_groups_are_cut() {
    for (scene, settings, iterations) in CUT {
        assert_shared(scene, settings, iterations);
    }
}

#[test]
fn the_state_of_ranks_is_that_of_one_process() {
    for (scene, settings, iterations) in CUT {
        assert_saved(scene, settings, iterations / 2);
    }
}

fn scenes() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes");
    let files = folder.read_dir().expect("scenes").filter_map(|file| Some(file.ok()?.path()));
    let scenes = files.filter(|path| path.extension().is_some_and(|kind| kind == "ron"));
    let mut scenes: Vec<String> = scenes.map(|path| path.to_str().expect("a name").to_owned()).collect();
    assert!(scenes.len() > 20);
    scenes.push("tests/files/checkpoint/everything.ron".into());
    scenes
}

/// Whatever a scene has: the others, of small groups, each of which is one rank's.
#[test]
fn every_scene_can_be_shared() {
    scenes().iter().for_each(|scene| assert_shared(scene, &[], 120));
}

#[test]
fn the_state_of_every_scene_can_be_shared() {
    scenes().iter().for_each(|scene| assert_saved(scene, &[], 60));
}

/// Synapses by targets and by sources, with one delay and with many; rules in Rust and by equations; weights that are taken down
/// whole, and one by one.
#[test]
fn synapses_of_cut_groups_are_put_together() {
    let text = r#"(
        groups: {
            "a": (size: 5000, behaviours: [Izhikevich(), NormalNoise(mean: 5, sd: 4)], receptors: {"r": CurrentReceptor(afferent: "X")}),
            "b": (size: 300, behaviours: [Izhikevich()], receptors: {"r": ExponentialReceptor(afferent: "Y")}),
            "critic": (size: 1, behaviours: [Izhikevich(), ConstantCurrent(amplitude: 8)]),
        },
        synapses: [
            (from: "a", to: "a", tags: ["X"], name: "s", weights: "uniform(0, 1)", delays: "uniform(1, 5)",
                connectivity: FixedInDegree(in_degree: 20),
                behaviours: [Rule(model: "dc/dt = -c/100 : synapse", on_pre: "c += 0.1; w += 0.001*c",
                    on_post: "w -= 0.001*c", initial: {"c": "uniform(0, 1)"})]),
            (from: "a", to: "a", tags: ["X"], name: "d", weights: "uniform(0, 1)",
                connectivity: FixedOutDegree(out_degree: 7), behaviours: [Stdp(w_max: 2)]),
            (from: "a", to: "a", tags: ["X"], name: "g", weights: "uniform(0, 1)", delays: "uniform(1, 4)",
                connectivity: FixedInDegree(in_degree: 3), behaviours: [Rule(factors: {"r": "critic.v"}, every: 3,
                    model: "dp/dt = (v_pre - p)/10 : pre; dw/dt = -1e-5*w*r + 1e-6*u_pre*p", on_pre: "w += 1e-4*(v_pre - p + r)",
                    on_post: "w -= 1e-3*u_pre")]),
            (from: "a", to: "b", tags: ["Y"], name: "e", weights: "uniform(0, 1)", connectivity: AllToAll()),
            (from: "a", to: "b", tags: ["Y"], name: "f", delays: 3,
                connectivity: EdgeList(file: "edges.csv")),
        ],
        recorders: [
            SpikeRecorder(of: ["a"]), WeightRecorder(of: ["s", "d", "e", "f", "g"], every: 100),
            ExpressionRecorder(of: ["s", "e"], expression: "2*weights^2", name: "square", every: 70),
            VariableRecorder(of: ["s.weights", "s.c", "a.v", "e.weights"], every: 50),
            HistogramRecorder(of: ["a.v", "d.weights"], low: -80, high: 30, bins: 7, every: 70),
            ExpressionRecorder(of: ["a"], expression: "v + 2*i", name: "w", neurons: Stride(700), every: 60),
        ],
    )"#;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scene.ron");
    std::fs::write(&path, text).expect("a scene");
    std::fs::write(folder.path().join("edges.csv"), "4000,2\n1,299\n4000,1\n1,0\n1,299\n").expect("a list");
    assert_shared(path.to_str().expect("a name"), &[], 150);
    assert_saved(path.to_str().expect("a name"), &[], 80);
}

/// Synapses move from the neurons of one rank to those of another, with delays that nobody had there; and the weights of a source,
/// which lead to neurons of several ranks, keep their sum.
#[test]
fn synapses_come_and_go_between_ranks() {
    let text = r#"(
        dt: 0.5,
        groups: {
            "in": (size: 300, behaviours: [PoissonNeurons(rate: 60)]),
            "a": (size: 5000, behaviours: [Izhikevich(), NormalNoise(mean: 5, sd: 4)],
                receptors: {"r": CurrentReceptor(afferent: "X", gain: 0.2)}),
        },
        synapses: [
            (from: "in", to: "a", tags: ["X"], name: "one", weights: "uniform(0, 1)", delays: 3, sources: Range(10, 290),
                connectivity: FixedInDegree(in_degree: 6), behaviours: [Stdp(a_plus: 0.2, a_minus: 0.2, w_max: 1),
                    Normalization(total: 30, over: Efferent, every: 7), StructuralPlasticity(interval: 10, threshold: 0.3, weight: 0.5)]),
            (from: "a", to: "a", tags: ["X"], name: "many", weights: "uniform(0, 1)", delays: "if(j < 2100, 1, 1 + 40 * i / 5000)",
                connectivity: FixedInDegree(in_degree: 3, autapses: false), behaviours: [OneStepStdp(eta: 0.2, w_max: 1),
                    StructuralPlasticity(interval: 15, threshold: 0.4, probability: 0.5, weight: 0.5)]),
            (from: "in", to: "a", tags: ["X"], name: "noisy", weights: "uniform(0, 1)", delays: "uniform(1, 5)",
                connectivity: FixedInDegree(in_degree: 4), behaviours: [Rule(every: 2, initial: {"c": "uniform(0, 1)", "k": "uniform(1, 2)"},
                    model: "dw/dt = -0.01*w + 0.05*k*xi; dc/dt = -c/30 : synapse; k : synapse", on_pre: "c += 0.1; w += 0.01*c",
                    on_post: "w -= 0.01*c"), StructuralPlasticity(interval: 10, threshold: 0.2, weight: 0.5)]),
            (from: "in", to: "a", tags: ["X"], name: "even", weights: 0.01, connectivity: AllToAll(),
                behaviours: [Rule(every: 5, model: "dw/dt = -0.01*w + 0.001*xi", on_pre: "", on_post: "")]),
            (from: "in", to: "a", tags: ["X"], name: "lazy", weights: "uniform(0, 1)", connectivity: FixedTotalNumber(number: 9000),
                behaviours: [Rule(model: "dc/dt = -c/30 : synapse", on_pre: "c += 0.1; w += 0.01*c", on_post: "w -= 0.02*c"),
                    StructuralPlasticity(interval: 15, threshold: 0.3, weight: 0.5)]),
            (from: "in", to: "a", tags: ["X"], name: "kept", weights: "uniform(0, 1)", delays: "uniform(1, 20)",
                connectivity: FixedProbability(probability: 0.02), targets: Range(1000, 4500),
                behaviours: [StructuralPlasticity(interval: 20, threshold: 0.4, weight: 0.1, kept: InDegree)]),
            (from: "in", to: "a", tags: ["X"], name: "dense", weights: "uniform(0, 0.01)", targets: All, connectivity: AllToAll(),
                behaviours: [Normalization(total: 5, over: Efferent, every: 20)]),
        ],
        recorders: [
            SpikeRecorder(of: ["a"]), WeightRecorder(of: ["one", "many", "kept", "dense", "noisy", "lazy"], every: 60),
            VariableRecorder(of: ["one.weights", "many.source", "noisy.c", "noisy.k", "lazy.c", "even.weights"], every: 50),
            HistogramRecorder(of: ["many.weights"], low: 0, high: 1, bins: 7, every: 40),
        ],
    )"#;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scene.ron");
    std::fs::write(&path, text).expect("a scene");
    let path = path.to_str().expect("a name");
    assert_shared(path, &[], 150);
    assert_saved(path, &[], 70);
}

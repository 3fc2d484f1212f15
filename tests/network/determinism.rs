//! The same scene and seed give the same bytes: for any number of threads, any instruction set, any order of groups,
//! with and without recorders.

use std::path::PathBuf;

use cortecs::{assemble::build, numeric::InstructionSet, prelude::*, record::Recording, scene::Scene};
use rayon::ThreadPoolBuilder;

/// Drivers that fire, and cells enough for several blocks of neurons, so that threads have something to share.
fn scene(reversed: bool, recorded: bool) -> Scene {
    let cells = GroupScene::new("cells", NeuronGroup::grid(130, 101))
        .with_tag("all")
        .with_draw("r", "uniform(0, 1)")
        .with(Izhikevich { c: "-65 + 15 * r^2".into(), d: "8 - 6 * r^2".into(), v_steps: 2, ..default() })
        .with(NormalNoise { sd: 5.0.into(), ..default() })
        .with_receptor("a", CurrentReceptor { afferent: "A".into(), gain: 0.3.into() })
        .with_receptor("b", CurrentReceptor { afferent: "B".into(), gain: "normal(-0.1, 0.01)".into() });
    let drivers = GroupScene::new("drivers", NeuronGroup::new(150))
        .with_tag("all")
        .with(Izhikevich { v: "normal(-60, 5)".into(), ..default() })
        .with(UniformNoise { high: 30.0.into(), ..default() })
        .with_receptor("a", CurrentReceptor { afferent: "A".into(), gain: 0.01.into() });
    let synapses = |from: &str, to: &str, tag: &str| {
        SynapseScene::new(from, to, AllToAll { autapses: false }).with_tag(tag).with_weights("normal(1, 0.3)")
    };
    let mut scene = Scene::new("determinism").with_seed(7);
    scene.groups = vec![cells, drivers];
    scene.synapses = vec![
        synapses("drivers", "cells", "A"),
        synapses("drivers", "drivers", "A"),
        SynapseScene { name: Some("second".into()), ..synapses("drivers", "cells", "B") },
    ];
    if reversed {
        scene.groups.reverse();
        scene.synapses.reverse();
        scene.groups.iter_mut().for_each(|group| group.receptors.reverse());
        scene.groups.iter_mut().for_each(|group| group.behaviours.reverse());
    }
    if recorded {
        scene = scene
            .with_recorder(VariableRecorder {
                of: vec!["all.v".into(), "all.u".into(), "all.input".into()],
                ..default()
            })
            .with_recorder(SpikeRecorder { of: vec!["all".into()], ..default() });
    }
    scene
}

/// Bytes by name.
type Bytes = Vec<(String, Vec<u8>)>;

const ITERATIONS: u64 = 60;

/// Everything that a run leaves: the columns at its end, and the recordings.
fn run(scene: &Scene, threads: usize) -> (Bytes, Bytes) {
    let mut bench = Bench::new();
    let world = bench.world_mut();
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        build(world, scene).unwrap_or_else(|faults| panic!("{faults}"));
        cortecs::schedule::run_ticks(world, ITERATIONS);
    });
    let mut state = Bytes::new();
    for (name, v, spikes) in world.query::<(&Name, &V, &Spikes)>().iter(world) {
        let bytes: Vec<u8> = v.0.iter().flat_map(|v| v.to_le_bytes()).chain(spikes.fired().iter().copied()).collect();
        state.push((name.to_string(), bytes));
        assert!(spikes.total() > 0, "{name} is silent: nothing would be compared");
    }
    let mut recorded = Bytes::new();
    for recording in world.query::<&Recording>().iter(world) {
        recorded.push((format!("{}.{}", recording.group, recording.variable()), recording.rows.bytes().to_vec()));
    }
    state.sort();
    recorded.sort();
    (state, recorded)
}

/// The spikes of a published network with some settings.
fn spikes(name: &str, settings: &[&str], iterations: u64, threads: usize) -> Bytes {
    let mut bench = Bench::new();
    let world = bench.world_mut();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes").join(name);
    let scene = Scene::from_file_with(world, path, settings).unwrap_or_else(|faults| panic!("{faults}"));
    let recorders = vec![SpikeRecorder { of: vec!["neurons".into()], ..default() }.into()];
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        build(world, &Scene { recorders, ..scene }).unwrap_or_else(|faults| panic!("{faults}"));
        cortecs::schedule::run_ticks(world, iterations);
    });
    let mut recordings = world.query::<&Recording>();
    let mut spikes: Bytes =
        recordings.iter(world).map(|spikes| (spikes.group.clone(), spikes.rows.bytes().to_vec())).collect();
    spikes.sort();
    spikes
}

/// Networks with every receptor, rule, and kind of delay that the published ones have, shortened and made smaller.
const PUBLISHED: [(&str, &[&str], u64); 5] = [
    ("cuba.ron", &[], 300),
    ("coba.ron", &[], 300),
    ("brunel.ron", &["constants.c_e=200"], 300),
    ("microcircuit.ron", &["constants.scale=0.05"], 800),
    ("vogels_2011.ron", &["constants.size=1000", "constants.eta=1"], 500),
];

#[test]
fn bytes_do_not_depend_on_threads_instruction_sets_order_or_recorders() {
    let _forcing = super::instruction_sets();
    let published = |threads| PUBLISHED.map(|(name, settings, iterations)| spikes(name, settings, iterations, threads));
    let expected = published(1);
    for ((name, ..), spikes) in PUBLISHED.iter().zip(&expected) {
        // Every iteration and neuron takes 8 bytes or more: some hundred spikes.
        let bytes: usize = spikes.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(bytes > 2000, "{name}: {bytes} bytes of spikes, too few to be compared");
    }
    assert!(published(2) == expected, "published networks, two threads");
    let (state, recorded) = run(&scene(false, true), 1);
    assert_eq!(recorded.len(), 8);
    assert!(run(&scene(false, true), 2) == (state.clone(), recorded.clone()), "two threads");
    assert!(run(&scene(true, true), 2) == (state.clone(), recorded.clone()), "another order");
    assert!(run(&scene(false, false), 2).0 == state, "without recorders");
    for set in [InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512] {
        if set > InstructionSet::best() {
            eprintln!("{set} is not there to be tested");
            continue;
        }
        set.force().unwrap();
        assert!(run(&scene(false, true), 2) == (state.clone(), recorded.clone()), "{set}");
        assert!(published(2) == expected, "published networks, {set}");
    }
    assert!(run(&scene(false, true).with_seed(8), 1).0 != state, "the seed matters");
}

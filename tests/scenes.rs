//! The scenes that come with the crate, and the one in the README: they build, run, and do what they are for.

use std::{collections::BTreeMap, path::PathBuf};

use cortecs::{prelude::*, record::Recording};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Builds a scene; group names with their entities.
fn built(bench: &mut Bench, scene: &Scene) -> BTreeMap<String, Entity> {
    let network = build(bench.world_mut(), scene).unwrap_or_else(|faults| panic!("{faults}"));
    network.plan.groups.iter().map(|group| group.name.clone()).zip(network.groups).collect()
}

fn from_file(bench: &mut Bench, name: &str) -> Scene {
    Scene::from_file(bench.world_mut(), root().join("scenes").join(name)).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn every_scene_builds_and_runs() {
    let mut count = 0;
    for entry in root().join("scenes").read_dir().unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".ron") {
            let mut bench = Bench::new();
            let scene = from_file(&mut bench, &name);
            built(&mut bench, &scene);
            bench.ticks(30);
            count += 1;
        }
    }
    assert!(count >= 3);
}

#[test]
fn the_scene_in_the_readme_is_the_original_network() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let text = readme.split("```ron\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let v = |scene: &dyn Fn(&mut Bench) -> Scene| {
        let mut bench = Bench::new();
        let scene = scene(&mut bench);
        let groups = built(&mut bench, &scene);
        bench.ticks(50);
        [bench.get(groups["excitatory"], "v"), bench.get(groups["inhibitory"], "v")]
    };
    let printed = v(&|bench| Scene::from_text(bench.world_mut(), text).unwrap_or_else(|faults| panic!("{faults}")));
    assert!(printed == v(&|bench| from_file(bench, "izhikevich.ron")));
}

/// 200 runs of the paper's MATLAB program, transcribed to NumPy: 6070 ± 145 and 1464 ± 49 spikes in 1000 ms.
#[test]
fn the_network_of_2003_is_as_active_as_the_papers_program() {
    const SEEDS: u64 = 10;
    let mut totals = [0.0; 2];
    for seed in 1..=SEEDS {
        let mut bench = Bench::new();
        let scene = from_file(&mut bench, "izhikevich_2003.ron").with_seed(seed);
        let groups = built(&mut bench, &Scene { recorders: Vec::new(), ..scene });
        bench.ticks(1000);
        totals[0] += bench.spike_count(groups["excitatory"]) as f64;
        totals[1] += bench.spike_count(groups["inhibitory"]) as f64;
    }
    for (total, (mean, sd)) in totals.into_iter().zip([(6070.0, 145.0), (1464.0, 49.0)]) {
        let found = total / SEEDS as f64;
        // Three and a half standard errors of a mean over ten: 1 in 2000 for a seed that was not chosen.
        assert!((found - mean).abs() < 3.5 * sd / (SEEDS as f64).sqrt(), "{found}, expected {mean}");
    }
}

/// Spike times (ms) of each cell of `patterns.ron`.
fn patterns() -> BTreeMap<String, Vec<f64>> {
    let mut bench = Bench::new();
    let scene = from_file(&mut bench, "patterns.ron");
    let (dt, iterations) = (scene.dt, scene.iterations);
    built(&mut bench, &scene);
    bench.ticks(iterations);
    let world = bench.world_mut();
    let mut recordings = world.query::<&Recording>();
    let spikes = recordings.iter(world).filter(|recording| recording.variable() == "spikes");
    spikes.map(|r| (r.group.clone(), r.values().chunks(2).map(|event| event[0] * dt).collect())).collect()
}

/// What the paper says of each pattern, section III.
#[test]
fn the_patterns_are_those_of_the_paper() {
    let times = patterns();
    let intervals = |name: &str| -> Vec<f64> { times[name].windows(2).map(|pair| pair[1] - pair[0]).collect() };
    for (name, times) in &times {
        assert!(times.first().is_some_and(|&first| first >= 50.0), "{name} fires before the step: {times:?}");
    }
    // RS: the first interval is short, then the period increases: spike frequency adaptation.
    let rs = intervals("RS");
    assert!(rs[0] < 0.5 * rs[1] && rs[1] <= rs[3] + 1.0, "{rs:?}");
    // IB: a stereotypical burst, then repetitive single spikes.
    let ib = intervals("IB");
    assert!(ib[0] < 6.0 && ib[1] < 6.0 && ib[2..].iter().all(|&interval| interval > 20.0), "{ib:?}");
    // CH: bursts of closely spaced spikes, again and again.
    let ch = intervals("CH");
    let pauses = ch.iter().filter(|&&interval| interval > 25.0).count();
    let close = ch.iter().filter(|&&interval| interval < 10.0).count();
    assert!(pauses >= 4 && close + pauses == ch.len() && close > 3 * pauses, "{ch:?}");
    // FS: high frequency, practically without adaptation.
    let fs = intervals("FS");
    assert!(fs.iter().all(|&interval| interval < 12.0) && fs[40] < 1.2 * fs[5], "{fs:?}");
    // LTS: high frequency, with noticeable adaptation.
    let lts = intervals("LTS");
    assert!(lts[0] < 5.0 && lts[20] > 2.0 * lts[0], "{lts:?}");
    // TC: tonic firing when depolarised from rest; a rebound burst after hyperpolarisation, which ends at 300 ms.
    let within = |name: &str, from: f64, to: f64| times[name].iter().filter(|&&t| from <= t && t < to).count();
    assert!(within("TC", 50.0, 150.0) >= 3 && within("TC", 155.0, 300.0) == 0 && within("TC", 300.0, 340.0) >= 2);
    // RZ: quiet under the step, and tonic after a pulse of 3 ms at 200 ms.
    assert!(within("RZ", 0.0, 200.0) == 0 && within("RZ", 203.0, 300.0) >= 1 && within("RZ", 300.0, 400.0) >= 2);
}

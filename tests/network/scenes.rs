//! The scenes that come with the crate, and the one in the README: they build, run, and do what they are for.

use std::{collections::BTreeMap, path::PathBuf};

use cortecs::{
    assemble::{build, check},
    prelude::*,
    record::Recording,
    scene::Scene,
};

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

#[test]
fn every_scene_in_the_readme_and_the_guide_is_right() {
    let pages = ["README.md", "src/guide/scenes.md", "src/guide/equations.md"]
        .map(|page| std::fs::read_to_string(root().join(page)).unwrap());
    let blocks = pages.iter().flat_map(|page| page.split("```ron\n").skip(1));
    let texts: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert!(texts.len() >= 8);
    for text in texts {
        let mut bench = Bench::new();
        // What is no scene is a behaviour.
        let behaviour = format!("(groups: {{\"cells\": (size: 3, behaviours: [{text}])}})");
        let rule = format!(
            "(groups: {{\"cells\": (size: 3, behaviours: [Lif()], receptors: {{\"r\": CurrentReceptor(afferent: \"S\")}})}},
            synapses: [(from: \"cells\", to: \"cells\", tags: [\"S\"], connectivity: AllToAll(), behaviours: [{text}])])"
        );
        let text = match text.chars().next() {
            Some('(') => text,
            Some('R') => &rule,
            _ => &behaviour,
        };
        let scene = Scene::from_text(bench.world_mut(), text).unwrap_or_else(|faults| panic!("{faults}"));
        check(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    }
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

/// Spike times (ms) of each group of a scene.
fn spike_times(name: &str) -> BTreeMap<String, Vec<f64>> {
    let mut bench = Bench::new();
    let scene = from_file(&mut bench, name);
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
    let times = spike_times("patterns.ron");
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

/// Anode break excitation, as the paper calculates it, and trains above 6.26 µA/cm² alone, as its successors found.
#[test]
fn the_squid_axon_answers_steps_of_current_as_it_is_known_to() {
    let times = spike_times("hodgkin_huxley.ron");
    let counts: Vec<_> = ["rise", "single", "rebound"].map(|name| times[name].len()).into();
    assert_eq!(counts, [0, 1, 1]);
    // An action potential follows the onset of a current, or the end of a hyperpolarising one: anode break excitation.
    assert!((10.0..15.0).contains(&times["single"][0]) && (80.0..90.0).contains(&times["rebound"][0]), "{times:?}");
    let intervals = |name: &str| -> Vec<f64> { times[name].windows(2).map(|pair| pair[1] - pair[0]).collect() };
    let (train, fast) = (intervals("train"), intervals("fast"));
    // Trains are regular, and the current changes their rate little: 55 to 90 Hz, the axon's narrow band.
    for (name, intervals) in [("train", &train[..3]), ("fast", &fast[..])] {
        let [least, largest] = [f64::min, f64::max].map(|f| intervals.iter().copied().reduce(f).unwrap_or(f64::NAN));
        assert!(least > 11.0 && largest < 18.5 && largest - least < 1.0, "{name}: {intervals:?}");
    }
    assert!(train[1] > 1.3 * fast[1], "{train:?} {fast:?}");
}

/// What the paper says of each pattern: how it begins, and what it becomes.
#[test]
fn the_adex_patterns_are_those_of_the_paper() {
    let times = spike_times("adex_patterns.ron");
    let latency = |name: &str| times[name][0] - 50.0;
    let intervals = |name: &str| -> Vec<f64> { times[name].windows(2).map(|pair| pair[1] - pair[0]).collect() };
    let near = |a: f64, b: f64| (a - b).abs() <= 0.03 * b + 0.11; // two steps for the grid
    assert!(times.values().all(|times| times[0] >= 50.0), "{times:?}");
    // Tonic: regular from the start.
    let tonic = intervals("tonic");
    let regular = tonic.iter().all(|&interval| (interval - tonic[40]).abs() < 0.1 * tonic[40]);
    assert!(tonic.len() > 40 && regular, "{tonic:?}");
    // Adaptation: intervals grow, and settle.
    let adaptation = intervals("adaptation");
    assert!(adaptation.windows(2).all(|pair| pair[1] > pair[0] - 0.11), "{adaptation:?}");
    assert!(adaptation[8] > 5.0 * adaptation[0] && near(adaptation[8], adaptation[7]), "{adaptation:?}");
    // Initial burst: close spikes once, then regular ones far apart.
    let burst = intervals("initial_burst");
    assert!(burst[1] < 0.2 * burst[3] && burst[3..].iter().all(|&interval| near(interval, burst[3])), "{burst:?}");
    // Delayed accelerating: the first spike takes longest, and intervals shrink.
    let accelerating = intervals("delayed_accelerating");
    assert!(latency("delayed_accelerating") > accelerating[0], "{accelerating:?}");
    assert!(accelerating.windows(2).all(|pair| pair[1] < pair[0] + 0.11), "{accelerating:?}");
    assert!(accelerating[20] < 0.6 * accelerating[0], "{accelerating:?}");
    // Transient: spikes at the onset, and none after.
    assert!((1..=3).contains(&times["transient"].len()) && times["transient"].last() < Some(&150.0), "{times:?}");
    // Regular bursting: after the first burst the sequence of intervals repeats itself; so it does delayed.
    let repeats = |intervals: &[f64], period: usize| {
        intervals.len() > 2 * period && intervals.iter().zip(&intervals[period..]).all(|(a, b)| near(*a, *b))
    };
    for (name, settled) in [("regular_bursting", 3), ("delayed_bursting", 4)] {
        let intervals = &intervals(name)[settled..];
        assert!((2..=5).any(|period| repeats(intervals, period)), "{name}: {intervals:?}");
        let (short, long): (Vec<f64>, Vec<f64>) = intervals.iter().partition(|&&interval| interval < 10.0);
        assert!(!short.is_empty() && long.iter().all(|&interval| interval > 5.0 * short[0]), "{name}: {intervals:?}");
    }
    assert!(latency("delayed_bursting") > 40.0 && latency("regular_bursting") < 20.0);
    // Irregular: no such sequence, under the same constant current.
    let irregular = intervals("irregular");
    assert!(irregular.len() > 20 && (1..=10).all(|period| !repeats(&irregular[3..], period)), "{irregular:?}");
}

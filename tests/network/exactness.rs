//! Reference runs of the original network, computed in 64-bit floats by a plain NumPy program: cortecs, fed with the
//! same random numbers, must give the same spikes.

use std::path::Path;

use cortecs::{assemble::build, npy, prelude::*, record::Recording, scene::Scene, value::Array};

/// A group's state and noise, as the reference has them.
struct Group {
    v: Vec<f64>,
    u: Vec<f64>,
    noise: Array,
}

/// The reference's iteration starts with an update, ours with input: it begins with one update without input, in
/// which nobody fires. Written out here from the paper's equations, dt = 0.5.
fn first_update(v: &mut [f64], u: &mut [f64]) {
    for (v, u) in v.iter_mut().zip(u) {
        assert!(*v <= 30.0);
        *v += 0.5 * (0.04 * *v * *v + 5.0 * *v + 140.0 - *u);
        *u += 0.5 * 0.02 * (0.2 * *v - *u);
    }
}

/// The transpose of a target × source matrix: weights are source-major here.
fn source_major(weights: &Array) -> Array {
    let (targets, sources) = (weights.shape[0], weights.shape[1]);
    let data = (0..sources * targets).map(|k| weights.data[(k % targets) * sources + k / targets]).collect();
    Array { shape: vec![sources, targets], data }
}

/// The original network with given state, noise and weights (target × source).
fn network(e: Group, i: Group, [ee, ei, ie, ii]: [Array; 4]) -> Scene {
    let group = |name: &str, mut group: Group| {
        first_update(&mut group.v, &mut group.u);
        let size = group.v.len();
        let initial = |data: Vec<f64>| Initial::from(Array { shape: vec![size], data });
        GroupScene::new(name, NeuronGroup::new(size))
            .with(Izhikevich { v: initial(group.v), u: initial(group.u), detect: Detection::BeforeStep, ..default() })
            .with(Replay { gain: 20.0.into(), ..Replay::of(group.noise) })
            .with_receptor("excitation", CurrentReceptor { afferent: "GLUTAMATE".into(), gain: 0.5.into() })
            .with_receptor("inhibition", CurrentReceptor { afferent: "GABA".into(), gain: (-1.0).into() })
    };
    let synapses = |from: &str, to: &str, tag: &str, weights: &Array| {
        SynapseScene::new(from, to, AllToAll::default()).with_tag(tag).with_weights(source_major(weights))
    };
    Scene::new("reference")
        .with_dt(0.5)
        .with_group(group("e", e))
        .with_group(group("i", i))
        .with_synapses(synapses("e", "e", "GLUTAMATE", &ee))
        .with_synapses(synapses("e", "i", "GLUTAMATE", &ei))
        .with_synapses(synapses("i", "e", "GABA", &ie))
        .with_synapses(synapses("i", "i", "GABA", &ii))
        .with_recorder(SpikeRecorder { of: vec!["e".into(), "i".into()], ..default() })
        .with_recorder(VariableRecorder {
            of: vec!["e.v".into(), "e.u".into(), "i.v".into(), "i.u".into()],
            ..default()
        })
}

/// Runs a scene and returns what was recorded of `e.v`, `i.spikes` and so on.
fn run(scene: &Scene, iterations: u64) -> impl Fn(&str) -> Vec<f64> + use<> {
    let mut bench = Bench::new();
    if let Err(faults) = build(bench.world_mut(), scene) {
        panic!("{faults}");
    }
    bench.ticks(iterations);
    let world = bench.world_mut();
    let recorded: Vec<(String, Vec<f64>)> = world
        .query::<&Recording>()
        .iter(world)
        .map(|recording| (format!("{}.{}", recording.group, recording.variable()), recording.values()))
        .collect();
    move |address| {
        let found = recorded.iter().find(|(name, _)| name == address);
        found.unwrap_or_else(|| panic!("no recording of {address}")).1.clone()
    }
}

/// Our iteration k is the reference's k + 2: it counts from 1, and its first update is not ours.
fn events(spikes: &[f64], first_neuron: usize) -> Vec<(u64, usize)> {
    spikes.chunks(2).map(|event| (event[0] as u64 + 2, event[1] as usize + first_neuron)).collect()
}

fn fixture(name: &str) -> Array {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seed_100.npz");
    npy::load_from_npz(&path, name).unwrap()
}

fn reference_events(fired: &Array) -> Vec<(u64, usize)> {
    let size = fired.shape[1];
    let hits = fired.data.iter().enumerate().filter(|(_, fired)| **fired != 0.0);
    hits.map(|(k, _)| ((k / size) as u64 + 1, k % size)).collect()
}

/// The greatest difference between our v or u and the first ten columns that the reference kept.
fn worst_difference(ours: &[f64], size: usize, reference: &Array) -> f64 {
    // Row t of the reference belongs to iteration t + 1; our row k to iteration k + 2.
    let pairs = reference.data.chunks(10).skip(1).zip(ours.chunks(size));
    pairs.flat_map(|(reference, ours)| reference.iter().zip(ours)).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

#[test]
fn the_small_network_is_that_of_the_reference() {
    let group = |x: &str| Group {
        v: fixture(&format!("v0_{x}")).data,
        u: fixture(&format!("u0_{x}")).data,
        noise: fixture(&format!("noise_{x}")),
    };
    let weights = ["W_ee", "W_ei", "W_ie", "W_ii"].map(fixture);
    let recorded = run(&network(group("e"), group("i"), weights), 399);
    for (name, size, total) in [("e", 80, 399), ("i", 20, 101)] {
        let ours = events(&recorded(&format!("{name}.spikes")), 0);
        let theirs = reference_events(&fixture(&format!("ref_fired_{name}")));
        assert_eq!(theirs.len(), total);
        // In f32, rounding moves a spike at iteration 326.
        let exact_until = if size_of::<Real>() == 8 { u64::MAX } else { 300 };
        let early = |events: &[(u64, usize)]| -> Vec<(u64, usize)> {
            events.iter().copied().filter(|(iteration, _)| *iteration <= exact_until).collect()
        };
        assert_eq!(early(&ours), early(&theirs), "{name}");
        assert!((ours.len() as f64 - total as f64).abs() <= 0.01 * total as f64, "{name}: {}", ours.len());
        if size_of::<Real>() == 8 {
            for variable in ["v", "u"] {
                let reference = fixture(&format!("ref_{variable}_{name}"));
                let worst = worst_difference(&recorded(&format!("{name}.{variable}")), size, &reference);
                assert!(worst < 1e-6, "{name}.{variable}: {worst}");
            }
        }
    }
}

/// The full network from the original's own random numbers, against the hash of the reference's raster.
#[cfg(feature = "f64")]
mod full {
    use rand_mt::Mt;
    use sha2::{Digest, Sha256};

    use super::*;

    /// NumPy's `RandomState(seed)`: doubles of 53 bits from two words of MT19937.
    struct RandomState(Mt);

    impl RandomState {
        fn next(&mut self) -> f64 {
            let (a, b) = (self.0.next_u32() >> 5, self.0.next_u32() >> 6);
            (f64::from(a) * 67_108_864.0 + f64::from(b)) / 9_007_199_254_740_992.0
        }

        fn draw(&mut self, n: usize) -> Vec<f64> {
            (0..n).map(|_| self.next()).collect()
        }

        fn matrix(&mut self, targets: usize, sources: usize) -> Array {
            Array { shape: vec![targets, sources], data: self.draw(targets * sources) }
        }

        /// v and u at the start: vr = −65·U, ur = −8·U, v = vr·U, u = ur·U, each a draw for the whole group.
        fn initial(&mut self, n: usize) -> [Vec<f64>; 2] {
            let draws = [(); 4].map(|()| self.draw(n));
            let product = |factor: f64, a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| factor * a * b).collect();
            [product(-65.0, &draws[0], &draws[2]), product(-8.0, &draws[1], &draws[3])]
        }
    }

    const ITERATIONS: usize = 1000;

    fn check(seed: u32, spikes: [usize; 2], hash: &str, last_v: [f64; 2]) {
        let mut random = RandomState(Mt::new(seed));
        let [ve, ue] = random.initial(800);
        let [vi, ui] = random.initial(200);
        if seed == 0 {
            assert_eq!(ve[0], -32.789474745014914);
        }
        let (ee, ie) = (random.matrix(800, 800), random.matrix(800, 200));
        let (ei, ii) = (random.matrix(200, 800), random.matrix(200, 200));
        let (mut noise_e, mut noise_i) = (Vec::new(), Vec::new());
        for _ in 0..ITERATIONS {
            noise_e.extend(random.draw(800));
            noise_i.extend(random.draw(200));
        }
        let noise = |data: Vec<f64>, n: usize| Array { shape: vec![ITERATIONS, n], data };
        let e = Group { v: ve, u: ue, noise: noise(noise_e, 800) };
        let i = Group { v: vi, u: ui, noise: noise(noise_i, 200) };
        // The reference's 1000 iterations are its first update and 999 of ours.
        let recorded = run(&network(e, i, [ee, ei, ie, ii]), ITERATIONS as u64 - 1);
        let (of_e, of_i) = (events(&recorded("e.spikes"), 0), events(&recorded("i.spikes"), 800));
        assert_eq!([of_e.len(), of_i.len()], spikes);
        let mut all = [of_e, of_i].concat();
        all.sort_unstable();
        let mut text = String::from("iteration,neuron\n");
        for (iteration, neuron) in all {
            text += &format!("{iteration},{neuron}\n");
        }
        let digest: String = Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, hash);
        for (ours, expected) in [recorded("e.v").iter().rev().nth(799), recorded("i.v").last()].into_iter().zip(last_v)
        {
            assert!((ours.unwrap() - expected).abs() < 1e-6, "{ours:?} {expected}");
        }
    }

    #[test]
    fn seed_0_gives_the_raster_of_the_reference() {
        check(0, [10893, 2723], "2fa13b170f2fad0c", [-72.00543057962341, -64.75629855561652]);
    }

    #[test]
    fn seed_1_gives_the_raster_of_the_reference() {
        check(1, [10837, 2702], "bc72598210bb2f77", [-66.16879372296934, -74.02718853383514]);
    }
}

//! Connectivity rules: degrees and totals that hold exactly, and distributions by tests with a stated rate of false
//! alarms; delays and sub-populations against a list of events, spike by spike and to the last bit.

use std::collections::BTreeMap;

use cortecs::{
    assemble::{build, check},
    network::{Input, Layout, Selection, Synapses, Weights},
    prelude::*,
    scene::Scene,
};
use proptest::prelude::*;

/// A synapse: source, target, delay (steps), weight.
type Edge = (u32, u32, u32, f64);

/// The synapses of a scene's only synapse group.
fn edges(bench: &mut Bench) -> Vec<Edge> {
    let world = bench.world_mut();
    let mut groups = world.query::<(&Synapses, &Weights)>();
    let (synapses, weights) = groups.single(world).unwrap();
    match synapses.layout.as_ref().unwrap() {
        Layout::Sparse(rows) => {
            rows.iter().zip(weights.0.iter()).map(|(s, &w)| (s.source, s.target, s.delay, f64::from(w))).collect()
        }
        Layout::Dense { targets, delay, .. } => {
            let place = |k: usize| ((k / targets) as u32, (k % targets) as u32);
            weights.0.iter().enumerate().map(|(k, &w)| (place(k).0, place(k).1, *delay, f64::from(w))).collect()
        }
        other => panic!("a layout that this test does not know: {other:?}"),
    }
}

fn sparse(sources: usize, targets: usize, synapses: SynapseScene) -> Vec<Edge> {
    let mut bench = Bench::new();
    build_pair(&mut bench, sources, targets, synapses);
    edges(&mut bench)
}

/// Two groups, or one if the synapses lead from "a" to "a".
fn build_pair(bench: &mut Bench, sources: usize, targets: usize, synapses: SynapseScene) {
    let group = |name: &str, size| GroupScene::new(name, NeuronGroup::new(size)).with(Izhikevich::default());
    let scene = Scene::new("pair").with_group(group("a", sources)).with_group(group("b", targets));
    build(bench.world_mut(), &scene.with_synapses(synapses)).unwrap_or_else(|faults| panic!("{faults}"));
}

fn counts(neurons: impl Iterator<Item = u32>) -> BTreeMap<u32, usize> {
    neurons.fold(BTreeMap::new(), |mut counts, neuron| {
        *counts.entry(neuron).or_default() += 1;
        counts
    })
}

/// Chi-square of counts against the same expectation for each of `cells`, as a number of standard deviations from its
/// mean; with hundreds of cells it is normal: |z| > 4.5 in 7 of 10^6 cases.
fn chi_square(counts: &BTreeMap<u32, usize>, cells: usize, variance_ratio: f64) -> f64 {
    let total: usize = counts.values().sum();
    let expected = total as f64 / cells as f64;
    let met: f64 = counts.values().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
    let chi = (met + (cells - counts.len()) as f64 * expected) / variance_ratio;
    let freedom = cells as f64 - 1.0;
    (chi - freedom) / (2.0 * freedom).sqrt()
}

fn has_twins(edges: &[Edge]) -> bool {
    let pairs: std::collections::BTreeSet<_> = edges.iter().map(|e| (e.0, e.1)).collect();
    pairs.len() < edges.len()
}

#[test]
fn one_to_one_pairs_equals() {
    let found = sparse(9000, 9000, SynapseScene::new("a", "b", OneToOne {}));
    assert_eq!(found.len(), 9000);
    assert!(found.iter().all(|e| e.0 == e.1));
}

#[test]
fn a_fixed_in_degree_is_that_of_every_target() {
    for (autapses, multapses) in [(true, true), (true, false), (false, true), (false, false)] {
        let rule = FixedInDegree { in_degree: 40, autapses, multapses };
        let found = sparse(300, 1, SynapseScene::new("a", "a", rule));
        assert!(counts(found.iter().map(|e| e.1)).values().all(|&n| n == 40));
        // 300 · 40 draws: autapses have one chance in 300 each, so none with e^-40; pairs twice likewise.
        assert_eq!(found.iter().any(|e| e.0 == e.1), autapses);
        assert_eq!(has_twins(&found), multapses);
        // Sources are uniform. Without replacement each target's draws vary less: by (1 − 40/300).
        let ratio = if multapses { 1.0 } else { 1.0 - 40.0 / 300.0 };
        let z = chi_square(&counts(found.iter().map(|e| e.0)), 300, ratio);
        assert!(z.abs() < 4.5, "{autapses} {multapses}: {z}");
    }
}

#[test]
fn a_fixed_out_degree_is_that_of_every_source() {
    for (autapses, multapses) in [(true, true), (true, false), (false, true), (false, false)] {
        let rule = FixedOutDegree { out_degree: 40, autapses, multapses };
        let found = sparse(300, 1, SynapseScene::new("a", "a", rule));
        assert!(counts(found.iter().map(|e| e.0)).values().all(|&n| n == 40));
        assert_eq!(found.iter().any(|e| e.0 == e.1), autapses);
        assert_eq!(has_twins(&found), multapses);
        let ratio = if multapses { 1.0 } else { 1.0 - 40.0 / 300.0 };
        let z = chi_square(&counts(found.iter().map(|e| e.1)), 300, ratio);
        assert!(z.abs() < 4.5, "{autapses} {multapses}: {z}");
    }
}

#[test]
fn a_fixed_total_number_is_spread_evenly_over_pairs() {
    for (autapses, multapses) in [(true, true), (true, false), (false, true), (false, false)] {
        let rule = FixedTotalNumber { number: 12_000, autapses, multapses };
        let found = sparse(300, 1, SynapseScene::new("a", "a", rule));
        assert_eq!(found.len(), 12_000);
        assert_eq!(found.iter().any(|e| e.0 == e.1), autapses);
        assert_eq!(has_twins(&found), multapses);
        // Degrees are multinomial, or hypergeometric over 300 · 300 pairs, of which a 7.5th is drawn.
        let ratio = if multapses { 1.0 } else { 1.0 - 12_000.0 / 90_000.0 };
        for side in [|e: &Edge| e.0, |e: &Edge| e.1] {
            let z = chi_square(&counts(found.iter().map(side)), 300, ratio);
            assert!(z.abs() < 4.5, "{autapses} {multapses}: {z}");
        }
    }
}

#[test]
fn a_fixed_probability_connects_pairs_independently() {
    let rule = FixedProbability { probability: 0.05, autapses: false };
    let found = sparse(600, 1, SynapseScene::new("a", "a", rule));
    let (pairs, p) = (600.0 * 599.0, 0.05);
    let z = (found.len() as f64 - pairs * p) / f64::sqrt(pairs * p * (1.0 - p));
    assert!(z.abs() < 4.5, "{} synapses", found.len());
    assert!(found.iter().all(|e| e.0 != e.1) && !has_twins(&found));
    for side in [|e: &Edge| e.0, |e: &Edge| e.1] {
        // Degrees are binomial: their variance is (1 − p) of a Poisson number's.
        let z = chi_square(&counts(found.iter().map(side)), 600, 1.0 - p);
        assert!(z.abs() < 4.5, "{z}");
    }
    assert_eq!(
        sparse(20, 30, SynapseScene::new("a", "b", FixedProbability { probability: 1.0, ..default() })).len(),
        600
    );
    assert!(sparse(20, 30, SynapseScene::new("a", "b", FixedProbability { probability: 0.0, ..default() })).is_empty());
}

/// A sheet of 30 × 30 neurons to itself.
fn sheet(rule: impl Reflect, weights: &str, periodic: bool) -> Vec<Edge> {
    let mut bench = Bench::new();
    let group = GroupScene::new("a", NeuronGroup::grid(30, 30)).with(Izhikevich::default());
    let mut synapses = SynapseScene::new("a", "a", rule).with_weights(weights);
    synapses.ends.periodic = periodic;
    let scene = Scene::new("sheet").with_group(group).with_synapses(synapses);
    build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    edges(&mut bench)
}

#[test]
fn distance_decides_probability_and_weight_on_a_torus() {
    let rule = DistanceDependent { probability: "0.6 * exp(-distance / 3)".into(), ..default() };
    let found = sheet(rule, "distance", true);
    // By distance: of the 900 · n pairs at each, the share that the expression says, within 4.5 standard errors.
    let mut by_square: BTreeMap<u32, usize> = BTreeMap::new();
    for &(source, target, _, weight) in &found {
        let apart = |a: u32, b: u32| {
            let d = a.abs_diff(b);
            d.min(30 - d)
        };
        let square = apart(source % 30, target % 30).pow(2) + apart(source / 30, target / 30).pow(2);
        assert!((weight - f64::from(square).sqrt()).abs() < 1e-5);
        *by_square.entry(square).or_default() += 1;
    }
    for (square, pairs) in [(0, 900.0), (1, 3600.0), (2, 3600.0), (4, 3600.0), (25, 900.0 * 12.0), (100, 900.0 * 12.0)]
    {
        let p = 0.6 * (-f64::from(square).sqrt() / 3.0).exp();
        let z = (by_square[&square] as f64 - pairs * p) / (pairs * p * (1.0 - p)).sqrt();
        assert!(z.abs() < 4.5, "{square}: {z}");
    }
}

#[test]
fn receptive_fields_are_boxes_and_circles() {
    use cortecs::connect::Form;
    let field = |form, radius| ReceptiveField { form, radius, autapses: true };
    // Points of the grid within √5 of another: 21; within a box of half side 2: 25. On a torus for every neuron.
    assert_eq!(sheet(field(Form::Circle, 5.0_f64.sqrt()), "1", true).len(), 900 * 21);
    assert_eq!(sheet(field(Form::Box, 2.0), "1", true).len(), 900 * 25);
    // With borders: a neuron sees 3 of 5 columns at the border, 4 beside it: (26 · 5 + 2 · 3 + 2 · 4)².
    assert_eq!(sheet(field(Form::Box, 2.0), "1", false).len(), (26 * 5 + 14_usize).pow(2));
}

#[test]
fn sub_populations_take_part_alone() {
    let synapses = SynapseScene::new("a", "a", FixedInDegree { in_degree: 10, autapses: false, multapses: false });
    let found = sparse(100, 1, synapses.between(Selection::Where("i < 12".into()), Selection::Stride(7)));
    assert_eq!(found.len(), 15 * 10);
    assert!(found.iter().all(|e| e.0 < 12 && e.1 % 7 == 0 && e.0 != e.1) && !has_twins(&found));
    // Neurons 0 and 7 are among their own sources, and have eleven others to choose from.
    let all = SynapseScene::new("a", "b", AllToAll::default());
    let found = sparse(10, 10, all.between(Selection::List(vec![7, 2]), Selection::Range(3, 5)));
    assert_eq!(found.iter().map(|e| (e.0, e.1)).collect::<Vec<_>>(), [(2, 3), (2, 4), (7, 3), (7, 4)]);
}

/// Sub-populations in any order: the k-th of the list is the k-th of a file, of a matrix and of pairs.
#[test]
fn what_is_given_by_places_follows_the_order_of_lists() {
    let folder = tempfile::tempdir().unwrap();
    // From place to place, in no order, twice to the same target; with weights and delays.
    let listed = [(0_u32, 3_u32, 1.5, 3.0), (2, 1, 2.5, 1.0), (1, 0, -1.0, 7.0), (0, 1, 4.0, 2.0), (3, 3, 0.5, 1.0)];
    let lines: Vec<String> = listed.iter().map(|(s, t, w, d)| format!("{s},{t},{w},{d}\n")).collect();
    std::fs::write(folder.path().join("edges.csv"), lines.concat()).unwrap();
    let mut matrix = [0.0_f64; 16];
    listed.iter().for_each(|&(s, t, w, _)| matrix[(4 * s + t) as usize] = w);
    let header = format!("{:<117}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 4)}");
    let mut bytes = [b"\x93NUMPY\x01\x00\x76\x00".as_slice(), header.as_bytes()].concat();
    matrix.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    std::fs::write(folder.path().join("matrix.npy"), bytes).unwrap();
    let list = |all: &[u32]| Selection::List(all.to_vec());
    let populations = [
        (list(&[7, 3, 5, 8]), vec![7, 3, 5, 8], Selection::Range(4, 8), vec![4, 5, 6, 7]),
        (Selection::Range(0, 4), vec![0, 1, 2, 3], list(&[9, 0, 4, 1]), vec![9, 0, 4, 1]),
        (list(&[2, 1, 0, 9]), vec![2, 1, 0, 9], list(&[8, 9, 7, 6]), vec![8, 9, 7, 6]),
        (Selection::Stride(3), vec![0, 3, 6, 9], Selection::Stride(3), vec![0, 3, 6, 9]),
    ];
    for (sources, from, targets, to) in populations {
        let found = |synapses: SynapseScene| {
            let mut bench = Bench::new();
            let group = |name: &str| GroupScene::new(name, NeuronGroup::new(10)).with(Izhikevich::default());
            let mut scene = Scene::new("lists").with_group(group("a")).with_group(group("b"));
            scene.folder = Some(folder.path().to_owned());
            let scene = scene.with_synapses(synapses.between(sources.clone(), targets.clone()));
            build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
            let mut found = edges(&mut bench);
            found.sort_by_key(|e| (e.0, e.1));
            found
        };
        let expected = |with_delays: bool| {
            let ends = |&(s, t, w, d): &(u32, u32, f64, f64)| {
                (from[s as usize], to[t as usize], if with_delays { d as u32 } else { 0 }, w)
            };
            let mut expected: Vec<Edge> = listed.iter().map(ends).collect();
            expected.sort_by_key(|e| (e.0, e.1));
            expected
        };
        assert_eq!(found(SynapseScene::new("a", "b", EdgeList::of("edges.csv"))), expected(true));
        assert_eq!(found(SynapseScene::new("a", "b", Matrix::of("matrix.npy"))), expected(false));
        let mut pairs: Vec<_> = from.iter().copied().zip(to.iter().copied()).collect();
        pairs.sort_unstable();
        let found = found(SynapseScene::new("a", "b", OneToOne {}));
        assert_eq!(found.iter().map(|e| (e.0, e.1)).collect::<Vec<_>>(), pairs);
    }
}

/// Rings and sheets of other resolution: what is no axis of either has no length, and 12 · 0.1 is 4 · 0.3.
#[test]
fn groups_of_different_resolution_are_on_one_torus() {
    let built = |(own, spacing): ([usize; 3], f64), (other, wide): ([usize; 3], f64)| {
        let group = |name: &str, shape, spacing| {
            GroupScene::new(name, NeuronGroup { shape, spacing: [spacing; 3] }).with(Izhikevich::default())
        };
        let near = DistanceDependent { probability: "distance < 1.01 * 0.3".into(), ..default() };
        let mut synapses = SynapseScene::new("a", "b", near);
        synapses.ends.periodic = true;
        let scene = Scene::new("torus").with_group(group("a", own, spacing)).with_group(group("b", other, wide));
        let mut bench = Bench::new();
        let made = build(bench.world_mut(), &scene.with_synapses(synapses)).map_err(|faults| faults.to_string());
        made.map(|_| edges(&mut bench).len())
    };
    // Of 12 places at 0.1 those within 0.3 of one: 7, for each of 4.
    assert_eq!(built(([12, 1, 1], 0.1), ([4, 1, 1], 0.3)), Ok(28));
    assert!(built(([12, 12, 1], 0.1), ([4, 4, 1], 0.3)).unwrap() > 28);
    let wrong = built(([12, 12, 1], 0.1), ([4, 3, 1], 0.3)).unwrap_err();
    assert!(wrong.contains("along y the groups' extents (places × spacing) are 1.2"), "{wrong}");
    assert!(built(([12, 1, 1], 0.1), ([4, 4, 1], 0.3)).unwrap_err().contains("along y"));
}

#[test]
fn weights_and_delays_have_the_distributions_that_they_are_given() {
    let synapses = SynapseScene::new("a", "b", FixedInDegree { in_degree: 100, ..default() });
    let synapses = synapses.with_weights("normal(5, 2)").with_delays("max(normal(20, 5), dt)");
    let found = sparse(1000, 1000, synapses);
    let moments = |values: &dyn Fn(&Edge) -> f64| {
        let n = found.len() as f64;
        let mean = found.iter().map(values).sum::<f64>() / n;
        let sd = (found.iter().map(|e| (values(e) - mean).powi(2)).sum::<f64>() / n).sqrt();
        [mean, sd]
    };
    // Five standard errors: sd/√n and sd/√(2n); rounding to whole steps adds 1/12 to the variance of the delays.
    let near = |found: f64, expected: f64, sd: f64| (found - expected).abs() < 5.0 * sd / 1e5_f64.sqrt();
    let [mean, sd] = moments(&|e| e.3);
    assert!(near(mean, 5.0, 2.0) && near(sd, 2.0, 2.0 / 2.0_f64.sqrt()), "{mean} {sd}");
    let [mean, sd] = moments(&|e| f64::from(e.2));
    assert!(near(mean, 20.0, 5.0) && near(sd, (25.0_f64 + 1.0 / 12.0).sqrt(), 5.0 / 2.0_f64.sqrt()), "{mean} {sd}");
    // Neighbours share nothing: the correlation of weights and delays is within five standard errors of zero.
    let product = moments(&|e| (e.3 - 5.0) * (f64::from(e.2) - 20.0))[0];
    assert!(product.abs() < 5.0 * 10.0 / 1e5_f64.sqrt(), "{product}");
}

#[test]
fn what_cannot_be_connected_is_refused() {
    let refused = |synapses: SynapseScene| {
        let mut bench = Bench::new();
        let group = |name: &str, size| GroupScene::new(name, NeuronGroup::new(size)).with(Izhikevich::default());
        let scene = Scene::new("pair").with_group(group("a", 10)).with_group(group("b", 20)).with_synapses(synapses);
        check(bench.world_mut(), &scene).unwrap_err().to_string()
    };
    let from_a = |rule: FixedInDegree| SynapseScene::new("a", "b", rule);
    let few = refused(from_a(FixedInDegree { in_degree: 11, multapses: false, ..default() }));
    assert!(
        few.contains("11 different sources cannot be chosen from 10; `multapses: true` would repeat some"),
        "{few}"
    );
    let probability = refused(SynapseScene::new("a", "b", FixedProbability { probability: 1.5, ..default() }));
    assert!(probability.contains("a probability is between 0 and 1, not 1.5"), "{probability}");
    let pairs = refused(SynapseScene::new("a", "b", OneToOne {}));
    assert!(pairs.contains("10 sources cannot be paired with 20 targets"), "{pairs}");
    let short = refused(SynapseScene::new("a", "b", AllToAll::default()).with_delays(0.4));
    assert!(short.contains("a delay of 0.4 ms is below one step of 1 ms"), "{short}");
    let negative = refused(SynapseScene::new("a", "b", FixedInDegree::default()).with_delays("uniform(-3, -1)"));
    assert!(negative.contains("is below one step of 1 ms"), "{negative}");
    let nobody =
        SynapseScene::new("a", "b", AllToAll::default()).between(Selection::All, Selection::Where("i > 99".into()));
    assert!(refused(nobody).contains("`i > 99` holds for none of 20 members"));
}

/// A matrix of 5 × 7 entries, 12 of them not zero, as NumPy wrote it and as SciPy's `save_npz` wrote it in each format.
#[test]
fn sparse_matrices_are_read_as_scipy_wrote_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sparse");
    let dense = cortecs::npy::load(&folder.join("dense.npy")).unwrap();
    let mut expected: Vec<(u32, u32, f64)> =
        dense.data.iter().enumerate().map(|(k, &w)| ((k / 7) as u32, (k % 7) as u32, w)).collect();
    expected.retain(|entry| entry.2 != 0.0);
    assert_eq!(expected.len(), 12);
    for file in ["csr.npz", "csc.npz", "coo.npz", "dense.npy"] {
        let mut bench = Bench::new();
        let group = |name: &str, size| GroupScene::new(name, NeuronGroup::new(size)).with(Izhikevich::default());
        let synapses = SynapseScene::new("a", "b", Matrix::of(file));
        let mut scene =
            Scene::new("matrix").with_group(group("a", 5)).with_group(group("b", 7)).with_synapses(synapses);
        scene.folder = Some(folder.clone());
        build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
        let mut found: Vec<(u32, u32, f64)> = edges(&mut bench).into_iter().map(|e| (e.0, e.1, e.3)).collect();
        found.sort_by_key(|entry| (entry.0, entry.1));
        assert_eq!(found.len(), expected.len(), "{file}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found.0, found.1) == (expected.0, expected.1) && (found.2 - expected.2).abs() < 1e-6, "{file}");
        }
    }
}

/// Fires what it was told.
fn fire(bench: &mut Bench, group: &str, neurons: &[u32]) {
    let world = bench.world_mut();
    let mut groups = world.query::<(&Name, &mut Spikes)>();
    let (_, mut spikes) = groups.iter_mut(world).find(|(name, _)| name.as_str() == group).unwrap();
    spikes.set_neurons(neurons);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Any rule, any delays, any sub-population: what arrives at each neuron in each iteration is the sum over a list of
    /// events, to the last bit (weights are whole numbers, so that no order of adding them could hide a mistake).
    #[test]
    fn what_arrives_is_what_a_list_of_events_says(
        rule in 0..5_usize,
        delay in 0..4_usize,
        part in 0..3_usize,
        seed in 0..1000_u64,
        fired in prop::collection::vec((0..25_u64, 0..30_u32), 0..60),
    ) {
        const TARGETS: usize = 8300; // two blocks
        let mut bench = Bench::new();
        let synapses = match rule {
            0 => SynapseScene::new("a", "b", FixedInDegree { in_degree: 3, ..default() }),
            1 => SynapseScene::new("a", "b", FixedOutDegree { out_degree: 400, multapses: false, ..default() }),
            2 => SynapseScene::new("a", "b", FixedProbability { probability: 0.1, ..default() }),
            3 => SynapseScene::new("a", "b", FixedTotalNumber { number: 5000, ..default() }),
            _ => SynapseScene::new("a", "b", AllToAll::default()),
        };
        let synapses = synapses.with_tag("X").with_weights("round(uniform(1, 1000))");
        let synapses = match delay {
            0 => synapses,
            1 => synapses.with_delays(7.0),
            2 => synapses.with_delays("round(uniform(1, 20))"),
            _ => synapses.with_delays("1 + 3 * i"),
        };
        let synapses = match part {
            0 => synapses,
            1 => synapses.between(Selection::Range(5, 20), Selection::All),
            _ => synapses.between(Selection::All, Selection::Stride(3)),
        };
        // Groups of columns alone: nobody fires but who is made to.
        let sources = GroupScene::new("a", NeuronGroup::new(30)).with(SpikesAlone {});
        let targets = GroupScene::new("b", NeuronGroup::new(TARGETS));
        let receptor = CurrentReceptor { afferent: "X".into(), ..default() };
        let scene = Scene::new("events").with_seed(seed).with_group(sources).with_group(targets.with_receptor("r", receptor));
        bench.app_mut().register_behaviour::<SpikesAlone>();
        build(bench.world_mut(), &scene.with_synapses(synapses)).unwrap_or_else(|faults| panic!("{faults}"));
        let edges = edges(&mut bench);
        let mut events: BTreeMap<u64, BTreeMap<u32, f64>> = BTreeMap::new();
        for iteration in 0..110_u64 {
            bench.tick();
            let mut expected = vec![0.0; TARGETS];
            for (target, weight) in events.remove(&iteration).unwrap_or_default() {
                expected[target as usize] = weight;
            }
            let world = bench.world_mut();
            let mut groups = world.query::<(&Name, &Input)>();
            let input = &groups.iter(world).find(|(name, _)| name.as_str() == "b").unwrap().1.0;
            prop_assert!(input.iter().zip(&expected).all(|(&found, &expected)| f64::from(found) == expected));
            let mut now: Vec<u32> = fired.iter().filter(|f| f.0 == iteration).map(|f| f.1).collect();
            now.sort_unstable();
            now.dedup();
            fire(&mut bench, "a", &now);
            for edge in edges.iter().filter(|edge| now.contains(&edge.0)) {
                *events.entry(iteration + 1 + u64::from(edge.2)).or_default().entry(edge.1).or_default() += edge.3;
            }
        }
    }
}

/// Makes a group one that could fire.
#[derive(Component, Reflect, Clone, Default)]
#[require(Spikes)]
struct SpikesAlone {}

impl Behaviour for SpikesAlone {
    fn plugin(_: &mut App) {}
}

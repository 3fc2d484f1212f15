//! What a rewiring does to synapses, told from the lists of them before and after it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::spike_timing_tests::{DT, Train, brute, source_of, trains};
use crate::{
    assemble::check,
    network::{Layout, Selection, Synapses, switch},
    numeric::{
        real::{real, wide},
        rows::Synapse,
    },
    prelude::*,
    scene::Scene,
};

/// The synapses of a group, in the order of their weights.
fn list(bench: &mut Bench, synapses: Entity) -> Vec<Synapse> {
    match &bench.world_mut().get::<Synapses>(synapses).unwrap().layout {
        Some(Layout::Sparse(rows)) => rows.iter().collect(),
        _ => panic!("rows"),
    }
}

/// Delay and some columns of each synapse, by source and target; no two have the same ones.
fn by_ends(bench: &mut Bench, synapses: Entity, columns: [&str; 2]) -> BTreeMap<(u32, u32), (u32, [f64; 2])> {
    let list = list(bench, synapses);
    let columns = columns.map(|name| bench.get(synapses, name));
    let entry = |(k, s): (usize, &Synapse)| ((s.source, s.target), (s.delay, [columns[0][k], columns[1][k]]));
    let map: BTreeMap<_, _> = list.iter().enumerate().map(entry).collect();
    assert_eq!(map.len(), list.len(), "two synapses from one neuron to another");
    map
}

/// How many synapses each target has.
fn in_degrees(map: &BTreeMap<(u32, u32), (u32, [f64; 2])>) -> BTreeMap<u32, usize> {
    let mut degrees = BTreeMap::new();
    map.keys().for_each(|(_, target)| *degrees.entry(*target).or_insert(0) += 1);
    degrees
}

/// A number that tells where a synapse is.
fn mark(source: u32, target: u32) -> f64 {
    f64::from(1 + source) + 16_384.0 * f64::from(1 + target % 64)
}

/// A rewiring after 10 ms that prunes 60 % of the weights below 0.3.
fn pruning(kept: Kept) -> StructuralPlasticity {
    StructuralPlasticity { interval: 10.0, threshold: 0.3, probability: 0.6, weight: 0.0625, kept, ..default() }
}

/// The delays of rows without delays, of one delay, and of many.
const DELAYS: [Option<&str>; 3] = [None, Some("4"), Some("uniform(1, 40)")];

/// A group that is connected to itself: synapses before and after a rewiring, with weight and eligibility.
#[test]
fn weak_synapses_give_way_to_new_ones_and_columns_follow() {
    for (kept, delays, size) in [
        (Kept::Total, DELAYS[0], 60),
        (Kept::Total, DELAYS[1], 9000),
        (Kept::InDegree, Some("4 + 0 * i"), 60),
        (Kept::InDegree, DELAYS[2], 9000),
    ] {
        let mut bench = Bench::new();
        let cells = bench.group("cells", size, (Spikes::default(), Dopamine::default()));
        let connectivity = FixedInDegree { in_degree: 20, autapses: false, multapses: false };
        let columns = RewardStdp { tau_c: 1e30, ..default() };
        let values = (InitialWeights("uniform(0, 1)".into()), Delays(delays.map(Into::into)));
        let synapses = bench.synapses(cells, cells, "X", (connectivity, values, columns, pruning(kept)));
        let marks: Vec<_> = list(&mut bench, synapses).iter().map(|s| mark(s.source, s.target)).collect();
        bench.set(synapses, "eligibility", &marks);
        let all = |bench: &mut Bench| by_ends(bench, synapses, ["weights", "eligibility"]);
        let before = all(&mut bench);
        bench.ticks(9);
        assert_eq!(all(&mut bench), before, "it is not yet due");
        bench.tick();
        let after = all(&mut bench);
        assert_eq!(after.len(), before.len());
        let stayed = |ends: &(u32, u32)| after.get(ends).is_some_and(|now| *now == before[ends]);
        let weak = before.iter().filter(|(_, (_, [w, _]))| *w < 0.3);
        let gone = weak.clone().filter(|(ends, _)| !stayed(ends)).count();
        // Binomial; five standard deviations.
        let (all_weak, expected) = (weak.count() as f64, 0.6);
        let deviation = (all_weak * expected * (1.0 - expected)).sqrt();
        assert!((gone as f64 - expected * all_weak).abs() < 5.0 * deviation, "{gone} of {all_weak}");
        assert!(before.iter().all(|(ends, (_, [w, _]))| *w < 0.3 || stayed(ends)), "a strong one has changed");
        let new = after.iter().filter(|(ends, now)| before.get(ends) != Some(now));
        assert!(new.clone().all(|((s, t), (_, values))| s != t && *values == [0.0625, 0.0]));
        assert_eq!(new.count(), gone);
        let delays = |map: &BTreeMap<_, (u32, _)>| {
            let mut delays: Vec<u32> = map.values().map(|(delay, _)| *delay).collect();
            delays.sort_unstable();
            delays
        };
        assert_eq!(delays(&after), delays(&before));
        assert_eq!(in_degrees(&after) == in_degrees(&before), kept == Kept::InDegree);
    }
}

/// The variables by which recorders know where synapses are.
#[test]
fn the_neurons_of_synapses_are_variables() {
    let mut bench = Bench::new();
    let (a, b) = (bench.group("a", 40, Spikes::default()), bench.group("b", 30, Spikes::default()));
    let initial = InitialWeights("uniform(0, 1)".into());
    let rule = (FixedProbability { probability: 0.2, ..default() }, initial, pruning(Kept::Total));
    let synapses = bench.synapses(a, b, "X", rule);
    for ticks in [1, 8, 1, 10] {
        bench.ticks(ticks);
        let ends = list(&mut bench, synapses);
        let [sources, targets] = ["source", "target"].map(|name| bench.get(synapses, name));
        assert!(ends.iter().map(|s| f64::from(s.source)).eq(sources));
        assert!(ends.iter().map(|s| f64::from(s.target)).eq(targets));
    }
}

#[test]
fn only_neurons_that_take_part_get_synapses() {
    for kept in [Kept::Total, Kept::InDegree] {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 50, Spikes::default());
        let ends = Ends { sources: Selection::Range(10, 40), targets: Selection::Range(30, 45), ..default() };
        let connectivity = FixedInDegree { in_degree: 9, autapses: false, multapses: false };
        let rule = (connectivity, ends, InitialWeights("uniform(0, 1)".into()), pruning(kept));
        let synapses = bench.synapses(cells, cells, "X", rule);
        let places = |bench: &mut Bench| -> BTreeSet<(u32, u32)> {
            list(bench, synapses).iter().map(|s| (s.source, s.target)).collect()
        };
        let before = places(&mut bench);
        bench.ticks(100);
        let after = places(&mut bench);
        assert!(after.len() == before.len() && after.difference(&before).count() > 20);
        assert!(after.iter().all(|(s, t)| (10..40).contains(s) && (30..45).contains(t) && s != t));
    }
}

/// All pairs have synapses: the only free places are those of the synapses that go.
#[test]
fn synapses_of_a_full_group_come_back() {
    let mut bench = Bench::new();
    let (a, b) = (bench.group("a", 20, Spikes::default()), bench.group("b", 30, Spikes::default()));
    let values = (InitialWeights("uniform(0, 1)".into()), Delays(Some("uniform(1, 9)".into())));
    let synapses = bench.synapses(a, b, "X", (AllToAll::default(), values, pruning(Kept::Total)));
    bench.ticks(10);
    let map = by_ends(&mut bench, synapses, ["weights", "weights"]);
    assert!(map.len() == 600 && map.values().filter(|(_, [w, _])| *w == 0.0625).count() > 60);
}

/// Spikes reach the targets that their neurons have after a rewiring, with the weights and delays of that time, and no others.
#[test]
fn spikes_are_delivered_along_the_synapses_that_there_are() {
    for delays in DELAYS {
        let mut bench = Bench::new();
        let train = |i: u32| vec![if i == 0 { 8.5 } else { f64::from(60 + 3 * i) + 0.5 }];
        let source = bench.group("a", 30, SpikeSource::at((0..30).map(train).collect()));
        let target = bench.group("b", 9000, ());
        bench.receptor(target, "r", CurrentReceptor { afferent: "X".into(), ..default() });
        let values = (InitialWeights("uniform(0, 1)".into()), Delays(delays.map(Into::into)));
        let rule = (FixedTotalNumber { number: 6000, multapses: false, ..default() }, values);
        let synapses = bench.synapses(source, target, "X", (rule, pruning(Kept::Total)));
        let before = list(&mut bench, synapses);
        bench.ticks(10);
        let name = format!("{}.StructuralPlasticity", bench.world_mut().get::<Name>(synapses).unwrap());
        switch(bench.world_mut(), &name, false).unwrap();
        let (after, weights) = (list(&mut bench, synapses), bench.get(synapses, "weights"));
        assert_ne!(before, after);
        // The spike of source 0 came two iterations before the rewiring: with one delay for all it is still on its way.
        let under_way = delays == DELAYS[1];
        for iteration in 10..200_u32 {
            bench.tick();
            let mut expected = vec![0.0; 9000];
            for (s, w) in after.iter().zip(&weights) {
                let spike = if s.source == 0 { 8 } else { 60 + 3 * s.source };
                if spike + 1 + s.delay == iteration && (s.source > 0 || under_way) {
                    expected[s.target as usize] += w;
                }
            }
            // Where delays differ, the spike of source 0 is in the sums of the targets of before, for 40 iterations at most.
            let near = |(found, expected): (f64, f64)| (found - expected).abs() < 1e-5;
            if iteration > 52 || delays != DELAYS[2] {
                let wrong = bench.get(target, "input").into_iter().zip(expected).position(|both| !near(both));
                assert_eq!(wrong, None, "iteration {iteration}, delays {delays:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    /// Weights are those of the double sums since a synapse was made, over all spikes, also those before: traces go on.
    #[test]
    fn rules_go_on_learning_while_synapses_are_rewired(
        sources in trains(12), targets in trains(9), kind in 0..3_usize, in_degree in any::<bool>(),
    ) {
        const END: u64 = 150;
        let rule = Stdp { a_plus: 0.06, a_minus: 0.07, tau_plus: 12.0, tau_minus: 25.0, ..default() };
        let mut bench = Bench::new().with_dt(DT);
        let ends = [&sources, &targets].map(|trains| bench.group(&format!("{}", trains.len()), trains.len(), source_of(trains)));
        let values = (InitialWeights("uniform(0.1, 1)".into()), Delays(DELAYS[kind].map(Into::into)));
        let structure = StructuralPlasticity {
            interval: 20.0 * DT,
            threshold: 0.3,
            weight: 0.3,
            kept: if in_degree { Kept::InDegree } else { Kept::Total },
            ..default()
        };
        let connectivity = FixedInDegree { in_degree: 5, multapses: false, ..default() };
        let synapses = bench.synapses(ends[0], ends[1], "X", (connectivity, values, (rule.clone(), structure)));
        // Since when, and from what weight, each of them learns.
        let mut starts: BTreeMap<(u32, u32), (u64, f64)> = BTreeMap::new();
        let mut weights = by_ends(&mut bench, synapses, ["weights", "weights"]);
        starts.extend(weights.iter().map(|(ends, (_, [w, _]))| (*ends, (0, *w))));
        for iteration in 1..=END {
            bench.tick();
            weights = by_ends(&mut bench, synapses, ["weights", "weights"]);
            // A weight that is exactly that of new ones has just been made, or has not changed since it was.
            let new = weights.iter().filter(|(_, (_, [w, _]))| real(*w) == real(0.3));
            starts.extend(new.map(|(ends, _)| (*ends, (iteration, 0.3))));
        }
        prop_assert_eq!(weights.len(), 45);
        let tolerance = if size_of::<Real>() == 4 { 1e-5 } else { 1e-12 };
        for ((i, j), (delay, [w, _])) in weights {
            let arrivals: Train = sources[i as usize].iter().map(|t| t + u64::from(delay)).collect();
            let (since, start) = starts[&(i, j)];
            let fired = &targets[j as usize];
            let expected = brute(&rule, [0.0, 1.0], wide(real(start)), [&arrivals, fired], since..END);
            prop_assert!((w - expected).abs() <= tolerance, "{i} → {j} since {since}: {w} {expected}");
        }
    }
}

#[test]
fn rewiring_does_not_depend_on_the_number_of_threads() {
    let run = |threads: usize, kept: Kept| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut bench = Bench::new();
        let times = |n: u64, every: u64| -> SpikeSource {
            SpikeSource::at(
                (0..n).map(|i| (0..4).map(|k| (1 + (7 * i) % every + every * k) as f64).collect()).collect(),
            )
        };
        let (a, b) = (bench.group("a", 300, times(300, 13)), bench.group("b", 20_000, times(20_000, 11)));
        let connectivity = FixedInDegree { in_degree: 6, multapses: false, ..default() };
        let values = (InitialWeights("uniform(0, 1)".into()), Delays(Some("uniform(1, 9)".into())));
        let rule = (connectivity, values, Stdp::default(), pruning(kept));
        let synapses = bench.synapses(a, b, "X", rule);
        let world = bench.world_mut();
        pool.install(|| crate::schedule::run_ticks(world, 45));
        (list(&mut bench, synapses), bench.get(synapses, "weights"))
    };
    for kept in [Kept::Total, Kept::InDegree] {
        let one = run(1, kept);
        assert!(one == run(2, kept) && one == run(3, kept));
    }
}

#[test]
fn what_cannot_be_rewired_is_refused() {
    let mut bench = Bench::new();
    let a = bench.group("a", 5, Spikes::default());
    let error = bench.try_synapses(a, a, "X", (AllToAll::default(), pruning(Kept::Total))).unwrap_err();
    assert!(error.contains("StructuralPlasticity: every neuron has a synapse with every other"), "{error}");
    let text = r#"(
        groups: {"a": (size: 5, behaviours: [PoissonNeurons()])},
        synapses: [(from: "a", to: "a", connectivity: AllToAll(), behaviours: [StructuralPlasticity()])],
    )"#;
    let scene = Scene::from_text(bench.world_mut(), text).unwrap();
    let error = check(bench.world_mut(), &scene).unwrap_err().to_string();
    assert!(error.contains("leaves places free"), "{error}");
    let refused = |rule: StructuralPlasticity, why: &str| {
        let mut bench = Bench::new();
        let a = bench.group("a", 5, Spikes::default());
        let connectivity = FixedInDegree { in_degree: 2, ..default() };
        let error = bench.try_synapses(a, a, "X", (connectivity, rule)).unwrap_err();
        assert!(error.ends_with(why), "{error}");
    };
    refused(StructuralPlasticity { interval: 0.5, ..default() }, "interval: must be one step of 1 ms or more, not 0.5");
    refused(StructuralPlasticity { threshold: 0.0, ..default() }, "threshold: must be above 0, not 0");
    refused(StructuralPlasticity { probability: 1.5, ..default() }, "probability: must be above 0, at most 1, not 1.5");
    refused(StructuralPlasticity { weight: f64::NAN, ..default() }, "weight: must be finite, not NaN");
    let connectivity = FixedInDegree { in_degree: 2, ..default() };
    let rules = (Stdp { w_min: 0.1, ..default() }, StructuralPlasticity { interval: 3.0, ..default() });
    bench.synapses(a, a, "Y", (connectivity, rules));
    let error = bench.try_ticks(5).unwrap_err();
    assert!(error.ends_with("new synapses of weight 0.001 are not within the bounds of a rule, 0.1 and 1"), "{error}");
}

/// Onto more neurons than a stretch of a checkpoint has, so that synapses move from one stretch to another; with one delay, and with
/// many, of which new ones may be longer than those that a block had.
#[test]
fn synapses_that_have_moved_are_found_again() {
    for delays in DELAYS {
        Bench::assert_goes_on(12, |bench| {
            let sources = bench.group("sources", 40, PoissonNeurons { rate: 100.0.into(), ..default() });
            let cells = bench.group("cells", 5000, (Lif::default(), Dopamine::default()));
            let connectivity = FixedTotalNumber { number: 9000, ..default() };
            let values = (InitialWeights("uniform(0, 1)".into()), Delays(delays.map(Into::into)));
            let rule = (RewardStdp::default(), StructuralPlasticity { interval: 5.0, ..pruning(Kept::Total) });
            bench.synapses(sources, cells, "X", (connectivity, values, rule));
        });
    }
}

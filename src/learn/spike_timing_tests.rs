//! Rules of spike timing against the double sums that their papers print, over all spike times.

use std::ops::Range;

use proptest::prelude::*;

use crate::{
    network::{Layout, Synapses, Weights},
    numeric::real::wide,
    prelude::*,
};

/// The times (iterations) of the spikes of one neuron.
pub(super) type Train = Vec<u64>;

/// Σ exp(−(t − s)/τ) over the spikes before `t`, or the last one of them.
pub(super) fn trace(train: &[u64], t: u64, tau: f64, pairing: Pairing) -> f64 {
    let mut before = train.iter().filter(|&&s| s < t).map(|&s| (-((t - s) as f64) * DT / tau).exp());
    match pairing {
        Pairing::All => before.sum(),
        Pairing::Nearest => before.next_back().unwrap_or_default(),
    }
}

pub(super) const DT: f64 = 0.5;

/// A rule as its paper prints it: the weight after a spike at `t` of the source, or of the target, of given trains.
pub(super) trait Printed: Bundle + Clone {
    fn source(&self, w: f64, t: u64, arrivals: &[u64], fired: &[u64]) -> f64;
    fn target(&self, w: f64, t: u64, arrivals: &[u64], fired: &[u64]) -> f64;
}

impl Printed for Stdp {
    fn source(&self, w: f64, t: u64, _: &[u64], fired: &[u64]) -> f64 {
        let place = (w - self.w_min) / (self.w_max - self.w_min);
        w - self.a_minus * place.powf(self.mu_minus) * trace(fired, t, self.tau_minus, self.pairing)
    }

    fn target(&self, w: f64, t: u64, arrivals: &[u64], _: &[u64]) -> f64 {
        let place = (w - self.w_min) / (self.w_max - self.w_min);
        w + self.a_plus * (1.0 - place).powf(self.mu_plus) * trace(arrivals, t, self.tau_plus, self.pairing)
    }
}

impl Printed for TripletStdp {
    fn source(&self, w: f64, t: u64, arrivals: &[u64], fired: &[u64]) -> f64 {
        let r2 = trace(arrivals, t, self.tau_x, self.pairing);
        w - trace(fired, t, self.tau_minus, self.pairing) * (self.a2_minus + self.a3_minus * r2)
    }

    fn target(&self, w: f64, t: u64, arrivals: &[u64], fired: &[u64]) -> f64 {
        let o2 = trace(fired, t, self.tau_y, self.pairing);
        w + trace(arrivals, t, self.tau_plus, self.pairing) * (self.a2_plus + self.a3_plus * o2)
    }
}

impl Printed for InhibitoryStdp {
    fn source(&self, w: f64, t: u64, _: &[u64], fired: &[u64]) -> f64 {
        let alpha = 2.0 * self.target_rate * self.tau / 1000.0;
        w + self.eta * (trace(fired, t, self.tau, Pairing::All) - alpha)
    }

    fn target(&self, w: f64, t: u64, arrivals: &[u64], _: &[u64]) -> f64 {
        w + self.eta * trace(arrivals, t, self.tau, Pairing::All)
    }
}

impl Printed for OneStepStdp {
    fn source(&self, w: f64, t: u64, _: &[u64], fired: &[u64]) -> f64 {
        w - if fired.contains(&t.wrapping_sub(1)) { self.eta } else { 0.0 }
    }

    fn target(&self, w: f64, t: u64, arrivals: &[u64], _: &[u64]) -> f64 {
        w + if arrivals.contains(&t.wrapping_sub(1)) { self.eta } else { 0.0 }
    }
}

/// The weight of a synapse after all spikes of some iterations, one after another.
pub(super) fn brute(
    rule: &impl Printed,
    [least, most]: [f64; 2],
    start: f64,
    [arrivals, fired]: [&[u64]; 2],
    iterations: Range<u64>,
) -> f64 {
    let mut w = start;
    for t in iterations {
        if arrivals.contains(&t) {
            w = rule.source(w, t, arrivals, fired).clamp(least, most);
        }
        if fired.contains(&t) {
            w = rule.target(w, t, arrivals, fired).clamp(least, most);
        }
    }
    w
}

/// Trains as a source of spikes takes them: the middle of each iteration.
pub(super) fn source_of(trains: &[Train]) -> SpikeSource {
    SpikeSource::at(trains.iter().map(|train| train.iter().map(|&k| (k as f64 + 0.5) * DT).collect()).collect())
}

/// How synapses are laid out: dense, dense with a delay, rows, rows of one delay, rows of many.
pub(super) fn wiring(kind: usize) -> (Option<AllToAll>, Delays) {
    let dense = Some(AllToAll::default());
    match kind {
        0 => (dense, Delays::default()),
        1 => (dense, Delays(Some((3.0 * DT).into()))),
        2 => (None, Delays::default()),
        3 => (None, Delays(Some((2.0 * DT).into()))),
        _ => (dense, Delays(Some("uniform(0.5, 12)".into()))),
    }
}

/// The source, the target and the delay (steps) of each synapse of a group, in the order of the weights.
pub(super) fn ends(bench: &mut Bench, synapses: Entity) -> Vec<(usize, usize, u64)> {
    let layout = bench.world_mut().get::<Synapses>(synapses).unwrap().layout.clone().unwrap();
    match &layout {
        Layout::Sparse(rows) => {
            rows.iter().map(|s| (s.source as usize, s.target as usize, u64::from(s.delay))).collect()
        }
        Layout::Dense { sources, targets, delay, .. } => {
            (0..sources * targets).map(|k| (k / targets, k % targets, u64::from(*delay))).collect()
        }
    }
}

/// Runs a network of given spikes; compares every weight with the sums.
fn compare(rule: &impl Printed, bounds: [f64; 2], trains: [&[Train]; 2], kind: usize) -> Result<(), TestCaseError> {
    const END: u64 = 150;
    let mut bench = Bench::new().with_dt(DT);
    let groups = trains.map(|trains| bench.group(&format!("{}", trains.len()), trains.len(), source_of(trains)));
    let start = format!("uniform({}, {})", bounds[0], bounds[1]);
    let (dense, delays) = wiring(kind);
    let common = (InitialWeights(start.as_str().into()), delays, rule.clone());
    let synapses = match dense {
        Some(all) => bench.synapses(groups[0], groups[1], "X", (all, common)),
        None => bench.synapses(groups[0], groups[1], "X", (FixedInDegree { in_degree: 2, ..default() }, common)),
    };
    let weights = |bench: &mut Bench| bench.world_mut().get::<Weights>(synapses).unwrap().0.to_vec();
    let before = weights(&mut bench);
    bench.ticks(END);
    let after = weights(&mut bench);
    let tolerance = if size_of::<Real>() == 4 { 1e-5 } else { 1e-12 };
    for (k, (i, j, delay)) in ends(&mut bench, synapses).into_iter().enumerate() {
        // Times as the synapse sees them; what arrives after the end is not yet known there.
        let arrivals: Train = trains[0][i].iter().map(|t| t + delay).collect();
        let expected = brute(rule, bounds, wide(before[k]), [&arrivals, &trains[1][j]], 0..END);
        let error = (wide(after[k]) - expected).abs();
        prop_assert!(error <= tolerance * bounds[1], "{i} → {j}, delay {delay}: {} {expected}", after[k]);
    }
    Ok(())
}

pub(super) fn trains(neurons: usize) -> impl Strategy<Value = Vec<Train>> {
    trains_of(neurons, 25)
}

/// Trains in which many spikes follow one another in neighbouring iterations.
fn dense_trains(neurons: usize) -> impl Strategy<Value = Vec<Train>> {
    trains_of(neurons, 120)
}

fn trains_of(neurons: usize, most: usize) -> impl Strategy<Value = Vec<Train>> {
    prop::collection::vec(
        prop::collection::btree_set(0..150_u64, 0..most).prop_map(|set| set.into_iter().collect()),
        neurons,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn pairs_change_weights_as_the_sum_over_all_pairs(
        sources in trains(6), targets in trains(4), kind in 0..5_usize, nearest in any::<bool>(),
        mu in prop::sample::select(vec![[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.4, 0.02]]),
    ) {
        let pairing = if nearest { Pairing::Nearest } else { Pairing::All };
        let rule = Stdp {
            a_plus: 0.06, a_minus: 0.05, tau_plus: 12.0, tau_minus: 25.0, mu_plus: mu[0], mu_minus: mu[1],
            w_min: 0.5, w_max: 2.0, pairing,
        };
        compare(&rule, [0.5, 2.0], [&sources, &targets], kind)?;
    }

    #[test]
    fn triplets_change_weights_as_the_sum_over_all_triplets(
        sources in trains(6), targets in trains(4), kind in 0..5_usize, nearest in any::<bool>(),
    ) {
        let pairing = if nearest { Pairing::Nearest } else { Pairing::All };
        let rule = TripletStdp { a2_plus: 0.01, a3_plus: 0.02, a2_minus: 0.02, a3_minus: 0.01, pairing, ..default() };
        compare(&rule, [0.0, 2.0], [&sources, &targets], kind)?;
    }

    #[test]
    fn spikes_of_neighbouring_steps_change_weights_as_the_product_of_their_states(
        sources in dense_trains(6), targets in dense_trains(4), kind in 0..5_usize, eta in -0.1..0.1,
    ) {
        let rule = OneStepStdp { eta, w_min: 0.0, w_max: 2.0 };
        compare(&rule, [0.0, 2.0], [&sources, &targets], kind)?;
    }

    #[test]
    fn inhibition_changes_as_the_sum_over_all_pairs(
        sources in trains(6), targets in trains(4), kind in 0..5_usize, target_rate in 0.0..40.0,
    ) {
        let rule = InhibitoryStdp { eta: 0.03, target_rate, tau: 20.0, w_max: 3.0 };
        compare(&rule, [0.0, 3.0], [&sources, &targets], kind)?;
    }
}

/// Two neurons that fire at given times (ms), and a plastic synapse of weight 0.5.
fn pair(rule: impl Bundle, source: &[f64], target: &[f64]) -> (Bench, Entity) {
    let mut bench = Bench::new().with_dt(0.1);
    let [a, b] =
        [("a", source), ("b", target)].map(|(name, times)| bench.group(name, 1, SpikeSource::at(vec![times.to_vec()])));
    let synapses = bench.synapses(a, b, "X", (OneToOne::default(), InitialWeights(0.5.into()), rule));
    (bench, synapses)
}

/// The window of S. Song, K. Miller & L. Abbott (2000), fig. 1: a pair at every lag up to 50 ms.
#[test]
fn a_pair_changes_the_weight_as_the_window_says_at_every_lag() {
    let lags: Vec<f64> = (-500..=500).map(|steps| 0.1 * f64::from(steps)).collect();
    let mut bench = Bench::new().with_dt(0.1);
    let source = bench.group("source", lags.len(), SpikeSource::at(vec![vec![60.05]; lags.len()]));
    let times = lags.iter().map(|lag| vec![60.05 + lag]).collect();
    let target = bench.group("target", lags.len(), SpikeSource::at(times));
    let rule = (OneToOne::default(), InitialWeights(0.5.into()), Stdp::default());
    let synapses = bench.synapses(source, target, "X", rule);
    bench.ticks(1200);
    for (lag, weight) in lags.into_iter().zip(bench.get(synapses, "weights")) {
        let expected = match lag {
            0.05.. => 0.01 * (-lag / 20.0).exp(),
            ..-0.05 => -0.0105 * (lag / 20.0).exp(),
            _ => 0.0,
        };
        assert!((weight - 0.5 - expected).abs() < 1e-7, "{lag} ms: {weight} {expected}");
    }
}

#[test]
fn a_rule_that_is_switched_off_changes_nothing_and_forgets() {
    let (mut bench, synapses) = pair(Stdp::default(), &[10.05, 50.05, 80.05], &[12.05, 52.05, 70.05, 90.05]);
    let weight = |bench: &mut Bench, ticks: u64| {
        bench.ticks(ticks);
        bench.get(synapses, "weights")[0]
    };
    let name = format!("{}", bench.world_mut().get::<Name>(synapses).unwrap());
    let first = weight(&mut bench, 300);
    assert!(first > 0.5);
    crate::network::switch(bench.world_mut(), &format!("{name}.Stdp"), false).unwrap();
    assert_eq!(weight(&mut bench, 300), first);
    crate::network::switch(bench.world_mut(), &format!("{name}.Stdp"), true).unwrap();
    // Of the spikes at 50 and 52 ms it knows nothing at 70 ms; from then on it learns anew.
    assert_eq!(weight(&mut bench, 150), first);
    let expected = 0.01 * f64::exp(-10.0 / 20.0) - 0.0105 * f64::exp(-10.0 / 20.0);
    assert!((weight(&mut bench, 250) - first - expected).abs() < 1e-6);
}

#[test]
fn a_neuron_gets_no_synapse_with_itself() {
    let mut bench = Bench::new();
    let times = (0..4).map(|i| (0..20).map(|k| f64::from(5 * k + i + 1)).collect()).collect();
    let cells = bench.group("cells", 4, SpikeSource::at(times));
    let rule = Stdp { a_minus: 0.0, ..default() };
    let synapses = bench.synapses(cells, cells, "X", (AllToAll { autapses: false }, InitialWeights(0.5.into()), rule));
    bench.ticks(100);
    for (k, weight) in bench.get(synapses, "weights").into_iter().enumerate() {
        assert!(if k % 5 == 0 { weight == 0.0 } else { weight > 0.51 }, "{k}: {weight}");
    }
}

#[test]
fn weights_outside_their_bounds_stop_the_run() {
    let (mut bench, _) = pair((), &[1.0], &[2.0]);
    let [a, b] = [0, 1].map(|k| bench.group(&format!("c{k}"), 1, Spikes::default()));
    let error = bench.try_synapses(a, b, "X", (OneToOne::default(), Stdp { w_max: 0.0, ..default() }));
    assert!(error.unwrap_err().ends_with("Stdp.w_max: must be above w_min, 0, not 0"));
    bench.synapses(a, b, "X", (OneToOne::default(), Stdp { w_max: 0.5, ..default() }));
    let error = bench.try_ticks(1).unwrap_err();
    assert!(error.ends_with("a weight of 1 is not within the bounds of its rule, 0 and 0.5"), "{error}");
}

/// Blocks of targets are shared among threads where there are several, and many spikes.
#[test]
fn weights_do_not_depend_on_the_number_of_threads() {
    let run = |threads: usize, delays: &str| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut bench = Bench::new();
        let times = |n: u64, every: u64| -> SpikeSource {
            SpikeSource::at(
                (0..n).map(|i| (0..4).map(|k| (1 + (7 * i) % every + every * k) as f64).collect()).collect(),
            )
        };
        let (a, b) = (bench.group("a", 300, times(300, 13)), bench.group("b", 20_000, times(20_000, 11)));
        let rule = (FixedInDegree { in_degree: 6, ..default() }, Delays(Some(delays.into())), Stdp::default());
        let synapses = bench.synapses(a, b, "X", (InitialWeights(0.5.into()), rule));
        let world = bench.world_mut();
        pool.install(|| crate::schedule::run_ticks(world, 45));
        bench.get(synapses, "weights")
    };
    for delays in ["2", "uniform(1, 9)"] {
        let one = run(1, delays);
        assert!(one.iter().any(|&w| w > 0.51) && one.iter().any(|&w| w < 0.49));
        assert!(one == run(2, delays) && one == run(3, delays));
    }
}

//! The published networks are as active as their papers, theory, and other simulators say.
//!
//! Seeds are fixed, so nothing here comes out otherwise on another machine; the standard errors say how much of a band
//! chance takes up for a seed that was not chosen.

use std::{collections::BTreeMap, path::PathBuf};

use cortecs::{
    assemble::build,
    prelude::*,
    record::Recording,
    scene::Scene,
    statistics::{Findings, Moments, SpikeStatistics, Stretch, autocorrelation, power_spectrum},
};

use super::reference::expected::{COBA, MICROCIRCUIT, MICROCIRCUIT_TENTH};

/// The spikes of a group.
struct Activity {
    size: usize,
    /// Rows of iteration and neuron.
    spikes: Vec<f64>,
    stretch: Stretch,
}

impl Activity {
    fn findings(&self) -> Findings {
        let mut statistics = SpikeStatistics::new(self.size, None, self.stretch).unwrap();
        statistics.push_rows(&self.spikes).unwrap();
        statistics.finish()
    }

    fn rate(&self) -> f64 {
        self.findings().summary.rate_hz.unwrap()
    }

    fn cv(&self) -> f64 {
        self.findings().summary.cv.unwrap()
    }

    /// Spikes in bins of so many iterations.
    fn counts(&self, width: u64) -> Vec<f64> {
        let mut counts = vec![0.0; (self.stretch.iterations() / width) as usize];
        for row in self.spikes.chunks(2) {
            let bin = (row[0] as u64).checked_sub(self.stretch.first).map(|past| (past / width) as usize);
            if let Some(count) = bin.and_then(|bin| counts.get_mut(bin)) {
                *count += 1.0;
            }
        }
        counts
    }
}

/// A scene with some settings, run for `ms`, of which those from `from` on are looked at.
fn run(name: &str, settings: &[&str], seed: u64, (from, ms): (f64, f64)) -> BTreeMap<String, Activity> {
    let mut bench = Bench::new();
    let world = bench.world_mut();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes").join(name);
    let scene =
        Scene::from_file_with(world, path, settings).unwrap_or_else(|faults| panic!("{faults}")).with_seed(seed);
    let recorders = vec![SpikeRecorder { of: vec!["neurons".into()], ..default() }.into()];
    let scene = Scene { recorders, ..scene };
    let network = build(world, &scene).unwrap_or_else(|faults| panic!("{faults}"));
    let [first, end] = [from, ms].map(|ms| (ms / scene.dt).round() as u64);
    bench.ticks(end);
    let sizes: BTreeMap<_, _> = network.plan.groups.iter().map(|group| (group.name.clone(), group.size)).collect();
    let world = bench.world_mut();
    let mut recordings = world.query::<&Recording>();
    let activity = |recording: &Recording| Activity {
        size: sizes[&recording.group],
        spikes: recording.values(),
        stretch: Stretch { first, end, dt: scene.dt },
    };
    recordings.iter(world).map(|recording| (recording.group.clone(), activity(recording))).collect()
}

/// The mean rate over all neurons.
fn mean_rate(groups: &BTreeMap<String, Activity>) -> f64 {
    let neurons: usize = groups.values().map(|group| group.size).sum();
    groups.values().map(|group| group.rate() * group.size as f64).sum::<f64>() / neurons as f64
}

/// Rates of E, of I, of all, and the CV of E, of some networks.
fn of_seeds(name: &str, settings: &[&str], seeds: u64, window: (f64, f64)) -> [Moments; 4] {
    let mut moments: [Vec<f64>; 4] = Default::default();
    for seed in 1..=seeds {
        let groups = run(name, settings, seed, window);
        let (e, i) = (&groups["excitatory"], &groups["inhibitory"]);
        let found = [e.rate(), i.rate(), mean_rate(&groups), e.cv()];
        moments.iter_mut().zip(found).for_each(|(all, value)| all.push(value));
    }
    let moments = moments.map(|values| Moments::of(&values));
    let [e, i, all, cv] = moments.map(|m| (m.mean().unwrap_or_default(), m.deviation().unwrap_or_default()));
    println!("{name} {settings:?}: E {e:.3?}, I {i:.3?}, all {all:.3?} Hz, CV {cv:.3?}: means and deviations");
    moments
}

#[track_caller]
fn assert_within(what: &str, found: f64, least: f64, most: f64) {
    assert!((least..=most).contains(&found), "{what}: {found}, expected {least} to {most}");
}

/// Five simulators give 5.55 Hz within 1 %. Networks differ by 0.01 Hz, stretches of a second by 0.02 Hz.
#[test]
fn sparse_izhikevich_with_100_synapses() {
    let [_, _, all, _] = of_seeds("sparse_izhikevich.ron", &[], 1, (200.0, 1200.0));
    assert_within("rate", all.mean().unwrap(), 0.99 * 5.55, 1.01 * 5.55);
}

/// The same simulators give 8.5 Hz.
#[test]
#[ignore = "builds and walks 10 million synapses: half a minute in a debug build"]
fn sparse_izhikevich_with_1000_synapses() {
    let [_, _, all, _] = of_seeds("sparse_izhikevich.ron", &["constants.fan_out=1000"], 2, (200.0, 3000.0));
    assert_within("rate", all.mean().unwrap(), 0.99 * 8.5, 1.01 * 8.5);
}

/// 5.1 (NEST) to 5.7 Hz. The rate over all neurons differs by 0.25 Hz between networks, as the numbers of synapses that
/// inhibit E and I do: the mean of four has a standard error of 0.13 Hz.
#[test]
fn cuba_is_irregular_at_5_hz() {
    let [_, _, all, cv] = of_seeds("cuba.ron", &[], 4, (100.0, 1000.0));
    assert_within("rate", all.mean().unwrap(), 5.1, 5.7);
    // Halfway between a clock and Poisson.
    assert_within("CV", cv.mean().unwrap(), 0.5, 1.2);
}

/// What sets the benchmark form apart: fixed in-degrees, drawn with replacement. A spike acts in the next step.
const IN_DEGREES: [&str; 2] =
    ["synapses.0.connectivity=FixedInDegree(in_degree: 64)", "synapses.1.connectivity=FixedInDegree(in_degree: 16)"];

/// Other simulators: 5.15 to 5.2 Hz. The rate over all neurons differs by 0.1 Hz between networks in a second.
#[test]
fn cuba_with_fixed_in_degrees() {
    let [_, _, all, _] = of_seeds("cuba.ron", &IN_DEGREES, 3, (100.0, 1000.0));
    let (found, error) = (all.mean().unwrap(), 0.1 / 3_f64.sqrt());
    // 1 in 2000 on either side.
    assert_within("rate", found, 5.15 - 3.3 * error, 5.2 + 3.3 * error);
}

/// Other simulators: 13.1 to 13.3 Hz. The rate over all neurons differs by 0.35 Hz between networks in a second.
#[test]
fn coba_with_fixed_in_degrees_and_a_bias() {
    let settings = [
        IN_DEGREES[0],
        IN_DEGREES[1],
        "synapses.0.weights=4",
        "synapses.1.weights=51",
        "definitions.cell.behaviours.Lif.bias=200",
        "definitions.cell.behaviours.Lif.v=\"uniform(-60, -50)\"",
        "definitions.cell.receptors.excitation.initial=0",
        "definitions.cell.receptors.inhibition.initial=0",
    ];
    let [_, _, all, cv] = of_seeds("coba.ron", &settings, 3, (100.0, 1000.0));
    let (found, error) = (all.mean().unwrap(), 0.35 / 3_f64.sqrt());
    assert_within("rate", found, 13.1 - 3.3 * error, 13.3 + 3.3 * error);
    assert_within("CV", cv.mean().unwrap(), 0.5, 2.0);
}

/// 13 to 18 Hz, and irregular.
#[test]
fn coba_with_fixed_in_degrees() {
    let [_, _, all, cv] = of_seeds("coba.ron", &IN_DEGREES, 3, (100.0, 1000.0));
    assert_within("rate", all.mean().unwrap(), 13.0, 18.0);
    assert_within("CV", cv.mean().unwrap(), 0.5, 2.0);
}

/// With a probability of connection in-degrees differ, and rates are higher: 18.6 Hz in a program that shares nothing with
/// this crate, see `reference/coba.rs`. Of its twelve networks two fall silent; ours with these seeds do not.
#[test]
fn coba_sustains_itself_as_in_an_independent_program() {
    const SEEDS: u64 = 3;
    let [e, i, _, cv] = of_seeds("coba.ron", &[], SEEDS, (100.0, 1000.0));
    for (found, expected) in [e, i].into_iter().zip(&COBA) {
        // 1 in 2000, were the deviation known without error.
        assert_within(expected.name, expected.off(found.mean().unwrap(), SEEDS, 10), -3.5, 3.5);
    }
    assert_within("CV", cv.mean().unwrap(), 0.5, 2.0);
}

/// The population rate of a state of Brunel's network, in bins of half a millisecond.
struct Rhythm {
    rate: f64,
    cv: f64,
    /// Where the spectrum is highest (Hz), to 5 Hz, from 10 Hz on.
    hz: f64,
    /// The highest autocorrelation after the first minimum: how much one cycle is like the next ones.
    repeats: f64,
    /// Standard deviation over mean.
    depth: f64,
}

fn brunel(g: f64, eta: f64, until: f64) -> Rhythm {
    let settings = [format!("constants.g={g}"), format!("constants.eta={eta}")];
    let groups = run("brunel.ron", &[&settings[0], &settings[1]], 1, (100.0, until));
    let e = &groups["excitatory"];
    let counts = e.counts(5);
    let spectrum = power_spectrum(&counts, 0.5, 400.min(counts.len())).unwrap();
    let first = (10.0 / spectrum.step_hz).ceil() as usize;
    let highest = (first..spectrum.power.len()).max_by(|&a, &b| spectrum.power[a].total_cmp(&spectrum.power[b]));
    let correlations = autocorrelation(&counts, counts.len() / 4).unwrap();
    let falls = correlations.windows(2).take_while(|pair| pair[1] < pair[0]).count();
    let moments = Moments::of(&counts);
    let rhythm = Rhythm {
        rate: e.rate(),
        cv: e.cv(),
        hz: highest.unwrap() as f64 * spectrum.step_hz,
        repeats: correlations[falls..].iter().copied().fold(0.0, f64::max),
        depth: moments.deviation().unwrap() / moments.mean().unwrap(),
    };
    let Rhythm { rate, cv, hz, repeats, depth } = rhythm;
    println!("g {g}, eta {eta}: {rate:.2} Hz, CV {cv:.2}, {hz:.0} Hz, repeats {repeats:.2}, depth {depth:.2}");
    rhythm
}

// The whole network: a smaller one with as many synapses per neuron is less sparse, and one with fewer and stronger synapses
// has another working point. What is short is the time: a cycle lasts 3 to 8 ms in the fast states, 40 in the slow one.
//
// Rates: the stationary solution of the paper's theory (its equation 21 and the Siegert formula) and table 1, theory and
// simulation. Rhythms: table 1. A state counts as regular below a CV of 0.1, and as synchronous if a cycle is at least half
// like the next ones, or the population rate varies by more than its mean.

/// Synchronous regular. In theory 327 Hz, of which the refractory period allows 500 at most. Here a spike that an arriving one
/// sets off counts at the end of its step, and each cycle takes one to two steps longer: 312 Hz with steps of 0.1 ms, 322
/// with 0.05, 328 with 0.025.
#[test]
fn brunel_synchronous_regular() {
    let state = brunel(3.0, 2.0, 200.0);
    assert_within("rate", state.rate, 0.9 * 327.0, 1.1 * 327.0);
    assert_within("CV", state.cv, 0.0, 0.1);
    assert_within("repeats", state.repeats, 0.5, 1.0);
}

/// Fast oscillation of neurons that skip two cycles of three: 55.8 Hz in theory and 60.7 in the paper's simulation, at 190
/// and 180 Hz.
#[test]
fn brunel_synchronous_irregular_fast() {
    let state = brunel(6.0, 4.0, 300.0);
    assert_within("rate", state.rate, 55.0, 65.0);
    assert_within("CV", state.cv, 0.5, 1.2);
    assert_within("frequency", state.hz, 160.0, 200.0);
    assert_within("repeats", state.repeats, 0.5, 1.0);
}

/// 38.0 Hz in theory, 37.7 in simulation. The intervals' CV is 0.68 in theory for white noise, which the sum of such trains is
/// not: a program that shares nothing with this crate has 0.40.
#[test]
fn brunel_asynchronous_irregular() {
    let state = brunel(5.0, 2.0, 400.0);
    assert_within("rate", state.rate, 35.0, 40.0);
    assert_within("CV", state.cv, 0.3, 0.8);
    assert_within("repeats", state.repeats, 0.0, 0.5);
    assert_within("depth", state.depth, 0.0, 1.0);
}

/// Slow oscillation at a low rate: 6.5 Hz in theory and 5.5 in simulation, at 29 and 22 Hz.
#[test]
fn brunel_synchronous_irregular_slow() {
    let state = brunel(4.5, 0.9, 1000.0);
    assert_within("rate", state.rate, 5.0, 7.0);
    assert_within("CV", state.cv, 0.3, 1.2);
    assert_within("frequency", state.hz, 18.0, 33.0);
    assert_within("depth", state.depth, 1.0, 10.0);
}

/// Irregular, and hardly correlated.
fn assert_irregular(groups: &BTreeMap<String, Activity>) {
    for (name, group) in groups {
        let summary = group.findings().summary;
        let (cv, correlation) = (summary.cv.unwrap(), summary.correlation.unwrap());
        println!("{name}: CV {cv:.2}, correlation {correlation:.3}");
        assert_within(name, cv, 0.5, 0.9);
        assert_within(name, correlation, -0.05, 0.05);
    }
}

/// Means and variances of the input are those of the whole (van Albada, Helias & Diesmann 2015), but each spike weighs three
/// times as much, and rates are lower, in layer 2/3 by half. By how much, a program says that shares nothing with this crate
/// and has the published rates at full scale: `reference/microcircuit.rs`.
#[test]
fn a_tenth_of_the_microcircuit_fires_as_in_an_independent_program() {
    let groups = run("microcircuit.ron", &[], 1, (100.0, 1000.0));
    for expected in &MICROCIRCUIT_TENTH {
        let rate = groups[expected.name].rate();
        println!("{}: {rate:.3} Hz", expected.name);
        assert_within(expected.name, expected.off(rate, 1, 12), -4.0, 4.0);
    }
    assert_irregular(&groups);
}

#[test]
#[ignore = "0.3 billion synapses: 2 GB, and a minute to build in a release build"]
fn the_whole_microcircuit_has_the_published_rates() {
    let groups = run("microcircuit.ron", &["constants.scale=1"], 1, (100.0, 1000.0));
    for (name, published) in MICROCIRCUIT {
        let rate = groups[name].rate();
        println!("{name}: {rate:.3} Hz");
        assert_within(name, rate / published, 0.9, 1.1);
    }
    assert_irregular(&groups);
}

//! The models of the library: each against what its paper says, a closed form, or its native twin.

use super::Equations;
use crate::{
    network::{Behaviours, Compartments},
    prelude::*,
    scene::{Ready, library, like},
};

fn all() -> Vec<Ready> {
    let mut bench = Bench::new();
    let behaviours = bench.world_mut().resource::<Behaviours>().clone();
    behaviours.named("Equations").flat_map(library).collect()
}

/// Neurons of a model at its own step, under one current each.
fn bench_of(name: &str, currents: &str, neurons: usize) -> (Bench, Entity) {
    let ready = all().into_iter().find(|ready| ready.name == name).unwrap();
    let mut bench = Bench::new().with_dt(ready.dt.parse().unwrap());
    let model = like::<Equations>(bench.world_mut(), name).unwrap_or_else(|why| panic!("{why}"));
    let cells = bench.group("cells", neurons, (model, ConstantCurrent { amplitude: currents.into() }));
    (bench, cells)
}

fn steps(bench: &mut Bench, time: f64) -> u64 {
    let clock = *bench.world_mut().resource::<Clock>();
    clock.steps(time)
}

/// Spikes per second of each neuron, counted after some time.
fn rates(name: &str, currents: &str, neurons: usize, [from, time]: [f64; 2]) -> Vec<f64> {
    let (mut bench, cells) = bench_of(name, currents, neurons);
    let (from, to) = (steps(&mut bench, from), steps(&mut bench, time));
    bench.ticks(from);
    let mut counts = vec![0.0; neurons];
    for _ in 0..to {
        bench.tick();
        bench.spikes(cells).iter().for_each(|spike| counts[*spike as usize] += 1.0);
    }
    counts.iter().map(|count| count * 1000.0 / time).collect()
}

/// The times at which a variable rises above a level.
fn crossings(name: &str, current: &str, (variable, level): (&str, f64), [from, time]: [f64; 2]) -> Vec<f64> {
    let (mut bench, cells) = bench_of(name, current, 1);
    let (from, to) = (steps(&mut bench, from), steps(&mut bench, time));
    bench.ticks(from);
    let (mut before, mut found) = (bench.get(cells, variable)[0], Vec::new());
    for k in 0..to {
        bench.tick();
        let now = bench.get(cells, variable)[0];
        if before < level && now >= level {
            found.push(k as f64 * time / to as f64);
        }
        before = now;
    }
    found
}

#[test]
fn every_model_runs_and_says_where_it_is_from() {
    let names: Vec<String> = all().into_iter().map(|ready| ready.name).collect();
    assert!(names.len() >= 25);
    for ready in all() {
        assert!(ready.about.contains("(1") || ready.about.contains("(2"), "{}: a year", ready.name);
        let (mut bench, cells) = bench_of(&ready.name, &ready.drive, 3);
        bench.ticks(20_000);
        let fires = ready.text.contains("spike:");
        assert_eq!(bench.spike_count(cells) > 0, fires, "{}", ready.name);
    }
}

/// Spikes stand on a grid of 0.1 ms: an interval is up to a step longer than it would be, and a count up to one off.
fn is_on_the_grid(rate: f64, expected: f64) -> bool {
    let longer = 1000.0 / (1000.0 / expected + 0.1);
    (longer - 0.5..=expected + 0.5).contains(&rate)
}

/// Intervals between spikes by closed forms.
#[test]
fn models_that_can_be_solved_fire_as_their_solutions_say() {
    let lif = rates("integrate_and_fire", "600 + 200*i", 3, [0.0, 2000.0]);
    for (rate, current) in lif.iter().zip([600.0, 800.0, 1000.0]) {
        let drive = current * 10.0 / 250.0;
        let expected = 1000.0 / (2.0 + 10.0 * f64::ln(drive / (drive - 15.0)));
        assert!(is_on_the_grid(*rate, expected), "{rate} {expected}");
    }
    let glif = rates("glif1", "350", 1, [0.0, 2000.0])[0];
    let (tau, drive) = (58.72 / 9.43, 350.0 / 9.43);
    let expected = 1000.0 / (3.75 + tau * f64::ln(drive / (drive - 27.17)));
    assert!(is_on_the_grid(glif, expected), "{glif} {expected}");
    // From −peak to peak in (2τ/√I) arctan(peak/√I).
    let quadratic = rates("quadratic", "1 + 3*i", 2, [0.0, 1000.0]);
    for (rate, current) in quadratic.iter().zip([1.0_f64, 4.0]) {
        let expected = 1000.0 / (20.0 / current.sqrt() * (100.0 / current.sqrt()).atan());
        assert!((rate / expected - 1.0).abs() < 0.02, "{rate} {expected}");
    }
    // The phase goes around in π/√I.
    let theta = rates("theta", "0.01 + 0.08*i", 2, [0.0, 2000.0]);
    for (rate, current) in theta.iter().zip([0.01_f64, 0.09]) {
        let expected = 1000.0 * current.sqrt() / std::f64::consts::PI;
        assert!((rate / expected - 1.0).abs() < 0.05, "{rate} {expected}");
    }
    // Tonic spiking: from v_r to a threshold at rest, the decay of a threshold that was left alone.
    let tonic = rates("mihalas_niebur", "1.5", 1, [0.0, 2000.0])[0];
    let expected = 1000.0 / (20.0 * f64::ln(30.0 / (30.0 - 20.0)));
    assert!((tonic / expected - 1.0).abs() < 0.02, "{tonic} {expected}");
    // Below the threshold a resonator rings at its own frequency, and decays with its own time constant.
    let (mut bench, cells) = bench_of("resonate_and_fire", "0", 1);
    bench.set(cells, "x", &[0.5]);
    bench.ticks(100);
    let expected = 0.5 * f64::exp(-0.1 * 5.0);
    bench.assert_near(cells, "y", &[expected * 5.0_f64.sin()]);
    bench.assert_near(cells, "x", &[expected * 5.0_f64.cos()]);
}

/// As many spikes as the models of this crate, whose tests hold them to their papers.
#[test]
fn models_that_this_crate_has_fire_as_those_do() {
    fn native(model: impl Bundle, current: f64, dt: f64, time: f64) -> f64 {
        let mut bench = Bench::new().with_dt(dt);
        let cells = bench.group("cells", 1, (model, ConstantCurrent { amplitude: current.into() }));
        bench.ticks((time / dt).round() as u64);
        bench.spike_count(cells) as f64 * 1000.0 / time
    }
    let compare = |name: &str, native: f64, current: f64| {
        let text = rates(name, &current.to_string(), 1, [0.0, 1000.0])[0];
        assert!((text - native).abs() <= 1.0 + 0.02 * native && native > 5.0, "{name}: {text} {native}");
    };
    compare("hodgkin_huxley", native(HodgkinHuxley::default(), 10.0, 0.01, 1000.0), 10.0);
    compare("traub_miles", native(TraubMiles::default(), 500.0, 0.01, 1000.0), 500.0);
    compare("adex", native(AdEx::default(), 800.0, 0.05, 1000.0), 800.0);
    compare("izhikevich", native(Izhikevich::default(), 10.0, 0.1, 1000.0), 10.0);
    compare("izhikevich_2007", native(Izhikevich2007::default(), 100.0, 0.1, 1000.0), 100.0);
    compare("fitzhugh_nagumo", native(FitzHughNagumo::default(), 0.5, 0.05, 1000.0), 0.5);
}

/// Excitability of class 1 begins at any low rate, of class 2 at a rate of its own: J. Rinzel & B. Ermentrout, in Methods in
/// Neuronal Modeling (1989).
#[test]
fn excitability_is_of_its_class() {
    let one = rates("morris_lecar_class_1", "38 + 0.5*i", 8, [500.0, 3000.0]);
    assert!(one[0] == 0.0 && one.iter().any(|rate| (0.1..5.0).contains(rate)), "{one:?}");
    // The saddle-node on an invariant circle lies near 40.
    let first = one.iter().position(|rate| *rate > 0.0).unwrap();
    assert!((39.0..=41.0).contains(&(38.0 + 0.5 * first as f64)), "{one:?}");
    let two = rates("morris_lecar", "86 + i", 14, [500.0, 3000.0]);
    let least = two.iter().copied().filter(|rate| *rate > 0.0).fold(f64::INFINITY, f64::min);
    assert!(two[0] == 0.0 && least > 6.0 && least < 15.0, "{two:?}");
    // The A current makes for low rates too; without it the squid's axon begins above 50 Hz.
    let connor = rates("connor_stevens", "8 + 0.25*i", 8, [500.0, 2000.0]);
    let least = connor.iter().copied().filter(|rate| *rate > 0.0).fold(f64::INFINITY, f64::min);
    assert!(least < 20.0 && connor.last().unwrap() > &least, "{connor:?}");
    let squid = rates("hodgkin_huxley", "6 + i", 5, [500.0, 1000.0]);
    let least = squid.iter().copied().filter(|rate| *rate > 0.0).fold(f64::INFINITY, f64::min);
    assert!(least > 45.0 && least < 65.0, "{squid:?}");
}

/// X.-J. Wang & G. Buzsáki, J. Neurosci. 16:6402 (1996), figure 1: the current threshold lies at 0.16 µA/cm², some 1 µA/cm² give
/// gamma rates, 20 µA/cm² 400 Hz.
#[test]
fn the_interneuron_has_the_rates_of_its_paper() {
    let low = rates("wang_buzsaki", "0.14 + 0.01*i", 6, [1000.0, 3000.0]);
    let threshold = 0.14 + 0.01 * low.iter().position(|rate| *rate > 0.0).unwrap() as f64;
    assert!((0.155..0.185).contains(&threshold), "{low:?}");
    let high = rates("wang_buzsaki", "if(i < 1, 1, 20)", 2, [500.0, 1000.0]);
    assert!((55.0..70.0).contains(&high[0]) && (370.0..430.0).contains(&high[1]), "{high:?}");
}

/// Bursts: intervals within them are short beside those between them.
#[test]
fn bursting_models_burst() {
    for (name, current, level, [from, time], apart) in [
        ("hindmarsh_rose", "2", ("x", 0.5), [500.0, 2500.0], 5.0),
        ("pinsky_rinzel", "0.75", ("v", 30.0), [1000.0, 3000.0], 10.0),
    ] {
        let times = crossings(name, current, level, [from, time]);
        let mut intervals: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        intervals.sort_by(f64::total_cmp);
        assert!(intervals.len() > 5, "{name}: {times:?}");
        let (least, most) = (intervals[0], intervals[intervals.len() - 1]);
        assert!(most > apart * least, "{name}: {least} {most}");
    }
}

/// Frequencies: an alpha rhythm of the column (B. H. Jansen & V. G. Rit, 1995), a limit cycle of populations.
#[test]
fn masses_oscillate() {
    let (mut bench, cells) = bench_of("jansen_rit", "0.22", 1);
    let seen = |bench: &Bench| bench.get(cells, "y_1")[0] - bench.get(cells, "y_2")[0];
    bench.ticks(20_000);
    let eeg: Vec<f64> = (0..40_000)
        .map(|_| {
            bench.tick();
            seen(&bench)
        })
        .collect();
    let mean = eeg.iter().sum::<f64>() / eeg.len() as f64;
    let rises = eeg.windows(2).filter(|pair| pair[0] < mean && pair[1] >= mean).count() as f64 / 4.0;
    assert!((8.0..13.0).contains(&rises), "{rises} Hz");
    let cycle = crossings("wilson_cowan", "1.25", ("e", 0.2), [500.0, 2000.0]);
    let rest = crossings("wilson_cowan", "0", ("e", 0.2), [500.0, 2000.0]);
    assert!(cycle.len() > 20 && rest.is_empty(), "{} {}", cycle.len(), rest.len());
}

#[test]
fn what_the_library_has_is_overridden_field_by_field() {
    let mut bench = Bench::new();
    let scene = "(groups: {\"a\": (size: 2, behaviours: [Equations(like: \"adex\", parameters: {\"b\": 0, \"extra\": 1}, initial: {\"w\": \"b + 7\"})])})";
    let scene = crate::scene::Scene::from_text(bench.world_mut(), scene).unwrap_or_else(|why| panic!("{why}"));
    let own: &Equations = scene.groups[0].behaviours[0].value.as_any().downcast_ref().unwrap();
    let adex = like::<Equations>(bench.world_mut(), "adex").unwrap();
    assert_eq!((own.model.clone(), own.spike.clone(), own.initial.0.len()), (adex.model, adex.spike, 2));
    assert_eq!((own.parameters["b"].at(0), own.parameters["c"].at(0), own.parameters.len()), (0.0, 281.0, 11));
    let wrong = "(groups: {\"a\": (size: 2, behaviours: [Equations(like: \"adx\")])})";
    let error = crate::scene::Scene::from_text(bench.world_mut(), wrong).unwrap_err().to_string();
    assert!(error.contains("no `Equations` is named `adx`") && error.contains("`adex`"), "{error}");
}

/// Under noise the soma's input sets how often there is a spike or a burst, the dendrite's how many are bursts (intervals below 16 ms):
/// R. Naud & H. Sprekeler, PNAS 115:E6329 (2018), figures 1 and 2.
#[test]
fn the_cell_of_layer_5_bursts_when_its_dendrite_is_active() {
    let events = |somatic: f64, dendritic: f64| {
        let mut bench = Bench::new().with_dt(0.1);
        let model = like::<Equations>(bench.world_mut(), "layer_5").unwrap_or_else(|why| panic!("{why}"));
        let noise = |mean: f64| OrnsteinUhlenbeck { mean: mean.into(), sd: 450.0.into(), tau: 2.0.into(), ..default() };
        let cells = bench.group("cells", 60, (model, noise(somatic)));
        let dendrite = bench.world_mut().get::<Compartments>(cells).unwrap().iter().next().unwrap();
        bench.world_mut().entity_mut(dendrite).insert(noise(dendritic));
        let (mut last, mut within) = (vec![f64::NEG_INFINITY; 60], vec![false; 60]);
        let (mut all, mut bursts) = (0.0, 0.0);
        for k in 0..30_000 {
            bench.tick();
            for spike in bench.spikes(cells) {
                let (i, time) = (spike as usize, f64::from(k) / 10.0);
                let short = time - last[i] < 16.0;
                all += f64::from(u8::from(!short));
                bursts += f64::from(u8::from(short && !within[i]));
                (last[i], within[i]) = (time, short);
            }
        }
        (all / 60.0 / 3.0, bursts / all)
    };
    let (low, high, active) = (events(300.0, -100.0), events(600.0, -100.0), events(300.0, 150.0));
    assert!(high.0 > 1.8 * low.0 && high.1 < 1.6 * low.1, "{low:?} {high:?}");
    assert!(low.1 < 0.25 && active.1 > 0.4, "{low:?} {active:?}");
}

//! The original network with our own random numbers: its activity must be that of the original with its own.

use std::path::Path;

use cortecs::{assemble::build, prelude::*, record::Recording, scene::Scene};

/// What was recorded of one run.
struct Activity {
    /// Spikes of each iteration: of E, of I.
    spikes: [Vec<u32>; 2],
    /// v of E, all iterations.
    v: Vec<f64>,
}

fn run(seed: u64) -> Activity {
    let mut bench = Bench::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/izhikevich.ron");
    let scene = Scene::from_file(bench.world_mut(), path).unwrap_or_else(|faults| panic!("{faults}"));
    let iterations = scene.iterations as usize;
    build(bench.world_mut(), &scene.with_seed(seed)).unwrap_or_else(|faults| panic!("{faults}"));
    bench.ticks(iterations as u64);
    let world = bench.world_mut();
    let mut activity = Activity { spikes: [vec![0; iterations], vec![0; iterations]], v: Vec::new() };
    for recording in world.query::<&Recording>().iter(world) {
        let group = usize::from(recording.group == "inhibitory");
        match (recording.variable(), group) {
            ("spikes", _) => {
                recording.values().chunks(2).for_each(|event| activity.spikes[group][event[0] as usize] += 1);
            }
            ("v", 0) => activity.v = recording.values(),
            _ => {}
        }
    }
    activity
}

/// The lag between `from` and `to` at which a series is most like itself.
fn period(series: &[u32], from: usize, to: usize) -> usize {
    let mean = f64::from(series.iter().sum::<u32>()) / series.len() as f64;
    let correlation = |lag: usize| -> f64 {
        series.iter().zip(&series[lag..]).map(|(&a, &b)| (f64::from(a) - mean) * (f64::from(b) - mean)).sum()
    };
    (from..to).max_by(|&a, &b| correlation(a).total_cmp(&correlation(b))).unwrap()
}

/// Five seeds of the original, 1000 iterations: E 10 861 ± 71 spikes, I 2 713 ± 16; v of E mean −65.4, sd 23.1; silence
/// from about iteration 25 to 80, then a rhythm of period 79.
///
/// The means of ten seeds are held to three of their standard errors, each single one to four standard deviations: of
/// twenty numbers that are right, one leaves three in a case of twenty, and four in one of eight hundred.
#[test]
fn ten_seeds_give_the_activity_of_the_original() {
    const SEEDS: u64 = 10;
    let mut means = [0.0; 2];
    for seed in 1..=SEEDS {
        let Activity { spikes: [e, i], v } = run(seed);
        let [total_e, total_i] = [&e, &i].map(|spikes| f64::from(spikes.iter().sum::<u32>()));
        assert!((total_e - 10_861.0).abs() <= 4.0 * 71.0, "seed {seed}: {total_e} spikes of E");
        assert!((total_i - 2_713.0).abs() <= 4.0 * 16.0, "seed {seed}: {total_i} spikes of I");
        means = [means[0] + total_e / SEEDS as f64, means[1] + total_i / SEEDS as f64];
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        let sd = (v.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / v.len() as f64).sqrt();
        assert!((mean + 65.4).abs() < 0.5 && (sd - 23.1).abs() < 0.5, "seed {seed}: v {mean} ± {sd}");
        let burst: u32 = e[..25].iter().sum();
        let silence: u32 = e[25..80].iter().sum();
        assert!(burst > 800 && silence < 8, "seed {seed}: {burst} spikes, then {silence}");
        let rhythm = period(&e[200..], 40, 120);
        assert!((76..=82).contains(&rhythm), "seed {seed}: period {rhythm}");
    }
    let errors = 3.0 / (SEEDS as f64).sqrt();
    assert!((means[0] - 10_861.0).abs() <= errors * 71.0, "{} spikes of E on average", means[0]);
    assert!((means[1] - 2_713.0).abs() <= errors * 16.0, "{} spikes of I on average", means[1]);
}

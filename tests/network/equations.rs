//! Networks whose models and synapses are equations, against what their papers say of them.

use std::path::PathBuf;

use cortecs::{assemble::build, prelude::*, scene::Scene};

fn built(name: &str, set: &[&str]) -> (Bench, Entity) {
    let mut bench = Bench::new();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes").join(name);
    let scene = Scene::from_file_with(bench.world_mut(), path, set).unwrap_or_else(|faults| panic!("{faults}"));
    let scene = Scene { recorders: Vec::new(), ..scene };
    let network = build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    (bench, network.groups[0])
}

/// The rate (Hz) and the coherence κ(τ) of spikes in bins of τ = 0.1/rate, as the paper has it: over all pairs, coincidences over the root
/// of the product of counts. After 500 ms.
fn rate_and_coherence(set: &[&str]) -> (f64, f64) {
    let (mut bench, cells) = built("interneurons.ron", set);
    let n = 100;
    bench.ticks(25_000);
    let mut spikes = Vec::new();
    for k in 0..25_000 {
        bench.tick();
        spikes.extend(bench.spikes(cells).into_iter().map(|neuron| (f64::from(k) * 0.02, neuron as usize)));
    }
    let rate = spikes.len() as f64 / n as f64 / 0.5;
    let bin = 100.0 / rate;
    let bins = (500.0 / bin) as usize;
    let mut fired = vec![vec![false; bins]; n];
    for (time, neuron) in spikes {
        if let Some(fired) = fired[neuron].get_mut((time / bin) as usize) {
            *fired = true;
        }
    }
    let count = |one: &[bool]| one.iter().filter(|fired| **fired).count() as f64;
    let (mut sum, mut pairs) = (0.0, 0.0);
    for i in 0..n {
        for j in 0..i {
            let both = fired[i].iter().zip(&fired[j]).filter(|(a, b)| **a && **b).count() as f64;
            sum += both / (count(&fired[i]) * count(&fired[j])).sqrt().max(1.0);
            pairs += 1.0;
        }
    }
    (rate, sum / pairs)
}

/// X.-J. Wang & G. Buzsáki, J. Neurosci. 16:6402 (1996), figures 3 to 5: interneurons that are alike synchronise at a gamma rate of
/// some 40 Hz; the coherence is lost when the currents of neurons differ by some tenth.
#[test]
fn interneurons_synchronise_unless_they_differ_too_much() {
    let (rate, alike) = rate_and_coherence(&["constants.spread=0"]);
    assert!((30.0..50.0).contains(&rate) && alike > 0.95, "{rate} Hz, {alike}");
    let (_, some) = rate_and_coherence(&["constants.spread=0.03"]);
    let (_, much) = rate_and_coherence(&["constants.spread=0.15"]);
    assert!(some > 0.3 && much < 0.25, "{some} {much}");
}

/// H. Sompolinsky, A. Crisanti & H.-J. Sommers, Phys. Rev. Lett. 61:259 (1988): below g = 1 all activity dies, above it goes on by
/// itself and forgets where it was.
#[test]
fn random_networks_of_rates_become_chaotic_at_a_gain_of_one() {
    let power = |g: f64| {
        let (mut bench, units) = built("chaotic_rates.ron", &[&format!("constants.g={g}")]);
        bench.ticks(2000);
        let before = bench.get(units, "x");
        bench.ticks(2000);
        let after = bench.get(units, "x");
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / 400.0;
        (dot(&after, &after), dot(&before, &after) / (dot(&before, &before) * dot(&after, &after)).sqrt())
    };
    let (silent, _) = power(0.8);
    assert!(silent < 1e-6, "{silent}");
    let (active, correlation) = power(1.5);
    // Their theory: the variance of x is of the order of g − 1 near the transition; independent states correlate by 1/√400.
    assert!((0.2..1.5).contains(&active) && correlation.abs() < 0.25, "{active} {correlation}");
}

/// Two cells that are driven apart and coupled by gap junctions: the difference of their potentials is that of a divider.
#[test]
fn gap_junctions_draw_potentials_together() {
    let scene = |weight: f64| {
        format!(
            "(dt: 0.1, groups: {{\"c\": (size: 2, behaviours: [Equations(
                model: \"dv/dt = (-65 - v)/20 + gap - all*v + i\", initial: {{\"v\": -65}},
                sums: {{\"gap\": (of: \"v\", over: \"GAP\"), \"all\": (of: \"1\", over: \"GAP\")}},
            )])}}, synapses: [(from: \"c\", to: \"c\", tags: [\"GAP\"], connectivity: AllToAll(autapses: false), weights: {weight})])"
        )
    };
    for weight in [0.01, 0.1] {
        let mut bench = Bench::new();
        let scene = Scene::from_text(bench.world_mut(), &scene(weight)).unwrap_or_else(|faults| panic!("{faults}"));
        let network = build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
        bench.ticks(10_000);
        let v = bench.get(network.groups[0], "v");
        // 1 = difference (1/20 + 2 g)
        let expected = 1.0 / (0.05 + 2.0 * weight);
        assert!(((v[1] - v[0]) / expected - 1.0).abs() < 1e-3, "{weight}: {v:?} {expected}");
    }
}

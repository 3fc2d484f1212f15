//! Networks whose models and synapses are equations, against what their papers say of them.

use std::path::PathBuf;

use cortecs::{assemble::build, prelude::*, scene::Scene};

fn built(name: &str, set: &[&str]) -> (Bench, Entity) {
    let (bench, groups) = all_of(name, set);
    (bench, groups[0])
}

/// A scene and the entities of its groups, then of its synapses.
fn all_of(name: &str, set: &[&str]) -> (Bench, Vec<Entity>) {
    let mut bench = Bench::new();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes").join(name);
    let scene = Scene::from_file_with(bench.world_mut(), path, set).unwrap_or_else(|faults| panic!("{faults}"));
    let network = build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    (bench, network.groups.into_iter().chain(network.synapses).collect())
}

/// The group, or the synapses, of a name.
fn named(bench: &mut Bench, all: &[Entity], name: &str) -> Entity {
    let is_it = |one: &&Entity| bench.world_mut().get::<Name>(**one).is_some_and(|own| own.as_str() == name);
    *all.iter().find(is_it).unwrap()
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

/// X.-J. Wang, Neuron 36:955 (2002): before the motion all fire at some hertz; a motion of 51.2 % decides for its population every time,
/// which goes on firing when it is over, while the other one is silent.
#[test]
fn populations_decide_and_remember() {
    for seed in [1, 2] {
        let (mut bench, all) = all_of("wang_2002.ron", &["constants.coherence=51.2", &format!("seed={seed}")]);
        let [a, b, c, inhibitory] = ["a", "b", "c", "inhibitory"].map(|name| named(&mut bench, &all, name));
        let mut rates = |from: u64, to: u64| {
            bench.ticks(from);
            let before = [a, b, c, inhibitory].map(|group| bench.spike_count(group));
            bench.ticks(to);
            let seconds = to as f64 * 1e-4;
            let sizes = [240.0, 240.0, 1120.0, 400.0];
            let after = [a, b, c, inhibitory].map(|group| bench.spike_count(group));
            let rate = |k: usize| (after[k] - before[k]) as f64 / sizes[k] / seconds;
            [rate(0), rate(1), rate(2), rate(3)]
        };
        let [a, b, c, inhibitory] = rates(2000, 3000);
        assert!([a, b, c].iter().all(|rate| (0.5..6.0).contains(rate)), "{a} {b} {c}");
        assert!((5.0..15.0).contains(&inhibitory), "{inhibitory}");
        let [winner, loser, ..] = rates(7000, 3000);
        assert!(winner > 12.0 && loser < 6.0, "{winner} {loser}");
        let [winner, loser, ..] = rates(4000, 5000);
        assert!(winner > 8.0 && loser < 4.0, "the memory: {winner} {loser}");
    }
}

/// M. Graupner & N. Brunel, PNAS 109:3991 (2012), figure 2, DP, by the times that calcium is above its thresholds: their closed form, in
/// which the states that the noise leaves do not matter, is within 0.01.
#[test]
fn the_window_of_calcium_is_that_of_its_closed_form() {
    let (mut bench, all) = all_of("calcium_window.ron", &[]);
    let window = named(&mut bench, &all, "window");
    bench.ticks(600_000);
    let weights = bench.get(window, "weights");
    let above = |apart: f64, threshold: f64| {
        let (first, second) = if apart > 0.0 { (1.0, 2.0) } else { (2.0, 1.0) };
        let until = |c: f64| 20.0 * f64::ln(c / threshold).max(0.0);
        until(first).min(apart.abs()) + until(first * f64::exp(-apart.abs() / 20.0) + second)
    };
    for (k, w) in weights.iter().enumerate() {
        let apart = k as f64 - 100.0 - 13.7;
        let (up, down) = (321.808 * above(apart, 1.3) / 150e3, 200.0 * above(apart, 1.0) / 150e3);
        let target = up / (up + down);
        let expected = target + (0.5 - target) * f64::exp(-60.0 * (up + down));
        assert!((w - expected).abs() < 0.01, "{apart}: {w} {expected}");
    }
    let (least, most) = (weights.iter().copied().fold(1.0, f64::min), weights.iter().copied().fold(0.0, f64::max));
    assert!(least < 0.44 && most > 0.55, "{least} {most}");
}

/// M. Dhamala, V. K. Jirsa & M. Ding, Phys. Rev. Lett. 92:074104 (2004): two bursters become one at a coupling of 0.5, and not below.
#[test]
fn gap_junctions_make_bursters_one_from_a_coupling_of_a_half_on() {
    let (mut bench, all) = all_of("gap_junctions.ron", &[]);
    let left = named(&mut bench, &all, "left");
    bench.ticks(300_000);
    let apart = bench.get(left, "apart");
    let at = |coupling: f64| apart[(coupling * 60.0).round() as usize];
    assert!((0..24).all(|k| apart[k] > 0.02), "{apart:?}");
    assert!((33..61).all(|k| apart[k] < 0.01), "{apart:?}");
    assert!(at(0.0) > 0.2);
}

/// Where rates begin, and with which: currents of J. Rinzel & B. Ermentrout (1989), of the squid's axon, and of the A current.
#[test]
fn rates_begin_as_the_class_of_excitability_says() {
    let (mut bench, all) = all_of("excitability.ron", &[]);
    bench.ticks(150_000);
    for (name, current, [low, high], begins) in [
        ("class_1_rate", (|i: f64| 35.0 + i / 4.0) as fn(f64) -> f64, [39.0, 41.0], [0.4, 4.0]),
        ("class_2_rate", |i| 80.0 + i, [86.0, 92.0], [7.0, 12.0]),
        ("squid_rate", |i| i / 4.0, [6.0, 7.0], [48.0, 60.0]),
        ("connor_stevens_rate", |i| 6.0 + i / 8.0, [7.5, 8.5], [0.4, 8.0]),
        ("interneuron_rate", |i| i / 80.0, [0.15, 0.19], [0.4, 8.0]),
    ] {
        let group = named(&mut bench, &all, name);
        let rates = bench.get(group, "rate");
        let first = rates.iter().position(|rate| *rate > 0.4).unwrap();
        assert!((low..=high).contains(&current(first as f64)), "{name}: {first} {rates:?}");
        assert!((begins[0]..=begins[1]).contains(&rates[first]), "{name}: {rates:?}");
    }
}

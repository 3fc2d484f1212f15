//! The cortical microcircuit of T. C. Potjans & M. Diesmann, Cereb. Cortex 24:785 (2014), at a fraction `s` of its size, scaled
//! down as by S. J. van Albada, M. Helias & M. Diesmann, PLOS Comput. Biol. 11:e1004490 (2015): numbers of neurons and
//! in-degrees times s, weights (also of the background) divided by √s, and to each population the direct current that keeps
//! its mean input, from the rates of the full-scale network.
//!
//! Leaky integrate-and-fire neurons with exponential currents, integrated exactly on a grid of 0.1 ms (S. Rotter & M. Diesmann,
//! Biol. Cybern. 81:381, 1999), with the order of events of NEST's `iaf_psc_exp`. A step from t to t + 0.1 ms: v advances with
//! the currents at t unless refractory; currents decay; spikes whose time of arrival is t + 0.1 ms and the background of
//! the step are added to the currents; v ≥ threshold is a spike at t + 0.1 ms, after which v stands at reset for 20 steps.
//! A spike at T with a delay of d steps arrives at T + d · 0.1 ms.
//!
//! Synapses of a pair of populations: `ln(1 − p) / ln(1 − 1/(N_s N_t)) · s²`, sources and targets drawn with replacement.
//! Weights: normal, relative sd 0.1, a change of sign is set to 0. Delays: normal, rounded to steps, at least one step.

use super::{expected::MICROCIRCUIT, random::Rng};

const FULL: [f64; 8] = [20683.0, 5834.0, 21915.0, 5479.0, 4850.0, 1065.0, 14395.0, 2948.0];
const K_EXT: [f64; 8] = [1600.0, 1500.0, 2100.0, 1900.0, 2000.0, 1900.0, 2900.0, 2100.0];
const V0: [f64; 8] = [-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43];
const V0_SD: [f64; 8] = [5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48];
/// [target][source]
const P: [[f64; 8]; 8] = [
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
    [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
];
const DT: f64 = 0.1; // ms
const C: f64 = 250.0; // pF
const TAU: f64 = 10.0; // ms
const TAU_SYN: f64 = 0.5; // ms
const RING: usize = 128; // steps, more than the longest delay

struct Synapse {
    target: u32,
    delay: u16,
    weight: f32,
}

/// The network, with what its neurons need to know.
struct Network {
    /// Where each population starts, and the end.
    first: [usize; 9],
    out: Vec<Vec<Synapse>>,
    /// Direct current (pA) of each population.
    dc: [f64; 8],
    /// Weight of a spike from outside (pA).
    outside: f64,
}

/// The current (pA) that gives a postsynaptic potential of 0.15 mV: 87.8.
fn unit_weight() -> f64 {
    let peak = TAU * TAU_SYN / (TAU - TAU_SYN) * (TAU / TAU_SYN).ln();
    let psp = TAU * TAU_SYN / (C * (TAU - TAU_SYN)) * ((-peak / TAU).exp() - (-peak / TAU_SYN).exp());
    0.15 / psp
}

fn mean_weight(target: usize, source: usize) -> f64 {
    match (target, source) {
        (0, 2) => 2.0 * unit_weight(),
        (_, source) if source % 2 == 1 => -4.0 * unit_weight(),
        _ => unit_weight(),
    }
}

impl Network {
    fn new(s: f64, rng: &mut Rng) -> Self {
        let n = FULL.map(|n| (n * s).round() as usize);
        let mut first = [0; 9];
        (0..8).for_each(|p| first[p + 1] = first[p] + n[p]);
        let mut out: Vec<Vec<Synapse>> = (0..first[8]).map(|_| Vec::new()).collect();
        let mut dc = [0.0; 8];
        for t in 0..8 {
            let mut input = unit_weight() * K_EXT[t] * 8.0;
            for f in 0..8 {
                let number = (1.0 - P[t][f]).ln() / (-1.0 / (FULL[f] * FULL[t])).ln_1p();
                input += mean_weight(t, f) * number / FULL[t] * MICROCIRCUIT[f].1;
                let (mean, delay) = (mean_weight(t, f) / s.sqrt(), if f % 2 == 0 { 1.5 } else { 0.75 });
                for _ in 0..(number * s * s).round() as usize {
                    let (source, target) = (first[f] + rng.below(n[f]), (first[t] + rng.below(n[t])) as u32);
                    let weight = (mean * rng.normal(1.0, 0.1).max(0.0)) as f32;
                    let delay = (rng.normal(delay, 0.5 * delay) / DT).round().clamp(1.0, (RING - 1) as f64) as u16;
                    out[source].push(Synapse { target, delay, weight });
                }
            }
            dc[t] = 1e-3 * TAU_SYN * (1.0 - s.sqrt()) * input;
        }
        Self { first, out, dc, outside: unit_weight() / s.sqrt() }
    }
}

/// The rates (Hz) of the populations at scale `s`, between these times (s).
pub fn rates(s: f64, seed: u64, (from, to): (f64, f64)) -> [f64; 8] {
    let mut rng = Rng::new(seed);
    let Network { first, out, dc, outside } = Network::new(s, &mut rng);
    // Propagators of v (relative to rest) and of the synaptic current.
    let (leak, decay) = ((-DT / TAU).exp(), (-DT / TAU_SYN).exp());
    let from_dc = TAU / C * (1.0 - leak);
    let from_current = TAU * TAU_SYN / (C * (TAU - TAU_SYN)) * (leak - decay);
    let background = K_EXT.map(|k| k * s * 8.0 * 1e-3 * DT);
    let populations: Vec<usize> = (0..8).flat_map(|p| vec![p; first[p + 1] - first[p]]).collect();
    let mut v: Vec<f64> = populations.iter().map(|&p| rng.normal(V0[p] + 65.0, V0_SD[p])).collect();
    let (mut current, mut left) = (vec![0.0; v.len()], vec![0_u8; v.len()]);
    let mut ring = vec![vec![0.0_f32; v.len()]; RING];
    let [first_step, steps] = [from, to].map(|seconds| (seconds * 1e4).round() as usize);
    let (mut counts, mut fired) = ([0.0; 8], Vec::new());
    for step in 0..steps {
        let arriving = &mut ring[step % RING];
        fired.clear();
        for (i, &p) in populations.iter().enumerate() {
            if left[i] == 0 {
                v[i] = leak * v[i] + from_dc * dc[p] + from_current * current[i];
            } else {
                left[i] -= 1;
            }
            let spikes = rng.poisson(background[p], (-background[p]).exp());
            current[i] = decay * current[i] + f64::from(std::mem::take(&mut arriving[i])) + outside * spikes;
            if v[i] >= 15.0 {
                (v[i], left[i]) = (0.0, 20);
                fired.push(i);
                counts[p] += if step >= first_step { 1.0 } else { 0.0 };
            }
        }
        // This step's arrivals are those at its end: a delay of d steps is d steps later.
        for synapse in fired.iter().flat_map(|&i| &out[i]) {
            ring[(step + synapse.delay as usize) % RING][synapse.target as usize] += synapse.weight;
        }
    }
    [0, 1, 2, 3, 4, 5, 6, 7].map(|p| counts[p] / (first[p + 1] - first[p]) as f64 / (to - from))
}

//! The self-sustained network of conductance-based neurons of T. P. Vogels & L. F. Abbott, J. Neurosci. 25:10786 (2005), in
//! the form of R. Brette et al., J. Comput. Neurosci. 23:349 (2007), benchmark 1.
//!
//! 3200 excitatory and 800 inhibitory neurons (the first 3200 and the last 800), no external input:
//! ```text
//! C dv/dt = g_L (E_L − v) + g_e (0 − v) + g_i (−80 − v) + bias     [pF, mV, ms, nS, pA]
//! dg_e/dt = −g_e / 5 ms,  dg_i/dt = −g_i / 10 ms,  threshold −50 mV, reset −60 mV, refractory 5 ms
//! ```
//! Time is a grid of 0.1 ms. One step: (1) spikes of the step before add to the conductances; (2) v is advanced by
//! fourth-order Runge–Kutta in five parts, with the exact decay of the conductances inside the parts; (3) v ≥ threshold
//! at the end is a spike: v = reset, held for 50 steps, while conductances go on to decay and to receive spikes.

use super::random::Rng;

const E: usize = 3200;
const N: usize = 4000;
const G_LEAK: f64 = 10.0;
const C: f64 = 200.0;
const DT: f64 = 0.1;
const PARTS: usize = 5;

/// How neurons are joined.
#[derive(Clone, Copy, PartialEq)]
pub enum Wiring {
    /// Every ordered pair but that of a neuron with itself, with probability 0.02.
    Probability,
    /// 64 excitatory and 16 inhibitory sources for each neuron, drawn with replacement.
    FixedInDegree,
}

/// Jumps of 6 and 67 nS, the network started by random conductances; or jumps of 4 and 51 nS and a bias of 200 pA.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    Paper,
    Benchmark,
}

fn targets(wiring: Wiring, rng: &mut Rng) -> Vec<Vec<u32>> {
    let mut targets = vec![Vec::new(); N];
    for i in 0..N {
        if wiring == Wiring::FixedInDegree {
            (0..64).for_each(|_| targets[rng.below(E)].push(i as u32));
            (0..16).for_each(|_| targets[E + rng.below(N - E)].push(i as u32));
        } else {
            targets[i] = (0..N as u32).filter(|&j| rng.uniform() < 0.02 && j as usize != i).collect();
        }
    }
    targets
}

struct State {
    v: f64,
    conductances: [f64; 2],
    left: u32,
}

impl State {
    fn start(form: Form, rng: &mut Rng) -> Self {
        let (v, conductances) = match form {
            Form::Paper => {
                (rng.normal(-65.0, 5.0), [(40.0, 15.0), (200.0, 120.0)].map(|(m, sd)| rng.normal(m, sd).max(0.0)))
            }
            Form::Benchmark => (-60.0 + 10.0 * rng.uniform(), [0.0; 2]),
        };
        Self { v, conductances, left: 0 }
    }

    /// A part of a step; `half` are the factors by which conductances decay in half of it.
    fn runge_kutta(&mut self, bias: f64, half: [f64; 2]) {
        let h = DT / PARTS as f64;
        let slope = |v: f64, [e, i]: [f64; 2]| (G_LEAK * (-60.0 - v) - e * v + i * (-80.0 - v) + bias) / C;
        let later = |g: [f64; 2]| [g[0] * half[0], g[1] * half[1]];
        let (start, middle) = (self.conductances, later(self.conductances));
        let end = later(middle);
        let k1 = slope(self.v, start);
        let k2 = slope(self.v + 0.5 * h * k1, middle);
        let k3 = slope(self.v + 0.5 * h * k2, middle);
        let k4 = slope(self.v + h * k3, end);
        self.v += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        self.conductances = end;
    }

    fn fires(&mut self) -> bool {
        let fires = self.left == 0 && self.v >= -50.0;
        if fires || self.left > 0 {
            (self.v, self.left) = (-60.0, if fires { 50 } else { self.left - 1 });
        }
        fires
    }
}

/// The rates (Hz) of E and I from 0.1 to 1 s; none if nobody fires in the last 100 ms.
pub fn rates(form: Form, wiring: Wiring, seed: u64) -> Option<[f64; 2]> {
    let (jumps, bias) = if form == Form::Paper { ([6.0, 67.0], 0.0) } else { ([4.0, 51.0], 200.0) };
    let mut rng = Rng::new(seed);
    let targets = targets(wiring, &mut rng);
    let mut cells: Vec<State> = (0..N).map(|_| State::start(form, &mut rng)).collect();
    let half = [5.0, 10.0].map(|tau| (-0.5 * DT / PARTS as f64 / tau).exp());
    let (mut fired, mut counts, mut last): (Vec<usize>, _, _) = (Vec::new(), [0.0; 2], 0);
    for step in 0..10_000 {
        for source in std::mem::take(&mut fired) {
            let kind = usize::from(source >= E);
            targets[source].iter().for_each(|&target| cells[target as usize].conductances[kind] += jumps[kind]);
        }
        for (i, cell) in cells.iter_mut().enumerate() {
            (0..PARTS).for_each(|_| cell.runge_kutta(bias, half));
            if cell.fires() {
                fired.push(i);
                last = step;
                counts[usize::from(i >= E)] += if step >= 1000 { 1.0 } else { 0.0 };
            }
        }
    }
    (last >= 9000).then_some([counts[0] / E as f64 / 0.9, counts[1] / (N - E) as f64 / 0.9])
}

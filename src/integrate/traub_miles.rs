//! The cortical and hippocampal cell of R. D. Traub & R. Miles, "Neuronal Networks of the Hippocampus", Cambridge (1991), as
//! simplified for benchmark 3 of R. Brette et al., "Simulation of networks of spiking neurons", J. Comput. Neurosci.
//! 23:349 (2007), appendix 2.
//!
//! ```text
//! c dv/dt = g_na m³h (e_na − v) + g_k n⁴ (e_k − v) + g_leak (e_leak − v) + input − conductance · v
//! dx/dt   = α (1 − x) − β x      for x = m, h, n;   with V = v − v_t:
//!
//! α_m = 0.32 (13 − V) / (exp((13 − V)/4) − 1)       β_m = 0.28 (V − 40) / (exp((V − 40)/5) − 1)
//! α_h = 0.128 exp((17 − V)/18)                      β_h = 4 / (1 + exp((40 − V)/5))
//! α_n = 0.032 (15 − V) / (exp((15 − V)/5) − 1)      β_n = 0.5 exp((10 − V)/40)
//! ```
//! Units: pF, nS, pA, mV, ms. Method and spikes as in `hodgkin_huxley.rs`: gates and potential in turn, each exactly (see
//! `channels.rs`), of second order; steps of 0.05 ms or less for its spikes, which count in the iteration in which v
//! crosses `threshold` upwards. Nothing is reset.

use bevy_app::App;

use super::{
    channels::{Channels, Rates, linoid, steady},
    driver::AddModel,
};
use crate::{
    behaviour,
    network::{Behaviour, Initial, Parameter, Range, Unit},
    numeric::{Real, exp},
};

behaviour! {
    /// Traub–Miles neurons: Hodgkin–Huxley channels with the kinetics of cortical and hippocampal cells.
    ///
    /// By default the cell of the benchmark, 20 000 µm² of membrane with 1 µF/cm², 100, 30 and 0.05 mS/cm². As it
    /// stands there it has no resting state: it fires by itself unless something holds it down.
    pub struct TraubMiles {
        /// Capacitance of the membrane.
        #[reflect(@Unit("pF"), @Range::ABOVE_ZERO)]
        pub c: Parameter = 200.0,
        /// Conductance of all sodium channels.
        #[reflect(@Unit("nS"), @Range::NOT_NEGATIVE)]
        pub g_na: Parameter = 20_000.0,
        /// Conductance of all potassium channels.
        #[reflect(@Unit("nS"), @Range::NOT_NEGATIVE)]
        pub g_k: Parameter = 6_000.0,
        /// Leak conductance.
        #[reflect(@Unit("nS"), @Range::ABOVE_ZERO)]
        pub g_leak: Parameter = 10.0,
        /// Reversal potential of sodium.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub e_na: Parameter = 50.0,
        /// Reversal potential of potassium.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub e_k: Parameter = -90.0,
        /// Reversal potential of the leak.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub e_leak: Parameter = -60.0,
        /// Potential from which the rates count; shifts the threshold.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub v_t: Parameter = -63.0,
        /// Potential whose crossing upwards is a spike.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub threshold: Parameter = -20.0,
        /// Steps in an iteration.
        #[reflect(@Range::STEPS)]
        pub steps: u32 = 1,
        /// Membrane potential at the start.
        #[reflect(@Unit("mV"))]
        pub v: Initial = "e_leak",
        /// Sodium activation at the start.
        pub m: Initial = steady(Self::opening(3.0)[0]),
        /// Sodium inactivation at the start.
        pub h: Initial = steady(Self::opening(3.0)[1]),
        /// Potassium activation at the start.
        pub n: Initial = steady(Self::opening(3.0)[2]),
    }
}

impl Behaviour for TraubMiles {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }
}

impl Channels for TraubMiles {
    #[inline(always)]
    fn opening(v: Real) -> Rates {
        [
            (1.28 * linoid(0.25 * (v - 13.0)), 1.4 * linoid(0.2 * (40.0 - v))),
            (0.128 * exp((17.0 - v) * (1.0 / 18.0)), 4.0 / (1.0 + exp(0.2 * (40.0 - v)))),
            (0.16 * linoid(0.2 * (v - 15.0)), 0.5 * exp((10.0 - v) * (1.0 / 40.0))),
        ]
    }

    fn origin(&self, i: usize) -> Real {
        self.v_t.at(i)
    }

    fn membrane(&self) -> [&Parameter; 8] {
        let Self { c, g_na, g_k, g_leak, e_na, e_k, e_leak, threshold, .. } = self;
        [c, g_leak, g_na, g_k, e_na, e_k, e_leak, threshold]
    }

    fn steps(&self) -> u32 {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::test_drive::{TestDrive, feeding, order_of, solution, spike_times},
        TraubMiles,
    };
    use crate::prelude::*;

    /// The paper's equations as they stand there, in f64, for v, m, h, n.
    fn slope([v, m, h, n]: [f64; 4], input: f64, conductance: f64) -> [f64; 4] {
        let u = v + 63.0;
        let gate = |x: f64, open: f64, close: f64| open * (1.0 - x) - close * x;
        let channels = 20_000.0 * m.powi(3) * h * (50.0 - v) + 6_000.0 * n.powi(4) * (-90.0 - v);
        [
            (channels + 10.0 * (-60.0 - v) + input - conductance * v) / 200.0,
            gate(
                m,
                0.32 * (13.0 - u) / (((13.0 - u) / 4.0).exp() - 1.0),
                0.28 * (u - 40.0) / (((u - 40.0) / 5.0).exp() - 1.0),
            ),
            gate(h, 0.128 * ((17.0 - u) / 18.0).exp(), 4.0 / (1.0 + ((40.0 - u) / 5.0).exp())),
            gate(n, 0.032 * (15.0 - u) / (((15.0 - u) / 5.0).exp() - 1.0), 0.5 * ((10.0 - u) / 40.0).exp()),
        ]
    }

    const START: [f64; 4] = [-55.3, 0.03, 0.9, 0.1];

    fn started() -> TraubMiles {
        let [v, m, h, n] = START.map(Initial::from);
        TraubMiles { v, m, h, n, ..default() }
    }

    fn driven(amplitude: f64) -> ConstantCurrent {
        ConstantCurrent { amplitude: amplitude.into() }
    }

    const NAMES: [&str; 4] = ["v", "m", "h", "n"];

    /// The largest distances from the reference at each half millisecond of 8, in which action potentials rise and fall.
    fn error(dt: f64, steps: u32, conductance: f64) -> [f64; 4] {
        let mut bench = feeding(Bench::new().with_dt(dt));
        let fed = TestDrive { conductance: vec![conductance; usize::from(conductance > 0.0)], ..default() };
        // A conductance with a reversal potential of −60 mV.
        let input = 600.0 - 60.0 * conductance;
        let cells = bench.group("cells", 1, (TraubMiles { steps, ..started() }, fed, driven(input)));
        let (mut reference, mut largest) = (START, [0.0_f64; 4]);
        for _ in 0..16 {
            bench.ticks((0.5 / dt).round() as u64);
            reference = solution(reference, 0.5, |y| slope(y, input, conductance));
            largest = std::array::from_fn(|k| largest[k].max((bench.get(cells, NAMES[k])[0] - reference[k]).abs()));
        }
        largest
    }

    #[test]
    fn it_converges_to_the_solution_with_the_second_order() {
        for conductance in [0.0, 6.0] {
            let errors = [0.025, 0.0125, 0.00625].map(|dt| error(dt, 1, conductance));
            for (k, name) in NAMES.iter().enumerate() {
                let errors = errors.map(|error| error[k]);
                assert!(order_of(&errors) > 1.8, "{name}: {errors:?}");
            }
            // On the steepest flank of an action potential, which v climbs at some 300 mV/ms: under 1 µs.
            assert!(errors[2][0] < 0.2, "{errors:?}");
        }
        // Steps in an iteration are steps.
        let [few, many] = [error(0.0625, 1, 0.0), error(0.25, 4, 0.0)];
        assert!(few.iter().zip(&many).all(|(few, many)| (few - many).abs() < 1e-3), "{few:?} {many:?}");
    }

    /// Rest is where the current of the steady gates vanishes; bisection finds it. Without a current that holds it down, there
    /// is no such place: as it stands in the paper, the cell fires by itself.
    #[test]
    fn held_down_it_rests_where_the_current_vanishes() {
        let current = |v: f64| {
            let gate = |k: usize| {
                let [opens, closes] = [0.0, 1.0].map(|x| slope([v, x, x, x], -60.0, 0.0)[k].abs());
                opens / (opens + closes)
            };
            slope([v, gate(1), gate(2), gate(3)], -60.0, 0.0)[0]
        };
        let (mut low, mut high) = (-80.0, -60.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if current(middle) > 0.0 { low = middle } else { high = middle }
        }
        let mut bench = Bench::new().with_dt(0.1);
        let cells = bench.group("cells", 1, (TraubMiles::default(), driven(-60.0)));
        let free = bench.group("free", 1, TraubMiles::default());
        bench.ticks(5000);
        assert!((bench.get(cells, "v")[0] - low).abs() < 0.01, "{low}");
        assert!(bench.spike_count(cells) == 0 && bench.spike_count(free) > 1, "{}", bench.spike_count(free));
    }

    /// Against the crossings of −20 mV in the reference.
    #[test]
    fn a_train_has_its_spikes_when_the_equations_say_and_each_counts_once() {
        let (mut y, mut expected) = (START, Vec::new());
        for step in 0..10_000 {
            let next = solution(y, 1e-2, |y| slope(y, 600.0, 0.0));
            if y[0] < -20.0 && next[0] >= -20.0 {
                expected.push(f64::from(step) * 1e-2);
            }
            y = next;
        }
        let dt = 0.02;
        let mut bench = Bench::new().with_dt(dt);
        let cells = bench.group("cells", 1, (started(), driven(600.0)));
        let found: Vec<f64> = spike_times(&mut bench, cells, 5000).into_iter().map(|t| t as f64 * dt).collect();
        assert!(found.len() == expected.len() && found.len() > 5, "{found:?} {expected:?}");
        for (k, (found, expected)) in (1..).zip(found.iter().zip(&expected)) {
            assert!((found - expected).abs() < 0.02 + 0.01 * f64::from(k), "spike {k}: {found} {expected}");
        }
    }

    #[test]
    fn it_stays_finite_whatever_comes_in() {
        for dt in [0.1, 1.0, 50.0] {
            let mut bench = feeding(Bench::new().with_dt(dt));
            let fed = TestDrive { conductance: vec![1e9, 0.0, 1e3, 0.0], ..default() };
            let current = ConstantCurrent { amplitude: "uniform(-1e15, 1e15)".into() };
            let cells = bench.group("cells", 4, (TraubMiles { g_na: "20000 * i".into(), ..default() }, fed, current));
            bench.ticks(300);
            for name in NAMES {
                assert!(bench.get(cells, name).iter().all(|x| x.is_finite()), "{name}");
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let model = TraubMiles { g_na: (-1.0).into(), ..default() };
        let error = bench.try_group("cells", 2, model).unwrap_err();
        assert_eq!(error, "cells: TraubMiles.g_na: must be 0 or more, not -1");
    }
}

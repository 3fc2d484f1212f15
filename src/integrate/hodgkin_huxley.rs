//! The squid axon of A. L. Hodgkin & A. F. Huxley, "A quantitative description of membrane current and its application to
//! conduction and excitation in nerve", J. Physiol. 117:500 (1952), eqs. 26 and 7, 12, 13, 15, 16, 20, 21, 23, 24.
//!
//! ```text
//! c dv/dt = g_na m³h (e_na − v) + g_k n⁴ (e_k − v) + g_leak (e_leak − v) + input − conductance · v
//! dx/dt   = α (1 − x) − β x      for x = m, h, n;   with V = v + 65:
//!
//! α_m = 0.1 (25 − V) / (exp((25 − V)/10) − 1)       β_m = 4 exp(−V/18)
//! α_h = 0.07 exp(−V/20)                             β_h = 1 / (exp((30 − V)/10) + 1)
//! α_n = 0.01 (10 − V) / (exp((10 − V)/10) − 1)      β_n = 0.125 exp(−V/80)
//! ```
//! At 6.3 °C. V is the paper's potential with today's sign: from rest, which is put at −65 mV, and depolarisation
//! upwards. Units per area: µF/cm², mS/cm², µA/cm², mV, ms, so that a receptor's conductances are in mS/cm² and its currents in
//! µA/cm². For a whole cell see `TraubMiles`: pF, nS, pA.
//!
//! Method: gates and potential in turn, each exactly (see `channels.rs`): second order, `steps` times in an iteration.
//! A spike needs steps of 0.05 ms or less. It counts in the iteration in which v crosses `threshold` upwards. Nothing is
//! reset, and the refractory period is the channels' own.

use bevy_app::App;

use super::{
    channels::{Channels, Rates, linoid, steady},
    driver::AddModel,
};
use crate::{
    behaviour,
    network::{Behaviour, Initial, Parameter, Range, Unit, Units},
    numeric::{Real, exp, real::real},
};

/// What receptors and inputs of this model are counted in.
const PER_AREA: Units = Units(&[("conductance", "mS/cm²"), ("input", "µA/cm²"), ("current", "µA/cm²")]);

/// Potential (mV) from which the paper counts.
const REST: f64 = -65.0;

behaviour! {
    /// Hodgkin–Huxley neurons: the membrane of the squid giant axon.
    ///
    /// By default the axon of the paper, table 3, at rest.
    #[require(Units = PER_AREA)]
    pub struct HodgkinHuxley {
        /// Capacitance of the membrane.
        #[reflect(@Unit("µF/cm²"), @Range::ABOVE_ZERO)]
        pub c: Parameter = 1.0,
        /// Conductance of all sodium channels.
        #[reflect(@Unit("mS/cm²"), @Range::NOT_NEGATIVE)]
        pub g_na: Parameter = 120.0,
        /// Conductance of all potassium channels.
        #[reflect(@Unit("mS/cm²"), @Range::NOT_NEGATIVE)]
        pub g_k: Parameter = 36.0,
        /// Leak conductance.
        #[reflect(@Unit("mS/cm²"), @Range::ABOVE_ZERO)]
        pub g_leak: Parameter = 0.3,
        /// Reversal potential of sodium.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub e_na: Parameter = REST + 115.0,
        /// Reversal potential of potassium.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub e_k: Parameter = REST - 12.0,
        /// Reversal potential of the leak.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub e_leak: Parameter = REST + 10.613,
        /// Potential whose crossing upwards is a spike.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub threshold: Parameter = 0.0,
        /// Steps in an iteration.
        #[reflect(@Range::STEPS)]
        pub steps: u32 = 1,
        /// Membrane potential at the start.
        #[reflect(@Unit("mV"))]
        pub v: Initial = REST,
        /// Sodium activation at the start.
        pub m: Initial = steady(Self::opening(0.0)[0]),
        /// Sodium inactivation at the start.
        pub h: Initial = steady(Self::opening(0.0)[1]),
        /// Potassium activation at the start.
        pub n: Initial = steady(Self::opening(0.0)[2]),
    }
}

impl Behaviour for HodgkinHuxley {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }
}

impl Channels for HodgkinHuxley {
    #[inline(always)]
    fn opening(v: Real) -> Rates {
        [
            (linoid(0.1 * (v - 25.0)), 4.0 * exp(v * (-1.0 / 18.0))),
            (0.07 * exp(v * (-1.0 / 20.0)), 1.0 / (exp(0.1 * (30.0 - v)) + 1.0)),
            (0.1 * linoid(0.1 * (v - 10.0)), 0.125 * exp(v * (-1.0 / 80.0))),
        ]
    }

    fn origin(&self, _: usize) -> Real {
        real(REST)
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
        HodgkinHuxley,
    };
    use crate::prelude::*;

    /// The paper's equations as they stand there, in f64, for v, m, h, n.
    fn slope([v, m, h, n]: [f64; 4], input: f64, conductance: f64) -> [f64; 4] {
        let u = v + 65.0;
        let gate = |x: f64, open: f64, close: f64| open * (1.0 - x) - close * x;
        [
            120.0 * m.powi(3) * h * (50.0 - v) + 36.0 * n.powi(4) * (-77.0 - v) + 0.3 * (-54.387 - v) + input
                - conductance * v,
            gate(m, 0.1 * (25.0 - u) / ((2.5 - 0.1 * u).exp() - 1.0), 4.0 * (-u / 18.0).exp()),
            gate(h, 0.07 * (-u / 20.0).exp(), 1.0 / ((3.0 - 0.1 * u).exp() + 1.0)),
            gate(n, 0.01 * (10.0 - u) / ((1.0 - 0.1 * u).exp() - 1.0), 0.125 * (-u / 80.0).exp()),
        ]
    }

    const START: [f64; 4] = [-62.3, 0.06, 0.58, 0.33];

    fn started() -> HodgkinHuxley {
        let [v, m, h, n] = START.map(Initial::from);
        HodgkinHuxley { v, m, h, n, ..default() }
    }

    fn driven(amplitude: f64) -> ConstantCurrent {
        ConstantCurrent { amplitude: amplitude.into() }
    }

    const NAMES: [&str; 4] = ["v", "m", "h", "n"];

    /// The distances from the reference after 4 ms, in which an action potential rises and falls.
    fn error(dt: f64, steps: u32, conductance: f64) -> [f64; 4] {
        let mut bench = feeding(Bench::new().with_dt(dt));
        let fed = TestDrive { conductance: vec![conductance; usize::from(conductance > 0.0)], ..default() };
        // A conductance with a reversal potential of −65 mV.
        let input = 20.0 - 65.0 * conductance;
        let cells = bench.group("cells", 1, (HodgkinHuxley { steps, ..started() }, fed, driven(input)));
        bench.ticks((4.0 / dt).round() as u64);
        let reference = solution(START, 4.0, |y| slope(y, input, conductance));
        std::array::from_fn(|k| (bench.get(cells, NAMES[k])[0] - reference[k]).abs())
    }

    #[test]
    fn it_converges_to_the_solution_with_the_second_order() {
        for conductance in [0.0, 0.1] {
            let errors = [0.1, 0.05, 0.025].map(|dt| error(dt, 1, conductance));
            for (k, name) in NAMES.iter().enumerate() {
                let errors = errors.map(|error| error[k]);
                assert!(order_of(&errors) > 1.8, "{name}: {errors:?}");
            }
            // 0.2 mV of an action potential of 100 mV.
            assert!(errors[2][0] < 0.2, "{errors:?}");
        }
        // Steps in an iteration are steps.
        let [few, many] = [error(0.05, 1, 0.0), error(0.2, 4, 0.0)];
        assert!(few.iter().zip(&many).all(|(few, many)| (few - many).abs() < 1e-3), "{few:?} {many:?}");
    }

    /// The leak's reversal potential was chosen in the paper so that the current at rest is zero.
    #[test]
    fn the_axon_rests_at_the_papers_zero() {
        let mut bench = Bench::new().with_dt(0.1);
        let cells = bench.group("cells", 1, HodgkinHuxley::default());
        bench.ticks(1000);
        assert!((bench.get(cells, "v")[0] + 65.0).abs() < 0.01);
    }

    /// The paper, fig. 12: a shock of 7 mV sets off an action potential of about 90 mV or more, one of 6 mV none.
    #[test]
    fn a_shock_above_threshold_sets_off_one_full_action_potential() {
        let mut bench = Bench::new().with_dt(0.02);
        let model = HodgkinHuxley { v: "-65 + 6 + i".into(), threshold: (-20.0).into(), ..default() };
        let cells = bench.group("cells", 2, model);
        let mut peaks = [-65.0_f64; 2];
        for _ in 0..1500 {
            bench.tick();
            let v = bench.get(cells, "v");
            peaks = [peaks[0].max(v[0]), peaks[1].max(v[1])];
        }
        assert_eq!(bench.spike_count(cells), 1);
        assert!(peaks[0] < -55.0 && (90.0..110.0).contains(&(peaks[1] + 65.0)), "{peaks:?}");
    }

    /// Rinzel & Miller, Math. Biosci. 49:27 (1980): repetitive firing exists from 6.26 µA/cm² upwards.
    #[test]
    fn a_current_above_6_26_is_answered_by_a_train_of_spikes() {
        let mut bench = Bench::new().with_dt(0.02);
        let put = |bench: &mut Bench, input: f64| bench.group("cells", 1, (HodgkinHuxley::default(), driven(input)));
        let [below, above, well_above] = [6.15, 6.4, 10.0].map(|input| put(&mut bench, input));
        let late = |bench: &Bench| [below, above, well_above].map(|cells| bench.spike_count(cells));
        bench.ticks(15_000);
        let early = late(&bench);
        bench.ticks(25_000);
        let [below, above, well_above] = std::array::from_fn(|k| late(&bench)[k] - early[k]);
        // At 10 µA/cm² the period is 14.6 ms at 6.3 °C.
        assert!(below == 0 && above > 20 && (33..=35).contains(&well_above), "{below} {above} {well_above}");
    }

    #[test]
    fn a_spike_counts_once_when_v_crosses_the_threshold_upwards() {
        let mut bench = Bench::new().with_dt(0.05);
        let cells = bench.group("cells", 1, (started(), driven(20.0)));
        let times = spike_times(&mut bench, cells, 200);
        // In the first 10 ms the train at 20 µA/cm² has a single spike.
        let (mut y, mut crossing) = (START, 0.0);
        while y[0] < 0.0 {
            y = solution(y, 1e-3, |y| slope(y, 20.0, 0.0));
            crossing += 1e-3;
        }
        assert_eq!(times.len(), 1);
        assert!((times[0] as f64 * 0.05 - crossing).abs() < 0.06, "{times:?} {crossing}");
    }

    #[test]
    fn it_stays_finite_whatever_comes_in() {
        for dt in [0.1, 1.0, 50.0] {
            let mut bench = feeding(Bench::new().with_dt(dt));
            let fed = TestDrive { conductance: vec![1e9, 0.0, 1e3, 0.0], ..default() };
            let current = ConstantCurrent { amplitude: "uniform(-1e15, 1e15)".into() };
            let cells = bench.group("cells", 4, (HodgkinHuxley { g_na: "120 * i".into(), ..default() }, fed, current));
            bench.ticks(300);
            for name in NAMES {
                assert!(bench.get(cells, name).iter().all(|x| x.is_finite()), "{name}");
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let model = HodgkinHuxley { g_na: (-120.0).into(), ..default() };
        let error = bench.try_group("cells", 2, model).unwrap_err();
        assert_eq!(error, "cells: HodgkinHuxley.g_na: must be 0 or more, not -120");
    }
}

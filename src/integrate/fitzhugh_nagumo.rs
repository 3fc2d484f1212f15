//! The model of R. FitzHugh, "Impulses and physiological states in theoretical models of nerve membrane", Biophys. J. 1:445
//! (1961), and J. Nagumo, S. Arimoto & S. Yoshizawa, Proc. IRE 50:2061 (1962), in the form of E. M. Izhikevich &
//! R. FitzHugh, "FitzHugh–Nagumo model", Scholarpedia 1(9):1349 (2006).
//!
//! ```text
//!       dv/dt = v − v³/3 − w + input
//! tau · dw/dt = v + a − b w
//! ```
//! Dimensionless; the unit of time is taken to be a millisecond.
//!
//! Method: v³/3 is a decay of v at the rate v²/3, and b w / tau one of w. With the rates and all the rest held, a step is
//! the exact solution; a second one takes the means of both over the first (Heun's corrector). Second order in
//! h = dt / steps, and bounded for any input, where an explicit method explodes from h v² of about 2. The first one is held
//! within the larger of v and ∛(3 (v − w + input)), where the cubic has balanced all: without, the mean of the rates of a
//! step in which the input leaps is so large that v stays near zero for ever (10 at a step of 1 ms).
//!
//! A spike counts in the iteration in which v crosses `threshold` upwards. Nothing is reset.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    channels::linoid,
    driver::AddModel,
    model::{At, Drive, NeuronModel, Steps},
};
use crate::{
    behaviour, cell,
    network::{Behaviour, Initial, Parameter, Range, Step, Unit, Units, V},
    numeric::{
        Real,
        carried::Carried,
        exp_m1,
        real::{rough_cbrt, wide},
    },
    variable,
};

variable! {
    /// Recovery variable of the FitzHugh–Nagumo model.
    pub struct SlowRecovery = "w" in "";
}

behaviour! {
    /// FitzHugh–Nagumo neurons: excitability and oscillation in two variables.
    ///
    /// By default the usual parameters, near rest.
    #[require(Units = Units(&[("v", "")]))]
    pub struct FitzHughNagumo {
        /// Shift of the recovery's resting value.
        #[reflect(@Range::FINITE)]
        pub a: Parameter = 0.7,
        /// Decay of recovery.
        #[reflect(@Range::NOT_NEGATIVE)]
        pub b: Parameter = 0.8,
        /// How much slower recovery is than v.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau: Parameter = 12.5,
        /// Value of v whose crossing upwards is a spike.
        #[reflect(@Range::FINITE)]
        pub threshold: Parameter = 0.0,
        /// Steps in an iteration.
        #[reflect(@Range::STEPS)]
        pub steps: u32 = 1,
        /// v at the start.
        pub v: Initial = -1.1994,
        /// Recovery at the start.
        pub w: Initial = -0.6243,
    }
}

impl Behaviour for FitzHughNagumo {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }
}

cell! {
    /// The constants of a neuron.
    pub struct Cell {
        a: Real,
        b: Real,
        /// h / tau
        slow: Real,
        threshold: Real,
    }
}

impl NeuronModel for FitzHughNagumo {
    type State = (V, SlowRecovery);
    type Cell = Cell;
    type Takes = ();
    const STEPS: Steps = Steps::UpTo(0);

    fn steps(&self) -> u32 {
        self.steps
    }

    fn cell(&self, i: usize, step: Step) -> Cell {
        let Self { a, b, tau, threshold, .. } = self;
        Cell { a: a.at(i), b: b.at(i), slow: step.h() / tau.at(i), threshold: threshold.at(i) }
    }

    fn rates(&self, i: usize) -> [Option<f64>; 2] {
        [None, Some(1.0 / wide(self.tau.at(i)))]
    }

    #[inline(always)]
    fn step<X: Carried>(cell: Cell, [v, w]: [X; 2], drive: impl Drive, at: At) -> ([X; 2], bool) {
        let Cell { a, b, slow, threshold } = cell;
        let (x, y, input) = (v.value(), w.value(), drive.input());
        let (rate, source) = (x * x * (1.0 / 3.0), x - y + input);
        let most = x.abs().max(rough_cbrt(3.0 * source.abs()));
        let first = decayed(x, source, rate, at.h).max(-most).min(most);
        let recovering = decayed(y, x + a, b, slow);
        let mean_rate = 0.5 * (rate + first * first * (1.0 / 3.0));
        let end = relaxed(v, 0.5 * (x + first) - 0.5 * (y + recovering) + input, mean_rate, at.h);
        let recovered = relaxed(w, 0.5 * (x + end.value()) + a, b, slow);
        ([end, recovered], (x < threshold) & (end.value() >= threshold))
    }
}

/// The solution of x' = source − rate · x after a time; a rate is not negative.
#[inline(always)]
fn decayed(x: Real, source: Real, rate: Real, time: Real) -> Real {
    // In this form no product overflows before it is damped.
    x * (1.0 + exp_m1(-rate * time)) + source * (time / linoid(rate * time))
}

/// By how much x changes in it.
#[inline(always)]
fn changing(x: Real, source: Real, rate: Real, time: Real) -> Real {
    x * exp_m1(-rate * time) + source * (time / linoid(rate * time))
}

/// The same of a variable of the state.
#[inline(always)]
fn relaxed<X: Carried>(x: X, source: Real, rate: Real, time: Real) -> X {
    if X::CARRIES {
        x.moved(changing(x.value(), source, rate, time))
    } else {
        X::of(decayed(x.value(), source, rate, time))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::test_drive::{order_of, solution, spike_times},
        FitzHughNagumo,
    };
    use crate::prelude::*;

    /// dv/dt and dw/dt of the default cell.
    fn slope([v, w]: [f64; 2], input: f64) -> [f64; 2] {
        [v - v.powi(3) / 3.0 - w + input, (v + 0.7 - 0.8 * w) / 12.5]
    }

    fn driven(amplitude: f64) -> ConstantCurrent {
        ConstantCurrent { amplitude: amplitude.into() }
    }

    /// The distances of v and w from the reference after 12 ms, in which an impulse rises.
    fn error(dt: f64, steps: u32) -> [f64; 2] {
        let mut bench = Bench::new().with_dt(dt);
        let model = FitzHughNagumo { v: (-1.0).into(), w: (-0.5).into(), steps, ..default() };
        let cells = bench.group("cells", 1, (model, driven(0.8)));
        bench.ticks((12.0 / dt).round() as u64);
        let reference = solution([-1.0, -0.5], 12.0, |y| slope(y, 0.8));
        [bench.get(cells, "v")[0] - reference[0], bench.get(cells, "w")[0] - reference[1]].map(f64::abs)
    }

    /// v³/3 − v + (v + a)/b = input, by halving.
    fn rest(input: f64) -> f64 {
        let balance = |v: f64| v.powi(3) / 3.0 - v + (v + 0.7) / 0.8 - input;
        let mut ends = [0.0, 1e8];
        for _ in 0..200 {
            let middle = 0.5 * (ends[0] + ends[1]);
            ends[usize::from(balance(middle) > 0.0)] = middle;
        }
        ends[0]
    }

    #[test]
    fn however_strong_its_input_v_ends_where_the_cubic_balances_it() {
        for (dt, amplitude) in
            [(1.0, 10.0), (1.0, 50.0), (0.1, 300.0), (0.1, 1e4), (0.5, 1e15), (0.1, 1e20), (1.0, 3e22)]
        {
            let mut bench = Bench::new().with_dt(dt);
            let cells = bench.group("cells", 1, (FitzHughNagumo::default(), driven(amplitude)));
            bench.ticks((300.0 / dt) as u64);
            let (v, expected) = (bench.get(cells, "v")[0], rest(amplitude));
            assert!((v / expected - 1.0).abs() < 2e-3, "{dt} {amplitude}: {v} {expected}");
        }
    }

    #[test]
    fn it_converges_to_the_solution_with_the_second_order() {
        let errors = [0.2, 0.1, 0.05].map(|dt| error(dt, 1));
        for variable in [0, 1] {
            let errors = errors.map(|error| error[variable]);
            assert!(order_of(&errors) > 1.8, "{variable}: {errors:?}");
        }
        assert!(errors[2].iter().all(|&error| error < 2e-3), "{errors:?}");
        let [few, many] = [error(0.1, 1), error(0.4, 4)];
        assert!((few[0] - many[0]).abs() < 1e-5 && (few[1] - many[1]).abs() < 1e-5, "{few:?} {many:?}");
    }

    /// The fixed point is stable but where |v| < √(1 − b/tau), which currents between 0.331 and 1.419 bring about.
    #[test]
    fn it_oscillates_between_the_hopf_bifurcations() {
        let v: f64 = -(1.0 - 0.8 / 12.5_f64).sqrt();
        let critical = |v: f64| (v + 0.7) / 0.8 - v + v.powi(3) / 3.0;
        let mut bench = Bench::new().with_dt(0.1);
        // A hair from the fixed point, which the model finds by itself where it is stable.
        let mut put = |input: f64, v: f64| {
            let model = FitzHughNagumo { v: (v + 0.01).into(), w: ((v + 0.7) / 0.8).into(), ..default() };
            bench.group("cells", 1, (model, driven(input)))
        };
        let [rests, oscillates] = [-0.01, 0.01].map(|by| put(critical(v) + by, v));
        let [still, blocked] = [-0.01, 0.01].map(|by| put(critical(-v) + by, -v));
        bench.ticks(20_000);
        let [rests, oscillates, still, blocked] = [rests, oscillates, still, blocked].map(|c| bench.spike_count(c));
        assert!(rests == 0 && blocked == 0, "{rests} {blocked}");
        assert!(oscillates > 20 && still > 20, "{oscillates} {still}");
    }

    #[test]
    fn an_oscillation_has_the_period_of_the_equations_and_a_spike_in_each() {
        let (mut y, mut expected) = ([-1.0, -0.5], Vec::new());
        for step in 0..20_000 {
            let next = solution(y, 1e-2, |y| slope(y, 0.5));
            if y[0] < 0.0 && next[0] >= 0.0 {
                expected.push(f64::from(step) * 1e-2);
            }
            y = next;
        }
        let mut bench = Bench::new().with_dt(0.05);
        let model = FitzHughNagumo { v: (-1.0).into(), w: (-0.5).into(), ..default() };
        let cells = bench.group("cells", 1, (model, driven(0.5)));
        let found: Vec<f64> = spike_times(&mut bench, cells, 4000).into_iter().map(|t| t as f64 * 0.05).collect();
        assert!(found.len() == expected.len() && found.len() > 3, "{found:?} {expected:?}");
        assert!(found.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 0.1), "{found:?} {expected:?}");
    }

    #[test]
    fn it_stays_finite_whatever_comes_in() {
        for dt in [0.1, 1.0, 50.0] {
            let mut bench = Bench::new().with_dt(dt);
            let current = ConstantCurrent { amplitude: "uniform(-1e9, 1e9)".into() };
            let cells = bench.group("cells", 8, (FitzHughNagumo::default(), current));
            bench.ticks(1000);
            assert!(bench.get(cells, "v").iter().chain(&bench.get(cells, "w")).all(|x| x.is_finite()));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("cells", 1, FitzHughNagumo { tau: 0.0.into(), ..default() }).unwrap_err();
        assert_eq!(error, "cells: FitzHughNagumo.tau: must be above 0, not 0");
    }
}

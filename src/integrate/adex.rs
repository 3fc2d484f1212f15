//! The adaptive exponential integrate-and-fire model of R. Brette & W. Gerstner, "Adaptive exponential integrate-and-fire
//! model as an effective description of neuronal activity", J. Neurophysiol. 94:3637 (2005), eqs. 2 and 3.
//!
//! ```text
//! c dv/dt     = −g_leak (v − rest) + g_leak delta_t exp((v − v_t) / delta_t) − w + input − conductance · v
//! tau_w dw/dt = a (v − rest) − w
//!
//! v₁, w₁ ← relaxation of v and w by h under what v, w give;   v, w ← the same under the mean of v, w and v₁, w₁
//! v ≥ cutoff:  v ← reset,  w ← w + b,  refractory for round(refractory / dt) iterations
//! ```
//! `steps` times with h = dt / steps. A relaxation is the exact solution of the linear part under a constant drive:
//! exponential Euler, with the corrector of Heun; second order, and stable whatever the input and the conductance. In the
//! exponential and in what drives w, v is held at the cut-off, so that everything stays finite. A shift of the threshold
//! adds to `v_t`. Units: pF, nS, mV, pA, ms.
//!
//! A spike counts in the iteration whose step takes v to the cut-off or above; v is set to `reset` in the same iteration.
//! It stays there for the rest of it and the refractory iterations that follow, while w goes on.
//! The paper has no refractory iterations, hence the default.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    driver::AddModel,
    exponential_if::ExponentialMembrane,
    model::{At, Drive, NeuronModel},
    refractory,
};
use crate::{
    behaviour, cell,
    network::{
        Behaviour, Below, Conductance, Initial, Parameter, Preparation, PrepareError, Range, Step, ThresholdShift,
        Unit, V,
    },
    numeric::{Real, carried::Carried, exp_m1, real::wide, shares::Effort},
    variable,
};

variable! {
    /// Adaptation current of the AdEx model.
    pub struct W = "w" in "pA";
}

behaviour! {
    /// Adaptive exponential integrate-and-fire neurons: most firing patterns of cortical neurons, in measurable units.
    ///
    /// By default the regular spiking cell of the paper, table 1, at rest.
    pub struct AdEx {
        /// Capacitance of the membrane.
        #[reflect(@Unit("pF"), @Range::ABOVE_ZERO)]
        pub c: Parameter = 281.0,
        /// Leak conductance.
        #[reflect(@Unit("nS"), @Range::ABOVE_ZERO)]
        pub g_leak: Parameter = 30.0,
        /// Potential to which the membrane leaks.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub rest: Parameter = -70.6,
        /// Potential at which the upstroke sets in.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub v_t: Parameter = -50.4,
        /// Width of its onset.
        #[reflect(@Unit("mV"), @Range::ABOVE_ZERO)]
        pub delta_t: Parameter = 2.0,
        /// How strongly v drives the adaptation.
        #[reflect(@Unit("nS"), @Range::FINITE)]
        pub a: Parameter = 4.0,
        /// Time constant of the adaptation.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_w: Parameter = 144.0,
        /// Jump of the adaptation at a spike.
        #[reflect(@Unit("pA"), @Range::FINITE)]
        pub b: Parameter = 80.5,
        /// Potential at which an upstroke is cut off and counts as a spike.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub cutoff: Parameter = 20.0,
        /// Potential after a spike.
        #[reflect(@Unit("mV"), @Range::FINITE, @Below("cutoff"))]
        pub reset: Parameter = -70.6,
        /// How long a neuron is refractory after a spike, rounded to iterations.
        #[reflect(@Unit("ms"))]
        pub refractory: Parameter = 0.0,
        /// Steps in an iteration.
        #[reflect(@Range::STEPS)]
        pub steps: u32 = 1,
        /// Membrane potential at the start.
        #[reflect(@Unit("mV"))]
        pub v: Initial = "rest",
        /// Adaptation current at the start.
        #[reflect(@Unit("pA"))]
        pub w: Initial = 0.0,
    }
}

impl Behaviour for AdEx {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        refractory::check(preparation, &self.refractory)
    }
}

cell! {
    /// The constants of a neuron.
    pub struct Cell {
        membrane: ExponentialMembrane,
        rest: Real,
        a: Real,
        /// What a step covers of the way to where w relaxes.
        part_w: Real,
        b: Real,
    }
}

impl Cell {
    /// By how much w changes in a step in which it relaxes with `v`.
    #[inline(always)]
    fn adapting(&self, w: Real, v: Real) -> Real {
        (self.a * (v - self.rest) - w) * self.part_w
    }
}

impl NeuronModel for AdEx {
    type State = (V, W);
    type Cell = Cell;
    type Takes = (Conductance, ThresholdShift);
    const EFFORT: Effort = Effort::Heavy;
    const REFRACTORY: bool = true;

    fn steps(&self) -> u32 {
        self.steps
    }

    fn cell(&self, i: usize, step: Step) -> Cell {
        let Self { c, g_leak, rest, v_t, delta_t, a, tau_w, b, cutoff, reset, refractory, .. } = self;
        let membrane = [c, g_leak, rest, v_t, delta_t, cutoff, reset, refractory].map(|own| own.at(i));
        Cell {
            membrane: ExponentialMembrane::new(membrane, step),
            rest: rest.at(i),
            a: a.at(i),
            part_w: -exp_m1(-step.h() / tau_w.at(i)),
            b: b.at(i),
        }
    }

    fn rates(&self, i: usize) -> [Option<f64>; 2] {
        let [leak, c, tau_w] = [&self.g_leak, &self.c, &self.tau_w].map(|own| wide(own.at(i)));
        [Some(leak / c), Some(1.0 / tau_w)]
    }

    #[inline(always)]
    fn refractory(cell: Cell) -> Real {
        cell.membrane.refractory
    }

    #[inline(always)]
    fn shifted(cell: Cell, shift: Real) -> Cell {
        Cell { membrane: cell.membrane.shifted(shift), ..cell }
    }

    #[inline(always)]
    fn step<X: Carried>(cell: Cell, [v, w]: [X; 2], drive: impl Drive, at: At) -> ([X; 2], bool) {
        let (membrane, input, current) = (cell.membrane, drive.input(), w.value());
        let relaxed = membrane.relaxing(v.value(), drive.conductance());
        let start = membrane.cut(v.value());
        let before = membrane.upstroke(start);
        let after = membrane.upstroke(membrane.cut(v.value() + relaxed(input + before - current)));
        let then = current + cell.adapting(current, start);
        let end = v.moved(relaxed(input + 0.5 * (before + after) - 0.5 * (current + then)));

        let fires = !at.held & (end.value() >= membrane.cutoff);
        let kept = if at.held { v } else { end };
        let adapted = w.moved(cell.adapting(current, 0.5 * (start + membrane.cut(kept.value()))));
        let jumped = X::with_rest(adapted.value() + cell.b, adapted.rest());
        if fires { ([X::of(membrane.reset), jumped], true) } else { ([kept, adapted], false) }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::test_drive::{TestDrive, feeding, order_of, runge_kutta, solution, spike_times},
        AdEx,
    };
    use crate::prelude::*;

    /// dv/dt and dw/dt of the default cell.
    fn slope([v, w]: [f64; 2], input: f64, conductance: f64) -> [f64; 2] {
        let current = 30.0 * (-70.6 - v) + 60.0 * ((v + 50.4) / 2.0).exp() - w + input - conductance * v;
        [current / 281.0, (4.0 * (v + 70.6) - w) / 144.0]
    }

    fn driven(amplitude: f64) -> ConstantCurrent {
        ConstantCurrent { amplitude: amplitude.into() }
    }

    /// The distances of v and w from the reference after 40 ms.
    fn error(dt: f64, conductance: f64) -> [f64; 2] {
        let mut bench = feeding(Bench::new().with_dt(dt));
        let fed = TestDrive { conductance: vec![conductance; usize::from(conductance > 0.0)], ..default() };
        // A conductance with a reversal potential of −65 mV.
        let input = 500.0 - 65.0 * conductance;
        let model = AdEx { w: 50.0.into(), ..default() };
        let cells = bench.group("cells", 1, (model, fed, driven(input)));
        bench.ticks((40.0 / dt).round() as u64);
        let reference = solution([-70.6, 50.0], 40.0, |y| slope(y, input, conductance));
        [bench.get(cells, "v")[0] - reference[0], bench.get(cells, "w")[0] - reference[1]].map(f64::abs)
    }

    #[test]
    fn it_converges_to_the_solution_with_the_second_order() {
        for conductance in [0.0, 10.0] {
            let errors = [8.0, 4.0, 2.0].map(|dt| error(dt, conductance));
            for variable in [0, 1] {
                let errors = errors.map(|error| error[variable]);
                assert!(order_of(&errors) > 1.8, "{variable}: {errors:?}");
            }
            // Rounding in f32 is 3.8e-6 in v and in w, in each of the 94 and 1440 steps of a time constant.
            let [v, w] = error(0.1, conductance);
            assert!(v < 1e-3 && w < 5e-3, "{v} {w}");
        }
    }

    /// A reference of its own: Runge–Kutta steps of 1 µs with the reset of the paper.
    #[test]
    fn spikes_come_when_the_paper_says() {
        let (mut y, mut expected) = ([-70.6, 0.0], Vec::new());
        for step in 0..400_000 {
            let next = runge_kutta(y, 1e-3, &|y| slope(y, 800.0, 0.0));
            if next[0] < 20.0 {
                y = next;
            } else {
                // Or NaN, as the upstroke blows up; w does not move in 1 µs.
                y = [-70.6, y[1] + 80.5];
                expected.push(f64::from(step) * 1e-3);
            }
        }
        let dt = 0.02;
        let mut bench = Bench::new().with_dt(dt);
        let cells = bench.group("cells", 1, (AdEx::default(), driven(800.0)));
        let found: Vec<f64> = spike_times(&mut bench, cells, 20_000).into_iter().map(|t| t as f64 * dt).collect();
        assert!(found.len() == expected.len() && found.len() > 5, "{found:?} {expected:?}");
        for (k, (found, expected)) in (1..).zip(found.iter().zip(&expected)) {
            // A step or two for each spike so far: its place on the grid and the upstroke within the last steps.
            assert!((found - expected).abs() < 2.0 * dt * f64::from(k), "spike {k}: {found} {expected}");
        }
    }

    /// Touboul & Brette, Biol. Cybern. 99:319 (2008): rest loses its stability at a saddle-node where
    /// `a / g_leak < c / g_leak / tau_w` (type I), else at a Hopf bifurcation (type II); `exp((v − v_t) / delta_t)` is there
    /// 1 + the lesser of the two.
    #[test]
    fn rest_loses_its_stability_where_the_theory_says() {
        for a in [0.0, 1.0, 4.0, 20.0_f64] {
            let at = 1.0 + (a / 30.0).min(281.0 / 30.0 / 144.0);
            let v = -50.4 + 2.0 * at.ln();
            let critical = (30.0 + a) * (v + 70.6) - 60.0 * at;
            let current = |v: f64| (30.0 + a) * (v + 70.6) - 60.0 * ((v + 50.4) / 2.0).exp();
            let mut bench = Bench::new().with_dt(0.1);
            let mut put = |name: &str, v: f64, input: f64| {
                let model = AdEx { a: a.into(), v: v.into(), w: (a * (v + 70.6)).into(), ..default() };
                bench.group(name, 1, (model, driven(input)))
            };
            // On the resting state, which the current moves upwards until it is 1 % short of losing its stability.
            let (mut low, mut high) = (-70.6, v);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if current(middle) < 0.99 * critical { low = middle } else { high = middle }
            }
            let below = put("below", low, 0.99 * critical);
            let above = put("above", v, 1.01 * critical);
            bench.ticks(30_000);
            assert_eq!(bench.spike_count(below), 0, "a = {a}");
            assert!((bench.get(below, "v")[0] - low).abs() < 0.01, "a = {a}");
            assert!(bench.spike_count(above) > 0, "a = {a}");
        }
    }

    #[test]
    fn a_refractory_neuron_stays_at_reset_while_its_adaptation_goes_on() {
        let mut bench = Bench::new();
        let model = AdEx { refractory: 2.0.into(), v: 20.0.into(), w: 10.0.into(), a: 0.0.into(), ..default() };
        let cells = bench.group("cells", 1, (model, driven(1e5)));
        bench.tick();
        let decay = (-1.0 / 144.0_f64).exp();
        let mut w = 10.0 * decay + 80.5;
        for spikes in [vec![0], vec![], vec![], vec![0]] {
            assert_eq!(bench.spikes(cells), spikes);
            bench.assert_near(cells, "v", &[-70.6]);
            assert!((bench.get(cells, "w")[0] - w).abs() < 1e-3);
            bench.tick();
            w *= decay;
            if bench.spikes(cells).len() == 1 {
                w += 80.5;
            }
        }
    }

    #[test]
    fn it_stays_finite_whatever_comes_in() {
        for dt in [0.1, 1.0, 50.0] {
            let mut bench = feeding(Bench::new().with_dt(dt));
            let model = AdEx { delta_t: "0.01 + 10 * i".into(), ..default() };
            let fed = TestDrive { conductance: vec![1e9, 0.0, 1e3, 0.0], ..default() };
            let current = ConstantCurrent { amplitude: "uniform(-1e15, 1e15)".into() };
            let cells = bench.group("cells", 4, (model, fed, current));
            bench.ticks(300);
            assert!(bench.get(cells, "v").iter().chain(&bench.get(cells, "w")).all(|x| x.is_finite()));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let mut refused = |model| bench.try_group("cells", 2, model).unwrap_err();
        let tau_w = AdEx { tau_w: (-1.0).into(), ..default() };
        assert_eq!(refused(tau_w), "cells: AdEx.tau_w: must be above 0, not -1");
        let reset = AdEx { reset: "20 * i".into(), ..default() };
        assert_eq!(refused(reset), "cells: AdEx.reset: must be below `cutoff`; 20 is not below 20");
    }
}

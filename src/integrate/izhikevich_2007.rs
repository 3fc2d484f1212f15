//! The model of E. M. Izhikevich, "Dynamical Systems in Neuroscience", MIT Press (2007), chapter 8, eqs. 8.5 and 8.6: that
//! of 2003 in measurable units.
//!
//! ```text
//! c dv/dt = k (v − rest) (v − v_t) − u + input − conductance · v
//!   du/dt = a (b (v − rest) − u)
//! v ≥ peak:  v ← reset,  u ← u + d
//! ```
//! Heun's method for both, `steps` times with h = dt / steps: second order below the peak. (The book's programs take
//! Euler steps of 1 ms.) Units: pF, mV, ms, pA, nS; k in nS/mV, a in 1/ms, b in nS. What drives u is v held at the
//! peak, so that everything stays finite.
//!
//! A spike counts in the iteration whose step takes v to the peak or above; v is set to `reset` in the same iteration
//! and stays there for the rest of it, while u goes on. There is no refractory period. The fast spiking cell of the book,
//! whose u is driven by a cubic, is not of this form.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    driver::AddModel,
    model::{At, Drive, NeuronModel},
};
use crate::{
    behaviour, cell,
    network::{Behaviour, Below, Conductance, Initial, Parameter, Range, Step, Unit, V},
    numeric::{Real, carried::Carried, real::wide},
    variable,
};

variable! {
    /// Recovery current of the Izhikevich model of 2007.
    pub struct RecoveryCurrent = "u" in "pA";
}

behaviour! {
    /// Izhikevich neurons (2007): the simple model in measurable units.
    ///
    /// By default the regular spiking cell of section 8.2.1, a layer 5 pyramidal cell, at rest.
    pub struct Izhikevich2007 {
        /// Capacitance of the membrane.
        #[reflect(@Unit("pF"), @Range::ABOVE_ZERO)]
        pub c: Parameter = 100.0,
        /// Steepness of the parabola that v follows.
        #[reflect(@Unit("nS/mV"), @Range::ABOVE_ZERO)]
        pub k: Parameter = 0.7,
        /// Resting potential.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub rest: Parameter = -60.0,
        /// Potential at which the upstroke sets in, for a current that comes at once.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub v_t: Parameter = -40.0,
        /// Rate of recovery.
        #[reflect(@Unit("1/ms"), @Range::ABOVE_ZERO)]
        pub a: Parameter = 0.03,
        /// How strongly v drives the recovery.
        #[reflect(@Unit("nS"), @Range::FINITE)]
        pub b: Parameter = -2.0,
        /// Potential at which a spike is cut off and counts.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub peak: Parameter = 35.0,
        /// Potential after a spike; the book's c.
        #[reflect(@Unit("mV"), @Range::FINITE, @Below("peak"))]
        pub reset: Parameter = -50.0,
        /// Jump of the recovery current at a spike.
        #[reflect(@Unit("pA"), @Range::FINITE)]
        pub d: Parameter = 100.0,
        /// Steps in an iteration.
        #[reflect(@Range::STEPS)]
        pub steps: u32 = 1,
        /// Membrane potential at the start.
        #[reflect(@Unit("mV"))]
        pub v: Initial = "rest",
        /// Recovery current at the start.
        #[reflect(@Unit("pA"))]
        pub u: Initial = 0.0,
    }
}

impl Behaviour for Izhikevich2007 {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }
}

cell! {
    /// The parameters of a neuron.
    pub struct Cell {
        c: Real,
        k: Real,
        rest: Real,
        v_t: Real,
        a: Real,
        b: Real,
        peak: Real,
        reset: Real,
        d: Real,
    }
}

impl NeuronModel for Izhikevich2007 {
    type State = (V, RecoveryCurrent);
    type Cell = Cell;
    type Takes = (Conductance,);

    fn steps(&self) -> u32 {
        self.steps
    }

    fn cell(&self, i: usize, _: Step) -> Cell {
        let Self { c, k, rest, v_t, a, b, peak, reset, d, .. } = self;
        let [c, k, rest, v_t, a, b, peak, reset, d] = [c, k, rest, v_t, a, b, peak, reset, d].map(|own| own.at(i));
        Cell { c, k, rest, v_t, a, b, peak, reset, d }
    }

    fn rates(&self, i: usize) -> [Option<f64>; 2] {
        [None, Some(wide(self.a.at(i)))]
    }

    #[inline(always)]
    fn step<X: Carried>(cell: Cell, [v, u]: [X; 2], drive: impl Drive, at: At) -> ([X; 2], bool) {
        let Cell { c, k, rest, v_t, a, b, peak, reset, d } = cell;
        let slope = |v: Real, u: Real| {
            let open = drive.conductance().map_or(0.0, |conductance| conductance * v);
            (k * (v - rest) * (v - v_t) - u + drive.input() - open) / c
        };
        let recovery = |v: Real, u: Real| a * (b * (v - rest) - u);
        let cut = |v: Real| if v < peak { v } else { peak };

        let start = if v.value() < peak { v } else { X::of(peak) };
        let (before, recovering) = (slope(start.value(), u.value()), recovery(start.value(), u.value()));
        let (first, then) = (cut(start.value() + at.h * before), u.value() + at.h * recovering);
        let end = start.moved(0.5 * at.h * (before + slope(first, then)));

        let fires = !at.held & (end.value() >= peak);
        let kept = if at.held { v } else { end };
        let recovered = u.moved(0.5 * at.h * (recovering + recovery(cut(kept.value()), then)));
        if fires { ([X::of(reset), X::of(recovered.value() + d)], true) } else { ([kept, recovered], false) }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::test_drive::{TestDrive, feeding, order_of, runge_kutta, solution, spike_times},
        Izhikevich2007,
    };
    use crate::prelude::*;

    /// dv/dt and du/dt of the default cell.
    fn slope([v, u]: [f64; 2], input: f64, conductance: f64) -> [f64; 2] {
        let current = 0.7 * (v + 60.0) * (v + 40.0) - u + input - conductance * v;
        [current / 100.0, 0.03 * (-2.0 * (v + 60.0) - u)]
    }

    fn driven(amplitude: f64) -> ConstantCurrent {
        ConstantCurrent { amplitude: amplitude.into() }
    }

    /// The distances of v and u from the reference after 40 ms.
    fn error(dt: f64, conductance: f64) -> [f64; 2] {
        let mut bench = feeding(Bench::new().with_dt(dt));
        let fed = TestDrive { conductance: vec![conductance; usize::from(conductance > 0.0)], ..default() };
        // A conductance with a reversal potential of −60 mV.
        let input = 45.0 - 60.0 * conductance;
        let cells = bench.group("cells", 1, (Izhikevich2007 { u: 30.0.into(), ..default() }, fed, driven(input)));
        bench.ticks((40.0 / dt).round() as u64);
        let reference = solution([-60.0, 30.0], 40.0, |y| slope(y, input, conductance));
        [bench.get(cells, "v")[0] - reference[0], bench.get(cells, "u")[0] - reference[1]].map(f64::abs)
    }

    #[test]
    fn it_converges_to_the_solution_with_the_second_order() {
        for conductance in [0.0, 5.0] {
            let errors = [2.0, 1.0, 0.5].map(|dt| error(dt, conductance));
            for variable in [0, 1] {
                let errors = errors.map(|error| error[variable]);
                assert!(order_of(&errors) > 1.8, "{variable}: {errors:?}");
            }
            // What is left at 0.1 ms is rounding in f32: half of 3.8e-6 in each of some hundred steps.
            assert!(error(0.1, conductance).iter().all(|&error| error < 2e-3));
        }
    }

    #[test]
    fn spikes_come_when_the_equations_say() {
        let (mut y, mut expected) = ([-60.0, 0.0], Vec::new());
        for step in 0..300_000 {
            y = runge_kutta(y, 1e-3, &|y| slope(y, 100.0, 0.0));
            if y[0] >= 35.0 {
                y = [-50.0, y[1] + 100.0];
                expected.push(f64::from(step) * 1e-3);
            }
        }
        let dt = 0.02;
        let mut bench = Bench::new().with_dt(dt);
        let cells = bench.group("cells", 1, (Izhikevich2007::default(), driven(100.0)));
        let found: Vec<f64> = spike_times(&mut bench, cells, 15_000).into_iter().map(|t| t as f64 * dt).collect();
        assert!(found.len() == expected.len() && found.len() > 3, "{found:?} {expected:?}");
        for (k, (found, expected)) in (1..).zip(found.iter().zip(&expected)) {
            // A spike stands on the grid, up to a step late; u, which v drives at −6 pA/ms there, ends up to 0.1 pA off,
            // and a pA makes about 0.7 ms of an interval.
            assert!((found - expected).abs() < 4.0 * dt * f64::from(k), "spike {k}: {found} {expected}");
        }
    }

    /// `(b + k (v_t − rest))² / 4k`, where the parabola less b (v − rest) has a double root: 51 pA, the book's rheobase.
    #[test]
    fn the_least_current_for_firing_is_that_of_the_saddle_node() {
        let rheobase = (-2.0 + 0.7 * 20.0_f64).powi(2) / (4.0 * 0.7);
        let mut bench = Bench::new().with_dt(0.2);
        let below = bench.group("below", 1, (Izhikevich2007::default(), driven(0.98 * rheobase)));
        let above = bench.group("above", 1, (Izhikevich2007::default(), driven(1.02 * rheobase)));
        bench.ticks(10_000);
        assert_eq!(bench.spike_count(below), 0);
        assert!(bench.spike_count(above) >= 2);
    }

    #[test]
    fn a_spike_counts_in_the_iteration_of_its_upstroke_and_once_in_it() {
        let mut bench = Bench::new();
        // 100 nA take v from the reset to the peak in a tenth of a ms.
        let model = Izhikevich2007 { v: 34.0.into(), steps: 10, ..default() };
        let cells = bench.group("cells", 1, (model, driven(1e5)));
        bench.tick();
        assert_eq!(bench.spikes(cells), [0]);
        bench.assert_near(cells, "v", &[-50.0]);
        let u = bench.get(cells, "u")[0];
        assert!((90.0..110.0).contains(&u), "{u}");
    }

    #[test]
    fn it_stays_finite_whatever_comes_in() {
        for dt in [0.1, 1.0, 5.0] {
            let mut bench = Bench::new().with_dt(dt);
            let current = ConstantCurrent { amplitude: "uniform(-1e12, 1e12)".into() };
            let cells = bench.group("cells", 8, (Izhikevich2007::default(), current));
            bench.ticks(300);
            assert!(bench.get(cells, "v").iter().chain(&bench.get(cells, "u")).all(|x| x.is_finite()));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let model = Izhikevich2007 { c: "100 * i".into(), ..default() };
        let error = bench.try_group("cells", 2, model).unwrap_err();
        assert_eq!(error, "cells: Izhikevich2007.c: must be above 0; member 0 gets 0");
    }
}

//! The exponential integrate-and-fire model of N. Fourcaud-Trocmé, D. Hansel, C. van Vreeswijk & N. Brunel, "How spike
//! generation mechanisms determine the neuronal response to fluctuating inputs", J. Neurosci. 23:11628 (2003).
//!
//! ```text
//! c dv/dt = −g_leak (v − rest) + ψ(v) + input − conductance · v,    ψ(v) = g_leak delta_t exp((v − v_t) / delta_t)
//!
//! v₁ ← relaxation of v by h under ψ(v);    v ← relaxation of v by h under (ψ(v) + ψ(v₁)) / 2        `steps` times
//! v ≥ cutoff:  v ← reset, refractory for round(refractory / dt) iterations
//! ```
//! A relaxation is the exact solution of the linear part under a constant current: exponential Euler, with the corrector of
//! Heun; second order in h = dt / steps, and stable whatever the input and the conductance. In ψ, v is held at the
//! cut-off, so that everything stays finite. A shift of the threshold adds to `v_t`. Units: pF, nS, mV, pA, ms.
//!
//! A spike counts in the iteration whose step takes v to the cut-off or above; v is set to `reset` in the same iteration.
//! It stays there for the rest of it and the refractory iterations that follow, and what arrives in them is lost.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    driver::AddModel,
    model::{At, Drive, NeuronModel, Steps},
    refractory,
};
use crate::{
    behaviour, cell,
    network::{
        Behaviour, Below, Conductance, Initial, Parameter, Preparation, PrepareError, Range, Step, ThresholdShift,
        Unit, V,
    },
    numeric::{Real, carried::Carried, exp, exp_m1, real::wide, shares::Effort},
};

behaviour! {
    /// Exponential integrate-and-fire neurons: a leak, and an upstroke that v itself sets off.
    ///
    /// By default the paper's fit to a conductance-based neuron, for 0.0002 cm² of its membrane (1 µF/cm², 0.1 mS/cm²). From
    /// the cut-off at 0 mV an upstroke would need less than a nanosecond to infinity.
    pub struct ExponentialIf {
        /// Capacitance of the membrane.
        #[reflect(@Unit("pF"), @Range::ABOVE_ZERO)]
        pub c: Parameter = 200.0,
        /// Leak conductance.
        #[reflect(@Unit("nS"), @Range::ABOVE_ZERO)]
        pub g_leak: Parameter = 20.0,
        /// Potential to which the membrane leaks.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub rest: Parameter = -65.0,
        /// Potential at which the upstroke sets in.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub v_t: Parameter = -59.9,
        /// Width of its onset.
        #[reflect(@Unit("mV"), @Range::ABOVE_ZERO)]
        pub delta_t: Parameter = 3.48,
        /// Potential at which an upstroke is cut off and counts as a spike.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub cutoff: Parameter = 0.0,
        /// Potential after a spike.
        #[reflect(@Unit("mV"), @Range::FINITE, @Below("cutoff"))]
        pub reset: Parameter = -68.0,
        /// How long a neuron is refractory after a spike, rounded to iterations.
        #[reflect(@Unit("ms"))]
        pub refractory: Parameter = 1.7,
        /// Steps in an iteration.
        #[reflect(@Range::STEPS)]
        pub steps: u32 = 1,
        /// Membrane potential at the start.
        #[reflect(@Unit("mV"))]
        pub v: Initial = "rest",
    }
}

impl Behaviour for ExponentialIf {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        refractory::check(preparation, &self.refractory)
    }
}

cell! {
    /// The constants of a membrane with an upstroke, as a step needs them.
    pub struct ExponentialMembrane {
        leak: Real,
        resistance: Real,
        /// Current at v = 0, without input.
        base: Real,
        /// What a step covers of the way to where v relaxes.
        part: Real,
        /// h / c
        per_charge: Real,
        v_t: Real,
        per_width: Real,
        /// Current of the upstroke at `v_t`.
        onset: Real,
        pub(super) cutoff: Real,
        pub(super) reset: Real,
        pub(super) refractory: Real,
    }
}

impl ExponentialMembrane {
    /// From capacitance, leak conductance, resting potential, onset and width of the upstroke, cut-off, reset and refractory
    /// time.
    pub(super) fn new(parameters: [Real; 8], step: Step) -> Self {
        let [c, leak, rest, v_t, delta_t, cutoff, reset, refractory] = parameters;
        let h = step.h();
        Self {
            leak,
            resistance: 1.0 / leak,
            base: leak * rest,
            part: -exp_m1(-h * leak / c),
            per_charge: h / c,
            v_t,
            per_width: 1.0 / delta_t,
            onset: leak * delta_t,
            cutoff,
            reset,
            refractory: refractory::iterations(refractory, step.dt()),
        }
    }

    /// The same with the onset of the upstroke elsewhere.
    #[inline(always)]
    pub(super) fn shifted(self, shift: Real) -> Self {
        Self { v_t: self.v_t + shift, ..self }
    }

    /// v, or the cut-off where it is above.
    #[inline(always)]
    pub(super) fn cut(&self, v: Real) -> Real {
        if v < self.cutoff { v } else { self.cutoff }
    }

    /// The current of the upstroke at a `v` that is not above the cut-off.
    #[inline(always)]
    pub(super) fn upstroke(&self, v: Real) -> Real {
        self.onset * exp((v - self.v_t) * self.per_width)
    }

    /// By how much v changes in a step, as a function of the current that flows in it beside the leak.
    #[inline(always)]
    pub(super) fn relaxing(&self, v: Real, conductance: Option<Real>) -> impl Fn(Real) -> Real {
        let (resistance, part) = match conductance {
            Some(conductance) => {
                let total = self.leak + conductance;
                (1.0 / total, -exp_m1(-self.per_charge * total))
            }
            None => (self.resistance, self.part),
        };
        let base = self.base;
        move |current| ((base + current) * resistance - v) * part
    }
}

impl NeuronModel for ExponentialIf {
    type State = (V,);
    type Cell = ExponentialMembrane;
    type Takes = (Conductance, ThresholdShift);
    const EFFORT: Effort = Effort::Heavy;
    const REFRACTORY: bool = true;
    const STEPS: Steps = Steps::UpTo(0);

    fn steps(&self) -> u32 {
        self.steps
    }

    fn cell(&self, i: usize, step: Step) -> ExponentialMembrane {
        let Self { c, g_leak, rest, v_t, delta_t, cutoff, reset, refractory, .. } = self;
        let parameters = [c, g_leak, rest, v_t, delta_t, cutoff, reset, refractory];
        ExponentialMembrane::new(parameters.map(|own| own.at(i)), step)
    }

    fn rates(&self, i: usize) -> [Option<f64>; 2] {
        [Some(wide(self.g_leak.at(i)) / wide(self.c.at(i))), None]
    }

    #[inline(always)]
    fn refractory(membrane: ExponentialMembrane) -> Real {
        membrane.refractory
    }

    #[inline(always)]
    fn shifted(membrane: ExponentialMembrane, shift: Real) -> ExponentialMembrane {
        membrane.shifted(shift)
    }

    #[inline(always)]
    fn step<X: Carried>(membrane: ExponentialMembrane, [v]: [X; 1], drive: impl Drive, at: At) -> ([X; 1], bool) {
        let (x, input) = (v.value(), drive.input());
        let relaxed = membrane.relaxing(x, drive.conductance());
        let before = membrane.upstroke(membrane.cut(x));
        let after = membrane.upstroke(membrane.cut(x + relaxed(input + before)));
        let end = v.moved(relaxed(input + 0.5 * (before + after)));
        let fires = !at.held & (end.value() >= membrane.cutoff);
        let kept = if at.held { v } else { end };
        ([if fires { X::of(membrane.reset) } else { kept }], fires)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::test_drive::{TestDrive, feeding, order_of, solution, spike_times},
        ExponentialIf,
    };
    use crate::prelude::*;

    /// dv/dt of the default cell.
    fn slope(v: f64, input: f64, conductance: f64) -> f64 {
        (20.0 * (-65.0 - v) + 20.0 * 3.48 * ((v + 59.9) / 3.48).exp() + input - conductance * v) / 200.0
    }

    fn driven(amplitude: f64) -> ConstantCurrent {
        ConstantCurrent { amplitude: amplitude.into() }
    }

    /// The distance from the reference after 16 ms.
    fn error(dt: f64, steps: u32, conductance: f64) -> f64 {
        let mut bench = feeding(Bench::new().with_dt(dt));
        // A conductance with a reversal potential of −65 mV.
        let input = 30.0 - 65.0 * conductance;
        let fed = TestDrive { conductance: vec![conductance; usize::from(conductance > 0.0)], ..default() };
        let model = ExponentialIf { v: (-70.0).into(), steps, ..default() };
        let cells = bench.group("cells", 1, (model, fed, driven(input)));
        bench.ticks((16.0 / dt).round() as u64);
        let [reference] = solution([-70.0], 16.0, |[v]| [slope(v, input, conductance)]);
        (bench.get(cells, "v")[0] - reference).abs()
    }

    #[test]
    fn it_converges_to_the_solution_with_the_second_order() {
        for conductance in [0.0, 5.0] {
            let errors = [4.0, 2.0, 1.0].map(|dt| error(dt, 1, conductance));
            assert!(order_of(&errors) > 1.8, "{errors:?}");
            // What is left at 0.1 ms is rounding in f32: half of 7.6e-6 mV in each of the 100 steps of a time constant.
            let fine = error(0.1, 1, conductance);
            assert!(fine < 1e-3, "{fine} {errors:?}");
            // Steps in an iteration are steps.
            assert!((error(4.0, 4, conductance) - errors[2]).abs() < 1e-3);
        }
    }

    /// `g_leak (v_t − rest − delta_t)`, where dv/dt = 0 has a double root.
    #[test]
    fn the_least_current_for_firing_is_that_of_the_saddle_node() {
        let rheobase = 20.0 * (-59.9 + 65.0 - 3.48);
        let mut bench = Bench::new().with_dt(0.1);
        let below = bench.group("below", 1, (ExponentialIf::default(), driven(0.98 * rheobase)));
        let above = bench.group("above", 1, (ExponentialIf::default(), driven(1.02 * rheobase)));
        bench.ticks(10_000);
        assert_eq!(bench.spike_count(below), 0);
        assert!(bench.spike_count(above) >= 2);
    }

    /// The refractory time and ∫ dv / v'(v) from the reset to the cut-off, by Simpson's rule.
    #[test]
    fn the_interval_is_the_time_from_the_reset_to_the_cut_off() {
        for input in [60.0, 200.0, 1000.0] {
            let dt = 0.05;
            let mut bench = Bench::new().with_dt(dt);
            let cells = bench.group("cells", 1, (ExponentialIf::default(), driven(input)));
            let times = spike_times(&mut bench, cells, 8000);
            let found = (times[times.len() - 1] - times[0]) as f64 * dt / (times.len() - 1) as f64;
            let (n, width) = (20_000, 68.0 / 20_000.0);
            let weight = |k: i32| if k == 0 || k == n { 1.0 } else { f64::from(2 + 2 * (k % 2)) };
            let integrand = |k: i32| 1.0 / slope(-68.0 + width * f64::from(k), input, 0.0);
            let rise: f64 = width / 3.0 * (0..=n).map(|k| weight(k) * integrand(k)).sum::<f64>();
            // A step late at most as spikes stand on the grid, and another one as an upstroke blows up within a step.
            let late = found - rise - 1.7;
            assert!((-0.5 * dt..2.0 * dt).contains(&late), "{input} pA: {found}, {}", rise + 1.7);
        }
    }

    #[test]
    fn it_stays_finite_whatever_comes_in() {
        for dt in [0.1, 1.0, 50.0] {
            let mut bench = feeding(Bench::new().with_dt(dt));
            let model = ExponentialIf { delta_t: "0.01 + 10 * i".into(), ..default() };
            let fed = TestDrive { conductance: vec![1e9, 0.0, 1e3, 0.0], ..default() };
            let current = ConstantCurrent { amplitude: "uniform(-1e15, 1e15)".into() };
            let cells = bench.group("cells", 4, (model, fed, current));
            bench.ticks(300);
            assert!(bench.get(cells, "v").iter().all(|v| v.is_finite()));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let mut refused = |model| bench.try_group("cells", 2, model).unwrap_err();
        let width = ExponentialIf { delta_t: 0.0.into(), ..default() };
        assert_eq!(refused(width), "cells: ExponentialIf.delta_t: must be above 0, not 0");
        let steps = ExponentialIf { steps: 0, ..default() };
        assert_eq!(refused(steps), "cells: ExponentialIf.steps: must be 1 to 1000, not 0");
    }
}

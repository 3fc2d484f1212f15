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
use bevy_reflect::prelude::*;

use crate::{
    network::{
        Behaviour, Below, Clock, Conductance, Dealt, Initial, Input, Parameter, Parameters, Range, RegisterState,
        RegisterVariable, Spikes, Unit, V,
        residues::{LEAST_DECAY, Residues, any_below, steps_are_small},
    },
    numeric::{Real, by_rests, pass::pass, portions::Effort, real::moved_by},
    schedule::{AddToStage, Stage},
    variable,
};

variable! {
    /// Recovery current of the Izhikevich model of 2007.
    pub struct RecoveryCurrent = "u" in "pA";
}

/// Izhikevich neurons (2007): the simple model in measurable units.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
#[require(V, RecoveryCurrent, Input, Conductance, Spikes, Residues)]
pub struct Izhikevich2007 {
    /// Capacitance of the membrane.
    #[reflect(@Unit("pF"), @Range::ABOVE_ZERO)]
    pub c: Parameter,
    /// Steepness of the parabola that v follows.
    #[reflect(@Unit("nS/mV"), @Range::ABOVE_ZERO)]
    pub k: Parameter,
    /// Resting potential.
    #[reflect(@Unit("mV"), @Range::FINITE)]
    pub rest: Parameter,
    /// Potential at which the upstroke sets in, for a current that comes at once.
    #[reflect(@Unit("mV"), @Range::FINITE)]
    pub v_t: Parameter,
    /// Rate of recovery.
    #[reflect(@Unit("1/ms"), @Range::ABOVE_ZERO)]
    pub a: Parameter,
    /// How strongly v drives the recovery.
    #[reflect(@Unit("nS"), @Range::FINITE)]
    pub b: Parameter,
    /// Potential at which a spike is cut off and counts.
    #[reflect(@Unit("mV"), @Range::FINITE)]
    pub peak: Parameter,
    /// Potential after a spike; the book's c.
    #[reflect(@Unit("mV"), @Range::FINITE, @Below("peak"))]
    pub reset: Parameter,
    /// Jump of the recovery current at a spike.
    #[reflect(@Unit("pA"), @Range::FINITE)]
    pub d: Parameter,
    /// Steps in an iteration.
    #[reflect(@Range::STEPS)]
    pub steps: u32,
    /// Membrane potential at the start.
    #[reflect(@Unit("mV"))]
    pub v: Initial,
    /// Recovery current at the start.
    #[reflect(@Unit("pA"))]
    pub u: Initial,
}

impl Default for Izhikevich2007 {
    /// The regular spiking cell of section 8.2.1, a layer 5 pyramidal cell, at rest.
    fn default() -> Self {
        Self {
            c: 100.0.into(),
            k: 0.7.into(),
            rest: (-60.0).into(),
            v_t: (-40.0).into(),
            a: 0.03.into(),
            b: (-2.0).into(),
            peak: 35.0.into(),
            reset: (-50.0).into(),
            d: 100.0.into(),
            steps: 1,
            v: "rest".into(),
            u: 0.0.into(),
        }
    }
}

impl Behaviour for Izhikevich2007 {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.register_variable::<RecoveryCurrent>()
            .register_state::<Residues>()
            .add_behaviour_system::<Self, _>(Stage::Integrate, integrate);
    }
}

impl Izhikevich2007 {
    fn parameters(&self) -> Parameters<'_, 9> {
        let Self { c, k, rest, v_t, a, b, peak, reset, d, .. } = self;
        Parameters::of([c, k, rest, v_t, a, b, peak, reset, d])
    }
}

type State<'w> = (
    Ref<'w, Izhikevich2007>,
    (&'w mut V, &'w mut RecoveryCurrent),
    (&'w Input, &'w Conductance),
    &'w mut Residues,
    &'w mut Spikes,
    &'w Dealt,
);

fn integrate(mut groups: Query<State<'_>>, clock: Res<Clock>) {
    pass(|pass| {
        for (model, (v, u), (input, conductance), residues, spikes, dealt) in &mut groups {
            let (changed, model) = (model.is_changed(), model.into_inner());
            let (dt, steps) = (clock.step(), model.steps);
            let slow = || any_below([&model.a], v.0.len(), (LEAST_DECAY, clock.dt / f64::from(steps)), |[a]| a);
            let creeps = || steps_are_small(clock.dt, steps) || slow();
            let [low_v, low_u] = residues.into_inner().at(clock.dt, changed, v.0.len(), creeps);
            let state = ((&mut v.into_inner().0[..], low_v), (&mut u.into_inner().0[..], low_u));
            let columns = (state, (&input.0[..], conductance.get()), model.parameters());
            spikes.into_inner().by_blocks(
                Effort::Light,
                pass,
                dealt,
                columns,
                move |((v, u), drive, parameters), fired| {
                    by_rests!(v.1, advance((v, u, fired), drive, parameters, dt, steps));
                },
            );
        }
    });
}

/// v and u, each with its rests below the last place or none; fired.
type Columns<'a> = ((&'a mut [Real], &'a mut [Real]), (&'a mut [Real], &'a mut [Real]), &'a mut [u8]);

/// Input, and conductances if there are any.
type Drive<'a> = (&'a [Real], &'a [Real]);

/// One iteration.
#[inline(always)]
fn advance<const REST: bool>(
    state: Columns<'_>,
    drive: Drive<'_>,
    parameters: Parameters<'_, 9>,
    dt: Real,
    steps: u32,
) {
    let h = dt / steps as Real;
    match parameters {
        Parameters::Uniform(p) => advance_by::<REST>(state, drive, (h, steps), |_| p),
        Parameters::Each(columns) => {
            let n = state.0.0.len();
            // Columns of another length belong to a group that waits to be prepared again.
            if columns.iter().all(|column| column.len() >= n) {
                // By name, since a loop over an array of slices is not vectorised.
                let [c, k, rest, v_t, a, b, peak, reset, d] = columns.map(|column| &column[..n]);
                advance_by::<REST>(
                    state,
                    drive,
                    (h, steps),
                    #[inline(always)]
                    |i| [c[i], k[i], rest[i], v_t[i], a[i], b[i], peak[i], reset[i], d[i]],
                );
            }
        }
    }
}

#[inline(always)]
fn advance_by<const REST: bool>(
    (v, u, fired): Columns<'_>,
    drive: Drive<'_>,
    (h, steps): (Real, u32),
    parameters: impl Fn(usize) -> [Real; 9],
) {
    fired.fill(0);
    for _ in 0..steps {
        let state = ((&mut *v.0, &mut *v.1), (&mut *u.0, &mut *u.1), &mut *fired);
        // With rests, which is rare, what is absent is zero: it is compiled once.
        if drive.1.is_empty() && !REST {
            step::<false, false>(state, drive, h, &parameters);
        } else {
            step::<true, REST>(state, drive, h, &parameters);
        }
    }
}

/// One step of all neurons; `parameters` gives each what the model does, in its order.
#[inline(always)]
fn step<const CONDUCTANCE: bool, const REST: bool>(
    ((v, low_v), (u, low_u), fired): Columns<'_>,
    (input, conductance): Drive<'_>,
    h: Real,
    parameters: &impl Fn(usize) -> [Real; 9],
) {
    let n = v.len();
    let (u, fired, input) = (&mut u[..n], &mut fired[..n], &input[..n]);
    let [low_v, low_u] = if REST { [&mut low_v[..n], &mut low_u[..n]] } else { [low_v, low_u] };
    let conductance = if CONDUCTANCE && !REST { &conductance[..n] } else { conductance };
    let open_at = |i: usize| if REST { conductance.get(i).copied().unwrap_or(0.0) } else { conductance[i] };
    for i in 0..n {
        let [c, k, rest, v_t, a, b, peak, reset, d] = parameters(i);
        let slope = |v: Real, u: Real| {
            let open = if CONDUCTANCE { open_at(i) * v } else { 0.0 };
            (k * (v - rest) * (v - v_t) - u + input[i] - open) / c
        };
        let recovery = |v: Real, u: Real| a * (b * (v - rest) - u);
        let cut = |v: Real| if v < peak { v } else { peak };

        let (start, before) = (cut(v[i]), slope(cut(v[i]), u[i]));
        let recovering = recovery(start, u[i]);
        let (first, then) = (cut(start + h * before), u[i] + h * recovering);
        let mut low = if REST { [low_v[i], low_u[i]] } else { [0.0; 2] };
        let end = moved_by::<REST>(start, &mut low[0], 0.5 * h * (before + slope(first, then)));

        let free = fired[i] == 0;
        let fires = free & (end >= peak);
        let moved = if free { end } else { v[i] };
        let recovered = moved_by::<REST>(u[i], &mut low[1], 0.5 * h * (recovering + recovery(cut(moved), then)));
        if REST {
            (low_v[i], low_u[i]) = (if fires | !free { 0.0 } else { low[0] }, low[1]);
        }
        v[i] = if fires { reset } else { moved };
        u[i] = if fires { recovered + d } else { recovered };
        fired[i] |= u8::from(fires);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::fed::{Fed, feeding, order_of, runge_kutta, solution, spike_times},
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
        let fed = Fed { conductance: vec![conductance; usize::from(conductance > 0.0)], ..default() };
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

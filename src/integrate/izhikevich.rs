//! The model of Izhikevich, "Simple model of spiking neurons", IEEE Trans. Neural Networks 14:1569 (2003), eqs. 1 to 3.
//!
//! ```text
//! if v > 30:  v ← c,  u ← u + d
//! v ← v + dt/n · (0.04 v² + 5 v + 140 − u + I)      n times
//! u ← u + dt · a · (b v − u)                         with the new v
//! ```
//! In this order, once per iteration: a neuron above 30 mV is reset at the start of the next iteration, so that the
//! peak of a spike stands in the recording. Forward Euler, as in the paper, whose network takes two half steps for v
//! (`v_steps: 2`) at dt = 1 ms "for numerical stability". The paper detects v ≥ 30; no network can tell, as v never
//! is exactly 30. The time unit is the millisecond, v is in mV; u and I are dimensionless.
//!
//! When a spike counts: by default in the iteration whose step takes v above 30 mV, so that it reaches its targets in
//! the next one, as in the paper's program. With `detect: BeforeStep` it counts in the iteration that resets it, and
//! reaches its targets one later; the network that PymoNNto starts from does so.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::{
    network::{
        Behaviour, Clock, Dealt, Initial, Input, Parameter, Parameters, Range, RegisterState, RegisterVariable, Spikes,
        Unit, V,
        residues::{LEAST_DECAY, Residues, any_below, steps_are_small},
    },
    numeric::{Real, dispatch, pass::pass, portions::Effort, rarely, real::moved_by},
    schedule::{AddToStage, Stage},
    variable,
};

/// Membrane potential (mV) above which a neuron fires.
const PEAK: Real = 30.0;

variable! {
    /// Recovery variable of the Izhikevich model.
    pub struct U = "u" in "";
}

/// The moment of an iteration at which spikes are detected.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detection {
    /// After the step that takes a neuron above the peak.
    #[default]
    AfterStep,
    /// Before the next step, when the neuron is reset: a spike reaches its targets an iteration later.
    BeforeStep,
}

/// Izhikevich neurons (2003): two variables, four parameters, most firing patterns of cortical neurons.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
#[require(V, U, Input, Spikes, Residues)]
pub struct Izhikevich {
    /// Rate of recovery.
    #[reflect(@Unit("1/ms"))]
    pub a: Parameter,
    /// Sensitivity of recovery to the membrane potential.
    #[reflect(@Unit("1/mV"))]
    pub b: Parameter,
    /// Membrane potential after a spike.
    #[reflect(@Unit("mV"))]
    pub c: Parameter,
    /// Jump of the recovery variable at a spike.
    pub d: Parameter,
    /// Euler steps of v in an iteration; u takes one.
    #[reflect(@Range::STEPS)]
    pub v_steps: u32,
    /// When a neuron above the peak counts as firing: `AfterStep` or `BeforeStep`.
    pub detect: Detection,
    /// Membrane potential at the start.
    #[reflect(@Unit("mV"))]
    pub v: Initial,
    /// Recovery variable at the start.
    pub u: Initial,
}

impl Default for Izhikevich {
    /// A regular spiking cell at rest.
    fn default() -> Self {
        Self {
            a: 0.02.into(),
            b: 0.2.into(),
            c: (-65.0).into(),
            d: 8.0.into(),
            v_steps: 1,
            detect: Detection::AfterStep,
            v: (-65.0).into(),
            u: "b * v".into(),
        }
    }
}

impl Behaviour for Izhikevich {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.register_variable::<U>()
            .register_state::<Residues>()
            .add_behaviour_system::<Self, _>(Stage::Integrate, integrate);
    }
}

type State<'w> = (Ref<'w, Izhikevich>, (&'w mut V, &'w mut U), &'w Input, &'w mut Residues, &'w mut Spikes, &'w Dealt);

fn integrate(mut groups: Query<State<'_>>, clock: Res<Clock>) {
    pass(|pass| {
        for (model, (v, u), input, residues, spikes, dealt) in &mut groups {
            let (changed, model) = (model.is_changed(), model.into_inner());
            let slow = || any_below([&model.a], v.0.len(), (LEAST_DECAY, clock.dt), |[a]| a);
            let creeps = || steps_are_small(clock.dt, model.v_steps) || slow();
            let [low_v, low_u] = residues.into_inner().at(clock.dt, changed, v.0.len(), creeps);
            let parameters = Parameters::of([&model.a, &model.b, &model.c, &model.d]);
            let method = Method { dt: clock.step(), steps: model.v_steps, detect: model.detect };
            let (v, u, input, spikes) =
                (&mut v.into_inner().0[..], &mut u.into_inner().0[..], &input.0[..], spikes.into_inner());
            if !low_v.is_empty() {
                rarely(|| {
                    let columns = (((v, low_v), (u, low_u)), input, parameters);
                    spikes.by_blocks(Effort::Light, pass, dealt, columns, move |(state, input, parameters), fired| {
                        advance_by::<0, true>(state, input, fired, method, parameters);
                    });
                });
                continue;
            }
            spikes.by_blocks(
                Effort::Light,
                pass,
                dealt,
                (v, u, input, parameters),
                move |(v, u, input, parameters), fired| {
                    let state = ((v, &mut [][..]), (u, &mut [][..]));
                    dispatch(
                        #[inline(always)]
                        || match method.steps {
                            // Known when the kernel is compiled, since a loop within the loop over neurons keeps the
                            // latter from being vectorised.
                            1 => advance_by::<1, false>(state, input, fired, method, parameters),
                            2 => advance_by::<2, false>(state, input, fired, method, parameters),
                            _ => advance_by::<0, false>(state, input, fired, method, parameters),
                        },
                    );
                },
            );
        }
    });
}

/// How an iteration is done.
#[derive(Clone, Copy)]
struct Method {
    dt: Real,
    steps: u32,
    detect: Detection,
}

/// v and u, each with its rests below the last place or none.
type Columns<'a> = ((&'a mut [Real], &'a mut [Real]), (&'a mut [Real], &'a mut [Real]));

/// One iteration with `STEPS` steps of v, or as many as `method` says where that is 0; with rests or without.
#[inline(always)]
fn advance_by<const STEPS: u32, const REST: bool>(
    state: Columns<'_>,
    input: &[Real],
    fired: &mut [u8],
    mut method: Method,
    parameters: Parameters<'_, 4>,
) {
    if STEPS != 0 {
        method.steps = STEPS;
    }
    match parameters {
        Parameters::Uniform(p) => advance::<REST>(state, input, fired, method, |_| p),
        Parameters::Each(columns) => {
            let n = state.0.0.len();
            // Columns of another length belong to a group that waits to be prepared again.
            if let [Some(a), Some(b), Some(c), Some(d)] = columns.map(|column| column.get(..n)) {
                advance::<REST>(state, input, fired, method, |i| [a[i], b[i], c[i], d[i]]);
            }
        }
    }
}

/// One iteration of the neurons of `v`; `parameters` gives a, b, c and d of each.
#[inline(always)]
fn advance<const REST: bool>(
    ((v, low_v), (u, low_u)): Columns<'_>,
    input: &[Real],
    fired: &mut [u8],
    method: Method,
    parameters: impl Fn(usize) -> [Real; 4],
) {
    let n = v.len();
    let (u, input, fired) = (&mut u[..n], &input[..n], &mut fired[..n]);
    let [low_v, low_u] = if REST { [&mut low_v[..n], &mut low_u[..n]] } else { [low_v, low_u] };
    let Method { dt, steps, detect } = method;
    let part = dt / steps as Real;
    let before = detect == Detection::BeforeStep;
    for i in 0..n {
        let [a, b, c, d] = parameters(i);
        let above = v[i] > PEAK;
        let mut potential = if above { c } else { v[i] };
        let mut recovery = if above { u[i] + d } else { u[i] };
        let mut low = if REST && !above { [low_v[i], low_u[i]] } else { [0.0; 2] };
        for _ in 0..steps {
            let change = part * (0.04 * potential * potential + 5.0 * potential + 140.0 - recovery + input[i]);
            potential = moved_by::<REST>(potential, &mut low[0], change);
        }
        recovery = moved_by::<REST>(recovery, &mut low[1], dt * a * (b * potential - recovery));
        if REST {
            [low_v[i], low_u[i]] = low;
        }
        let fires = if before { above } else { potential > PEAK };
        (v[i], u[i], fired[i]) = (potential, recovery, u8::from(fires));
    }
}

#[cfg(test)]
mod tests {
    use super::{Detection, Izhikevich};
    use crate::prelude::*;

    #[test]
    fn a_step_is_that_of_the_paper() {
        let mut bench = Bench::new().with_dt(0.5);
        let model = Izhikevich { v: (-60.0).into(), u: (-13.0).into(), ..default() };
        let cells = bench.group("cells", 1, (model, ConstantCurrent { amplitude: 10.0.into() }));
        bench.tick();
        // v: −60 + 0.5 (0.04·3600 − 300 + 140 + 13 + 10) = −56.5;  u: −13 + 0.5·0.02 (0.2·−56.5 + 13) = −12.983
        bench.assert_near(cells, "v", &[-56.5]);
        bench.assert_near(cells, "u", &[-12.983]);
    }

    #[test]
    fn half_steps_of_v_use_the_new_v() {
        let mut bench = Bench::new();
        let cells =
            bench.group("cells", 1, Izhikevich { v: (-60.0).into(), u: (-13.0).into(), v_steps: 2, ..default() });
        bench.tick();
        // −60 + 0.5·(144 − 300 + 153) = −61.5;  −61.5 + 0.5·(0.04·3782.25 − 307.5 + 153) = −63.105
        bench.assert_near(cells, "v", &[-63.105]);
    }

    #[test]
    fn a_neuron_above_the_peak_is_reset_before_the_step() {
        let mut bench = Bench::new();
        let model = Izhikevich {
            v: "30 + 0.5 * i".into(),
            u: 0.0.into(),
            a: "0.02 + 0 * i".into(),
            detect: Detection::BeforeStep,
            ..default()
        };
        let cells = bench.group("cells", 2, model);
        bench.tick();
        assert_eq!(bench.get(cells, "fired"), [0.0, 1.0]);
        assert_eq!(bench.spikes(cells), [1]);
        // From c = −65 with u = 8: −65 + (0.04·4225 − 325 + 140 − 8) = −89;  u: 8 + 0.02 (0.2·−89 − 8) = 7.484
        assert!((bench.get(cells, "v")[1] + 89.0).abs() < 1e-4);
        assert!((bench.get(cells, "u")[1] - 7.484).abs() < 1e-4);
    }

    #[test]
    fn a_spike_counts_in_the_iteration_of_its_upstroke_or_in_that_of_its_reset() {
        for (detect, expected) in [(Detection::AfterStep, [1.0, 0.0]), (Detection::BeforeStep, [0.0, 1.0])] {
            let mut bench = Bench::new();
            // 20 + (0.04·400 + 100 + 140 − 0) = 276 in the first step; reset to −65 and below the peak in the second.
            let model = Izhikevich { v: 20.0.into(), u: 0.0.into(), detect, ..default() };
            let cells = bench.group("cells", 1, model);
            let fired = [(); 2].map(|()| {
                bench.tick();
                bench.get(cells, "fired")[0]
            });
            assert_eq!(fired, expected);
        }
    }

    #[test]
    fn a_resting_cell_stays_at_the_stable_fixed_point() {
        let mut bench = Bench::new().with_dt(0.5);
        // 0.04 v² + 5 v + 140 − 0.2 v = 0 has the roots −50 and −70; the lower one is stable.
        let cells = bench.group("cells", 1, Izhikevich { v: (-71.0).into(), ..default() });
        bench.ticks(4000);
        assert!((bench.get(cells, "v")[0] + 70.0).abs() < 1e-3);
    }
}

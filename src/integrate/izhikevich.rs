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

use super::driver::AddModel;
use super::model::{At, Drive, NeuronModel, Steps};
use crate::{
    behaviour, cell,
    network::{Behaviour, Initial, Parameter, Range, Step, Unit, V},
    numeric::{Real, carried::Carried, real::wide},
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
#[non_exhaustive]
pub enum Detection {
    /// After the step that takes a neuron above the peak.
    #[default]
    AfterStep,
    /// Before the next step, when the neuron is reset: a spike reaches its targets an iteration later.
    BeforeStep,
}

behaviour! {
    /// Izhikevich neurons (2003): two variables, four parameters, most firing patterns of cortical neurons.
    ///
    /// By default a regular spiking cell at rest.
    pub struct Izhikevich {
        /// Rate of recovery.
        #[reflect(@Unit("1/ms"))]
        pub a: Parameter = 0.02,
        /// Sensitivity of recovery to the membrane potential.
        #[reflect(@Unit("1/mV"))]
        pub b: Parameter = 0.2,
        /// Membrane potential after a spike.
        #[reflect(@Unit("mV"))]
        pub c: Parameter = -65.0,
        /// Jump of the recovery variable at a spike.
        pub d: Parameter = 8.0,
        /// Euler steps of v in an iteration; u takes one.
        #[reflect(@Range::STEPS)]
        pub v_steps: u32 = 1,
        /// When a neuron above the peak counts as firing: `AfterStep` or `BeforeStep`.
        pub detect: Detection = Detection::AfterStep,
        /// Membrane potential at the start.
        #[reflect(@Unit("mV"))]
        pub v: Initial = -65.0,
        /// Recovery variable at the start.
        pub u: Initial = "b * v",
    }
}

impl Behaviour for Izhikevich {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }
}

cell! {
    /// The constants of a neuron.
    pub struct Cell {
        /// dt · a
        rate: Real,
        b: Real,
        c: Real,
        d: Real,
        /// Whether a spike counts when the neuron is reset.
        at_reset: bool,
    }
}

impl NeuronModel for Izhikevich {
    type State = (V, U);
    type Cell = Cell;
    type Takes = ();
    const STEPS: Steps = Steps::UpTo(2);
    const FIRES_AT_BEGIN: bool = true;

    fn steps(&self) -> u32 {
        self.v_steps
    }

    fn cell(&self, i: usize, step: Step) -> Cell {
        let Self { a, b, c, d, detect, .. } = self;
        let at_reset = *detect == Detection::BeforeStep;
        Cell { rate: step.dt() * a.at(i), b: b.at(i), c: c.at(i), d: d.at(i), at_reset }
    }

    fn rates(&self, i: usize) -> [Option<f64>; 2] {
        // u takes one step.
        [None, Some(wide(self.a.at(i)) * f64::from(self.v_steps))]
    }

    #[inline(always)]
    fn begin<X: Carried>(cell: Cell, [v, u]: [X; 2], _: Real) -> ([X; 2], bool) {
        let above = v.value() > PEAK;
        let state = [if above { X::of(cell.c) } else { v }, if above { X::of(u.value() + cell.d) } else { u }];
        (state, above)
    }

    #[inline(always)]
    fn step<X: Carried>(_: Cell, [v, u]: [X; 2], drive: impl Drive, at: At) -> ([X; 2], bool) {
        let x = v.value();
        let change = at.h * (0.04 * x * x + 5.0 * x + 140.0 - u.value() + drive.input());
        ([v.moved(change), u], false)
    }

    #[inline(always)]
    fn end<X: Carried>(cell: Cell, [v, u]: [X; 2], was_reset: bool) -> ([X; 2], bool) {
        let u = u.moved(cell.rate * (cell.b * v.value() - u.value()));
        ([v, u], if cell.at_reset { was_reset } else { v.value() > PEAK })
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

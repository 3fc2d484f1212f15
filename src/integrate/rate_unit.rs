//! A leaky rate unit, the neuron of H. R. Wilson & J. D. Cowan, Biophys. J. 12:1 (1972) without their refractory term.
//!
//! ```text
//! tau · dx/dt = −x + f(gain · (input − threshold)),   x = rate
//!
//! x ← x + (f(…) − x) (1 − exp(−dt / tau))
//! ```
//! Exact for an input that is constant in an iteration. It never fires: a synapse group, which carries spikes, has
//! nothing to carry from it. What it does is listen: to spikes through receptors, to noise and currents.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::{
    behaviour, cell,
    network::{
        Behaviour, Cell as _, Cells, CellsOf, Clock, Initial, Input, Parameter, Range, RegisterState, RegisterVariable,
        Step, ThreadShares, Unit, residues::Residues,
    },
    numeric::{
        Real,
        carried::{Carried, WithRest},
        dispatch, exp, exp_m1,
        pass::pass,
        rarely,
        real::wide,
        shares::Effort,
    },
    schedule::{AddToStage, Stage},
    variable,
};

variable! {
    /// Activity of a rate unit.
    pub struct Rate = "rate" in "";
}

/// What a rate unit makes of its input.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transfer {
    /// f(s) = s
    Linear,
    /// f(s) = s above zero, else 0
    #[default]
    Rectified,
    /// f(s) = 1 / (1 + exp(−s))
    Sigmoid,
    /// f(s) = tanh s
    Tanh,
}

behaviour! {
    /// Rate units: leaky integrators of a function of their input, without spikes.
    #[require(Rate, Input, Residues)]
    pub struct RateUnit {
        /// Time constant.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau: Parameter = 10.0,
        /// Factor on the input.
        #[reflect(@Range::FINITE)]
        pub gain: Parameter = 1.0,
        /// Input that counts as none.
        #[reflect(@Range::FINITE)]
        pub threshold: Parameter = 0.0,
        /// The function: `Linear`, `Rectified`, `Sigmoid` or `Tanh`.
        pub transfer: Transfer,
        /// Activity at the start.
        pub rate: Initial = 0.0,
    }
}

impl Behaviour for RateUnit {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.register_variable::<Rate>()
            .register_state::<Residues>()
            .add_behaviour_system::<Self, _>(Stage::Integrate, integrate);
    }
}

cell! {
    /// The constants of a unit.
    pub struct Constants {
        gain: Real,
        threshold: Real,
        /// What a step covers of the way.
        part: Real,
    }
}

type GroupItem<'w> = (Ref<'w, RateUnit>, &'w mut Rate, &'w Input, &'w mut Cells, &'w mut Residues, &'w ThreadShares);

fn integrate(mut groups: Query<GroupItem<'_>>, clock: Res<Clock>) {
    let step = Step::of(&clock, 1);
    pass(|pass| {
        for (model, rate, input, cells, residues, ThreadShares(shares)) in &mut groups {
            let (changed, model, units) = (model.is_changed(), model.into_inner(), rate.0.len());
            let cells = cells.into_inner().of(model, changed, (step, units), |i| Constants {
                gain: model.gain.at(i),
                threshold: model.threshold.at(i),
                part: -exp_m1(-step.dt() / model.tau.at(i)),
            });
            let rests = residues
                .into_inner()
                .rests(model, changed, step, (1, units), &|i| [Some(1.0 / wide(model.tau.at(i))), None]);
            let low = rests.into_iter().flatten().next().unwrap_or_default();
            let (transfer, columns) = (model.transfer, (&mut rate.into_inner().0[..], low, &input.0[..], cells));
            pass.by_blocks(Effort::Light, shares, units, columns, move |columns| match transfer {
                Transfer::Linear => advance(columns, |s| s),
                Transfer::Rectified => advance(columns, |s| if s > 0.0 { s } else { 0.0 }),
                Transfer::Sigmoid => advance(columns, |s| 1.0 / (1.0 + exp(-s))),
                Transfer::Tanh => advance(columns, tanh),
            });
        }
    });
}

/// The hyperbolic tangent; through exp(2s) − 1, so that it keeps its digits near zero.
#[inline(always)]
fn tanh(s: Real) -> Real {
    let e = exp_m1(2.0 * s);
    e / (e + 2.0)
}

/// Rates, their rests below the last place or none, input, constants.
type Columns<'a> = (&'a mut [Real], &'a mut [Real], &'a [Real], CellsOf<'a, Constants>);

/// One iteration.
#[inline(always)]
fn advance((rates, low, input, cells): Columns<'_>, transfer: impl Fn(Real) -> Real) {
    let target = |cell: Constants, i: usize| transfer(cell.gain * (input[i] - cell.threshold));
    if low.is_empty() {
        dispatch(
            #[inline(always)]
            || relax::<Real>((rates, low), cells, target),
        );
    } else {
        rarely(|| relax::<WithRest>((rates, low), cells, target));
    }
}

#[inline(always)]
fn relax<X: Carried>(
    rates: (&mut [Real], &mut [Real]),
    cells: CellsOf<'_, Constants>,
    target: impl Fn(Constants, usize) -> Real,
) {
    match cells {
        CellsOf::Alike(cell) => relax_each::<X>(rates, |_| cell, target),
        CellsOf::Each(each) => relax_each::<X>(rates, Constants::read(each, 0), target),
    }
}

#[inline(always)]
fn relax_each<X: Carried>(
    (rates, low): (&mut [Real], &mut [Real]),
    cell: impl Fn(usize) -> Constants,
    target: impl Fn(Constants, usize) -> Real,
) {
    for i in 0..rates.len() {
        let cell = cell(i);
        let rate = X::with_rest(rates[i], if X::CARRIES { low[i] } else { 0.0 });
        let moved = rate.moved((target(cell, i) - rate.value()) * cell.part);
        rates[i] = moved.value();
        if X::CARRIES {
            low[i] = moved.rest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RateUnit, Transfer};
    use crate::prelude::*;

    #[test]
    fn it_follows_the_analytic_solution_at_any_step() {
        for (dt, steps) in [(0.5, 100), (40.0, 3)] {
            let mut bench = Bench::new().with_dt(dt);
            let model = RateUnit { gain: 2.0.into(), threshold: 1.0.into(), rate: 10.0.into(), ..default() };
            let drive = ConstantCurrent { amplitude: 3.0.into() };
            let same = bench.group("same", 1, (model.clone(), drive.clone()));
            let each = bench.group("each", 2, (RateUnit { tau: "10 + 10 * i".into(), ..model }, drive));
            for step in 1..=steps {
                bench.tick();
                let found = [bench.get(same, "rate"), bench.get(each, "rate")].concat();
                for (found, tau) in found.iter().zip([10.0, 10.0, 20.0]) {
                    let rate = 4.0 + 6.0 * (-f64::from(step) * dt / tau).exp();
                    // Half a unit in the last place of 10 in each of the 40 steps of a time constant, at worst.
                    assert!((found - rate).abs() < 50.0 * f64::from(Real::EPSILON) * 10.0, "{found} {rate}");
                }
            }
        }
    }

    #[test]
    fn each_function_is_what_its_name_says() {
        let inputs = [-100.0, -2.0, -1e-3, 0.0, 0.5, 100.0_f64];
        let function = |transfer, s: f64| match transfer {
            Transfer::Linear => s,
            Transfer::Rectified => s.max(0.0),
            Transfer::Sigmoid => 1.0 / (1.0 + (-s).exp()),
            Transfer::Tanh => s.tanh(),
        };
        for transfer in [Transfer::Linear, Transfer::Rectified, Transfer::Sigmoid, Transfer::Tanh] {
            for input in inputs {
                let mut bench = Bench::new();
                // So fast that the rate is the function.
                let model = RateUnit { tau: 1e-3.into(), transfer, ..default() };
                let units = bench.group("units", 1, (model, ConstantCurrent { amplitude: input.into() }));
                bench.ticks(2);
                bench.assert_near(units, "rate", &[function(transfer, input)]);
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("units", 1, RateUnit { tau: 0.0.into(), ..default() }).unwrap_err();
        assert_eq!(error, "units: RateUnit.tau: must be above 0, not 0");
    }
}

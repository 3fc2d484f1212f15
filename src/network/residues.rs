//! What single precision drops of a state that creeps: the rest of v, and of the second variable of a model, below the last
//! place, carried from step to step (W. Kahan, Commun. ACM 8:40, 1965).
//!
//! A step of `f32` moves v by nothing where it would move it by less than half a unit in the last place: 1.9e-6 mV at 50 mV. A
//! membrane that covers `part` of its way in a step stops 1.9e-6 / `part` mV before its end; so rests are carried where `part`
//! is below [`LEAST_PART`], and without them v is right to 0.0005 mV. What relaxes to zero from far above it, as adaptation
//! does, is right to 5e-4 of itself without.

use bevy_ecs::prelude::*;
use bevy_reflect::PartialReflect;

use super::{cells::Step, fields::parameters_are_uniform, parameter::Parameter, state::State};
use crate::numeric::{
    Archive, ArchiveError, Column, Real,
    real::{IS_SINGLE, wide},
};

/// Parts of the way that a membrane covers in a step, below which rests are carried.
pub const LEAST_PART: f64 = 1.0 / 256.0;

/// The same for what has no threshold near its end.
pub const LEAST_DECAY: f64 = 1.0 / 8192.0;

/// On a group of a model that may creep: the rests of v and of its other variables, as long as it does.
#[derive(Component, Clone, Debug)]
pub struct Residues {
    rests: Vec<Column<Real>>,
    /// The step for which it was found out, and whether the model creeps at it.
    found: Option<(f64, bool)>,
}

impl Default for Residues {
    fn default() -> Self {
        Self::of(Self::VARIABLES)
    }
}

impl State for Residues {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        self.rests.iter_mut().try_for_each(|rest| archive.whole(rest).map(drop))
    }
}

impl Residues {
    /// Of as many variables there are rests by default.
    pub const VARIABLES: usize = 4;

    /// For a model of so many variables.
    #[must_use]
    pub fn of(variables: usize) -> Self {
        Self { rests: vec![Column::default(); variables.max(Self::VARIABLES)], found: None }
    }

    /// The rests of the first `variables`, of so many neurons; none where they need not be carried. Whether the model creeps is
    /// found out when the step or the parameters have `changed`: whether a step moves a variable of any neuron by so little
    /// that single precision would drop it. `rates` gives those (1/ms) at which the membrane potential and the slowest other
    /// variable of a neuron relax, if they have one.
    #[inline]
    pub fn rests<'a>(
        &'a mut self,
        behaviour: &dyn PartialReflect,
        changed: bool,
        step: Step,
        sizes: (usize, usize),
        rates: &dyn Fn(usize) -> [Option<f64>; 2],
    ) -> Option<impl Iterator<Item = &'a mut [Real]> + use<'a>> {
        // Most groups do not creep.
        if !IS_SINGLE || (!changed && self.found == Some((step.dt, false))) {
            return None;
        }
        self.find_out(behaviour, changed, step, sizes, rates).then(|| self.rests.iter_mut().map(|rest| &mut rest[..]))
    }

    #[cold]
    fn find_out(
        &mut self,
        behaviour: &dyn PartialReflect,
        changed: bool,
        step: Step,
        (variables, neurons): (usize, usize),
        rates: &dyn Fn(usize) -> [Option<f64>; 2],
    ) -> bool {
        let creeps = match self.found {
            Some((known, creeps)) if known == step.dt && !changed => creeps,
            _ => {
                let differing = if parameters_are_uniform(behaviour) { 1 } else { neurons };
                creeps(step.wide_h(), (0..differing).map(rates))
            }
        };
        self.found = Some((step.dt, creeps));
        let neurons = if creeps { neurons } else { 0 };
        for rest in self.rests.iter_mut().take(variables).filter(|rest| rest.len() != neurons) {
            rest.resize(0.0, neurons);
        }
        creeps
    }
}

/// The step (ms) below which models without a rate of their own carry rests: at 0.005 ms v, of 64 mV, moves by what is more than
/// 7.6e-4 mV/ms, and a resting Izhikevich cell is right to 0.004 mV.
pub const LEAST_STEP: f64 = 0.005;

fn creeps(h: f64, mut rates: impl Iterator<Item = [Option<f64>; 2]>) -> bool {
    rates.any(|[membrane, other]| {
        membrane.map_or(h < LEAST_STEP, |rate| rate * h < LEAST_PART)
            || other.is_some_and(|rate| rate * h < LEAST_DECAY)
    })
}

/// Whether a time constant (ms) is so long beside a step (ms), for any of so many neurons, that what decays with it needs rests.
#[must_use]
pub fn any_decays_slowly(tau: &Parameter, neurons: usize, step: f64) -> bool {
    let neurons = if tau.uniform().is_some() { 1 } else { neurons };
    (0..neurons).any(|i| 1.0 / wide(tau.at(i)) * step < LEAST_DECAY)
}

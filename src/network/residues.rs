//! What single precision drops of a state that creeps: the rest of v, and of the second variable of a model, below the last
//! place, carried from step to step (W. Kahan, Commun. ACM 8:40, 1965).
//!
//! A step of `f32` moves v by nothing where it would move it by less than half a unit in the last place: 1.9e-6 mV at 50 mV. A
//! membrane that covers `part` of its way in a step stops 1.9e-6 / `part` mV before its end; so rests are carried where `part`
//! is below [`LEAST_PART`], and without them v is right to 0.0005 mV. What relaxes to zero from far above it, as adaptation
//! does, is right to 5e-4 of itself without.

use bevy_ecs::prelude::*;

use super::{parameter::Parameter, state::State};
use crate::numeric::{
    Archive, ArchiveError, Column, Real,
    real::{IS_SINGLE, wide},
};

/// Parts of the way that a membrane covers in a step, below which rests are carried.
pub const LEAST_PART: f64 = 1.0 / 256.0;

/// The same for what has no threshold near its end.
pub const LEAST_DECAY: f64 = 1.0 / 8192.0;

/// On a group of a model that may creep: the rests of v and of its other variables, as long as it does.
#[derive(Component, Clone, Debug, Default)]
pub struct Residues {
    rests: [Column<Real>; 4],
    /// The step for which it was found out, and whether the model creeps at it.
    found: Option<(f64, bool)>,
}

impl State for Residues {
    fn keep(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        self.rests.iter_mut().try_for_each(|rest| archive.whole(rest).map(drop))
    }
}

impl Residues {
    /// The rests of `N` variables of so many neurons, empty where none need be carried. Whether the model `creeps` is found out
    /// when the step or its parameters have changed.
    #[inline]
    pub fn at<const N: usize>(
        &mut self,
        dt: f64,
        changed: bool,
        neurons: usize,
        creeps: impl FnOnce() -> bool,
    ) -> [&mut [Real]; N] {
        // Most groups do not creep: their rests are empty since it was found out.
        if !IS_SINGLE || (!changed && self.found == Some((dt, false))) {
            return [(); N].map(|()| &mut [][..]);
        }
        self.find_out(dt, changed, neurons, creeps)
    }

    #[cold]
    fn find_out<const N: usize>(
        &mut self,
        dt: f64,
        changed: bool,
        neurons: usize,
        creeps: impl FnOnce() -> bool,
    ) -> [&mut [Real]; N] {
        let creeps = match self.found {
            Some((known, creeps)) if known == dt && !changed => creeps,
            _ => creeps(),
        };
        self.found = Some((dt, creeps));
        let neurons = if creeps { neurons } else { 0 };
        let mut rests = self.rests.iter_mut();
        std::array::from_fn(|_| match rests.next() {
            Some(rest) => {
                if rest.len() != neurons {
                    rest.resize(0.0, neurons);
                }
                &mut rest[..]
            }
            None => &mut [],
        })
    }
}

/// The step (ms) below which models without a rate of their own carry rests: at 0.005 ms v, of 64 mV, moves by what is more than
/// 7.6e-4 mV/ms, and a resting Izhikevich cell is right to 0.004 mV.
pub const LEAST_STEP: f64 = 0.005;

/// Whether so many steps in an iteration (ms) are that small.
#[must_use]
pub fn steps_are_small(dt: f64, steps: u32) -> bool {
    dt / f64::from(steps.max(1)) < LEAST_STEP
}

/// Whether a rate (1/ms) of some parameters is below `least` of a step (ms) for any of so many neurons.
pub fn any_below<const N: usize>(
    parameters: [&Parameter; N],
    neurons: usize,
    (least, step): (f64, f64),
    rate: impl Fn([f64; N]) -> f64,
) -> bool {
    let neurons = if parameters.iter().all(|parameter| parameter.uniform().is_some()) { 1 } else { neurons };
    (0..neurons).any(|i| rate(parameters.map(|parameter| wide(parameter.at(i)))) * step < least)
}

//! An alpha-shaped current or conductance (Rall, J. Neurophysiol. 30:1138, 1967).
//!
//! ```text
//! s(t) = gain · weight · (t/tau) · exp(1 − t/tau)      after a spike: the peak, at t = tau, is gain · weight
//! input += s                                           without `reversal`: a current
//! conductance += s,   input += s · reversal            with it: a conductance, whose current is s (reversal − v)
//! ```
//! Two state variables, whose steps are exact (see [`super::decay`]).

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::dynamics::{self, Dynamic, Level, Parts, Rise};
use crate::{
    network::{
        Afferent, Behaviour, Initial, Kind, Parameter, Preparation, PrepareError, Range, RegisterVariable, Unit,
    },
    schedule::{AddToStage, Stage},
};

/// A current, or with a reversal potential a conductance, that rises and decays with one time constant.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
#[require(Level, Rise)]
pub struct AlphaReceptor {
    /// Tag or name of the afferent synapse groups whose spikes it takes.
    pub afferent: Afferent,
    /// Factor on the weights; for a conductance in nS, or as the model counts them (`HodgkinHuxley`: mS/cm²).
    pub gain: Parameter,
    /// Time constant, which is the time to the peak.
    #[reflect(@Unit("ms"), @Range::ABOVE_ZERO_OR_INFINITE)]
    pub tau: Parameter,
    /// Reversal potential of a conductance; `None` for a current.
    #[reflect(@Unit("mV"))]
    pub reversal: Option<Parameter>,
    /// Current or conductance at the start, from which it decays.
    pub initial: Initial,
}

impl Default for AlphaReceptor {
    fn default() -> Self {
        Self { afferent: Afferent::default(), gain: 1.0.into(), tau: 2.0.into(), reversal: None, initial: 0.0.into() }
    }
}

impl Dynamic for AlphaReceptor {
    fn parts(&self) -> Parts<'_> {
        let Self { gain, tau, reversal, .. } = self;
        Parts { gain, rise: Some(tau), decay: tau, reversal: reversal.as_ref(), magnesium: None }
    }
}

impl Behaviour for AlphaReceptor {
    const KIND: Kind = Kind::Receptor;

    fn plugin(app: &mut App) {
        app.register_variable::<Level>().register_variable::<Rise>();
        app.add_behaviour_system::<Self, _>(Stage::Input, dynamics::receive::<Self>);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        dynamics::prepare(&self.parts(), preparation)
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        dynamics::complete(&self.parts(), preparation);
        Ok(())
    }
}

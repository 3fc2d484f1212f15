//! An exponential current or conductance: a spike acts at once, and its effect decays.
//!
//! ```text
//! ds/dt = −s/tau,   s += gain · weight     at a spike
//! input += s                               without `reversal`: a current
//! conductance += s,   input += s · reversal   with it: a conductance, whose current is s (reversal − v)
//! ```
//! The current is integrated exactly together with a linear membrane, the conductance enters by its mean over the step
//! (see [`super::decay`]). The form of Vogels & Abbott, J. Neurosci. 25:10786 (2005), and of most network studies.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::dynamics::{self, Dynamic, Level, Parts};
use crate::{
    network::{
        Afferent, Behaviour, Initial, Kind, Parameter, Preparation, PrepareError, Range, RegisterVariable, Unit,
    },
    schedule::{AddToStage, Stage},
};

/// A current, or with a reversal potential a conductance, that jumps at a spike and decays exponentially.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
#[require(Level)]
pub struct ExponentialReceptor {
    /// Tag or name of the afferent synapse groups whose spikes it takes.
    pub afferent: Afferent,
    /// Factor on the weights; for a conductance in nS, or as the model counts them (`HodgkinHuxley`: mS/cm²).
    pub gain: Parameter,
    /// Time constant of the decay.
    #[reflect(@Unit("ms"), @Range::ABOVE_ZERO_OR_INFINITE)]
    pub tau: Parameter,
    /// Reversal potential of a conductance; `None` for a current.
    #[reflect(@Unit("mV"))]
    pub reversal: Option<Parameter>,
    /// Current or conductance at the start.
    pub initial: Initial,
}

impl Default for ExponentialReceptor {
    fn default() -> Self {
        Self { afferent: Afferent::default(), gain: 1.0.into(), tau: 5.0.into(), reversal: None, initial: 0.0.into() }
    }
}

impl Dynamic for ExponentialReceptor {
    fn parts(&self) -> Parts<'_> {
        Parts { gain: &self.gain, rise: None, decay: &self.tau, reversal: self.reversal.as_ref(), magnesium: None }
    }
}

impl Behaviour for ExponentialReceptor {
    const KIND: Kind = Kind::Receptor;

    fn plugin(app: &mut App) {
        app.register_variable::<Level>().add_behaviour_system::<Self, _>(Stage::Input, dynamics::receive::<Self>);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        dynamics::prepare(&self.parts(), preparation)
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        dynamics::complete(&self.parts(), preparation);
        Ok(())
    }
}

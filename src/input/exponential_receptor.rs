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

use super::dynamics::{self, Dynamic, Level, Parts};
use crate::{
    behaviour,
    network::{
        Afferent, Behaviour, Initial, Kind, Parameter, Preparation, PrepareError, Range, RegisterVariable, Unit,
    },
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// A current, or with a reversal potential a conductance, that jumps at a spike and decays exponentially.
    #[require(Level)]
    pub struct ExponentialReceptor {
        /// Tag or name of the afferent synapse groups whose spikes it takes.
        pub afferent: Afferent,
        /// Factor on the weights; for a conductance in nS, or as the model counts them (`HodgkinHuxley`: mS/cm²).
        pub gain: Parameter = 1.0,
        /// Time constant of the decay.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO_OR_INFINITE)]
        pub tau: Parameter = 5.0,
        /// Reversal potential of a conductance; `None` for a current.
        #[reflect(@Unit("mV"))]
        pub reversal: Option<Parameter>,
        /// Current or conductance at the start.
        pub initial: Initial = 0.0,
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

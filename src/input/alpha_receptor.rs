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

use super::dynamics::{self, Dynamic, Level, Parts, Rise};
use crate::{
    behaviour,
    network::{
        Afferent, Behaviour, Initial, Kind, Parameter, Preparation, PrepareError, Range, RegisterVariable, Unit,
    },
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// A current, or with a reversal potential a conductance, that rises and decays with one time constant.
    #[require(Level, Rise)]
    pub struct AlphaReceptor {
        /// Tag or name of the afferent synapse groups whose spikes it takes.
        pub afferent: Afferent,
        /// Factor on the weights; for a conductance in nS, or as the model counts them (`HodgkinHuxley`: mS/cm²).
        pub gain: Parameter = 1.0,
        /// Time constant, which is the time to the peak.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO_OR_INFINITE)]
        pub tau: Parameter = 2.0,
        /// Reversal potential of a conductance; `None` for a current.
        #[reflect(@Unit("mV"))]
        pub reversal: Option<Parameter>,
        /// Current or conductance at the start, from which it decays.
        pub initial: Initial = 0.0,
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

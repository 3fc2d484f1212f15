//! A current or conductance with a rise and a decay of its own.
//!
//! ```text
//! s(t) = gain · weight · n · (exp(−t/decay) − exp(−t/rise))    after a spike; n such that the peak is gain · weight
//! input += s                                                   without `reversal`: a current
//! conductance += s,   input += s · reversal                    with it: a conductance, whose current is s (reversal − v)
//! ```
//! Kept as the two variables of [`super::decay`], whose steps are exact; with `rise` = `decay` the shape is the alpha
//! function. The normalisation is that of Roth & van Rossum, "Modeling synapses", eq. 6.5, in Computational Modeling
//! Methods for Neuroscientists (ed. De Schutter, MIT Press, 2009).

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
    /// A current, or with a reversal potential a conductance, that is the difference of two exponentials.
    #[require(Level, Rise)]
    pub struct BiexponentialReceptor {
        /// Tag or name of the afferent synapse groups whose spikes it takes.
        pub afferent: Afferent,
        /// Factor on the weights; for a conductance in nS, or as the model counts them (`HodgkinHuxley`: mS/cm²).
        pub gain: Parameter = 1.0,
        /// Time constant of the rise.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO_OR_INFINITE)]
        pub rise: Parameter = 0.5,
        /// Time constant of the decay.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO_OR_INFINITE)]
        pub decay: Parameter = 5.0,
        /// Reversal potential of a conductance; `None` for a current.
        #[reflect(@Unit("mV"))]
        pub reversal: Option<Parameter>,
        /// Current or conductance at the start, from which it decays.
        pub initial: Initial = 0.0,
    }
}

impl Dynamic for BiexponentialReceptor {
    fn parts(&self) -> Parts<'_> {
        let Self { gain, rise, decay, reversal, .. } = self;
        Parts { gain, rise: Some(rise), decay, reversal: reversal.as_ref(), magnesium: None }
    }
}

impl Behaviour for BiexponentialReceptor {
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

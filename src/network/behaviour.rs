//! What a behaviour is: a component with fields that a scene may set, and systems that act through it.

use bevy_app::App;
use bevy_ecs::{component::Mutable, prelude::*};
use bevy_reflect::{GetTypeRegistration, Reflect, Typed};

use super::{
    extent::{Extent, Pair, Size},
    fault::PrepareError,
    preparation::Preparation,
};
use crate::numeric::{Archive, ArchiveError};

/// What a behaviour is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A neuron group: models, noise, currents.
    Neurons,
    /// A receptor of a neuron group.
    Receptor,
    /// A synapse group, whose synapses it makes.
    Connectivity,
    /// A synapse group: what changes its synapses.
    Synapses,
    /// An entity of its own that observes others.
    Recorder,
}

impl Kind {
    /// The kind in words, with its article.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Neurons => "a behaviour of neuron groups",
            Self::Receptor => "a receptor",
            Self::Connectivity => "a connectivity rule",
            Self::Synapses => "a behaviour of synapses",
            Self::Recorder => "a recorder",
        }
    }
}

/// The unit of a field, as an attribute: `#[reflect(@Unit("mV"))]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub struct Unit(pub &'static str);

/// A component that scenes may name and that acts through systems.
///
/// A system that cannot go on notes why among the [`Failures`](super::Failures), which stops the run. An error that it returns
/// goes to Bevy's error handler, and the run goes on; a panic is its own.
///
/// Its fields are declared by [`behaviour!`](crate::behaviour), or as a component that derives `Reflect`, `Clone` and `Default`.
///
/// ```
/// use cortecs::prelude::*;
///
/// behaviour! {
///     /// Pulls the membrane potential towards zero.
///     struct Leak {
///         /// Rate.
///         #[reflect(@Unit("1/ms"))]
///         rate: Parameter = 0.1,
///     }
/// }
///
/// impl Behaviour for Leak {
///     fn plugin(app: &mut App) {
///         app.add_behaviour_system::<Self, _>(Stage::Integrate, leak);
///     }
/// }
///
/// fn leak(mut groups: Query<(&Leak, &mut V)>, clock: Res<Clock>) {
///     for (leak, mut v) in &mut groups {
///         for (i, v) in v.0.iter_mut().enumerate() {
///             *v -= clock.step() * leak.rate.at(i) * *v;
///         }
///     }
/// }
/// ```
pub trait Behaviour: Component<Mutability = Mutable> + Reflect + Typed + GetTypeRegistration + Clone + Default {
    /// What it is attached to.
    const KIND: Kind = Kind::Neurons;

    /// Whether it is a neuron model: what decides when the neurons of a group fire, or moves their state. A group has one;
    /// a scene in which it has two at a time is refused, as both would move the same membrane potential.
    const MODEL: bool = false;

    /// Values of it that scenes may be `like`, as RON: `{"name": (about: "what, and its source", is: Type(field: value))}`. What else an
    /// entry says is for others: `dt`, a step at which it is right, and `drive`, an input at which something happens.
    const LIBRARY: &'static str = "";

    /// Adds its systems and registers its variables.
    fn plugin(app: &mut App);

    /// For a model: the names of the [compartments](super::CompartmentOf) that its cells have besides the soma. They come with it.
    fn compartments(&self) -> Vec<String> {
        Vec::new()
    }

    /// Makes ready what its fields do not say by themselves, before parameters and initial values are sampled.
    ///
    /// # Errors
    /// What was written cannot be carried out.
    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let _ = preparation;
        Ok(())
    }

    /// Checks or derives what depends on sampled parameters; called after they were sampled. In a trial it is called at a copy
    /// that is thrown away, with those of the first [members](Preparation::members).
    ///
    /// # Errors
    /// A parameter is out of its range.
    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let _ = preparation;
        Ok(())
    }

    /// For a connectivity rule: how many synapses it makes, and how many weights are stored for them.
    fn extent(&self, pair: Pair) -> Extent {
        let _ = pair;
        Extent::default()
    }

    /// Goes through what it keeps of the past besides its fields and columns, as random streams, always in the same order: it is
    /// saved, checked or restored on the way. Parameters and what is derived from them do not belong here.
    ///
    /// # Errors
    /// What was saved does not fit.
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let _ = archive;
        Ok(())
    }

    /// Memory (bytes) that it will need at an entity of a size, besides the columns there: indices, traces, what it keeps of
    /// the past. `cortecs check` adds it up, and a network for which it is too much is not built.
    fn memory(&self, size: Size) -> u64 {
        let _ = size;
        0
    }
}

//! The nouns: neuron groups, synapse groups, receptors, tags and addresses, state columns and their registry,
//! behaviours and how they are prepared, the clock. Knows neither stages nor scenes.
#![forbid(unsafe_code)]

pub mod address;
mod any_behaviour;
mod bearers;
pub mod behaviour;
mod by_source;
pub mod cells;
pub mod change;
pub mod clock;
pub mod columns;
pub mod compartment;
pub mod connect;
#[doc(hidden)]
pub mod declare;
pub mod endpoints;
pub mod extent;
pub mod failure;
pub mod fault;
mod fields;
pub mod given;
pub mod graded;
pub mod group;
pub mod history;
#[cfg(feature = "inspect")]
mod inspect;
pub mod membership;
pub mod parameter;
pub mod poke;
pub mod preparation;
pub mod prepare;
pub mod presentation;
pub mod range;
pub mod ranks;
pub mod receptor;
mod register;
pub mod registry;
pub mod residues;
pub mod rest;
pub mod rewire;
pub mod room;
pub mod runaway;
pub(crate) mod sample;
pub(crate) mod sampler;
pub mod selection;
pub mod shape;
pub mod slow_column;
pub mod soundness;
pub mod state;
pub mod surroundings;
pub mod switch;
mod switched_off;
pub mod synapse;
pub(crate) mod synapse_values;
pub mod threshold_shift;
mod trial;
pub(crate) mod unsampled;
pub mod variable;
pub mod whole;

pub use address::{Address, AddressError};
pub use bearers::bearers;
pub use behaviour::{Behaviour, Kind, Unit};
pub use cells::{Cell, CellColumns, Cells, CellsOf, Step};
pub use change::{ChangeError, Setting, change};
pub use clock::{Birth, Clock, Seed};
pub use columns::{Conductance, Input, Jump, Membrane, Spikes, ThreadShares, V};
pub use compartment::{Compartment, CompartmentOf, Compartments};
pub use endpoints::{Endpoints, Rule};
pub use extent::{Extent, Pair, Size};
pub use failure::Failures;
pub use fault::{PrepareError, PrepareFault};
pub(crate) use given::Given;
pub use given::GivenInput;
pub use group::{Draws, NeuronGroup, Remark, Tags};
pub use history::History;
pub use membership::{Origin, PartOf, Parts};
pub use parameter::{Arrivals, EquationText, Initial, InitialValues, NamedTexts, Parameter, SumOver, Sums};
pub use poke::{Poke, poke};
pub use preparation::Preparation;
pub use presentation::{Presentation, Presented};
pub use range::{Below, Range};
pub(crate) use ranks::LeastAge;
pub use ranks::{Everywhere, Owned, Ranks};
pub use receptor::{Afferent, Arriving, Listens, ReceptorOf, Receptors};
pub use register::RegisterBehaviour;
pub use registry::{BehaviourEntry, Behaviours};
pub use rest::{Rests, rest, wake};
pub use runaway::{LeastInterval, Runaway, Warnings};
pub use selection::Selection;
pub use slow_column::SlowColumn;
pub use soundness::{NotFinite, Soundness};
pub use state::{RegisterState, State, States};
pub use surroundings::{ArrayFolder, Constants, RegisterValueFunction};
pub use switch::{Act, Switches, Switching, switch, switch_within};
pub use synapse::{
    Afferents, DelaySummary, Delays, Efferents, Efficacies, Ends, InitialWeights, Layout, Rewired, Source,
    SynapseGroup, Synapses, Target, Weights,
};
pub use threshold_shift::ThresholdShift;
pub use variable::{RegisterVariable, Units, Variable, VariableEntry, Variables, View};

use bevy_app::{App, Plugin};

/// The nouns in an app: clock, seed, registries, and the observers that keep the wiring true.
pub struct NetworkPlugin;

impl Plugin for NetworkPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Clock>()
            .init_resource::<Seed>()
            .init_resource::<Failures>()
            .init_resource::<Warnings>()
            .init_resource::<Soundness>()
            .init_resource::<Given>()
            .init_resource::<Behaviours>()
            .init_resource::<Variables>()
            .init_resource::<ArrayFolder>()
            .init_resource::<surroundings::ValueFunctions>();
        state::plugin(app);
        app.register_variable::<V>()
            .register_variable::<Input>()
            .register_variable::<Conductance>()
            .register_variable::<Jump>()
            .register_variable::<Spikes>()
            .register_variable::<ThresholdShift>()
            .register_variable::<Weights>()
            .register_variable::<Arriving>()
            .register_variable::<graded::Graded>()
            .register_state::<GivenInput>()
            .register_state::<Synapses>()
            .register_state::<Efficacies>();
        let mut states = app.world_mut().resource_mut::<States>();
        states.let_stay::<Weights>();
        states.let_stay::<Synapses>();
        #[cfg(feature = "inspect")]
        inspect::plugin(app);
        membership::plugin(app);
        prepare::plugin(app);
        receptor::plugin(app);
    }
}

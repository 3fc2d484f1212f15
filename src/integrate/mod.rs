//! Stage 2: neuron models.
//!
//! Adding a behaviour: its file, and a line below.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use crate::network::RegisterBehaviour;

mod izhikevich;
mod poisson_neurons;
mod spike_list;
mod spike_source;

pub use izhikevich::{Detection, Izhikevich, U};
pub use poisson_neurons::{Pause, PoissonNeurons};
pub use spike_source::{SpikeSource, TimeUnit};

/// The behaviours of the integrate stage.
pub struct IntegratePlugin;

impl Plugin for IntegratePlugin {
    fn build(&self, app: &mut App) {
        app.register_behaviour::<Izhikevich>()
            .register_behaviour::<PoissonNeurons>()
            .register_behaviour::<SpikeSource>();
    }
}

//! Stage 2: neuron models.
//!
//! Adding a behaviour: its file, and a line below.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use crate::network::RegisterBehaviour;

mod adex;
mod advance;
mod channels;
mod driver;
mod drives;
pub mod equations;
mod exponential_if;
mod fitzhugh_nagumo;
#[cfg(test)]
mod test_drive;

mod hodgkin_huxley;
mod izhikevich;
mod izhikevich_2007;
mod kernel;
mod lif;
mod model;
mod poisson_neurons;
mod poisson_step;
mod rate_unit;
mod refractory;
mod spike_list;
mod spike_source;
mod spike_trains;
mod states;
mod traub_miles;

pub use adex::{AdEx, W};
pub use channels::{H, M, N};
pub use driver::AddModel;
pub use drives::{DriveColumn, DriveColumns};
pub use equations::{Equations, EquationsReceptor};
pub use exponential_if::ExponentialIf;
pub use fitzhugh_nagumo::{FitzHughNagumo, SlowRecovery};
pub use hodgkin_huxley::HodgkinHuxley;
pub use izhikevich::{Detection, Izhikevich, U};
pub use izhikevich_2007::{Izhikevich2007, RecoveryCurrent};
pub use kernel::{AddKernel, NeuronKernel, ReadColumn, ReadColumns};
pub use lif::Lif;
pub use model::{At, Drive, NeuronModel, Steps, Values};
pub use poisson_neurons::{Pause, PoissonNeurons};
pub use rate_unit::{Rate, RateUnit, Transfer};
pub use refractory::RefractoryLeft;
pub use spike_source::{SpikeSource, TimeUnit};
pub use spike_trains::SpikeTrains;
pub use states::States;
pub use traub_miles::TraubMiles;

/// The behaviours of the integrate stage.
pub struct IntegratePlugin;

impl Plugin for IntegratePlugin {
    fn build(&self, app: &mut App) {
        app.register_behaviour::<Izhikevich>()
            .register_behaviour::<Izhikevich2007>()
            .register_behaviour::<Equations>()
            .register_behaviour::<EquationsReceptor>()
            .register_behaviour::<Lif>()
            .register_behaviour::<ExponentialIf>()
            .register_behaviour::<AdEx>()
            .register_behaviour::<HodgkinHuxley>()
            .register_behaviour::<TraubMiles>()
            .register_behaviour::<FitzHughNagumo>()
            .register_behaviour::<RateUnit>()
            .register_behaviour::<PoissonNeurons>()
            .register_behaviour::<SpikeSource>()
            .register_behaviour::<SpikeTrains>();
    }
}

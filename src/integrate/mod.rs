//! Stage 2: neuron models.
//!
//! Adding a behaviour: its file, and a line below.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use crate::network::RegisterBehaviour;

mod adex;
mod channels;
mod exponential_if;
#[cfg(test)]
mod fed;
mod fitzhugh_nagumo;
mod hodgkin_huxley;
mod izhikevich;
mod izhikevich_2007;
mod lif;
mod ranges;
mod rate_unit;
mod refractory;
mod traub_miles;

pub use adex::{AdEx, W};
pub use channels::{H, M, N};
pub use exponential_if::ExponentialIf;
pub use fitzhugh_nagumo::{FitzHughNagumo, SlowRecovery};
pub use hodgkin_huxley::HodgkinHuxley;
pub use izhikevich::{Detection, Izhikevich, U};
pub use izhikevich_2007::{Izhikevich2007, RecoveryCurrent};
pub use lif::Lif;
pub use rate_unit::{Rate, RateUnit, Transfer};
pub use refractory::RefractoryLeft;
pub use traub_miles::TraubMiles;

/// The behaviours of the integrate stage.
pub struct IntegratePlugin;

impl Plugin for IntegratePlugin {
    fn build(&self, app: &mut App) {
        app.register_behaviour::<Izhikevich>();
        app.register_behaviour::<Lif>();
        app.register_behaviour::<ExponentialIf>();
        app.register_behaviour::<AdEx>();
        app.register_behaviour::<Izhikevich2007>();
        app.register_behaviour::<HodgkinHuxley>();
        app.register_behaviour::<TraubMiles>();
        app.register_behaviour::<FitzHughNagumo>();
        app.register_behaviour::<RateUnit>();
    }
}

//! Stage 1: what reaches a neuron. Spikes are delivered to receptors; receptors, noise and currents add to the input.
//!
//! Adding a behaviour: its file, and a line below.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use crate::network::RegisterBehaviour;

mod alpha_receptor;
mod biexponential_receptor;
mod constant_current;
mod current;
mod current_receptor;
mod decay;
mod delivery;
mod due;
mod dynamics;
mod exponential_receptor;
mod graded;
mod image_input;
mod inject;
mod jump_receptor;
mod nmda_receptor;
mod noise;
mod normal_noise;
mod ornstein_uhlenbeck;
mod passes;
mod poisson_input;
mod pulse_current;
mod ramp_current;
#[cfg(test)]
mod receptor_tests;
mod replay;
mod sequence;
mod sine_current;
mod step_current;
mod uniform_noise;
mod wiring;

pub use alpha_receptor::AlphaReceptor;
pub use biexponential_receptor::BiexponentialReceptor;
pub use constant_current::ConstantCurrent;
pub use current::{AddCurrent, Current};
pub use current_receptor::CurrentReceptor;
pub use dynamics::{Level, Rise};
pub(crate) use dynamics::{give_conductance, give_jump, site_of};
pub use exponential_receptor::ExponentialReceptor;
pub(crate) use graded::sum_up;
pub use image_input::ImageInput;
pub use inject::Inject;
pub use jump_receptor::JumpReceptor;
pub use nmda_receptor::NmdaReceptor;
pub use noise::{AddNoise, Distribution, Noise, Normal, Streams, Uniform};
pub use normal_noise::NormalNoise;
pub use ornstein_uhlenbeck::{Fluctuation, OrnsteinUhlenbeck};
pub use poisson_input::PoissonInput;
pub use pulse_current::PulseCurrent;
pub use ramp_current::RampCurrent;
pub use replay::{AtEnd, Replay};
pub use sequence::{Block, Order, Sequence};
pub use sine_current::SineCurrent;
pub use step_current::StepCurrent;
pub use uniform_noise::UniformNoise;

/// The behaviours of the input stage.
pub struct InputPlugin;

impl Plugin for InputPlugin {
    fn build(&self, app: &mut App) {
        wiring::plugin(app);
        delivery::plugin(app);
        // Before the receptors, which take in what it gives them.
        app.register_behaviour::<PoissonInput>()
            .register_behaviour::<CurrentReceptor>()
            .register_behaviour::<ExponentialReceptor>()
            .register_behaviour::<AlphaReceptor>()
            .register_behaviour::<BiexponentialReceptor>()
            .register_behaviour::<NmdaReceptor>()
            .register_behaviour::<JumpReceptor>()
            .register_behaviour::<UniformNoise>()
            .register_behaviour::<NormalNoise>()
            .register_behaviour::<OrnsteinUhlenbeck>()
            .register_behaviour::<ConstantCurrent>()
            .register_behaviour::<StepCurrent>()
            .register_behaviour::<RampCurrent>()
            .register_behaviour::<SineCurrent>()
            .register_behaviour::<PulseCurrent>()
            .register_behaviour::<Replay>()
            .register_behaviour::<ImageInput>()
            .register_behaviour::<Inject>();
    }
}

//! Stage 3: synapses and neurons change with their activity.
//!
//! Adding a behaviour: its file, and a line below. A rule that goes by the times of spikes is a
//! [`SpikeTiming`](spike_timing::SpikeTiming).
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use crate::network::{RegisterBehaviour, RegisterState, RegisterVariable, Soundness};

mod adaptive_threshold;
mod arrivals;
mod bounds;
mod changes;
mod deferred_stdp;
mod dopamine;
mod exact_sums;
mod free_places;
mod in_flight;
mod incoming;
mod inhibitory_stdp;
mod normalization;
mod one_step_stdp;
mod pair_sum;
mod potentials;
mod rests;
mod reward;
mod reward_stdp;
pub mod rule;
mod short_term_plasticity;
pub mod spike_timing;
mod stdp;
mod structural_plasticity;
mod threshold_homeostasis;
mod traces;
mod triplet_stdp;
mod voltage_stdp;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod spike_timing_tests;
#[cfg(test)]
mod structural_plasticity_tests;
#[cfg(test)]
mod voltage_stdp_tests;

pub use adaptive_threshold::AdaptiveThreshold;
pub use bounds::WeightBounds;
pub use deferred_stdp::{DeferredStdp, Tendency};
pub use dopamine::{Concentration, ConcentrationRest, Dopamine};
pub use inhibitory_stdp::InhibitoryStdp;
pub use normalization::{Normalization, Over};
pub use one_step_stdp::OneStepStdp;
pub use pair_sum::PairSum;
pub use rests::WeightRest;
pub use reward::{Reward, Watch};
pub use reward_stdp::{Eligibility, RewardStdp};
pub use rule::Rule;
pub use short_term_plasticity::ShortTermPlasticity;
pub use spike_timing::Pairing;
pub use stdp::Stdp;
pub use structural_plasticity::{Kept, SourceNeuron, StructuralPlasticity, TargetNeuron};
pub use threshold_homeostasis::{MeanRate, ThresholdHomeostasis};
pub use triplet_stdp::TripletStdp;
pub use voltage_stdp::{VoltageStdp, Voltages};

/// The behaviours of the learn stage.
pub struct LearnPlugin;

impl Plugin for LearnPlugin {
    fn build(&self, app: &mut App) {
        app.world_mut().get_resource_or_init::<Soundness>().also(bounds::look);
        app.register_state::<WeightBounds>().register_variable::<WeightRest>();
        app.register_behaviour::<ShortTermPlasticity>()
            .register_behaviour::<Rule>()
            .register_behaviour::<Stdp>()
            .register_behaviour::<TripletStdp>()
            .register_behaviour::<VoltageStdp>()
            .register_behaviour::<InhibitoryStdp>()
            .register_behaviour::<DeferredStdp>()
            .register_behaviour::<Reward>()
            .register_behaviour::<OneStepStdp>()
            .register_behaviour::<RewardStdp>()
            .register_behaviour::<Dopamine>()
            .register_behaviour::<Normalization>()
            .register_behaviour::<StructuralPlasticity>()
            .register_behaviour::<AdaptiveThreshold>()
            .register_behaviour::<ThresholdHomeostasis>();
    }
}

//! Stage 3: synapses and neurons change with their activity.
//!
//! Adding a behaviour: its file, and a line below.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use crate::network::RegisterBehaviour;

mod short_term_plasticity;

pub use short_term_plasticity::ShortTermPlasticity;

/// The behaviours of the learn stage.
pub struct LearnPlugin;

impl Plugin for LearnPlugin {
    fn build(&self, app: &mut App) {
        app.register_behaviour::<ShortTermPlasticity>();
    }
}

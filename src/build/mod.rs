//! From a scene to entities: validation against the network as a whole, spawning, connectivity rules, and the memory
//! that all this needs, stated before it is taken.
//!
//! Adding a connectivity rule: its file, and a line below.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use crate::network::RegisterBehaviour;

mod all_to_all;
mod faults;
mod network;
mod plan;
mod spawn;
mod validate;

pub use all_to_all::AllToAll;
pub use network::{Network, build, check, in_words};
pub use plan::{GroupPlan, Plan, RecordingPlan, SynapsePlan};

/// The connectivity rules.
pub struct BuildPlugin;

impl Plugin for BuildPlugin {
    fn build(&self, app: &mut App) {
        app.register_behaviour::<AllToAll>();
    }
}

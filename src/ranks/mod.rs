//! Several processes that share a network: each takes care of some neurons of every group, and after the integrate stage of an
//! iteration, or of as many as delays allow, all of them tell one another who fired. Knows no terminal and no files.
//!
//! ```text
//! all ranks:   build what leads to their neurons → iterate their neurons → exchange spikes → learn → rank 0 records
//! ```
//! Every rank goes through the same iterations with the same random numbers, which belong to neurons and synapses; spikes come
//! together in ascending order. So the recordings are those of one process, to the byte.
//!
//! ```
//! use cortecs::{assemble::build, numeric::exchange::together, prelude::*, ranks::RanksPlugin, scene::Scene, schedule::run_ticks};
//!
//! let text = r#"(groups: {"cells": (size: 5000, behaviours: [Izhikevich(), NormalNoise(mean: 5, sd: 3)])})"#;
//! let spikes = together(2, 1, |exchange| {
//!     let mut bench = Bench::new();
//!     bench.app_mut().add_plugins(RanksPlugin(exchange));
//!     let world = bench.world_mut();
//!     let scene = Scene::from_text(world, text).expect("a scene");
//!     let network = build(world, &scene).expect("a network");
//!     run_ticks(world, 50);
//!     bench.spike_count(network.groups[0])
//! });
//! assert!(spikes[0] > 0 && spikes[0] == spikes[1]);
//! ```
#![forbid(unsafe_code)]

#[cfg(feature = "mpi")]
pub mod mpi;
mod spikes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bevy_app::{App, Plugin};

pub use spikes::{exchanged_every, run_ticks, stopped_elsewhere};

use crate::{
    network::{LeastAge, Ranks},
    numeric::exchange::Exchange,
    schedule::{Stage, end_stage},
};

/// What the exchange of spikes is called among the systems of the integrate stage.
pub const EXCHANGE: &str = "exchange";

/// Shares the networks of a world, all of whose ranks build the same ones.
pub struct RanksPlugin(pub Arc<dyn Exchange>);

impl Plugin for RanksPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Ranks(self.0.clone())).init_resource::<spikes::Course>().init_resource::<LeastAge>();
        end_stage(app, Stage::Integrate, EXCHANGE, spikes::exchange);
    }
}

//! From a scene to entities: validation against the network as a whole, spawning, connectivity rules, and the memory
//! that all this needs, stated before it is taken.
//!
//! Adding a connectivity rule: its file, and a line below.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use crate::network::RegisterBehaviour;

mod all_to_all;
mod distance_dependent;
mod draw;
mod edge_list;
mod edges;
mod faults;
mod fixed_in_degree;
mod fixed_out_degree;
mod fixed_probability;
mod fixed_total_number;
mod futile;
mod matrix;
mod meaning;
mod network;
mod one_to_one;
mod plan;
mod profiles;
mod receptive_field;
mod shadows;
mod sparse;
mod spawn;
mod switches;
mod tree;
mod validate;

pub use all_to_all::AllToAll;
pub use distance_dependent::DistanceDependent;
pub use edge_list::EdgeList;
pub use fixed_in_degree::FixedInDegree;
pub use fixed_out_degree::FixedOutDegree;
pub use fixed_probability::FixedProbability;
pub use fixed_total_number::FixedTotalNumber;
pub use matrix::Matrix;
pub use network::{Network, build, check, in_words};
pub use one_to_one::OneToOne;
pub use plan::{GroupPlan, Plan, RecordingPlan, SynapsePlan};
pub use receptive_field::{Form, ReceptiveField};

/// The connectivity rules.
pub struct BuildPlugin;

impl Plugin for BuildPlugin {
    fn build(&self, app: &mut App) {
        app.register_behaviour::<AllToAll>()
            .register_behaviour::<OneToOne>()
            .register_behaviour::<FixedProbability>()
            .register_behaviour::<FixedInDegree>()
            .register_behaviour::<FixedOutDegree>()
            .register_behaviour::<FixedTotalNumber>()
            .register_behaviour::<DistanceDependent>()
            .register_behaviour::<ReceptiveField>()
            .register_behaviour::<EdgeList>()
            .register_behaviour::<Matrix>();
    }
}

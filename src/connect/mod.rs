//! Connectivity rules: which sources a target has, by number, by chance, by place or from a list.
//!
//! Adding one: its file, and a line below.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use crate::network::RegisterBehaviour;

mod all_to_all;
mod distance_dependent;
mod draw;
mod edge_list;
mod edges;
mod fixed_in_degree;
mod fixed_out_degree;
mod fixed_probability;
mod fixed_total_number;
mod matrix;
mod one_to_one;
mod receptive_field;
mod sparse;
mod tree;

pub use all_to_all::AllToAll;
pub use distance_dependent::DistanceDependent;
pub use edge_list::EdgeList;
pub use fixed_in_degree::FixedInDegree;
pub use fixed_out_degree::FixedOutDegree;
pub use fixed_probability::FixedProbability;
pub use fixed_total_number::FixedTotalNumber;
pub use matrix::Matrix;
pub use one_to_one::OneToOne;
pub use receptive_field::{Form, ReceptiveField};

/// The connectivity rules.
pub struct ConnectPlugin;

impl Plugin for ConnectPlugin {
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

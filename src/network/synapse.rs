//! Synapse groups: entities that join a source and a target neuron group by two relationships, so that the
//! *afferent* and *efferent* synapse groups of a neuron group are always at hand.

use bevy_ecs::prelude::*;

use super::group::Tags;
use crate::{value::Value, variable};

/// A group of synapses from one neuron group to another, or to itself.
#[derive(Component, Clone, Copy, Debug, Default)]
#[require(Tags, Weights, Synapses, InitialWeights)]
pub struct SynapseGroup;

/// On a synapse group: the neuron group whose spikes it carries.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = Efferents)]
pub struct Source(pub Entity);

/// On a neuron group: the synapse groups that leave it, in the order in which they were made.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = Source, linked_spawn)]
pub struct Efferents(Vec<Entity>);

/// On a synapse group: the neuron group that it reaches.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = Afferents)]
pub struct Target(pub Entity);

/// On a neuron group: the synapse groups that reach it, in the order in which they were made, which is the order
/// in which their spikes are added up.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = Target, linked_spawn)]
pub struct Afferents(Vec<Entity>);

variable! {
    /// Synaptic weight, source-major: the row of a source holds its weights to all targets.
    pub struct Weights = "weights" in "";
}

/// How the synapses of a group are laid out; a connectivity rule decides.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct Synapses {
    /// The layout; `None` until the rule was applied.
    pub layout: Option<Layout>,
}

/// The weights that the synapses of a group start with; default 1.
///
/// An expression may use `i` and `j`, the indices of source and target; an array has the shape sources × targets.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct InitialWeights(pub Value);

impl Default for InitialWeights {
    fn default() -> Self {
        Self(Value::Number(1.0))
    }
}

/// A layout of synapses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A weight for every pair, row after row; a missing synapse has the weight zero.
    Dense {
        /// Number of rows.
        sources: usize,
        /// Length of a row.
        targets: usize,
        /// Whether the diagonal, each neuron's synapse with itself, is left out.
        no_autapses: bool,
    },
}

impl Layout {
    /// The shape of the weights.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        match *self {
            Self::Dense { sources, targets, .. } => vec![sources, targets],
        }
    }
}

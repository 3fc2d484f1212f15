//! Neuron groups: size and shape, tags, the named draws that their parameters share.

use bevy_ecs::prelude::*;
use serde::Deserialize;

use super::columns::Input;
use crate::value::Value;

/// A group of neurons of one kind: the entity that behaviours are attached to.
///
/// The neurons stand on a grid of width × height × depth points, one unit apart; neuron `i` at
/// x = i mod width, y = i / width mod height, z = i / (width · height).
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[require(Tags, Draws, Input)]
pub struct NeuronGroup {
    /// Width, height and depth, all at least 1.
    pub shape: [usize; 3],
}

impl NeuronGroup {
    /// A row of `size` neurons.
    #[must_use]
    pub const fn new(size: usize) -> Self {
        Self { shape: [size, 1, 1] }
    }

    /// A sheet of neurons.
    #[must_use]
    pub const fn grid(width: usize, height: usize) -> Self {
        Self { shape: [width, height, 1] }
    }

    /// The number of neurons; saturates, so that an absurd shape is an absurd size.
    #[must_use]
    pub const fn size(&self) -> usize {
        let [width, height, depth] = self.shape;
        width.saturating_mul(height).saturating_mul(depth)
    }

    /// The position of neuron `i`, in units of the grid.
    #[must_use]
    pub const fn position(&self, i: usize) -> [f64; 3] {
        let [width, height, _] = self.shape;
        [(i % width) as f64, (i / width % height) as f64, (i / width / height) as f64]
    }
}

/// The words by which groups are found together; an address takes a tag where it takes a name.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Tags(pub Vec<String>);

impl Tags {
    /// Tags from words.
    #[must_use]
    pub fn new(words: &[&str]) -> Self {
        Self(words.iter().map(|&word| word.to_owned()).collect())
    }

    /// Whether `tag` is among them.
    #[must_use]
    pub fn contains(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == tag)
    }
}

/// Named draws: one number per neuron, shared by all expressions of the group that use the name.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct Draws(pub Vec<(String, Value)>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neurons_fill_rows_then_sheets() {
        let group = NeuronGroup { shape: [4, 3, 2] };
        assert_eq!(group.size(), 24);
        assert_eq!(group.position(0), [0.0, 0.0, 0.0]);
        assert_eq!(group.position(7), [3.0, 1.0, 0.0]);
        assert_eq!(group.position(23), [3.0, 2.0, 1.0]);
    }
}

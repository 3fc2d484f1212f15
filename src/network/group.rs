//! Neuron groups: size and shape, tags, the named draws that their parameters share.

use bevy_ecs::prelude::*;
#[cfg(feature = "inspect")]
use bevy_reflect::prelude::*;
use serde::Deserialize;

use super::columns::Input;
use crate::value::Value;

/// A group of neurons of one kind: the entity that behaviours are attached to.
///
/// The neurons stand on a grid of width × height × depth points, `spacing` apart; neuron `i` at
/// x = i mod width, y = i / width mod height, z = i / (width · height), times the spacing.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
#[require(Tags, Draws, Input)]
pub struct NeuronGroup {
    /// Width, height and depth, all at least 1.
    pub shape: [usize; 3],
    /// The distance between neighbours along each axis, in a unit of the user's; default 1.
    pub spacing: [f64; 3],
}

impl NeuronGroup {
    /// Neurons on a grid, one unit apart.
    #[must_use]
    pub const fn with_shape(shape: [usize; 3]) -> Self {
        Self { shape, spacing: [1.0; 3] }
    }

    /// A row of `size` neurons.
    #[must_use]
    pub const fn new(size: usize) -> Self {
        Self::with_shape([size, 1, 1])
    }

    /// A sheet of neurons.
    #[must_use]
    pub const fn grid(width: usize, height: usize) -> Self {
        Self::with_shape([width, height, 1])
    }

    /// The length of the grid along each axis, as a torus has it: places × spacing.
    #[must_use]
    pub const fn extent(&self) -> [f64; 3] {
        let [width, height, depth] = self.shape;
        let [dx, dy, dz] = self.spacing;
        [width as f64 * dx, height as f64 * dy, depth as f64 * dz]
    }

    /// From neuron `i` of `other` to neuron `j` of this group, along each axis; on a torus the shorter way round.
    #[must_use]
    pub fn apart(&self, j: usize, other: &Self, i: usize, periodic: bool) -> [f64; 3] {
        let (own, others, extent) = (self.position(j), other.position(i), self.extent());
        std::array::from_fn(|axis| {
            let way = own[axis] - others[axis];
            if periodic { way - extent[axis] * libm::round(way / extent[axis]) } else { way }
        })
    }

    /// The number of neurons; saturates, so that an absurd shape is an absurd size.
    #[must_use]
    pub const fn size(&self) -> usize {
        let [width, height, depth] = self.shape;
        width.saturating_mul(height).saturating_mul(depth)
    }

    /// The position of neuron `i`.
    #[must_use]
    pub const fn position(&self, i: usize) -> [f64; 3] {
        // Of 32 bits, as a group has no more neurons: their quotients take half of the time.
        let [width, height, i] = [self.shape[0] as u32, self.shape[1] as u32, i as u32];
        let [dx, dy, dz] = self.spacing;
        [(i % width) as f64 * dx, (i / width % height) as f64 * dy, (i / width / height) as f64 * dz]
    }
}

/// The words by which groups are found together; an address takes a tag where it takes a name.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
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

/// On a neuron group or a receptor: what equations have to say of themselves that stands in no field, as the method that was chosen.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct Remark(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neurons_fill_rows_then_sheets() {
        let group = NeuronGroup::with_shape([4, 3, 2]);
        assert_eq!(group.size(), 24);
        assert_eq!(group.position(0), [0.0, 0.0, 0.0]);
        assert_eq!(group.position(7), [3.0, 1.0, 0.0]);
        assert_eq!(group.position(23), [3.0, 2.0, 1.0]);
    }

    #[test]
    fn a_torus_is_crossed_the_shorter_way() {
        let group = NeuronGroup { spacing: [0.5, 1.0, 1.0], ..NeuronGroup::grid(10, 4) };
        assert_eq!(group.apart(9, &group, 0, false), [4.5, 0.0, 0.0]);
        assert_eq!(group.apart(9, &group, 0, true), [-0.5, 0.0, 0.0]);
        assert_eq!(group.apart(0, &group, 30, true), [0.0, 1.0, 0.0]);
    }
}

//! How much there is: synapses between two groups, members of an entity, the memory that they take.

use crate::numeric::coding::Coding;

/// The two sides of a synapse group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Neurons of the source group that take part.
    pub sources: usize,
    /// Neurons of the target group that take part.
    pub targets: usize,
    /// Whether the two are one group.
    pub recurrent: bool,
    /// Whether the synapses are laid out as a matrix if there is one for every pair: all neurons take part, and all
    /// delays are equal.
    pub whole: bool,
    /// Neurons that are sources and targets: none between two groups.
    pub common: usize,
    /// Of a rule that was tried, how many synapses it seems to make, by those of some targets.
    pub estimate: Option<u64>,
}

/// The number of synapses in a group, and the memory that they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Synapses; their expected number where chance decides.
    pub synapses: u64,
    /// Memory (bytes), besides that of the columns that have a number for each, such as weights.
    pub bytes: u64,
    /// Whether there is a weight for every pair.
    pub dense: bool,
}

/// How large an entity is, for a behaviour that says what memory it will need there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Its members: neurons, or what weights there are; the expected number where chance decides.
    pub members: u64,
    /// Of a synapse group, the neurons of its source group.
    pub sources: u64,
    /// Of a synapse group, the neurons of its target group.
    pub targets: u64,
    /// Of a synapse group, whether it has a weight for every pair.
    pub dense: bool,
    /// Of a synapse group, whether all delays are the same.
    pub punctual: bool,
    /// Of a synapse group, the longest delay (steps); of delays that differ, the longest of those that were tried.
    pub longest_delay: u64,
}

impl Extent {
    /// Dense synapses: weights for each pair, and nothing else.
    #[must_use]
    pub const fn dense(synapses: u64) -> Self {
        Self { synapses, bytes: 0, dense: true }
    }

    /// Sparse synapses: a code for each, and an index of the rows.
    #[must_use]
    pub fn sparse(pair: Pair, synapses: u64) -> Self {
        let row = (synapses / (pair.sources as u64).max(1)) as usize;
        let coding = if pair.whole {
            Coding::punctual(pair.targets, row)
        } else {
            Coding::delayed((pair.sources, pair.targets), row, 1)
        };
        let rows = (pair.targets.div_ceil(coding.width()) as u64).saturating_mul(pair.sources as u64);
        let each = coding.bytes() as u64;
        let bytes = synapses.saturating_mul(each).saturating_add(rows.saturating_mul(4));
        Self { synapses, bytes, dense: false }
    }
}

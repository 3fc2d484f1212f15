//! Rows while they are made: synapses are counted, block by block, and then placed.

use std::ops::Range;

use crate::numeric::{
    Column, Real,
    coding::Coding,
    rows::{Block, Rows, Synapse},
    synapses::{
        codes::{CodeSlice, CodeSliceMut, Codes},
        offsets::Offsets,
    },
};

/// What the rows of a group have in common, while synapses are counted and placed.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Source neurons.
    pub sources: usize,
    /// Target neurons.
    pub targets: usize,
    /// The delay (steps) of all synapses, if it is the same.
    pub delay: Option<u32>,
    /// How targets and delays are coded.
    pub coding: Coding,
}

impl Shape {
    /// The number of blocks.
    #[must_use]
    pub const fn blocks(&self) -> usize {
        self.targets.div_ceil(self.coding.width())
    }

    /// The targets of a block.
    #[must_use]
    pub fn targets_of(&self, block: usize) -> Range<usize> {
        block * self.coding.width()..((block + 1) * self.coding.width()).min(self.targets)
    }

    /// The piece of a block to which a synapse belongs.
    fn piece(&self, synapse: Synapse) -> usize {
        let bucket = if self.delay.is_some() { 0 } else { synapse.delay as usize / self.coding.slots() };
        bucket * self.sources + synapse.source as usize
    }

    fn code(&self, synapse: Synapse) -> u32 {
        let delay = if self.delay.is_some() { 0 } else { synapse.delay as usize };
        self.coding.code(delay, synapse.target as usize)
    }
}

/// How many synapses each piece of a block has.
#[derive(Clone, Debug, Default)]
pub struct Count {
    counts: Vec<u32>,
    total: usize,
    elsewhere: bool,
}

impl Count {
    /// Of a block whose targets are in the care of other ranks: it takes no room.
    #[must_use]
    pub fn elsewhere() -> Self {
        Self { elsewhere: true, ..Self::default() }
    }

    /// Counts a synapse.
    #[inline]
    pub fn add(&mut self, shape: &Shape, synapse: Synapse) {
        let piece = shape.piece(synapse);
        if piece >= self.counts.len() {
            self.counts.resize((piece / shape.sources + 1) * shape.sources, 0);
        }
        self.counts[piece] += 1;
        self.total += 1;
    }

    /// Synapses so far.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// The number of each piece becomes the place of its first synapse; as many pieces as `buckets` have, and the end.
    fn into_offsets(self, shape: &Shape, buckets: usize) -> Column<u32> {
        if self.elsewhere {
            return Column::default();
        }
        let mut offsets = Column::filled(self.total as u32, buckets * shape.sources + 1);
        let mut sum = 0;
        for (offset, count) in offsets.iter_mut().zip(self.counts) {
            *offset = sum;
            sum += count;
        }
        offsets
    }
}

/// The part of the rows that one task fills: the synapses of a block.
pub struct Part<'a> {
    shape: &'a Shape,
    /// Where the next synapse of each piece goes.
    next: Column<u32>,
    codes: CodeSliceMut<'a>,
    weights: &'a mut [Real],
}

impl Part<'_> {
    /// Places a synapse, which must have been counted.
    #[inline]
    pub fn place(&mut self, synapse: Synapse, weight: Real) {
        let next = &mut self.next[self.shape.piece(synapse)];
        let at = *next as usize;
        *next += 1;
        self.codes.set(at, self.shape.code(synapse));
        self.weights[at] = weight;
    }

    /// Whether the codes of every piece ascend, once all synapses are placed.
    #[must_use]
    pub fn is_ascending(&self) -> bool {
        let mut start = 0;
        self.next.iter().all(|&end| {
            let piece = self.codes.view().get(start..end as usize);
            start = end as usize;
            piece.is_some_and(CodeSlice::is_sorted)
        })
    }
}

impl Rows {
    /// Rows with room for the synapses that were counted, block by block, and weights that are zero.
    #[must_use]
    pub fn with_room(shape: &Shape, counts: Vec<Count>) -> (Self, Column<Real>) {
        let longest = counts.iter().map(|count| count.counts.len()).max().unwrap_or_default();
        let buckets = longest.div_ceil(shape.sources.max(1)).max(1);
        let mut start = 0;
        let blocks = counts.into_iter().map(|count| {
            let total = count.total();
            let block = Block { start, offsets: Offsets::of(count.into_offsets(shape, buckets)) };
            start += total;
            block
        });
        let blocks = blocks.collect();
        let span = shape.coding.slots() as u32;
        let rows = Self {
            sources: shape.sources,
            coding: shape.coding,
            ages: shape.delay.map_or_else(|| (0..buckets as u32).map(|b| b * span).collect(), |d| vec![d]),
            punctual: shape.delay.is_some(),
            ascending: false,
            blocks,
            codes: Codes::zero(shape.coding, start),
            longest_elsewhere: 0,
        };
        (rows, Column::filled(0.0, start))
    }

    /// The parts to be filled, one for each block, for tasks of their own.
    pub fn parts<'a>(&'a mut self, shape: &'a Shape, mut weights: &'a mut [Real]) -> Vec<Part<'a>> {
        let mut codes = self.codes.all_mut();
        let mut parts = Vec::new();
        for block in &self.blocks {
            let len = block.len();
            let (own_codes, other_codes) = codes.split_at(len);
            let (own_weights, other_weights) = weights.split_at_mut(len);
            (codes, weights) = (other_codes, other_weights);
            parts.push(Part {
                shape,
                next: block.offsets.all(shape.sources * self.ages.len()),
                codes: own_codes,
                weights: own_weights,
            });
        }
        parts
    }
}

//! Rows whose weights change: block by block, each with its own weights, so that tasks can share them.

use std::ops::Range;

use crate::numeric::{
    Real,
    rows::{Block, Rows},
    synapses::codes::CodeSlice,
};

/// The synapses that lead to a block of targets, with their weights.
pub struct RowBlock<'a> {
    rows: &'a Rows,
    block: &'a Block,
    codes: CodeSlice<'a>,
    /// The first of its targets.
    pub first_target: usize,
    /// The first of its synapses, in the order of weights.
    pub first_synapse: usize,
    /// The weights of its synapses.
    pub weights: &'a mut [Real],
    /// What they have below the last place; nothing where that is not carried.
    pub rests: &'a mut [Real],
}

impl Rows {
    /// The blocks with their weights; none if there is not a weight for each synapse.
    pub fn with_weights<'a>(&'a self, weights: &'a mut [Real]) -> Vec<RowBlock<'a>> {
        self.with_rests(weights, &mut [])
    }

    /// The same with the rests of the weights, of which there is one for each or none.
    pub fn with_rests<'a>(&'a self, mut weights: &'a mut [Real], mut rests: &'a mut [Real]) -> Vec<RowBlock<'a>> {
        if weights.len() != self.len() || (!rests.is_empty() && rests.len() != weights.len()) {
            return Vec::new();
        }
        let blocks = self.blocks.iter().enumerate().map(|(k, block)| {
            let (own, rest) = std::mem::take(&mut weights).split_at_mut(block.len());
            weights = rest;
            let carried = if rests.is_empty() { 0 } else { block.len() };
            let (own_rests, other_rests) = std::mem::take(&mut rests).split_at_mut(carried);
            rests = other_rests;
            RowBlock {
                rows: self,
                block,
                codes: self.codes_of(block.start..block.start + block.len()).unwrap_or_default(),
                first_target: k * self.coding.width(),
                first_synapse: block.start,
                weights: own,
                rests: own_rests,
            }
        });
        blocks.collect()
    }

    /// Delays (steps) of a bucket: those from its age on.
    #[must_use]
    pub const fn span(&self) -> u32 {
        if self.is_punctual() { 1 } else { self.coding.slots() as u32 }
    }
}

impl RowBlock<'_> {
    /// Its targets, or more where the group ends.
    #[must_use]
    pub const fn targets_of_group(&self) -> Range<usize> {
        self.first_target..self.first_target + self.rows.coding.width()
    }

    /// Where the synapses of a source in a bucket lie in the block.
    #[inline]
    #[must_use]
    pub fn piece(&self, bucket: usize, source: u32) -> Range<usize> {
        self.block.piece(bucket, self.rows.sources, source)
    }

    /// How many steps longer than the age of its bucket the delay of a synapse of the block is.
    #[inline]
    #[must_use]
    pub fn delay_within(&self, place: usize) -> u32 {
        self.rows.coding.delay(self.codes.at(place))
    }

    /// Fetches target and delay of a synapse of the block.
    #[inline]
    pub fn fetch(&self, place: usize) {
        self.codes.prefetch(place);
    }

    /// The target, counted within the block, of a synapse of it.
    #[inline]
    #[must_use]
    pub fn target_of(&self, place: usize) -> usize {
        self.rows.coding.target(self.codes.at(place))
    }

    /// Calls `change` with the target, counted within the block, and the weight of each synapse that leaves a source, all of which
    /// have the same delay.
    #[inline(always)]
    pub fn each_of_source(&mut self, source: u32, mut change: impl FnMut(usize, &mut Real)) {
        let piece = self.piece(0, source);
        let (Some(codes), Some(weights)) = (self.codes.get(piece.clone()), self.weights.get_mut(piece)) else { return };
        let coding = self.rows.coding;
        codes.zip_each(weights, |code, weight| change(coding.target(code), weight));
    }

    /// Calls `change` with the target, counted within the block, and the weight of each synapse.
    pub fn each_by_target(&mut self, mut change: impl FnMut(usize, &mut Real)) {
        let coding = self.rows.coding;
        self.codes.zip_each(&mut *self.weights, |code, weight| change(coding.target(code), weight));
    }

    /// Calls `change` with each source and the weights of its synapses, bucket by bucket.
    pub fn each_by_source(&mut self, mut change: impl FnMut(usize, &mut [Real])) {
        for (piece, places) in self.block.offsets.each() {
            if let Some(weights) = self.weights.get_mut(places) {
                change(piece % self.rows.sources, weights);
            }
        }
    }
}

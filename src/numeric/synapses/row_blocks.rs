//! Rows whose weights change: block by block, each with its own weights, so that tasks can share them.

use std::ops::Range;

use crate::numeric::{
    Real,
    coding::BLOCK_TARGETS,
    rows::{Block, Rows},
};

/// The synapses that lead to a block of targets, with their weights.
pub struct RowBlock<'a> {
    rows: &'a Rows,
    block: &'a Block,
    codes: &'a [u16],
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
        let mut codes = &self.codes[..];
        let blocks = self.blocks.iter().enumerate().map(|(k, block)| {
            let (own, rest) = std::mem::take(&mut weights).split_at_mut(block.len());
            let (own_codes, other_codes) = codes.split_at(block.len());
            (weights, codes) = (rest, other_codes);
            let carried = if rests.is_empty() { 0 } else { block.len() };
            let (own_rests, other_rests) = std::mem::take(&mut rests).split_at_mut(carried);
            rests = other_rests;
            RowBlock {
                rows: self,
                block,
                codes: own_codes,
                first_target: k * BLOCK_TARGETS,
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
    /// Where the synapses that leave a source and belong to a bucket lie in the block, those whose delay is so many steps longer
    /// than the bucket's age; and whether all that lie there are of this delay.
    #[inline]
    #[must_use]
    pub fn stretch(&self, (bucket, later): (usize, u32), source: u32) -> (Range<usize>, bool) {
        let piece = self.block.piece(bucket, self.rows.sources, source);
        let Some(codes) = self.codes.get(piece.clone()) else { return (0..0, true) };
        if self.rows.punctual {
            return (piece, true);
        }
        if !self.rows.ascending {
            return (piece, false);
        }
        let from = codes.partition_point(|code| self.rows.coding.delay(*code) < later);
        let number = codes[from..].partition_point(|code| self.rows.coding.delay(*code) == later);
        (piece.start + from..piece.start + from + number, true)
    }

    /// Whether a synapse of the block has a delay that is so many steps longer than the age of its bucket.
    #[inline]
    #[must_use]
    pub fn has_delay(&self, place: usize, later: u32) -> bool {
        self.rows.punctual || self.rows.coding.delay(self.codes[place]) == later
    }

    /// The targets, counted within the block, of some of its synapses.
    #[inline]
    pub fn targets(&self, places: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        self.codes[places].iter().map(|code| self.rows.coding.target(*code))
    }

    /// Calls `change` with the target, counted within the block, and the weight of each synapse that leaves a source
    /// and belongs to a bucket, its delay being so many steps longer than the bucket's age.
    #[inline(always)]
    pub fn each_of_source(
        &mut self,
        (bucket, later): (usize, u32),
        source: u32,
        mut change: impl FnMut(usize, &mut Real),
    ) {
        let piece = self.block.piece(bucket, self.rows.sources, source);
        let (Some(codes), Some(weights)) = (self.codes.get(piece.clone()), self.weights.get_mut(piece)) else { return };
        for (&code, weight) in codes.iter().zip(weights) {
            if self.rows.coding.delay(code) == later {
                change(self.rows.coding.target(code), weight);
            }
        }
    }

    /// The same with the rest of each weight, for a block that carries them.
    pub fn each_of_source_with_rests(
        &mut self,
        (bucket, later): (usize, u32),
        source: u32,
        mut change: impl FnMut(usize, &mut Real, &mut Real),
    ) {
        let piece = self.block.piece(bucket, self.rows.sources, source);
        let codes = self.codes.get(piece.clone());
        let numbers = self.weights.get_mut(piece.clone()).zip(self.rests.get_mut(piece));
        let (Some(codes), Some((weights, rests))) = (codes, numbers) else { return };
        for ((&code, weight), rest) in codes.iter().zip(weights).zip(rests) {
            if self.rows.coding.delay(code) == later {
                change(self.rows.coding.target(code), weight, rest);
            }
        }
    }

    /// Calls `change` with the target, counted within the block, and the weight of each synapse.
    pub fn each_by_target(&mut self, mut change: impl FnMut(usize, &mut Real)) {
        for (&code, weight) in self.codes.iter().zip(&mut *self.weights) {
            change(self.rows.coding.target(code), weight);
        }
    }

    /// Calls `change` with each source and the weights of its synapses, bucket by bucket.
    pub fn each_by_source(&mut self, mut change: impl FnMut(usize, &mut [Real])) {
        for (piece, ends) in self.block.offsets.windows(2).enumerate() {
            if let Some(weights) = self.weights.get_mut(ends[0] as usize..ends[1] as usize) {
                change(piece % self.rows.sources, weights);
            }
        }
    }
}

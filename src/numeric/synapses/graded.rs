//! Sums over all synapses of weight times a number of the source: block by block of targets, in each source by source. Blocks have
//! their targets for themselves, so that threads share them and sums have the same bits on any number.

use rayon::prelude::*;

use super::rows::Rows;
use crate::numeric::{
    Real,
    threads::{attend, is_alone},
};

/// Synapses from which threads are called: some 100 µs.
const WORTH_SHARING: usize = 1 << 17;

impl Rows {
    /// Adds weight times number of its source for each synapse to the sum of its target.
    pub fn add_graded(&self, weights: &[Real], numbers: &[Real], sums: &mut [Real]) {
        let add = |(block, sums): (usize, &mut [Real])| self.add_to_block(block, weights, numbers, sums);
        if self.blocks() > 1 && self.len() >= WORTH_SHARING && !is_alone() {
            attend();
            sums.par_chunks_mut(self.coding.width()).enumerate().for_each(add);
        } else {
            sums.chunks_mut(self.coding.width()).enumerate().for_each(add);
        }
    }

    fn add_to_block(&self, block: usize, weights: &[Real], numbers: &[Real], sums: &mut [Real]) {
        let Some(block) = self.blocks.get(block) else { return };
        for bucket in 0..self.ages().len() {
            for (source, x) in (0..self.sources as u32).zip(numbers) {
                let piece = self.piece(block, bucket, source);
                let (Some(codes), Some(weights)) = (self.codes_of(piece.clone()), weights.get(piece)) else {
                    continue;
                };
                codes.zip_each(weights, |code, weight| {
                    if let Some(sum) = sums.get_mut(self.coding.target(code)) {
                        *sum += weight * x;
                    }
                });
            }
        }
    }
}

//! The synapses of one neuron, found without a walk over all of them.

use std::ops::Range;

use super::rows::{Rows, Synapse};
use crate::numeric::coding::BLOCK_TARGETS;

impl Rows {
    /// The number of sources, be they without synapses.
    pub const fn sources(&self) -> usize {
        self.sources
    }

    /// The synapses that leave a source, each with its place among the weights.
    pub fn of_source(&self, source: u32) -> impl Iterator<Item = (usize, Synapse)> + '_ {
        let buckets =
            (0..self.blocks()).flat_map(move |block| (0..self.ages().len()).map(move |bucket| (block, bucket)));
        let is_there = (source as usize) < self.sources;
        buckets.filter(move |_| is_there).flat_map(move |(block, bucket)| self.placed(block, bucket, source))
    }

    /// The synapses of a source at which a spike of it arrives that is so many iterations old: piece by piece, the first target of a
    /// block, and the places among the weights. Those of other delays are among them, unless all delays are the same.
    pub fn pieces_at(&self, source: u32, age: u32) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        let slots = self.coding.slots() as u32;
        let span = if self.punctual { 1 } else { slots };
        let reaches = move |bucket: &usize| (self.ages[*bucket]..self.ages[*bucket] + span).contains(&age);
        let buckets = (0..self.ages.len()).filter(reaches);
        let is_there = (source as usize) < self.sources;
        let pieces = buckets.flat_map(|bucket| (0..self.blocks()).map(move |block| (block, bucket)));
        let piece = move |(block, bucket): (usize, usize)| {
            let places = self.piece(&self.blocks[block], bucket, source);
            (block * BLOCK_TARGETS, self.of_delay(places, age % slots))
        };
        pieces.filter(move |_| is_there).map(piece)
    }

    /// The part of a piece that has a delay, counted from where its bucket begins; the whole where codes do not ascend.
    fn of_delay(&self, places: Range<usize>, delay: u32) -> Range<usize> {
        if self.punctual || !self.ascending {
            return places;
        }
        let codes = &self.codes[places.clone()];
        let from = codes.partition_point(|code| self.coding.delay(*code) < delay);
        let number = codes[from..].partition_point(|code| self.coding.delay(*code) == delay);
        places.start + from..places.start + from + number
    }

    /// Whether a synapse of a [piece](Self::pieces_at) for an age has that delay.
    #[inline]
    pub fn has_delay(&self, place: usize, age: u32) -> bool {
        let slots = self.coding.slots() as u32;
        self.punctual || self.coding.delay(self.codes[place]) == age % slots
    }

    /// The target of a synapse within its block.
    #[inline]
    pub fn target_within(&self, place: usize) -> usize {
        self.coding.target(self.codes[place])
    }

    /// The synapses that reach a target, each with its place among the weights: of every source the part of its row that leads
    /// there, as many looks as there are sources and buckets of delays.
    pub fn of_target(&self, target: u32) -> impl Iterator<Item = (usize, Synapse)> + '_ {
        let (block, within) = (target as usize / BLOCK_TARGETS, target as usize % BLOCK_TARGETS);
        let buckets = (0..self.ages().len()).filter(move |_| block < self.blocks());
        let pieces = buckets.flat_map(move |bucket| (0..self.sources as u32).map(move |source| (bucket, source)));
        pieces.flat_map(move |(bucket, source)| self.placed_at(block, bucket, source, within))
    }

    /// The synapses of a source in a bucket of a block.
    fn placed(&self, block: usize, bucket: usize, source: u32) -> impl Iterator<Item = (usize, Synapse)> + '_ {
        let piece = self.piece(&self.blocks[block], bucket, source);
        piece.map(move |place| (place, self.synapse((block, bucket), source, self.codes[place])))
    }

    fn synapse(&self, (block, bucket): (usize, usize), source: u32, code: u16) -> Synapse {
        let target = (block * BLOCK_TARGETS + self.coding.target(code)) as u32;
        Synapse { source, target, delay: self.ages[bucket] + self.coding.delay(code) }
    }

    /// Whether targets ascend in each piece; where delays differ within it, codes ascend by them first.
    const fn is_sorted(&self) -> bool {
        self.punctual && self.ascending
    }

    /// The same of one target of the block.
    fn placed_at(
        &self,
        block: usize,
        bucket: usize,
        source: u32,
        target: usize,
    ) -> impl Iterator<Item = (usize, Synapse)> + '_ {
        let piece = self.piece(&self.blocks[block], bucket, source);
        let codes = &self.codes[piece.clone()];
        // Where targets do not ascend, all of the piece is looked at.
        let first = if self.is_sorted() { codes.partition_point(|&code| self.coding.target(code) < target) } else { 0 };
        let behind =
            codes[first..].iter().take_while(move |&&code| !self.is_sorted() || self.coding.target(code) == target);
        let there = behind.enumerate().filter(move |&(_, &code)| self.coding.target(code) == target);
        there.map(move |(k, &code)| (piece.start + first + k, self.synapse((block, bucket), source, code)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::rows::{Shape, tests::built},
        *,
    };

    proptest! {
        /// As they are among all of them.
        #[test]
        fn the_synapses_of_a_neuron_are_found(
            ends in prop::collection::vec((0..5_u32, 0..9000_u32, 0..30_u32), 0..200),
            targets in prop::sample::select(vec![1_u32, 70, 9000]),
            same in any::<bool>(),
            sorted in any::<bool>(),
        ) {
            let delay = |delay: u32| if same { 7 } else { delay };
            let mut synapses: Vec<Synapse> = ends
                .into_iter()
                .map(|(source, target, d)| Synapse { source, target: target % targets, delay: delay(d) })
                .collect();
            if sorted {
                synapses.sort_by_key(|synapse| (synapse.source, synapse.delay, synapse.target));
            }
            let shape = Shape { sources: 5, targets: targets as usize, delay: same.then_some(7) };
            let (mut rows, _) = built(&shape, &synapses);
            rows.set_ascending(sorted);
            let all: Vec<(usize, Synapse)> = rows.iter().enumerate().collect();
            let of = |is: &dyn Fn(&Synapse) -> bool| -> Vec<(usize, Synapse)> {
                all.iter().copied().filter(|(_, synapse)| is(synapse)).collect()
            };
            let in_order = |mut found: Vec<(usize, Synapse)>| {
                found.sort_by_key(|(place, _)| *place);
                found
            };
            for source in 0..7 {
                prop_assert_eq!(in_order(rows.of_source(source).collect()), of(&|synapse| synapse.source == source));
            }
            for target in synapses.iter().map(|synapse| synapse.target).chain([0, 8999, 20_000]) {
                prop_assert_eq!(in_order(rows.of_target(target).collect()), of(&|synapse| synapse.target == target));
            }
        }
    }
}

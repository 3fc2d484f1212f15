//! The synapses of one neuron, found without a walk over all of them.

use super::{
    codes::CodeSlice,
    rows::{Rows, Synapse},
};

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

    /// The synapses that reach a target, each with its place among the weights: of every source the part of its row that leads
    /// there, as many looks as there are sources and buckets of delays.
    pub fn of_target(&self, target: u32) -> impl Iterator<Item = (usize, Synapse)> + '_ {
        let width = self.coding.width();
        let (block, within) = (target as usize / width, target as usize % width);
        let buckets = (0..self.ages().len()).filter(move |_| block < self.blocks());
        let pieces = buckets.flat_map(move |bucket| (0..self.sources as u32).map(move |source| (bucket, source)));
        pieces.flat_map(move |(bucket, source)| self.placed_at(block, bucket, source, within))
    }

    /// The synapses of a block, counted within it, those of each piece by their delays.
    pub fn places_by_delay(&self, block: usize) -> Vec<u32> {
        let block = &self.blocks[block];
        let mut places: Vec<u32> = (0..block.len() as u32).collect();
        let codes = self.codes_of(block.start..block.start + block.len()).unwrap_or_default();
        for (_, piece) in block.offsets.each() {
            places[piece].sort_by_key(|&place| self.coding.delay(codes.at(place as usize)));
        }
        places
    }

    /// The synapses of a source in a bucket of a block.
    fn placed(&self, block: usize, bucket: usize, source: u32) -> impl Iterator<Item = (usize, Synapse)> + '_ {
        let piece = self.piece(&self.blocks[block], bucket, source);
        piece.map(move |place| (place, self.synapse((block, bucket), source, self.codes.all().at(place))))
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
        let codes = self.codes.all();
        let here = move |place: usize| self.coding.target(codes.at(place));
        // Where targets do not ascend, all of the piece is looked at.
        let before = |codes: CodeSlice<'_>| codes.partition_point(|code| self.coding.target(code) < target);
        let first = if self.is_sorted() { codes.get(piece.clone()).map_or(0, before) } else { 0 };
        let behind =
            (piece.start + first..piece.end).take_while(move |&place| !self.is_sorted() || here(place) == target);
        let there = behind.filter(move |&place| here(place) == target);
        there.map(move |place| (place, self.synapse((block, bucket), source, codes.at(place))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::rows::tests::{built, shape},
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
            row in prop::sample::select(vec![1_usize, 10_000]),
        ) {
            let delay = |delay: u32| if same { 7 } else { delay };
            let mut synapses: Vec<Synapse> = ends
                .into_iter()
                .map(|(source, target, d)| Synapse { source, target: target % targets, delay: delay(d) })
                .collect();
            if sorted {
                synapses.sort_by_key(|synapse| (synapse.source, synapse.delay, synapse.target));
            }
            let shape = shape(5, targets as usize, same.then_some(7), row);
            let (mut rows, _) = built(&shape, &synapses);
            rows.settle(sorted);
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

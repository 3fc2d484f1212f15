//! Rows of sparse synapses: for every source the synapses that leave it, cut by blocks of targets and by delay, so that
//! what one pass adds to stays in a cache and one task owns it.
//!
//! ```text
//! block of targets → bucket of delays → source → synapses: a code each, a weight elsewhere
//! ```
//! How wide blocks and buckets are: `coding`. A bucket's spikes are delivered when they are as old as its shortest delay, into a ring
//! per block that has a slot for each delay of the bucket. Slots turn with the iterations, and adding iteration · width to a code
//! gives the cell of the ring: no look-up. Few targets leave bits for many slots, so that a spike has few buckets and its
//! synapses lie in few places. How rows are made: `placing`.

use std::ops::Range;

use crate::numeric::{
    Archive, ArchiveError,
    coding::Coding,
    synapses::{
        codes::{CodeSlice, Codes},
        offsets::Offsets,
    },
};

/// Synapses of a piece that are walked in as much time as four tasks spend to look the piece up.
const LONG: usize = 256;

/// Targets of a wide block at which tasks may cut it: all of them look its pieces up, of which there are few.
const GRAIN: usize = 1 << 16;

/// The synapses of a group, without their weights.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub(in crate::numeric) sources: usize,
    pub(in crate::numeric) coding: Coding,
    /// The age (iterations) at which each bucket delivers its spikes, ascending.
    pub(in crate::numeric) ages: Vec<u32>,
    /// Whether every delay is the age of its bucket, so that no ring is needed.
    pub(in crate::numeric) punctual: bool,
    /// Whether the targets of each piece ascend, so that a part of them can be found.
    pub(in crate::numeric) ascending: bool,
    pub(in crate::numeric) blocks: Vec<Block>,
    pub(in crate::numeric) codes: Codes,
    /// The longest delay (steps) elsewhere, where these are a part of all.
    pub(in crate::numeric) longest_elsewhere: u32,
}

/// The rows that lead to one block of targets.
#[derive(Clone, Debug, Default)]
pub(in crate::numeric) struct Block {
    /// The first of its synapses.
    pub(in crate::numeric) start: usize,
    /// Where the piece of each bucket and source lies, from `start`.
    pub(in crate::numeric) offsets: Offsets,
}

impl Block {
    /// The number of its synapses.
    pub(in crate::numeric) fn len(&self) -> usize {
        self.offsets.end()
    }

    /// The synapses of a source, one of so many, in a bucket, counted from the first of the block.
    #[inline]
    pub(in crate::numeric) fn piece(&self, bucket: usize, sources: usize, source: u32) -> Range<usize> {
        self.offsets.piece(bucket * sources + source as usize)
    }
}

/// One synapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synapse {
    /// The source neuron.
    pub source: u32,
    /// The target neuron.
    pub target: u32,
    /// The delay (steps).
    pub delay: u32,
}

impl Rows {
    /// Goes through the synapses, of the same sources and with delays coded as these are.
    ///
    /// # Errors
    /// What was saved does not fit.
    pub fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let delay = self.punctual.then(|| self.ages.clone());
        let form = (self.sources as u64, self.coding, delay, self.blocks.len() as u64);
        if archive.through(&form)?.is_some_and(|saved| saved != form) {
            return Err(ArchiveError::Refused("its synapses lie otherwise".into()));
        }
        let Some(found) = archive.listed(self)? else { return Ok(()) };
        let found = self.of_listed(&found).ok_or(ArchiveError::Form)?;
        if archive.restores() {
            *self = found;
        } else {
            archive.find(found);
        }
        Ok(())
    }

    /// The number of synapses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.len() == 0
    }

    /// The ages (iterations) at which spikes are delivered, ascending.
    #[must_use]
    pub fn ages(&self) -> &[u32] {
        &self.ages
    }

    /// The age (iterations) of the spikes that are delivered last, here or elsewhere.
    #[must_use]
    pub fn oldest(&self) -> u32 {
        let elsewhere = match self.punctual {
            true => self.longest_elsewhere,
            false => self.longest_elsewhere - self.longest_elsewhere % self.coding.slots() as u32,
        };
        self.ages.last().copied().unwrap_or_default().max(elsewhere)
    }

    /// The longest delay (steps), here or elsewhere.
    #[must_use]
    pub fn longest_delay(&self) -> u32 {
        let (codes, last) = (self.codes.all(), self.ages.len().saturating_sub(1));
        let delays = self.places_of(last).flatten().map(|place| self.ages[last] + self.coding.delay(codes.at(place)));
        delays.max().unwrap_or_default().max(self.longest_elsewhere)
    }

    /// The synapses of a bucket, block by block.
    pub(in crate::numeric) fn places_of(&self, bucket: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        self.blocks.iter().map(move |block| {
            let ends = [bucket, bucket + 1].map(|bucket| block.offsets.start(bucket * self.sources));
            let [from, to] = ends.map(|end| block.start + end.unwrap_or_default());
            from..to
        })
    }

    /// Says how long (steps) the longest delay elsewhere is, where these are a part of all.
    pub const fn reach(&mut self, longest_elsewhere: u32) {
        self.longest_elsewhere = longest_elsewhere;
    }

    /// Whether all synapses have the same delay: they are added to the sums of the iteration itself, not to a ring.
    #[must_use]
    pub const fn is_punctual(&self) -> bool {
        self.punctual
    }

    /// Says that all [`Part`]s are filled, and whether they were [ascending](Part::is_ascending).
    pub fn settle(&mut self, ascending: bool) {
        self.ascending = ascending;
        self.blocks.iter_mut().for_each(|block| block.offsets.thin());
    }

    /// Targets at whose multiples tasks may share what leads to them, 1 where they may at any: of pieces that are cut within a block,
    /// all tasks look each up.
    #[must_use]
    pub fn grain(&self) -> usize {
        match self.punctual && self.ascending {
            true if self.mean_length() >= LONG * self.blocks.len() => 1,
            true => self.coding.width().min(GRAIN),
            false => self.coding.width(),
        }
    }

    /// How targets and delays are coded.
    #[must_use]
    pub const fn coding(&self) -> Coding {
        self.coding
    }

    /// Synapses of a row on average.
    #[must_use]
    pub fn mean_length(&self) -> usize {
        self.codes.len().div_ceil(self.sources.max(1))
    }

    /// The number of blocks of targets.
    #[must_use]
    pub const fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Bytes of everything but the weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let offsets: usize = self.blocks.iter().map(|block| block.offsets.bytes()).sum();
        offsets + self.codes.len() * self.coding.bytes()
    }

    /// The synapses of a source in a bucket of a block.
    #[inline]
    pub(in crate::numeric) fn piece(&self, block: &Block, bucket: usize, source: u32) -> Range<usize> {
        let piece = block.piece(bucket, self.sources, source);
        block.start + piece.start..block.start + piece.end
    }

    /// The codes of some synapses.
    #[inline]
    pub(in crate::numeric) fn codes_of(&self, piece: Range<usize>) -> Option<CodeSlice<'_>> {
        self.codes.all().get(piece)
    }

    /// All synapses, in the order of their weights.
    pub fn iter(&self) -> impl Iterator<Item = Synapse> + '_ {
        self.blocks.iter().enumerate().flat_map(move |(b, block)| {
            block.offsets.each().flat_map(move |(piece, places)| {
                let (bucket, source) = (piece / self.sources, (piece % self.sources) as u32);
                let codes = self.codes.all();
                let of_block = places.start + block.start..places.end + block.start;
                of_block.map(move |place| self.synapse((b, bucket), source, codes.at(place)))
            })
        })
    }

    /// The block, the bucket and the source by which a synapse lies among all.
    pub(crate) fn piece_of(&self, synapse: Synapse) -> (usize, usize, u32) {
        let bucket = if self.punctual { 0 } else { synapse.delay as usize / self.coding.slots() };
        (synapse.target as usize / self.coding.width(), bucket, synapse.source)
    }

    pub(in crate::numeric) fn synapse(&self, (block, bucket): (usize, usize), source: u32, code: u32) -> Synapse {
        let target = (block * self.coding.width() + self.coding.target(code)) as u32;
        Synapse { source, target, delay: self.ages[bucket] + self.coding.delay(code) }
    }
}

#[cfg(test)]
pub(in crate::numeric) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::numeric::{
        Column, Real,
        pieces::{Pieces, add},
        placing::{Count, Shape},
    };

    /// What rows of some synapses have in common.
    pub fn shape(sources: usize, targets: usize, delay: Option<u32>, row: usize) -> Shape {
        let coding = match delay {
            Some(_) => Coding::punctual(targets, row),
            None => Coding::delayed((sources, targets), row, 40),
        };
        Shape { sources, targets, delay, coding }
    }

    /// Rows of some synapses, of which the k-th has the weight k + 1.
    pub fn built(shape: &Shape, synapses: &[Synapse]) -> (Rows, Column<Real>) {
        let in_block = |block: usize| {
            synapses.iter().enumerate().filter(move |(_, s)| s.target as usize / shape.coding.width() == block)
        };
        let counts = (0..shape.blocks()).map(|block| {
            let mut count = Count::default();
            in_block(block).for_each(|(_, &synapse)| count.add(shape, synapse));
            count
        });
        let (mut rows, mut weights) = Rows::with_room(shape, counts.collect());
        for (block, mut part) in rows.parts(shape, &mut weights).into_iter().enumerate() {
            in_block(block).for_each(|(k, &synapse)| part.place(synapse, 1.0 + k as Real));
        }
        rows.settle(false);
        (rows, weights)
    }

    proptest! {
        /// Whatever the synapses, a spike of iteration k reaches each target at k + delay, with the synapse's weight:
        /// against a list of events, to the last bit, for tasks of any blocks.
        #[test]
        fn spikes_arrive_when_and_where_they_should(
            targets in prop::sample::select(vec![1_u32, 70, 3000, 9000, 140_000]),
            ends in prop::collection::vec((0..5_u32, 0..140_000_u32, 0..40_u32), 1..60),
            spikes in prop::collection::vec((0..20_u64, 0..5_u32), 0..40),
            same in any::<bool>(),
            row in prop::sample::select(vec![1_usize, 100, 10_000]),
        ) {
            let mut synapses: Vec<Synapse> = ends
                .into_iter()
                .map(|(source, target, delay)| Synapse { source, target: target % targets, delay: if same { 7 } else { delay } })
                .collect();
            synapses.sort_by_key(|s| s.source);
            let shape = shape(5, targets as usize, same.then_some(7), row);
            let (rows, weights) = built(&shape, &synapses);
            prop_assert_eq!(rows.iter().count(), synapses.len());
            // A ring that has more slots than these rows need, as another group may.
            let needed = Coding::delayed((5, targets as usize), row, 40);
            let mut rings = vec![0.0; 2 * needed.cells_of_rings(targets as usize)];
            let ring = Coding::of_rings(targets as usize, rings.len());
            let width = ring.width().max(shape.coding.width());
            let fired = |iteration: u64| -> Vec<u32> {
                let mut now: Vec<u32> = spikes.iter().filter(|s| s.0 == iteration).map(|s| s.1).collect();
                now.sort_unstable();
                now.dedup();
                now
            };
            for iteration in 0..60 {
                let mut arrived: Vec<Real> = vec![0.0; targets as usize];
                let own_rings = rings.chunks_mut(width / ring.width() * ring.cells());
                for (block, (sums, own_rings)) in arrived.chunks_mut(width).zip(own_rings).enumerate() {
                    let own = block * width..block * width + sums.len();
                    for (bucket, &age) in rows.ages().iter().enumerate() {
                        let Some(then) = u64::checked_sub(iteration, u64::from(age)) else { continue };
                        let spikes = fired(then);
                        let mut pieces = Pieces::new();
                        rows.find(bucket, (&own, targets as usize), &weights, (&spikes, None), &mut pieces);
                        add(&pieces, sums, (&mut *own_rings, ring, iteration));
                    }
                    for (sums, ring_cells) in sums.chunks_mut(ring.width()).zip(own_rings.chunks_mut(ring.cells())) {
                        for (sum, cell) in sums.iter_mut().zip(&mut ring_cells[ring.due(iteration)]) {
                            *sum += std::mem::take(cell);
                        }
                    }
                }
                let mut expected = vec![0.0; targets as usize];
                for (k, synapse) in synapses.iter().enumerate() {
                    if u64::checked_sub(iteration, u64::from(synapse.delay)).is_some_and(|then| fired(then).contains(&synapse.source)) {
                        expected[synapse.target as usize] += 1.0 + k as Real;
                    }
                }
                prop_assert_eq!(arrived, expected);
            }
        }
    }
}

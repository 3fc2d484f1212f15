//! Rows of sparse synapses: for every source the synapses that leave it, cut by blocks of targets and by delay, so that
//! what one pass adds to stays in the second-level cache and one task owns it.
//!
//! ```text
//! block of up to 8192 targets → bucket of 8 delays or more → source → synapses: a code of 16 bits each, a weight elsewhere
//! code = (delay mod slots) · width + target mod 8192      slots · width = 65 536
//! ```
//! A bucket's spikes are delivered when they are as old as its shortest delay, into a ring per block that has a slot for each
//! delay of the bucket: 65 536 sums, a quarter of a megabyte. Slots turn with the iterations, and adding iteration · width to
//! a code in 16-bit arithmetic gives the cell of the ring: no look-up, and no index can lead outside. Few targets leave
//! bits for many slots, so that a spike has few buckets and its synapses lie in few places.

use std::ops::Range;

use crate::numeric::{
    Archive, ArchiveError, Column, Real,
    coding::{BLOCK_TARGETS, Coding},
    pieces::{self, Piece, Pieces, Targets},
};

/// Synapses of a piece that are walked in as much time as four tasks spend to look the piece up.
const LONG: usize = 256;

/// Spikes whose parts of rows are fetched ahead of the one that is looked for.
const AHEAD: usize = 8;

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
    pub(in crate::numeric) codes: Column<u16>,
}

/// The rows that lead to one block of targets.
#[derive(Clone, Debug, Default)]
pub(in crate::numeric) struct Block {
    /// The first of its synapses.
    pub(in crate::numeric) start: usize,
    /// Where the piece of each bucket and source begins, from `start`; one more for the end.
    pub(in crate::numeric) offsets: Vec<u32>,
}

impl Block {
    /// The number of its synapses.
    pub(in crate::numeric) fn len(&self) -> usize {
        self.offsets.last().map_or(0, |&end| end as usize)
    }

    /// The synapses of a source, one of so many, in a bucket, counted from the first of the block.
    #[inline]
    pub(in crate::numeric) fn piece(&self, bucket: usize, sources: usize, source: u32) -> Range<usize> {
        let at = bucket * sources + source as usize;
        match self.offsets.get(at..at + 2) {
            Some(&[from, to]) => from as usize..to as usize,
            _ => 0..0,
        }
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

/// What the rows of a group have in common, while synapses are counted and placed.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Source neurons.
    pub sources: usize,
    /// Target neurons.
    pub targets: usize,
    /// The delay (steps) of all synapses, if it is the same.
    pub delay: Option<u32>,
}

impl Shape {
    /// The number of blocks.
    #[must_use]
    pub const fn blocks(&self) -> usize {
        self.targets.div_ceil(BLOCK_TARGETS)
    }

    /// The targets of a block.
    #[must_use]
    pub fn targets_of(&self, block: usize) -> Range<usize> {
        block * BLOCK_TARGETS..((block + 1) * BLOCK_TARGETS).min(self.targets)
    }

    const fn coding(&self) -> Coding {
        Coding::new(self.targets)
    }

    /// The piece of a block to which a synapse belongs.
    fn piece(&self, synapse: Synapse) -> usize {
        let bucket = if self.delay.is_some() { 0 } else { synapse.delay as usize / self.coding().slots() };
        bucket * self.sources + synapse.source as usize
    }

    fn code(&self, synapse: Synapse) -> u16 {
        let delay = if self.delay.is_some() { 0 } else { synapse.delay as usize };
        self.coding().code(delay, synapse.target as usize)
    }
}

/// How many synapses each piece of a block has.
#[derive(Clone, Debug, Default)]
pub struct Count {
    counts: Vec<u32>,
    total: usize,
}

impl Count {
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
    fn into_offsets(mut self, shape: &Shape, buckets: usize) -> Vec<u32> {
        self.counts.resize(buckets * shape.sources + 1, 0);
        let mut sum = 0;
        for count in &mut self.counts {
            sum += std::mem::replace(count, sum);
        }
        self.counts
    }
}

/// The part of the rows that one task fills: the synapses of a block.
pub struct Part<'a> {
    shape: &'a Shape,
    /// Where the next synapse of each piece goes.
    next: Vec<u32>,
    codes: &'a mut [u16],
    weights: &'a mut [Real],
}

impl Part<'_> {
    /// Places a synapse, which must have been counted.
    #[inline]
    pub fn place(&mut self, synapse: Synapse, weight: Real) {
        let next = &mut self.next[self.shape.piece(synapse)];
        let at = *next as usize;
        *next += 1;
        self.codes[at] = self.shape.code(synapse);
        self.weights[at] = weight;
    }

    /// Whether the codes of every piece ascend, once all synapses are placed.
    #[must_use]
    pub fn is_ascending(&self) -> bool {
        let mut start = 0;
        self.next.iter().all(|&end| {
            let piece = &self.codes[start..end as usize];
            start = end as usize;
            piece.is_sorted()
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
            let block = Block { start, offsets: count.into_offsets(shape, buckets) };
            start += total;
            block
        });
        let blocks = blocks.collect();
        let span = shape.coding().slots() as u32;
        let rows = Self {
            sources: shape.sources,
            coding: shape.coding(),
            ages: shape.delay.map_or_else(|| (0..buckets as u32).map(|b| b * span).collect(), |d| vec![d]),
            punctual: shape.delay.is_some(),
            ascending: false,
            blocks,
            codes: Column::filled(0, start),
        };
        (rows, Column::filled(0.0, start))
    }

    /// The parts to be filled, one for each block, for tasks of their own.
    pub fn parts<'a>(&'a mut self, shape: &'a Shape, mut weights: &'a mut [Real]) -> Vec<Part<'a>> {
        let mut codes = &mut self.codes[..];
        let mut parts = Vec::new();
        for block in &self.blocks {
            let len = block.len();
            let (own_codes, other_codes) = codes.split_at_mut(len);
            let (own_weights, other_weights) = weights.split_at_mut(len);
            (codes, weights) = (other_codes, other_weights);
            parts.push(Part { shape, next: block.offsets.clone(), codes: own_codes, weights: own_weights });
        }
        parts
    }

    /// The same rows with other synapses.
    pub(in crate::numeric) fn with_blocks(&self, blocks: Vec<Block>, codes: Column<u16>) -> Self {
        let Self { sources, coding, punctual, ascending, .. } = *self;
        Self { sources, coding, ages: self.ages.clone(), punctual, ascending, blocks, codes }
    }

    /// Goes through the synapses: as many, of the same sources and with delays in the same buckets.
    ///
    /// # Errors
    /// What was saved does not fit.
    pub fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let form = (self.sources as u64, self.ages.clone(), self.punctual, self.ascending, self.blocks.len() as u64);
        if archive.through(&form)?.is_some_and(|saved| saved != form) {
            return Err(ArchiveError::Refused("its synapses lie otherwise".into()));
        }
        let mut start = 0;
        for block in &mut self.blocks {
            let mut offsets = block.offsets.clone();
            archive.column(&mut offsets)?;
            if offsets.first() != Some(&0) || !offsets.is_sorted() {
                return Err(ArchiveError::Form);
            }
            if archive.restores() {
                *block = Block { start, offsets };
                start += block.len();
            }
        }
        archive.column(&mut self.codes)?;
        if archive.restores() && start != self.codes.len() { Err(ArchiveError::Form) } else { Ok(()) }
    }

    /// The number of synapses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The ages (iterations) at which spikes are delivered, ascending.
    #[must_use]
    pub fn ages(&self) -> &[u32] {
        &self.ages
    }

    /// Whether all synapses have the same delay: they are added to the sums of the iteration itself, not to a ring.
    #[must_use]
    pub const fn is_punctual(&self) -> bool {
        self.punctual
    }

    /// Says whether all [`Part`]s were [ascending](Part::is_ascending).
    pub const fn set_ascending(&mut self, ascending: bool) {
        self.ascending = ascending;
    }

    /// Whether it pays that several tasks share a block, each with some of the targets: all of them look each piece up.
    #[must_use]
    pub fn can_be_cut(&self) -> bool {
        self.punctual && self.ascending && self.mean_length() >= LONG * self.blocks.len()
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
        let offsets: usize = self.blocks.iter().map(|block| block.offsets.len()).sum();
        offsets * size_of::<u32>() + self.codes.len() * size_of::<u16>()
    }

    /// The synapses of a source in a bucket of a block.
    #[inline]
    pub(in crate::numeric) fn piece(&self, block: &Block, bucket: usize, source: u32) -> Range<usize> {
        let piece = block.piece(bucket, self.sources, source);
        block.start + piece.start..block.start + piece.end
    }

    /// Fetches the pieces of the first of some spikes in a bucket, which [`add`](crate::numeric::pieces::add) has no time to fetch
    /// ahead; of the first block, as the others take their turn later.
    pub fn fetch(&self, bucket: usize, spikes: &[u32], weights: &[Real]) {
        let Some(block) = self.blocks.first() else { return };
        for &spike in spikes.iter().take(pieces::AHEAD) {
            let piece = self.piece(block, bucket, spike);
            if let (Some(codes), Some(weights)) = (self.codes.get(piece.clone()), weights.get(piece)) {
                pieces::fetch(codes, weights);
            }
        }
    }

    /// Lists the pieces of `spikes` in a bucket that lead to some targets, each with the efficacy of its spike.
    ///
    /// All of them before any is walked: the places of rows lie far apart, and looking them up one after another would
    /// wait for the memory each time.
    pub fn find<'a>(
        &'a self,
        bucket: usize,
        targets: &Targets,
        weights: &'a [Real],
        (spikes, efficacies): (&[u32], Option<&[Real]>),
        pieces: &mut Pieces<'a>,
    ) {
        let Some(block) = self.blocks.get(targets.block) else { return };
        let ends = [bucket, bucket + 1].map(|bucket| block.offsets.get(bucket * self.sources));
        if ends[0] == ends[1] {
            return;
        }
        pieces.reserve(spikes.len());
        let piece = |spike: u32| self.piece(block, bucket, spike);
        for (k, &spike) in spikes.iter().enumerate() {
            if let Some(codes) = spikes.get(k + AHEAD).and_then(|&next| self.codes.get(piece(next))) {
                targets.fetch(codes);
            }
            let piece = piece(spike);
            let (Some(codes), Some(weights)) = (self.codes.get(piece.clone()), weights.get(piece)) else { continue };
            let part = targets.part(codes);
            let (Some(codes), Some(weights)) = (codes.get(part.clone()), weights.get(part)) else { continue };
            if !codes.is_empty() {
                let efficacy = efficacies.and_then(|efficacies| efficacies.get(k)).copied();
                pieces.push(Piece { codes, weights, efficacy, punctual: self.punctual });
            }
        }
    }

    /// All synapses, in the order of their weights.
    pub fn iter(&self) -> impl Iterator<Item = Synapse> + '_ {
        self.blocks.iter().enumerate().flat_map(move |(b, block)| {
            let pieces =
                (0..self.ages.len()).flat_map(move |bucket| (0..self.sources as u32).map(move |i| (bucket, i)));
            pieces.flat_map(move |(bucket, source)| {
                let codes = self.codes.get(self.piece(block, bucket, source)).unwrap_or_default();
                codes.iter().map(move |&code| Synapse {
                    source,
                    target: (b * BLOCK_TARGETS + self.coding.target(code)) as u32,
                    delay: self.ages[bucket] + self.coding.delay(code),
                })
            })
        })
    }
}

#[cfg(test)]
pub(in crate::numeric) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::numeric::{coding::CELLS, pieces::add};

    /// Rows of some synapses, of which the k-th has the weight k + 1.
    pub fn built(shape: &Shape, synapses: &[Synapse]) -> (Rows, Column<Real>) {
        let in_block =
            |block: usize| synapses.iter().enumerate().filter(move |(_, s)| s.target as usize / BLOCK_TARGETS == block);
        let counts = (0..shape.blocks()).map(|block| {
            let mut count = Count::default();
            in_block(block).for_each(|(_, &synapse)| count.add(shape, synapse));
            count
        });
        let (mut rows, mut weights) = Rows::with_room(shape, counts.collect());
        for (block, mut part) in rows.parts(shape, &mut weights).into_iter().enumerate() {
            in_block(block).for_each(|(k, &synapse)| part.place(synapse, 1.0 + k as Real));
        }
        (rows, weights)
    }

    proptest! {
        /// Whatever the synapses, a spike of iteration k reaches each target at k + delay, with the synapse's weight:
        /// against a list of events, to the last bit.
        #[test]
        fn spikes_arrive_when_and_where_they_should(
            targets in prop::sample::select(vec![1_u32, 70, 3000, 9000]),
            ends in prop::collection::vec((0..5_u32, 0..9000_u32, 0..30_u32), 1..60),
            spikes in prop::collection::vec((0..20_u64, 0..5_u32), 0..40),
            same in any::<bool>(),
        ) {
            let mut synapses: Vec<Synapse> =
                ends.into_iter().map(|(source, target, delay)| Synapse { source, target: target % targets, delay: if same { 7 } else { delay } }).collect();
            let coding = Coding::new(targets as usize);
            synapses.sort_by_key(|s| s.source);
            let shape = Shape { sources: 5, targets: targets as usize, delay: same.then_some(7) };
            let (rows, weights) = built(&shape, &synapses);
            prop_assert_eq!(rows.iter().count(), synapses.len());
            let mut rings = vec![[0.0; CELLS]; shape.blocks()];
            let fired = |iteration: u64| -> Vec<u32> {
                let mut now: Vec<u32> = spikes.iter().filter(|s| s.0 == iteration).map(|s| s.1).collect();
                now.sort_unstable();
                now.dedup();
                now
            };
            for iteration in 0..60 {
                let mut arrived = vec![0.0; targets as usize];
                for (block, ring) in rings.iter_mut().enumerate() {
                    let own = shape.targets_of(block);
                    for (bucket, &age) in rows.ages().iter().enumerate() {
                        let Some(then) = u64::checked_sub(iteration, u64::from(age)) else { continue };
                        let spikes = fired(then);
                        let mut pieces = Pieces::new();
                        let targets = Targets { block, range: 0..own.len(), of: own.len() };
                        rows.find(bucket, &targets, &weights, (&spikes, None), &mut pieces);
                        add(&pieces, 0, &mut arrived[own.clone()], Some((ring, coding.turn(iteration))));
                    }
                    for (sum, cell) in arrived[own].iter_mut().zip(&mut ring[coding.due(iteration)]) {
                        *sum += std::mem::take(cell);
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

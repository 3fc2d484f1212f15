//! Rows in which some synapses have given way to others, or which hold others altogether. The pieces are cut anew, block by block;
//! buckets remain as they are, and more come behind them where a delay is longer than all before.

use std::ops::Range;

use rayon::prelude::*;

use crate::numeric::{
    rows::{Block, Rows, Synapse},
    synapses::{codes::Codes, offsets::Offsets},
};

/// Instead of the place that a synapse had before: it is new.
pub const NEW: u32 = u32::MAX;

/// A new synapse: where it goes, in the order of pieces and targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Newcomer {
    block: usize,
    /// Of its bucket and source.
    piece: usize,
    target: usize,
    code: u32,
}

/// A block that has been cut anew.
#[derive(Default)]
struct Cut {
    offsets: Offsets,
    codes: Vec<u32>,
    /// The place of each synapse before, or [`NEW`].
    before: Vec<u32>,
}

impl Rows {
    /// The rows without the synapses at some places, in the order of weights, and with new ones; and the place that each
    /// synapse had before, or [`NEW`].
    ///
    /// `None` for a new synapse whose source or target these rows do not know, or whose delay is not that of all; or for more
    /// synapses than 32 bits count.
    #[must_use]
    pub fn exchanged(&self, gone: &[u32], new: &[Synapse]) -> Option<(Self, Vec<u32>)> {
        if self.begins_behind(new) {
            return self.at_once().exchanged(gone, new);
        }
        let mut gone = gone.to_vec();
        gone.sort_unstable();
        let mut new = self.newcomers(new)?;
        new.sort_unstable();
        let ages = self.ages_for(&new);
        let cut = |block| self.cut_anew(block, ages.len(), &gone, of_block(&new, block));
        let cuts: Vec<Cut> = (0..self.blocks.len()).into_par_iter().map(cut).collect();
        let number = cuts.iter().map(|cut| cut.codes.len()).sum();
        let mut before = Vec::with_capacity(number);
        cuts.iter().for_each(|cut| before.extend_from_slice(&cut.before));
        Some((self.joined(cuts, ages)?, before))
    }

    /// Rows of other synapses, of the same neurons: within a piece in the order in which they are given. `None` as of
    /// [`exchanged`](Self::exchanged).
    #[must_use]
    pub(in crate::numeric) fn of_listed(&self, synapses: &[Synapse]) -> Option<Self> {
        if self.begins_behind(synapses) {
            return self.at_once().of_listed(synapses);
        }
        let mut all = self.newcomers(synapses)?;
        all.sort_by_key(|new| (new.block, new.piece));
        let ages = self.ages_for(&all);
        let pieces = self.sources * ages.len();
        let placed = |block| {
            let own = of_block(&all, block);
            let mut cut = Cut { codes: own.iter().map(|new| new.code).collect(), ..Cut::default() };
            if !own.is_empty() {
                let starts = (0..=pieces).map(|piece| own.partition_point(|new| new.piece < piece) as u32);
                cut.offsets = Offsets::of(starts.collect::<Vec<_>>()[..].into());
                cut.offsets.thin();
            }
            cut
        };
        let cuts = (0..self.blocks.len()).into_par_iter().map(placed).collect();
        let mut rows = self.joined(cuts, ages)?;
        let ascend = |ends: &[Newcomer]| {
            (ends[0].block, ends[0].piece) != (ends[1].block, ends[1].piece) || ends[0].code <= ends[1].code
        };
        rows.ascending = all.windows(2).all(ascend);
        Some(rows)
    }

    fn joined(&self, cuts: Vec<Cut>, ages: Vec<u32>) -> Option<Self> {
        let number: usize = cuts.iter().map(|cut| cut.codes.len()).sum();
        u32::try_from(number + 1).ok()?;
        let mut codes = Codes::zero(self.coding, number);
        let (mut blocks, mut start) = (Vec::new(), 0);
        for cut in cuts {
            let mut own = codes.all_mut();
            cut.codes.iter().enumerate().for_each(|(k, &code)| own.set(start + k, code));
            blocks.push(Block { start, offsets: cut.offsets });
            start += cut.codes.len();
        }
        let Self { sources, coding, punctual, ascending, longest_elsewhere, .. } = *self;
        Some(Self { sources, coding, ages, punctual, ascending, blocks, codes, longest_elsewhere })
    }

    /// Whether one of some synapses has a shorter delay than what its bucket begins with.
    fn begins_behind(&self, new: &[Synapse]) -> bool {
        !self.punctual && new.iter().any(|new| new.delay < self.youngest())
    }

    /// The same, whose first bucket waits for nothing.
    fn at_once(&self) -> Self {
        let mut rows = self.clone();
        rows.begin_with(0);
        rows
    }

    fn newcomers(&self, synapses: &[Synapse]) -> Option<Vec<Newcomer>> {
        synapses.iter().map(|&synapse| self.newcomer(synapse)).collect()
    }

    fn newcomer(&self, Synapse { source, target, delay }: Synapse) -> Option<Newcomer> {
        let (block, target) = (target as usize / self.coding.width(), target as usize);
        u16::try_from(delay).ok()?;
        let bucket = match self.punctual {
            true => self.ages.iter().position(|&age| age == delay)?,
            false => delay as usize / self.coding.slots(),
        };
        let known = (source as usize) < self.sources && block < self.blocks.len();
        let within = if self.punctual { 0 } else { delay.checked_sub(self.start_of(bucket).max(self.youngest()))? };
        let code = self.coding.code(within as usize, target);
        let piece = bucket * self.sources + source as usize;
        known.then_some(Newcomer { block, piece, target: target % self.coding.width(), code })
    }

    /// The ages at which buckets are delivered, with those that new synapses need.
    fn ages_for(&self, new: &[Newcomer]) -> Vec<u32> {
        let buckets = new.iter().map(|new| new.piece / self.sources.max(1) + 1).max().unwrap_or_default();
        let more = self.ages.len()..buckets.max(self.ages.len());
        let more = more.map(|bucket| self.start_of(bucket).max(self.youngest()));
        self.ages.iter().copied().chain(more).collect()
    }

    /// New synapses come before the first of their piece whose target is higher, so that ascending pieces remain so.
    fn cut_anew(&self, block: usize, buckets: usize, gone: &[u32], new: &[Newcomer]) -> Cut {
        let block = &self.blocks[block];
        let own = block.start..block.start + block.len();
        let mut gone = of_places(gone, &own).iter().peekable();
        if gone.peek().is_none() && new.is_empty() {
            let codes = own.clone().map(|place| self.codes.all().at(place)).collect();
            return Cut { offsets: block.offsets.clone(), codes, before: own.map(|place| place as u32).collect() };
        }
        let mut new = new.iter().peekable();
        let (mut starts, mut cut) = (Vec::new(), Cut::default());
        for piece in 0..self.sources * buckets {
            starts.push(cut.codes.len() as u32);
            let places = block.offsets.piece(piece);
            for place in block.start + places.start..block.start + places.end {
                if gone.next_if(|&&gone| gone as usize == place).is_some() {
                    continue;
                }
                let code = self.codes.all().at(place);
                let target = self.coding.target(code);
                while let Some(new) = new.next_if(|new| new.piece == piece && new.target < target) {
                    cut.push(new.code, NEW);
                }
                cut.push(code, place as u32);
            }
            while let Some(new) = new.next_if(|new| new.piece == piece) {
                cut.push(new.code, NEW);
            }
        }
        starts.push(cut.codes.len() as u32);
        cut.offsets = Offsets::of(starts[..].into());
        cut.offsets.thin();
        cut
    }
}

/// Those of a block, of newcomers that lie by blocks.
fn of_block(new: &[Newcomer], block: usize) -> &[Newcomer] {
    &new[new.partition_point(|new| new.block < block)..new.partition_point(|new| new.block <= block)]
}

/// Those of some places, of places that ascend.
fn of_places<'a>(all: &'a [u32], places: &Range<usize>) -> &'a [u32] {
    let before = |end: usize| all.partition_point(|&place| (place as usize) < end);
    &all[before(places.start)..before(places.end)]
}

impl Cut {
    fn push(&mut self, code: u32, before: u32) {
        self.codes.push(code);
        self.before.push(before);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::numeric::rows::tests::{built, shape};

    proptest! {
        /// As multisets of synapses: what was there, less what is gone, and what is new; each found at the place that it
        /// had before.
        #[test]
        fn rows_hold_what_stayed_and_what_came(
            targets in prop::sample::select(vec![1_u32, 70, 3000, 9000]),
            ends in prop::collection::vec((0..5_u32, 0..9000_u32, 0..30_u32), 1..80),
            come in prop::collection::vec((0..5_u32, 0..9000_u32), 0..20),
            gone in prop::collection::btree_set(0..80_u32, 0..30),
            same in any::<bool>(),
            row in prop::sample::select(vec![1_usize, 10_000]),
        ) {
            let synapse = |source, target, delay| Synapse { source, target: target % targets, delay };
            let mut old: Vec<_> = ends.iter().map(|&(s, t, d)| synapse(s, t, if same { 7 } else { d })).collect();
            old.sort_by_key(|s| (s.target, s.source));
            let shape = shape(5, targets as usize, same.then_some(7), row);
            let (rows, _) = built(&shape, &old);
            let old: Vec<_> = rows.iter().collect();
            let gone: Vec<u32> = gone.into_iter().filter(|&place| (place as usize) < old.len()).collect();
            let new: Vec<_> = come.iter().map(|&(s, t)| synapse(s, t, old[0].delay)).collect();
            let (rows, before) = rows.exchanged(&gone, &new).unwrap();
            let now: Vec<_> = rows.iter().collect();
            prop_assert_eq!(now.len(), before.len());
            let mut count = BTreeMap::new();
            let mut add = |s: &Synapse, n: i32| *count.entry((s.source, s.target, s.delay)).or_insert(0) += n;
            old.iter().chain(&new).for_each(|s| add(s, 1));
            gone.iter().for_each(|&place| add(&old[place as usize], -1));
            now.iter().for_each(|s| add(s, -1));
            prop_assert!(count.values().all(|&n| n == 0), "{:?}", count);
            for (s, &place) in now.iter().zip(&before).filter(|(_, place)| **place != NEW) {
                prop_assert_eq!(*s, old[place as usize]);
                prop_assert!(!gone.contains(&place));
            }
            prop_assert_eq!(before.iter().filter(|&&place| place == NEW).count(), new.len());
        }
    }

    #[test]
    fn what_rows_do_not_know_is_refused() {
        let shape = shape(2, 3, Some(4), 1);
        let (rows, _) = built(&shape, &[Synapse { source: 0, target: 1, delay: 4 }]);
        for (source, target, delay) in [(2, 0, 4), (0, 4, 4), (0, 0, 3), (0, 0, 5), (0, 9000, 4)] {
            assert!(rows.exchanged(&[], &[Synapse { source, target, delay }]).is_none());
        }
    }
}

//! Rows in which some synapses have given way to others. The pieces are cut anew, block by block; buckets remain as they are.

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
    offsets: Vec<u32>,
    codes: Vec<u32>,
    /// The place of each synapse before, or [`NEW`].
    before: Vec<u32>,
}

impl Rows {
    /// The rows without the synapses at some places, in the order of weights, and with new ones; and the place that each
    /// synapse had before, or [`NEW`].
    ///
    /// `None` for a new synapse whose source, target or delay these rows do not know; or for more synapses than 32 bits
    /// count.
    #[must_use]
    pub fn exchanged(&self, gone: &[u32], new: &[Synapse]) -> Option<(Self, Vec<u32>)> {
        u32::try_from(self.len() + 1).ok()?;
        let mut gone = gone.to_vec();
        gone.sort_unstable();
        let mut new: Vec<_> = new.iter().map(|&synapse| self.newcomer(synapse)).collect::<Option<_>>()?;
        new.sort_unstable();
        let cut = |block| {
            let of_block = new.partition_point(|new| new.block < block)..new.partition_point(|new| new.block <= block);
            self.cut_anew(block, &gone, &new[of_block])
        };
        let cuts: Vec<Cut> = (0..self.blocks.len()).into_par_iter().map(cut).collect();
        let mut codes = Codes::zero(self.coding, cuts.iter().map(|cut| cut.codes.len()).sum());
        let (mut blocks, mut before, mut start) = (Vec::new(), Vec::with_capacity(codes.len()), 0);
        for cut in cuts {
            let mut own = codes.all_mut();
            cut.codes.iter().enumerate().for_each(|(k, &code)| own.set(start + k, code));
            let number = cut.codes.len();
            blocks.push(Block { start, offsets: Offsets::of(cut.offsets[..].into()) });
            before.extend(cut.before);
            start += number;
        }
        Some((self.with_blocks(blocks, codes), before))
    }

    fn newcomer(&self, Synapse { source, target, delay }: Synapse) -> Option<Newcomer> {
        let (block, target) = (target as usize / self.coding.width(), target as usize);
        let within = target % self.coding.width();
        let bucket = self.ages().partition_point(|&age| age <= delay).checked_sub(1)?;
        let known =
            (source as usize) < self.sources && block < self.blocks.len() && delay - self.ages()[bucket] < self.span();
        let code = self.coding.code(if self.is_punctual() { 0 } else { delay as usize }, target);
        let piece = bucket * self.sources + source as usize;
        known.then_some(Newcomer { block, piece, target: within, code })
    }

    /// New synapses come before the first of their piece whose target is higher, so that ascending pieces remain so.
    fn cut_anew(&self, block: usize, gone: &[u32], new: &[Newcomer]) -> Cut {
        let block = &self.blocks[block];
        let mut gone = gone[gone.partition_point(|&place| (place as usize) < block.start)..].iter().peekable();
        let mut new = new.iter().peekable();
        let mut cut = Cut::default();
        let offsets = block.offsets.all(self.sources * self.ages().len());
        for (piece, ends) in offsets.windows(2).enumerate() {
            cut.offsets.push(cut.codes.len() as u32);
            let places: Range<usize> = block.start + ends[0] as usize..block.start + ends[1] as usize;
            for place in places {
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
        cut.offsets.push(cut.codes.len() as u32);
        cut
    }
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

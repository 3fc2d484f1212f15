//! Where the pieces of a block begin: of each a place; or, where few of them hold synapses, of those only, and a bit of each.
//!
//! At one of a thousand ranks most sources have no synapses: 4 bytes of each of them would be twice the synapses, and a spike of
//! one a line of memory to no end. A bit of each stays in a cache.

use std::ops::Range;

use crate::numeric::{Column, synapses::prefetch::prefetch};

/// Pieces beside one that holds synapses from which on those of others are left out.
const FEW: usize = 2;

/// The places of pieces in a block, counted from its first synapse.
#[derive(Clone, Debug, Default)]
pub(in crate::numeric) struct Offsets {
    /// Where each piece that is kept begins; one more for the end.
    starts: Column<u32>,
    /// Which pieces are kept, where not all are.
    kept: Option<Column<Kept>>,
}

/// Of 64 pieces those that are kept, and how many are before them.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    bits: u64,
    before: u64,
}

impl Kept {
    /// How many are kept before a piece.
    const fn rank(self, piece: usize) -> usize {
        let below = (1 << (piece % 64)) - 1;
        self.before as usize + (self.bits & below).count_ones() as usize
    }

    const fn has(self, piece: usize) -> bool {
        self.bits >> (piece % 64) & 1 != 0
    }
}

impl Offsets {
    /// All pieces, each of which begins where it is said; one more for the end.
    pub fn of(starts: Column<u32>) -> Self {
        Self { starts, kept: None }
    }

    /// Leaves out those that hold nothing, if they are most.
    pub fn thin(&mut self) {
        let pieces = self.starts.len().saturating_sub(1);
        let number = self.each().filter(|(_, places)| !places.is_empty()).count();
        if self.kept.is_some() || number * FEW >= pieces {
            return;
        }
        let mut kept = Column::filled(Kept::default(), pieces / 64 + 1);
        let mut starts = Column::filled(0, number + 1);
        let mut next = 0;
        for (piece, places) in self.each().filter(|(_, places)| !places.is_empty()) {
            kept[piece / 64].bits |= 1 << (piece % 64);
            starts[next] = places.start as u32;
            next += 1;
        }
        starts[next] = self.end() as u32;
        let mut before = 0;
        for all in kept.iter_mut() {
            all.before = before;
            before += u64::from(all.bits.count_ones());
        }
        *self = Self { starts, kept: Some(kept) };
    }

    /// The places of a piece; none if there is no such piece.
    #[inline]
    pub fn piece(&self, piece: usize) -> Range<usize> {
        let at = match &self.kept {
            None => piece,
            Some(kept) => match kept.get(piece / 64) {
                Some(kept) if kept.has(piece) => kept.rank(piece),
                _ => return 0..0,
            },
        };
        match self.starts.get(at..at + 2) {
            Some(&[from, to]) => from as usize..to as usize,
            _ => 0..0,
        }
    }

    /// Where a piece begins, or would; the end of all for the one behind the last.
    #[inline]
    pub fn start(&self, piece: usize) -> Option<usize> {
        let at = match &self.kept {
            None => piece,
            Some(kept) => kept.get(piece / 64)?.rank(piece),
        };
        self.starts.get(at).map(|&start| start as usize)
    }

    /// Where the last piece ends.
    pub fn end(&self) -> usize {
        self.starts.last().map_or(0, |&end| end as usize)
    }

    /// Each piece that is kept, and its places; they ascend.
    pub fn each(&self) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        let places = self.starts.windows(2).map(|ends| ends[0] as usize..ends[1] as usize);
        let all = self.kept.is_none().then_some(0..self.starts.len().saturating_sub(1));
        let some = self.kept.iter().flat_map(|kept| kept.iter().enumerate()).flat_map(|(word, kept)| {
            let bits = (0..64).filter(|&bit| kept.has(bit));
            bits.map(move |bit| 64 * word + bit)
        });
        all.into_iter().flatten().chain(some).zip(places)
    }

    /// All of so many pieces, as [`of`](Self::of) takes them.
    pub fn all(&self, pieces: usize) -> Column<u32> {
        match (&self.kept, self.starts.is_empty()) {
            (None, _) | (_, true) => self.starts.clone(),
            (Some(_), false) => {
                let mut all = Column::filled(0, pieces + 1);
                all.iter_mut().enumerate().for_each(|(piece, all)| *all = self.start(piece).unwrap_or_default() as u32);
                all
            }
        }
    }

    /// Of some pieces the places, among those, of the ones that are kept; `None` where all are.
    pub fn held(&self, pieces: impl Iterator<Item = usize>) -> Option<Vec<u32>> {
        let kept = self.kept.as_ref()?;
        let is_held = |piece: usize| kept.get(piece / 64).is_some_and(|kept| kept.has(piece));
        Some((0..).zip(pieces).filter(|&(_, piece)| is_held(piece)).map(|(k, _)| k).collect())
    }

    /// Fetches where a piece begins.
    #[inline]
    pub fn fetch(&self, piece: usize) {
        let at = match &self.kept {
            None => piece,
            Some(kept) => kept.get(piece / 64).map_or(0, |kept| kept.rank(piece)),
        };
        prefetch(&self.starts, at);
    }

    /// Bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.starts[..]) + self.kept.as_ref().map_or(0, |kept| size_of_val(&kept[..]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is left out, pieces lie where they lay.
        #[test]
        fn pieces_stay_where_they_are(lengths in prop::collection::vec(prop::sample::select(vec![0_u32, 0, 0, 0, 1, 7]), 0..400)) {
            let mut starts = vec![0];
            for length in &lengths {
                starts.push(starts[starts.len() - 1] + length);
            }
            let all = Offsets::of(starts[..].into());
            let mut thin = all.clone();
            thin.thin();
            let held = lengths.iter().filter(|&&length| length > 0).count();
            prop_assert_eq!(thin.kept.is_some(), 2 * held < lengths.len());
            for piece in 0..lengths.len() + 2 {
                let [here, there] = [&all, &thin].map(|offsets| offsets.piece(piece));
                prop_assert!(here == there || (here.is_empty() && there.is_empty()));
            }
            for piece in 0..=lengths.len() {
                prop_assert_eq!(thin.start(piece), all.start(piece));
            }
            let held = |offsets: &Offsets| offsets.each().filter(|(_, places)| !places.is_empty()).collect::<Vec<_>>();
            prop_assert_eq!(held(&thin), held(&all));
            prop_assert_eq!(&thin.all(lengths.len())[..], &starts[..]);
            prop_assert_eq!(thin.end(), all.end());
            let some = (0..lengths.len()).rev().step_by(3);
            let held: Option<Vec<u32>> = thin.kept.is_some().then(|| {
                (0..).zip(some.clone()).filter(|&(_, piece)| lengths[piece] > 0).map(|(k, _)| k).collect()
            });
            prop_assert_eq!(thin.held(some), held);
        }
    }
}

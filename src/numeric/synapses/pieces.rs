//! Pieces of rows: what one spike adds to the targets of one block, and the loop that adds it.

use std::ops::Range;

use smallvec::SmallVec;

use crate::numeric::{Real, coding::CELLS, synapses::prefetch::prefetch};

/// Targets of a block: all of them, or those that one task takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// The place of the block in the order of blocks.
    pub block: usize,
    /// From the start of the block.
    pub range: Range<usize>,
    /// How many the block has.
    pub of: usize,
}

impl Targets {
    /// The part of a row that leads here.
    pub(in crate::numeric) fn part(&self, codes: &[u16]) -> Range<usize> {
        self.place(codes, self.range.start)..self.place(codes, self.range.end)
    }

    /// Fetches what will be looked at to find the part of a row.
    #[inline]
    pub(in crate::numeric) fn fetch(&self, codes: &[u16]) {
        for target in [self.range.start, self.range.end] {
            if self.is_inside(target) {
                let guess = self.guess(codes, target);
                [guess.saturating_sub(LINE / 2), guess].into_iter().for_each(|at| prefetch(codes, at));
            }
        }
    }

    /// Whether a row has to be looked at to be cut before a target: nothing lies before the first or from the end on.
    #[inline]
    fn is_inside(&self, target: usize) -> bool {
        (1..self.of).contains(&target)
    }

    /// About where in some ascending codes a target would be if they were even.
    #[inline]
    fn guess(&self, codes: &[u16], target: usize) -> usize {
        codes.len() * target / self.of.max(1)
    }

    /// The first of some ascending codes that is not below `target`.
    fn place(&self, codes: &[u16], target: usize) -> usize {
        if !self.is_inside(target) {
            return if target == 0 { 0 } else { codes.len() };
        }
        let below = |code: &u16| usize::from(*code) < target;
        // Targets that are drawn from all alike are found within a cache line of where they would be if they were even.
        let guess = self.guess(codes, target);
        let near = guess.saturating_sub(LINE / 2)..(guess + LINE / 2).min(codes.len());
        let before = near.start == 0 || codes.get(near.start - 1).is_some_and(below);
        let behind = codes.get(near.end).is_none_or(|code| !below(code));
        match codes.get(near.clone()) {
            Some(codes) if before && behind => near.start + codes.partition_point(below),
            _ => codes.partition_point(below),
        }
    }
}

/// The synapses of one spike onto one block.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    pub(in crate::numeric) codes: &'a [u16],
    pub(in crate::numeric) weights: &'a [Real],
    pub(in crate::numeric) efficacy: Option<Real>,
    pub(in crate::numeric) punctual: bool,
}

/// Pieces to be added, few of them without an allocation.
pub type Pieces<'a> = SmallVec<[Piece<'a>; 16]>;

/// Pieces that are fetched ahead of the one that is walked.
pub(in crate::numeric) const AHEAD: usize = 3;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Adds pieces to the sums of targets from `first` of a block on: those of equal delays to the sums of this iteration, others
/// to the ring, with what [turns](crate::numeric::coding::Coding::turn) its slots to this iteration. Each target adds in the order of
/// the pieces.
pub fn add(pieces: &[Piece<'_>], first: usize, sums: &mut [Real], mut ring: Option<(&mut [Real; CELLS], u16)>) {
    for (k, piece) in pieces.iter().enumerate() {
        if let Some(next) = pieces.get(k + AHEAD) {
            fetch(next.codes, next.weights);
        }
        match &mut ring {
            Some((cells, turn)) if !piece.punctual => piece.add_each(|code, weight| {
                cells[usize::from(code.wrapping_add(*turn))] += weight;
            }),
            _ => piece.add_each(|code, weight| {
                if let Some(sum) = sums.get_mut(usize::from(code).wrapping_sub(first)) {
                    *sum += weight;
                }
            }),
        }
    }
}

/// Fetches synapses.
pub(in crate::numeric) fn fetch(codes: &[u16], weights: &[Real]) {
    (0..codes.len()).step_by(LINE / size_of::<u16>()).for_each(|at| prefetch(codes, at));
    (0..weights.len()).step_by(LINE / size_of::<Real>()).for_each(|at| prefetch(weights, at));
}

impl Piece<'_> {
    #[inline(always)]
    fn add_each(&self, mut add: impl FnMut(u16, Real)) {
        let synapses = self.codes.iter().zip(self.weights);
        match self.efficacy {
            None => synapses.for_each(|(&code, &weight)| add(code, weight)),
            Some(efficacy) => synapses.for_each(|(&code, &weight)| add(code, weight * efficacy)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The parts of a row that tasks find make up the row, wherever its targets lie.
        #[test]
        fn parts_of_a_row_make_it_up(mut codes in prop::collection::vec(0..3000_u16, 0..300), cluster in any::<bool>()) {
            codes.iter_mut().for_each(|code| *code = if cluster { 2900 + *code / 30 } else { *code });
            codes.sort_unstable();
            let mut end = 0;
            for range in [0..1, 1..1000, 1000..2048, 2048..3000] {
                let part = Targets { block: 0, range: range.clone(), of: 3000 }.part(&codes);
                prop_assert_eq!(part.start, end);
                prop_assert!(codes[part.clone()].iter().all(|&code| range.contains(&usize::from(code))));
                end = part.end;
            }
            prop_assert_eq!(end, codes.len());
        }
    }
}

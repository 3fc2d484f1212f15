//! Pieces of rows: what one spike adds to the targets of one block; how a task finds its pieces, and the loop that adds them.

use std::ops::Range;

use smallvec::SmallVec;

use crate::numeric::{
    Real,
    coding::Coding,
    rows::Rows,
    synapses::{codes::CodeSlice, prefetch::prefetch_all},
};

/// Targets of a block: all of them, or those that one task takes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Targets {
    /// From the start of the block.
    range: Range<usize>,
    /// How many the block has.
    of: usize,
}

impl Targets {
    /// The part of a row that leads here.
    fn part(&self, codes: CodeSlice<'_>) -> Range<usize> {
        self.place(codes, self.range.start)..self.place(codes, self.range.end)
    }

    /// Fetches what will be looked at to find the part of a row.
    #[inline]
    fn fetch(&self, codes: CodeSlice<'_>) {
        for target in [self.range.start, self.range.end] {
            if self.is_inside(target) {
                let guess = self.guess(codes, target);
                [guess.saturating_sub(NEAR), guess].into_iter().for_each(|at| codes.prefetch(at));
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
    fn guess(&self, codes: CodeSlice<'_>, target: usize) -> usize {
        codes.len() * target / self.of.max(1)
    }

    /// The first of some ascending codes that is not below `target`.
    fn place(&self, codes: CodeSlice<'_>, target: usize) -> usize {
        if !self.is_inside(target) {
            return if target == 0 { 0 } else { codes.len() };
        }
        let below = |code: u32| (code as usize) < target;
        // Targets that are drawn from all alike are found within a cache line of where they would be if they were even.
        let guess = self.guess(codes, target);
        let near = guess.saturating_sub(NEAR)..(guess + NEAR).min(codes.len());
        let before = near.start == 0 || below(codes.at(near.start - 1));
        let behind = near.end == codes.len() || !below(codes.at(near.end));
        match codes.get(near.clone()) {
            Some(codes) if before && behind => near.start + codes.partition_point(below),
            _ => codes.partition_point(below),
        }
    }
}

/// The synapses of one spike onto one block.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    codes: CodeSlice<'a>,
    weights: &'a [Real],
    efficacy: Option<Real>,
    /// Where its block begins, counted from the first neuron of the task, which may lie within the block: it wraps then.
    first: usize,
    punctual: bool,
}

/// Pieces to be added, few of them without an allocation.
pub type Pieces<'a> = SmallVec<[Piece<'a>; 16]>;

/// Spikes whose pieces are looked up in a block: of a block in which few sources have synapses only theirs, as a bit of each says.
struct Sought<'s> {
    spikes: &'s [u32],
    held: Option<Vec<u32>>,
}

impl Sought<'_> {
    #[inline(always)]
    fn number(&self) -> usize {
        self.held.as_ref().map_or(self.spikes.len(), Vec::len)
    }

    /// The k-th of them, and its place among all.
    #[inline(always)]
    fn at(&self, k: usize) -> Option<(usize, u32)> {
        let k = match &self.held {
            None => k,
            Some(held) => *held.get(k)? as usize,
        };
        Some((k, *self.spikes.get(k)?))
    }
}

/// Pieces that are fetched ahead of the one that is walked.
const AHEAD: usize = 3;

/// Spikes whose places are looked up ahead of the one whose piece is listed, and spikes whose pieces are looked at by then.
const LOOK_AHEAD: usize = 16;
const CUT_AHEAD: usize = 8;

/// Codes about a guess that are looked at first.
const NEAR: usize = 32;

impl Rows {
    /// Fetches the pieces of the first of some spikes in a bucket, which [`add`] has no time to fetch ahead; of the first block, as the
    /// others take their turn later.
    pub fn fetch(&self, bucket: usize, spikes: &[u32], weights: &[Real]) {
        let Some(block) = self.blocks.first() else { return };
        for &spike in spikes.iter().take(AHEAD) {
            let piece = self.piece(block, bucket, spike);
            if let (Some(codes), Some(weights)) = (self.codes_of(piece.clone()), weights.get(piece)) {
                fetch(codes, weights);
            }
        }
    }

    /// Lists the pieces of `spikes` in a bucket that lead to some neurons of a group with so many, each with the efficacy of its
    /// spike.
    ///
    /// All of them before any is walked: the places of rows lie far apart, and looking them up one after another would
    /// wait for the memory each time.
    pub fn find<'a>(
        &'a self,
        bucket: usize,
        (neurons, size): (&Range<usize>, usize),
        weights: &'a [Real],
        (spikes, efficacies): (&[u32], Option<&[Real]>),
        pieces: &mut Pieces<'a>,
    ) {
        let width = self.coding.width();
        for (b, block) in self.blocks.iter().enumerate().take(neurons.end.div_ceil(width)).skip(neurons.start / width) {
            let ends = [bucket, bucket + 1].map(|bucket| block.offsets.start(bucket * self.sources));
            if ends[0] == ends[1] {
                continue;
            }
            let (first, of) = (b * width, width.min(size - b * width));
            let targets = Targets { range: neurons.start.saturating_sub(first)..(neurons.end - first).min(of), of };
            let from_start = first.wrapping_sub(neurons.start);
            let piece = |spike: u32| self.piece(block, bucket, spike);
            let place = |spike: u32| bucket * self.sources + spike as usize;
            let sought = Sought { spikes, held: block.offsets.held(spikes.iter().map(|&spike| place(spike))) };
            pieces.reserve(sought.number());
            for k in 0..sought.number() {
                if let Some((_, next)) = sought.at(k + LOOK_AHEAD) {
                    block.offsets.fetch(place(next));
                }
                if let Some(codes) = sought.at(k + CUT_AHEAD).and_then(|(_, next)| self.codes_of(piece(next))) {
                    targets.fetch(codes);
                }
                let Some((k, spike)) = sought.at(k) else { break };
                let piece = piece(spike);
                let (Some(codes), Some(weights)) = (self.codes_of(piece.clone()), weights.get(piece)) else { continue };
                let part = targets.part(codes);
                let (Some(codes), Some(weights)) = (codes.get(part.clone()), weights.get(part)) else { continue };
                if codes.len() > 0 {
                    let efficacy = efficacies.and_then(|efficacies| efficacies.get(k)).copied();
                    pieces.push(Piece { codes, weights, efficacy, first: from_start, punctual: self.punctual });
                }
            }
        }
    }
}

/// Adds pieces to the sums of a task: those of equal delays to the sums of this iteration, others to the rings of its blocks, which have
/// this form. Each target adds in the order of the pieces.
pub fn add(pieces: &[Piece<'_>], sums: &mut [Real], (rings, coding, iteration): (&mut [Real], Coding, u64)) {
    let turn = coding.turn(iteration);
    for (k, piece) in pieces.iter().enumerate() {
        if let Some(next) = pieces.get(k + AHEAD) {
            fetch(next.codes, next.weights);
        }
        if piece.punctual {
            piece.add_each(|code, weight| {
                if let Some(sum) = sums.get_mut(code.wrapping_add(piece.first)) {
                    *sum += weight;
                }
            });
            continue;
        }
        let start = piece.first / coding.width() * coding.cells();
        let Some(cells) = rings.get_mut(start..start + coding.cells()) else { continue };
        // A power of two, so that no place leads outside.
        let mask = cells.len() - 1;
        piece.add_each(|code, weight| cells[(code + turn) & mask] += weight);
    }
}

/// Fetches synapses.
fn fetch(codes: CodeSlice<'_>, weights: &[Real]) {
    codes.prefetch_all();
    prefetch_all(weights);
}

impl Piece<'_> {
    #[inline(always)]
    fn add_each(&self, mut add: impl FnMut(usize, Real)) {
        match self.efficacy {
            None => self.codes.zip_each(self.weights, |code, &weight| add(code as usize, weight)),
            Some(efficacy) => {
                self.codes.zip_each(self.weights, |code, &weight| add(code as usize, weight * efficacy));
            }
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
                let part = Targets { range: range.clone(), of: 3000 }.part(CodeSlice::Short(&codes));
                prop_assert_eq!(part.start, end);
                prop_assert!(codes[part.clone()].iter().all(|&code| range.contains(&usize::from(code))));
                end = part.end;
            }
            prop_assert_eq!(end, codes.len());
        }
    }
}

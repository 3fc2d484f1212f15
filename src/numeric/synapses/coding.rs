//! How target and delay of a sparse synapse are written as one number, its code; and where what arrives waits in a ring.
//!
//! ```text
//! code = (delay mod slots) · width + target mod width          of a block of `width` targets and a bucket of `slots` delays
//! cell = (code + iteration · width) mod (slots · width)        of the ring of that block
//! ```
//! 16 bits where they suffice: sums of 8192 targets, or a ring with 65 536 cells, stay in the second-level cache. But a spike must
//! look up a piece in every block and bucket, each a cold line or two of its own; where the pieces would be short, blocks are wider
//! and buckets longer, and codes have 32 bits.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::numeric::Real;

/// Bits of the targets of a block whose pieces are long; of one that has a ring, unless the group is [vast](VAST_BITS).
const NARROW_BITS: u32 = 13;

/// Bits of the targets of the widest blocks, whose sums take 4 MB.
const WIDEST_BITS: u32 = 20;

/// Bits of the targets of a block with a ring in a group with more targets than these.
const VAST_BITS: u32 = 17;

/// Bits of the delays of a bucket, at least.
const LEAST_SLOT_BITS: u32 = 3;

/// Cells of all rings of a receptor for whose longer buckets codes have 32 bits: 2 MB.
const MOST_CELLS: usize = 1 << 19;

/// Synapses that the pieces of blocks without rings should have: to look one up takes as long as to walk so many.
const SHORT: usize = 24;

/// Synapses that the pieces of buckets should have where there are long ones at all: for those of [`SHORT`] rings would be so long that
/// they leave the second-level cache.
const SHORT_BUCKET: usize = 8;

/// Synapses of a piece below which there are, where the ring of each block has as many cells as 16 bits count. The microcircuit's,
/// whose scarcest groups have two or three beside others of a hundred, took a fifth more for rings twice to eight times as long.
const SHORTEST_BUCKET: usize = 2;

/// Synapses onto a target from which on a group decides how long rings are, which all groups share that reach a receptor.
const FEW: usize = 16;

/// How codes share their bits between delay and target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coding {
    target_bits: u32,
    slot_bits: u32,
}

/// Bits that numbers below `n` have.
const fn bits(n: usize) -> u32 {
    n.next_power_of_two().trailing_zeros()
}

impl Coding {
    /// The coding for so many targets, where all delays are the same and a source has so many synapses on average.
    #[must_use]
    pub fn punctual(targets: usize, row: usize) -> Self {
        let most = bits(targets).min(WIDEST_BITS);
        let is_long = |&target_bits: &u32| row >= SHORT * targets.div_ceil(1 << target_bits);
        let target_bits = (NARROW_BITS.min(most)..=most).find(is_long).unwrap_or(most);
        Self { target_bits, slot_bits: 0 }
    }

    /// The coding where delays differ, of which the longest is so many steps, more or less; for so many sources.
    #[must_use]
    pub fn delayed((sources, targets): (usize, usize), row: usize, longest: u32) -> Self {
        let target_bits = ring_bits(targets);
        let blocks = targets.div_ceil(1 << target_bits);
        // A quarter more: the longest of all is longer than that of some.
        let delays = longest as usize + longest as usize / 4 + 1;
        let all = bits(delays).max(LEAST_SLOT_BITS);
        let is_long = |slot_bits: u32, than: usize| row >= than * blocks * delays.div_ceil(1 << slot_bits);
        let decides = row as u64 * sources as u64 >= FEW as u64 * targets as u64;
        let fits = |slot_bits: u32| blocks << (target_bits + slot_bits) <= MOST_CELLS;
        let mut slot_bits = all.min(16_u32.saturating_sub(target_bits).max(LEAST_SLOT_BITS));
        let shortest = if target_bits < NARROW_BITS { SHORT_BUCKET } else { SHORTEST_BUCKET };
        let lengthen = decides && !is_long(slot_bits, shortest);
        while lengthen && slot_bits < all && !is_long(slot_bits, SHORT_BUCKET) && fits(slot_bits + 1) {
            slot_bits += 1;
        }
        Self { target_bits, slot_bits }
    }

    /// The form of the rings of a receptor with so many neurons, that have so many cells in all.
    #[must_use]
    pub fn of_rings(targets: usize, cells: usize) -> Self {
        let target_bits = ring_bits(targets);
        let slots = cells / (targets.div_ceil(1 << target_bits).max(1) << target_bits);
        Self { target_bits, slot_bits: bits(slots.max(1)) }
    }

    /// The cells of all rings of so many targets that have as many slots as the buckets of this coding.
    #[must_use]
    pub const fn cells_of_rings(self, targets: usize) -> usize {
        self.cells() * targets.div_ceil(self.width())
    }

    /// Whether 16 bits hold a code.
    pub(in crate::numeric) const fn is_short(self) -> bool {
        self.target_bits + self.slot_bits <= u16::BITS
    }

    /// Bytes of a code.
    #[must_use]
    pub const fn bytes(self) -> usize {
        if self.is_short() { size_of::<u16>() } else { size_of::<u32>() }
    }

    /// Targets of a block, or more if the group has fewer.
    #[must_use]
    pub const fn width(self) -> usize {
        1 << self.target_bits
    }

    /// Slots of a ring, and delays (steps) of a bucket.
    #[must_use]
    pub const fn slots(self) -> usize {
        1 << self.slot_bits
    }

    /// Cells of a ring.
    #[must_use]
    pub const fn cells(self) -> usize {
        1 << (self.target_bits + self.slot_bits)
    }

    pub(in crate::numeric) const fn code(self, delay: usize, target: usize) -> u32 {
        (((delay % self.slots()) << self.target_bits) | (target % self.width())) as u32
    }

    #[inline]
    pub(in crate::numeric) const fn target(self, code: u32) -> usize {
        code as usize & (self.width() - 1)
    }

    #[inline]
    pub(in crate::numeric) const fn delay(self, code: u32) -> u32 {
        code >> self.target_bits
    }

    /// What is to be added to a code to find its cell in the ring in an iteration.
    #[must_use]
    pub const fn turn(self, iteration: u64) -> usize {
        (iteration % self.slots() as u64) as usize * self.width()
    }

    /// The cells of a slot of a ring that are due in an iteration.
    #[must_use]
    pub fn due(self, iteration: u64) -> Range<usize> {
        let start = self.turn(iteration);
        start..start + self.width()
    }

    /// Hands what waits in rings of this form over to those of `other`, that have more slots, in an iteration.
    pub fn hand_over(self, rings: &[Real], other: Self, others: &mut [Real], iteration: u64) {
        for (ring, other_ring) in rings.chunks_exact(self.cells()).zip(others.chunks_exact_mut(other.cells())) {
            for later in iteration..iteration + self.slots() as u64 {
                other_ring[other.due(later)].copy_from_slice(&ring[self.due(later)]);
            }
        }
    }
}

/// Bits of the targets of a block that has a ring; all synapses that lead to a receptor share it.
fn ring_bits(targets: usize) -> u32 {
    let all = bits(targets);
    if all > VAST_BITS { VAST_BITS } else { all.min(NARROW_BITS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_holds_target_and_delay_for_any_number_of_targets() {
        for targets in [1, 2, 1065, 4096, 4097, 8192, 20_683, 131_072, 131_073, 1_000_000] {
            for (row, longest) in [(1, 5), (10_000, 5), (50, 200), (1, 60_000)] {
                let coding = Coding::delayed((1000, targets), row, longest);
                let slots = coding.slots();
                assert!(coding.cells() <= 1 << 20 && coding.width() == Coding::of_rings(targets, 0).width());
                for (delay, target) in [(0, 0), (slots - 1, targets - 1), (3 * slots + 5, targets / 2)] {
                    let code = coding.code(delay, target);
                    assert!(!coding.is_short() || code <= u32::from(u16::MAX));
                    assert_eq!(coding.target(code), target % coding.width());
                    assert_eq!(coding.delay(code) as usize, delay % slots);
                    // What is added now lies in the slot that is due then.
                    let cell = (code as usize + coding.turn(1_000_003)) % coding.cells();
                    assert!(coding.due(1_000_003 + (delay % slots) as u64).contains(&cell));
                }
            }
        }
    }

    #[test]
    fn blocks_and_buckets_are_narrow_where_pieces_are_long_all_the_same() {
        let widths = |targets: usize, row: usize| Coding::punctual(targets, row).width();
        assert_eq!([widths(1000, 1), widths(8192, 1), widths(9000, 100)], [1024, 8192, 8192]);
        assert_eq!([widths(40_000, 64), widths(40_000, 1000), widths(1_000_000, 100)], [32_768, 8192, 262_144]);
        assert_eq!(widths(100_000_000, 1), 1 << 20);
        // Delays up to 20 ms of a row that is short; the microcircuit's.
        assert_eq!(Coding::delayed((3200, 4000), 64, 200), Coding { target_bits: 12, slot_bits: 5 });
        assert_eq!(Coding::delayed((800, 4000), 80, 2000), Coding { target_bits: 12, slot_bits: 7 });
        assert_eq!(Coding::delayed((20_683, 20_683), 2000, 45), Coding { target_bits: 13, slot_bits: 3 });
        assert_eq!(Coding::delayed((1065, 21_915), 7, 20), Coding { target_bits: 13, slot_bits: 3 });
        assert_eq!(Coding::delayed((4850, 5479), 18, 45), Coding { target_bits: 13, slot_bits: 3 });
        assert_eq!(Coding::delayed((10_000, 10_000), 100, 1000), Coding { target_bits: 13, slot_bits: 5 });
        assert!(Coding::delayed((20_683, 20_683), 2000, 45).is_short());
        // As many slots as there are delays, where bits are left.
        assert_eq!(Coding::delayed((1, 1), 1, 5), Coding { target_bits: 0, slot_bits: 3 });
    }

    #[test]
    fn rings_with_more_slots_hold_what_waited() {
        let (few, many) = (Coding { target_bits: 2, slot_bits: 3 }, Coding { target_bits: 2, slot_bits: 5 });
        let (mut rings, mut others) = (vec![0.0; 2 * few.cells()], vec![0.0; 2 * many.cells()]);
        assert_eq!(Coding { target_bits: 13, ..few }, Coding::of_rings(10_000, 2 << 16));
        rings[few.cells() + few.due(21).start + 3] = 7.0;
        few.hand_over(&rings, many, &mut others, 19);
        assert_eq!(others[many.cells() + many.due(21).start + 3], 7.0);
        assert_eq!(others.iter().filter(|&&cell| cell != 0.0).count(), 1);
    }
}

//! The codes of sparse synapses: sixteen bits for a target within its block and a delay within its bucket.

use std::ops::Range;

/// Targets of a block; fewer only if the group has no more.
pub const BLOCK_TARGETS: usize = 1 << MOST_TARGET_BITS;
/// Cells of a ring: as many as codes.
pub const CELLS: usize = 1 << u16::BITS;

const MOST_TARGET_BITS: u32 = 13;

/// How codes share their bits between delay and target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coding {
    target_bits: u32,
}

impl Coding {
    /// The coding for a group of so many targets.
    #[must_use]
    pub const fn new(targets: usize) -> Self {
        let target_bits = targets.next_power_of_two().trailing_zeros();
        Self { target_bits: if target_bits < MOST_TARGET_BITS { target_bits } else { MOST_TARGET_BITS } }
    }

    /// Slots of a ring, and delays (steps) of a bucket.
    pub(in crate::numeric) const fn slots(self) -> usize {
        CELLS >> self.target_bits
    }

    pub(in crate::numeric) const fn code(self, delay: usize, target: usize) -> u16 {
        (((delay % self.slots()) << self.target_bits) | (target % BLOCK_TARGETS)) as u16
    }

    pub(in crate::numeric) const fn target(self, code: u16) -> usize {
        code as usize & ((1 << self.target_bits) - 1)
    }

    pub(in crate::numeric) const fn delay(self, code: u16) -> u32 {
        code as u32 >> self.target_bits
    }

    /// What is to be added to a code to find its cell in the ring in an iteration.
    #[must_use]
    pub const fn turn(self, iteration: u64) -> u16 {
        (iteration % self.slots() as u64) as u16 * (1 << self.target_bits)
    }

    /// The cells of a slot of a ring that are due in an iteration.
    #[must_use]
    pub fn due(self, iteration: u64) -> Range<usize> {
        let start = usize::from(self.turn(iteration));
        start..start + (1 << self.target_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_holds_target_and_delay_for_any_number_of_targets() {
        for (targets, slots) in [(1, 65_536), (2, 32_768), (1065, 32), (4096, 16), (4097, 8), (8192, 8), (20_683, 8)] {
            let coding = Coding::new(targets);
            assert_eq!(coding.slots(), slots);
            for (delay, target) in [(0, 0), (slots - 1, targets - 1), (3 * slots + 5, targets / 2)] {
                let code = coding.code(delay, target);
                assert_eq!(coding.target(code), target % BLOCK_TARGETS);
                assert_eq!(coding.delay(code) as usize, delay % slots);
                // What is added now lies in the slot that is due then.
                let cell = usize::from(code.wrapping_add(coding.turn(1_000_003)));
                assert!(coding.due(1_000_003 + (delay % slots) as u64).contains(&cell));
            }
        }
    }
}

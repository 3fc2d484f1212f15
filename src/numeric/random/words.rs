//! Random words one after another, for what takes a number of them that is not known beforehand: the sources of a
//! neuron, a binomial number. A generator of the crate `rand` over Philox.

use std::convert::Infallible;

use rand::rand_core::TryRng;

use crate::numeric::{philox::philox4x32, stream::Stream};

/// The words of one member of a stream: a neuron, a node of a tree.
///
/// Members are numbered below 2^32, and have 2^34 words each.
#[derive(Clone, Debug)]
pub struct Words {
    stream: Stream,
    member: u32,
    block: u32,
    words: [u32; 4],
    used: usize,
}

impl Words {
    /// The words of `member` in `stream`, from the first.
    #[must_use]
    pub const fn new(stream: Stream, member: u32) -> Self {
        Self { stream, member, block: 0, words: [0; 4], used: 4 }
    }

    // A block is made out of line, so that the three words of four that are at hand are taken in place: 59 of the 438
    // million instructions of a short run of `coba` were calls for single words.
    #[inline(always)]
    fn next(&mut self) -> u32 {
        if self.used == 4 {
            self.refill();
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    #[inline(never)]
    fn refill(&mut self) {
        let [low, high] = self.stream.domain();
        self.words = philox4x32([self.member, self.block, low, high], self.stream.key());
        self.block = self.block.wrapping_add(1);
        self.used = 0;
    }
}

impl TryRng for Words {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = self.next();
        Ok(u64::from(self.next()) << 32 | u64::from(low))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(4) {
            part.copy_from_slice(&self.next().to_le_bytes()[..part.len()]);
        }
        Ok(())
    }
}

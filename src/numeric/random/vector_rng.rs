//! Noise of every iteration: xoshiro128++ 1.0 (Blackman & Vigna, "Scrambled linear pseudorandom number
//! generators", ACM Trans. Math. Softw. 47:36, 2021), sixteen generators side by side in vector lanes.
//!
//! One set of lanes per block of neurons, started from Philox words of the block's stream: 2^128 − 1 numbers a
//! lane, so that two of a million random starts, each used for 2^40 numbers, overlap with a probability below
//! 10^-13. Sixteen is the lane count on every instruction set, hence the same numbers on all.

use crate::numeric::{Column, Real, dispatch, philox::philox4x32, real::real, stream::Stream};

/// Generators side by side: a 512-bit register of 32-bit words.
pub const LANES: usize = 16;

/// The random numbers of one block of neurons. Its state is all that a checkpoint needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub struct VectorRng {
    state: [[u32; LANES]; 4],
}

impl VectorRng {
    /// The lanes of block number `block` in `stream`.
    #[must_use]
    pub fn new(stream: Stream, block: u32) -> Self {
        let mut state = [[0; LANES]; 4];
        let [low, high] = stream.domain();
        for lane in 0..LANES {
            let mut start = philox4x32([block, lane as u32, low, high], stream.key());
            if start == [0; 4] {
                start[0] = 1; // the one state that xoshiro never leaves
            }
            for (words, word) in state.iter_mut().zip(start) {
                words[lane] = word;
            }
        }
        Self { state }
    }

    /// One for every block of a group.
    #[must_use]
    pub fn for_blocks(stream: Stream, blocks: usize) -> Vec<Self> {
        (0..blocks).map(|block| Self::new(stream, block as u32)).collect()
    }

    /// Goes on with other numbers, which `number` decides: each lane where Philox leads to from its state, so that lanes that
    /// were different stay so.
    pub fn branch(&mut self, number: u64) {
        let key = [number as u32, (number >> 32) as u32];
        for lane in 0..LANES {
            let mut state = philox4x32(self.state.map(|words| words[lane]), key);
            if state == [0; 4] {
                state[0] = 1;
            }
            for (words, word) in self.state.iter_mut().zip(state) {
                words[lane] = word;
            }
        }
    }

    /// So many numbers, which come by pairs of lines.
    pub fn column(&mut self, number: usize, pair: impl Fn(&mut Self) -> [[Real; LANES]; 2]) -> Column<Real> {
        let mut numbers = Column::filled(0.0, number.next_multiple_of(2 * LANES));
        dispatch(
            #[inline(always)]
            || {
                // A copy on the stack stays in registers.
                let mut own = self.clone();
                let (chunks, _) = numbers.as_chunks_mut::<{ 2 * LANES }>();
                for chunk in chunks {
                    chunk.copy_from_slice(pair(&mut own).as_flattened());
                }
                *self = own;
            },
        );
        numbers.resize(0.0, number);
        numbers
    }

    /// All that the lanes remember.
    pub(in crate::numeric) const fn words_mut(&mut self) -> &mut [u32] {
        self.state.as_flattened_mut()
    }

    /// The next word of each lane.
    #[inline(always)]
    pub fn next_words(&mut self) -> [u32; LANES] {
        let [a, b, c, d] = &mut self.state;
        let mut words = [0; LANES];
        for lane in 0..LANES {
            words[lane] = a[lane].wrapping_add(d[lane]).rotate_left(7).wrapping_add(a[lane]);
            let shifted = b[lane] << 9;
            c[lane] ^= a[lane];
            d[lane] ^= b[lane];
            b[lane] ^= c[lane];
            a[lane] ^= d[lane];
            c[lane] ^= shifted;
            d[lane] = d[lane].rotate_left(11);
        }
        words
    }

    /// The next number of [0, 1) of each lane: 24 bits in `f32`, 53 in `f64`.
    #[inline(always)]
    pub fn next_uniforms(&mut self) -> [Real; LANES] {
        let mut numbers = [0.0; LANES];
        if size_of::<Real>() == 4 {
            let words = self.next_words();
            for lane in 0..LANES {
                // Through i32: its conversion to a float is one instruction before AVX-512 too.
                numbers[lane] = ((words[lane] >> 8) as i32) as Real * real(1.0 / 16_777_216.0);
            }
        } else {
            let (low, high) = (self.next_words(), self.next_words());
            for lane in 0..LANES {
                let bits = u64::from(high[lane]) << 32 | u64::from(low[lane]);
                numbers[lane] = (bits >> 11) as Real * real(1.0 / 9_007_199_254_740_992.0);
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The authors' reference code (xoshiro128plusplus.c), one generator, in the plainest form.
    fn reference(s: &mut [u32; 4]) -> u32 {
        let result = s[0].wrapping_add(s[3]).rotate_left(7).wrapping_add(s[0]);
        let t = s[1] << 9;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(11);
        result
    }

    #[test]
    fn the_reference_gives_the_known_first_words() {
        // State (1, 2, 3, 4): by hand from the definition, rotl(1 + 4, 7) + 1 = 641; also the first value that
        // the test of the crate rand_xoshiro, made with the authors' code, expects.
        let mut s = [1, 2, 3, 4];
        assert_eq!([(); 4].map(|()| reference(&mut s)), [641, 1_573_767, 3_222_811_527, 3_517_856_514]);
    }

    #[test]
    fn every_lane_is_a_xoshiro_of_its_own() {
        let mut lanes = VectorRng::new(Stream::new(3, &["noise"]), 5);
        let mut single: Vec<[u32; 4]> =
            (0..LANES).map(|lane| lanes.state.each_ref().map(|words| words[lane])).collect();
        for _ in 0..100 {
            let words = lanes.next_words();
            for (lane, state) in single.iter_mut().enumerate() {
                assert_eq!(words[lane], reference(state));
            }
        }
    }
}

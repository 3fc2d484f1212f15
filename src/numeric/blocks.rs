//! Fixed blocks of neurons: the unit of parallel work and of random streams.
//!
//! A partition never depends on the number of threads, so neither does any result.

use super::threads::attend;

/// Neurons in a block: a multiple of every lane count.
pub const BLOCK: usize = 2048;

/// The least number of neurons that is worth a parallel region for a light kernel, of 0.1 to 0.5 ns a neuron.
///
/// A region costs 1 µs, and columns that one thread wrote alone, as the cleared input, are fetched from its cache by the
/// other: with eight blocks as the least, two threads took twice as long as one over a group of 32 000 neurons.
const WORTH_SHARING: usize = 32 * BLOCK;

/// The same for a heavy kernel, of a nanosecond a neuron or more.
const HEAVY_WORTH_SHARING: usize = 6 * BLOCK;

/// Columns that can be cut at a neuron: slices, tuples of them, and what is the same for every neuron.
pub trait Cut: Sized + Send {
    /// The part before neuron `at` (a multiple of [`BLOCK`]) and the part from there on.
    fn cut(self, at: usize) -> (Self, Self);
}

impl<T: Sync> Cut for &[T] {
    #[inline]
    fn cut(self, at: usize) -> (Self, Self) {
        self.split_at(at.min(self.len()))
    }
}

impl<T: Send> Cut for &mut [T] {
    #[inline]
    fn cut(self, at: usize) -> (Self, Self) {
        let at = at.min(self.len());
        self.split_at_mut(at)
    }
}

/// State that exists once per block, not per neuron: random streams.
pub struct PerBlock<'a, T>(pub &'a mut [T]);

impl<T: Send> Cut for PerBlock<'_, T> {
    #[inline]
    fn cut(self, at: usize) -> (Self, Self) {
        let (head, tail) = self.0.cut(at / BLOCK);
        (Self(head), Self(tail))
    }
}

macro_rules! cut_tuples {
    ($(($($part:ident $tail:ident),+))+) => {$(
        impl<$($part: Cut),+> Cut for ($($part,)+) {
            #[inline]
            #[expect(non_snake_case, reason = "the type parameters name the parts")]
            fn cut(self, at: usize) -> (Self, Self) {
                let ($($part,)+) = self;
                $(let ($part, $tail) = $part.cut(at);)+
                (($($part,)+), ($($tail,)+))
            }
        }
    )+};
}
cut_tuples! {
    (A a, B b)
    (A a, B b, C c)
    (A a, B b, C c, D d)
    (A a, B b, C c, D d, E e)
    (A a, B b, C c, D d, E e, F f)
    (A a, B b, C c, D d, E e, F f, G g)
    (A a, B b, C c, D d, E e, F f, G g, H h)
}

/// Runs `kernel` on each block of `columns`, which hold `len` neurons; in parallel where that pays.
///
/// A kernel sees its part of the columns alone, so that the blocks may run in any order.
#[inline]
pub fn in_blocks<C: Cut>(len: usize, columns: C, kernel: impl Fn(C) + Sync) {
    in_blocks_from(WORTH_SHARING, len, columns, kernel);
}

/// As [`in_blocks`], for a kernel of a nanosecond a neuron or more: exponentials, random numbers of some distribution.
#[inline]
pub fn in_heavy_blocks<C: Cut>(len: usize, columns: C, kernel: impl Fn(C) + Sync) {
    in_blocks_from(HEAVY_WORTH_SHARING, len, columns, kernel);
}

#[inline]
fn in_blocks_from<C: Cut>(worth_sharing: usize, len: usize, columns: C, kernel: impl Fn(C) + Sync) {
    if len < worth_sharing || rayon::current_num_threads() == 1 {
        one_after_another(len, columns, &kernel);
    } else {
        attend();
        share(len, columns, &kernel);
    }
}

#[inline]
fn one_after_another<C: Cut>(mut len: usize, mut columns: C, kernel: &impl Fn(C)) {
    while len > BLOCK {
        let (block, rest) = columns.cut(BLOCK);
        kernel(block);
        columns = rest;
        len -= BLOCK;
    }
    kernel(columns);
}

fn share<C: Cut>(len: usize, columns: C, kernel: &(impl Fn(C) + Sync)) {
    if len <= 2 * BLOCK {
        return one_after_another(len, columns, kernel);
    }
    let half = len.div_ceil(BLOCK) / 2 * BLOCK;
    let (head, tail) = columns.cut(half);
    rayon::join(|| share(half, head, kernel), || share(len - half, tail, kernel));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_neuron_is_met_once_with_the_state_of_its_block() {
        for len in [1, BLOCK, BLOCK + 1, 6 * BLOCK, 43 * BLOCK + 5] {
            let mut seen = vec![0_usize; len];
            let mut states: Vec<usize> = (0..len.div_ceil(BLOCK)).collect();
            in_blocks(len, (&mut seen[..], PerBlock(&mut states)), |(seen, state)| {
                seen.iter_mut().for_each(|seen| *seen += 1 + state.0[0]);
            });
            assert!(seen.iter().enumerate().all(|(i, &seen)| seen == 1 + i / BLOCK));
        }
    }
}

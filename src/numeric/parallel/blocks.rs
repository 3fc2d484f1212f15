//! Fixed blocks of neurons: the unit of parallel work and of random streams.
//!
//! A partition never depends on the number of threads, so neither does any result.

/// Neurons in a block: a multiple of every lane count.
pub const BLOCK: usize = 2048;

/// Columns that can be cut at a neuron: slices, tuples of them, and what is the same for every neuron.
pub trait Cut: Sized + Send {
    /// They can be cut at multiples of this.
    const GRAIN: usize = 1;

    /// The part before neuron `at` (a multiple of [`GRAIN`](Self::GRAIN)) and the part from there on.
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

/// No columns.
impl Cut for () {
    fn cut(self, _: usize) -> (Self, Self) {
        ((), ())
    }
}

/// So many columns alike: of what reaches neurons.
impl<T: Sync, const N: usize> Cut for [&[T]; N] {
    #[inline]
    fn cut(self, at: usize) -> (Self, Self) {
        let before = |column: &[T]| at.min(column.len());
        (self.map(|column| &column[..before(column)]), self.map(|column| &column[before(column)..]))
    }
}

/// So many columns alike: of the variables of a model.
impl<T: Send, const N: usize> Cut for [&mut [T]; N] {
    #[inline]
    fn cut(mut self, at: usize) -> (Self, Self) {
        let mut tails = [(); N].map(|()| &mut [][..]);
        for (column, tail) in self.iter_mut().zip(&mut tails) {
            (*column, *tail) = std::mem::take(column).cut(at);
        }
        (self, tails)
    }
}

/// Columns of several alike: of all receptors of a group.
impl<C: Cut> Cut for Vec<C> {
    const GRAIN: usize = C::GRAIN;

    fn cut(self, at: usize) -> (Self, Self) {
        self.into_iter().map(|columns| columns.cut(at)).unzip()
    }
}

/// State that exists once per block, not per neuron: random streams.
pub struct PerBlock<'a, T>(pub &'a mut [T]);

impl<T: Send> Cut for PerBlock<'_, T> {
    const GRAIN: usize = BLOCK;

    #[inline]
    fn cut(self, at: usize) -> (Self, Self) {
        let (head, tail) = self.0.cut(at / BLOCK);
        (Self(head), Self(tail))
    }
}

const fn coarsest<const N: usize>(grains: [usize; N]) -> usize {
    let (mut coarsest, mut k) = (1, 0);
    while k < N {
        if grains[k] > coarsest {
            coarsest = grains[k];
        }
        k += 1;
    }
    coarsest
}

macro_rules! cut_tuples {
    ($(($($part:ident $tail:ident),+))+) => {$(
        impl<$($part: Cut),+> Cut for ($($part,)+) {
            const GRAIN: usize = coarsest([$($part::GRAIN),+]);

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
    (A a)
    (A a, B b)
    (A a, B b, C c)
    (A a, B b, C c, D d)
    (A a, B b, C c, D d, E e)
    (A a, B b, C c, D d, E e, F f)
    (A a, B b, C c, D d, E e, F f, G g)
    (A a, B b, C c, D d, E e, F f, G g, H h)
}

/// Runs `kernel` on each block of `columns`, which hold `len` neurons.
#[inline]
pub fn one_after_another<C: Cut>(mut len: usize, mut columns: C, kernel: &impl Fn(C)) {
    while len > BLOCK {
        let (block, rest) = columns.cut(BLOCK);
        kernel(block);
        columns = rest;
        len -= BLOCK;
    }
    kernel(columns);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_neuron_is_met_once_with_the_state_of_its_block() {
        for len in [1, BLOCK, BLOCK + 1, 6 * BLOCK, 43 * BLOCK + 5] {
            let mut seen = vec![0_usize; len];
            let mut states: Vec<usize> = (0..len.div_ceil(BLOCK)).collect();
            one_after_another(len, (&mut seen[..], PerBlock(&mut states)), &|(seen, state): (
                &mut [usize],
                PerBlock<'_, usize>,
            )| {
                seen.iter_mut().for_each(|seen| *seen += 1 + state.0[0]);
            });
            assert!(seen.iter().enumerate().all(|(i, &seen)| seen == 1 + i / BLOCK));
        }
    }
}

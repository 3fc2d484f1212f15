//! Columns whose numbers change too slowly for single precision.
//!
//! A decay with a time constant of 10⁷ ms takes 5·10⁻⁸ of a number in a step of 0.5 ms, less than the half of 6·10⁻⁸ to
//! which `f32` rounds: it would never decay. Such numbers are kept in double precision, and seen in that of the simulation.

use crate::numeric::{
    Archive, ArchiveError, Column, Real, dispatch,
    real::{real, wide},
};

/// Numbers in double precision, one per member, and what the simulation sees of them.
#[derive(Clone, Debug, Default)]
pub struct SlowColumn {
    exact: Column<f64>,
    seen: Column<Real>,
}

impl SlowColumn {
    /// The numbers in the precision of the simulation.
    #[must_use]
    pub fn get(&self) -> &[Real] {
        &self.seen
    }

    /// The numbers as they are kept.
    #[must_use]
    pub fn exact(&self) -> &[f64] {
        &self.exact
    }

    /// Gives every number a new one, by its index and the old one.
    pub fn update(&mut self, rule: impl Fn(usize, f64) -> f64) {
        let (exact, seen) = (&mut self.exact[..], &mut self.seen[..]);
        dispatch(
            #[inline(always)]
            || {
                for (i, (exact, seen)) in exact.iter_mut().zip(seen).enumerate() {
                    *exact = rule(i, *exact);
                    *seen = real(*exact);
                }
            },
        );
    }

    /// Adds to the number of one member; nothing happens if there is none.
    pub fn add(&mut self, member: usize, amount: f64) {
        if let (Some(exact), Some(seen)) = (self.exact.get_mut(member), self.seen.get_mut(member)) {
            *exact += amount;
            *seen = real(*exact);
        }
    }

    /// Goes through the numbers: see [`State`](super::State).
    ///
    /// # Errors
    /// What was saved does not fit.
    pub fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.column(&mut self.exact)?;
        archive.derived(&mut self.seen);
        if archive.restores() {
            self.seen.iter_mut().zip(&self.exact[..]).for_each(|(seen, exact)| *seen = real(*exact));
        }
        Ok(())
    }

    /// Gives the members numbers, as many as there are of both.
    pub fn set(&mut self, values: &mut dyn Iterator<Item = Real>) {
        for ((exact, seen), value) in self.exact.iter_mut().zip(&mut self.seen[..]).zip(values) {
            (*exact, *seen) = (wide(value), value);
        }
    }

    /// Makes room for so many members; new ones are zero.
    pub fn resize(&mut self, members: usize) {
        self.exact.resize(0.0, members);
        self.seen.resize(0.0, members);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_single_precision_would_not_notice_adds_up() {
        let mut column = SlowColumn::default();
        column.resize(2);
        column.set(&mut [20.0, 1.0].into_iter());
        let kept = libm::exp(-5e-8);
        for _ in 0..100_000 {
            column.update(|_, x| x * kept);
        }
        column.add(1, 1.0);
        column.add(7, 1.0);
        let decayed = f64::exp(-5e-3);
        for (found, expected) in column.get().iter().zip([20.0 * decayed, 1.0 + decayed]) {
            assert!((wide(*found) / expected - 1.0).abs() < 1e-7, "{found} {expected}");
        }
    }
}

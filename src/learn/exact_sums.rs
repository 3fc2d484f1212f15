//! Sums that do not depend on the order in which they are made, nor on who makes which part: what ranks add up together is what one
//! process adds up. Whole numbers, of a unit so small that it counts for nothing beside the greatest number.

use crate::{
    network::Ranks,
    numeric::{Real, exchange::Gathered, real::wide},
};

/// Below 2^62 units for the greatest number: its sum with 2^32 others is below 2^94.
const BITS: i64 = 61;

/// More than any sum, for what is no finite number.
const NO_NUMBER: i128 = 1 << 122;

/// Some sums.
#[derive(Debug)]
pub(super) struct Sums {
    /// Units of one.
    scale: f64,
    all: Vec<i128>,
}

impl Sums {
    /// So many sums, of the `numbers` that this rank knows and those of the others.
    pub fn of(sums: usize, numbers: &[Real], ranks: Option<&Ranks>) -> Self {
        let greatest = |most: f64, x: &Real| if x.is_finite() { most.max(wide(*x).abs()) } else { most };
        let mut greatest = numbers.iter().fold(0.0, greatest);
        if let Some(Ranks(exchange)) = ranks {
            let all = exchange.all_numbers(&[greatest.to_bits()]).concat();
            greatest = all.into_iter().map(f64::from_bits).fold(0.0, f64::max);
        }
        let exponent = (greatest.to_bits() >> 52) as i64 - 1023;
        let power = (BITS - exponent).min(1023);
        Self { scale: f64::from_bits(((power + 1023) as u64) << 52), all: vec![0; sums] }
    }

    /// Adds some numbers to a sum.
    pub fn add(&mut self, sum: usize, numbers: &[Real]) {
        let units = |x: &Real| if x.is_finite() { i128::from((wide(*x) * self.scale) as i64) } else { NO_NUMBER };
        let more = numbers.iter().map(units).fold(0_i128, i128::saturating_add);
        self.all[sum] = self.all[sum].saturating_add(more);
    }

    /// Adds what other ranks have.
    pub fn join(&mut self, ranks: Option<&Ranks>) {
        let Some(Ranks(exchange)) = ranks else { return };
        let mut all = Gathered::default();
        exchange.all_gather(bytemuck::cast_slice(&self.all), &mut all);
        self.all.fill(0);
        for words in all.by_rank() {
            let theirs: Vec<i128> = bytemuck::pod_collect_to_vec(words);
            self.all.iter_mut().zip(theirs).for_each(|(sum, more)| *sum = sum.saturating_add(more));
        }
    }

    /// The sums; not a number where something was none.
    pub fn totals(self) -> impl Iterator<Item = f64> {
        let Self { scale, all } = self;
        all.into_iter().map(move |sum| if sum < NO_NUMBER / 2 { sum as f64 / scale } else { f64::NAN })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::numeric::{exchange::together, real::real};

    proptest! {
        /// In any order, by any number of ranks: the same bits, and as near to the true sum as a number can be.
        #[test]
        fn the_order_does_not_matter(
            numbers in prop::collection::vec((-1000.0..1000.0_f64, -20..20_i32), 1..60),
            ranks in 1..4_usize,
        ) {
            let numbers: Vec<Real> = numbers.iter().map(|(x, power)| real(x * 2_f64.powi(*power))).collect();
            let sum = |numbers: &[Real]| {
                let mut sums = Sums::of(2, numbers, None);
                numbers.iter().for_each(|x| sums.add(1, &[*x]));
                sums.totals().collect::<Vec<_>>()
            };
            let whole = sum(&numbers);
            let backwards: Vec<Real> = numbers.iter().rev().copied().collect();
            prop_assert_eq!(&sum(&backwards), &whole);
            for theirs in together(ranks, 1, |exchange| {
                let (rank, ranks) = (exchange.rank(), Ranks(exchange));
                let own: Vec<Real> = numbers.iter().skip(rank).step_by(ranks.0.ranks()).copied().collect();
                let mut sums = Sums::of(2, &own, Some(&ranks));
                sums.add(1, &own);
                sums.join(Some(&ranks));
                sums.totals().collect::<Vec<_>>()
            }) {
                prop_assert_eq!(&theirs, &whole);
            }
            let (plain, most) = numbers.iter().fold((0.0, 0.0_f64), |(sum, most), x| (sum + wide(*x), most.max(wide(x.abs()))));
            prop_assert!(whole[0] == 0.0 && (whole[1] - plain).abs() <= 1e-13 * most, "{} and {plain}", whole[1]);
        }
    }

    #[test]
    fn what_is_no_number_has_no_sum() {
        for none in [Real::NAN, Real::INFINITY, -Real::INFINITY] {
            let mut sums = Sums::of(2, &[none, 1.0, -3.0], None);
            sums.add(0, &[1.0, none, none]);
            sums.add(1, &[1.0, -3.0]);
            let totals: Vec<f64> = sums.totals().collect();
            assert!(totals[0].is_nan() && totals[1] == -2.0);
        }
        assert_eq!(Sums::of(1, &[0.0], None).totals().collect::<Vec<_>>(), [0.0]);
    }
}

//! Quantiles of a stream in bounded memory.
//!
//! The method of Manku, Rajagopalan and Lindsay (1998): a full buffer is sorted and every second value is handed to a
//! buffer that counts double. Exact below 4 096 values; after that the rank is off by at most
//! log₂(n / 4096) / 4096 of n: 0.3 % for 10⁷ values. Unlike a histogram it needs no range beforehand, and one value of
//! 10³⁰ does not spoil the rest.

const CAPACITY: usize = 4096;

/// A summary of the values pushed so far.
#[derive(Debug, Default)]
pub(super) struct Quantiles {
    /// Values in level *k* stand for 2ᵏ values each.
    levels: Vec<Vec<f64>>,
    /// Which half was kept last, alternating so that the errors cancel.
    odd: bool,
}

impl Quantiles {
    /// Adds a finite value.
    pub(super) fn push(&mut self, value: f64) {
        let mut carried = vec![];
        match self.levels.first_mut() {
            Some(level) => level.push(value),
            None => self.levels.push(vec![value]),
        }
        for level in &mut self.levels {
            level.append(&mut carried);
            if level.len() < CAPACITY {
                return;
            }
            level.sort_unstable_by(f64::total_cmp);
            self.odd = !self.odd;
            carried = level.drain(..).skip(usize::from(self.odd)).step_by(2).collect();
        }
        self.levels.push(carried);
    }

    /// The smallest value that at least the given share of values does not exceed, for each share; NaN if there are none.
    /// `shares` ascend. Forgets all values.
    pub(super) fn take<const N: usize>(&mut self, shares: [f64; N]) -> [f64; N] {
        let mut weighted = Vec::new();
        for (level, values) in self.levels.iter_mut().enumerate() {
            let weight = (level as f64).exp2();
            weighted.extend(values.drain(..).map(|value| (value, weight)));
        }
        weighted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let mut values = weighted.into_iter();
        let (mut value, mut reached) = (f64::NAN, 0.0);
        shares.map(|share| {
            while reached < share * total {
                let Some((next, weight)) = values.next() else {
                    break;
                };
                value = next;
                reached += weight;
            }
            value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers 0 to n − 1 in a scrambled order: 7 919 is prime and divides none of the n used.
    fn scrambled(n: usize) -> impl Iterator<Item = f64> {
        (0..n).map(move |i| (i * 7919 % n) as f64)
    }

    #[test]
    fn few_values_give_exact_percentiles() {
        let mut quantiles = Quantiles::default();
        scrambled(100).for_each(|value| quantiles.push(value));
        // 5 of 100 values do not exceed 4, 95 do not exceed 94.
        assert_eq!(quantiles.take([0.05, 0.5, 0.95]), [4.0, 49.0, 94.0]);
        assert!(quantiles.take([0.5])[0].is_nan(), "taking forgets");
        quantiles.push(-1.0);
        assert_eq!(quantiles.take([0.05, 0.95]), [-1.0, -1.0]);
    }

    #[test]
    fn many_values_stay_within_the_stated_rank_error() {
        for n in [10_000, 300_000] {
            let mut quantiles = Quantiles::default();
            scrambled(n).for_each(|value| quantiles.push(value));
            let bound = (n as f64 / 4096.0).log2() / 4096.0 + 1.0 / n as f64;
            for (share, value) in [0.05, 0.5, 0.95].into_iter().zip(quantiles.take([0.05, 0.5, 0.95])) {
                assert!((value / n as f64 - share).abs() <= bound, "{share}: {value} of {n}");
            }
        }
    }

    #[test]
    fn memory_grows_with_the_logarithm_only() {
        let mut quantiles = Quantiles::default();
        (0..1 << 20).for_each(|value| quantiles.push(f64::from(value)));
        let kept: usize = quantiles.levels.iter().map(Vec::len).sum();
        assert!(kept < 10 * CAPACITY, "{kept}");
    }
}

//! Bins of equal width for the values of a variable.

/// Bins between two values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bins {
    /// The lower edge of the first bin.
    pub low: f64,
    /// The upper edge of the last bin, above `low`.
    pub high: f64,
    /// How many bins; at least 1.
    pub count: u32,
}

impl Bins {
    /// How many of the values lie below the bins, in each of them, and above: `count` + 2 numbers.
    ///
    /// As in NumPy a bin includes its lower edge, and the last one also its upper. A value that is not a number is counted
    /// nowhere.
    pub fn tally(&self, values: impl Iterator<Item = f64>) -> Vec<u64> {
        let last = self.count as usize;
        let mut counts = vec![0; last + 2];
        let scale = f64::from(self.count) / (self.high - self.low);
        for value in values {
            let place = if value < self.low {
                0
            } else if value <= self.high {
                1 + (((value - self.low) * scale) as usize).min(last - 1)
            } else if value > self.high {
                last + 1
            } else {
                continue;
            };
            counts[place] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_counted_once() {
        let bins = Bins { low: -1.0, high: 1.0, count: 4 };
        let values = [-1.0, -0.5, -0.001, 0.0, 0.5, 1.0, 1.001, -1.001, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(bins.tally(values.into_iter()), [2, 1, 2, 1, 2, 2]);
    }
}

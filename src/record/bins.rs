//! Bins of equal width for the values of a variable.

use crate::numeric::{
    Real,
    real::{real, wide},
};

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
    /// nowhere. Edges are in the precision of the values: a weight of 0.1 lies on the edge 0.1, though the nearest `f32` is
    /// above the nearest `f64`.
    pub fn tally(&self, values: impl Iterator<Item = f64>) -> Vec<u64> {
        let last = self.count as usize;
        let edges: Vec<f64> = (0..=self.count).map(|k| self.edge(k)).collect();
        let [low, high] = [edges[0], edges[last]];
        let mut counts = vec![0; last + 2];
        let scale = f64::from(self.count) / (high - low);
        for value in values {
            let place = if value < low {
                0
            } else if value <= high {
                // The quotient is rounded: the edges decide.
                let near = (((value - low) * scale) as usize).min(last - 1);
                let at = if value < edges[near] { near - 1 } else { near };
                1 + if value >= edges[at + 1] && at + 1 < last { at + 1 } else { at }
            } else if value > high {
                last + 1
            } else {
                continue;
            };
            counts[place] += 1;
        }
        counts
    }

    /// The lower edge of bin `k`, in the precision of state; of an inner one a last place below, since the sum that gives it
    /// is rounded in that of `f64` too.
    fn edge(&self, k: u32) -> f64 {
        let place = wide(Real::EPSILON) * self.low.abs().max(self.high.abs());
        match k {
            0 => wide(real(self.low)),
            k if k == self.count => wide(real(self.high)),
            k => wide(real(self.low + f64::from(k) * (self.high - self.low) / f64::from(self.count))) - place,
        }
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

    #[test]
    fn a_value_on_an_edge_lies_in_the_bin_above_it_and_the_last_in_the_last() {
        for (low, high, count) in [(0.0, 1.0, 10), (-0.3, 0.4, 7), (0.0, 0.1, 10), (1.1, 2.3, 12)] {
            let bins = Bins { low, high, count };
            // As a scene would write the edges, in tenths and hundredths.
            let width = (high - low) / f64::from(count);
            let edge = |k: u32| -> f64 { format!("{:.2}", low + f64::from(k) * width).parse().unwrap() };
            let counts = bins.tally((0..=count).map(|k| wide(real(edge(k)))));
            let mut expected = vec![1; count as usize + 2];
            (expected[0], expected[count as usize], expected[count as usize + 1]) = (0, 2, 0);
            assert_eq!(counts, expected, "{bins:?}");
        }
    }
}

//! A variable's recording as columns: envelopes of chosen neurons, mean and percentiles over all.

use super::Columns;
use super::quantiles::Quantiles;

/// Lower and upper edge of the percentile band.
const BAND: [f64; 2] = [0.05, 0.95];

/// Smallest and largest value of a neuron within a column, in the order in which they occurred, so that a line through
/// them keeps both every peak and the direction of time. NaN where no value is finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::plot) struct Extremes {
    pub(in crate::plot) first: f64,
    pub(in crate::plot) second: f64,
}

/// A recording reduced to columns.
#[derive(Debug)]
pub(in crate::plot) struct Summary {
    /// For each chosen neuron its extremes per column.
    pub(in crate::plot) traces: Vec<Vec<Extremes>>,
    /// Mean over all samples of a column; NaN if it has none.
    pub(in crate::plot) mean: Vec<f64>,
    /// 5th and 95th percentile over all samples of a column.
    pub(in crate::plot) band: Vec<[f64; 2]>,
}

/// Takes rows one by one, in order, and holds no more than a column of them in summary.
///
/// Values that are not finite are left out, as are those beyond ±10³⁰⁰, whose differences would not be.
#[derive(Debug)]
pub(in crate::plot) struct Summariser {
    columns: Columns,
    chosen: Vec<usize>,
    row: usize,
    open: Vec<Option<Envelope>>,
    sum: f64,
    count: u64,
    quantiles: Quantiles,
    summary: Summary,
}

/// Extremes so far and the rows where they were met.
#[derive(Debug, Clone, Copy)]
struct Envelope {
    min: (f64, usize),
    max: (f64, usize),
}

impl Summariser {
    /// For rows shared out as `columns` say, following the neurons at the indices `chosen` of a row.
    pub(in crate::plot) fn new(columns: Columns, chosen: Vec<usize>) -> Self {
        let summary = Summary {
            traces: vec![Vec::with_capacity(columns.count()); chosen.len()],
            mean: Vec::with_capacity(columns.count()),
            band: Vec::with_capacity(columns.count()),
        };
        Self {
            columns,
            open: vec![None; chosen.len()],
            chosen,
            row: 0,
            sum: 0.0,
            count: 0,
            quantiles: Quantiles::default(),
            summary,
        }
    }

    pub(in crate::plot) fn push(&mut self, row: &[f64]) {
        for &value in row.iter().filter(|&&value| drawable(value)) {
            // The mean of each row first would weigh rows with gaps wrongly; a plain sum of f64 is exact enough.
            self.sum += value;
            self.count += 1;
            self.quantiles.push(value);
        }
        for (open, &neuron) in self.open.iter_mut().zip(&self.chosen) {
            if let Some(&value) = row.get(neuron).filter(|&&value| drawable(value)) {
                *open = Some(widened(*open, value, self.row));
            }
        }
        self.row += 1;
        if self.columns.rows_of(self.summary.mean.len()).end == self.row {
            self.close();
        }
    }

    fn close(&mut self) {
        self.summary.mean.push(self.sum / self.count as f64);
        self.summary.band.push(self.quantiles.take(BAND));
        (self.sum, self.count) = (0.0, 0);
        for (trace, open) in self.summary.traces.iter_mut().zip(&mut self.open) {
            trace.push(in_order(open.take()));
        }
    }

    pub(in crate::plot) fn finish(self) -> Summary {
        self.summary
    }
}

fn drawable(value: f64) -> bool {
    value.abs() < 1e300
}

fn widened(open: Option<Envelope>, value: f64, row: usize) -> Envelope {
    let here = (value, row);
    match open {
        None => Envelope { min: here, max: here },
        Some(Envelope { min, max }) => {
            Envelope { min: if value < min.0 { here } else { min }, max: if value > max.0 { here } else { max } }
        }
    }
}

fn in_order(envelope: Option<Envelope>) -> Extremes {
    let (first, second) = match envelope {
        None => (f64::NAN, f64::NAN),
        Some(Envelope { min, max }) if min.1 <= max.1 => (min.0, max.0),
        Some(Envelope { min, max }) => (max.0, min.0),
    };
    Extremes { first, second }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(rows: &[Vec<f64>], columns: usize, chosen: Vec<usize>) -> Summary {
        let mut summariser = Summariser::new(Columns::new(rows.len(), columns), chosen);
        rows.iter().for_each(|row| summariser.push(row));
        summariser.finish()
    }

    #[test]
    fn a_peak_of_one_sample_survives() {
        for peak in 0..1000 {
            let mut rows = vec![vec![-65.0, -65.0]; 1000];
            rows[peak][1] = 30.0;
            let summary = summary(&rows, 10, vec![0, 1]);
            let largest = |trace: &[Extremes]| trace.iter().fold(f64::MIN, |m, e| m.max(e.first).max(e.second));
            assert_eq!(largest(&summary.traces[1]), 30.0);
            assert_eq!(largest(&summary.traces[0]), -65.0);
        }
    }

    #[test]
    fn extremes_keep_the_order_of_time() {
        let rows = [1.0, 5.0, 2.0, 9.0, 7.0, 3.0].map(|v| vec![v]).to_vec();
        let summary = summary(&rows, 2, vec![0]);
        let rising = Extremes { first: 1.0, second: 5.0 };
        let falling = Extremes { first: 9.0, second: 3.0 };
        assert_eq!(summary.traces[0], [rising, falling]);
    }

    #[test]
    fn the_mean_is_over_all_samples_of_the_column() {
        let rows = vec![vec![0.0, 2.0], vec![4.0, 6.0], vec![10.0, f64::NAN], vec![20.0, f64::INFINITY]];
        let summary = summary(&rows, 2, vec![]);
        assert_eq!(summary.mean, [3.0, 15.0], "values that are not finite do not count");
    }

    #[test]
    fn the_band_holds_nine_tenths_of_a_uniform_column() {
        let rows: Vec<Vec<f64>> = (0..10).map(|r| (0..100).map(|n| f64::from(r * 100 + n)).collect()).collect();
        // 50 of the 1 000 numbers 0 to 999 do not exceed 49, 950 do not exceed 949.
        assert_eq!(summary(&rows, 1, vec![]).band, [[49.0, 949.0]]);
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let rows = vec![vec![1.0], vec![f64::NAN], vec![3.0]];
        let summary = summary(&rows, 3, vec![0]);
        assert!(summary.mean[1].is_nan() && summary.band[1][0].is_nan());
        assert!(summary.traces[0][1].first.is_nan());
        assert_eq!(summary.traces[0][2].second, 3.0);
    }
}

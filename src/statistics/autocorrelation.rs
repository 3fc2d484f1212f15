//! How much a series is like itself some time later.

use serde::Serialize;

/// Lags of an autocorrelation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Autocorrelation {
    /// From one lag to the next (ms).
    pub step_ms: f64,
    /// The correlation at lags 0, 1, 2, … steps: −1 to 1, and 1 at lag 0.
    pub values: Vec<f64>,
}

/// The autocorrelation of a series at lags 0 to `lags`, as a share of its variance: Σ δ(t) δ(t + lag) / Σ δ(t)².
///
/// `None` unless the series varies and is four times as long as the longest lag.
#[must_use]
pub fn autocorrelation(series: &[f64], lags: usize) -> Option<Vec<f64>> {
    let mut products = Products::new(lags);
    series.iter().for_each(|&value| products.push(value));
    products.correlations()
}

/// Sums of products of a series with itself, in one pass and bounded memory.
#[derive(Debug)]
pub(super) struct Products {
    lags: usize,
    /// The first values of the series, and the last ones with some before them.
    first: Vec<f64>,
    recent: Vec<f64>,
    sums: Vec<f64>,
    total: f64,
    count: u64,
}

impl Products {
    pub fn new(lags: usize) -> Self {
        Self { lags, first: Vec::new(), recent: Vec::new(), sums: vec![0.0; lags + 1], total: 0.0, count: 0 }
    }

    pub fn push(&mut self, value: f64) {
        if self.first.len() < self.lags {
            self.first.push(value);
        }
        // The front is dropped by thousands, since every time moves the rest.
        if self.recent.len() > 8 * self.lags + 1000 {
            self.recent.drain(..self.recent.len() - self.lags);
        }
        self.recent.push(value);
        if value != 0.0 {
            for (sum, earlier) in self.sums.iter_mut().zip(self.recent.iter().rev()) {
                *sum += value * earlier;
            }
        }
        self.total += value;
        self.count += 1;
    }

    /// The correlation at every lag. The mean is that of the whole series, and each sum is divided by that of lag 0,
    /// which keeps every value within −1 and 1.
    pub fn correlations(&self) -> Option<Vec<f64>> {
        if self.count < 4 * self.lags.max(1) as u64 {
            return None;
        }
        let n = self.count as f64;
        let mean = self.total / n;
        // Σ (x − m)(y − m) = Σ x y − m (Σ x + Σ y) + (n − lag) m², where x lacks the last and y the first values.
        let (mut head, mut tail) = (self.total, self.total);
        let mut covariances = Vec::with_capacity(self.lags + 1);
        for lag in 0..=self.lags {
            if lag > 0 {
                head -= self.recent.get(self.recent.len() - lag).copied().unwrap_or_default();
                tail -= self.first.get(lag - 1).copied().unwrap_or_default();
            }
            covariances.push(self.sums[lag] - mean * (head + tail) + (n - lag as f64) * mean * mean);
        }
        // A constant leaves rounding errors.
        let variance = covariances[0];
        let varies = variance > 1e-9 * self.sums[0].max(f64::MIN_POSITIVE);
        varies.then(|| covariances.iter().map(|covariance| (covariance / variance).clamp(-1.0, 1.0)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_gives_what_the_definition_gives() {
        let series: Vec<f64> = (0..5000).map(|t| f64::from(t * t % 17) + f64::from(t % 40)).collect();
        let mean = series.iter().sum::<f64>() / 5000.0;
        let at = |lag: usize| -> f64 { (lag..5000).map(|t| (series[t] - mean) * (series[t - lag] - mean)).sum() };
        let found = autocorrelation(&series, 100).unwrap();
        assert_eq!(found.len(), 101);
        assert!((0..=100).all(|lag| (found[lag] - at(lag) / at(0)).abs() < 1e-9));
    }

    #[test]
    fn a_period_is_seen_and_nothing_in_a_constant() {
        let series: Vec<f64> = (0..1000).map(|t| f64::from(u8::from(t % 25 == 0))).collect();
        let found = autocorrelation(&series, 60).unwrap();
        assert!(found[25] > 0.95 && found[50] > 0.9 && found[12].abs() < 0.1);
        for constant in [0.0, 0.1, 7.0] {
            assert_eq!(autocorrelation(&[constant; 1000], 60), None, "{constant}");
        }
        assert_eq!(
            (autocorrelation(&[], 5), autocorrelation(&[1.0, 2.0], 5), autocorrelation(&[], 0)),
            (None, None, None)
        );
    }
}

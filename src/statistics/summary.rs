//! What was found out about the spikes of a group.

use serde::Serialize;

use super::{Autocorrelation, Moments, Spectrum};

/// The statistics of a group's spikes as numbers; a quantity for which the data do not suffice is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Neurons that were looked at.
    pub neurons: u64,
    /// Neurons that did not fire.
    pub silent: u64,
    /// Spikes that were looked at.
    pub spikes: u64,
    /// The stretch begins at this time (ms), after the transient.
    pub from_ms: f64,
    /// It ends at this time (ms).
    pub until_ms: f64,
    /// Mean rate of the neurons (Hz).
    pub rate_hz: Option<f64>,
    /// Standard deviation of their rates (Hz).
    pub rate_deviation_hz: Option<f64>,
    /// Median of their rates (Hz).
    pub rate_median_hz: Option<f64>,
    /// Mean coefficient of variation of the intervals, over neurons with enough of them.
    pub cv: Option<f64>,
    /// Mean local variation of the intervals, over the same neurons.
    pub lv: Option<f64>,
    /// Neurons with enough intervals.
    pub interval_neurons: u64,
    /// Mean Fano factor over neurons that fired.
    pub fano: Option<f64>,
    /// Length of its windows (ms).
    pub fano_window_ms: f64,
    /// Mean correlation of binned counts over pairs of a sample of neurons.
    pub correlation: Option<f64>,
    /// Length of its bins (ms).
    pub correlation_bin_ms: f64,
    /// Pairs of which both neurons fired.
    pub pairs: u64,
    /// The peak of the population rate's spectrum (Hz), if one stands out of that of independent Poisson neurons.
    pub peak_hz: Option<f64>,
    /// The power of the peak over that of independent Poisson neurons.
    pub peak_ratio: Option<f64>,
    /// Bins of the population rate for its spectrum (ms): frequencies up to half of one over it are seen.
    pub spectrum_bin_ms: f64,
    /// Bins of the population rate for its autocorrelation (ms).
    pub autocorrelation_bin_ms: f64,
}

/// The summary and what it was made of.
#[derive(Clone, Debug)]
pub struct Findings {
    /// As numbers.
    pub summary: Summary,
    /// The rate of every neuron (Hz).
    pub rates: Vec<f64>,
    /// The rate of one spike in the stretch (Hz), of which all rates are multiples.
    pub rate_step: f64,
    /// The coefficient of variation of every neuron with enough intervals.
    pub cvs: Vec<f64>,
    /// The spectrum of the population rate (Hz).
    pub spectrum: Option<Spectrum>,
    /// The spectrum of as many independent Poisson neurons of the same mean rate, at all frequencies (Hz).
    pub poisson_power: f64,
    /// The autocorrelation of the population rate.
    pub autocorrelation: Option<Autocorrelation>,
}

/// A number with so many decimals; a dash for none, and no sign before zero.
#[must_use]
pub fn written(number: Option<f64>, decimals: usize) -> String {
    let Some(number) = number else { return "–".into() };
    let text = format!("{number:.decimals$}");
    let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    if is_zero { text.replace('-', "") } else { text }
}

/// The mean of some values.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    Moments::of(values).mean()
}

/// The median of some values; the mean of the middle two of an even number.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 0 => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
        _ => Some(sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_has_no_sign_and_nothing_is_a_dash() {
        let texts = [Some(-0.0004), Some(-0.0006), Some(2.0), None].map(|number| written(number, 3));
        assert_eq!(texts, ["0.000", "-0.001", "2.000", "–"]);
    }

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!((median(&[]), median(&[3.0]), median(&[4.0, 1.0])), (None, Some(3.0), Some(2.5)));
        assert_eq!((median(&[9.0, 1.0, 2.0]), mean(&[]), mean(&[1.0, 2.0])), (Some(2.0), None, Some(1.5)));
    }
}

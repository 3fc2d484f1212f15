//! What the panels show of a group.

use crate::plot::run::Recording;
use crate::plot::steps::Steps;
use crate::statistics::Findings;

/// Bins that a distribution is cut into.
const BINS: f64 = 30.0;
/// Narrowest bin of a CV.
const CV_BIN: f64 = 0.05;
/// Fewest CVs that have a distribution, where a group has twice as many neurons; half of a smaller group. One neuron of
/// thousands would stand higher than all others.
const LEAST_CVS: u64 = 10;

/// A recording of spikes and what they say.
pub(super) struct Portrait<'a> {
    pub(super) recording: &'a Recording,
    pub(super) findings: Findings,
}

impl Portrait<'_> {
    /// The distribution of the neurons' rates up to `highest` (Hz).
    ///
    /// Bins are whole numbers of spikes wide: others would hold one number more here and there, and make a comb.
    pub(super) fn rates(&self, highest: f64) -> Steps {
        let step = self.findings.rate_step;
        let width = (highest / step / BINS).ceil().max(1.0) * step;
        Steps::of(&self.findings.rates, -0.5 * step, width)
    }

    /// The CVs of the neurons, if they are enough for a distribution.
    pub(super) fn enough_cvs(&self) -> &[f64] {
        let summary = &self.findings.summary;
        let is_enough = summary.interval_neurons >= LEAST_CVS.min(summary.neurons.div_ceil(2));
        if is_enough { &self.findings.cvs } else { &[] }
    }

    /// The distribution of the neurons' CVs up to `highest`; `None` if there are too few.
    pub(super) fn cvs(&self, highest: f64) -> Option<Steps> {
        let cvs = self.enough_cvs();
        let width = CV_BIN * (highest / CV_BIN / BINS).ceil().max(1.0);
        (!cvs.is_empty()).then(|| Steps::of(cvs, 0.0, width))
    }

    /// Frequency (Hz) and power over that of Poisson neurons, as a power of ten, up to `highest` (Hz).
    pub(super) fn spectrum(&self, highest: f64) -> Vec<(f64, f64)> {
        let Some(spectrum) = &self.findings.spectrum else { return Vec::new() };
        let relative = |power: f64| (power / self.findings.poisson_power).log10();
        let points = spectrum.power.iter().enumerate().skip(1);
        let points = points.map(|(k, &power)| (k as f64 * spectrum.step_hz, relative(power)));
        points.take_while(|&(hz, _)| hz <= highest).collect()
    }

    /// The peak, as a point of the spectrum.
    pub(super) fn peak(&self) -> Option<(f64, f64)> {
        let summary = &self.findings.summary;
        Some((summary.peak_hz?, summary.peak_ratio?.log10()))
    }

    /// Lag (ms) and autocorrelation; without lag 0, where it is 1.
    pub(super) fn autocorrelation(&self) -> Vec<(f64, f64)> {
        let Some(found) = &self.findings.autocorrelation else { return Vec::new() };
        found.values.iter().enumerate().skip(1).map(|(lag, &value)| (lag as f64 * found.step_ms, value)).collect()
    }
}

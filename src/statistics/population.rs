//! The spikes of all neurons as a series, of which nothing is kept but its spectrum and autocorrelation.

use super::{Autocorrelation, Peak, Spectrum, Stretch, autocorrelation::Products, spectrum::Welch, stretch::Bins};

/// Bins of the spectrum (ms), or a time step where that is longer.
///
/// What is faster than half a bin's rate is seen at a lower frequency that is not there, so bins are as short as can be:
/// with time steps nothing is faster. Steps below a tenth of a millisecond are put together, since they make segments
/// long; nothing that neurons do together is faster than 5 kHz.
const SPECTRUM_BIN: f64 = 0.1;
/// Segments of the spectrum (ms), where the stretch holds two of them; half the stretch in a shorter one.
const SEGMENT: f64 = 1000.0;
/// Shortest segment of a spectrum (ms).
const LEAST_SEGMENT: f64 = 100.0;
/// Bins of the autocorrelation (ms) and its longest lag (ms), where the stretch holds four of them; a quarter of a shorter
/// one. In wide bins the spikes' chance weighs less.
const SLOW: (f64, f64) = (1.0, 200.0);
/// The same where a rhythm is too fast for those bins, which would show one that is not there.
const FAST: (f64, f64) = (0.2, 50.0);
/// The rhythm (Hz) from which on it is: four bins.
const TOO_FAST: f64 = 250.0;

/// The population rate, counted in fine bins for the spectrum and in coarser ones for the autocorrelation.
pub(super) struct Population {
    fine: Series,
    welch: Option<Welch>,
    slow: Lags,
    fast: Lags,
}

/// What the population rate says.
pub(super) struct Rhythm {
    pub spectrum: Option<Spectrum>,
    pub spectrum_bin_ms: f64,
    pub peak: Option<Peak>,
    pub autocorrelation: Option<Autocorrelation>,
    pub autocorrelation_bin_ms: f64,
}

impl Population {
    pub fn new(stretch: &Stretch) -> Self {
        let fine = stretch.bins(SPECTRUM_BIN);
        let segment = samples(&fine, SEGMENT, 2);
        let is_long = segment as f64 * fine.ms >= LEAST_SEGMENT;
        let welch = if is_long { Welch::new(segment) } else { None };
        Self { fine: Series::new(fine), welch, slow: Lags::new(stretch, SLOW), fast: Lags::new(stretch, FAST) }
    }

    #[inline]
    pub fn spike(&mut self, past: u64) {
        if let Some(welch) = &mut self.welch {
            self.fine.spike(past, |count| welch.push(count));
        }
        self.slow.series.spike(past, |count| self.slow.products.push(count));
        self.fast.series.spike(past, |count| self.fast.products.push(count));
    }

    /// For so many neurons, whose spectrum would be `poisson_power` (Hz) if they were independent.
    pub fn finish(mut self, neurons: usize, poisson_power: f64) -> Rhythm {
        let bin_ms = self.fine.bins.ms;
        let hertz = 1000.0 / (bin_ms * neurons.max(1) as f64);
        let spectrum = self.welch.and_then(|mut welch| {
            self.fine.close(self.fine.bins.count, |count| welch.push(count));
            welch.finish(bin_ms, hertz)
        });
        let peak = spectrum.as_ref().and_then(|spectrum| spectrum.peak(poisson_power));
        let lags = if peak.is_some_and(|peak| peak.hz > TOO_FAST) { self.fast } else { self.slow };
        Rhythm {
            spectrum,
            spectrum_bin_ms: bin_ms,
            peak,
            autocorrelation_bin_ms: lags.series.bins.ms,
            autocorrelation: lags.finish(),
        }
    }
}

/// Bins in so many ms, and in one of so many shares of the stretch at most.
fn samples(bins: &Bins, ms: f64, shares: u64) -> usize {
    ((ms / bins.ms).round() as u64).min(bins.count / shares) as usize
}

/// An autocorrelation in the making.
struct Lags {
    series: Series,
    products: Products,
}

impl Lags {
    fn new(stretch: &Stretch, (bin, longest): (f64, f64)) -> Self {
        let bins = stretch.bins(bin);
        Self { series: Series::new(bins), products: Products::new(samples(&bins, longest, 4)) }
    }

    fn finish(mut self) -> Option<Autocorrelation> {
        self.series.close(self.series.bins.count, |count| self.products.push(count));
        let values = self.products.correlations()?;
        Some(Autocorrelation { step_ms: self.series.bins.ms, values })
    }
}

/// Spikes counted in bins, each of which is handed on once it is over.
struct Series {
    bins: Bins,
    bin: u64,
    open: u64,
}

impl Series {
    const fn new(bins: Bins) -> Self {
        Self { bins, bin: 0, open: 0 }
    }

    #[inline]
    fn spike(&mut self, past: u64, over: impl FnMut(f64)) {
        if let Some(bin) = self.bins.of(past) {
            if bin != self.bin {
                self.close(bin, over);
            }
            self.open += 1;
        }
    }

    /// Closes all bins before `next`.
    fn close(&mut self, next: u64, mut over: impl FnMut(f64)) {
        while self.bin < next {
            over(std::mem::take(&mut self.open) as f64);
            self.bin += 1;
        }
    }
}

//! The spikes of all neurons as a series, of which nothing is kept but its spectrum and autocorrelation.

use super::{Autocorrelation, Spectrum, Stretch, autocorrelation::Products, spectrum::Welch, stretch::Bins};

/// Bins of the spectrum (ms), or a time step where that is longer.
///
/// What is faster than half a bin's rate is seen at a lower frequency that is not there, so bins are as short as can be:
/// with time steps nothing is faster. Steps below a tenth of a millisecond are put together, since they make segments
/// long; nothing that neurons do together is faster than 5 kHz.
const SPECTRUM_BIN: f64 = 0.1;
/// Bins of the autocorrelation (ms): its cost grows with the square of their number.
const AUTOCORRELATION_BIN: f64 = 1.0;
/// Segments of the spectrum (ms), where the stretch holds two of them; half the stretch in a shorter one.
const SEGMENT: f64 = 1000.0;
/// Shortest segment of a spectrum (ms).
const LEAST_SEGMENT: f64 = 100.0;
/// Longest lag of the autocorrelation (ms), where the stretch holds four of them; a quarter of a shorter one.
const LAG: f64 = 200.0;

/// The population rate, counted in fine bins for the spectrum and in coarse ones for the autocorrelation.
pub(super) struct Population {
    fine: Series,
    welch: Option<Welch>,
    coarse: Series,
    products: Products,
}

impl Population {
    pub fn new(stretch: &Stretch) -> Self {
        let (fine, coarse) = (stretch.bins(SPECTRUM_BIN), stretch.bins(AUTOCORRELATION_BIN));
        let samples =
            |bins: &Bins, ms: f64, share: u64| ((ms / bins.ms).round() as u64).min(bins.count / share) as usize;
        let segment = samples(&fine, SEGMENT, 2);
        let is_long = segment as f64 * fine.ms >= LEAST_SEGMENT;
        Self {
            fine: Series::new(fine),
            welch: if is_long { Welch::new(segment) } else { None },
            coarse: Series::new(coarse),
            products: Products::new(samples(&coarse, LAG, 4)),
        }
    }

    /// The lengths of the bins (ms): of the spectrum, of the autocorrelation.
    pub fn bins_ms(&self) -> [f64; 2] {
        [self.fine.bins.ms, self.coarse.bins.ms]
    }

    #[inline]
    pub fn spike(&mut self, past: u64) {
        if let Some(welch) = &mut self.welch {
            self.fine.spike(past, |count| welch.push(count));
        }
        self.coarse.spike(past, |count| self.products.push(count));
    }

    pub fn finish(mut self, neurons: usize) -> (Option<Spectrum>, Option<Autocorrelation>) {
        let [fine_ms, coarse_ms] = self.bins_ms();
        let hertz = 1000.0 / (fine_ms * neurons.max(1) as f64);
        let spectrum = self.welch.and_then(|mut welch| {
            self.fine.close(self.fine.bins.count, |count| welch.push(count));
            welch.finish(fine_ms, hertz)
        });
        self.coarse.close(self.coarse.bins.count, |count| self.products.push(count));
        let values = self.products.correlations();
        (spectrum, values.map(|values| Autocorrelation { step_ms: coarse_ms, values }))
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

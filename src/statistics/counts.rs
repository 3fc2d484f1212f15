//! Variability: how much the number of a neuron's spikes varies from window to window.

/// Fewest windows of which a Fano factor is given; its standard error for a Poisson train is √(2 / (windows − 1)), which the
/// mean over a group divides by the square root of its neurons.
pub const LEAST_WINDOWS: u64 = 4;

/// The Fano factor of spike counts in windows of equal length: unbiased variance over mean. From 0 (a clock) over 1
/// (Poisson, whatever the window) upwards. No unit.
///
/// U. Fano, "Ionization yield of radiations. II", Physical Review 72:26 (1947). `None` for fewer than [`LEAST_WINDOWS`],
/// or without spikes.
#[must_use]
pub fn fano_factor(counts: &[u32]) -> Option<f64> {
    let mut all = Counts::default();
    counts.iter().for_each(|&count| all.take(u64::from(count)));
    all.fano(counts.len() as u64)
}

/// The counts of one neuron so far; a window without spikes adds nothing and need not be told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    window: u64,
    open: u64,
    sum: u64,
    squares: u64,
}

impl Counts {
    /// Counts a spike in a window that is not before the last one.
    #[inline]
    pub fn spike(&mut self, window: u64) {
        if window != self.window {
            self.close();
            self.window = window;
        }
        self.open += 1;
    }

    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.take(open);
    }

    fn take(&mut self, count: u64) {
        self.sum += count;
        self.squares += count * count;
    }

    /// The Fano factor over so many windows.
    pub fn fano(mut self, windows: u64) -> Option<f64> {
        self.close();
        if windows < LEAST_WINDOWS || self.sum == 0 {
            return None;
        }
        let mean = self.sum as f64 / windows as f64;
        let variance = (self.squares as f64 - self.sum as f64 * mean) / (windows - 1) as f64;
        // Rounding must not make a clock better than a clock.
        Some((variance / mean).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_never_vary_have_no_fano_factor_above_zero() {
        assert_eq!(fano_factor(&[3; 10]), Some(0.0));
        // Mean 2, squares 5 · 4 of 9 degrees of freedom.
        let counts = [0, 4, 0, 4, 2, 2, 2, 2, 2, 2];
        assert!((fano_factor(&counts).unwrap() - 16.0 / 9.0 / 2.0).abs() < 1e-12);
        // A single spike, wherever it falls, is what a Poisson train of that rate would do.
        assert_eq!(fano_factor(&[0, 0, 1, 0, 0, 0]).map(|fano| (fano * 1e9).round()), Some(1e9));
    }

    #[test]
    fn silence_and_few_windows_say_nothing() {
        assert_eq!((fano_factor(&[]), fano_factor(&[0; 20]), fano_factor(&[1, 2, 3])), (None, None, None));
    }

    #[test]
    fn a_stream_of_spikes_gives_what_its_counts_give() {
        let mut stream = Counts::default();
        let counts = [2_u32, 0, 0, 3, 1, 0];
        for (window, &count) in counts.iter().enumerate() {
            (0..count).for_each(|_| stream.spike(window as u64));
        }
        assert_eq!(stream.fano(6), fano_factor(&counts));
    }
}

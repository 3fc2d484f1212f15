//! Population rate: spikes counted in bins of whole iterations.

/// Most bins of a curve.
const MOST: u64 = 500;
/// Fewest bins to which a run with few spikes is reduced.
const FEWEST: u64 = 25;
/// Spikes that a bin should hold on average, where that does not make it wider than 1/25 of the run: curves of bins with
/// one spike or none are combs.
const SPIKES_PER_BIN: u64 = 8;

/// Most bins of a width that was asked for: more than there are pixels.
const MOST_OF_A_WIDTH: u64 = 4000;

/// Spike counts of one group from some iteration to another.
#[derive(Debug, Clone)]
pub(in crate::plot) struct RateBins {
    first: u64,
    end: u64,
    width: u64,
    counts: Vec<u64>,
}

impl RateBins {
    /// Iterations per bin for a run of so many iterations and spikes: 1, 2 or 5 times a power of ten.
    pub(in crate::plot) fn width_for(iterations: u64, spikes: u64) -> u64 {
        let bins = (spikes / SPIKES_PER_BIN).clamp(FEWEST, MOST);
        let least = iterations.div_ceil(bins).max(1);
        let decade = 10u64.pow(least.ilog10());
        [1, 2, 5]
            .map(|step| decade * step)
            .into_iter()
            .find(|&width| width >= least)
            .unwrap_or(decade.saturating_mul(10))
    }

    /// Iterations per bin of about so many, which are multiplied where bins would be more than a picture shows.
    pub(in crate::plot) fn width_of(wanted: f64, iterations: u64) -> u64 {
        let width = (wanted.round() as u64).clamp(1, iterations.max(1));
        width * iterations.div_ceil(width).div_ceil(MOST_OF_A_WIDTH).max(1)
    }

    /// Bins of `width` iterations (at least 1) from iteration `first` up to `end`.
    pub(in crate::plot) fn new(first: u64, end: u64, width: u64) -> Self {
        let bins = end.saturating_sub(first).div_ceil(width);
        Self { first, end, width, counts: vec![0; bins as usize] }
    }

    /// Counts a spike; one before the first or after the last bin is none of theirs.
    pub(in crate::plot) fn count(&mut self, iteration: u64) {
        let bin = iteration.checked_sub(self.first).map(|past| past / self.width);
        if let Some(count) = bin.and_then(|bin| self.counts.get_mut(bin as usize)) {
            *count += 1;
        }
    }

    /// Where the bins begin, their width (iterations), and the rate (Hz) of each per neuron, for iterations of `dt` ms. The
    /// last bin may be shorter; its rate is over its true length.
    pub(in crate::plot) fn rates(&self, neurons: u64, dt: f64) -> (u64, u64, Vec<f64>) {
        let rate = |(&count, bin): (&u64, u64)| {
            let start = self.first + bin * self.width;
            let seconds = self.width.min(self.end - start) as f64 * dt / 1000.0;
            count as f64 / (neurons as f64 * seconds)
        };
        (self.first, self.width, self.counts.iter().zip(0..).map(rate).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_round_and_bins_bounded() {
        assert_eq!(RateBins::width_for(1000, 13_600), 2, "500 bins of 2");
        assert_eq!(RateBins::width_for(100_000, 1 << 30), 200);
        assert_eq!(RateBins::width_for(130_000, 1 << 30), 500, "at least 260");
        assert_eq!(RateBins::width_for(300, 1 << 30), 1);
        assert_eq!(RateBins::width_for(1000, 0), 50, "few spikes: at least 25 bins");
        assert_eq!(RateBins::width_for(7, 0), 1);
    }

    #[test]
    fn a_width_that_is_asked_for_is_had_unless_no_picture_shows_it() {
        assert_eq!(RateBins::width_of(1.0, 4000), 1);
        assert_eq!(RateBins::width_of(2.4, 4000), 2);
        assert_eq!(RateBins::width_of(0.01, 100), 1);
        assert_eq!(RateBins::width_of(1.0, 10_000), 3, "3334 bins");
        assert_eq!(RateBins::width_of(1e300, 50), 50);
    }

    #[test]
    fn a_regular_neuron_shows_its_rate() {
        // 4 neurons, each firing every 20 ms: 50 Hz. Bins of 100 ms hold 5 spikes per neuron.
        let mut bins = RateBins::new(0, 1000, 200);
        for iteration in (0..1000).step_by(40) {
            (0..4).for_each(|_| bins.count(iteration));
        }
        let (first, width, rates) = bins.rates(4, 0.5);
        assert_eq!((first, width, rates.len()), (0, 200, 5));
        assert!(rates.iter().all(|rate| (rate - 50.0).abs() < 1e-9));
    }

    #[test]
    fn the_last_bin_counts_its_true_length() {
        let mut bins = RateBins::new(10, 35, 10);
        bins.count(34);
        bins.count(9);
        // One spike in 5 ms is 200 Hz; iteration 9 is before the recording began.
        assert_eq!(bins.rates(1, 1.0), (10, 10, vec![0.0, 0.0, 200.0]));
    }
}

//! The stretch of a run that is looked at.

/// Share of a recording that is left out at its beginning, as a transient.
const TRANSIENT: f64 = 0.1;

/// Longest transient that is left out (ms).
const LONGEST_TRANSIENT: f64 = 500.0;

/// Iterations from `first` to before `end`, of `dt` ms each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// The first iteration.
    pub first: u64,
    /// The iteration after the last one.
    pub end: u64,
    /// Length of an iteration (ms), above zero.
    pub dt: f64,
}

impl Stretch {
    /// The stretch without its initial transient: the first 10 % are left out, 500 ms at most.
    #[must_use]
    pub fn after_transient(self) -> Self {
        let share = self.iterations() as f64 * TRANSIENT;
        let transient = share.min(LONGEST_TRANSIENT / self.dt).round() as u64;
        Self { first: self.first + transient, ..self }
    }

    /// How many iterations it has.
    #[must_use]
    pub const fn iterations(&self) -> u64 {
        self.end.saturating_sub(self.first)
    }

    /// Its duration (s).
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.iterations() as f64 * self.dt / 1000.0
    }

    /// Cut into bins of about `ms`: a whole number of iterations, at least one.
    pub(super) fn bins(&self, ms: f64) -> Bins {
        let width = ((ms / self.dt).round() as u64).max(1);
        Bins { width, count: self.iterations() / width, ms: width as f64 * self.dt }
    }
}

/// Bins of equal length; what remains at the end of a stretch is in none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bins {
    /// Iterations of a bin.
    pub width: u64,
    /// Whole bins.
    pub count: u64,
    /// Length of a bin (ms).
    pub ms: f64,
}

impl Bins {
    /// The bin of an iteration after the first one of the stretch.
    #[inline]
    pub const fn of(&self, past: u64) -> Option<u64> {
        // Most runs have bins of one iteration somewhere, and a division costs more than all the rest.
        let bin = if self.width == 1 { past } else { past / self.width };
        if bin < self.count { Some(bin) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transient_is_a_tenth_and_half_a_second_at_most() {
        let whole = |end, dt| Stretch { first: 100, end, dt }.after_transient().first;
        assert_eq!(whole(1100, 0.5), 200);
        assert_eq!(whole(1_000_100, 0.1), 5100);
        assert_eq!(whole(100, 1.0), 100);
        assert_eq!(whole(50, 1.0), 100);
        assert_eq!(Stretch { first: 100, end: 50, dt: 1.0 }.iterations(), 0);
    }

    #[test]
    fn bins_are_whole_iterations() {
        let stretch = Stretch { first: 0, end: 1000, dt: 0.3 };
        let bins = stretch.bins(1.0);
        assert_eq!((bins.width, bins.count), (3, 333));
        assert!((bins.ms - 0.9).abs() < 1e-12);
        assert_eq!((bins.of(2), bins.of(3), bins.of(998), bins.of(999)), (Some(0), Some(1), Some(332), None));
        assert_eq!(stretch.bins(0.01).width, 1);
    }
}

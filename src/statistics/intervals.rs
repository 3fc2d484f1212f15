//! Irregularity: how much the intervals between the spikes of a neuron vary.

use super::Moments;

/// Fewest intervals of which a CV or LV is given. Of so few exponential intervals the CV comes out at 0.87 on average
/// instead of 1, of 20 at 0.96; LV has no such bias.
pub const LEAST_INTERVALS: u64 = 5;

/// The coefficient of variation of intervals: standard deviation over mean. From 0 (a clock) over 1 (Poisson) upwards
/// (bursts, changing rates). No unit.
///
/// `None` for fewer than [`LEAST_INTERVALS`], or if they are zero.
#[must_use]
pub fn coefficient_of_variation(intervals: &[f64]) -> Option<f64> {
    Intervals::of(intervals).cv()
}

/// The local variation of intervals: the mean of 3 (I − I′)² / (I + I′)² over neighbours I, I′. From 0 (a clock) over 1
/// (Poisson) to 3; unlike the CV it hardly notices a rate that changes slowly. No unit.
///
/// S. Shinomoto, K. Shima, J. Tanji, "Differences in spiking patterns among cortical neurons", Neural Computation
/// 15:2823 (2003). `None` for fewer than [`LEAST_INTERVALS`].
#[must_use]
pub fn local_variation(intervals: &[f64]) -> Option<f64> {
    Intervals::of(intervals).lv()
}

/// The intervals of one neuron so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Intervals {
    moments: Moments,
    previous: f64,
    local: f64,
}

impl Intervals {
    fn of(intervals: &[f64]) -> Self {
        let mut all = Self::default();
        intervals.iter().for_each(|&interval| all.push(interval));
        all
    }

    #[inline]
    pub fn push(&mut self, interval: f64) {
        let sum = interval + self.previous;
        if self.moments.count() > 0 && sum > 0.0 {
            let contrast = (interval - self.previous) / sum;
            self.local += 3.0 * contrast * contrast;
        }
        self.previous = interval;
        self.moments.push(interval);
    }

    fn suffice(&self) -> bool {
        self.moments.count() >= LEAST_INTERVALS
    }

    pub fn cv(&self) -> Option<f64> {
        let mean = self.moments.mean().filter(|&mean| mean > 0.0 && self.suffice())?;
        self.moments.deviation().map(|deviation| deviation / mean)
    }

    pub fn lv(&self) -> Option<f64> {
        self.suffice().then(|| self.local / (self.moments.count() - 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::trains::Dice;

    #[test]
    fn a_clock_does_not_vary_and_two_alternating_intervals_do_by_formula() {
        assert_eq!((coefficient_of_variation(&[7.0; 9]), local_variation(&[7.0; 9])), (Some(0.0), Some(0.0)));
        let alternating = [1.0, 3.0, 1.0, 3.0, 1.0, 3.0];
        // Mean 2, squares 6 of 5 degrees of freedom; neighbours differ by 2 of 4.
        assert!((coefficient_of_variation(&alternating).unwrap() - 1.2_f64.sqrt() / 2.0).abs() < 1e-12);
        assert!((local_variation(&alternating).unwrap() - 0.75).abs() < 1e-12);
    }

    #[test]
    fn too_few_or_empty_intervals_say_nothing() {
        for none in [&[][..], &[1.0], &[1.0, 2.0, 3.0, 4.0]] {
            assert_eq!((coefficient_of_variation(none), local_variation(none)), (None, None));
        }
        assert_eq!(coefficient_of_variation(&[0.0; 9]), None);
        assert_eq!(local_variation(&[0.0; 9]), Some(0.0));
    }

    /// 4000 samples: the standard error of the mean is below 0.006.
    #[test]
    fn the_bias_of_few_intervals_is_as_documented() {
        let mut dice = Dice::new(1);
        let mut mean_cv = |intervals: usize| {
            let mut sample =
                || coefficient_of_variation(&(0..intervals).map(|_| dice.exponential()).collect::<Vec<_>>());
            (0..4000).filter_map(|_| sample()).sum::<f64>() / 4000.0
        };
        assert!((mean_cv(5) - 0.87).abs() < 0.02, "{}", mean_cv(5));
        assert!((mean_cv(20) - 0.96).abs() < 0.02, "{}", mean_cv(20));
    }
}

//! Poisson-distributed counts.
//!
//! By inversion: a 32-bit word is compared with cumulative probabilities, from a table where all counts have one mean.
//! Counts that are rarer than 2^-32 do not occur. Where means differ and are not small, by the method PTRS of Hörmann
//! ("The transformed rejection method for generating Poisson random variables", Insurance: Mathematics and Economics
//! 12:39, 1993). All of it is exact but for these roundings; nothing is replaced by a normal distribution.

use crate::numeric::{
    Real,
    real::wide,
    vector_rng::{LANES, VectorRng},
};

/// The greatest mean: a table of half a million numbers, and counts that fit 32 bits.
pub const GREATEST_MEAN: f64 = 1e9;

/// Thresholds that are compared with in turn, at most; in a longer table a binary search is quicker.
const IN_TURN: usize = 96;

const TO_UNIT: f64 = 1.0 / 4_294_967_296.0;

/// The distribution of counts of one mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    mean: f64,
    /// The least count.
    first: u32,
    /// A word at or above the k-th threshold is a count above `first` + k.
    thresholds: Vec<u32>,
}

impl Counts {
    /// Counts of a mean of at least zero; a greater one than [`GREATEST_MEAN`] is cut down to it.
    #[must_use]
    pub fn new(mean: f64) -> Self {
        let mean = if mean > 0.0 { mean.min(GREATEST_MEAN) } else { 0.0 };
        let mode = mean.floor();
        // Relative to the most probable count, downwards and upwards until nothing counts any more.
        let mut weights = Vec::new();
        let (mut count, mut weight) = (mode, 1.0);
        while count > 0.0 && weight > 1e-18 {
            weight *= count / mean;
            count -= 1.0;
            weights.push(weight);
        }
        let least = count;
        weights.reverse();
        (count, weight) = (mode, 1.0);
        while weight > 1e-18 {
            weights.push(weight);
            count += 1.0;
            weight *= mean / count;
        }
        let total: f64 = weights.iter().sum();
        let mut below = 0.0;
        let rounded = weights.iter().map(|weight| {
            below += weight;
            (below / total / TO_UNIT).round()
        });
        let rounded: Vec<f64> = rounded.collect();
        let never = rounded.iter().take_while(|&&threshold| threshold == 0.0).count();
        let thresholds = rounded[never..].iter().take_while(|&&t| t < 1.0 / TO_UNIT).map(|&t| t as u32).collect();
        Self { mean, first: least as u32 + never as u32, thresholds }
    }

    /// The mean.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The next count of each lane.
    #[inline(always)]
    pub fn next(&self, lanes: &mut VectorRng) -> [Real; LANES] {
        let words = lanes.next_words();
        let mut above = [0_u32; LANES];
        if self.thresholds.len() > IN_TURN {
            for lane in 0..LANES {
                above[lane] = self.thresholds.partition_point(|&threshold| threshold <= words[lane]) as u32;
            }
        } else {
            for &threshold in &self.thresholds {
                let mut any = 0;
                for lane in 0..LANES {
                    let one = u32::from(words[lane] >= threshold);
                    above[lane] += one;
                    any |= one;
                }
                if any == 0 {
                    break;
                }
            }
        }
        above.map(|above| (self.first + above) as Real)
    }
}

/// The mean from which counts come by rejection, where means differ: inversion takes a step for every event.
const MANY: f64 = 10.0;

/// The next counts of different means.
#[inline(always)]
pub fn next_of_each(means: &[Real; LANES], lanes: &mut VectorRng) -> [Real; LANES] {
    let words = lanes.next_words();
    let mut counts = [0.0; LANES];
    let (mut some, mut many) = (0, 0);
    for lane in 0..LANES {
        // P(count > 0) is below the mean: of small means mostly nothing else has to be known.
        some |= u32::from(words[lane] as Real * (TO_UNIT as Real) <= means[lane]);
        many |= u32::from(wide(means[lane]) >= MANY);
    }
    if some == 0 {
        return counts;
    }
    invert(means, &words, &mut counts);
    if many != 0 {
        for (count, &mean) in counts.iter_mut().zip(means) {
            if wide(mean) >= MANY {
                *count = reject(wide(mean), lanes) as Real;
            }
        }
    }
    counts
}

/// The counts at the quantiles 1 − (word + 1/2)/2^32, for means below [`MANY`].
#[inline(always)]
fn invert(means: &[Real; LANES], words: &[u32; LANES], counts: &mut [Real; LANES]) {
    let (mut mean, mut quantile) = ([0.0; LANES], [0.0; LANES]);
    for lane in 0..LANES {
        mean[lane] = wide(means[lane]);
        mean[lane] = if mean[lane] < MANY { mean[lane] } else { 0.0 };
        quantile[lane] = 1.0 - (f64::from(words[lane]) + 0.5) * TO_UNIT;
    }
    let mut probability = exp_of_minus(&mean);
    let mut below = probability;
    for count in 1..100 {
        let mut any = 0;
        let next = 1.0 / f64::from(count);
        for lane in 0..LANES {
            let more = quantile[lane] > below[lane];
            counts[lane] += if more { 1.0 } else { 0.0 };
            any |= u32::from(more);
            probability[lane] *= mean[lane] * next;
            below[lane] += probability[lane];
        }
        if any == 0 {
            break;
        }
    }
}

/// e^{−x} for x from 0 to [`MANY`], within 1e-11 of it: the series at x/16, to the 16th power, in plain arithmetic. Lanes
/// within, as the loop over them would not be vectorised around another loop.
#[inline(always)]
fn exp_of_minus(x: &[f64; LANES]) -> [f64; LANES] {
    let mut power = [1.0; LANES];
    for k in [13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0] {
        let factor = -1.0 / (16.0 * k);
        for lane in 0..LANES {
            power[lane] = 1.0 + factor * x[lane] * power[lane];
        }
    }
    for _ in 0..4 {
        for power in &mut power {
            *power *= *power;
        }
    }
    power
}

/// A count by transformed rejection, for means of 10 and above. Names as in the paper.
fn reject(mean: f64, lanes: &mut VectorRng) -> u32 {
    let mean = mean.min(GREATEST_MEAN);
    let b = 0.931 + 2.53 * libm::sqrt(mean);
    let a = -0.059 + 0.024_83 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let v_r = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let words = lanes.next_words().map(|word| (f64::from(word) + 0.5) * TO_UNIT);
        let (pairs, _) = words.as_chunks::<2>();
        for &[u, v] in pairs {
            let u = u - 0.5;
            let us = 0.5 - u.abs();
            let k = libm::floor((2.0 * a / us + b) * u + mean + 0.43);
            if us >= 0.07 && v <= v_r {
                return k as u32;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let accepted = libm::log(v * inverse_alpha / (a / (us * us) + b));
            if accepted <= k * libm::log(mean) - mean - libm::lgamma(k + 1.0) {
                return k as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{real::real, stream::Stream};

    const DRAWS: usize = 200_000;

    /// Pearson's statistic of counts against the distribution, and its degrees of freedom; cells of at least ten.
    fn chi_square(mean: f64, counts: &[u32]) -> (f64, f64) {
        let n = counts.len() as f64;
        let mut sorted = counts.to_vec();
        sorted.sort_unstable();
        let (mut statistic, mut cells) = (0.0, 0.0);
        let (mut expected, mut left, mut seen, mut seen_before) = (0.0, n, 0, 0);
        let probability = |k: u32| (f64::from(k) * mean.ln() - mean - libm::lgamma(f64::from(k) + 1.0)).exp();
        for k in 0.. {
            expected += n * probability(k);
            seen = sorted.partition_point(|&count| count <= k).max(seen);
            if expected >= 10.0 && left - expected >= 10.0 {
                statistic += ((seen - seen_before) as f64 - expected).powi(2) / expected;
                (left, seen_before, expected, cells) = (left - expected, seen, 0.0, cells + 1.0);
            }
            if f64::from(k) > mean && n * probability(k) < 1e-3 {
                break;
            }
        }
        statistic += ((counts.len() - seen_before) as f64 - left).powi(2) / left;
        (statistic, cells)
    }

    /// By the approximation of Wilson & Hilferty a normal number; beyond 4.5 in one of 300 000 tests.
    #[track_caller]
    fn assert_poisson(mean: f64, counts: &[u32]) {
        let (statistic, freedom) = chi_square(mean, counts);
        let v = 2.0 / (9.0 * freedom);
        let z = ((statistic / freedom).cbrt() - 1.0 + v) / v.sqrt();
        assert!(z < 4.5, "mean {mean}: chi-square {statistic} with {freedom} degrees of freedom");
    }

    #[test]
    fn counts_of_one_mean_have_the_distribution() {
        for mean in [0.01, 0.7, 1.28, 12.0, 29.5, 31.0, 180.0, 3000.0] {
            let counts = Counts::new(mean);
            let mut lanes = VectorRng::new(Stream::new(3, &["counts"]), 0);
            let drawn: Vec<u32> =
                (0..DRAWS / LANES).flat_map(|_| counts.next(&mut lanes)).map(|count| count as u32).collect();
            assert_poisson(mean, &drawn);
        }
    }

    #[test]
    fn counts_of_different_means_have_the_distribution() {
        for mean in [0.01, 0.7, 5.0, 9.9, 10.0, 31.0, 180.0, 3000.0] {
            let mut lanes = VectorRng::new(Stream::new(4, &["counts"]), 0);
            let means = [real(mean); LANES];
            let drawn: Vec<u32> =
                (0..DRAWS / LANES).flat_map(|_| next_of_each(&means, &mut lanes)).map(|count| count as u32).collect();
            assert_poisson(wide(means[0]), &drawn);
        }
    }

    /// Mean and variance of what the table says, without chance.
    #[test]
    fn tables_have_mean_and_variance_of_the_distribution() {
        for mean in [1e-4, 0.3, 7.0, 950.0, 2e5] {
            let Counts { first, thresholds, .. } = Counts::new(mean);
            let ends = thresholds.iter().map(|&t| f64::from(t) * TO_UNIT).chain([1.0]);
            let (mut below, mut moments) = (0.0, [0.0; 2]);
            for (k, end) in ends.enumerate() {
                let distance = f64::from(first) + k as f64 - mean;
                moments = [moments[0] + (end - below) * distance, moments[1] + (end - below) * distance * distance];
                below = end;
            }
            // Each threshold is rounded by 2^-33 at most, and there are some 12 standard deviations of them.
            let rounding = 2e-9 * (1.0 + mean);
            assert!(moments[0].abs() < rounding, "{mean}: {moments:?}");
            assert!((moments[1] - mean).abs() < 40.0 * rounding, "{mean}: {moments:?}");
        }
    }

    #[test]
    fn the_exponential_of_the_inversion_is_exact_enough() {
        for k in 0..=1000 {
            let x = f64::from(k) * 0.01;
            let found = exp_of_minus(&[x; LANES])[LANES - 1];
            assert!((found / (-x).exp() - 1.0).abs() < 1e-11, "{x}");
        }
    }

    #[test]
    fn no_mean_no_counts() {
        let mut lanes = VectorRng::new(Stream::new(1, &[""]), 0);
        assert_eq!(Counts::new(0.0).next(&mut lanes), [0.0; LANES]);
        assert_eq!(Counts::new(f64::NAN).next(&mut lanes), [0.0; LANES]);
        // The least word is let through to the inversion, and must not become a count there.
        let mut counts = [0.0; LANES];
        invert(&[0.0; LANES], &[0; LANES], &mut counts);
        assert_eq!(counts, [0.0; LANES]);
    }
}

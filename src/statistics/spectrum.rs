//! Rhythm: the power spectrum of a series, by the averaged periodograms of P. D. Welch, "The use of fast Fourier transform
//! for the estimation of power spectra", IEEE Trans. Audio Electroacoustics 15:70 (1967), and its peak.

use std::sync::Arc;

use rustfft::{
    Fft,
    FftDirection::Forward,
    algorithm::{BluesteinsAlgorithm, MixedRadix, MixedRadixSmall, butterflies::*},
    num_complex::Complex,
};
use serde::Serialize;

/// Probability that a peak is seen in the spectrum of independent Poisson neurons, at most.
pub const FALSE_ALARM: f64 = 0.01;

/// Independent periodograms that an average over half-overlapping Hann segments is worth, per segment (Welch 1967: 0.95).
const WORTH: f64 = 0.9;

/// The share of the power of the highest peak that a frequency must hold to be its fundamental: a train of short pulses has
/// the same power in all harmonics.
const FUNDAMENTAL: f64 = 0.5;

/// A power spectrum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spectrum {
    /// From one frequency to the next (Hz).
    pub step_hz: f64,
    /// Power density at frequencies 0, 1, 2, … steps, up to half the sampling rate. Two-sided: the variance is its
    /// integral over positive and negative frequencies. For a series in Hz the unit is Hz.
    pub power: Vec<f64>,
    /// Segments that were averaged, at least 1.
    pub segments: u64,
}

/// The peak of a spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Where it is (Hz).
    pub hz: f64,
    /// Its power over that of independent Poisson neurons.
    pub ratio: f64,
}

/// The power spectrum of a series that was sampled every `step_ms`, averaged over half-overlapping segments of `segment`
/// samples, each without its mean and under a Hann window.
///
/// `None` if the series is shorter than a segment, or a segment than 8 samples.
#[must_use]
pub fn power_spectrum(series: &[f64], step_ms: f64, segment: usize) -> Option<Spectrum> {
    let mut welch = Welch::new(segment)?;
    series.iter().for_each(|&value| welch.push(value));
    welch.finish(step_ms, 1.0)
}

/// Periodograms being averaged.
///
/// Two segments x and y go through one transform, that of x + i y. If Z is what comes out, their powers at k add up to
/// (|Z(k)|² + |Z(−k)|²) / 2, so that neither has to be told from the other.
pub(super) struct Welch {
    transform: Arc<dyn Fft<f64>>,
    window: Vec<f64>,
    segment: Vec<f64>,
    /// x, while y is waited for; empty while there is none.
    waiting: Vec<Complex<f64>>,
    power: Vec<f64>,
    segments: u64,
}

impl Welch {
    /// For segments of so many samples; `None` for fewer than 8.
    pub fn new(segment: usize) -> Option<Self> {
        if segment < 8 {
            return None;
        }
        let angle = |k: usize| k as f64 * std::f64::consts::TAU / segment as f64;
        Some(Self {
            transform: transform(segment),
            window: (0..segment).map(|k| 0.5 - 0.5 * libm::cos(angle(k))).collect(),
            segment: Vec::with_capacity(segment),
            waiting: Vec::new(),
            power: vec![0.0; segment / 2 + 1],
            segments: 0,
        })
    }

    pub fn push(&mut self, value: f64) {
        self.segment.push(value);
        if self.segment.len() == self.window.len() {
            self.take();
            self.segment.drain(..self.window.len() / 2);
        }
    }

    fn take(&mut self) {
        let mean = self.segment.iter().sum::<f64>() / self.segment.len() as f64;
        let tapered = self.segment.iter().zip(&self.window).map(|(x, w)| (x - mean) * w);
        self.segments += 1;
        if self.waiting.is_empty() {
            self.waiting.extend(tapered.map(Complex::from));
        } else {
            self.waiting.iter_mut().zip(tapered).for_each(|(z, y)| z.im = y);
            self.add();
        }
    }

    fn add(&mut self) {
        self.transform.process(&mut self.waiting);
        let (n, z) = (self.waiting.len(), &self.waiting);
        let both = |k: usize| 0.5 * (z[k].norm_sqr() + z[(n - k) % n].norm_sqr());
        self.power.iter_mut().enumerate().for_each(|(k, power)| *power += both(k));
        self.waiting.clear();
    }

    /// The spectrum of the series times `scale`.
    pub fn finish(mut self, step_ms: f64, scale: f64) -> Option<Spectrum> {
        if self.segments == 0 {
            return None;
        }
        if !self.waiting.is_empty() {
            self.add();
        }
        let seconds = step_ms / 1000.0;
        let squares: f64 = self.window.iter().map(|w| w * w).sum();
        let factor = scale * scale * seconds / (squares * self.segments as f64);
        let power = self.power.iter().map(|power| power * factor).collect();
        Some(Spectrum { step_hz: 1.0 / (seconds * self.window.len() as f64), power, segments: self.segments })
    }
}

/// Up to this length, transforms of factors are taken by the algorithm for small ones.
const SMALL: usize = 256;

/// The Fourier transform of 8 numbers or more. A length without a prime factor above 5, such as the bins of a second,
/// is taken apart; any other goes through one of a power of two.
///
/// The planner of the library knows more lengths, but brings all its transforms along: 100 000 of the 2.5 million lines
/// that the crate hands to LLVM.
fn transform(length: usize) -> Arc<dyn Fft<f64>> {
    let mut rest = length;
    let mut factors = Vec::new();
    for factor in [16, 8, 5, 4, 3, 2] {
        while rest.is_multiple_of(factor) {
            factors.push(factor);
            rest /= factor;
        }
    }
    if rest == 1 {
        return of_factors(&factors);
    }
    Arc::new(BluesteinsAlgorithm::new(length, transform((2 * length - 1).next_power_of_two())))
}

/// The transform of a product of butterflies, cut into two of about the same length as long as it is none.
fn of_factors(factors: &[usize]) -> Arc<dyn Fft<f64>> {
    match *factors {
        [16] => Arc::new(Butterfly16::new(Forward)),
        [8] => Arc::new(Butterfly8::new(Forward)),
        [5] => Arc::new(Butterfly5::new(Forward)),
        [4] => Arc::new(Butterfly4::new(Forward)),
        [3] => Arc::new(Butterfly3::new(Forward)),
        [2] => Arc::new(Butterfly2::new(Forward)),
        _ => {
            let length: usize = factors.iter().product();
            let near_root = |cut: &usize| factors[..*cut].iter().product::<usize>().pow(2).abs_diff(length);
            let (left, right) = factors.split_at((1..factors.len()).min_by_key(near_root).unwrap_or(1));
            let (left, right) = (of_factors(left), of_factors(right));
            if length <= SMALL {
                Arc::new(MixedRadixSmall::new(left, right))
            } else {
                Arc::new(MixedRadix::new(left, right))
            }
        }
    }
}

impl Spectrum {
    /// The rhythm that stands out of the flat spectrum of independent Poisson neurons, whose power is `level`.
    ///
    /// It is the highest significant peak, or the frequency of which that is a harmonic, if it has several: the second, the
    /// third and the highest peak itself, all of them significant. A peak is higher than both its neighbours, significant is
    /// one that such neurons would show with a probability of [`FALSE_ALARM`] at most, both above their level and above
    /// the valleys that part it from what is higher: a spectrum that falls from its lowest frequency has none. Its place is that
    /// of the parabola through the logarithms of three powers, to a tenth of a step.
    #[must_use]
    pub fn peak(&self, level: f64) -> Option<Peak> {
        if level <= 0.0 {
            return None;
        }
        let least = level * self.threshold();
        let inner = 2..self.power.len().saturating_sub(1);
        let peaks: Vec<usize> = inner.filter(|&place| self.power[place] > least && self.is_peak(place)).collect();
        let highest = *peaks.iter().max_by(|&&a, &&b| self.power[a].total_cmp(&self.power[b]))?;
        let place = self.fundamental(highest, &peaks);
        Some(Peak { hz: self.refined(place) * self.step_hz, ratio: self.power[place] / level })
    }

    /// Whether it is higher than its neighbours, and by more than chance than what lies between it and what is higher.
    fn is_peak(&self, place: usize) -> bool {
        let power = self.power[place];
        if power <= self.power[place - 1] || power <= self.power[place + 1] {
            return false;
        }
        // Frequency 0 holds nothing, since the mean is taken away.
        let valley = |beside: &mut dyn Iterator<Item = &f64>| {
            let mut lowest = power;
            for &other in beside {
                if other > power {
                    return Some(lowest);
                }
                lowest = lowest.min(other);
            }
            None
        };
        let sides = [valley(&mut self.power[1..place].iter().rev()), valley(&mut self.power[place + 1..].iter())];
        sides.into_iter().flatten().all(|valley| power > valley * self.threshold())
    }

    /// The lowest frequency of which `highest` is one of several harmonics, among the significant peaks.
    fn fundamental(&self, highest: usize, peaks: &[usize]) -> usize {
        let at = self.refined(highest);
        let near = |target: f64, within: f64| {
            let apart = |place: usize| (self.refined(place) - target).abs();
            let nearest = peaks.iter().copied().min_by(|&a, &b| apart(a).total_cmp(&apart(b)))?;
            (apart(nearest) <= within).then_some(nearest)
        };
        let of_order = |order: usize| {
            // Half a step for each order, which the highest is off by as much as its order times.
            let first = at / order as f64;
            let fundamental = near(first, 0.5)?;
            let has = |harmonic: f64| near(harmonic * first, 0.5 * harmonic).is_some_and(|place| place != fundamental);
            let is_strong = self.power[fundamental] >= FUNDAMENTAL * self.power[highest];
            (fundamental != highest && is_strong && has(2.0) && has(3.0)).then_some(fundamental)
        };
        (2..=highest / 2).rev().find_map(of_order).unwrap_or(highest)
    }

    /// The vertex of the parabola through the logarithms around a peak, in steps.
    fn refined(&self, place: usize) -> f64 {
        let [left, middle, right] = [place - 1, place, place + 1].map(|place| self.power[place].max(1e-300).ln());
        let curvature = left - 2.0 * middle + right;
        let shift = if curvature < 0.0 { 0.5 * (left - right) / curvature } else { 0.0 };
        place as f64 + shift.clamp(-0.5, 0.5)
    }

    /// How many times its mean the highest power of a flat spectrum exceeds with probability [`FALSE_ALARM`], at most.
    ///
    /// A power averaged over K periodograms is a gamma variable, and exceeds x times its mean with a probability of at most
    /// exp(−K (x − 1 − ln x)) (Chernoff); the bound over all frequencies is their sum.
    fn threshold(&self) -> f64 {
        let periodograms = (WORTH * self.segments as f64).max(1.0);
        let exponent = (self.power.len() as f64 / FALSE_ALARM).ln() / periodograms;
        // Newton's steps from above on a convex function.
        let mut x = 2.0 + 2.0 * exponent;
        for _ in 0..50 {
            x -= (x - 1.0 - x.ln() - exponent) / (1.0 - 1.0 / x);
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use rand::distr::Distribution;

    use super::*;
    use crate::numeric::stream::Stream;

    #[test]
    fn a_sine_has_its_peak_and_its_variance() {
        let hz = 41.3;
        let sine = |t: i32| (f64::from(t) / 1000.0 * hz * std::f64::consts::TAU).sin();
        let series: Vec<f64> = (0..10_000).map(sine).collect();
        let spectrum = power_spectrum(&series, 1.0, 1000).unwrap();
        assert_eq!((spectrum.power.len(), spectrum.segments), (501, 19));
        let peak = spectrum.peak(1e-6).unwrap();
        assert!((peak.hz - hz).abs() < 0.1, "{peak:?}");
        let variance = 2.0 * spectrum.power.iter().sum::<f64>() * spectrum.step_hz;
        assert!((variance - 0.5).abs() < 0.01, "{variance}");
    }

    #[test]
    fn any_length_has_the_spectrum_of_the_sum_that_defines_it() {
        for length in [8, 9, 11, 30, 97, 128, 360, 500, 625] {
            // Four segments and five, so that one is left without its pair; noise without a period.
            for segments in [4, 5] {
                let noise = |k: usize| (k * k % 1009) as f64 / 1009.0 + (k % 7) as f64;
                let series: Vec<f64> = (0..length / 2 * (segments - 1) + length).map(noise).collect();
                let found = power_spectrum(&series, 2.0, length).unwrap();
                assert_eq!((found.power.len(), found.segments), (length / 2 + 1, segments as u64));
                let expected = by_definition(&series, 0.002, length, segments);
                let largest = expected.iter().copied().fold(0.0, f64::max);
                let is_near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12 * largest;
                assert!(found.power.iter().zip(&expected).all(is_near), "{length}: {:?} {expected:?}", found.power);
            }
        }
    }

    /// Welch's average, with the sum Σ x(t) w(t) exp(−2πi k t / n) written out.
    fn by_definition(series: &[f64], seconds: f64, n: usize, segments: usize) -> Vec<f64> {
        let turn = |k: usize| std::f64::consts::TAU * (k % n) as f64 / n as f64;
        let window: Vec<f64> = (0..n).map(|t| 0.5 - 0.5 * turn(t).cos()).collect();
        let squares: f64 = window.iter().map(|w| w * w).sum();
        let power = |x: &[f64], k: usize| {
            let mean = x.iter().sum::<f64>() / n as f64;
            let part = |f: fn(f64) -> f64| (0..n).map(|t| (x[t] - mean) * window[t] * f(turn(k * t))).sum::<f64>();
            part(f64::cos).powi(2) + part(f64::sin).powi(2)
        };
        let starts = || (0..segments).map(|s| s * (n / 2));
        let sum = |k: usize| starts().map(|from| power(&series[from..from + n], k)).sum::<f64>();
        (0..=n / 2).map(|k| sum(k) * seconds / (squares * segments as f64)).collect()
    }

    #[test]
    fn pulses_have_their_fundamental_and_no_harmonic_as_their_peak() {
        for period in [9, 25, 40, 117] {
            let series: Vec<f64> = (0..5000).map(|t| f64::from(u8::from(t % period == 0))).collect();
            let peak = power_spectrum(&series, 1.0, 1000).unwrap().peak(1e-6).unwrap();
            let expected = 1000.0 / f64::from(period);
            assert!((peak.hz - expected).abs() < 0.3, "{} instead of {expected}", peak.hz);
        }
    }

    /// Rhythms (Hz and amplitude) in white noise of variance 1, whose level is the length of a sample in seconds.
    fn found(rhythms: &[(f64, f64)], seed: u64) -> Option<f64> {
        let mut words = crate::numeric::words::Words::new(Stream::new(seed, &["rhythms"]), 0);
        let noise = |words: &mut _| -> f64 { rand_distr::StandardNormal.sample(words) };
        let wave = |t: f64| -> f64 { rhythms.iter().map(|(hz, a)| a * (t * hz * std::f64::consts::TAU).sin()).sum() };
        let series: Vec<f64> = (0..10_000).map(|k| wave(f64::from(k) / 1000.0) + noise(&mut words)).collect();
        power_spectrum(&series, 1.0, 1000).unwrap().peak(0.001).map(|peak| peak.hz)
    }

    #[test]
    fn of_unrelated_rhythms_the_stronger_one_is_told() {
        for seed in 0..20 {
            for (rhythms, expected) in [
                (&[(150.0, 1.0)][..], 150.0),
                (&[(150.0, 1.0), (7.0, 0.85)], 150.0),
                (&[(7.0, 1.0), (150.0, 0.85)], 7.0),
                (&[(144.4, 0.6), (8.9, 0.5), (17.7, 0.45)], 144.4),
                (&[(60.0, 0.8), (20.3, 0.7)], 60.0),
                (&[(24.2, 0.5), (14.0, 0.35)], 24.2),
            ] {
                let hz = found(rhythms, seed).unwrap();
                assert!((hz - expected).abs() < 0.3, "{hz} of {rhythms:?}");
            }
        }
    }

    #[test]
    fn harmonics_tell_their_fundamental() {
        for seed in 0..20 {
            for (first, order) in [(13.0, 2.0), (21.7, 3.0), (30.0, 5.0)] {
                // The highest is not the first.
                let harmonic = |k: f64| (first * k, if k == order { 1.0 } else { 0.8 });
                let rhythms: Vec<(f64, f64)> = (1..8).map(|k| harmonic(f64::from(k))).collect();
                let hz = found(&rhythms, seed).unwrap();
                assert!((hz - first).abs() < 0.3, "{hz} of {rhythms:?}");
            }
        }
    }

    #[test]
    fn a_drift_is_no_rhythm_and_hides_none() {
        let mut alarms = 0;
        for seed in 0..50 {
            // Within a segment a slow wave is a drift: the lowest frequency is the highest.
            let hz = found(&[(0.3, 6.0), (40.0, 0.8)], seed).unwrap();
            assert!((hz - 40.0).abs() < 0.3, "{hz}");
            alarms += usize::from(found(&[(0.3, 6.0)], seed).is_some()) + usize::from(found(&[], seed).is_some());
        }
        // Of a hundred, one is expected.
        assert!(alarms <= 5, "{alarms}");
    }

    #[test]
    fn thresholds_keep_the_false_alarm_rate() {
        for segments in [1, 3, 20, 10_000] {
            let spectrum = Spectrum { step_hz: 1.0, power: vec![0.0; 500], segments };
            let x = spectrum.threshold();
            let bound = 500.0 * (-(WORTH * segments as f64).max(1.0) * (x - 1.0 - x.ln())).exp();
            assert!((bound - FALSE_ALARM).abs() < 1e-6 && x > 1.0, "{segments}: {x} {bound}");
        }
    }

    #[test]
    fn too_short_a_series_and_a_falling_spectrum_say_nothing() {
        assert_eq!((power_spectrum(&[1.0; 99], 1.0, 100), power_spectrum(&[1.0; 99], 1.0, 4)), (None, None));
        let falling = Spectrum { step_hz: 1.0, power: (1..100).map(|k| 1e6 / f64::from(k)).collect(), segments: 9 };
        assert_eq!(falling.peak(1.0), None);
        let empty = Spectrum { step_hz: 1.0, power: vec![], segments: 1 };
        assert_eq!((empty.peak(1.0), power_spectrum(&[1.0; 100], 1.0, 100).unwrap().peak(0.0)), (None, None));
    }
}

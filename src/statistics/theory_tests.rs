//! All statistics of spike trains for which theory says what they must be.

use super::{
    Findings, SpikeError, SpikeStatistics, Stretch,
    trains::{Dice, in_order, renewal},
};

/// Iterations of 0.1 ms.
const DT: f64 = 0.1;

fn findings(neurons: usize, iterations: u64, spikes: &[[f64; 2]]) -> Findings {
    let mut statistics = SpikeStatistics::new(neurons, None, Stretch { first: 0, end: iterations, dt: DT }).unwrap();
    statistics.push_rows(spikes.as_flattened()).unwrap();
    statistics.finish()
}

/// Independent Poisson neurons of 20 Hz for so many seconds.
fn poisson(seed: u64, neurons: u32, seconds: u64) -> Findings {
    let mut dice = Dice::new(seed);
    let iterations = seconds * 10_000;
    let spikes = renewal(neurons, iterations, || 500.0 * dice.exponential());
    findings(neurons as usize, iterations, &spikes)
}

#[track_caller]
fn assert_near(found: Option<f64>, expected: f64, tolerance: f64) {
    assert!(
        found.is_some_and(|found| (found - expected).abs() <= tolerance),
        "{found:?}, not {expected} ± {tolerance}"
    );
}

/// 200 neurons, 50 s, 1000 spikes each. Four standard errors: of a rate √(20 / 50) / √200 = 0.045 Hz; of a CV about
/// 1 / √1000 / √200 = 0.0022; of LV a little more; of a Fano factor √(2 / 499) / √200 = 0.0045; of a mean of 4 950
/// correlations 1 / √10⁴ / √4950 = 0.00014.
#[test]
fn poisson_trains_have_cv_lv_and_fano_one_no_correlation_and_a_flat_spectrum() {
    let Findings { summary, spectrum, poisson_power, autocorrelation, rates, .. } = poisson(1, 200, 50);
    assert_near(summary.rate_hz, 20.0, 0.18);
    assert_near(summary.rate_deviation_hz, (20.0_f64 / 50.0).sqrt(), 0.13);
    assert_near(summary.cv, 1.0, 0.009);
    assert_near(summary.lv, 1.0, 0.011);
    assert_near(summary.fano, 1.0, 0.018);
    assert_near(summary.correlation, 0.0, 0.0006);
    assert_eq!((summary.pairs, summary.interval_neurons, summary.silent, rates.len()), (4950, 200, 0, 200));
    assert_eq!((summary.peak_hz, summary.peak_ratio), (None, None));
    // 99 segments: a power has a standard error of about 1 / √94; the mean of 499 one of 0.005.
    let powers: Vec<f64> = spectrum.unwrap().power[2..].iter().map(|power| power / poisson_power).collect();
    assert_near(Some(powers.iter().sum::<f64>() / powers.len() as f64), 1.0, 0.02);
    assert!(powers.iter().all(|&power| (power - 1.0).abs() < 6.0 / 94.0_f64.sqrt()));
    // 50 000 bins: four standard errors are 0.018, for 200 lags.
    assert!(autocorrelation.unwrap().values[1..].iter().all(|value| value.abs() < 0.022));
}

/// At most 1 % of Poisson groups may show a peak; that 9 of 200 do has a probability of 0.0002 if it is 1 %.
#[test]
fn peaks_in_poisson_trains_are_as_rare_as_stated() {
    for (neurons, seconds) in [(20, 2), (20, 5)] {
        let alarms = (0..200).filter(|&seed| poisson(seed, neurons, seconds).summary.peak_hz.is_some()).count();
        assert!(alarms < 9, "{alarms} of 200 in {seconds} s");
    }
}

/// A clock of 40 Hz: 25 ms are a quarter of a window and no whole number of them is left over.
#[test]
fn regular_trains_do_not_vary_and_have_their_peak_at_their_frequency() {
    let spikes = renewal(50, 100_000, || 250.0);
    let Findings { summary, autocorrelation, .. } = findings(50, 100_000, &spikes);
    assert_eq!((summary.cv, summary.lv, summary.fano), (Some(0.0), Some(0.0), Some(0.0)));
    assert_near(summary.rate_hz, 40.0, 1e-9);
    assert_near(summary.peak_hz, 40.0, 0.05);
    assert_near(summary.correlation, 1.0, 1e-9);
    let values = autocorrelation.unwrap().values;
    assert!(values[25] > 0.98 && values[50] > 0.98 && values[10] < 0.0);
}

/// Sums of two exponentials: CV 1/√2, LV 3/5; the Fano factor of long windows tends to CV², here with a mean of 40
/// spikes a window within 1/6/40 of it.
#[test]
fn gamma_trains_have_the_cv_and_lv_of_their_order() {
    let mut dice = Dice::new(3);
    let spikes = renewal(100, 1_000_000, || 12.5 * (dice.exponential() + dice.exponential()));
    let Findings { summary, .. } = findings(100, 1_000_000, &spikes);
    // Whole iterations add a variance of 1/6 to one of 312.5, and take away intervals of none.
    assert_near(summary.cv, 0.5_f64.sqrt(), 0.005);
    assert_near(summary.lv, 0.6, 0.01);
    assert_near(summary.fano, 0.5, 0.01);
    assert_near(summary.correlation, 0.0, 0.001);
}

/// Trains that keep each spike of a common train with probability c have the correlation c, whatever the bin.
#[test]
fn thinned_copies_of_one_train_are_correlated_by_the_share_they_keep() {
    for (seed, share) in [(4, 0.1), (5, 0.3)] {
        let mut dice = Dice::new(seed);
        let mother = renewal(1, 1_000_000, || 500.0 * share * dice.exponential());
        let mut spikes = Vec::new();
        for [time, _] in mother {
            (0..50).filter(|_| dice.uniform() < share).for_each(|neuron| spikes.push([time, f64::from(neuron)]));
        }
        let Findings { summary, .. } = findings(50, 1_000_000, &in_order(spikes));
        assert_near(summary.rate_hz, 20.0, 1.0);
        assert_near(summary.fano, 1.0, 0.06);
        assert_near(summary.correlation, share, 0.02);
    }
}

/// Poisson neurons whose common rate swings at 33 Hz by a half: power at 33 Hz, none of it in the CV.
#[test]
fn a_common_rhythm_of_irregular_neurons_is_found() {
    let mut dice = Dice::new(6);
    let swing = |time: f64| 1.0 + 0.5 * (time * DT / 1000.0 * 33.0 * std::f64::consts::TAU).sin();
    let mut spikes = renewal(100, 100_000, || 1000.0 / 3.0 * dice.exponential());
    spikes.retain(|[time, _]| dice.uniform() < swing(*time) / 1.5);
    let Findings { summary, .. } = findings(100, 100_000, &spikes);
    assert_near(summary.rate_hz, 20.0, 0.7);
    assert_near(summary.peak_hz, 33.0, 0.2);
    assert!(summary.peak_ratio.unwrap() > 50.0);
    assert_near(summary.cv, 1.0, 0.05);
}

/// Neurons that take part in a fifth of the beats of a fast rhythm, as in the synchronous states of Brunel (2000): counted
/// in milliseconds, 625 Hz would be seen at 375, and 1250 at 250.
#[test]
fn a_rhythm_of_a_few_time_steps_is_found_where_it_is() {
    for (period, hz) in [(16, 625.0), (8, 1250.0)] {
        let mut dice = Dice::new(7);
        let beats = (0..50_000 / period).map(|beat| f64::from(beat * period));
        // A beat is not sharper than some time steps, so that its harmonics are weaker than itself.
        let jitter = |dice: &mut Dice| (f64::from(period) / 2.0 * (dice.uniform() + dice.uniform())).floor();
        let mut spikes = Vec::new();
        for beat in beats {
            (0..100).filter(|_| dice.uniform() < 0.2).for_each(|neuron| spikes.push([beat, f64::from(neuron)]));
        }
        spikes.iter_mut().for_each(|spike| spike[0] = (spike[0] + jitter(&mut dice)).min(49_999.0));
        let Findings { summary, autocorrelation, .. } = findings(100, 50_000, &in_order(spikes));
        assert_near(summary.peak_hz, hz, 0.2);
        assert_near(Some(summary.spectrum_bin_ms), DT, 1e-12);
        // Two steps to a bin.
        let (values, beat) = (autocorrelation.unwrap().values, period as usize / 2);
        assert!(values[beat] > 0.3 && values[3 * beat] > 0.3 && values[beat / 2] < 0.0, "{values:?}");
    }
}

/// Steps of 10 µs are put together by tens; steps of 1 ms stay what they are.
#[test]
fn spectra_have_bins_of_a_tenth_of_a_millisecond_or_of_a_step() {
    for (dt, bin) in [(0.01, 0.1), (0.05, 0.1), (0.1, 0.1), (0.5, 0.5), (1.0, 1.0)] {
        let statistics = SpikeStatistics::new(1, None, Stretch { first: 0, end: 1000, dt }).unwrap();
        assert_near(Some(statistics.finish().summary.spectrum_bin_ms), bin, 1e-12);
    }
}

#[test]
fn empty_and_short_data_have_no_statistics_and_no_nan() {
    for (neurons, iterations, spikes) in [
        (0, 0, vec![]),
        (0, 1000, vec![]),
        (3, 0, vec![]),
        (3, 1, vec![[0.0, 1.0]]),
        (3, 100_000, vec![]),
        (1, 100_000, vec![[5.0, 0.0]]),
        (2, 100_000, vec![[5.0, 0.0], [5.0, 0.0], [6.0, 1.0]]),
    ] {
        let found = findings(neurons, iterations, &spikes);
        let text = serde_json::to_value(&found.summary).unwrap();
        let absent = ["cv", "lv", "peak_hz"].iter().all(|name| text[name].is_null());
        assert!(absent, "{neurons} neurons, {iterations} iterations: {text}");
        let numbers = [found.summary.rate_hz, found.summary.fano, found.summary.correlation];
        assert!(numbers.iter().flatten().all(|number| number.is_finite()), "{text}");
        assert!(found.rates.iter().all(|rate| rate.is_finite()) && found.poisson_power.is_finite());
    }
}

#[test]
fn a_group_that_fits_no_memory_is_refused() {
    let absurd = SpikeStatistics::new(usize::MAX / 4, None, Stretch { first: 0, end: 1, dt: DT });
    assert_eq!(absurd.err(), Some(SpikeError::Size(usize::MAX / 4)));
}

#[test]
fn transients_are_left_out_and_rows_that_are_no_spikes_are_refused() {
    let stretch = Stretch { first: 100, end: 200, dt: 1.0 };
    let mut some = SpikeStatistics::new(10, Some(&[7, 3, 7]), stretch).unwrap();
    some.push_rows(&[0.0, 3.0, 99.0, 7.0, 100.0, 7.0, 150.0, 3.0, 199.0, 3.0]).unwrap();
    assert_eq!(some.push_rows(&[199.0, 4.0]), Err(SpikeError::Neuron(4.0)));
    assert_eq!(some.push_rows(&[199.0, 1e12]), Err(SpikeError::Neuron(1e12)));
    assert_eq!(some.push_rows(&[198.0, 3.0]), Err(SpikeError::Order(198, 199)));
    assert_eq!(some.push_rows(&[200.0, 3.0]), Err(SpikeError::Iteration(200.0)));
    assert!(some.push_rows(&[f64::NAN, 3.0]).is_err() && some.push_rows(&[199.0, f64::NAN]).is_err());
    let Findings { summary, rates, .. } = some.finish();
    assert_eq!((summary.neurons, summary.spikes), (2, 3));
    // Neuron 3 comes first, whatever the order of the list.
    assert_eq!(rates, [20.0, 10.0]);
}

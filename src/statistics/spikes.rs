//! All statistics of a group in one pass over its spikes, in memory for its neurons, whatever the number of spikes.

use super::{
    Findings, Moments, Stretch, Summary,
    correlation::Pairs,
    counts::Counts,
    intervals::Intervals,
    population::{Population, Rhythm},
    stretch::Bins,
    summary::{mean, median},
};

/// Windows of the Fano factor (ms).
const FANO_WINDOW: f64 = 100.0;
/// Bins of the correlation (ms).
const CORRELATION_BIN: f64 = 5.0;

/// Why the spikes of a group cannot be summed up.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpikeError {
    /// More neurons than there is memory for.
    #[error("no memory for the statistics of {0} neurons")]
    Size(usize),
    /// An iteration after the end of the stretch, or none at all.
    #[error("a spike in iteration {0}, after the end")]
    Iteration(f64),
    /// An iteration before that of the spike before.
    #[error("a spike in iteration {0}, after one in iteration {1}")]
    Order(u64, u64),
    /// A neuron that was not recorded.
    #[error("a spike of neuron {0}, which was not recorded")]
    Neuron(f64),
}

/// Statistics of a group while its spikes are read.
pub struct SpikeStatistics {
    stretch: Stretch,
    /// The place of every neuron among those recorded; `None` if all are.
    places: Option<Vec<u32>>,
    neurons: Vec<Neuron>,
    windows: Bins,
    pair_bins: Bins,
    pairs: Pairs,
    population: Population,
    latest: u64,
}

/// What is kept of a neuron.
#[derive(Clone, Default)]
struct Neuron {
    spikes: u64,
    last: u64,
    intervals: Intervals,
    counts: Counts,
}

impl SpikeStatistics {
    /// For the spikes of a group of `size` neurons, or of those `recorded`, within a stretch.
    ///
    /// # Errors
    /// There is no memory for so many neurons: 90 bytes each.
    pub fn new(size: usize, recorded: Option<&[u32]>, stretch: Stretch) -> Result<Self, SpikeError> {
        let places = recorded.map(|recorded| places(size, recorded)).transpose()?;
        let known = |places: &Vec<u32>| places.iter().filter(|&&place| place != NOBODY).count();
        let neurons = places.as_ref().map_or(size, known);
        Ok(Self {
            stretch,
            places,
            neurons: filled(Neuron::default(), neurons)?,
            windows: stretch.bins(FANO_WINDOW),
            pair_bins: stretch.bins(CORRELATION_BIN),
            pairs: Pairs::new(filled(0, neurons)?),
            population: Population::new(&stretch),
            latest: 0,
        })
    }

    /// Takes rows of iteration and neuron, in the order of iterations, as a spike recording holds them. Spikes before the
    /// stretch are left out.
    ///
    /// # Errors
    /// The first row that is no spike of the group.
    pub fn push_rows(&mut self, rows: &[f64]) -> Result<(), SpikeError> {
        let end = self.stretch.end as f64;
        for &[iteration, neuron] in rows.as_chunks::<2>().0 {
            if !(0.0..end).contains(&iteration) {
                return Err(SpikeError::Iteration(iteration));
            }
            let now = iteration as u64;
            if now < self.latest {
                return Err(SpikeError::Order(now, self.latest));
            }
            self.latest = now;
            let place = self.place(neuron).ok_or(SpikeError::Neuron(neuron))?;
            if let Some(past) = now.checked_sub(self.stretch.first) {
                self.spike(place, past);
            }
        }
        Ok(())
    }

    #[inline]
    fn place(&self, neuron: f64) -> Option<usize> {
        // A negative number or NaN becomes neuron 0, unless it is refused before.
        let neuron = (neuron >= 0.0).then_some(neuron as usize)?;
        let place = match &self.places {
            None => neuron,
            Some(places) => *places.get(neuron)? as usize,
        };
        (place < self.neurons.len()).then_some(place)
    }

    #[inline]
    fn spike(&mut self, place: usize, past: u64) {
        let neuron = &mut self.neurons[place];
        if neuron.spikes > 0 {
            neuron.intervals.push((past - neuron.last) as f64);
        }
        neuron.spikes += 1;
        neuron.last = past;
        if let Some(window) = self.windows.of(past) {
            neuron.counts.spike(window);
        }
        if let Some(bin) = self.pair_bins.of(past) {
            self.pairs.spike(place, bin);
        }
        self.population.spike(past);
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> Findings {
        let (seconds, count) = (self.stretch.seconds(), self.neurons.len());
        // No neurons and no time make no rates.
        let rate_step = if seconds > 0.0 { 1.0 / seconds } else { 0.0 };
        let is_timed = |_: &&Neuron| seconds > 0.0;
        let rates: Vec<f64> = self.neurons.iter().filter(is_timed).map(|n| n.spikes as f64 * rate_step).collect();
        let of_neurons = |f: &dyn Fn(&Neuron) -> Option<f64>| self.neurons.iter().filter_map(f).collect::<Vec<_>>();
        let cvs = of_neurons(&|neuron| neuron.intervals.cv());
        let lvs = of_neurons(&|neuron| neuron.intervals.lv());
        let fanos = of_neurons(&|neuron| neuron.counts.fano(self.windows.count));
        let spread = Moments::of(&rates);
        let correlation = self.pairs.mean(self.pair_bins.count);
        let poisson_power = spread.mean().unwrap_or_default() / count.max(1) as f64;
        let rhythm = self.population.finish(count, poisson_power);
        let summary = Summary {
            neurons: count as u64,
            silent: self.neurons.iter().filter(|neuron| neuron.spikes == 0).count() as u64,
            spikes: self.neurons.iter().map(|neuron| neuron.spikes).sum(),
            from_ms: self.stretch.first as f64 * self.stretch.dt,
            until_ms: self.stretch.end.max(self.stretch.first) as f64 * self.stretch.dt,
            rate_hz: spread.mean(),
            rate_deviation_hz: spread.deviation(),
            rate_median_hz: median(&rates),
            cv: mean(&cvs),
            lv: mean(&lvs),
            interval_neurons: cvs.len() as u64,
            fano: mean(&fanos),
            fano_window_ms: self.windows.ms,
            correlation: correlation.map(|(mean, _)| mean),
            correlation_bin_ms: self.pair_bins.ms,
            pairs: correlation.map_or(0, |(_, pairs)| pairs),
            peak_hz: rhythm.peak.map(|peak| peak.hz),
            peak_ratio: rhythm.peak.map(|peak| peak.ratio),
            spectrum_bin_ms: rhythm.spectrum_bin_ms,
            autocorrelation_bin_ms: rhythm.autocorrelation_bin_ms,
        };
        let Rhythm { spectrum, autocorrelation, .. } = rhythm;
        Findings { summary, rates, rate_step, cvs, spectrum, poisson_power, autocorrelation }
    }
}

/// The place of a neuron that was not recorded.
const NOBODY: u32 = u32::MAX;

/// A report on the disk may claim any number of neurons, so memory for them is asked for and not simply taken.
fn filled<T: Clone>(value: T, size: usize) -> Result<Vec<T>, SpikeError> {
    let mut all = Vec::new();
    all.try_reserve_exact(size).map_err(|_| SpikeError::Size(size))?;
    all.resize(size, value);
    Ok(all)
}

/// Places in ascending order of the neurons; a neuron that is listed twice has one.
fn places(size: usize, recorded: &[u32]) -> Result<Vec<u32>, SpikeError> {
    let mut places = filled(NOBODY, size)?;
    for &neuron in recorded {
        if let Some(place) = places.get_mut(neuron as usize) {
            *place = 0;
        }
    }
    let known = places.iter_mut().filter(|place| **place != NOBODY);
    known.zip(0..).for_each(|(place, nth)| *place = nth);
    Ok(places)
}

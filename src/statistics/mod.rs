//! What the spikes of a group say in numbers: rates, irregularity, variability, synchrony, rhythm; what responses say of the
//! classes of stimuli. Plain functions on slices, and the same in one pass over a stream of spikes of any length. No ECS and no files in here.
//!
//! | quantity | of | defaults | source |
//! | --- | --- | --- | --- |
//! | rate (Hz) | neurons: mean, standard deviation, median | whole stretch | |
//! | CV of the intervals | neurons with 5 intervals or more | | Softky & Koch (1993) |
//! | local variation LV | the same | | Shinomoto, Shima & Tanji (2003) |
//! | Fano factor | neurons that fired, 4 windows or more | windows of 100 ms | Fano (1947) |
//! | correlation | pairs of 100 neurons, drawn at random | bins of 5 ms | Pearson |
//! | power spectrum and its peak (Hz) | population rate | bins of a time step, or 0.1 ms if steps are shorter; segments of 1 s | Welch (1967) |
//! | autocorrelation | population rate | bins of 1 ms, lags to 200 ms; of a rhythm above 250 Hz 0.2 ms, to 50 ms | |
//!
//! Where the data do not suffice the answer is `None`, never NaN.
#![forbid(unsafe_code)]

mod autocorrelation;
mod classification;
mod correlation;
mod counts;
mod intervals;
mod moments;
mod population;
mod spectrum;
mod spikes;
mod stretch;
mod summary;
#[cfg(test)]
mod theory_tests;
#[cfg(test)]
mod trains;

pub use autocorrelation::{Autocorrelation, autocorrelation};
pub use classification::{Assignment, Score};
pub use correlation::correlation;
pub use counts::{LEAST_WINDOWS, fano_factor};
pub use intervals::{LEAST_INTERVALS, coefficient_of_variation, local_variation};
pub use moments::Moments;
pub use spectrum::{FALSE_ALARM, Peak, Spectrum, power_spectrum};
pub use spikes::{SpikeError, SpikeStatistics};
pub use stretch::Stretch;
pub use summary::{Findings, Summary, written};

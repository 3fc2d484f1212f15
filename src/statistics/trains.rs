//! Spike trains whose statistics are known, for tests.

use crate::numeric::{philox::uniform_pair, stream::Stream};

/// A source of random numbers.
pub(crate) struct Dice {
    stream: Stream,
    next: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self { stream: Stream::new(seed, &["trains"]), next: 0 }
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.next += 1;
        uniform_pair(self.stream, self.next)[0]
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }
}

/// Spikes of `neurons` over `iterations`, each with intervals (in iterations) that `interval` draws, from a random phase.
pub(crate) fn renewal(neurons: u32, iterations: u64, mut interval: impl FnMut() -> f64) -> Vec<[f64; 2]> {
    let mut spikes = Vec::new();
    for neuron in 0..neurons {
        // A while before the first iteration, so that it is in equilibrium there.
        let mut time = -5.0 * interval() - interval();
        while time < iterations as f64 {
            if time >= 0.0 {
                spikes.push([time.floor(), f64::from(neuron)]);
            }
            time += interval();
        }
    }
    in_order(spikes)
}

/// Spikes in the order in which a recorder writes them; a neuron fires once in an iteration at most.
pub(crate) fn in_order(mut spikes: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    spikes.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    spikes.dedup();
    spikes
}

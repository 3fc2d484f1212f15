//! The networks that simulators are compared by, and how long each is run.

use std::{ops::RangeInclusive, path::Path};

use cortecs::{assemble::build, prelude::*, scene::Scene};

use crate::common::spikes;

/// A network and a length of time.
pub struct Workload {
    pub name: &'static str,
    /// The scene, from the crate's root.
    file: &'static str,
    /// What differs from the scene.
    set: &'static [&'static str],
    pub iterations: u64,
    /// Rates (Hz) by which the right network is known.
    rate: RangeInclusive<f64>,
    /// Rounds of which the fastest counts.
    pub rounds: usize,
}

/// Rates are those of `iterations` from the start on, transients included.
pub const ALL: [Workload; 9] = [
    Workload {
        name: "original, 10 000 iterations",
        file: "scenes/izhikevich.ron",
        set: &[],
        iterations: 10_000,
        rate: 25.0..=30.0,
        rounds: 15,
    },
    Workload {
        name: "sparse-izh K = 100, 10 s",
        file: "scenes/sparse_izhikevich.ron",
        set: &[],
        iterations: 10_000,
        rate: 5.45..=5.65,
        rounds: 4,
    },
    Workload {
        name: "sparse-izh K = 1000, 10 s",
        file: "scenes/sparse_izhikevich.ron",
        set: &["constants.fan_out=1000"],
        iterations: 10_000,
        rate: 8.3..=8.7,
        rounds: 3,
    },
    Workload {
        name: "CUBA 4 000, 10 s",
        file: "benches/networks/cuba.ron",
        set: &[],
        iterations: 100_000,
        rate: 5.0..=5.4,
        rounds: 4,
    },
    Workload {
        name: "CUBA 40 000, 2 s",
        file: "benches/networks/cuba.ron",
        set: &["constants.size=40000"],
        iterations: 20_000,
        rate: 5.0..=5.6,
        rounds: 4,
    },
    Workload {
        name: "CUBA 4 000, delays to 20 ms, 5 s",
        file: "benches/networks/delays.ron",
        set: &[],
        iterations: 50_000,
        rate: 5.0..=5.5,
        rounds: 4,
    },
    Workload {
        name: "CUBA 4 000, delays to 100 ms, 5 s",
        file: "benches/networks/delays.ron",
        set: &["constants.longest=100"],
        iterations: 50_000,
        rate: 5.0..=5.5,
        rounds: 4,
    },
    Workload {
        name: "COBA 4 000, 10 s",
        file: "benches/networks/coba.ron",
        set: &[],
        iterations: 100_000,
        rate: 12.9..=13.5,
        rounds: 4,
    },
    Workload {
        name: "microcircuit × 0.1, 2 s",
        file: "scenes/microcircuit.ron",
        set: &[],
        iterations: 20_000,
        rate: 2.5..=3.4,
        rounds: 3,
    },
];

/// The whole microcircuit.
pub const FULL: Workload = Workload {
    name: "microcircuit, 1 s",
    file: "scenes/microcircuit.ron",
    set: &["constants.scale=1"],
    iterations: 10_000,
    rate: 2.5..=4.5,
    rounds: 1,
};

impl Workload {
    /// Whether every neuron reaches every other, as in the original network alone.
    pub fn dense(&self) -> bool {
        self.file == "scenes/izhikevich.ron"
    }

    /// The network at rest, without recorders.
    pub fn build(&self) -> (Bench, Network) {
        let mut bench = Bench::new();
        let world = bench.world_mut();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.file);
        let scene = Scene::from_file_with(world, path, self.set).unwrap_or_else(|faults| panic!("{faults}"));
        let scene = Scene { recorders: Vec::new(), ..scene };
        let network = build(world, &scene).unwrap_or_else(|faults| panic!("{faults}"));
        (bench, network)
    }

    /// The mean rate (Hz) of `iterations` with so many spikes.
    ///
    /// # Panics
    /// It is not that of the network.
    pub fn rate(&self, world: &mut World) -> f64 {
        let neurons: usize = world.query::<&NeuronGroup>().iter(world).map(NeuronGroup::size).sum();
        let seconds = self.iterations as f64 * world.resource::<Clock>().dt / 1000.0;
        let rate = spikes(world) as f64 / neurons as f64 / seconds;
        assert!(self.rate.contains(&rate), "{} fires at {rate:.2} Hz, expected {:?}", self.name, self.rate);
        rate
    }
}

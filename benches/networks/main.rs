//! The networks that simulators are compared by: `cargo bench --bench networks` prints a table in Markdown, a minute and
//! a half. `-- --full` runs the whole cortical microcircuit instead, which takes 2 GB; `-- --systems=2` prints the time of every
//! system on one thread and on two. A word, as in `-- CUBA`, picks the workloads that have it in their name.
//!
//! Beside each time stands that of the bare work of the same run on one thread: as many updates of as many neurons in plain
//! vectorised loops, the same random numbers, and the rows of the spikes that there really were, six bytes a synapse, added
//! to as many cells. Its neurons see the same input as those of the network, and must fire as often. Its rows are not
//! fetched ahead, so that a network whose synapses come from memory may be faster than its bare work.
//!
//! Every time is the least of some rounds, each of which builds the network anew and takes all sides in turn: 15 of the
//! shortest, 3 of the longest workloads.

mod bare;
mod cells;
#[path = "../common/mod.rs"]
mod common;
mod full;
#[path = "../tick/bare.rs"]
mod original;
mod profile;
mod replay;
mod workload;

use bare::Bare;
use common::{least, pool, timed};
use cortecs::{
    numeric::{InstructionSet, real::PRECISION},
    prelude::*,
    schedule::run_ticks,
};
use replay::{Places, Spiking, Wires};
use workload::Workload;

/// Seconds, and what they were spent on.
struct Row {
    one: f64,
    two: f64,
    bare: f64,
    rate: f64,
    events: u64,
}

/// What the bare work does, and how.
trait Reference {
    /// The time of a run from the start; panics unless it was the work of the network.
    fn time(&self) -> (f64, u64);
}

fn measure(workload: &Workload) -> Row {
    let pools = [pool(1), pool(2)];
    let (mut rate, mut events) = (0.0, 0);
    let run = |threads: usize, rate: &mut f64| {
        let (mut bench, _) = workload.build();
        let world = bench.world_mut();
        let seconds = pools[threads - 1].install(|| timed(|| _ = run_ticks(world, workload.iterations)));
        // The same spikes on any number of threads: the rate is the same to the last digit.
        let found = workload.rate(world);
        assert!(*rate == 0.0 || *rate == found, "another network on {threads} threads");
        *rate = found;
        seconds
    };
    let reference: Box<dyn Reference> =
        if workload.dense() { Box::new(Dense(workload)) } else { Box::new(Sparse::of(workload)) };
    let mut other = 0.0;
    let [one, bare, two] = least(
        workload.rounds,
        [
            &mut || run(1, &mut rate),
            &mut || {
                let (seconds, walked) = reference.time();
                events = walked;
                seconds
            },
            &mut || run(2, &mut other),
        ],
    );
    assert!(rate == other, "another network on two threads");
    Row { one, two, bare, rate, events }
}

/// The original network, whose bare loop is exact to the last bit.
struct Dense<'a>(&'a Workload);

impl Reference for Dense<'_> {
    fn time(&self) -> (f64, u64) {
        let (mut bench, _) = self.0.build();
        let world = bench.world_mut();
        let mut bare = original::Bare::like(world);
        let seconds = timed(|| bare.run(self.0.iterations));
        run_ticks(world, self.0.iterations);
        bare.assert_same_as(world);
        (seconds, common::spikes(world) * 1000)
    }
}

/// A sparse network, with the spikes that it fires.
struct Sparse<'a> {
    workload: &'a Workload,
    spiking: Spiking,
    wires: Wires,
}

impl<'a> Sparse<'a> {
    fn of(workload: &'a Workload) -> Self {
        let (mut bench, network) = workload.build();
        let world = bench.world_mut();
        let places = Places::of(world, &network.groups);
        let neurons = places.0.iter().map(|(group, _)| world.get::<NeuronGroup>(*group).map_or(0, NeuronGroup::size));
        let neurons = neurons.sum();
        let wires = Wires::of(world, &places, neurons);
        let spiking = Spiking::of(world, &places, workload.iterations);
        Self { workload, spiking, wires }
    }
}

impl Reference for Sparse<'_> {
    fn time(&self) -> (f64, u64) {
        let (mut bench, network) = self.workload.build();
        let world = bench.world_mut();
        let places = Places::of(world, &network.groups);
        let mut bare = Bare::like(world, &places, &self.spiking, &self.wires);
        let seconds = timed(|| bare.run());
        // Its sums are rounded in another order, which moves a spike by a step now and then.
        for (found, expected) in bare.counts().into_iter().zip(self.spiking.counts(&places)) {
            let difference = found.abs_diff(expected) as f64;
            assert!(
                difference <= 2.0 + 0.005 * expected as f64,
                "{}: {found} spikes of {expected}",
                self.workload.name
            );
        }
        (seconds, bare.events)
    }
}

fn main() {
    println!("{} kernels, {PRECISION}; least of several rounds\n", InstructionSet::in_use());
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.iter().any(|argument| argument == "--full") {
        return full::report();
    }
    if let Some(several) = arguments.iter().find_map(|argument| argument.strip_prefix("--systems=")) {
        let threads = several.parse().expect("a number of threads, as in --systems=2");
        let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
        return profile::report(&workload::ALL, &words, threads);
    }
    println!("| workload | one thread (s) | two threads (s) | gain | bare work (s) | ratio | rate (Hz) | events/s |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for workload in &workload::ALL {
        // A word of its name picks a workload.
        if !arguments.iter().all(|argument| workload.name.contains(argument.as_str())) {
            continue;
        }
        let Row { one, two, bare, rate, events } = measure(workload);
        println!(
            "| {} | {one:.3} | {two:.3} | {:.2} | {bare:.3} | {:.2} | {rate:.2} | {:.2}·10⁹ |",
            workload.name,
            one / two,
            one / bare,
            events as f64 / one / 1e9,
        );
    }
}

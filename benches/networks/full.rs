//! The whole cortical microcircuit: 77 169 neurons, 0.3 billion synapses.

use std::time::Instant;

use cortecs::{prelude::*, schedule::run_ticks};

use crate::{
    common::{pool, timed},
    workload::FULL,
};

/// What a population fires at (Hz), from the paper's network run for 10 s, the first 0.5 s left out.
const PUBLISHED: [(&str, f64); 8] = [
    ("L23E", 0.90),
    ("L23I", 2.97),
    ("L4E", 4.41),
    ("L4I", 5.88),
    ("L5E", 7.57),
    ("L5I", 8.63),
    ("L6E", 1.11),
    ("L6I", 7.83),
];

/// Iterations that the start is given to die away: 0.5 s.
const TRANSIENT: u64 = 5000;

/// Builds it, runs a second on two threads and one on one thread, and prints two tables.
pub fn report() {
    let (one, two) = (pool(1), pool(2));
    let start = Instant::now();
    let (mut bench, network) = FULL.build();
    let building = start.elapsed().as_secs_f64();
    let world = bench.world_mut();
    two.install(|| run_ticks(world, TRANSIENT));
    let before = spikes(world, &network.groups);
    let on_two = two.install(|| timed(|| _ = run_ticks(world, FULL.iterations)));
    let on_one = one.install(|| timed(|| _ = run_ticks(world, FULL.iterations)));
    let after = spikes(world, &network.groups);
    let synapses: u64 = network.plan.synapses.iter().map(|group| group.synapses).sum();
    println!("| {} | |\n|---|--:|", FULL.name);
    println!("| synapses | {:.3}·10⁹ |", synapses as f64 / 1e9);
    println!("| build, all threads (s) | {building:.1} |");
    println!("| one thread (s) | {on_one:.2} |");
    println!("| two threads (s) | {on_two:.2} |");
    println!("| gain | {:.2} |", on_one / on_two);
    println!("| peak memory (GB) | {:.2} |\n", peak_memory() / 1e9);
    println!("| population | rate (Hz), 2 s | published (Hz), 9.5 s |\n|---|--:|--:|");
    for ((plan, group), (before, after)) in
        network.plan.groups.iter().zip(&network.groups).zip(before.iter().zip(after))
    {
        let size = world.get::<NeuronGroup>(*group).map_or(0, NeuronGroup::size);
        let seconds = 2.0 * FULL.iterations as f64 * world.resource::<Clock>().dt / 1000.0;
        let rate = (after - before) as f64 / size as f64 / seconds;
        let published = PUBLISHED.iter().find(|(name, _)| *name == plan.name).map_or(0.0, |(_, rate)| *rate);
        println!("| {} | {rate:.2} | {published:.2} |", plan.name);
        // Two seconds of a population's rate scatter by a tenth at most.
        assert!((rate - published).abs() < 0.15 * published + 0.1, "{} fires at {rate} Hz", plan.name);
    }
}

fn spikes(world: &World, groups: &[Entity]) -> Vec<u64> {
    groups.iter().map(|&group| world.get::<Spikes>(group).map_or(0, Spikes::total)).collect()
}

/// The most memory (bytes) that the process ever had; 0 where the system does not say.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kilobytes| kilobytes * 1024.0)
}

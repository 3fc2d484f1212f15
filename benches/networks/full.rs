//! The whole cortical microcircuit: 77 169 neurons, 0.3 billion synapses.

use std::{num::NonZero, time::Instant};

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

/// Builds it, runs a second on one thread, on two, and so on to as many as there are cores, and prints two tables.
pub fn report() {
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
    let threads: Vec<usize> = (0..).map(|k| 1 << k).take_while(|threads| *threads <= cores.max(2)).collect();
    let start = Instant::now();
    let (mut bench, network) = FULL.build();
    let building = start.elapsed().as_secs_f64();
    let world = bench.world_mut();
    pool(cores).install(|| run_ticks(world, TRANSIENT));
    let before = spikes(world, &network.groups);
    let second = |threads: usize| pool(threads).install(|| timed(|| _ = run_ticks(world, FULL.iterations)));
    let times: Vec<f64> = threads.iter().copied().map(second).collect();
    let after = spikes(world, &network.groups);
    let synapses: u64 = network.plan.synapses.iter().map(|group| group.synapses).sum();
    println!("| {} | |\n|---|--:|", FULL.name);
    println!("| synapses | {:.3}·10⁹ |", synapses as f64 / 1e9);
    println!("| build, all threads (s) | {building:.1} |");
    for (threads, time) in threads.iter().zip(&times) {
        println!("| {threads} thread{} (s) | {time:.2} |", if *threads == 1 { "" } else { "s" });
    }
    println!("| gain of two | {:.2} |", times[0] / times[1]);
    println!("| peak memory (GB) | {:.2} |\n", peak_memory() / 1e9);
    let biological = times.len() as f64 * FULL.iterations as f64 * world.resource::<Clock>().dt / 1000.0;
    println!("| population | rate (Hz), {biological:.0} s | published (Hz), 9.5 s |\n|---|--:|--:|");
    for ((plan, group), (before, after)) in
        network.plan.groups.iter().zip(&network.groups).zip(before.iter().zip(after))
    {
        let size = world.get::<NeuronGroup>(*group).map_or(0, NeuronGroup::size);
        let rate = (after - before) as f64 / size as f64 / biological;
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

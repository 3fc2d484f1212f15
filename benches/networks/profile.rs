//! Where the time of an iteration goes: the systems of a workload on one thread and on two.

use cortecs::{
    schedule::run_ticks,
    stopwatch::{Lap, Stopwatch},
};

use crate::{
    common::pool,
    workload::{FULL, Workload},
};

/// Runs what bears all of some words in its name, and prints a table for each.
pub fn report(workloads: &[Workload], words: &[&str]) {
    for workload in workloads.iter().chain([&FULL]) {
        if words.iter().all(|word| workload.name.contains(word)) {
            print(workload);
        }
    }
}

fn print(workload: &Workload) {
    let [one, two] = [1, 2].map(|threads| laps(workload, threads));
    println!("| {} | one thread (µs) | two threads (µs) | gain |\n|---|--:|--:|--:|", workload.name);
    let microseconds = |lap: &Lap| lap.mean.as_secs_f64() * 1e6;
    for (one, two) in one.iter().zip(&two).filter(|(one, _)| !one.mean.is_zero()) {
        let (name, one, two) = (one.name, microseconds(one), microseconds(two));
        println!("| {name} | {one:.2} | {two:.2} | {:.2} |", one / two);
    }
    let [one, two] = [one, two].map(|laps| laps.iter().map(microseconds).sum::<f64>());
    println!("| all | {one:.2} | {two:.2} | {:.2} |\n", one / two);
}

fn laps(workload: &Workload, threads: usize) -> Vec<Lap> {
    let (mut bench, _) = workload.build();
    let world = bench.world_mut();
    pool(threads).install(|| run_ticks(world, workload.iterations));
    world.resource::<Stopwatch>().laps()
}

//! Where the time of an iteration goes: the systems of a workload on one thread and on several.

use cortecs::{
    schedule::run_ticks,
    stopwatch::{Lap, Stopwatch},
};

use crate::{
    common::pool,
    workload::{FULL, Workload},
};

/// Runs what bears all of some words in its name, and prints a table for each.
pub fn report(workloads: &[Workload], words: &[&str], threads: usize) {
    for workload in workloads.iter().chain([&FULL]) {
        if words.iter().all(|word| workload.name.contains(word)) {
            print(workload, threads);
        }
    }
}

fn print(workload: &Workload, threads: usize) {
    let [one, several] = [1, threads].map(|threads| laps(workload, threads));
    println!("| {} | one thread (µs) | {threads} threads (µs) | gain |\n|---|--:|--:|--:|", workload.name);
    let microseconds = |lap: &Lap| lap.mean.as_secs_f64() * 1e6;
    for (one, several) in one.iter().zip(&several).filter(|(one, _)| !one.mean.is_zero()) {
        let (name, one, several) = (one.name, microseconds(one), microseconds(several));
        println!("| {name} | {one:.2} | {several:.2} | {:.2} |", one / several);
    }
    let [one, several] = [one, several].map(|laps| laps.iter().map(microseconds).sum::<f64>());
    println!("| all | {one:.2} | {several:.2} | {:.2} |\n", one / several);
}

fn laps(workload: &Workload, threads: usize) -> Vec<Lap> {
    let (mut bench, _) = workload.build();
    let world = bench.world_mut();
    pool(threads).install(|| run_ticks(world, workload.iterations));
    world.resource::<Stopwatch>().laps()
}

//! A run that lasts: `cargo test --release --test program soak -- --ignored --nocapture`, some minutes.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Instant,
};

/// Small, so that what each iteration costs besides arithmetic weighs; noise, delays, plasticity, and rows to the disk.
const SCENE: &str = r#"(
    title: "Soak",
    iterations: 10000000,
    groups: {"cells": (size: 500, behaviours: [Izhikevich(v: -65, u: -13), NormalNoise(mean: 3, sd: 5)],
        receptors: {"r": CurrentReceptor(afferent: "a")})},
    synapses: [(from: "cells", to: "cells", tags: ["a"], connectivity: FixedInDegree(in_degree: 10), weights: 0.5,
        delays: "uniform(1, 20)", behaviours: [Stdp()])],
    recorders: [
        VariableRecorder(of: ["cells.v"], every: 10, neurons: Range(0, 10)),
        SpikeRecorder(of: ["cells"]),
        RateRecorder(of: ["cells"], bin: 100),
        HistogramRecorder(of: ["cells_cells.weights"], low: 0, high: 1, bins: 20, every: 10000),
    ],
)"#;

/// Resident memory (kB) of a process.
fn resident(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim_end_matches("kB").trim().parse().ok()
}

/// Processor time (s) of a process: the machine may be shared.
fn processor_time(child: &Child) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    // User and system time are the fields 14 and 15, in hundredths; the second field ends with a bracket.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().filter_map(|&field| fields.get(field)?.parse::<u64>().ok()).sum();
    Some(ticks as f64 / 100.0)
}

#[test]
#[ignore = "some minutes"]
fn ten_million_iterations_take_no_more_memory_and_get_no_slower() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("soak.ron"), SCENE).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cortecs"))
        .args("run soak.ron --out run --no-plots --threads 1 --checkpoint-every 100000".split(' '))
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Plain progress: `123456/10000000 iterations …`, every five seconds.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let start = Instant::now();
    let mut course: Vec<(u64, f64, u64)> = Vec::new();
    while let Some(Ok(line)) = lines.next() {
        let done = line.split('/').next().and_then(|done| done.parse().ok()).unwrap_or_else(|| panic!("{line}"));
        let (Some(memory), Some(time)) = (resident(&child), processor_time(&child)) else { break };
        course.push((done, time, memory));
        eprintln!("{done:>10} iterations  {:6.1} s  {memory} kB", start.elapsed().as_secs_f64());
    }
    assert!(child.wait().unwrap().success());
    let third = course.len() / 3;
    assert!(third >= 2, "{course:?}");
    let speed = |part: &[(u64, f64, u64)]| {
        let [first, .., last] = part else { panic!("{part:?}") };
        (last.0 - first.0) as f64 / (last.1 - first.1)
    };
    let speeds = [speed(&course[..=third]), speed(&course[course.len() - third - 1..])];
    let memory = [course[third].2, course[course.len() - 1].2];
    eprintln!(
        "iterations per second of the processor at first and at last: {speeds:.0?}; memory after a third and at the end: {memory:?} kB"
    );
    // A neighbour on the same core takes some of it even so; a list that grows with the iterations would cost more than that.
    assert!(speeds[1] > 0.8 * speeds[0], "{speeds:?}");
    assert!(memory[1] < memory[0] + 1024, "{memory:?} kB");
}

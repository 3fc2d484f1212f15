//! A rank of many, played by one process: `cargo bench --bench ranks [-- RANKS...]`. It builds its part of a network and runs it,
//! while the neurons of the others fire at random, as often as the network's own would: what building takes, memory and an
//! iteration, as it were on a machine of a cluster but for the way of messages between machines.
//!
//! The network grows with the ranks: 10 000 neurons of each with 1000 synapses, delays of 1.5 ms, 10 spikes a second, steps of
//! 0.1 ms. So does what each takes in; its own neurons and synapses stay as many.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use cortecs::{
    assemble::build,
    numeric::exchange::{Exchange, Gathered, Place},
    prelude::*,
    ranks::RanksPlugin,
    scene::Scene,
    schedule::run_ticks,
};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use rand_distr::{Distribution, Poisson};

/// Neurons of a rank, synapses of each, spikes of each in a second.
const NEURONS: usize = 10_240;
const SYNAPSES: usize = 1000;
const HZ: f64 = 10.0;

const DT: f64 = 0.1;

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let asked = if asked.is_empty() { vec![1, 2, 4, 16, 64, 256, 1024] } else { asked };
    println!(
        "{:>6} {:>10} {:>9} {:>9} {:>12} {:>12}",
        "ranks", "neurons", "build s", "memory MB", "iteration µs", "in a second MB"
    );
    for ranks in asked {
        play(ranks);
    }
}

/// Rank 0 of so many.
fn play(ranks: usize) {
    let before = resident();
    let played = Arc::new(Played::new(ranks));
    let mut bench = Bench::new();
    bench.app_mut().add_plugins(RanksPlugin(played.clone()));
    let neurons = NEURONS * ranks;
    let text = format!(
        r#"(dt: {DT}, groups: {{"cells": (size: {neurons}, behaviours: [Lif(v: "uniform(-70, -51)", tau: 10, refractory: 2)],
            receptors: {{"r": CurrentReceptor(afferent: "X")}})}},
            synapses: [(from: "cells", to: "cells", tags: ["X"], weights: 0.0001, delays: 1.5,
                connectivity: FixedInDegree(in_degree: {SYNAPSES}))])"#
    );
    let world = bench.world_mut();
    let scene = Scene::from_text(world, &text).expect("a scene");
    let began = Instant::now();
    build(world, &scene).expect("a network");
    let built = began.elapsed().as_secs_f64();
    played.fires.store(true, Relaxed);
    run_ticks(world, 100);
    played.made_ns.store(0, Relaxed);
    let (began, ticks) = (Instant::now(), 500);
    run_ticks(world, ticks);
    let made = played.made_ns.load(Relaxed) as f64 / 1e3;
    let each = (began.elapsed().as_secs_f64() * 1e6 - made) / ticks as f64;
    let (memory, taken_in) = ((resident() - before) / 1e6, neurons as f64 * HZ * 4.0 / 1e6);
    println!("{ranks:>6} {neurons:>10} {built:>9.2} {memory:>9.0} {each:>12.1} {taken_in:>12.2}");
}

/// The ranks, of which this process is the first; what the others would give is made up.
struct Played {
    ranks: usize,
    /// Whether neurons of the others fire: not before all is built.
    fires: AtomicBool,
    random: Mutex<SmallRng>,
    /// How long it took to make up spikes (ns).
    made_ns: AtomicU64,
}

impl Played {
    fn new(ranks: usize) -> Self {
        let random = Mutex::new(SmallRng::seed_from_u64(1));
        Self { ranks, fires: AtomicBool::new(false), random, made_ns: AtomicU64::new(0) }
    }
}

impl Exchange for Played {
    fn rank(&self) -> usize {
        0
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn all_gather_at(&self, own: &[u32], all: &mut Gathered, _: Place) {
        let began = Instant::now();
        all.clear();
        all.push(own);
        let mut random = self.random.lock().expect("one thread");
        let number = Poisson::new(NEURONS as f64 * HZ * DT / 1000.0).expect("a mean");
        for rank in 1..self.ranks {
            if !self.fires.load(Relaxed) {
                all.push(&[0]);
                continue;
            }
            let first = (rank * NEURONS) as u32;
            let spikes = number.sample(&mut *random) as usize;
            let mut fired: Vec<u32> = (0..spikes).map(|_| first + random.random_range(0..NEURONS as u32)).collect();
            fired.sort_unstable();
            fired.dedup();
            all.push(&[&[0, fired.len() as u32], &fired[..]].concat());
        }
        self.made_ns.fetch_add(began.elapsed().as_nanos() as u64, Relaxed);
    }
}

/// Memory of this process (bytes).
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split_whitespace().nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or_default() * 4096.0
}

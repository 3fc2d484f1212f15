//! What plasticity costs: `cargo bench --bench plasticity` prints a table in Markdown, half a minute.
//!
//! Each network is run with its rule switched on and off, in turn. Plastic events are the synapses that a spike of their
//! source or of their target changes: at most 6 ns each on one thread, beyond delivery, and at most 2.5 times the time of
//! the network that does not learn.

#[path = "../common/mod.rs"]
mod common;

use std::path::Path;

use common::{least, pool, timed};
use cortecs::{
    assemble::build,
    network::{Layout, Source, Synapses, switch},
    numeric::{InstructionSet, real::PRECISION},
    prelude::*,
    scene::Scene,
    schedule::run_ticks,
};
use rayon::ThreadPool;

/// Networks, by what differs from the scene; and iterations.
const NETWORKS: [(&str, &[&str], u64); 2] = [
    ("CUBA 4 000, pairs on E → E, 10 s", &[], 100_000),
    ("CUBA 10 000 × 100, pairs on E → E, 10 s", &["constants.size=10000", "constants.afferents=100"], 100_000),
];

/// The tag of the synapses that learn.
const PLASTIC: &str = "PLASTIC";

fn build_network(changes: &[&str], learns: bool) -> Bench {
    let mut bench = Bench::new();
    let world = bench.world_mut();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/plasticity/cuba.ron");
    let scene = Scene::from_file_with(world, path, changes).unwrap_or_else(|faults| panic!("{faults}"));
    build(world, &Scene { recorders: Vec::new(), ..scene }).unwrap_or_else(|faults| panic!("{faults}"));
    if !learns {
        switch(world, &format!("{PLASTIC}.Stdp"), false).expect("there are plastic synapses");
    }
    bench
}

/// Seconds of a run, the synapses that it changed, and the mean rate (Hz).
fn run(pool: &ThreadPool, changes: &[&str], iterations: u64, learns: bool) -> (f64, f64, f64) {
    let mut bench = build_network(changes, learns);
    let world = bench.world_mut();
    let seconds = pool.install(|| timed(|| _ = run_ticks(world, iterations)));
    let mut groups = world.query::<(&Tags, &Source, &Target, &Synapses)>();
    let mut changed = 0.0;
    for (tags, source, target, synapses) in groups.iter(world).filter(|(tags, ..)| tags.contains(PLASTIC)) {
        assert!(tags.contains("EXCITATORY"));
        let Some(Layout::Sparse(rows)) = &synapses.layout else { panic!("rows") };
        for end in [source.0, target.0] {
            let (spikes, group) = (world.get::<Spikes>(end), world.get::<NeuronGroup>(end));
            let (spikes, group) = spikes.zip(group).expect("neurons");
            changed += spikes.total() as f64 * rows.len() as f64 / group.size() as f64;
        }
    }
    let neurons: usize = world.query::<&NeuronGroup>().iter(world).map(NeuronGroup::size).sum();
    let rate = common::spikes(world) as f64 / neurons as f64 / (iterations as f64 * 1e-4);
    (seconds, changed, rate)
}

fn main() {
    println!("{} kernels, {PRECISION}; least of several rounds\n", InstructionSet::in_use());
    println!("| network | frozen (s) | plastic (s) | ratio | two threads (s) | ns per plastic event | rate (Hz) |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let pools = [pool(1), pool(2)];
    for (name, changes, iterations) in NETWORKS {
        let (mut changed, mut rate) = (0.0, 0.0);
        let [frozen, plastic, two] = least(
            4,
            [
                &mut || run(&pools[0], changes, iterations, false).0,
                &mut || {
                    let (seconds, events, found) = run(&pools[0], changes, iterations, true);
                    (changed, rate) = (events, found);
                    seconds
                },
                &mut || run(&pools[1], changes, iterations, true).0,
            ],
        );
        let each = (plastic - frozen) / changed * 1e9;
        println!(
            "| {name} | {frozen:.3} | {plastic:.3} | {:.2} | {two:.3} | {each:.1} | {rate:.2} |",
            plastic / frozen
        );
    }
}

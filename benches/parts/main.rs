//! The parts of an iteration, and of building: `cargo bench --bench parts`, a minute and a half. Words pick parts:
//! `-- delivery`, `noise`, `models`, `building`.
//!
//! All through the front door, groups and synapses as a scene makes them, on one thread; of an iteration's time that of one
//! in which the part has nothing to do is taken off. Beside each stands its bare loop: what memory and arithmetic cost
//! alone. Least of several rounds, the two sides taking turns.

mod building;
#[path = "../common/mod.rs"]
mod common;
mod delivery;
mod models;
mod noise;
mod random;

use common::pool;
use cortecs::numeric::{InstructionSet, real::PRECISION};

fn main() {
    println!("{} kernels, {PRECISION}, one thread\n", InstructionSet::in_use());
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let parts: [(&str, fn()); 4] = [
        ("delivery", delivery::report),
        ("noise", noise::report),
        ("models", models::report),
        ("building", building::report),
    ];
    pool(1).install(|| {
        for (name, report) in parts {
            if wanted.is_empty() || wanted.iter().any(|word| word == name) {
                report();
            }
        }
    });
}

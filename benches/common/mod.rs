//! What the benches share: timing, pools of threads, and what is asked of a network.

use std::time::Instant;

use cortecs::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Seconds that some work takes.
pub fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// The least of several rounds, since whatever disturbs a machine makes it slower, never faster; the sides take turns,
/// so that a slow moment does not hit one of them alone.
#[allow(dead_code, reason = "one bench has rounds of its own")]
pub fn least<const N: usize>(rounds: usize, mut sides: [&mut dyn FnMut() -> f64; N]) -> [f64; N] {
    let mut least = [f64::INFINITY; N];
    for _ in 0..rounds {
        for (least, side) in least.iter_mut().zip(&mut sides) {
            *least = least.min(side());
        }
    }
    least
}

/// A pool in which whole runs take place: a parallel region costs 0.04 µs there, from outside 5 µs.
#[allow(dead_code, reason = "one bench runs on one thread")]
pub fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
}

/// The spikes of all groups so far.
#[allow(dead_code, reason = "not every bench counts spikes")]
pub fn spikes(world: &mut World) -> u64 {
    world.query::<&Spikes>().iter(world).map(Spikes::total).sum()
}

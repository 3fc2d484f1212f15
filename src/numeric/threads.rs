//! Threads that share the work of an iteration, kept awake from one parallel region to the next.
//!
//! A thread of rayon's that has found nothing to do for some 12 µs goes to sleep, and waking it takes 35 to 50 µs on a
//! virtual machine: longer than an iteration of many a network lasts. Between the regions of an iteration lie more than
//! 12 µs of work that is not shared, so that two threads would take longer than one.

use std::{
    cell::{Cell, OnceCell},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use rayon::Yield;

/// How long a thread looks out for the next region before it is left to sleep: twice what waking it takes, so that no more
/// is lost by looking than is by sleeping, and another program gets the core back soon.
const PATIENCE: Duration = Duration::from_micros(100);

thread_local! {
    /// Whether the others look out for work of this thread.
    static ATTENDED: OnceCell<Arc<AtomicBool>> = const { OnceCell::new() };
    /// Whether this thread, which belongs to no pool, has had parallel regions.
    static OUTSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls the pool's other threads to look out for work: to be said before a parallel region.
///
/// They do so until none has come for 100 µs, and offer their core to other programs all the while: a thread that
/// waits in a loop without giving way would make a region last a time slice wherever there are fewer free cores than
/// threads.
pub fn attend() {
    let Some(caller) = rayon::current_thread_index() else { return OUTSIDE.set(true) };
    ATTENDED.with(|attended| {
        let attended = attended.get_or_init(Arc::default);
        if !attended.swap(true, Relaxed) {
            let attended = attended.clone();
            rayon::spawn_broadcast(move |thread| {
                if thread.index() != caller {
                    look_out();
                    attended.store(false, Relaxed);
                }
            });
        }
    });
}

/// Works on what comes until nothing has come for a while.
fn look_out() {
    let mut last = Instant::now();
    while last.elapsed() < PATIENCE {
        match rayon::yield_now() {
            Some(Yield::Executed) => last = Instant::now(),
            _ => thread::yield_now(),
        }
    }
}

/// Whether the calling thread should go on within the pool ([`rayon::scope`]): it has had parallel regions, in each of
/// which a thread from outside sleeps until the pool is done, for 50 µs and more.
#[must_use]
pub fn calls_from_outside() -> bool {
    OUTSIDE.get() && rayon::current_thread_index().is_none()
}

#[cfg(test)]
mod tests {
    use rayon::ThreadPoolBuilder;

    use super::*;

    #[test]
    fn a_thread_of_no_pool_is_told_after_its_first_region() {
        let outside = || thread::spawn(|| (calls_from_outside(), attend(), calls_from_outside())).join();
        assert!(matches!(outside(), Ok((false, (), true))));
        let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
        assert!(!pool.install(|| (attend(), calls_from_outside()).1));
    }

    #[test]
    fn threads_look_out_for_a_while_and_then_rest() {
        for threads in [1, 2, 3] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let attended = || ATTENDED.with(|attended| attended.get().is_some_and(|attended| attended.load(Relaxed)));
            pool.install(|| {
                for _ in 0..3 {
                    attend();
                    let sum = rayon::join(|| (0..100).sum::<u64>(), || (100..200).sum::<u64>());
                    assert_eq!(sum.0 + sum.1, 19_900);
                }
                let start = Instant::now();
                while threads > 1 && attended() {
                    assert!(start.elapsed() < Duration::from_secs(20), "they never rest");
                    thread::sleep(PATIENCE);
                }
            });
        }
    }
}

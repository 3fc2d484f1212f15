//! Threads that share the work of an iteration, kept awake from one parallel region to the next.
//!
//! A thread of rayon's that has found nothing to do for some 12 µs goes to sleep, and waking it takes 35 to 50 µs on a
//! virtual machine: longer than an iteration of many a network lasts. Between the regions of an iteration lie more than
//! 12 µs of work that is not shared, so that two threads would take longer than one.

use std::{
    cell::{Cell, OnceCell},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use rayon::Yield;

/// How long a thread looks out for the next region before it is left to sleep: twice what waking it takes, so that no more
/// is lost by looking than is by sleeping, and another program gets the core back soon.
const PATIENCE: Duration = Duration::from_micros(100);

thread_local! {
    /// How many threads have been called by this one and look out for work.
    static ATTENDING: OnceCell<Arc<AtomicUsize>> = const { OnceCell::new() };
    /// Whether this thread looks out for work.
    static LOOKING_OUT: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread, which belongs to no pool, has had parallel regions.
    static OUTSIDE: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread does everything itself.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// What is done in less time is not worth waking a thread for, which takes 35 to 50 µs, and as much to be woken by it.
const WORTH_WAKING: Duration = Duration::from_micros(300);

/// Lets a thread that belongs to no pool do some work alone, if it is expected to take little time.
pub fn alone_if_short<T>(expected: Duration, work: impl FnOnce() -> T) -> T {
    let _before = Before(ALONE.replace(expected < WORTH_WAKING && rayon::current_thread_index().is_none()));
    work()
}

/// Whether the thread was to do everything itself, which it is again once this is dropped: also where what it did panicked.
struct Before(bool);

impl Drop for Before {
    fn drop(&mut self) {
        ALONE.set(self.0);
    }
}

/// Whether this thread is to do everything itself.
#[must_use]
pub fn is_alone() -> bool {
    ALONE.get()
}

/// Calls the pool's other threads to look out for work: to be said before a parallel region.
///
/// They do so until none has come for 100 µs, and offer their core to other programs all the while: a thread that
/// waits in a loop without giving way would make a region last a time slice wherever there are fewer free cores than
/// threads. Those that found nothing are not called again as long as one is left, since regions of few tasks do with few.
pub fn attend() {
    let Some(caller) = rayon::current_thread_index() else { return OUTSIDE.set(true) };
    ATTENDING.with(|attending| {
        let attending = attending.get_or_init(Arc::default);
        if attending.load(Relaxed) == 0 {
            attending.store(rayon::current_num_threads() - 1, Relaxed);
            let attending = attending.clone();
            rayon::spawn_broadcast(move |thread| {
                if thread.index() != caller {
                    look_out();
                    attending.fetch_sub(1, Relaxed);
                }
            });
        }
    });
}

/// Works on what comes until nothing has come for a while; at once done if this thread does so already, called by another
/// one: what comes may be such a call, and calls within calls would use up the stack.
fn look_out() {
    if LOOKING_OUT.replace(true) {
        return;
    }
    let mut last = Instant::now();
    while last.elapsed() < PATIENCE {
        match rayon::yield_now() {
            Some(Yield::Executed) => last = Instant::now(),
            _ => thread::yield_now(),
        }
    }
    LOOKING_OUT.set(false);
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
    fn what_is_short_is_done_alone_outside_a_pool() {
        let short = Duration::from_micros(50);
        let inside = move || (alone_if_short(short, is_alone), alone_if_short(10 * WORTH_WAKING, is_alone), is_alone());
        assert!(matches!(thread::spawn(inside).join(), Ok((true, false, false))));
        let caught = move || {
            let panics = || alone_if_short(short, || -> () { std::panic::resume_unwind(Box::new(())) });
            (std::panic::catch_unwind(panics).is_err(), is_alone())
        };
        assert!(matches!(thread::spawn(caught).join(), Ok((true, false))));
        let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
        assert_eq!(pool.install(inside), (false, false, false));
    }

    #[test]
    fn a_thread_that_looks_out_does_not_begin_again() {
        LOOKING_OUT.set(true);
        let start = Instant::now();
        (0..1000).for_each(|_| look_out());
        assert!(start.elapsed() < 100 * PATIENCE);
        LOOKING_OUT.set(false);
        look_out();
        assert!(!LOOKING_OUT.get() && start.elapsed() >= PATIENCE);
    }

    /// Several threads of one pool call the others, again and again.
    #[test]
    fn threads_that_call_each_other_come_to_an_end() {
        let pool = ThreadPoolBuilder::new().num_threads(4).build().expect("threads");
        let regions = |n: u64| {
            for _ in 0..200 {
                attend();
                let sum = rayon::join(|| (0..n).sum::<u64>(), || (n..2 * n).sum::<u64>());
                assert_eq!(sum.0 + sum.1, n * (2 * n - 1));
            }
        };
        pool.install(|| rayon::join(|| rayon::join(|| regions(100), || regions(200)), || regions(5000)));
    }

    #[test]
    fn threads_look_out_for_a_while_and_then_rest() {
        for threads in [1, 2, 3] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let attended = || ATTENDING.with(|attending| attending.get().is_some_and(|n| n.load(Relaxed) > 0));
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

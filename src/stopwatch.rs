//! Where the time of an iteration goes, by stage and behaviour.
//!
//! Reading the clock costs about 25 ns and a small network's iteration lasts 3 µs, so that not every iteration is
//! measured but one in [`MEASURED`]; in between a timer costs the test of a flag.
#![forbid(unsafe_code)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bevy_ecs::{
    prelude::*,
    system::{Adapt, IntoAdapterSystem, RunSystemError, SystemIn},
};

/// One iteration in so many is measured; a prime, so that what happens every 2, 5 or 16 iterations is met in its turn.
pub const MEASURED: u64 = 17;

/// The times of all systems of a tick.
#[derive(Resource, Default)]
pub struct Stopwatch {
    timers: Vec<Timer>,
    iterations: Arc<Iterations>,
}

/// How many iterations there were, how many of them were measured, and whether the one that runs is.
#[derive(Default)]
pub struct Iterations {
    measuring: AtomicBool,
    all: AtomicU64,
    measured: AtomicU64,
}

/// The time of one system.
#[derive(Clone)]
pub struct Timer {
    stage: &'static str,
    name: &'static str,
    nanoseconds: Arc<AtomicU64>,
    iterations: Arc<Iterations>,
}

/// The mean time of a system in an iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lap {
    /// The stage.
    pub stage: &'static str,
    /// The behaviour, or what else the system is called.
    pub name: &'static str,
    /// Mean time per iteration.
    pub mean: Duration,
}

impl Stopwatch {
    /// A timer for a system; systems of one name in one stage share it.
    pub fn timer(&mut self, stage: &'static str, name: &'static str) -> Timer {
        if let Some(timer) = self.timers.iter().find(|timer| (timer.stage, timer.name) == (stage, name)) {
            return timer.clone();
        }
        let timer = Timer { stage, name, nanoseconds: Arc::default(), iterations: self.iterations.clone() };
        self.timers.push(timer.clone());
        timer
    }

    /// The count of iterations, for whoever runs them.
    #[must_use]
    pub fn iterations(&self) -> Arc<Iterations> {
        self.iterations.clone()
    }

    /// For each system its stage, its name and its time (ns) in all iterations that were measured; and how many those are.
    #[must_use]
    pub fn totals(&self) -> (Vec<(&'static str, &'static str, u64)>, u64) {
        let total = |timer: &Timer| (timer.stage, timer.name, timer.nanoseconds.load(Relaxed));
        (self.timers.iter().map(total).collect(), self.iterations.measured.load(Relaxed))
    }

    /// The mean times so far, in the order of registration; empty if no iteration was measured.
    #[must_use]
    pub fn laps(&self) -> Vec<Lap> {
        let (totals, measured) = self.totals();
        if measured == 0 {
            return Vec::new();
        }
        let lap = |(stage, name, total): (_, _, u64)| Lap { stage, name, mean: Duration::from_nanos(total / measured) };
        totals.into_iter().map(lap).collect()
    }
}

impl Iterations {
    /// To be called after every iteration: decides whether the next one is measured.
    ///
    /// The first is not: caches are cold and pages are missing.
    #[inline]
    pub fn end_one(&self) {
        let all = self.all.load(Relaxed) + 1;
        self.all.store(all, Relaxed);
        if self.measuring.load(Relaxed) {
            self.measured.fetch_add(1, Relaxed);
            self.measuring.store(false, Relaxed);
        }
        if all % MEASURED == MEASURED / 2 {
            self.measuring.store(true, Relaxed);
        }
    }
}

/// Runs a system, now and then against the clock; not at all while nobody is there for whom it would.
pub struct Timed {
    timer: Timer,
    bearers: Option<Arc<AtomicUsize>>,
}

impl Timed {
    /// The system, timed; it rests while the number of `bearers` is zero.
    pub const fn wrap<S>(timer: Timer, bearers: Option<Arc<AtomicUsize>>, system: S) -> IntoAdapterSystem<Self, S> {
        IntoAdapterSystem::new(Self { timer, bearers }, system)
    }
}

impl<S: System<In = (), Out = ()>> Adapt<S> for Timed {
    type In = ();
    type Out = ();

    #[inline]
    fn adapt(
        &mut self,
        (): (),
        run_system: impl FnOnce(SystemIn<'_, S>) -> Result<(), RunSystemError>,
    ) -> Result<(), RunSystemError> {
        if self.bearers.as_ref().is_some_and(|bearers| bearers.load(Relaxed) == 0) {
            return Ok(());
        }
        if !self.timer.iterations.measuring.load(Relaxed) {
            return run_system(());
        }
        let start = Instant::now();
        let out = run_system(());
        self.timer.nanoseconds.fetch_add(start.elapsed().as_nanos() as u64, Relaxed);
        out
    }
}

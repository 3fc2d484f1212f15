//! The schedule: one iteration of a network, and the stages that it consists of.
//!
//! Within a stage, systems run one after another, since sums of floating-point numbers must not depend on what a scheduler
//! prefers: delivery first, then the behaviours of this crate in the order of its plugins, then those of other crates by the
//! path of their types, in whatever order all of them were registered.
#![forbid(unsafe_code)]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bevy_app::{App, Plugin};
use bevy_ecs::{
    component::ComponentId,
    prelude::*,
    schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor},
    system::BoxedSystem,
};

use crate::{
    network::{Behaviour, Clock, Failures, Given, Soundness, Switches, unsampled::sample_what_was_written},
    numeric::threads::{alone_if_short, calls_from_outside, is_alone},
    stopwatch::{Stopwatch, Timed, Timer},
};

/// One iteration of a network: run it with [`run_ticks`].
///
/// Single-threaded, 20 ns a system instead of the 1 µs of the multi-threaded executor; systems themselves share
/// large groups among threads.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tick;

/// What is done once, after the last iteration of a run: run it with [`finish`].
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finish;

/// The stages of a [`Tick`], in the order in which they run.
///
/// A spike that stage 2 of iteration *k* detects reaches its targets in stage 1 of iteration *k* + 1.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// What reaches a neuron: spikes are delivered, the input is cleared; receptors, noise and currents add to it.
    Input,
    /// Neuron models: spikes are detected and reset, the state advances by one step.
    Integrate,
    /// Synapses and neurons change.
    Learn,
    /// Recorders look at what the iteration left.
    Record,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Input, Self::Integrate, Self::Learn, Self::Record];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Integrate => "integrate",
            Self::Learn => "learn",
            Self::Record => "record",
        }
    }
}

/// The place of a system in the order of its stage.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place(Stage, usize);

/// The places of each stage, in the order in which their systems run.
#[derive(Resource, Default)]
struct Places([Vec<(Rank, Place)>; 4]);

/// What the place of a system in its stage goes by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// What begins the stage.
    First,
    /// Of this crate, in the order of registration.
    Own,
    /// Of other crates, by a path or a name, whoever is registered first.
    Others(String),
    /// What ends the stage.
    Last,
}

impl Rank {
    fn of_behaviour(path: &str) -> Self {
        let own = path.split("::").next() == Some(env!("CARGO_CRATE_NAME"));
        if own { Self::Own } else { Self::Others(path.to_owned()) }
    }
}

/// A system that is to join [`Tick`] at its place.
struct Joining {
    place: Place,
    system: BoxedSystem,
    /// Raised when it joins, if it looks [at once](SeenAtOnce) at who fired.
    hurries: Option<Arc<AtomicBool>>,
}

/// Whether a system runs that looks at who fired in the iteration itself: one that learns, one of another crate, a host. What is
/// delivered, and [patient](add_patient_system) systems, may hear of spikes at other ranks some iterations later.
#[derive(Resource, Default)]
pub(crate) struct SeenAtOnce(Arc<AtomicBool>);

impl SeenAtOnce {
    pub fn is_so(&self) -> bool {
        self.0.load(Relaxed)
    }
}

impl Joining {
    /// What delivers and integrates, if it is of this crate, is patient anyway.
    fn new(
        world: &mut World,
        (stage, rank, is_patient): (Stage, &Rank, bool),
        place: Place,
        system: BoxedSystem,
    ) -> Self {
        let is_own = !matches!(rank, Rank::Others(_));
        let waits = is_patient || is_own && matches!(stage, Stage::Input | Stage::Integrate);
        let hurries = (!waits).then(|| world.get_resource_or_init::<SeenAtOnce>().0.clone());
        Self { place, system, hurries }
    }

    fn join(self, tick: &mut Schedule) {
        if let Some(hurries) = &self.hurries {
            hurries.store(true, Relaxed);
        }
        tick.add_systems(self.system.in_set(self.place));
    }

    fn join_at_once(self, app: &mut App) {
        if let Some(tick) = app.get_schedule_mut(Tick) {
            self.join(tick);
        }
    }

    fn join_with(self, app: &mut App, behaviour: ComponentId) {
        app.world_mut().get_resource_or_init::<Dormant>().systems.push((behaviour, self));
    }
}

/// Systems of behaviours that no entity has had so far. They join [`Tick`] when the first one has: a network uses a
/// handful of all behaviours that there are, and a system costs 20 to 50 ns of every iteration even if it has nothing
/// to do.
#[derive(Resource, Default)]
struct Dormant {
    systems: Vec<(ComponentId, Joining)>,
    /// Those that are due, while [`Tick`] runs and cannot be changed.
    waking: Vec<Joining>,
    /// Whether there are any.
    any_waking: Arc<AtomicBool>,
}

/// How many entities have a behaviour, as the timers of its systems see it.
#[derive(Resource, Default)]
struct Bearers(HashMap<ComponentId, Arc<AtomicUsize>>);

/// What is put in order before an iteration, if it was found to be due since the last one. No systems, which would look
/// in every iteration for what is seldom to be done; and flags, as looking a resource up costs 10 ns.
#[derive(Resource, Default, Clone)]
struct BeforeTick(Vec<Errand>);

/// A piece of upkeep.
#[derive(Clone)]
struct Errand {
    due: Arc<AtomicBool>,
    work: Work,
}

/// Work on a world and its [`Tick`].
pub type Work = fn(&mut World, &mut Schedule);

impl BeforeTick {
    #[inline]
    fn carry_out(&self, world: &mut World, tick: &mut Schedule) {
        for Errand { due, work } in &self.0 {
            if due.load(Relaxed) {
                due.store(false, Relaxed);
                work(world, tick);
            }
        }
    }
}

/// The number of entities that have a behaviour; counted from the first time that it is asked for.
fn bearers(world: &mut World, behaviour: ComponentId) -> Arc<AtomicUsize> {
    let mut all = world.get_resource_or_init::<Bearers>();
    if let Some(number) = all.0.get(&behaviour) {
        return number.clone();
    }
    let number = Arc::<AtomicUsize>::default();
    all.0.insert(behaviour, number.clone());
    let (more, fewer) = (number.clone(), number.clone());
    let added = move |_: On<Add<()>>, dormant: ResMut<Dormant>, schedules: ResMut<Schedules>| {
        more.fetch_add(1, Relaxed);
        wake(behaviour, dormant.into_inner(), schedules.into_inner());
    };
    let removed = move |_: On<Remove<()>>| {
        fewer.fetch_sub(1, Relaxed);
    };
    world.spawn(Observer::new(added).with_component(behaviour));
    world.spawn(Observer::new(removed).with_component(behaviour));
    number
}

/// One more entity has a behaviour: systems that were waiting for the first one join the schedule.
fn wake(behaviour: ComponentId, dormant: &mut Dormant, schedules: &mut Schedules) {
    let joining = dormant.systems.extract_if(.., |(of, _)| *of == behaviour).map(|(_, joining)| joining);
    let joining: Vec<Joining> = joining.collect();
    match schedules.get_mut(Tick) {
        Some(tick) => joining.into_iter().for_each(|joining| joining.join(tick)),
        None => {
            dormant.any_waking.store(true, Relaxed);
            dormant.waking.extend(joining);
        }
    }
}

/// Lets those join that a system of the last iteration woke.
fn wake_due(world: &mut World, tick: &mut Schedule) {
    if let Some(mut dormant) = world.get_resource_mut::<Dormant>() {
        dormant.waking.drain(..).for_each(|joining| joining.join(tick));
    }
}

/// Sets up [`Tick`].
pub struct SchedulePlugin;

impl Plugin for SchedulePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Places>()
            .init_resource::<Dormant>()
            .init_resource::<Stopwatch>()
            .init_resource::<SeenAtOnce>();
        app.init_schedule(Tick).init_schedule(Finish);
        let any_waking = app.world().resource::<Dormant>().any_waking.clone();
        app.add_before_tick(any_waking, wake_due);
        app.edit_schedule(Tick, |tick| {
            tick.set_executor(SingleThreadedExecutor::new())
                .set_build_settings(ScheduleBuildSettings {
                    ambiguity_detection: LogLevel::Error,
                    ..Default::default()
                })
                .configure_sets((Stage::Input, Stage::Integrate, Stage::Learn, Stage::Record).chain());
        });
    }
}

/// Adds systems to the stages of a [`Tick`].
pub trait AddToStage {
    /// Adds a system of the behaviour `B`: behind those of this crate, if it is of another one.
    ///
    /// It runs while there are entities that have the behaviour, and its time is reported under the behaviour's
    /// name.
    fn add_behaviour_system<B: Behaviour, M>(
        &mut self,
        stage: Stage,
        system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
    ) -> &mut Self;

    /// Adds a system that belongs to no behaviour and always runs, under a name for reports.
    fn add_stage_system<M>(
        &mut self,
        stage: Stage,
        name: &'static str,
        system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
    ) -> &mut Self;

    /// Adds work on the world and its [`Tick`], to be done before an iteration whenever `due` says so, which is then
    /// false again.
    fn add_before_tick(&mut self, due: Arc<AtomicBool>, work: Work) -> &mut Self;
}

impl AddToStage for App {
    fn add_behaviour_system<B: Behaviour, M>(
        &mut self,
        stage: Stage,
        system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
    ) -> &mut Self {
        add_ranked::<B, M>(self, (stage, Rank::of_behaviour(B::type_path()), false), system);
        self
    }

    fn add_stage_system<M>(
        &mut self,
        stage: Stage,
        name: &'static str,
        system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
    ) -> &mut Self {
        add_named(self, (stage, name), Rank::Others(name.to_owned()), system);
        self
    }

    fn add_before_tick(&mut self, due: Arc<AtomicBool>, work: Work) -> &mut Self {
        self.world_mut().get_resource_or_init::<BeforeTick>().0.push(Errand { due, work });
        self
    }
}

/// Adds a system of a behaviour that looks at neurons in the care of its rank alone, or at spikes as they become
/// [news](crate::network::Spikes::news): ranks need not tell one another after each iteration who fired.
pub(crate) fn add_patient_system<B: Behaviour, M>(
    app: &mut App,
    stage: Stage,
    system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
) {
    add_ranked::<B, M>(app, (stage, Rank::Own, true), system);
}

/// Adds a system with which a stage begins, whatever was registered before.
pub(crate) fn begin_stage<M>(
    app: &mut App,
    stage: Stage,
    name: &'static str,
    system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
) {
    add_named(app, (stage, name), Rank::First, system);
}

fn add_named<M>(
    app: &mut App,
    (stage, name): (Stage, &'static str),
    rank: Rank,
    system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
) {
    let (place, timer) = place(app, stage, name, rank.clone());
    let system = timed(timer, None, system);
    Joining::new(app.world_mut(), (stage, &rank, false), place, system).join_at_once(app);
}

fn add_ranked<B: Behaviour, M>(
    app: &mut App,
    (stage, rank, is_patient): (Stage, Rank, bool),
    system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
) {
    let behaviour = app.world_mut().register_component::<B>();
    let (place, timer) = place(app, stage, B::short_type_path(), rank.clone());
    let bearers = bearers(app.world_mut(), behaviour);
    let system = timed(timer, Some(bearers), system);
    Joining::new(app.world_mut(), (stage, &rank, is_patient), place, system).join_with(app, behaviour);
}

/// Adds a system of a behaviour with which a stage ends.
pub(crate) fn end_stage_with<B: Behaviour, M>(
    app: &mut App,
    stage: Stage,
    system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
) {
    add_ranked::<B, M>(app, (stage, Rank::Last, false), system);
}

/// Adds a system with which a stage ends, whatever is registered later.
pub(crate) fn end_stage<M>(
    app: &mut App,
    stage: Stage,
    name: &'static str,
    system: impl IntoSystem<(), (), M> + Send + Sync + 'static,
) {
    add_named(app, (stage, name), Rank::Last, system);
}

/// Reserves a place of a stage for a system, and a timer of that name.
fn place(app: &mut App, stage: Stage, name: &'static str, rank: Rank) -> (Place, Timer) {
    let world = app.world_mut();
    let mut places = world.get_resource_or_init::<Places>();
    let places = &mut places.0[stage as usize];
    let (place, at) = (Place(stage, places.len()), places.partition_point(|(known, _)| *known <= rank));
    let before = at.checked_sub(1).map(|k| places[k].1);
    let after = places.get(at).map(|(_, place)| *place);
    places.insert(at, (rank, place));
    let timer = world.get_resource_or_init::<Stopwatch>().timer(stage.name(), name);
    app.edit_schedule(Tick, |tick| {
        tick.configure_sets(place.in_set(stage));
        if let Some(before) = before {
            tick.configure_sets(place.after(before));
        }
        if let Some(after) = after {
            tick.configure_sets(place.before(after));
        }
    });
    (place, timer)
}

fn timed<M>(timer: Timer, bearers: Option<Arc<AtomicUsize>>, system: impl IntoSystem<(), (), M>) -> BoxedSystem {
    Box::new(IntoSystem::into_system(Timed::wrap(timer, bearers, system)))
}

/// Runs iterations, each followed by the advance of the clock, until `count` of them are done or something fails;
/// returns how many were done. Before each, what is due of [`Switches`] is switched; every so many of them [`Soundness`]
/// looks after the state.
pub fn run_ticks(world: &mut World, count: u64) -> u64 {
    if !world.contains_resource::<Clock>() {
        world.get_resource_or_init::<Failures>().push("Clock", "without this resource no iteration can run");
        return 0;
    }
    world.init_resource::<Failures>();
    sample_what_was_written(world);
    Given::begin_run(world);
    let mut done = 0;
    while done < count {
        // Between two of their times nobody has to look at them.
        let stretch = Switches::carry_out(world).min(Soundness::look_if_due(world)).min(count - done);
        let ran = run_stretch(world, stretch);
        done += ran;
        if ran < stretch {
            break;
        }
    }
    Given::end_run(world);
    done
}

/// Runs iterations while nothing is switched.
///
/// Once a network has been found large enough to be shared among threads, they run on a thread of rayon's pool, unless
/// a system must stay on the thread of the caller; few iterations of a small network, as those of a frame, are not shared.
fn run_stretch(world: &mut World, count: u64) -> u64 {
    // Of a network that has not run nothing is known.
    let each = world.get_resource_or_init::<LastStretch>().each.unwrap_or(Duration::MAX);
    let expected = each.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
    let (ran, took) = alone_if_short(expected, || {
        let began = Instant::now();
        (run_here(world, count), began.elapsed())
    });
    if let Some(done) = u32::try_from(ran).ok().filter(|done| *done > 0) {
        world.get_resource_or_init::<LastStretch>().each = Some(took / done);
    }
    ran
}

/// What an iteration of the last stretch took: what the next one is expected to take.
#[derive(Resource, Default)]
struct LastStretch {
    each: Option<Duration>,
}

fn run_here(world: &mut World, count: u64) -> u64 {
    let laps = world.get_resource_or_init::<Stopwatch>().iterations();
    let upkeep = world.get_resource_or_init::<BeforeTick>().clone();
    let failed = world.get_resource_or_init::<Failures>().flag();
    let ran = world.try_schedule_scope(Tick, |world, tick| {
        let mut done = 0;
        let mut run_until = |world: &mut World, tick: &mut Schedule, moves: fn() -> bool| {
            while done < count && !moves() && !failed.load(Relaxed) {
                upkeep.carry_out(world, tick);
                tick.run(world);
                if let Some(mut clock) = world.get_resource_mut::<Clock>() {
                    clock.iteration += 1;
                }
                laps.end_one();
                done += 1;
            }
        };
        let moves = || calls_from_outside() && !is_alone();
        run_until(world, tick, moves);
        if moves() && can_move(tick) {
            rayon::scope(|_| run_until(world, tick, || false));
        } else {
            run_until(world, tick, || false);
        }
        done
    });
    ran.unwrap_or_else(|_| {
        let why = "there is no such schedule, since it runs already or no plugin of this crate was added";
        world.get_resource_or_init::<Failures>().push("Tick", why);
        0
    })
}

/// Lets those who wait for the end of a run do what is left to do, after a last look at the state: whoever runs the last
/// iteration calls it.
///
/// A Bevy application that shows a network without an end need not.
pub fn finish(world: &mut World) {
    Soundness::look(world);
    // In a world without the schedule nobody waits.
    let _ = world.try_run_schedule(Finish);
}

/// Whether all systems may run on any thread.
fn can_move(tick: &Schedule) -> bool {
    tick.systems().is_ok_and(|mut systems| systems.all(|(_, system)| system.is_send()))
}

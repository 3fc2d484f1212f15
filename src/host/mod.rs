//! Networks inside a Bevy application: ticks on `FixedUpdate`, at a pace; spikes, failures and what could not keep up as messages.
#![forbid(unsafe_code)]

#[cfg(feature = "asset")]
mod scene_file;
mod spawn;

#[cfg(feature = "asset")]
pub use scene_file::{SceneFile, SceneFilePlugin};
pub use spawn::{NetworkSource, Rebuilt, SpawnNetwork, rebuild};

use std::time::{Duration, Instant};

use bevy_app::{App, First, FixedUpdate, Plugin};
use bevy_ecs::{
    error::{BevyError, Result},
    intern::Interned,
    prelude::*,
    schedule::ScheduleLabel,
};
#[cfg(feature = "inspect")]
use bevy_reflect::prelude::*;
use bevy_time::Time;

use crate::{
    assemble::{Building, Network, take_in_built},
    network::{
        Clock, Failures, NeuronGroup, Rests, Runaway, Spikes, Warnings, failure::Failure, membership::network_of, rest,
    },
    record::RecordingMemory,
    schedule::{Stage, end_stage, run_ticks},
};

/// Runs [`Tick`](crate::schedule::Tick) from a schedule of the host; default `FixedUpdate`.
pub struct HostPlugin {
    /// The schedule that drives the network.
    pub schedule: Interned<dyn ScheduleLabel>,
}

impl HostPlugin {
    /// In a schedule of the host: `HostPlugin::in_schedule(Update)`.
    pub fn in_schedule(schedule: impl ScheduleLabel) -> Self {
        Self { schedule: schedule.intern() }
    }
}

impl Default for HostPlugin {
    fn default() -> Self {
        Self { schedule: FixedUpdate.intern() }
    }
}

/// How fast the networks of a world run in their host. Without it they rest; one alone rests by [`rest`](crate::network::rest()).
///
/// ```
/// use cortecs::prelude::*;
/// use std::time::Duration;
///
/// // A tenth of life's pace, and never more than 4 ms of a frame.
/// let pace = Pace { speed: Some(0.1), budget: Some(Duration::from_millis(4)), ..default() };
/// ```
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Resource))]
pub struct Pace {
    /// Iterations for every run of the host's schedule, unless there is a `speed`; default 1.
    pub ticks_per_step: u32,
    /// Time of the networks for time of the host (its [`Time`]): 1 for life's pace. Default `None`.
    pub speed: Option<f64>,
    /// How long iterations may take in a frame (wall time); the one that is under way is completed. What is left out is not made
    /// up for: it is told as [`FellBehind`]. Default `None`, as long as they take.
    pub budget: Option<Duration>,
    /// Whether the networks rest; default false.
    pub paused: bool,
    /// Iterations to run although they rest: set it to 1 for a single step. Counts down.
    pub single_steps: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { ticks_per_step: 1, speed: None, budget: None, paused: false, single_steps: 0 }
    }
}

/// The spikes of a group in one iteration; none is sent for a group that is silent. A message, and an event at the group.
#[derive(Message, EntityEvent, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fired {
    /// The group, which says what network it is [part of](crate::network::PartOf).
    #[event_target]
    pub group: Entity,
    /// The iteration of the world's clock, from 0.
    pub iteration: u64,
    /// The neurons that fired, ascending.
    pub neurons: Box<[u32]>,
}

/// A network has failed, and rests; the others go on. A message, and an event at the network.
#[derive(Message, EntityEvent, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkFailed {
    /// The network.
    #[event_target]
    pub network: Entity,
    /// The group, receptor or synapse group where it happened.
    pub at: Entity,
    /// Who failed, and why.
    pub why: String,
}

/// A network that was built in the background is there, and begins. A message, and an event at the network.
#[derive(Message, EntityEvent, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkBuilt {
    /// The network.
    #[event_target]
    pub network: Entity,
    /// Its neuron groups, in the order of the scene.
    pub groups: Vec<Entity>,
}

/// Iterations that were due and were left out, as they would have taken longer than the [budget](Pace::budget).
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FellBehind {
    /// How many.
    pub iterations: u32,
}

/// The set in which the network's iterations run: a host's own systems go before or after it.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
pub struct NetworkSystems;

/// What the pace has come to.
#[derive(Resource, Default)]
struct Account {
    /// Parts of an iteration that time has passed for.
    owed: f64,
    /// Wall time in this frame.
    spent: Duration,
    /// Spikes that are yet to be sent.
    fired: Vec<Fired>,
}

impl Plugin for HostPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Pace>().init_resource::<Account>().init_resource::<RecordingMemory>();
        #[cfg(feature = "inspect")]
        app.register_type::<Pace>();
        app.add_message::<NetworkBuilt>()
            .add_message::<Fired>()
            .add_message::<Runaway>()
            .add_message::<NetworkFailed>()
            .add_message::<FellBehind>();
        app.add_systems(First, begin_frame);
        app.add_systems(self.schedule, advance.in_set(NetworkSystems));
        end_stage(app, Stage::Record, "spikes to the host", collect);
    }
}

fn collect(groups: Query<(Entity, &Spikes)>, clock: Res<Clock>, mut account: ResMut<Account>) {
    let before = account.fired.len();
    for (group, spikes) in &groups {
        if !spikes.neurons().is_empty() {
            let neurons = spikes.neurons().into();
            account.fired.push(Fired { group, iteration: clock.iteration, neurons });
        }
    }
    account.fired[before..].sort_by_key(|fired| fired.group);
}

fn begin_frame(world: &mut World, asked: &mut QueryState<(), With<spawn::Asked>>) {
    world.get_resource_or_init::<Account>().spent = Duration::ZERO;
    if asked.iter(world).next().is_some() {
        spawn::begin_asked(world);
    }
}

/// Runs the iterations that are due; where there are no neurons, and nothing to be told, only time passes. A network that fails
/// rests; what fails and is of no network pauses all. Both go to the host's error handler too.
fn advance(
    world: &mut World,
    groups: &mut QueryState<(), With<NeuronGroup>>,
    building: &mut QueryState<(), With<Building>>,
) -> Result {
    let is_building = building.iter(world).next().is_some();
    let mut failed = if is_building { tell_built(world) } else { Vec::new() };
    let due = due(world)?;
    let nothing_failed = world.get_resource::<Failures>().is_none_or(Failures::is_empty);
    if failed.is_empty()
        && nothing_failed
        && groups.iter(world).next().is_none()
        && let Some(mut clock) = world.get_resource_mut::<Clock>()
    {
        clock.iteration += u64::from(due);
        return Ok(());
    }
    let mut done = 0;
    while done < due {
        let ran = run_within_budget(world, due - done);
        done += ran.done;
        let (told, goes_on) = tell_failures(world);
        let ends = ran.is_over && !goes_on;
        failed.extend(told);
        if ends || world.get_resource::<Pace>().is_none_or(|pace| pace.paused) {
            break;
        }
    }
    if due > 0 {
        tell_what_happened(world);
    }
    if failed.is_empty() { Ok(()) } else { Err(BevyError::error(failed.join("; "))) }
}

/// Tells of networks that are there now; returns those that are not to be, in words.
fn tell_built(world: &mut World) -> Vec<String> {
    let mut failed = Vec::new();
    for (network, built) in take_in_built(world) {
        match built {
            Ok(Network { groups, .. }) => spawn::tell_built(world, network, groups),
            Err(why) => {
                spawn::tell_refused(world, network, why.to_string());
                failed.push(why.to_string());
            }
        }
    }
    failed
}

/// How many iterations are due.
fn due(world: &mut World) -> Result<u32> {
    let Some(mut pace) = world.get_resource_mut::<Pace>() else { return Ok(0) };
    if pace.paused {
        return Ok(std::mem::take(&mut pace.single_steps));
    }
    let Some(speed) = pace.speed else { return Ok(pace.ticks_per_step) };
    let told = "`Pace.speed` counts by the time of the host: add bevy's `TimePlugin`";
    let passed = world.get_resource::<Time>().ok_or_else(|| BevyError::error(told))?.delta_secs_f64();
    let dt = world.get_resource::<Clock>().copied().unwrap_or_default().dt;
    let mut account = world.get_resource_or_init::<Account>();
    // A speed that is none lets them rest.
    let owed = account.owed + 1e3 * passed * speed / dt;
    // A time that is a multiple of dt may lie a rounding below it.
    let whole = (owed + 1e-9).floor().clamp(0.0, f64::from(u32::MAX));
    account.owed = if owed.is_finite() { (owed - whole).max(0.0) } else { 0.0 };
    Ok(whole as u32)
}

struct Ran {
    done: u32,
    /// Whether nothing more is to run.
    is_over: bool,
}

/// Runs iterations until something fails or the budget is spent.
fn run_within_budget(world: &mut World, due: u32) -> Ran {
    let Some(budget) = world.get_resource::<Pace>().and_then(|pace| pace.budget) else {
        let done = run_ticks(world, u64::from(due)) as u32;
        return Ran { done, is_over: done == 0 };
    };
    let (begun, mut done) = (Instant::now(), 0);
    let spent = world.get_resource_or_init::<Account>().spent;
    while done < due && spent + begun.elapsed() < budget && run_ticks(world, 1) > 0 {
        done += 1;
    }
    let spent = spent + begun.elapsed();
    world.get_resource_or_init::<Account>().spent = spent;
    if done < due && spent >= budget && world.get_resource::<Failures>().is_none_or(Failures::is_empty) {
        world.write_message(FellBehind { iterations: due - done });
        done = due;
    }
    Ran { done, is_over: done == 0 }
}

/// Lets networks rest that have failed, and tells of them; returns all failures in words, and whether others go on because of it.
fn tell_failures(world: &mut World) -> (Vec<String>, bool) {
    let failures = world.get_resource_or_init::<Failures>().take();
    let mut goes_on = false;
    for failure in &failures {
        let at = failure.entity.and_then(|at| Some((network_of(world, at)?, at)));
        match at {
            Some((network, at)) => {
                goes_on |= world.get::<Rests>(network).is_none();
                rest(world, network);
                let failed = NetworkFailed { network, at, why: failure.to_string() };
                world.write_message(failed.clone());
                world.trigger(failed);
            }
            None => {
                if let Some(mut pace) = world.get_resource_mut::<Pace>() {
                    pace.paused = true;
                }
            }
        }
    }
    (failures.iter().map(Failure::to_string).collect(), goes_on)
}

fn tell_what_happened(world: &mut World) {
    let mut fired = std::mem::take(&mut world.get_resource_or_init::<Account>().fired);
    let heard = world.event_key::<Fired>().is_some_and(|fired| world.observers().try_get_observers(fired).is_some());
    if heard {
        fired.iter_mut().for_each(|spikes| world.trigger_ref(spikes));
    }
    world.write_message_batch(fired);
    let runaways = world.get_resource_or_init::<Warnings>().take();
    world.write_message_batch(runaways);
}

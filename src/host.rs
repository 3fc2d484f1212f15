//! A network inside a bevy application: ticks on `FixedUpdate`, pause and single step, spikes as messages.
#![forbid(unsafe_code)]

use bevy_app::{App, FixedUpdate, Plugin};
use bevy_ecs::{
    error::{BevyError, Result},
    intern::Interned,
    prelude::*,
    schedule::ScheduleLabel,
};

use crate::{
    network::{Clock, Failures, Runaway, Spikes, Warnings, failure::Failure},
    schedule::run_ticks,
};

/// Runs [`Tick`](crate::schedule::Tick) from a schedule of the host; default `FixedUpdate`.
pub struct HostPlugin {
    /// The schedule that drives the network.
    pub schedule: Interned<dyn ScheduleLabel>,
}

impl Default for HostPlugin {
    fn default() -> Self {
        Self { schedule: FixedUpdate.intern() }
    }
}

/// How fast the networks of a world run in their host. Without it they rest.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Iterations for every run of the host's schedule; default 1.
    pub ticks_per_step: u32,
    /// Whether the network rests; default false.
    pub paused: bool,
    /// Iterations to run although it rests: set it to 1 for a single step. Counts down.
    pub single_steps: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { ticks_per_step: 1, paused: false, single_steps: 0 }
    }
}

/// The spikes of a group in one iteration; none is sent for a group that is silent.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// The group, which says what network it is [part of](crate::network::PartOf).
    pub group: Entity,
    /// The iteration, from 0.
    pub iteration: u64,
    /// The neurons that fired, ascending.
    pub neurons: Box<[u32]>,
}

/// The set in which the network's iterations run: a host's own systems go before or after it.
#[derive(SystemSet, Clone, Debug, PartialEq, Eq, Hash)]
pub struct NetworkSystems;

impl Plugin for HostPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Pace>().add_message::<Fired>().add_message::<Runaway>();
        app.add_systems(self.schedule, advance.in_set(NetworkSystems));
    }
}

/// Runs the iterations that are due. A failure pauses the networks and goes to the host's error handler.
fn advance(world: &mut World) -> Result {
    let Some(mut pace) = world.get_resource_mut::<Pace>() else { return Ok(()) };
    let due = if pace.paused { std::mem::take(&mut pace.single_steps) } else { pace.ticks_per_step };
    let mut spikes = world.query::<(Entity, &Spikes)>();
    for _ in 0..due {
        let iteration = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
        if run_ticks(world, 1) == 0 {
            break;
        }
        let mut fired: Vec<Fired> = spikes
            .iter(world)
            .filter(|(_, spikes)| !spikes.neurons().is_empty())
            .map(|(group, spikes)| Fired { group, iteration, neurons: spikes.neurons().into() })
            .collect();
        fired.sort_by_key(|fired| fired.group);
        world.write_message_batch(fired);
    }
    let runaways = world.get_resource_or_init::<Warnings>().take();
    world.write_message_batch(runaways);
    let failures = world.get_resource_or_init::<Failures>().take();
    if failures.is_empty() {
        return Ok(());
    }
    if let Some(mut pace) = world.get_resource_mut::<Pace>() {
        pace.paused = true;
    }
    let messages: Vec<String> = failures.iter().map(Failure::to_string).collect();
    Err(BevyError::error(messages.join("; ")))
}

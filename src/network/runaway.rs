//! Groups that run away: excitation without end, in which all neurons fire about as often as they can.

use std::fmt;

use bevy_ecs::prelude::*;

use super::{
    clock::Clock,
    columns::{Spikes, V},
    group::NeuronGroup,
    preparation::path_of,
};

/// The least time (ms) over which a rate is taken: longer than a burst, and than what a network needs to settle at its start.
const OVER: f64 = 100.0;

/// The shortest time (ms) from a spike to the next where a model has no refractory period: as long as a spike of a nerve
/// cell lasts.
const SPIKE: f64 = 1.0;

/// The share of the greatest possible rate from which a group runs away. Networks that are meant to fire fast stay below: the
/// fastest state of Brunel's (2000) reaches two thirds of it.
const SHARE: f64 = 0.85;

/// On a neuron group: the fewest iterations from a spike of a neuron to its next, as a model with a refractory period
/// states them.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeastInterval(pub u64);

/// A group that runs away: over 100 ms or more all its neurons fired, on average, at 85 % or more of the rate that their
/// refractory period allows, or of 1000 Hz where it is shorter than a spike. Noted once, until the group has calmed down.
#[derive(Message, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Runaway {
    /// The group; nobody in a warning that was read from a report.
    #[serde(skip, default = "nobody")]
    pub group: Entity,
    /// Its name.
    #[serde(rename = "group")]
    pub name: String,
    /// The first iteration of the time over which the rate was taken.
    pub iteration: u64,
    /// The first iteration after it.
    pub until: u64,
    /// The mean rate of a neuron (Hz).
    pub rate_hz: f64,
    /// The greatest rate (Hz) that the refractory period allows, or a spike of 1 ms.
    pub limit_hz: f64,
}

const fn nobody() -> Entity {
    Entity::PLACEHOLDER
}

impl fmt::Display for Runaway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, iteration, until, rate_hz, limit_hz, .. } = self;
        let last = until.saturating_sub(1);
        write!(
            f,
            "`{name}` runs away: in iterations {iteration} to {last} its neurons fire at {rate_hz:.0} Hz on average, "
        )?;
        if rate_hz > limit_hz {
            return write!(f, "above the {limit_hz:.0} Hz of spikes that last 1 ms: nothing in the model ends them");
        }
        write!(f, "and their refractory period or the length of a spike allows {limit_hz:.0} Hz")
    }
}

/// What a network warns of while it runs on, since it was last taken.
#[derive(Resource, Default, Debug)]
pub struct Warnings(Vec<Runaway>);

impl Warnings {
    /// Notes a warning.
    pub(super) fn push(&mut self, runaway: Runaway) {
        self.0.push(runaway);
    }

    /// The warnings so far, which are then forgotten.
    pub fn take(&mut self) -> Vec<Runaway> {
        std::mem::take(&mut self.0)
    }

    /// The warnings so far.
    #[must_use]
    pub fn as_slice(&self) -> &[Runaway] {
        &self.0
    }
}

/// How a group has fired since a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Activity {
    /// The clock and the number of spikes at that moment.
    since: Option<(u64, u64)>,
    /// Whether it ran away in the time before, and was reported.
    runs_away: bool,
}

impl Activity {
    /// That of a group of neurons, whose spikes come from a membrane potential; what sources of given spikes do is meant.
    pub fn of(group: EntityRef<'_>) -> Option<Self> {
        (group.contains::<V>() && group.contains::<Spikes>()).then(Self::default)
    }

    /// Whether the group has begun to run away, once the time is full.
    pub fn look(&mut self, world: &World, group: Entity, clock: &Clock) -> Option<Runaway> {
        let (spikes, neurons) = (world.get::<Spikes>(group)?.total(), world.get::<NeuronGroup>(group)?.size());
        let now = clock.iteration;
        // The clock and the spikes may have been set back.
        let Some((since, before)) = self.since.filter(|(since, before)| *since <= now && *before <= spikes) else {
            self.since = Some((now, spikes));
            return None;
        };
        let iterations = now - since;
        let ms = iterations as f64 * clock.dt;
        if ms < OVER * (1.0 - 1e-6) {
            return None;
        }
        self.since = Some((now, spikes));
        let least = world.get::<LeastInterval>(group).map_or(0.0, |least| least.0 as f64 * clock.dt);
        let rate_hz = (spikes - before) as f64 / neurons as f64 / ms * 1000.0;
        let limit_hz = 1000.0 / least.max(SPIKE).max(clock.dt);
        let reported = std::mem::replace(&mut self.runs_away, rate_hz >= SHARE * limit_hz);
        let name = path_of(world, group);
        (self.runs_away && !reported).then_some(Runaway {
            group,
            name,
            iteration: since,
            until: now,
            rate_hz,
            limit_hz,
        })
    }
}

//! Groups that run away, or some neurons of them: excitation without end, in which neurons fire about as often as they can.

use std::fmt;

use bevy_ecs::prelude::*;

use super::{
    clock::Clock,
    columns::{Spikes, V},
    ranks::{Owned, Ranks},
    shape::path_of,
};

/// The least time (ms) over which a rate is taken: longer than a burst, and than what a network needs to settle at its start.
const OVER: f64 = 100.0;

/// The shortest time (ms) from a spike to the next where a model has no refractory period: as long as a spike of a nerve
/// cell lasts.
const SPIKE: f64 = 1.0;

/// The share of the greatest possible rate from which a group runs away. Networks that are meant to fire fast stay below: the
/// fastest state of Brunel's (2000) reaches two thirds of it.
const SHARE: f64 = 0.85;

/// The share from which a neuron does that is not one of many: a strong current alone may take it to nine tenths.
const SHARE_ALONE: f64 = 0.95;

/// On a neuron group: the fewest iterations from a spike of a neuron to its next, as a model with a refractory period
/// states them.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeastInterval(pub u64);

/// A group that runs away: over 100 ms or more all its neurons fired, on average, at 85 % or more of the rate that their
/// refractory period allows, or of 1000 Hz where it is shorter than a spike; or some of its neurons did, each at 95 % or more. Noted once, until
/// the group has calmed down, and again if some have become all.
#[derive(Message, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
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
    /// How many neurons run away: all of the group, unless there is a `first`.
    #[serde(default)]
    pub neurons: usize,
    /// The first of them, if not the group as a whole runs away.
    #[serde(default)]
    pub first: Option<usize>,
    /// Their mean rate (Hz).
    pub rate_hz: f64,
    /// The greatest rate (Hz) that the refractory period allows, or a spike of 1 ms.
    pub limit_hz: f64,
}

const fn nobody() -> Entity {
    Entity::PLACEHOLDER
}

impl fmt::Display for Runaway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, iteration, until, rate_hz, limit_hz, neurons, .. } = self;
        let (who, they) = match self.first {
            None => (format!("`{name}` runs away"), "its neurons fire"),
            Some(first) if *neurons == 1 => (format!("neuron {first} of `{name}` runs away"), "it fires"),
            Some(first) => (format!("{neurons} neurons of `{name}` run away, the first is {first}"), "they fire"),
        };
        let last = until.saturating_sub(1);
        write!(f, "{who}: in iterations {iteration} to {last} {they} at {rate_hz:.0} Hz on average, ")?;
        if *limit_hz >= 1000.0 / SPIKE && rate_hz > limit_hz {
            return write!(f, "above the {limit_hz:.0} Hz of spikes that last 1 ms: nothing in the model ends them");
        }
        write!(f, "and the refractory period or the length of a spike allows {limit_hz:.0} Hz")
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
    /// The clock at that moment.
    since: Option<u64>,
    /// Who ran away in the time before, and was reported.
    reported: Away,
}

/// Who runs away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Away {
    #[default]
    Nobody,
    Some,
    All,
}

impl Activity {
    /// That of a group of neurons, whose spikes come from a membrane potential; what sources of given spikes do is meant.
    pub fn of(group: EntityRef<'_>) -> Option<Self> {
        (group.contains::<V>() && group.contains::<Spikes>()).then(Self::default)
    }

    /// Whether the group has begun to run away, once the time is full. Ranks that share it look at the same time.
    pub fn look(&mut self, world: &mut World, group: Entity, clock: &Clock) -> Option<Runaway> {
        let now = clock.iteration;
        // The clock may have been set back.
        let since = self.since.filter(|since| *since <= now);
        let ms = since.map_or(0.0, |since| (now - since) as f64 * clock.dt);
        if since.is_some() && ms < OVER * (1.0 - 1e-6) {
            return None;
        }
        let least = world.get::<LeastInterval>(group).map_or(0.0, |least| least.0 as f64 * clock.dt);
        let limit_hz = 1000.0 / least.max(SPIKE).max(clock.dt);
        let fired = since.and_then(|_| Fired::of(world, group, (ms, SHARE_ALONE * limit_hz)));
        self.since = Some(now);
        world.get_mut::<Spikes>(group)?.bypass_change_detection().count();
        let found = Found::of(&fired?, ms, limit_hz);
        let before = std::mem::replace(&mut self.reported, found.away);
        let name = path_of(world, group);
        let Found { away, neurons, first, rate_hz } = found;
        let runaway = Runaway { group, name, iteration: since?, until: now, neurons, first, rate_hz, limit_hz };
        (away > before).then_some(runaway)
    }
}

/// How often the neurons of a group have fired, and those that did so often.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fired {
    neurons: u64,
    spikes: u64,
    often: u64,
    spikes_of_those: u64,
    /// The first of those, or the greatest number.
    first: u64,
}

impl Fired {
    /// That of all ranks in a time (ms); `None` where one of them has not counted. It is often from a rate (Hz) on.
    fn of(world: &World, group: Entity, often: (f64, f64)) -> Option<Self> {
        let here = world.get::<Spikes>(group).and_then(|spikes| Self::here(spikes, often));
        let (Some(Ranks(exchange)), true) = (world.get_resource::<Ranks>(), world.get::<Owned>(group).is_some()) else {
            return here;
        };
        let own = here.map(|Self { neurons, spikes, often, spikes_of_those, first }| {
            [neurons, spikes, often, spikes_of_those, first]
        });
        let of_rank = |numbers: Vec<u64>| {
            let [neurons, spikes, often, spikes_of_those, first] = numbers.try_into().ok()?;
            Some(Self { neurons, spikes, often, spikes_of_those, first })
        };
        exchange
            .all_numbers(own.as_ref().map_or(&[], |own| &own[..]))
            .into_iter()
            .map(of_rank)
            .reduce(|one, other| Some(one?.and(other?)))
            .flatten()
    }

    fn here(spikes: &Spikes, (ms, often_hz): (f64, f64)) -> Option<Self> {
        let (counts, start) = spikes.counts()?;
        let is_often = |count: &u32| f64::from(*count) / ms * 1000.0 >= often_hz;
        let of_those = || counts.iter().filter(|count| is_often(count));
        Some(Self {
            neurons: counts.len() as u64,
            spikes: counts.iter().map(|&count| u64::from(count)).sum(),
            often: of_those().count() as u64,
            spikes_of_those: of_those().map(|&count| u64::from(count)).sum(),
            first: counts.iter().position(is_often).map_or(u64::MAX, |first| (start + first) as u64),
        })
    }

    fn and(self, other: Self) -> Self {
        Self {
            neurons: self.neurons + other.neurons,
            spikes: self.spikes + other.spikes,
            often: self.often + other.often,
            spikes_of_those: self.spikes_of_those + other.spikes_of_those,
            first: self.first.min(other.first),
        }
    }
}

/// Who runs away, as [`Runaway`] tells it.
struct Found {
    away: Away,
    neurons: usize,
    first: Option<usize>,
    rate_hz: f64,
}

impl Found {
    /// By how often neurons have fired in a time (ms), of which there can be so many spikes (Hz).
    fn of(fired: &Fired, ms: f64, limit_hz: f64) -> Self {
        let hz = |spikes: u64, neurons: u64| spikes as f64 / ms * 1000.0 / neurons.max(1) as f64;
        let all = hz(fired.spikes, fired.neurons);
        if all >= SHARE * limit_hz {
            return Self { away: Away::All, neurons: fired.neurons as usize, first: None, rate_hz: all };
        }
        Self {
            away: if fired.often > 0 { Away::Some } else { Away::Nobody },
            neurons: fired.often as usize,
            first: (fired.often > 0).then_some(fired.first as usize),
            rate_hz: hz(fired.spikes_of_those, fired.often),
        }
    }
}

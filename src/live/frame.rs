//! What is new of a network at a look, and what somebody wants to look at.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    BehaviourView, Logged,
    synapses::{Partners, WeightsView},
    tap::{MOST, Probe, Seen},
    wire,
};
use crate::{
    network::{Variables, View},
    numeric::real::wide,
};

/// What somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// Variables of whole groups, at every look: place of the group, name.
    pub columns: Vec<(u32, String)>,
    /// Variables of single neurons, of every iteration.
    pub probes: Vec<Probe>,
    /// The neuron whose synapses are looked at now and then: group, neuron.
    pub partners: Option<(u32, u32)>,
    /// The synapse group whose weights are looked at now and then, by its place in the outline.
    pub weights: Option<u32>,
    /// Whether it is to be seen now and then where the time goes.
    pub costs: bool,
}

impl Wanted {
    /// All that one of both wants; of what only one can have the own.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        let more = |column: &&(u32, String)| !self.columns.contains(column);
        let columns: Vec<_> = other.columns.iter().filter(|column| more(column)).cloned().collect();
        let probes: Vec<_> = other.probes.iter().filter(|probe| !self.probes.contains(probe)).cloned().collect();
        self.columns.extend(columns);
        self.probes.extend(probes);
        self.partners = self.partners.or(other.partners);
        self.weights = self.weights.or(other.weights);
        self.costs |= other.costs;
        self
    }
}

/// How long a stage takes, or a behaviour in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// The stage.
    pub stage: String,
    /// The behaviour, or what else of the stage.
    pub name: String,
    /// Mean time (µs) of an iteration since the look before.
    pub microseconds: f64,
}

/// A variable of a whole group at a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The group, by its place in the outline.
    pub group: u32,
    /// The variable.
    pub variable: String,
    /// A value for each neuron; over a socket one of 254 levels.
    #[serde(with = "wire::levels")]
    pub values: Vec<f32>,
}

impl Snapshot {
    pub(super) fn of(world: &World, (group, entity): (u32, Entity), variable: &str) -> Option<Self> {
        let variables = world.get_resource::<Variables>()?;
        let values = match variables.view(world.get_entity(entity).ok()?, variable)? {
            View::Real(values) => values.iter().map(|&value| wide(value) as f32).collect(),
            View::Bool(values) => values.iter().map(|&value| f32::from(value)).collect(),
        };
        Some(Self { group, variable: variable.to_owned(), values })
    }
}

/// Messages that wait for somebody to take them, the newest.
const MOST_TOLD: usize = 100;

/// The trace of a probe: iteration, value.
pub type Trace = Vec<(u64, f32)>;

/// What is new since the frame before. Who takes frames late gets in one what was in several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The iterations that are done.
    pub iteration: u64,
    /// The furthest that was come to so far: there is something to be seen until there.
    pub furthest: u64,
    /// Spikes and traces since the frame before; after a leap in time, those since the leap.
    pub seen: Seen,
    /// The probes that the traces are of.
    pub probes: Vec<Probe>,
    /// Whether time has leapt, so that what was seen before is not what came before.
    pub leapt: bool,
    /// Variables of whole groups.
    pub columns: Vec<Snapshot>,
    /// Iterations for a second of wall time.
    pub speed: f64,
    /// Whether it rests.
    pub paused: bool,
    /// Whether the source is gone: nothing else of the frame says anything then but what is told.
    pub ended: bool,
    /// What has failed, or was refused.
    pub told: Vec<String>,
    /// All interventions so far, if there are others than in the frame before.
    pub log: Option<Vec<Logged>>,
    /// All behaviours as they are, if they are others than in the frame before.
    pub behaviours: Option<Vec<BehaviourView>>,
    /// The synapses of a neuron, if they were looked at.
    pub partners: Option<Partners>,
    /// The weights of a synapse group, if they were looked at.
    pub weights: Option<WeightsView>,
    /// Where the time goes, if it was looked at.
    pub costs: Option<Vec<Cost>>,
    /// Other futures that can be gone to, if there are others than in the frame before.
    pub branches: Option<Vec<Branch>>,
    /// Spikes of the network without what was done, if it is compared with.
    pub twin: Option<Seen>,
}

/// Another future: what was done in it, and how far it has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// What was done in it.
    pub log: Vec<Logged>,
    /// The iteration at which it was left.
    pub end: u64,
}

impl Frame {
    /// Joins those that nobody has taken yet.
    pub(super) fn join(self, waiting: &mut Option<Self>) {
        match waiting {
            Some(before) => before.take_in(self),
            None => *waiting = Some(self),
        }
    }

    /// Takes in what is new in a later one.
    pub(super) fn take_in(&mut self, later: Self) {
        if later.leapt || later.probes != self.probes {
            self.seen.traces.clear();
        }
        if later.leapt {
            (self.seen, self.twin) = (Seen::default(), None);
        }
        self.seen.take_in(later.seen);
        if let Some(twin) = later.twin {
            self.twin.get_or_insert_default().take_in(twin);
        }
        self.told.extend(later.told);
        self.told.drain(..self.told.len().saturating_sub(MOST_TOLD));
        self.log = later.log.or(self.log.take());
        self.behaviours = later.behaviours.or(self.behaviours.take());
        self.partners = later.partners.or(self.partners.take());
        self.weights = later.weights.or(self.weights.take());
        self.costs = later.costs.or(self.costs.take());
        self.branches = later.branches.or(self.branches.take());
        (self.iteration, self.furthest, self.speed, self.paused) =
            (later.iteration, later.furthest, later.speed, later.paused);
        (self.probes, self.columns) = (later.probes, later.columns);
        self.leapt |= later.leapt;
        self.ended |= later.ended;
    }
}

impl Seen {
    fn take_in(&mut self, later: Self) {
        self.spikes.extend(later.spikes);
        let over = self.spikes.len().saturating_sub(MOST);
        self.spikes.drain(..over);
        self.dropped += later.dropped + over as u64;
        self.traces.resize(later.traces.len(), Vec::new());
        for (known, new) in self.traces.iter_mut().zip(later.traces) {
            known.extend(new);
            known.drain(..known.len().saturating_sub(MOST));
        }
    }
}

//! What is seen of every iteration while somebody looks: spikes, and variables of some neurons. Not a recorder: it is no part of the
//! network, and of no checkpoint.

use bevy_app::App;
use bevy_ecs::{prelude::*, resource::IsResource};
use serde::{Deserialize, Serialize};

use crate::{
    network::{Clock, Spikes, VariableEntry, Variables, View},
    numeric::real::wide,
    schedule::{Stage, end_stage},
};

/// A variable of a neuron that is looked at in every iteration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Probe {
    /// The group, by its place in the outline.
    pub group: u32,
    /// The neuron.
    pub neuron: u32,
    /// The variable, `v`.
    pub variable: String,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Spikes in the order of iterations, groups and neurons: iteration, group, neuron.
    pub spikes: Vec<(u64, u32, u32)>,
    /// Spikes that were not kept, because nobody took them.
    pub dropped: u64,
    /// For each probe its values: iteration, value.
    pub traces: Vec<Vec<(u64, f32)>>,
}

/// The most spikes, or values of a probe, that wait for somebody to take them.
pub(super) const MOST: usize = 2_000_000;

/// What is looked at, and what was seen since somebody took it.
#[derive(Resource, Default)]
pub(super) struct Tap {
    pub probes: Vec<Looked>,
    groups: Vec<Entity>,
    seen: Seen,
}

/// A probe, where it is, and what holds its variable, once that was found.
pub(super) struct Looked {
    entity: Entity,
    pub probe: Probe,
    entry: Option<VariableEntry>,
}

impl Looked {
    pub const fn new(entity: Entity, probe: Probe) -> Self {
        Self { entity, probe, entry: None }
    }

    fn value(&mut self, all: &Query<EntityRef, Without<IsResource>>, variables: &Variables) -> Option<f32> {
        let (here, name) = (all.get(self.entity).ok()?, &*self.probe.variable);
        if self.entry.is_none() {
            self.entry = variables.find(here, name);
        }
        let neuron = self.probe.neuron as usize;
        match self.entry?.view(here, name)? {
            View::Real(values) => values.get(neuron).map(|&value| wide(value) as f32),
            View::Bool(values) => values.get(neuron).map(|&value| f32::from(value)),
        }
    }
}

impl Tap {
    /// Has the spikes of groups be seen, in this order.
    pub fn of(groups: &[Entity]) -> Self {
        Self { groups: groups.to_vec(), ..Self::default() }
    }

    /// Looks at other neurons from now on.
    pub fn probe(&mut self, probes: Vec<Looked>) {
        self.seen.traces = vec![Vec::new(); probes.len()];
        self.probes = probes;
    }

    /// What was seen since the last time.
    pub fn take(&mut self) -> Seen {
        let traces = vec![Vec::new(); self.probes.len()];
        std::mem::replace(&mut self.seen, Seen { traces, ..Seen::default() })
    }
}

/// What those need who look at networks of an app: a system that ends each iteration, and does nothing until somebody looks.
pub fn plugin(app: &mut App) {
    app.init_resource::<Tap>();
    end_stage(app, Stage::Record, "what is seen", look);
}

fn look(
    groups: Query<&Spikes>,
    all: Query<EntityRef, Without<IsResource>>,
    variables: Res<Variables>,
    clock: Res<Clock>,
    mut tap: ResMut<Tap>,
) {
    let Tap { probes, groups: places, seen } = &mut *tap;
    // In the order of places; a group's spikes ascend.
    for (&group, place) in places.iter().zip(0..) {
        let Ok(spikes) = groups.get(group).map(Spikes::neurons) else { continue };
        if seen.spikes.len() >= MOST {
            seen.dropped += spikes.len() as u64;
            continue;
        }
        seen.spikes.extend(spikes.iter().map(|&neuron| (clock.iteration, place, neuron)));
    }
    for (looked, trace) in probes.iter_mut().zip(&mut seen.traces) {
        if trace.len() >= MOST {
            continue;
        }
        if let Some(value) = looked.value(&all, &variables) {
            trace.push((clock.iteration, value));
        }
    }
}

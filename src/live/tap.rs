//! What is seen of every iteration while somebody looks: spikes, and variables of some neurons. Not a recorder: it is no part of the
//! network, and of no checkpoint.

use std::collections::HashMap;

use bevy_app::App;
use bevy_ecs::{prelude::*, resource::IsResource};
use serde::{Deserialize, Serialize};

use crate::{
    network::{Clock, Spikes, Variables, View},
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
    pub probes: Vec<(Entity, Probe)>,
    groups: HashMap<Entity, u32>,
    seen: Seen,
}

impl Tap {
    /// Has the spikes of groups be seen, in this order.
    pub fn of(groups: &[Entity]) -> Self {
        let groups = groups.iter().zip(0..).map(|(group, place)| (*group, place)).collect();
        Self { groups, ..Self::default() }
    }

    /// Looks at other neurons from now on.
    pub fn probe(&mut self, probes: Vec<(Entity, Probe)>) {
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
    groups: Query<(Entity, &Spikes)>,
    all: Query<EntityRef, Without<IsResource>>,
    variables: Res<Variables>,
    clock: Res<Clock>,
    mut tap: ResMut<Tap>,
) {
    let Tap { probes, groups: places, seen } = &mut *tap;
    let before = seen.spikes.len();
    for (group, spikes) in &groups {
        let Some(&place) = places.get(&group).filter(|_| !spikes.neurons().is_empty()) else { continue };
        if seen.spikes.len() >= MOST {
            seen.dropped += spikes.neurons().len() as u64;
            continue;
        }
        seen.spikes.extend(spikes.neurons().iter().map(|&neuron| (clock.iteration, place, neuron)));
    }
    seen.spikes[before..].sort_unstable();
    for ((entity, probe), trace) in probes.iter().zip(&mut seen.traces) {
        let here = all.get(*entity).ok();
        let value = match here.and_then(|here| variables.view(here, &probe.variable)) {
            Some(View::Real(values)) => values.get(probe.neuron as usize).map(|&value| wide(value) as f32),
            Some(View::Bool(values)) => values.get(probe.neuron as usize).map(|&value| f32::from(value)),
            None => None,
        };
        if let (Some(value), true) = (value, trace.len() < MOST) {
            trace.push((clock.iteration, value));
        }
    }
}

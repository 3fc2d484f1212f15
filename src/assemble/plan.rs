//! What a network will be: groups, synapses, memory, and the size of its recordings; known before anything of it
//! takes room.

use bevy_ecs::prelude::*;

use super::spawn::Spawned;
use crate::{
    network::{
        Clock, DelaySummary, Endpoints, Everywhere, Kind, Layout, NeuronGroup, Remark, Size, Soundness, Source,
        Synapses, Tags, Target, Variables,
        compartment::{receptors_of, sites_of},
        ranks::most_synapses,
        shape::shape,
    },
    record::of_recorders,
    text::Diagnostics,
};

/// What a network will be.
#[derive(Clone, Debug, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The neuron groups, in the order of the scene.
    pub groups: Vec<GroupPlan>,
    /// The synapse groups, by source, target and name.
    pub synapses: Vec<SynapsePlan>,
    /// The recordings, by group and variable.
    pub recordings: Vec<RecordingPlan>,
    /// Memory of state and weights (bytes).
    pub memory: u64,
    /// What of it is of synapses that ranks divide among them; the rest each of them has.
    #[serde(skip)]
    pub divided: u64,
    /// What the scene says and hardly means.
    #[serde(skip)]
    pub warnings: Diagnostics,
}

/// A neuron group.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct GroupPlan {
    /// Its name.
    pub name: String,
    /// Neurons.
    pub size: usize,
    /// Width, height and depth of the grid.
    pub shape: [usize; 3],
    /// Its tags.
    pub tags: Vec<String>,
    /// What its model has to say of itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

/// A synapse group.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SynapsePlan {
    /// Its name.
    pub name: String,
    /// The source group.
    pub source: String,
    /// The target group.
    pub target: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Synapses; before they exist their expected number, where chance decides.
    pub synapses: u64,
    /// Their delays, once they exist; `None` where there are none.
    pub delays: Option<DelaySummary>,
}

/// A recording.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct RecordingPlan {
    /// Group, or group and receptor.
    pub group: String,
    /// The variable, `spikes`, or what is made of them.
    pub variable: String,
    /// Bytes when the run is over; `None` for spikes, whose number nobody knows: 8 bytes each.
    pub bytes: Option<u64>,
}

impl Plan {
    /// Neurons of all groups.
    #[must_use]
    pub fn neurons(&self) -> u64 {
        self.groups.iter().map(|group| group.size as u64).sum()
    }

    /// Synapses of all groups.
    #[must_use]
    pub fn synapse_count(&self) -> u64 {
        self.synapses.iter().map(|group| group.synapses).fold(0, u64::saturating_add)
    }

    /// Bytes of all recordings of variables.
    #[must_use]
    pub fn recorded_bytes(&self) -> u64 {
        self.recordings.iter().filter_map(|recording| recording.bytes).fold(0, u64::saturating_add)
    }
}

/// What equations of a group, and of its receptors by their names, have to say of themselves.
fn remark(world: &World, group: Entity) -> String {
    let own = world.get::<Remark>(group).map(|Remark(own)| own.clone());
    let at = |receptor| Some(format!("{} {}", name(world, receptor), world.get::<Remark>(receptor)?.0));
    let all: Vec<String> = own.into_iter().chain(receptors_of(world, group).filter_map(at)).collect();
    all.join("; ")
}

/// The plan of what was spawned.
pub(super) fn plan(world: &World, spawned: &Spawned, iterations: u64) -> Plan {
    let mut plan = Plan::default();
    for &entity in &spawned.groups {
        let (group, tags) = (world.get::<NeuronGroup>(entity).copied(), world.get::<Tags>(entity).cloned());
        let Some(group) = group else { continue };
        for of_neurons in sites_of(world, entity).chain(receptors_of(world, entity)) {
            plan.memory = plan.memory.saturating_add(bytes(world, of_neurons, group.size()));
            plan.memory = plan.memory.saturating_add(Soundness::memory(world, of_neurons, group.size()));
        }
        let (name, tags) = (name(world, entity), tags.unwrap_or_default().0);
        let remark = remark(world, entity);
        plan.groups.push(GroupPlan { name, size: group.size(), shape: group.shape, tags, remark });
    }
    for pending in &spawned.pending {
        let entity = pending.entity;
        let size = size(world, entity);
        let own = world.get_entity(entity).map_or(0, |entity| pending.entry.memory(entity, size));
        plan.memory = plan.memory.saturating_add(own);
        let is_sparse = world.get::<Synapses>(entity).is_some() && shape(world, entity).len() == 1;
        plan.divided = plan.divided.saturating_add(if is_sparse { own } else { 0 });
        if pending.entry.kind != Kind::Connectivity {
            continue;
        }
        let Ok(Some(Endpoints { pair, .. })) = Endpoints::of(world, entity) else { continue };
        let columns = bytes(world, entity, shape(world, entity).iter().fold(1, |all, &axis| all.saturating_mul(axis)));
        let extent = world.get_entity(entity).ok().and_then(|entity| pending.entry.extent(entity, pair));
        let extent = extent.unwrap_or_default();
        let of_synapses = extent.bytes.saturating_add(columns);
        plan.memory = plan.memory.saturating_add(of_synapses);
        plan.divided = plan.divided.saturating_add(if extent.dense { 0 } else { of_synapses });
        let end = |side: Option<Entity>| side.map(|side| name(world, side)).unwrap_or_default();
        plan.synapses.push(SynapsePlan {
            name: name(world, entity),
            source: end(world.get::<Source>(entity).map(|source| source.0)),
            target: end(world.get::<Target>(entity).map(|target| target.0)),
            tags: world.get::<Tags>(entity).cloned().unwrap_or_default().0,
            synapses: extent.synapses,
            delays: None,
        });
    }
    plan.recordings = recordings(world, &spawned.recorders, iterations);
    plan
}

impl Plan {
    /// Memory (bytes) of the rank that needs the most, if so many share the network.
    #[must_use]
    pub fn memory_of_rank(&self, ranks: usize) -> u64 {
        let leading = |group: &GroupPlan| {
            let afferents = self.synapses.iter().filter(|synapses| synapses.target == group.name);
            (group.size, afferents.map(|synapses| synapses.synapses).sum())
        };
        let groups: Vec<(usize, u64)> = self.groups.iter().map(leading).collect();
        let (most, all) = (most_synapses(&groups, ranks), self.synapse_count().max(1));
        let part = u128::from(self.divided) * u128::from(most) / u128::from(all);
        (self.memory - self.divided).saturating_add(part as u64)
    }

    /// Takes down what chance has decided, now that the synapse groups exist.
    pub(super) fn settle(&mut self, world: &World, synapses: &[Entity]) {
        for (plan, &entity) in self.synapses.iter_mut().zip(synapses) {
            let Some(synapses) = world.get::<Synapses>(entity) else { continue };
            plan.delays = synapses.delays;
            if let Some(Layout::Sparse(rows)) = &synapses.layout {
                plan.synapses = rows.len() as u64;
            }
            if let Some(everywhere) = world.get::<Everywhere>(entity) {
                (plan.synapses, plan.delays) = (everywhere.synapses, everywhere.delays);
            }
        }
    }
}

/// How large an entity is, or will be.
fn size(world: &World, entity: Entity) -> Size {
    let members = shape(world, entity).iter().fold(1, |members: u64, &axis| members.saturating_mul(axis as u64));
    let ends = world.get::<Source>(entity).zip(world.get::<Target>(entity));
    let (Some(synapses), Some((source, target))) = (world.get::<Synapses>(entity), ends) else {
        return Size { members, ..Size::default() };
    };
    let neurons = |group| world.get::<NeuronGroup>(group).map_or(0, |group| group.size() as u64);
    let dt = world.get_resource::<Clock>().copied().unwrap_or_default().dt;
    Size {
        members,
        sources: neurons(source.0),
        targets: neurons(target.0),
        dense: synapses.planned.len() == 2,
        punctual: synapses.delays.is_none_or(|delays| delays.shortest_ms == delays.longest_ms),
        longest_delay: synapses.delays.map_or(0, |delays| Clock::new(dt).steps(delays.longest_ms)),
    }
}

/// Bytes of all columns of an entity with so many members.
fn bytes(world: &World, entity: Entity, members: usize) -> u64 {
    let (Some(variables), Ok(entity)) = (world.get_resource::<Variables>(), world.get_entity(entity)) else { return 0 };
    let each: usize = variables.of(entity).iter().map(|info| info.bytes).sum();
    (members as u64).saturating_mul(each as u64)
}

fn recordings(world: &World, recorders: &[Entity], iterations: u64) -> Vec<RecordingPlan> {
    let mut plans: Vec<_> = of_recorders(world, recorders)
        .map(|(_, recording)| {
            let bytes = |rows: u64| rows.saturating_mul(recording.row_bytes() as u64);
            RecordingPlan {
                group: recording.group.clone(),
                variable: recording.what(),
                bytes: recording.rows(iterations).map(bytes),
            }
        })
        .collect();
    plans.sort_by(|a, b| (&a.group, &a.variable).cmp(&(&b.group, &b.variable)));
    plans
}

fn name(world: &World, entity: Entity) -> String {
    world.get::<Name>(entity).map(|name| name.as_str().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::{assemble::check, numeric::real::IS_SINGLE, prelude::*, scene::Scene};

    /// The memory of a network of 1000 synapses from 10 neurons to 20, whose behaviours are `learns`.
    fn memory(connectivity: &str, delays: &str, learns: &str) -> u64 {
        let mut bench = Bench::new();
        let text = format!(
            r#"(
                dt: 1,
                groups: {{
                    "a": (size: 10, behaviours: [Izhikevich()]),
                    "b": (size: 20, behaviours: [Izhikevich(), Dopamine()]),
                }},
                synapses: [(from: "a", to: "b", connectivity: {connectivity}, {delays} behaviours: [{learns}])],
            )"#
        );
        let scene = Scene::from_text(bench.world_mut(), &text).unwrap();
        check(bench.world_mut(), &scene).unwrap().memory
    }

    /// From the sizes of what the rules keep: 8 bytes of index for a synapse and 2 where delays differ, 8 for a target and one
    /// more; two numbers for a neuron and trace, and one more for each step of delay. Triplets of the paper's table have a change
    /// of 5e-10, which single precision only keeps in a rest for each weight.
    #[test]
    fn the_memory_of_what_learns_is_counted() {
        let real = size_of::<Real>() as u64;
        let sparse = "FixedTotalNumber(number: 1000)";
        let index = 8 * 1000 + 8 * 21;
        let rests = if IS_SINGLE { real * 1000 } else { 0 };
        for (connectivity, delays, learns, expected) in [
            ("AllToAll()", "", "Stdp()", real * 2 * (10 + 20)),
            ("AllToAll()", "delays: 3,", "Stdp()", real * (5 * 10 + 2 * 20)),
            (sparse, "", "Stdp()", index + real * 2 * (10 + 20)),
            (sparse, "delays: \"3 + i\",", "Stdp()", index + (2 + 4) * 1000 + real * (14 * 10 + 2 * 20)),
            (sparse, "", "TripletStdp()", index + rests + real * 4 * (10 + 20)),
            (sparse, "", "RewardStdp()", index + real * (2 * (10 + 20) + 2000)),
            ("AllToAll()", "", "RewardStdp()", real * (2 * (10 + 20) + 400)),
            (sparse, "", "ShortTermPlasticity()", 10 * 32),
            (sparse, "", "Normalization()", 0),
        ] {
            let more = memory(connectivity, delays, learns) - memory(connectivity, delays, "");
            assert_eq!(more, expected, "{connectivity} {delays} {learns}");
        }
    }

    /// v, u and the input of a neuron, each once more for the last look at them, and a mark where it fired.
    #[test]
    fn the_memory_of_neurons_is_counted() {
        let memory = |text: &str| {
            let mut bench = Bench::new();
            let scene = Scene::from_text(bench.world_mut(), text).unwrap();
            check(bench.world_mut(), &scene).unwrap().memory
        };
        let of = |size: u32| memory(&format!("(groups: {{\"a\": (size: {size}, behaviours: [Izhikevich()])}})"));
        // Value and last finite value of v, u and input; the mark of a spike, and the count of spikes.
        assert_eq!(of(30) - of(10), 20 * (2 * 3 * size_of::<Real>() as u64 + 1 + 4));
    }

    /// A weight for every pair, or weight and code of a synapse and an offset of each source.
    #[test]
    fn the_memory_of_synapses_is_counted() {
        let real = size_of::<Real>() as u64;
        let sparse = memory("FixedTotalNumber(number: 1000)", "", "");
        assert_eq!(sparse + 200 * real, memory("AllToAll()", "", "") + 1000 * (real + 2) + 4 * 10);
    }
}

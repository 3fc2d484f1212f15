//! Ranks: processes that share a network. Each takes care of some neurons of every group with all that leads to them; of the
//! others it knows the spikes. Who takes care of whom is decided here; how spikes travel: `crate::ranks`.

use std::{ops::Range, sync::Arc};

use bevy_ecs::{prelude::*, relationship::RelationshipTarget, world::EntityMut};

use super::{
    columns::Spikes,
    compartment::Compartments,
    group::NeuronGroup,
    receptor::Receptors,
    registry::Behaviours,
    state::{State, States},
    synapse::{Afferents, DelaySummary, Layout, Rewired, SynapseGroup, Synapses, Weights},
    synapse_values::both,
};
use crate::numeric::{Archive, Members, Shared, blocks::BLOCK, exchange::Exchange};

/// The ranks that share the networks of this world, as this one sees them; without it there are none but this process.
#[derive(Resource, Clone)]
pub struct Ranks(pub Arc<dyn Exchange>);

/// The age (iterations) of the youngest spikes that are delivered anywhere in this world; `None` where none are. At all ranks the same.
#[derive(Resource, Default)]
pub(crate) struct LeastAge(pub Option<u32>);

/// On a neuron group whose neurons are in the care of several ranks, on its compartments, on its receptors and on the synapse
/// groups that lead to it: those that are in the care of this one.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The first.
    pub start: usize,
    /// The one behind the last.
    pub end: usize,
    /// How many the group has.
    pub of: usize,
}

impl Owned {
    /// The neurons.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// An update of a neuron and what else it takes cost about as much as so many synapses that lead to it.
const NEURON: usize = 256;

/// Of groups of so many neurons, to which so many synapses lead, the synapses of the rank that has the most.
#[must_use]
pub fn most_synapses(groups: &[(usize, u64)], ranks: usize) -> u64 {
    let each = |neurons: usize, synapses: u64| synapses / neurons.max(1) as u64;
    let sizes: Vec<(usize, usize)> =
        groups.iter().map(|&(neurons, synapses)| (neurons, each(neurons, synapses) as usize + NEURON)).collect();
    let of_rank = |rank| {
        let own = stretches(&sizes, ranks, rank);
        let share = |(own, &(neurons, synapses)): (Range<usize>, &(usize, u64))| {
            (u128::from(synapses) * own.len() as u128 / neurons.max(1) as u128) as u64
        };
        own.into_iter().zip(groups).map(share).sum()
    };
    (0..ranks).map(of_rank).max().unwrap_or_default()
}

/// Gives this rank its neurons of each group that nobody has given any; nothing without ranks.
///
/// Blocks of [`BLOCK`] neurons, the unit of random streams, in the order of groups: each rank takes a stretch of them that
/// costs as much as others, by neurons and by the synapses that are expected to lead to them.
pub fn take_care(world: &mut World) {
    let Some(Ranks(exchange)) = world.get_resource::<Ranks>().cloned() else { return };
    let mut groups = world.query_filtered::<(Entity, &NeuronGroup, Option<&Afferents>), Without<Owned>>();
    let mut all: Vec<(Entity, usize, usize)> = groups
        .iter(world)
        .map(|(group, neurons, afferents)| {
            let afferents = afferents.into_iter().flat_map(RelationshipTarget::iter);
            let synapses = afferents.filter_map(|synapses| world.get::<Synapses>(synapses)).map(|all| all.expected);
            (group, neurons.size(), synapses.sum::<usize>() / neurons.size().max(1) + NEURON)
        })
        .collect();
    // Of a network that all ranks build alike; the order of a query is another matter.
    all.sort_unstable_by_key(|(group, ..)| *group);
    let sizes: Vec<(usize, usize)> = all.iter().map(|&(_, neurons, cost)| (neurons, cost)).collect();
    let own = stretches(&sizes, exchange.ranks(), exchange.rank());
    for (&(group, ..), own) in all.iter().zip(own) {
        mark(world, group, own);
    }
}

/// Of groups of so many neurons, each at such a cost, those that a rank takes.
fn stretches(groups: &[(usize, usize)], ranks: usize, rank: usize) -> Vec<Range<usize>> {
    let total: u128 = groups.iter().map(|&(neurons, cost)| neurons as u128 * cost as u128).sum();
    let mut before = 0_u128;
    let of_group = |&(neurons, cost): &(usize, usize)| {
        let mut own: Option<Range<usize>> = None;
        for start in (0..neurons).step_by(BLOCK) {
            let end = neurons.min(start + BLOCK);
            let cost = (end - start) as u128 * cost as u128;
            // Whoever has the middle of a block has all of it.
            let taker = (before + cost / 2) * ranks as u128 / total.max(1);
            before += cost;
            if taker as usize == rank {
                own = Some(own.map_or(start, |own| own.start)..end);
            }
        }
        own.unwrap_or(0..0)
    };
    groups.iter().map(of_group).collect()
}

/// Marks a group, and what belongs to its neurons.
fn mark(world: &mut World, group: Entity, own: Range<usize>) {
    let mut marked = vec![group];
    if let Some(compartments) = world.get::<Compartments>(group) {
        marked.extend(compartments.iter());
    }
    let receptors: Vec<Entity> =
        marked.iter().filter_map(|&site| world.get::<Receptors>(site)).flat_map(RelationshipTarget::iter).collect();
    marked.extend(receptors);
    if let Some(afferents) = world.get::<Afferents>(group) {
        marked.extend(afferents.iter());
    }
    let of = world.get::<NeuronGroup>(group).map_or(0, NeuronGroup::size);
    let own = Owned { start: own.start, end: own.end, of };
    for entity in marked {
        let Ok(mut entity) = world.get_entity_mut(entity) else { continue };
        entity.insert(own);
        // Of those that ranks divide there is room for its part at each; parameters are looked at where there is one at least.
        if let Some(mut synapses) = entity.get_mut::<Synapses>()
            && let [expected] = synapses.planned[..]
        {
            let part = (expected as u128 * own.range().len() as u128 / of.max(1) as u128) as usize;
            let part = part.max(expected.min(1));
            (synapses.planned, synapses.expected) = (vec![part], part);
        }
    }
}

impl Ranks {
    /// A group of which this rank owns some neurons, as it shares it with the others.
    #[must_use]
    pub fn share(&self, own: Owned) -> Shared {
        Shared { exchange: self.0.clone(), own: own.range(), of: own.of }
    }
}

/// What ranks share of an entity, if they do.
#[must_use]
pub fn shared_of(world: &World, entity: Entity) -> Option<Shared> {
    Some(world.get_resource::<Ranks>()?.share(*world.get::<Owned>(entity)?))
}

/// Has columns of neurons that ranks share take room for those of this rank only, of which spikes are marked and counted; nothing
/// without ranks. Columns stay as long as they are: a place in one is that of the neuron, at every rank.
pub fn release_others(world: &mut World) {
    if !world.contains_resource::<Ranks>() {
        return;
    }
    let states = world.get_resource::<States>().cloned().unwrap_or_default();
    let behaviours = world.get_resource::<Behaviours>().cloned().unwrap_or_default();
    let mut of_neurons = world.query_filtered::<Entity, (With<Owned>, Without<SynapseGroup>)>();
    let of_neurons: Vec<Entity> = of_neurons.iter(world).collect();
    let dense = |all: &Synapses| matches!(all.layout, Some(Layout::Dense { .. }));
    let mut weights = world.query_filtered::<(Entity, &Synapses), With<Owned>>();
    let weights: Vec<Entity> = weights.iter(world).filter(|(_, all)| dense(all)).map(|(group, _)| group).collect();
    for entity in of_neurons {
        let shared = shared_of(world, entity);
        let Ok(mut entity) = world.get_entity_mut(entity) else { continue };
        if let (Some(shared), Some(mut spikes)) = (&shared, entity.get_mut::<Spikes>()) {
            spikes.take_care_of(&shared.own);
        }
        let mut entity = EntityMut::from(&mut entity);
        let mut archive = Archive::release();
        archive.of(Members { shared, ..Members::default() });
        // Nothing is saved that could be refused.
        states.iter().for_each(|entry| drop(entry.persist(&mut entity, &mut archive)));
        behaviours.iter().for_each(|entry| drop(entry.persist(&mut entity, &mut archive)));
    }
    for group in weights {
        let mut archive = Archive::release();
        archive.of(Members { shared: shared_of(world, group), ..Members::default() });
        if let Some(mut weights) = world.get_mut::<Weights>(group) {
            drop(weights.bypass_change_detection().persist(&mut archive));
        }
    }
}

/// On a synapse group of which this rank has a part: what there is at all ranks together.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct Everywhere {
    /// Synapses.
    pub synapses: u64,
    /// Their delays.
    pub delays: Option<DelaySummary>,
}

/// What a rank tells of a group.
struct Told {
    synapses: u64,
    delays: Option<DelaySummary>,
    /// The shortest and the longest (steps).
    steps: [Option<u32>; 2],
}

/// Numbers that it takes.
const NUMBERS: usize = 6;

impl Told {
    /// What there is here; of dense synapses, which are whole at every rank, at the first.
    fn here(synapses: Option<&Synapses>, rank: usize) -> Self {
        let layout = synapses.and_then(|synapses| synapses.layout.as_ref());
        let delays = synapses.and_then(|synapses| synapses.delays);
        let number = match layout {
            Some(Layout::Dense { .. }) if rank > 0 => 0,
            layout => layout.map_or(0, Layout::number) as u64,
        };
        let steps = [layout.and_then(Layout::shortest_delay), layout.map(Layout::longest_delay)];
        Self { synapses: number, delays, steps }
    }

    fn numbers(&self) -> [u64; NUMBERS] {
        let [shortest, longest] = self.steps.map(|steps| steps.map_or(u64::MAX, u64::from));
        let ms = self.delays.map_or([f64::NAN; 3], |all| [all.shortest_ms, all.longest_ms, all.rounded_by_ms]);
        let [shortest_ms, longest_ms, rounded_by_ms] = ms.map(f64::to_bits);
        [self.synapses, shortest_ms, longest_ms, rounded_by_ms, shortest, longest]
    }

    fn of([synapses, shortest_ms, longest_ms, rounded_by_ms, shortest, longest]: [u64; NUMBERS]) -> Self {
        let [shortest_ms, longest_ms, rounded_by_ms] = [shortest_ms, longest_ms, rounded_by_ms].map(f64::from_bits);
        let delays = (!shortest_ms.is_nan()).then_some(DelaySummary { shortest_ms, longest_ms, rounded_by_ms });
        Self { synapses, delays, steps: [shortest, longest].map(|steps| u32::try_from(steps).ok()) }
    }
}

/// Has all ranks know how many synapses some groups have at all of them.
pub(super) fn count_everywhere(world: &mut World, groups: &[Entity]) {
    let Some(Ranks(exchange)) = world.get_resource::<Ranks>().cloned() else { return };
    let here = groups.iter().flat_map(|&group| Told::here(world.get(group), exchange.rank()).numbers());
    let all = exchange.all_numbers(&here.collect::<Vec<_>>());
    for (k, &group) in groups.iter().enumerate() {
        let told = all.iter().filter_map(|numbers| numbers.as_chunks().0.get(k).copied().map(Told::of));
        let told: Vec<Told> = told.collect();
        let Ok(mut group) = world.get_entity_mut(group) else { continue };
        let delays = told.iter().map(|told| told.delays).fold(None, both);
        group.insert(Everywhere { synapses: told.iter().map(|told| told.synapses).sum(), delays });
        // Ranks remember sources for as long as any of them needs, and wait for them as long as all can: what one of them saves is
        // for all.
        let [shortest, longest] = [0, 1].map(|k| told.iter().filter_map(move |told| told.steps[k]));
        let (shortest, longest) = (shortest.min(), longest.max());
        let is_rewired = group.contains::<Rewired>();
        if let Some(mut own) = group.get_mut::<Synapses>()
            && let Some(Layout::Sparse(rows)) = &mut own.bypass_change_detection().layout
        {
            rows.reach(longest.unwrap_or_default());
            if let (false, Some(shortest)) = (is_rewired, shortest) {
                rows.begin_with(shortest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Every neuron is in the care of one rank; stretches begin where blocks do, and cost as much as others but for a block.
        #[test]
        fn every_neuron_has_one_rank(
            groups in prop::collection::vec((1..40_000_usize, 1..12_000_usize), 1..9),
            ranks in 1..9_usize,
        ) {
            let all: Vec<_> = (0..ranks).map(|rank| stretches(&groups, ranks, rank)).collect();
            for (k, &(neurons, _)) in groups.iter().enumerate() {
                let mut own: Vec<_> = all.iter().map(|own| own[k].clone()).filter(|own| !own.is_empty()).collect();
                own.sort_by_key(|own| own.start);
                prop_assert!(own.iter().all(|own| own.start.is_multiple_of(BLOCK)));
                prop_assert_eq!(own.iter().fold(0, |end, own| if own.start == end { own.end } else { usize::MAX }), neurons);
            }
            let cost = |own: &Vec<Range<usize>>| own.iter().zip(&groups).map(|(own, (_, cost))| own.len() * cost).sum::<usize>();
            let total: usize = groups.iter().map(|(neurons, cost)| neurons * cost).sum();
            let block = groups.iter().map(|(neurons, cost)| (*neurons).min(BLOCK) * cost).max().unwrap_or_default();
            prop_assert!(all.iter().all(|own| cost(own) <= total / ranks + block));
        }
    }
}

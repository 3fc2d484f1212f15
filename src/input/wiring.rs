//! The wiring: which synapse groups every receptor hears, and which thread takes which neurons. Derived from tags, names and
//! synapses before an iteration if any of them came, went or changed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use bevy_app::App;
use bevy_ecs::{entity::EntityIndexMap, prelude::*, relationship::RelationshipTarget};

use super::due::Listener;
use crate::{
    network::{
        self, Afferents, Arriving, Clock, CompartmentOf, Efficacies, Failures, History, Input, Layout, LeastAge,
        Listens, Owned, ReceptorOf, Spikes, Synapses, Tags, ThreadShares,
        receptor::{Heard, WiringChanged, hears},
    },
    numeric::{
        Column,
        coding::Coding,
        shares::{Whole, deal},
    },
    schedule::AddToStage,
};

pub(super) fn plugin(app: &mut App) {
    let changed = app.world_mut().get_resource_or_init::<WiringChanged>().flag();
    app.init_resource::<LeastAge>().insert_resource(Sources { changed: changed.clone(), ..Sources::default() });
    app.add_before_tick(changed, |world, _| {
        let done = world.run_system_cached(rewire).and_then(|()| world.run_system_cached(deal_out));
        if let Err(error) = done {
            world.get_resource_or_init::<Failures>().push("wiring", error.to_string());
        }
    });
}

/// The groups whose spikes are delivered.
#[derive(Resource, Default)]
pub(super) struct Sources {
    pub list: EntityIndexMap<Source>,
    /// The number of receptors that were joined, each with its place.
    pub receptors: usize,
    /// Neurons of receptors that have a ring, whose slot of the iteration is looked at.
    in_rings: usize,
    /// The threads to which groups are dealt out.
    threads: usize,
    /// Whether neurons of some groups are in the care of other ranks.
    pub in_parts: bool,
    changed: Arc<AtomicBool>,
}

/// A group whose spikes are delivered.
#[derive(Default)]
pub(super) struct Source {
    /// Where it is heard, receptor by receptor.
    pub listeners: Vec<Listener>,
    /// What a spike costs in all synapse groups together, see [`Layout::cost`].
    cost: usize,
}

impl Sources {
    /// The place of a source group in the list, to which it is added if it is new.
    fn place(&mut self, group: Entity) -> usize {
        let entry = self.list.entry(group);
        let place = entry.index();
        entry.or_default();
        place
    }

    /// Gives a receptor its place, and has it listen to what it hears.
    fn join(&mut self, heard: &[Heard], arriving: &mut Arriving) {
        arriving.place = self.receptors as u32;
        self.receptors += 1;
        for (k, heard) in (0..).zip(heard) {
            if let Some((_, source)) = self.list.get_index_mut(heard.source) {
                source.listeners.push(Listener { receptor: arriving.place, heard: k });
            }
        }
    }

    /// Sees to it that groups are dealt out anew when the number of threads has changed.
    #[inline]
    pub fn see_to_threads(&self) -> usize {
        let threads = rayon::current_num_threads();
        if threads != self.threads {
            self.changed.store(true, Relaxed);
        }
        threads
    }

    /// About how many sparse synapses are to be walked, as if every spike were due at once.
    pub fn work(&self, active: &[Option<&History<u32>>]) -> usize {
        let spikes = active.iter().map(|past| past.map_or(0, |past| past.latest().len()));
        let synapses = self.list.values().zip(spikes).map(|(source, spikes)| source.cost * spikes);
        self.in_rings / 8 + synapses.sum::<usize>()
    }
}

/// Joins every receptor to the synapse groups that it hears, in an order that names decide, as sums of floating-point
/// numbers follow it; sees to it that spikes are kept for as long as their delays last.
fn rewire(
    mut sources: ResMut<Sources>,
    mut receptors: Query<(&ReceptorOf, &mut Listens, &mut Arriving)>,
    mut synapses: Query<(&network::Source, &Synapses, Option<&mut Efficacies>)>,
    mut spikes: Query<&mut Spikes>,
    (afferents, compartments, owned): (Query<&Afferents>, Query<&CompartmentOf>, Query<&Owned>),
    (tags, names): (Query<&Tags>, Query<&Name>),
    (clock, mut least): (Res<Clock>, ResMut<LeastAge>),
) {
    least.0 = None;
    let (threads, changed) = (rayon::current_num_threads(), sources.changed.clone());
    *sources = Sources { threads, changed, in_parts: !owned.is_empty(), ..Sources::default() };
    for (of, mut listens, mut arriving) in &mut receptors {
        let mut heard = Vec::new();
        let cells = compartments.get(of.0).map_or(of.0, |of| of.0);
        for group in afferents.get(cells).into_iter().flat_map(RelationshipTarget::iter) {
            let (Ok((source, synapses, efficacies)), Ok(own)) = (synapses.get_mut(group), tags.get(group)) else {
                continue;
            };
            let Some(layout) = &synapses.layout else { continue };
            if !hears(&listens, own, names.get(group).ok()) {
                continue;
            }
            if listens.graded {
                heard.push(Heard { group, source: usize::MAX });
                continue;
            }
            let (youngest, age) = (layout.youngest(), layout.oldest());
            least.0 = Some(least.0.map_or(youngest, |least| least.min(youngest)));
            if let Ok(mut spikes) = spikes.get_mut(source.0) {
                spikes.keep(age);
            }
            if let Some(mut efficacies) = efficacies {
                efficacies.0.keep(age);
            }
            if let Layout::Sparse(rows) = layout
                && layout.needs_ring()
            {
                widen(&mut arriving, rows.coding(), clock.iteration);
            }
            let source = sources.place(source.0);
            sources.list[source].cost += layout.cost();
            heard.push(Heard { group, source });
        }
        let name = |entity| names.get(entity).map_or("", Name::as_str);
        heard.sort_unstable_by_key(|heard| (name(heard.group), heard.group));
        sources.join(&heard, &mut arriving);
        listens.synapses = heard;
        sources.in_rings += if arriving.ring.is_empty() { 0 } else { arriving.sums.len() };
    }
}

/// Sees to it that the rings of a receptor have a slot for each delay of a bucket, be it another synapse group's than before.
fn widen(arriving: &mut Arriving, coding: Coding, iteration: u64) {
    let neurons = arriving.sums.len();
    let cells = coding.cells_of_rings(neurons);
    if arriving.ring.len() >= cells {
        return;
    }
    let mut wide = Column::filled(0.0, cells);
    if !arriving.ring.is_empty() {
        Coding::of_rings(neurons, arriving.ring.len()).hand_over(&arriving.ring, coding, &mut wide, iteration);
    }
    arriving.ring = wide;
}

/// Deals groups out to threads by the synapses that lead to them.
fn deal_out(
    mut groups: Query<(Entity, &Input, Option<&Owned>, &mut ThreadShares)>,
    receptors: Query<(&ReceptorOf, &Listens)>,
    synapses: Query<&Synapses>,
    sources: Res<Sources>,
) {
    let mut wholes = EntityIndexMap::new();
    for (group, input, owned, _) in &groups {
        let own = owned.map(|own| (own.start, own.end));
        let neurons = own.map_or(input.0.len(), |(start, end)| end - start);
        wholes.insert(group, Whole { neurons, own, ..Whole::default() });
    }
    for (of, listens) in &receptors {
        let Some(whole) = wholes.get_mut(&of.0) else { continue };
        let heard = listens.synapses.iter().filter_map(|heard| synapses.get(heard.group).ok()?.layout.as_ref());
        for layout in heard {
            whole.synapses += layout.number();
            whole.grain = whole.grain.max(layout.grain());
        }
    }
    let dealt = deal(&wholes.values().copied().collect::<Vec<_>>(), sources.threads);
    for (group, own) in wholes.into_keys().zip(dealt) {
        if let Ok((.., mut shares)) = groups.get_mut(group) {
            shares.0 = own;
        }
    }
}

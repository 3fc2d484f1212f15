//! The start of an iteration: the input is cleared, and the spikes that are due walk their rows of weights into the sums
//! of the receptors that listen.
//!
//! ```text
//! arriving[j] += Σ efficacy · weight[i → j]   over the neurons i that fired, in ascending order
//! ```
//! Work is proportional to spikes. Targets are cut into fixed blocks, so that threads share a delivery without
//! atomics and every target adds in the same order whatever their number. Rows and delays: [`crate::numeric::rows`].

use std::{cmp::Reverse, ops::Range};

use bevy_app::App;
use bevy_ecs::{prelude::*, relationship::RelationshipTarget, system::SystemParam};
use rayon::prelude::*;
use smallvec::SmallVec;

use crate::{
    network::{
        self, Afferents, Arriving, Clock, Conductance, Efficacies, Input, Jump, Layout, Listens, Past, ReceptorOf,
        Spikes, Synapses, Tags, Weights,
        receptor::{Heard, WiringChanged, hears},
    },
    numeric::{
        Real,
        coding::{BLOCK_TARGETS, CELLS, Coding},
        dispatch,
        pieces::{Pieces, Targets, add},
        threads::attend,
    },
    schedule::{AddToStage, Stage},
};

/// Sums of dense targets that are worked on in one go: 16 KB (`f32`) stay in the first-level cache beside the rows that
/// stream through.
const TARGETS: usize = 4096;

/// Sparse synapses walked in one iteration from which threads are called: 10 to 20 µs of work.
const WORTH_SHARING: usize = 1 << 14;

pub(super) fn plugin(app: &mut App) {
    app.add_stage_system(Stage::Input, "delivery", deliver);
}

/// Clears the input and adds the weights of all spikes that are due to the receptors.
///
/// One system, since another one would cost 30 ns of every iteration.
fn deliver(
    mut inputs: Query<(&mut Input, Option<&mut Conductance>, Option<&mut Jump>)>,
    mut sources: Local<Sources>,
    mut changed: ResMut<WiringChanged>,
    mut wiring: Wiring,
    clock: Res<Clock>,
) {
    if changed.0 {
        changed.0 = false;
        *sources = wiring.rewire();
    }
    wiring.deliver(&sources, clock.iteration, || {
        for (mut input, conductance, jump) in &mut inputs {
            input.0.fill(0.0);
            if let Some(mut conductance) = conductance.filter(|conductance| conductance.used) {
                conductance.sum.fill(0.0);
            }
            if let Some(mut jump) = jump.filter(|jump| jump.used) {
                jump.sum.fill(0.0);
            }
        }
    });
    for mut spikes in &mut wiring.spikes {
        spikes.begin();
    }
}

/// What routes are derived from, and what they lead to.
#[derive(SystemParam)]
struct Wiring<'w, 's> {
    receptors: Query<'w, 's, (Entity, &'static ReceptorOf, &'static mut Listens, &'static mut Arriving)>,
    synapses:
        Query<'w, 's, (&'static network::Source, &'static Synapses, &'static Weights, Option<&'static mut Efficacies>)>,
    spikes: Query<'w, 's, &'static mut Spikes>,
    afferents: Query<'w, 's, &'static Afferents>,
    tags: Query<'w, 's, &'static Tags>,
    names: Query<'w, 's, &'static Name>,
}

impl Wiring<'_, '_> {
    /// Adds the weights of all spikes that are due to the receptors; does something else in between, while the first of
    /// their rows come from memory.
    fn deliver(&mut self, sources: &Sources, iteration: u64, meanwhile: impl FnOnce()) {
        let Self { receptors, synapses, spikes, .. } = self;
        // Filled in place: collected, such lists would be moved, which takes as long as what they are for.
        let mut active: SmallVec<[_; 16]> = SmallVec::new();
        let mut walks: SmallVec<[Walk<'_>; 16]> = SmallVec::new();
        let mut jobs: SmallVec<[Job<'_>; 16]> = SmallVec::new();
        for source in &sources.list {
            active.push(spikes.get(source.group).ok().map(Spikes::past).filter(|past| !past.is_empty()));
        }
        for (_, _, listens, arriving) in receptors {
            let (arriving, first) = (arriving.into_inner(), walks.len());
            arriving.begin();
            for heard in &listens.synapses {
                if let Some(&Some(spikes)) = active.get(heard.source)
                    && let Ok((_, synapses, weights, efficacies)) = synapses.get(heard.group)
                    && let Some(layout) = &synapses.layout
                {
                    let efficacies = efficacies.map(|efficacies| &efficacies.0);
                    let walk = Walk { layout, weights: &weights.0, spikes, efficacies };
                    walk.fetch();
                    walks.push(walk);
                }
            }
            if walks.len() > first || !arriving.ring.is_empty() {
                arriving.any = true;
                jobs.push((arriving, first..walks.len()));
            }
        }
        meanwhile();
        if rayon::current_num_threads() > 1 && sources.work(&active) > WORTH_SHARING {
            share(&mut jobs, &walks, iteration);
        } else {
            for (arriving, own) in jobs {
                blocks(arriving, BLOCK_TARGETS).for_each(|block| block.fill(&walks[own.clone()], iteration));
            }
        }
    }

    /// Joins every receptor to the synapse groups that it hears, in an order that names decide, as sums of floating-point
    /// numbers follow it; sees to it that spikes are kept for as long as their delays last.
    fn rewire(&mut self) -> Sources {
        let Self { receptors, synapses, spikes, afferents, tags, names } = self;
        let mut sources = Sources::default();
        for (_, of, mut listens, mut arriving) in receptors {
            let mut heard = Vec::new();
            for group in afferents.get(of.0).into_iter().flat_map(RelationshipTarget::iter) {
                let (Ok((source, synapses, _, efficacies)), Ok(own)) = (synapses.get_mut(group), tags.get(group))
                else {
                    continue;
                };
                let Some(layout) = &synapses.layout else { continue };
                if !hears(&listens, own, names.get(group).ok()) {
                    continue;
                }
                let age = layout.ages().last().copied().unwrap_or_default();
                if let Ok(mut spikes) = spikes.get_mut(source.0) {
                    spikes.keep(age);
                }
                if let Some(mut efficacies) = efficacies {
                    efficacies.0.keep(age);
                }
                if layout.needs_ring() && arriving.ring.is_empty() {
                    let blocks = arriving.sums.len().div_ceil(BLOCK_TARGETS);
                    arriving.ring.resize(0.0, blocks * CELLS);
                }
                let source = sources.place(source.0);
                sources.list[source].cost += layout.cost();
                heard.push(Heard { group, source });
            }
            let name = |entity| names.get(entity).map_or("", Name::as_str);
            heard.sort_by_key(|heard| (name(heard.group), heard.group));
            listens.synapses = heard;
            sources.in_rings += if arriving.ring.is_empty() { 0 } else { arriving.sums.len() };
        }
        sources
    }
}

/// Shares the blocks of receptors among threads.
///
/// A block is cut into as many parts as there are threads if its pieces are long: of the 10 000 neurons of a common
/// benchmark, 8000 are one block. Blocks are dealt out by the synapses that lead to them, in every iteration alike, so
/// that a block mostly meets the thread in whose cache its ring is: dealt by the spikes of the iteration, the cortical
/// microcircuit took half as long again.
fn share(jobs: &mut [Job<'_>], walks: &[Walk<'_>], iteration: u64) {
    let threads = rayon::current_num_threads();
    let blocks = jobs.iter_mut().flat_map(|(arriving, own)| {
        let (of, walks) = (arriving.sums.len(), &walks[own.clone()]);
        let can_be_shared = arriving.ring.is_empty() && walks.iter().all(Walk::can_be_shared);
        let most = of.min(BLOCK_TARGETS).div_ceil(if can_be_shared { threads } else { 1 });
        let synapses: usize = walks.iter().map(|walk| walk.weights.len()).sum();
        blocks(arriving, most).map(move |block| (synapses / of * block.sums.len(), block, walks))
    });
    let mut blocks: Vec<_> = blocks.collect();
    blocks.sort_by_key(|(synapses, ..)| Reverse(*synapses));
    let mut dealt: Vec<_> = blocks.into_iter().enumerate().collect();
    dealt.sort_by_key(|(place, _)| place % threads);
    attend();
    dealt.into_par_iter().for_each(|(_, (_, block, walks))| block.fill(walks, iteration));
}

/// The groups whose spikes are delivered.
#[derive(Default)]
struct Sources {
    list: Vec<Source>,
    /// Neurons of receptors that have a ring, whose slot of the iteration is looked at.
    in_rings: usize,
}

/// A group whose spikes are delivered.
struct Source {
    group: Entity,
    /// What a spike costs in all synapse groups together, see [`Layout::cost`].
    cost: usize,
}

impl Sources {
    /// The place of a source group in the list, to which it is added if it is new.
    fn place(&mut self, group: Entity) -> usize {
        self.list.iter().position(|known| known.group == group).unwrap_or_else(|| {
            self.list.push(Source { group, cost: 0 });
            self.list.len() - 1
        })
    }

    /// About how many sparse synapses are to be walked, as if every spike were due at once.
    fn work(&self, active: &[Option<&Past<u32>>]) -> usize {
        let spikes = active.iter().map(|past| past.map_or(0, |past| past.latest().len()));
        let synapses = self.list.iter().zip(spikes).map(|(source, spikes)| source.cost * spikes);
        self.in_rings / 8 + synapses.sum::<usize>()
    }
}

/// The part of a receptor that one task fills.
struct Block<'a> {
    targets: Targets,
    coding: Coding,
    sums: &'a mut [Real],
    ring: Option<&'a mut [Real; CELLS]>,
}

/// The blocks of a receptor, or smaller parts of them where it has no ring.
fn blocks(arriving: &mut Arriving, most: usize) -> impl Iterator<Item = Block<'_>> {
    let coding = Coding::new(arriving.sums.len());
    let rings = arriving.ring.as_chunks_mut::<CELLS>().0.iter_mut().map(Some).chain(std::iter::repeat_with(|| None));
    let blocks = arriving.sums.chunks_mut(BLOCK_TARGETS).zip(rings).enumerate();
    blocks.flat_map(move |(block, (sums, mut ring))| {
        let of = sums.len();
        sums.chunks_mut(most).enumerate().map(move |(part, sums)| {
            let range = part * most..part * most + sums.len();
            Block { targets: Targets { block, range, of }, coding, sums, ring: ring.take() }
        })
    })
}

impl Block<'_> {
    /// Adds everything that is due.
    fn fill(self, walks: &[Walk<'_>], iteration: u64) {
        let Self { targets: own, coding, sums, mut ring } = self;
        let first = own.block * BLOCK_TARGETS + own.range.start;
        let mut pieces = Pieces::new();
        for walk in walks {
            for (bucket, spikes, efficacies) in walk.due() {
                match walk.layout {
                    Layout::Dense { targets, .. } => {
                        deliver_dense(sums, walk.weights, (first, *targets), spikes, efficacies);
                    }
                    Layout::Sparse(rows) => {
                        rows.find(bucket, &own, walk.weights, (spikes, efficacies), &mut pieces);
                    }
                }
            }
        }
        if !pieces.is_empty() {
            add(&pieces, own.range.start, sums, ring.as_deref_mut().map(|ring| (ring, coding.turn(iteration))));
        }
        if let Some(ring) = ring {
            for (sum, cell) in sums.iter_mut().zip(&mut ring[coding.due(iteration)]) {
                *sum += std::mem::take(cell);
            }
        }
    }
}

/// A receptor, and the places of what walks there in an iteration.
type Job<'a> = (&'a mut Arriving, Range<usize>);

/// The spikes of a source group, and the rows that they walk.
struct Walk<'a> {
    layout: &'a Layout,
    weights: &'a [Real],
    spikes: &'a Past<u32>,
    efficacies: Option<&'a Past<Real>>,
}

impl<'a> Walk<'a> {
    /// Whether several tasks can each take some of the targets of a block.
    fn can_be_shared(&self) -> bool {
        match self.layout {
            Layout::Dense { .. } => true,
            Layout::Sparse(rows) => rows.can_be_shared(),
        }
    }

    /// Fetches the first rows that will be walked.
    fn fetch(&self) {
        if let Layout::Sparse(rows) = self.layout {
            self.due().for_each(|(bucket, spikes, _)| rows.fetch(bucket, spikes, self.weights));
        }
    }

    /// The buckets whose spikes are due, with those spikes and their efficacies.
    fn due(&self) -> impl Iterator<Item = (usize, &'a [u32], Option<&'a [Real]>)> {
        let Self { layout, spikes, efficacies, .. } = *self;
        let buckets = layout.ages().iter().enumerate();
        let due = buckets.map(move |(bucket, &age)| {
            (bucket, spikes.before(age), efficacies.map(|efficacies| efficacies.before(age)))
        });
        due.filter(|(_, spikes, _)| !spikes.is_empty())
    }
}

/// Adds the rows of `weights` that belong to `spikes` to `sums`, whose first target is `first` in rows of `targets`.
fn deliver_dense(
    sums: &mut [Real],
    weights: &[Real],
    (first, targets): (usize, usize),
    spikes: &[u32],
    efficacies: Option<&[Real]>,
) {
    if let Some(efficacies) = efficacies {
        for (&spike, efficacy) in spikes.iter().zip(efficacies) {
            let row = weights.iter().skip(spike as usize * targets + first);
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += efficacy * weight);
        }
        return;
    }
    for (part, sums) in sums.chunks_mut(TARGETS).enumerate() {
        dispatch(
            #[inline(always)]
            || add_rows(sums, weights, first + part * TARGETS, targets, spikes),
        );
    }
}

/// Adds the part of each spike's row that starts at target `first`.
#[inline(always)]
fn add_rows(sums: &mut [Real], weights: &[Real], first: usize, targets: usize, spikes: &[u32]) {
    let rest = add_by::<8>(sums, weights, first, targets, spikes);
    let rest = add_by::<4>(sums, weights, first, targets, rest);
    let rest = add_by::<2>(sums, weights, first, targets, rest);

    add_by::<1>(sums, weights, first, targets, rest);
}

/// Adds `ROWS` rows in one pass over the targets, as long as there are as many; returns the spikes that are left.
///
/// Several rows a pass spare the loads and stores of the sums, which share two ports with the loads of the weights.
#[inline(always)]
fn add_by<'s, const ROWS: usize>(
    sums: &mut [Real],
    weights: &[Real],
    first: usize,
    targets: usize,
    spikes: &'s [u32],
) -> &'s [u32] {
    let len = sums.len();
    let (groups, rest) = spikes.as_chunks::<ROWS>();
    for group in groups {
        let mut rows: [&[Real]; ROWS] = [&[]; ROWS];
        for (row, &spike) in rows.iter_mut().zip(group) {
            let start = spike as usize * targets + first;
            // A row is only missing where a column was cut while the network ran.
            let Some(found) = weights.get(start..start + len) else { return rest };
            *row = found;
        }
        for j in 0..len {
            let mut sum = sums[j];
            for row in rows {
                sum += row[j];
            }
            sums[j] = sum;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every target's sum is that of a plain loop over the spikes in ascending order, bit for bit, however many rows
    /// a pass takes.
    #[test]
    fn rows_add_up_in_ascending_order_of_the_sources() {
        for (sources, targets) in [(7, 5), (30, TARGETS + 3), (40, 3 * TARGETS)] {
            let weights: Vec<Real> = (0..sources * targets).map(|k| ((k * 7919) % 1013) as Real / 1013.0).collect();
            let spikes: Vec<u32> = (0..sources as u32).filter(|i| i % 5 != 2).collect();
            let mut sums = vec![0.25; targets];
            let mut expected = sums.clone();
            deliver_dense(&mut sums, &weights, (0, targets), &spikes, None);
            for &i in &spikes {
                for (sum, weight) in expected.iter_mut().zip(&weights[i as usize * targets..]) {
                    *sum += weight;
                }
            }
            assert_eq!(sums, expected);
        }
    }
}

//! The start of an iteration: the spikes that are due walk their rows of weights into the sums of the receptors that
//! listen, and the input is cleared.
//!
//! ```text
//! arriving[j] += Σ efficacy · weight[i → j]   over the neurons i that fired, in ascending order
//! ```
//! Work is proportional to spikes. Targets are cut into fixed blocks, so that threads share a delivery without
//! atomics and every target adds in the same order whatever their number. Rows and delays: [`crate::numeric::rows`];
//! who hears whom: `wiring`.

use std::{cmp::Reverse, ops::Range};

use bevy_app::App;
use bevy_ecs::prelude::*;
use rayon::prelude::*;
use smallvec::SmallVec;

use super::wiring::Sources;
use crate::{
    network::{
        Arriving, Clock, Conductance, Efficacies, Input, Jump, Layout, Listens, Past, Spikes, Synapses, Weights,
    },
    numeric::{
        Real,
        coding::{BLOCK_TARGETS, CELLS, Coding},
        dense,
        pieces::{Pieces, Targets, add},
        threads::attend,
    },
    schedule::{AddToStage, Stage},
};

/// Sparse synapses walked in one iteration from which threads are called: 10 to 20 µs of work.
const WORTH_SHARING: usize = 1 << 14;

pub(super) fn plugin(app: &mut App) {
    app.add_stage_system(Stage::Input, "delivery", deliver);
}

/// What a group is given to in an iteration, and its spikes of the last one.
type Group =
    (&'static mut Input, Option<&'static mut Conductance>, Option<&'static mut Jump>, Option<&'static mut Spikes>);

/// The synapses of a group, as spikes walk them.
type Walked = (&'static Synapses, &'static Weights, Option<&'static Efficacies>);

/// Adds the weights of all spikes that are due to the receptors, and begins the iteration of the groups.
///
/// One system, since another one would cost 30 ns of every iteration.
fn deliver(
    mut groups: Query<Group>,
    mut receptors: Query<(&Listens, &mut Arriving)>,
    synapses: Query<Walked>,
    sources: Res<Sources>,
    clock: Res<Clock>,
) {
    add_up(&groups, &mut receptors, &synapses, &sources, clock.iteration);
    for (mut input, conductance, jump, spikes) in &mut groups {
        input.0.fill(0.0);
        if let Some(mut conductance) = conductance.filter(|conductance| conductance.used) {
            conductance.sum.fill(0.0);
        }
        if let Some(mut jump) = jump.filter(|jump| jump.used) {
            jump.sum.fill(0.0);
        }
        if let Some(mut spikes) = spikes {
            spikes.begin();
        }
    }
}

fn add_up(
    groups: &Query<Group>,
    receptors: &mut Query<(&Listens, &mut Arriving)>,
    synapses: &Query<Walked>,
    sources: &Sources,
    iteration: u64,
) {
    // Filled in place: collected, such lists would be moved, which takes as long as what they are for.
    let mut active: SmallVec<[_; 16]> = SmallVec::new();
    let mut walks: SmallVec<[Walk<'_>; 16]> = SmallVec::new();
    let mut jobs: SmallVec<[Job<'_>; 16]> = SmallVec::new();
    for source in &sources.list {
        let spikes = groups.get(source.group).ok().and_then(|(.., spikes)| spikes);
        active.push(spikes.map(Spikes::past).filter(|past| !past.is_empty()));
    }
    for (listens, arriving) in receptors {
        let (arriving, first) = (arriving.into_inner(), walks.len());
        arriving.begin();
        for heard in &listens.synapses {
            if let Some(&Some(spikes)) = active.get(heard.source)
                && let Ok((synapses, weights, efficacies)) = synapses.get(heard.group)
                && let Some(layout) = &synapses.layout
            {
                let efficacies = efficacies.map(|efficacies| &efficacies.0);
                let walk = Walk { layout, weights: &weights.0, spikes, efficacies };
                // All first rows are on their way before any is walked.
                walk.fetch();
                walks.push(walk);
            }
        }
        if walks.len() > first || !arriving.ring.is_empty() {
            arriving.any = true;
            jobs.push((arriving, first..walks.len()));
        }
    }
    if sources.work(&active) > WORTH_SHARING && rayon::current_num_threads() > 1 {
        share(&mut jobs, &walks, iteration);
    } else {
        for (arriving, own) in jobs {
            blocks(arriving, BLOCK_TARGETS).for_each(|block| block.fill(&walks[own.clone()], iteration));
        }
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
                        dense::add(sums, walk.weights, (first, *targets), spikes, efficacies);
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

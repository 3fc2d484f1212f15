//! The start of an iteration: the spikes that are due walk their rows of weights into the sums of the receptors that
//! listen, and the input is cleared.
//!
//! ```text
//! arriving[j] += Σ efficacy · weight[i → j]   over the neurons i that fired, in ascending order
//! ```
//! Work is proportional to spikes. Targets are cut into fixed blocks, so that threads share a delivery without
//! atomics and every target adds in the same order whatever their number. Rows and delays: `numeric::rows`;
//! who hears whom: `wiring`.

use std::{cmp::Reverse, ops::Range};

use bevy_app::App;
use bevy_ecs::prelude::*;
use smallvec::SmallVec;

use super::{due::Due, wiring::Sources};
use crate::{
    network::{
        Arriving, Clock, Conductance, Efficacies, GivenInput, History, Input, Jump, Layout, Listens, ReceptorOf,
        Spikes, Synapses, ThreadShares, Weights, receptor::Heard,
    },
    numeric::{
        Real,
        coding::Coding,
        dense,
        pass::{Pass, pass},
        pieces::{Pieces, add},
        shares::{Effort, Shares},
    },
    schedule::{Stage, begin_stage},
};

/// Sparse synapses walked in one iteration from which threads are called: 10 to 20 µs of work.
const WORTH_SHARING: usize = 1 << 14;

pub(super) fn plugin(app: &mut App) {
    begin_stage(app, Stage::Input, "delivery", deliver);
}

/// What a group is given to in an iteration, and its spikes of the last one.
type Group = (
    &'static mut GivenInput,
    &'static mut Input,
    Option<&'static mut Conductance>,
    Option<&'static mut Jump>,
    Option<&'static mut Spikes>,
    &'static ThreadShares,
);

/// The synapses of a group, as spikes walk them.
type Walked = (&'static Synapses, &'static Weights, Option<&'static Efficacies>);

/// Adds the weights of all spikes that are due to the receptors, and begins the iteration of the groups.
///
/// One system, since another one would cost 30 ns of every iteration.
fn deliver(
    mut groups: Query<Group>,
    mut receptors: Query<(&Listens, &ReceptorOf, &mut Arriving)>,
    synapses: Query<Walked>,
    sources: Res<Sources>,
    clock: Res<Clock>,
    mut due: Local<Due>,
) {
    add_up(&groups, &mut receptors, &synapses, (&sources, &mut due), clock.iteration);
    pass(|pass| {
        for (mut given, input, conductance, jump, spikes, ThreadShares(shares)) in &mut groups {
            if let Some(mut spikes) = spikes {
                spikes.begin();
            }
            if std::mem::take(&mut given.bypass_change_detection().0) {
                continue;
            }
            clear(pass, shares, &mut input.into_inner().0);
            if let Some(conductance) = conductance.filter(|conductance| conductance.is_used()) {
                clear(pass, shares, &mut conductance.into_inner().sum);
            }
            if let Some(jump) = jump.filter(|jump| jump.is_used()) {
                clear(pass, shares, &mut jump.into_inner().sum);
            }
        }
    });
}

#[inline]
fn clear<'a>(pass: &mut Pass<'a>, shares: &Shares, sums: &'a mut [Real]) {
    pass.by_blocks(Effort::Light, shares, sums.len(), sums, |sums| sums.fill(0.0));
}

fn add_up(
    groups: &Query<Group>,
    receptors: &mut Query<(&Listens, &ReceptorOf, &mut Arriving)>,
    synapses: &Query<Walked>,
    (sources, due): (&Sources, &mut Due),
    iteration: u64,
) {
    // Filled in place: collected, such lists would be moved, which takes as long as what they are for.
    let mut active: SmallVec<[_; 16]> = SmallVec::new();
    let mut walks: SmallVec<[Walk<'_>; 16]> = SmallVec::new();
    let mut jobs: SmallVec<[Job<'_>; 16]> = SmallVec::new();
    for &source in sources.list.keys() {
        let spikes = groups.get(source).ok().and_then(|(.., spikes, _)| spikes);
        active.push(spikes.map(Spikes::history).filter(|history| !history.is_empty()));
    }
    due.gather(sources, |source| active[source].is_some());
    for (listens, of, arriving) in receptors {
        let (arriving, first) = (arriving.into_inner(), walks.len());
        arriving.begin();
        for heard in due.of(arriving.place) {
            if let Some(&Heard { group, source }) = listens.synapses.get(heard as usize)
                && let Some(&Some(spikes)) = active.get(source)
                && let Ok((synapses, weights, efficacies)) = synapses.get(group)
                && let Some(layout) = &synapses.layout
            {
                let efficacies = efficacies.map(|efficacies| &efficacies.0);
                walks.push(Walk { layout, weights: &weights.0, spikes, efficacies });
            }
        }
        if walks.len() > first || !arriving.ring.is_empty() {
            arriving.any = true;
            jobs.push((of.0, arriving, first..walks.len()));
        }
    }
    if sources.see_to_threads() > 1 && sources.work(&active) > WORTH_SHARING {
        share(jobs, (groups, sources), &walks, iteration);
    } else {
        // All first rows are on their way before any is walked.
        for walk in &walks {
            walk.fetch();
        }
        for (group, arriving, own) in jobs {
            let (walks, own) = (&walks[own], sources.own(groups, group, arriving));
            for block in blocks(arriving, walks) {
                block.within(&own).fill(walks, iteration);
            }
        }
    }
}

/// Shares the blocks of receptors among threads, the costliest first, as the neurons of their groups are dealt out.
///
/// A block is cut where a share ends if its pieces are long: of the 10 000 neurons of a common benchmark, 8000 are one
/// block. Its cost is that of all synapses which lead to it, in every iteration alike, so that a block mostly meets the thread
/// in whose cache its ring is: by the spikes of the iteration, the cortical microcircuit took half as long again.
fn share<'a>(
    jobs: impl IntoIterator<Item = Job<'a>>,
    (groups, sources): (&Query<Group>, &Sources),
    walks: &[Walk<'_>],
    iteration: u64,
) {
    let mut parts = Vec::new();
    for (group, arriving, own) in jobs {
        let (walks, own) = (&walks[own], sources.own(groups, group, arriving));
        let synapses: usize = walks.iter().map(|walk| walk.weights.len()).sum();
        let each = synapses / arriving.sums.len().max(1);
        let grain = walks.iter().map(|walk| walk.layout.grain()).max().unwrap_or(1);
        let shares: SmallVec<[_; 8]> =
            groups.get(group).map(|(.., ThreadShares(shares))| shares.iter(grain).collect()).unwrap_or_default();
        for block in blocks(arriving, walks) {
            block.within(&own).cut(&shares, |thread, part| parts.push((each * part.sums.len(), thread, part, walks)));
        }
    }
    parts.sort_by_key(|(cost, ..)| Reverse(*cost));
    pass(|pass| {
        for (_, thread, part, walks) in parts {
            pass.add(thread, move || part.fill(walks, iteration));
        }
    });
}

impl Sources {
    /// The neurons of a receptor that this rank takes care of.
    #[inline]
    fn own(&self, groups: &Query<Group>, group: Entity, arriving: &Arriving) -> Range<usize> {
        let neurons = arriving.sums.len();
        let shares = if self.in_parts { groups.get(group).ok() } else { None };
        shares.map_or(0..neurons, |(.., ThreadShares(shares))| shares.range(neurons))
    }
}

/// The part of a receptor that one task fills.
struct Block<'a> {
    /// Its neurons, and how many the group has.
    neurons: Range<usize>,
    of: usize,
    sums: &'a mut [Real],
    /// The rings of its neurons, if there are any.
    rings: &'a mut [Real],
    coding: Coding,
}

/// The blocks of a receptor, as wide as the widest of those whose spikes walk there.
fn blocks<'a>(arriving: &'a mut Arriving, walks: &[Walk<'_>]) -> impl Iterator<Item = Block<'a>> + use<'a> {
    let of = arriving.sums.len();
    let coding = Coding::of_rings(of, arriving.ring.len());
    let width = walks.iter().filter_map(|walk| walk.layout.width()).fold(coding.width(), usize::max);
    let mut rings = &mut arriving.ring[..];
    arriving.sums.chunks_mut(width).enumerate().map(move |(block, sums)| {
        let own = if rings.is_empty() { 0 } else { coding.cells_of_rings(sums.len()) };
        let (own, others) = std::mem::take(&mut rings).split_at_mut(own);
        rings = others;
        Block { neurons: block * width..block * width + sums.len(), of, sums, rings: own, coding }
    })
}

impl<'a> Block<'a> {
    /// The part that lies among some neurons; a block that has rings stays whole, as they are turned together.
    fn within(self, own: &Range<usize>) -> Self {
        let Self { neurons: Range { start, end }, of, sums, rings, coding } = self;
        let neurons = start.max(own.start)..end.min(own.end);
        if neurons.is_empty() {
            return Block { neurons: start..start, of, sums: &mut [], rings: &mut [], coding };
        }
        if !rings.is_empty() || neurons == (start..end) {
            return Block { neurons: start..end, of, sums, rings, coding };
        }
        Block { of, sums: &mut sums[neurons.start - start..neurons.end - start], neurons, rings, coding }
    }

    /// Gives every part to `take` with its thread: cut where a share ends, but for a block that has rings, which only one
    /// task can turn.
    fn cut(self, shares: &[(Range<usize>, usize)], mut take: impl FnMut(usize, Self)) {
        let Self { neurons, of, mut sums, mut rings, coding } = self;
        let mut start = neurons.start;
        let within = shares.iter().filter(|(range, _)| range.start < neurons.end && range.end > neurons.start);
        for (range, thread) in within {
            let end = if rings.is_empty() { range.end.min(neurons.end) } else { neurons.end };
            let (part, rest) = sums.split_at_mut(end - start);
            take(*thread, Block { neurons: start..end, of, sums: part, rings: std::mem::take(&mut rings), coding });
            (sums, start) = (rest, end);
            if start == neurons.end {
                return;
            }
        }
        // Of a group whose size was changed by hand, and which is yet to be dealt out; or in the care of another rank.
        take(0, Block { neurons: start..neurons.end, of, sums, rings, coding });
    }
}

impl Block<'_> {
    /// Adds everything that is due.
    fn fill(self, walks: &[Walk<'_>], iteration: u64) {
        let Self { neurons, of, sums, rings, coding } = self;
        let mut pieces = Pieces::new();
        for walk in walks {
            for (bucket, spikes, efficacies) in walk.due() {
                match walk.layout {
                    Layout::Dense { targets, .. } => {
                        dense::add(sums, walk.weights, (neurons.start, *targets), spikes, efficacies);
                    }
                    Layout::Sparse(rows) => {
                        rows.find(bucket, (&neurons, of), walk.weights, (spikes, efficacies), &mut pieces);
                    }
                }
            }
        }
        if !pieces.is_empty() {
            add(&pieces, sums, (rings, coding, iteration));
        }
        for (sums, ring) in sums.chunks_mut(coding.width()).zip(rings.chunks_exact_mut(coding.cells())) {
            for (sum, cell) in sums.iter_mut().zip(&mut ring[coding.due(iteration)]) {
                *sum += std::mem::take(cell);
            }
        }
    }
}

/// A receptor's group, what arrives there, and the places of what walks there in an iteration.
type Job<'a> = (Entity, &'a mut Arriving, Range<usize>);

/// The spikes of a source group, and the rows that they walk.
struct Walk<'a> {
    layout: &'a Layout,
    weights: &'a [Real],
    spikes: &'a History<u32>,
    efficacies: Option<&'a History<Real>>,
}

impl<'a> Walk<'a> {
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

//! The weights that an iteration changes: an arriving spike walks the row of its source, what happens at a target finds its
//! synapses by an index. Targets are cut into blocks, so that threads share a group and each weight has one of them.

use rayon::prelude::*;
use smallvec::SmallVec;

use super::{
    bounds::Bounds,
    in_flight::{Arrival, Calendar},
    incoming::{Entry, Incoming, Index},
    traces::{Side, at},
};
use crate::{
    network::{History, Layout},
    numeric::{
        Real, dispatch,
        prefetch::prefetch,
        row_blocks::RowBlock,
        rows::Rows,
        threads::{attend, is_alone},
    },
};

/// What spikes do to a weight; `x` and `y` are the traces of source and target just before.
pub trait Update<const PRE: usize, const POST: usize>: Copy + Send + Sync {
    /// The change of the weight by a spike of the source that arrives.
    fn on_pre(&self, w: Real, x: [Real; PRE], y: [Real; POST]) -> Real;
    /// The change of the weight by a spike of the target.
    fn on_post(&self, w: Real, x: [Real; PRE], y: [Real; POST]) -> Real;
}

/// Synapses changed in one iteration from which threads are called.
const WORTH_SHARING: usize = 1 << 13;

/// Synapses of a target whose weights, which lie all over the rows, are fetched ahead of the one that changes.
const AHEAD: usize = 16;

/// What is due in an iteration.
pub(super) struct Due<'a, const POST: usize> {
    /// The spikes of the sources, of which some arrive.
    pub arriving: &'a History<u32>,
    /// The targets at which something happens, ascending: those that fired, for most rules.
    pub at: &'a [u32],
    /// The traces of the sources.
    pub sources: &'a Side,
    /// Numbers of the targets: their traces, or what else a rule goes by.
    pub targets: [&'a [Real]; POST],
    /// Those of the numbers that change.
    pub bounds: Bounds,
}

/// The numbers that change, most often weights, and their rests, of which there may be none.
pub(super) type Numbers<'a> = (&'a mut [Real], &'a mut [Real]);

impl<const POST: usize> Due<'_, POST> {
    /// Changes the weights of synapses; sparse ones have an index.
    pub fn change<const PRE: usize>(
        &self,
        weights: Numbers<'_>,
        layout: &Layout,
        index: Option<&mut Index>,
        update: impl Update<PRE, POST>,
    ) {
        match (layout, index) {
            (&Layout::Dense { targets, delay, autapses, .. }, _) => {
                self.change_dense(weights, (targets, delay, autapses), update);
            }
            (Layout::Sparse(rows), Some(index)) => self.change_sparse(weights, rows, index, update),
            (Layout::Sparse(_), None) => {}
        }
    }

    /// Changes the weights of dense synapses, which have so many targets, this delay, and autapses or none.
    fn change_dense<const PRE: usize>(
        &self,
        (weights, rests): Numbers<'_>,
        (targets, delay, autapses): (usize, u32, bool),
        update: impl Update<PRE, POST>,
    ) {
        let (x, y, bounds) = (self.sources.seen::<PRE>(delay), self.targets, self.bounds);
        if targets == 0 || y.iter().any(|y| y.len() != targets) {
            return;
        }
        for &spike in self.arriving.before(delay) {
            let i = spike as usize;
            let Some(row) = weights.chunks_exact_mut(targets).nth(i) else { continue };
            let x = at(&x, i);
            let own = row.get(i).copied().filter(|_| !autapses);
            if let Some(rests) = rests.chunks_exact_mut(targets).nth(i) {
                for (j, (w, rest)) in row.iter_mut().zip(rests).enumerate() {
                    bounds.move_by(w, rest, update.on_pre(*w, x, y.map(|y| y[j])));
                }
            } else {
                dispatch(
                    #[inline(always)]
                    || {
                        let change = |(j, w): (usize, &mut Real)| {
                            *w = bounds.hold(*w + update.on_pre(*w, x, y.map(|y| y[j])));
                        };
                        row.iter_mut().enumerate().for_each(change);
                    },
                );
            }
            if let Some(own) = own {
                row[i] = own;
            }
        }
        if self.at.is_empty() {
            return;
        }
        // Row by row, since a column of a matrix lies in as many cache lines as it has rows.
        let mut rests = rests.chunks_exact_mut(targets);
        for (i, row) in weights.chunks_exact_mut(targets).enumerate() {
            let rests = rests.next().unwrap_or_default();
            let x = at(&x, i);
            for &j in self.at.iter().filter(|j| autapses || **j as usize != i) {
                let j = j as usize;
                if let Some(w) = row.get_mut(j) {
                    bounds.change(w, rests.get_mut(j), update.on_post(*w, x, at(&y, j)));
                }
            }
        }
    }

    /// Changes the weights of rows.
    fn change_sparse<const PRE: usize>(
        &self,
        (weights, rests): Numbers<'_>,
        rows: &Rows,
        Index { incoming, in_flight }: &mut Index,
        update: impl Update<PRE, POST>,
    ) {
        let walk = Walk { due: self, rows, incoming, update };
        let mut calendars = in_flight.blocks();
        let blocks: SmallVec<[_; 8]> =
            rows.with_rests(weights, rests).into_iter().map(|block| (block, calendars.next())).collect();
        let spikes = self.arriving.latest().len() + self.at.len();
        let shared = blocks.len() > 1 && rayon::current_num_threads() > 1 && !is_alone();
        if shared && spikes * rows.mean_length() > WORTH_SHARING {
            attend();
            blocks.into_vec().into_par_iter().for_each(|(block, calendar)| walk.change(block, calendar));
        } else {
            blocks.into_iter().for_each(|(block, calendar)| walk.change(block, calendar));
        }
    }
}

/// The changes of sparse synapses in an iteration.
struct Walk<'a, U, const PRE: usize, const POST: usize> {
    due: &'a Due<'a, POST>,
    rows: &'a Rows,
    incoming: &'a Incoming,
    update: U,
}

impl<U: Update<PRE, POST>, const PRE: usize, const POST: usize> Walk<'_, U, PRE, POST> {
    fn change(&self, mut block: RowBlock<'_>, calendar: Option<(&mut Calendar, bool)>) {
        match calendar {
            Some((calendar, is_new)) => self.arrive_in_turn(&mut block, calendar, is_new),
            None => self.arrive(&mut block),
        }
        self.happen(&mut block);
    }

    /// The spikes of sources that arrive, all synapses having the same delay.
    fn arrive(&self, block: &mut RowBlock<'_>) {
        let Self { due, rows, update, .. } = self;
        let y = due.targets;
        let first = block.first_target;
        let age = rows.ages().first().copied().unwrap_or_default();
        let x = due.sources.seen::<PRE>(age);
        for &spike in due.arriving.before(age) {
            let x = at(&x, spike as usize);
            if block.rests.is_empty() {
                block.each_of_source(spike, |j, w| {
                    *w = due.bounds.hold(*w + update.on_pre(*w, x, at(&y, first + j)));
                });
                continue;
            }
            for place in block.piece(0, spike) {
                let y = at(&y, first + block.target_of(place));
                if let (Some(w), Some(rest)) = (block.weights.get_mut(place), block.rests.get_mut(place)) {
                    due.bounds.move_by(w, rest, update.on_pre(*w, x, y));
                }
            }
        }
    }

    /// The spikes that arrive, each at the synapses whose turn it is.
    fn arrive_in_turn(&self, block: &mut RowBlock<'_>, calendar: &mut Calendar, is_new: bool) {
        let Self { due, rows, update, .. } = self;
        let y = due.targets;
        let arrived = calendar.turn(is_new, due.arriving, rows.ages(), block);
        for (k, &Arrival { place, source, delay }) in arrived.iter().enumerate() {
            if let Some(ahead) = arrived.get(k + AHEAD) {
                prefetch(block.weights, ahead.place as usize);
                due.sources.seen::<PRE>(ahead.delay).iter().for_each(|x| prefetch(x, ahead.source as usize));
            }
            let (place, x) = (place as usize, at(&due.sources.seen::<PRE>(delay), source as usize));
            let target = block.first_target + block.target_of(place);
            if let Some(w) = block.weights.get_mut(place) {
                let change = update.on_pre(*w, x, at(&y, target));
                due.bounds.change(w, block.rests.get_mut(place), change);
            }
        }
    }

    /// What happens at targets.
    fn happen(&self, block: &mut RowBlock<'_>) {
        let Self { due, rows, incoming, update } = self;
        let own = |&&j: &&u32| block.targets_of_group().contains(&(j as usize));
        let here: SmallVec<[u32; 64]> = due.at.iter().filter(own).copied().collect();
        if here.is_empty() {
            return;
        }
        let y = due.targets;
        let shortest = if rows.is_punctual() { incoming.longest_delay } else { 0 };
        let x: SmallVec<[[&[Real]; PRE]; 32]> =
            (shortest..=incoming.longest_delay).map(|delay| due.sources.seen(delay)).collect();
        let place_of = |entry: Entry| (entry.synapse as usize).wrapping_sub(block.first_synapse);
        for (n, &j) in here.iter().enumerate() {
            let y = at(&y, j as usize);
            let entries = incoming.entries(j as usize);
            let then = here.get(n + 1).map_or(&[][..], |&next| incoming.entries(next as usize));
            let mut coming = incoming.of_target(j as usize).skip(AHEAD);
            for (k, (entry, delay)) in incoming.of_target(j as usize).enumerate() {
                match coming.next() {
                    Some((ahead, delay)) => {
                        prefetch(block.weights, place_of(ahead));
                        let x = if shortest == 0 { x.get(delay as usize) } else { None };
                        x.into_iter().flatten().for_each(|x| prefetch(x, ahead.source as usize));
                    }
                    None => {
                        let ahead = then.get(k + AHEAD - entries.len());
                        ahead.into_iter().for_each(|&ahead| prefetch(block.weights, place_of(ahead)));
                    }
                }
                let place = place_of(entry);
                let x = x.get((delay - shortest) as usize);
                if let (Some(w), Some(x)) = (block.weights.get_mut(place), x) {
                    let change = update.on_post(*w, at(x, entry.source as usize), y);
                    due.bounds.change(w, block.rests.get_mut(place), change);
                }
            }
        }
    }
}

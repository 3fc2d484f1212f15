//! The synapses of a group in parts that threads may share: blocks of targets of sparse ones, rows of dense ones. Each lies in one
//! stretch of the order of weights, and each synapse is met once by the spikes that arrive and once by those of its target.

use super::{
    super::{
        in_flight::Calendar,
        incoming::{Incoming, Index},
    },
    gather::{Gather, Reads},
};
use crate::{
    equations::Event,
    network::{History, Layout},
    numeric::{Column, Real, row_blocks::RowBlock},
};

/// Dense synapses of a part, about.
const OF_A_PART: usize = 1 << 14;

/// A part.
pub(super) struct Part<'a> {
    at: At<'a>,
    /// The first of its synapses.
    first: usize,
    /// Weights and variables.
    pub columns: Vec<&'a mut [Real]>,
    /// When each was last seen to; empty where nobody asks.
    pub last: &'a mut [u32],
}

/// Where a part lies.
enum At<'a> {
    /// Rows of dense synapses: the first source, how many sources, targets, the delay, autapses or none.
    Rows { first_source: usize, sources: usize, targets: usize, delay: u32, autapses: bool },
    /// A block of sparse ones: the ages of its buckets, the synapses of its targets, and what is under way where delays differ.
    Block { block: RowBlock<'a>, ages: &'a [u32], incoming: &'a Incoming, calendar: Option<(&'a mut Calendar, bool)> },
}

/// What happens at synapses in an iteration.
pub(super) struct Due<'a> {
    pub arriving: &'a History<u32>,
    pub fired: &'a [u32],
    pub on_pre: Option<(&'a Event, Reads<'a>)>,
    pub on_post: Option<(&'a Event, Reads<'a>)>,
}

/// Weights, variables and times of synapses.
pub(super) type Columns<'a> = (&'a mut [Real], &'a mut [(String, Column<Real>)], &'a mut [u32]);

/// The parts of a group, sparse ones with their index; none where a column has another length than the weights.
pub(super) fn parts<'a>(
    layout: &'a Layout,
    index: Option<&'a mut Index>,
    (weights, synapses, last): Columns<'a>,
) -> Vec<Part<'a>> {
    let all = weights.len();
    if synapses.iter().any(|(_, column)| column.len() != all) || !(last.is_empty() || last.len() == all) {
        return Vec::new();
    }
    let mut others: Vec<&mut [Real]> = synapses.iter_mut().map(|(_, column)| &mut column[..]).collect();
    let (mut times, mut first) = (last, 0);
    let mut part = |at: At<'a>, weights: &'a mut [Real]| {
        let length = weights.len();
        let mut columns = vec![weights];
        for other in &mut others {
            let (own, rest) = std::mem::take(other).split_at_mut(length);
            *other = rest;
            columns.push(own);
        }
        let carried = if times.is_empty() { 0 } else { length };
        let (own, rest) = std::mem::take(&mut times).split_at_mut(carried);
        times = rest;
        let part = Part { at, first, columns, last: own };
        first += length;
        part
    };
    match layout {
        &Layout::Dense { sources, targets, delay, autapses } => {
            if targets == 0 || all != sources * targets {
                return Vec::new();
            }
            let rows = (OF_A_PART / targets).max(1);
            let chunks = weights.chunks_mut(rows * targets).enumerate();
            let of_rows = |(k, own): (usize, &'a mut [Real])| {
                let (first_source, sources) = (k * rows, own.len() / targets);
                part(At::Rows { first_source, sources, targets, delay, autapses }, own)
            };
            chunks.map(of_rows).collect()
        }
        Layout::Sparse(rows) => {
            let Some(Index { incoming, in_flight }) = index else { return Vec::new() };
            let mut calendars = in_flight.blocks();
            let of_block = |mut block: RowBlock<'a>| {
                let weights = std::mem::take(&mut block.weights);
                let at = At::Block { block, ages: rows.ages(), incoming, calendar: calendars.next() };
                part(at, weights)
            };
            rows.with_weights(weights).into_iter().map(of_block).collect()
        }
    }
}

impl Part<'_> {
    /// What is due in it: spikes that arrive, then those of its targets.
    pub fn change(&mut self, due: &Due<'_>) {
        if let Some((event, reads)) = &due.on_pre {
            let mut gather = Gather::new(event, reads);
            self.arrive(due, &mut gather);
            gather.flush(self);
        }
        if let Some((event, reads)) = due.on_post.as_ref().filter(|_| !due.fired.is_empty()) {
            let mut gather = Gather::new(event, reads);
            self.happen(due, &mut gather);
            gather.flush(self);
        }
    }

    fn arrive(&mut self, due: &Due<'_>, gather: &mut Gather<'_, '_>) {
        // Away for the while, so that its columns can be changed as it is walked.
        let mut at = std::mem::replace(&mut self.at, At::NOWHERE);
        match &mut at {
            &mut At::Rows { first_source, sources, targets, delay, autapses } => {
                let here = first_source..first_source + sources;
                for source in due.arriving.before(delay).iter().map(|source| *source as usize) {
                    if !here.contains(&source) {
                        continue;
                    }
                    let row = (source - first_source) * targets;
                    let own = if autapses || source >= targets { targets } else { source };
                    let (end, of) = (targets as u32, (source as u32, delay));
                    gather.add_row(self, row..row + own, of, 0..end);
                    gather.add_row(self, row + (own + 1).min(targets)..row + targets, of, own as u32 + 1..end);
                }
            }
            At::Block { block, ages, calendar: None, .. } => {
                let age = ages.first().copied().unwrap_or_default();
                for &source in due.arriving.before(age) {
                    let places = block.piece(0, source);
                    let targets = places.clone().map(|place| (block.first_target + block.target_of(place)) as u32);
                    gather.add_row(self, places, (source, age), targets);
                }
            }
            At::Block { block, ages, calendar: Some((calendar, is_new)), .. } => {
                for arrival in calendar.turn(*is_new, due.arriving, ages, block) {
                    let target = (block.first_target + block.target_of(arrival.place as usize)) as u32;
                    gather.add(self, arrival.place, (arrival.source, target, arrival.delay));
                }
            }
        }
        self.at = at;
    }

    fn happen(&mut self, due: &Due<'_>, gather: &mut Gather<'_, '_>) {
        let at = std::mem::replace(&mut self.at, At::NOWHERE);
        match &at {
            &At::Rows { first_source, sources, targets, delay, autapses } => {
                // Row by row, since a column of a matrix lies in as many cache lines as it has rows.
                for source in first_source..first_source + sources {
                    let row = (source - first_source) * targets;
                    for &target in due.fired {
                        let column = target as usize;
                        if column < targets && (autapses || column != source) {
                            gather.add(self, (row + column) as u32, (source as u32, target, delay));
                        }
                    }
                }
            }
            At::Block { block, incoming, .. } => {
                let here = block.targets_of_group();
                for &target in due.fired.iter().filter(|target| here.contains(&(**target as usize))) {
                    for (entry, delay) in incoming.of_target(target as usize) {
                        let place = entry.synapse - self.first as u32;
                        gather.add(self, place, (entry.source, target, delay));
                    }
                }
            }
        }
        self.at = at;
    }
}

impl At<'_> {
    const NOWHERE: Self = Self::Rows { first_source: 0, sources: 0, targets: 0, delay: 0, autapses: true };
}

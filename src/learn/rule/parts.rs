//! The synapses of a group in parts that threads may share: blocks of targets of sparse ones, rows of dense ones. Each lies in one
//! stretch of the order of weights, and each synapse is met once by the spikes that arrive and once by those of its target.

use super::{
    super::incoming::Incoming,
    gather::{Gather, Reads},
};
use crate::{
    equations::Event,
    network::{History, Layout},
    numeric::{Column, Real, coding::BLOCK_TARGETS, row_blocks::RowBlock},
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
    /// A block of sparse ones: the ages of its buckets, and how many delays each has.
    Block { block: RowBlock<'a>, ages: &'a [u32], span: u32, sources: usize },
}

/// What happens at synapses in an iteration.
pub(super) struct Due<'a> {
    pub arriving: &'a History<u32>,
    pub fired: &'a [u32],
    pub incoming: Option<&'a Incoming>,
    pub on_pre: Option<(&'a Event, Reads<'a>)>,
    pub on_post: Option<(&'a Event, Reads<'a>)>,
}

/// Weights, variables and times of synapses.
pub(super) type Columns<'a> = (&'a mut [Real], &'a mut [(String, Column<Real>)], &'a mut [u32]);

/// The parts of a group; none where a column has another length than the weights.
pub(super) fn parts<'a>(layout: &'a Layout, (weights, synapses, last): Columns<'a>) -> Vec<Part<'a>> {
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
            let of_block = |mut block: RowBlock<'a>| {
                let weights = std::mem::take(&mut block.weights);
                let at = At::Block { block, ages: rows.ages(), span: rows.span(), sources: rows.sources() };
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
        let at = std::mem::replace(&mut self.at, At::NOWHERE);
        match &at {
            &At::Rows { first_source, sources, targets, delay, autapses } => {
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
            At::Block { block, ages, span, sources } => {
                let longest = due.incoming.map_or(0, |incoming| incoming.longest_delay);
                for (bucket, age) in ages.iter().enumerate() {
                    for later in (0..*span).take_while(|later| age + later <= longest) {
                        for &source in due.arriving.before(age + later) {
                            if source as usize >= *sources {
                                continue;
                            }
                            self.arrive_at(block, ((bucket, later), age + later, source), gather);
                        }
                    }
                }
            }
        }
        self.at = at;
    }

    /// A spike of a source that arrives in a block.
    fn arrive_at(
        &mut self,
        block: &RowBlock<'_>,
        (of, delay, source): ((usize, u32), u32, u32),
        gather: &mut Gather<'_, '_>,
    ) {
        let (places, all) = block.stretch(of, source);
        let first = block.first_target as u32;
        let targets = block.targets(places.clone()).map(|target| first + target as u32);
        if all {
            gather.add_row(self, places, (source, delay), targets);
            return;
        }
        for (place, target) in places.zip(targets) {
            if block.has_delay(place, of.1) {
                gather.add(self, place as u32, (source, target, delay));
            }
        }
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
            At::Block { block, .. } => {
                let here = block.first_target..block.first_target + BLOCK_TARGETS;
                let Some(incoming) = due.incoming else { return };
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

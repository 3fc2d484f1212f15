//! Synapses at which something happens, gathered until a block is full, reckoned by a program and put back: arithmetic on a full block
//! costs a fraction of a loop over each row.

use std::ops::Range;

use super::parts::Part;
use crate::{
    equations::Event,
    numeric::{Column, Real, program::LANES, real::real},
};

/// Synapses that are worked on at once.
pub(super) const BLOCK: usize = 512;

/// Where a number is read from.
pub(super) enum From<'a> {
    /// A variable of the sources, by delays from the shortest one on.
    Sources(Vec<&'a [Real]>),
    /// A column of the source group.
    OfSource(&'a [Real]),
    /// A variable of the targets, or a column of their group.
    OfTarget(&'a [Real]),
    /// The same number for all.
    All(Real),
    /// The time since the synapse was seen to.
    Since,
}

/// What an event reads.
pub(super) struct Reads<'a> {
    pub from: Vec<From<'a>>,
    /// The shortest delay (steps).
    pub shortest: u32,
    /// The iteration, and its length (ms).
    pub now: (u32, f64),
}

#[inline]
fn at(numbers: &[Real], neuron: usize) -> Real {
    numbers.get(neuron).copied().unwrap_or_default()
}

impl<'a> Reads<'a> {
    /// A variable of the sources as it was when a spike was fired that takes so long.
    #[inline]
    pub fn seen(&self, by_delay: &[&'a [Real]], delay: u32) -> &'a [Real] {
        by_delay.get(delay.wrapping_sub(self.shortest) as usize).copied().unwrap_or_default()
    }
}

/// Synapses of a part that wait for an event.
pub(super) struct Gather<'e, 'r> {
    event: &'e Event,
    reads: &'e Reads<'r>,
    /// How many wait.
    number: usize,
    /// Where they are: stretches of the part, and single ones behind them.
    stretches: Vec<Range<usize>>,
    places: Vec<u32>,
    own: Vec<Column<Real>>,
    read: Vec<Column<Real>>,
    /// The targets of a row.
    targets: Vec<usize>,
}

impl<'e, 'r> Gather<'e, 'r> {
    pub fn new(event: &'e Event, reads: &'e Reads<'r>) -> Self {
        let columns = |number: usize| vec![Column::filled(0.0, BLOCK); number];
        let (own, read) = (columns(event.uses.len()), columns(reads.from.len()));
        Self { event, reads, number: 0, stretches: Vec::new(), places: Vec::new(), own, read, targets: Vec::new() }
    }

    /// Adds synapses of a source, at which a spike of it arrives that took so long, and which lie one behind another.
    pub fn add_row(
        &mut self,
        part: &mut Part<'_>,
        places: Range<usize>,
        (source, delay): (usize, u32),
        mut targets: impl Iterator<Item = usize>,
    ) {
        let mut begun = places.start;
        while begun < places.end {
            let k = self.number;
            let number = (BLOCK - k).min(places.end - begun);
            let own = begun..begun + number;
            let targets: &mut dyn Iterator<Item = usize> = &mut targets;
            self.take(part, own.clone(), (source, delay), targets);
            begun = own.end;
            self.stretches.push(own);
            self.number += number;
            if self.number == BLOCK {
                self.flush(part);
            }
        }
    }

    fn take(
        &mut self,
        part: &Part<'_>,
        places: Range<usize>,
        (source, delay): (usize, u32),
        targets: &mut dyn Iterator<Item = usize>,
    ) {
        let here = self.number..self.number + places.len();
        for (own, (column, used)) in self.own.iter_mut().zip(part.columns.iter().zip(&self.event.uses)) {
            if *used {
                own[here.clone()].copy_from_slice(&column[places.clone()]);
            }
        }
        self.targets.clear();
        for (read, from) in self.read.iter_mut().zip(&self.reads.from) {
            let read = &mut read[here.clone()];
            match from {
                From::Sources(by_delay) => read.fill(at(self.reads.seen(by_delay, delay), source)),
                From::OfSource(numbers) => read.fill(at(numbers, source)),
                From::All(x) => read.fill(*x),
                From::Since => since(read, &part.last[places.clone()], self.reads.now),
                From::OfTarget(numbers) => {
                    if self.targets.is_empty() {
                        self.targets.extend((&mut *targets).take(places.len()));
                    }
                    read.iter_mut().zip(&self.targets).for_each(|(x, target)| *x = at(numbers, *target));
                }
            }
        }
    }

    /// Adds a synapse.
    #[inline]
    pub fn add(&mut self, part: &mut Part<'_>, place: usize, (source, target, delay): (usize, usize, u32)) {
        let k = self.number;
        for (own, (column, used)) in self.own.iter_mut().zip(part.columns.iter().zip(&self.event.uses)) {
            if *used {
                own[k] = column[place];
            }
        }
        for (read, from) in self.read.iter_mut().zip(&self.reads.from) {
            read[k] = match from {
                From::Sources(by_delay) => at(self.reads.seen(by_delay, delay), source),
                From::OfSource(numbers) => at(numbers, source),
                From::OfTarget(numbers) => at(numbers, target),
                From::All(x) => *x,
                From::Since => {
                    since(&mut read[k..=k], &part.last[place..=place], self.reads.now);
                    read[k]
                }
            };
        }
        self.places.push(place as u32);
        self.number += 1;
        if self.number == BLOCK {
            self.flush(part);
        }
    }

    /// Reckons what was gathered, and puts it back.
    pub fn flush(&mut self, part: &mut Part<'_>) {
        if self.number == 0 {
            return;
        }
        // Up to whole lines: what lies behind the last one is of nobody.
        let n = self.number.next_multiple_of(LANES);
        let mut own: Vec<&mut [Real]> = self.own.iter_mut().map(|column| &mut column[..n]).collect();
        let read = self.read.iter().chain(&self.event.lowered.fixed);
        let read: Vec<&[Real]> = read.map(|column| &column[..n]).collect();
        let lowered = &self.event.lowered;
        lowered.program.run(&mut own, &read, lowered.lines(), &mut [0; BLOCK][..n]);
        for (own, (column, changes)) in self.own.iter().zip(part.columns.iter_mut().zip(&self.event.changes)) {
            if !changes {
                continue;
            }
            let mut k = 0;
            for stretch in &self.stretches {
                column[stretch.clone()].copy_from_slice(&own[k..k + stretch.len()]);
                k += stretch.len();
            }
            self.places.iter().zip(&own[k..]).for_each(|(place, x)| column[*place as usize] = *x);
        }
        if self.reads.from.iter().any(|from| matches!(from, From::Since)) {
            let now = self.reads.now.0;
            self.stretches.iter().for_each(|stretch| part.last[stretch.clone()].fill(now));
            self.places.iter().for_each(|place| part.last[*place as usize] = now);
        }
        self.stretches.clear();
        self.places.clear();
        self.number = 0;
    }
}

/// The times (ms) from iterations until now.
#[inline]
fn since(times: &mut [Real], last: &[u32], (now, dt): (u32, f64)) {
    let dt = real(dt);
    times.iter_mut().zip(last).for_each(|(time, last)| *time = now.wrapping_sub(*last) as Real * dt);
}

//! Synapses at which something happens, gathered until a block is full, reckoned by a program and put back: arithmetic on a full block
//! costs a fraction of a loop over each row. First their places are noted, then column by column their numbers are fetched, so that
//! many wait for the memory at a time.

use std::{cell::RefCell, ops::Range};

use smallvec::SmallVec;

use super::parts::Part;
use crate::{
    equations::Event,
    numeric::{Column, Real, program::LANES, real::real},
};

/// Synapses that are worked on at once.
const BLOCK: usize = 512;

/// Where a number is read from.
pub(super) enum From<'a> {
    /// A variable of the sources, as many iterations of it as axons are long.
    Sources(&'a [Real]),
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
    /// The shortest delay (steps), and from it on where a variable of the sources stands that spikes of each delay see.
    pub shortest: u32,
    pub slots: Vec<u32>,
    /// The iteration, and its length (ms).
    pub now: (u32, f64),
}

impl Reads<'_> {
    /// Where a variable of a source stands that a spike of it sees which takes so long.
    #[inline]
    pub fn slot(&self, source: u32, delay: u32) -> u32 {
        let slots = self.slots.get(delay.wrapping_sub(self.shortest) as usize).copied();
        slots.unwrap_or_default().wrapping_add(source)
    }

    fn ask(&self, of: impl Fn(&From<'_>) -> bool) -> bool {
        self.from.iter().any(of)
    }
}

/// The numbers of neurons, or of places, one by one.
#[inline]
pub(super) fn fetch(numbers: &mut [Real], from: &[Real], at: &[u32]) {
    for (x, at) in numbers.iter_mut().zip(at) {
        *x = from.get(*at as usize).copied().unwrap_or_default();
    }
}

/// The times (ms) from iterations until now.
fn since(times: &mut [Real], last: &[u32], at: &[u32], (now, dt): (u32, f64)) {
    let dt = real(dt);
    for (time, at) in times.iter_mut().zip(at) {
        *time = now.wrapping_sub(last.get(*at as usize).copied().unwrap_or(now)) as Real * dt;
    }
}

thread_local! {
    /// Room of gathers that are done, for the next ones.
    static ROOM: RefCell<Vec<Room>> = RefCell::default();
}

/// What was gathered.
#[derive(Default)]
struct Room {
    places: Vec<u32>,
    /// Of each its slot, its source and its target, where somebody asks for them.
    slots: Vec<u32>,
    sources: Vec<u32>,
    targets: Vec<u32>,
    own: Vec<Column<Real>>,
    read: Vec<Column<Real>>,
}

/// Synapses of a part that wait for an event.
pub(super) struct Gather<'e, 'r> {
    event: &'e Event,
    reads: &'e Reads<'r>,
    /// Whether slots, sources and targets are asked for.
    asks: [bool; 3],
    room: Room,
}

impl Drop for Gather<'_, '_> {
    fn drop(&mut self) {
        let room = std::mem::take(&mut self.room);
        ROOM.with_borrow_mut(|rooms| rooms.push(room));
    }
}

impl<'e, 'r> Gather<'e, 'r> {
    pub fn new(event: &'e Event, reads: &'e Reads<'r>) -> Self {
        let mut room = ROOM.with_borrow_mut(Vec::pop).unwrap_or_default();
        let more = |columns: &mut Vec<Column<Real>>, number: usize| {
            if columns.len() < number {
                columns.resize_with(number, || Column::filled(0.0, BLOCK));
            }
        };
        more(&mut room.own, event.uses.len());
        more(&mut room.read, reads.from.len());
        let asks = [
            reads.ask(|from| matches!(from, From::Sources(_))),
            reads.ask(|from| matches!(from, From::OfSource(_))),
            reads.ask(|from| matches!(from, From::OfTarget(_))),
        ];
        Self { event, reads, asks, room }
    }

    /// Adds synapses of a source, at which a spike of it arrives that took so long, and which lie one behind another.
    #[inline]
    pub fn add_row(
        &mut self,
        part: &mut Part<'_>,
        places: Range<usize>,
        (source, delay): (u32, u32),
        mut targets: impl Iterator<Item = u32>,
    ) {
        let slot = self.reads.slot(source, delay);
        let mut begun = places.start;
        while begun < places.end {
            let room = &mut self.room;
            let number = (BLOCK - room.places.len()).min(places.end - begun);
            room.places.extend(begun as u32..(begun + number) as u32);
            if self.asks[0] {
                room.slots.extend(std::iter::repeat_n(slot, number));
            }
            if self.asks[1] {
                room.sources.extend(std::iter::repeat_n(source, number));
            }
            if self.asks[2] {
                room.targets.extend(targets.by_ref().take(number));
            }
            begun += number;
            if self.room.places.len() == BLOCK {
                self.flush(part);
            }
        }
    }

    /// Adds a synapse.
    #[inline]
    pub fn add(&mut self, part: &mut Part<'_>, place: u32, (source, target, delay): (u32, u32, u32)) {
        let room = &mut self.room;
        room.places.push(place);
        if self.asks[0] {
            room.slots.push(self.reads.slot(source, delay));
        }
        if self.asks[1] {
            room.sources.push(source);
        }
        if self.asks[2] {
            room.targets.push(target);
        }
        if room.places.len() == BLOCK {
            self.flush(part);
        }
    }

    /// Reckons what was gathered, and puts it back.
    pub fn flush(&mut self, part: &mut Part<'_>) {
        if self.room.places.is_empty() {
            return;
        }
        self.take(part);
        let Room { places, slots, sources, targets, own, read } = &mut self.room;
        // Up to whole lines: what lies behind the last one is of nobody.
        let n = places.len().next_multiple_of(LANES);
        let [columns, inputs] = [self.event.uses.len(), self.reads.from.len()];
        let mut columns: SmallVec<[&mut [Real]; 8]> =
            own[..columns].iter_mut().map(|column| &mut column[..n]).collect();
        let inputs: SmallVec<[&[Real]; 8]> = read[..inputs].iter().map(|column| &column[..n]).collect();
        let lowered = &self.event.lowered;
        lowered.program.run_unmarked(&mut columns, &inputs, lowered.lines(), n);
        for (own, (column, changes)) in columns.iter().zip(part.columns.iter_mut().zip(&self.event.changes)) {
            if *changes {
                put(column, own, places);
            }
        }
        if self.reads.ask(|from| matches!(from, From::Since)) {
            let now = self.reads.now.0;
            places.iter().for_each(|place| part.last[*place as usize] = now);
        }
        [places, slots, sources, targets].into_iter().for_each(Vec::clear);
    }

    /// The numbers of all that were gathered, column by column.
    fn take(&mut self, part: &Part<'_>) {
        let Room { places, slots, sources, targets, own, read } = &mut self.room;
        for (own, (column, used)) in own.iter_mut().zip(part.columns.iter().zip(&self.event.uses)) {
            if *used {
                fetch(own, column, places);
            }
        }
        for (read, from) in read.iter_mut().zip(&self.reads.from) {
            match from {
                From::Sources(numbers) => fetch(read, numbers, slots),
                From::OfSource(numbers) => fetch(read, numbers, sources),
                From::OfTarget(numbers) => fetch(read, numbers, targets),
                From::All(x) => read[..places.len()].fill(*x),
                From::Since => since(read, part.last, places, self.reads.now),
            }
        }
    }
}

/// Puts numbers back at their places.
fn put(column: &mut [Real], own: &[Real], places: &[u32]) {
    for (place, x) in places.iter().zip(own) {
        if let Some(column) = column.get_mut(*place as usize) {
            *column = *x;
        }
    }
}

//! Shares: which thread takes which neurons of a group, in every pass alike, so that what one pass wrote lies in the
//! cache of the thread that goes on with it in the next. How they are carried out: [`pass`](crate::numeric::pass).
//!
//! No result depends on them.

use std::{cmp::Reverse, ops::Range, sync::Arc};

use crate::numeric::blocks::Cut;

/// The most neurons in a share, so that a thread whose core is taken from it leaves others something to take over.
const LARGEST: usize = 1 << 15;

/// Where a group may be cut: shares begin at multiples of a cache line of any column.
const GRAIN: usize = 64;

/// An update of a neuron and what else it takes in an iteration cost about as much as the synapses of so many others of its
/// afferents: 100 to 1000, by their rates.
const NEURON: usize = 256;

/// How the neurons of a group are dealt out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    list: Arc<[Share]>,
    /// The neurons of all groups, if there are several threads.
    all: usize,
    /// The neurons of which passes take care, where others are in the care of other ranks.
    own: Option<(usize, usize)>,
}

/// Neurons of a group from the end of the last share on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    end: usize,
    thread: usize,
}

/// What a pass does to a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A few operations: 0.1 to 0.5 ns.
    Light,
    /// A nanosecond or more: exponentials, random numbers of some distribution.
    Heavy,
}

impl Effort {
    /// The least number of neurons of all groups together that is worth several threads.
    ///
    /// A parallel region costs 2 µs, and columns that one thread wrote alone are fetched from its cache by the other: two
    /// threads took as long as one over 40 000 neurons in light passes, and in heavy ones two thirds over 10 000.
    const fn worth_sharing(self) -> usize {
        match self {
            Self::Light => 60_000,
            Self::Heavy => 10_000,
        }
    }
}

/// A group to be dealt out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// Its neurons, or those of them that are dealt out.
    pub neurons: usize,
    /// The synapses that lead to them.
    pub synapses: usize,
    /// The neurons from which it may be cut are multiples of this; 1 or 0 for anywhere.
    pub grain: usize,
    /// The first of its neurons that are dealt out, and the end of them, where others are in the care of other ranks.
    pub own: Option<(usize, usize)>,
}

impl Shares {
    /// Whether a pass over a group of so many neurons is to be shared.
    #[inline]
    #[must_use]
    pub fn are_worth_it(&self, neurons: usize, effort: Effort) -> bool {
        self.all >= effort.worth_sharing() && self.end() == self.own.map_or(neurons, |(_, end)| end)
    }

    /// The same for passes that go otherwise about a group which is neither shared nor in part in the care of other ranks.
    #[inline]
    #[must_use]
    pub fn cut(&self, neurons: usize, effort: Effort) -> bool {
        self.own.is_some() || self.are_worth_it(neurons, effort)
    }

    /// Where the neurons end that are dealt out.
    fn end(&self) -> usize {
        self.list.last().map_or(0, |last| last.end)
    }

    /// Of the columns of so many neurons those that are dealt out, and how many that are.
    #[inline]
    pub fn own<C: Cut>(&self, neurons: usize, columns: C) -> (usize, C) {
        match self.own {
            None => (neurons, columns),
            // The last block may be short: what is there once for each is not cut behind it.
            Some((start, end)) if end == neurons => (end - start, columns.cut(start).1),
            Some((start, end)) => (end - start, columns.cut(end).0.cut(start).1),
        }
    }

    /// The neurons that are dealt out of a group of so many.
    #[inline]
    #[must_use]
    pub fn range(&self, neurons: usize) -> Range<usize> {
        self.own.map_or(0..neurons, |(start, end)| start.min(neurons)..end.min(neurons))
    }

    /// The neurons of each share, and its thread; they begin at multiples of `grain`, but for the first.
    pub fn iter(&self, grain: usize) -> impl Iterator<Item = (Range<usize>, usize)> + '_ {
        let (neurons, mut start) = (self.end(), self.own.map_or(0, |(start, _)| start));
        let shares = self.list.iter().map(move |&Share { end, thread }| {
            let end = if end == neurons { end } else { neurons.min((end + grain / 2) / grain * grain) };
            let range = start..end.max(start);
            start = range.end;
            (range, thread)
        });
        shares.filter(|(range, _)| !range.is_empty())
    }
}

/// Deals groups out to threads.
///
/// Pieces that must stay whole come first, the costliest of them before others, each for the thread that has least to do;
/// groups that may be cut anywhere make up for what is uneven then.
#[must_use]
pub fn deal(groups: &[Whole], threads: usize) -> Vec<Shares> {
    let all = if threads > 1 { groups.iter().map(|group| group.neurons).sum() } else { 0 };
    let mut loads = vec![0; threads.max(1)];
    let mut lists = vec![Vec::new(); groups.len()];
    let mut pieces: Vec<_> = groups.iter().enumerate().flat_map(|(group, whole)| whole.pieces(group)).collect();
    pieces.sort_unstable_by_key(|&(group, start, end)| (Reverse((end - start) * groups[group].each()), group, start));
    for (group, start, end) in pieces {
        let thread = (0..loads.len()).min_by_key(|&thread| loads[thread]).unwrap_or_default();
        loads[thread] += (end - start) * groups[group].each();
        lists[group].push(Share { end, thread });
    }
    for (group, list) in groups.iter().zip(&mut lists) {
        list.sort_unstable_by_key(|share| share.end);
        if !group.stays_whole() {
            *list = group.fill_up(&mut loads);
        }
    }
    let shares = lists.into_iter().zip(groups).map(|(mut list, Whole { own, .. })| {
        list.iter_mut().for_each(|share| share.end += own.map_or(0, |(start, _)| start));
        Shares { list: list.into(), all, own: *own }
    });
    shares.collect()
}

impl Whole {
    /// What a neuron costs.
    fn each(&self) -> usize {
        self.synapses / self.neurons.max(1) + NEURON
    }

    /// Whether it may not be cut anywhere: if there are few synapses, where their blocks begin does not matter.
    fn stays_whole(&self) -> bool {
        self.grain > 1 && self.synapses > NEURON * self.neurons
    }

    /// The group, the first neuron and the end of its pieces, if it may not be cut anywhere.
    fn pieces(&self, group: usize) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let Self { neurons, grain, .. } = *self;
        let whole = if self.stays_whole() { neurons } else { 0 };
        (0..whole).step_by(grain.max(1)).map(move |start| (group, start, neurons.min(start + grain)))
    }

    /// A share for each thread, the larger the less it has to do so far.
    fn fill_up(&self, loads: &mut [usize]) -> Vec<Share> {
        let all = loads.iter().sum::<usize>() + self.neurons * self.each();
        let level = all.div_ceil(loads.len());
        let room: Vec<usize> = loads.iter().map(|load| level.saturating_sub(*load)).collect();
        let (mut list, mut left, mut start) = (Vec::new(), room.iter().sum::<usize>(), 0);
        for (thread, room) in room.into_iter().enumerate() {
            let rest = self.neurons - start;
            let share = (rest as u128 * room as u128 / left.max(1) as u128) as usize;
            left -= room;
            let end = if left == 0 { self.neurons } else { (start + share + GRAIN / 2) / GRAIN * GRAIN };
            let end = end.min(self.neurons);
            loads[thread] += (end - start) * self.each();
            let parts = (end - start).div_ceil(LARGEST);
            let ends =
                (1..=parts).map(|part| Share { end: if part == parts { end } else { start + part * LARGEST }, thread });
            list.extend(ends);
            start = end;
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(neurons: usize, synapses: usize, grain: usize) -> Whole {
        Whole { neurons, synapses, grain, own: None }
    }

    proptest! {
        /// Any grain that a pass needs: every neuron is in one share, the shares ascend.
        #[test]
        fn portions_make_up_the_group(
            sizes in prop::collection::vec(1..40_000_usize, 1..6),
            threads in 2..9_usize,
            grain in prop::sample::select(vec![1, 64, 2048, 8192]),
            ring in any::<bool>(),
        ) {
            let groups: Vec<Whole> = sizes.iter().map(|&n| whole(n, 100 * n, if ring { 8192 } else { 0 })).collect();
            let all: usize = sizes.iter().sum();
            for (&n, shares) in sizes.iter().zip(deal(&groups, threads)) {
                prop_assert_eq!(shares.are_worth_it(n, Effort::Heavy), all >= Effort::Heavy.worth_sharing());
                let mut end = 0;
                for (range, thread) in shares.iter(grain) {
                    prop_assert!(range.start == end && range.start % grain == 0 && thread < threads);
                    end = range.end;
                }
                prop_assert!(end == n);
            }
        }
    }

    /// The cortical microcircuit, whose groups are cut into blocks of 8192: each of two threads gets half of the synapses.
    #[test]
    fn threads_get_as_much_to_do_as_others() {
        let sizes = [20_683, 5834, 21_915, 5479, 4850, 1065, 14_395, 2948];
        let groups = sizes.map(|n| whole(n, 3850 * n, 8192));
        let mut loads = [0; 2];
        for shares in deal(&groups, 2) {
            shares.iter(1).for_each(|(range, thread)| loads[thread] += range.len());
        }
        assert!(loads[0].abs_diff(loads[1]) < 77_169 / 50, "{loads:?}");
    }
}

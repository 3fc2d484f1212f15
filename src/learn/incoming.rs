//! An index of sparse synapses by their targets: a spike of a target finds its synapses without looking at others.

use std::ops::Range;

use super::in_flight::InFlight;
use crate::{network::Size, numeric::rows::Rows};

/// A synapse, as its target finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its place in the order of weights.
    pub synapse: u32,
    /// The source neuron.
    pub source: u32,
}

/// Where the synapses of sparse rows are found.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// Those of each target.
    pub incoming: Incoming,
    /// Those that spikes of the sources reach next, where delays differ.
    pub in_flight: InFlight,
}

impl Index {
    /// The index of some rows onto so many targets.
    ///
    /// # Errors
    /// There are more synapses than 32 bits count.
    pub fn of(rows: &Rows, targets: usize) -> Result<Self, String> {
        let incoming = Incoming::of(rows, targets).ok_or("more plastic synapses than 32 bits count")?;
        let differ = !rows.is_punctual();
        let in_flight = if differ { InFlight::new(rows, incoming.longest_delay) } else { InFlight::default() };
        Ok(Self { incoming, in_flight })
    }

    /// Memory (bytes) of an index of such synapses.
    pub const fn bytes(size: Size) -> u64 {
        let each = size_of::<Entry>() + if size.punctual { 0 } else { size_of::<u16>() + InFlight::EACH };
        let offsets = size.targets.saturating_add(1).saturating_mul(size_of::<usize>() as u64);
        let all = size.members.saturating_mul(each as u64).saturating_add(offsets);
        if size.dense { 0 } else { all }
    }
}

/// The synapses of each target.
#[derive(Clone, Debug, Default)]
pub(super) struct Incoming {
    /// Where the synapses of each target begin; one more for the end.
    offsets: Vec<usize>,
    entries: Vec<Entry>,
    /// The delays (steps) of the entries; empty where all are the same.
    delays: Vec<u16>,
    /// The longest delay (steps), here or at another rank.
    pub longest_delay: u32,
}

impl Incoming {
    /// The index of some rows onto so many targets; `None` for more synapses than 32 bits count.
    pub fn of(rows: &Rows, targets: usize) -> Option<Self> {
        u32::try_from(rows.len()).ok()?;
        let mut offsets = vec![0; targets + 2];
        for synapse in rows.iter() {
            *offsets.get_mut(synapse.target as usize + 2)? += 1;
        }
        let mut sum = 0;
        for offset in &mut offsets {
            sum += *offset;
            *offset = sum;
        }
        let mut entries = vec![Entry { synapse: 0, source: 0 }; rows.len()];
        let mut delays = vec![0; if rows.is_punctual() { 0 } else { rows.len() }];
        for (k, synapse) in rows.iter().enumerate() {
            let next = &mut offsets[synapse.target as usize + 1];
            entries[*next] = Entry { synapse: k as u32, source: synapse.source };
            if let Some(delay) = delays.get_mut(*next) {
                *delay = synapse.delay as u16;
            }
            *next += 1;
        }
        offsets.pop();
        Some(Self { offsets, entries, delays, longest_delay: rows.longest_delay() })
    }

    /// The synapses of a target, each with its delay (steps).
    #[inline]
    pub fn of_target(&self, target: usize) -> impl Iterator<Item = (Entry, u32)> + '_ {
        let range = self.range(target);
        let delays = self.delays.get(range.clone());
        let entries = self.entries[range].iter().enumerate();
        entries.map(move |(k, &entry)| (entry, delays.map_or(self.longest_delay, |delays| u32::from(delays[k]))))
    }

    /// The synapses of a target, to be fetched ahead of what is done with them.
    #[inline]
    pub fn entries(&self, target: usize) -> &[Entry] {
        &self.entries[self.range(target)]
    }

    #[inline]
    fn range(&self, target: usize) -> Range<usize> {
        match self.offsets.get(target..target + 2) {
            Some(&[from, to]) => from..to,
            _ => 0..0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::Layout, network::Synapses, prelude::*};

    #[test]
    fn every_synapse_is_found_by_its_target() {
        for delays in [None, Some(3.0.into()), Some("uniform(1, 40)".into())] {
            let mut bench = Bench::new();
            let (a, b) = (bench.group("a", 30, Spikes::default()), bench.group("b", 9000, Spikes::default()));
            let group = bench.synapses(a, b, "X", (FixedInDegree { in_degree: 4, ..default() }, Delays(delays)));
            let Some(Layout::Sparse(rows)) = bench.world_mut().get::<Synapses>(group).unwrap().layout.clone() else {
                panic!("rows")
            };
            let incoming = Incoming::of(&rows, 9000).unwrap();
            let all: Vec<_> = rows.iter().collect();
            let mut found = 0;
            for target in 0..9000 {
                for (entry, delay) in incoming.of_target(target) {
                    let synapse = all[entry.synapse as usize];
                    assert_eq!((synapse.source, synapse.target, synapse.delay), (entry.source, target as u32, delay));
                    found += 1;
                }
            }
            assert_eq!(found, 36_000);
            assert_eq!(incoming.of_target(9000).count(), 0);
        }
    }
}

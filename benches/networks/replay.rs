//! What a run did, taken from the network itself: who fired when, and the rows that those spikes walk, on plain arrays.

use cortecs::{
    network::{Layout, Source, Synapses, Tags, Target, Weights},
    prelude::*,
    schedule::run_ticks,
};

/// Where each group's neurons stand among those of the whole network.
pub struct Places(pub Vec<(Entity, usize)>);

impl Places {
    pub fn of(world: &World, groups: &[Entity]) -> Self {
        let mut first = 0;
        let places = groups.iter().map(|&group| {
            let size = world.get::<NeuronGroup>(group).map_or(0, NeuronGroup::size);
            first += size;
            (group, first - size)
        });
        Self(places.collect())
    }

    fn first(&self, group: Entity) -> u32 {
        self.0.iter().find(|(own, _)| *own == group).map(|(_, first)| *first as u32).expect("a group of the network")
    }
}

/// The spikes of a run, iteration after iteration.
#[derive(Default)]
pub struct Spiking {
    ends: Vec<usize>,
    neurons: Vec<u32>,
}

impl Spiking {
    /// Runs the network and notes who fires.
    pub fn of(world: &mut World, places: &Places, iterations: u64) -> Self {
        let mut spiking = Self::default();
        for _ in 0..iterations {
            run_ticks(world, 1);
            for &(group, first) in &places.0 {
                let spikes = world.get::<Spikes>(group).expect("a group of neurons");
                spiking.neurons.extend(spikes.neurons().iter().map(|i| first as u32 + i));
            }
            spiking.ends.push(spiking.neurons.len());
        }
        spiking
    }

    /// The spikes that are `age` iterations old when iteration `now` begins.
    pub fn before(&self, now: usize, age: usize) -> &[u32] {
        match now.checked_sub(age + 1) {
            Some(0) => &self.neurons[..self.ends[0]],
            Some(then) => &self.neurons[self.ends[then - 1]..self.ends[then]],
            None => &[],
        }
    }

    pub fn iterations(&self) -> usize {
        self.ends.len()
    }

    /// The number of each group.
    pub fn counts(&self, places: &Places) -> Vec<u64> {
        let mut counts = vec![0; places.0.len()];
        for &neuron in &self.neurons {
            counts[places.0.partition_point(|(_, first)| *first <= neuron as usize) - 1] += 1;
        }
        counts
    }
}

/// Cells that a 16-bit code can mean.
pub const CELLS: usize = 1 << 16;

/// Steps of delay that a ring of cells holds; rows are cut by as many.
pub const SLOTS: usize = 8;

/// All rows of the network, six bytes a synapse as in cortecs: a code of 16 bits, slot · stride + target, and a weight.
pub struct Wires {
    sources: usize,
    /// Cells of a slot.
    pub stride: usize,
    starts: Vec<u32>,
    codes: Vec<u16>,
    weights: Vec<Real>,
}

impl Wires {
    /// The sparse synapses of the network.
    ///
    /// # Panics
    /// The network is too large for the codes.
    pub fn of(world: &mut World, places: &Places, neurons: usize) -> Self {
        let mut all = Vec::new();
        let mut groups = world.query::<(&Source, &Target, &Synapses, &Weights)>();
        for (source, target, synapses, weights) in groups.iter(world) {
            let Some(Layout::Sparse(rows)) = &synapses.layout else { panic!("dense synapses") };
            let (source, target) = (places.first(source.0), places.first(target.0));
            let ends = rows.iter().zip(&weights.0[..]);
            all.extend(ends.map(|(s, &weight)| (source + s.source, target + s.target, s.delay, weight)));
        }
        let longest = all.iter().map(|synapse| synapse.2).max().unwrap_or_default() as usize;
        let stride = if longest == 0 { CELLS } else { CELLS / SLOTS };
        assert!(neurons <= stride, "no room for {neurons} neurons");
        let piece = |source: u32, delay: u32| delay as usize / SLOTS * neurons + source as usize;
        let mut starts = vec![0; (longest / SLOTS + 1) * neurons + 1];
        all.iter().for_each(|&(source, _, delay, _)| starts[piece(source, delay) + 1] += 1);
        (1..starts.len()).for_each(|k| starts[k] += starts[k - 1]);
        let mut next = starts.clone();
        let (mut codes, mut weights) = (vec![0; all.len()], vec![0.0; all.len()]);
        for (source, target, delay, weight) in all {
            let at = &mut next[piece(source, delay)];
            codes[*at as usize] = ((delay as usize % SLOTS * stride) | target as usize) as u16;
            weights[*at as usize] = weight;
            *at += 1;
        }
        Self { sources: neurons, stride, starts, codes, weights }
    }

    /// The ages at which spikes walk their rows.
    pub fn ages(&self) -> impl Iterator<Item = usize> {
        (0..(self.starts.len() - 1) / self.sources).map(|bucket| bucket * SLOTS)
    }

    /// Adds the row of a spike of some age; returns its length.
    #[inline(always)]
    pub fn add(&self, age: usize, spike: u32, turn: u16, cells: &mut [Real; CELLS]) -> usize {
        let piece = age / SLOTS * self.sources + spike as usize;
        let row = self.starts[piece] as usize..self.starts[piece + 1] as usize;
        for (code, weight) in self.codes[row.clone()].iter().zip(&self.weights[row.clone()]) {
            cells[usize::from(code.wrapping_add(turn))] += weight;
        }
        row.len()
    }
}

/// Whether a group's synapses belong to the second of two receptors; there may be one that takes all of them.
pub fn inhibits(world: &mut World, group: Entity) -> bool {
    let mut groups = world.query::<(&Source, &Tags)>();
    groups.iter(world).any(|(source, tags)| source.0 == group && tags.contains("INHIBITORY"))
}

//! The original network as a bare loop: what a programmer writes who wants this network and no other. Its arrays are
//! copied from a network of cortecs, and its spikes must be the same.

use cortecs::{
    integrate::U,
    network::Weights,
    numeric::{
        Column, dispatch,
        stream::Stream,
        vector_rng::{LANES, VectorRng},
    },
    prelude::*,
};

/// A group.
pub struct Group {
    pub v: Column<Real>,
    pub u: Column<Real>,
    excitation: Column<Real>,
    inhibition: Column<Real>,
    pub input: Column<Real>,
    pub fired: Column<u8>,
    spikes: Vec<u32>,
    pub lanes: VectorRng,
}

/// The network: E, I and the four weight matrices, source-major.
pub struct Bare {
    pub groups: [Group; 2],
    /// `weights[source][target]`.
    pub weights: [[Column<Real>; 2]; 2],
    started: bool,
    pub total: u64,
}

const NAMES: [&str; 2] = ["excitatory", "inhibitory"];

impl Bare {
    /// The network of a world that was built from the original's scene, as it is before its first iteration.
    pub fn like(world: &mut World) -> Self {
        let seed = world.query::<&Origin>().single(world).expect("one network").seed.0;
        let groups = NAMES.map(|wanted| {
            let mut all = world.query::<(&Name, &V, &U)>();
            let (_, v, u) = all.iter(world).find(|(name, ..)| name.as_str() == wanted).expect("the group is there");
            let zeros = Column::filled(0.0, v.0.len());
            Group {
                v: v.0.clone(),
                u: u.0.clone(),
                excitation: zeros.clone(),
                inhibition: zeros.clone(),
                input: zeros,
                fired: Column::filled(0, v.0.len()),
                spikes: Vec::new(),
                lanes: VectorRng::new(Stream::new(seed, &[wanted, "UniformNoise", "noise"]), 0),
            }
        });
        let weights = NAMES.map(|source| {
            NAMES.map(|target| {
                let mut all = world.query::<(&Name, &Weights)>();
                let wanted = format!("{source}_{target}");
                let (_, weights) = all.iter(world).find(|(name, _)| name.as_str() == wanted).expect("synapses");
                weights.0.clone()
            })
        });
        Self { groups, weights, started: false, total: 0 }
    }

    /// Runs some iterations.
    pub fn run(&mut self, iterations: u64) {
        for _ in 0..iterations {
            dispatch(
                #[inline(always)]
                || self.iterate(),
            );
        }
    }

    #[inline(always)]
    fn iterate(&mut self) {
        let Self { groups, weights, started, total } = self;
        let spikes = [std::mem::take(&mut groups[0].spikes), std::mem::take(&mut groups[1].spikes)];
        for (target, group) in groups.iter_mut().enumerate() {
            add_rows(&mut group.excitation, &weights[0][target], &spikes[0]);
            add_rows(&mut group.inhibition, &weights[1][target], &spikes[1]);
        }
        for (group, spikes) in groups.iter_mut().zip(spikes) {
            group.spikes = spikes;
            if *started {
                noise(&mut group.input, &mut group.lanes, |input, noise| *input = noise);
            }
            update(group);
            collect(&group.fired, &mut group.spikes);
            *total += group.spikes.len() as u64;
        }
        *started = true;
    }

    /// Panics unless the other network has fired as often, and stands at the same membrane potentials, bit for bit.
    pub fn assert_same_as(&self, world: &mut World) {
        let mut groups = world.query::<(&Name, &V, &Spikes)>();
        let total: u64 = groups.iter(world).map(|(.., spikes)| spikes.total()).sum();
        assert_eq!(self.total, total, "the bare loop is another network");
        for (name, v, _) in groups.iter(world) {
            let own = NAMES.iter().position(|own| *own == name.as_str()).map(|own| &self.groups[own].v[..]);
            assert!(own == Some(&v.0[..]), "the bare loop is another network");
        }
    }
}

#[inline(always)]
pub fn add_rows(sums: &mut [Real], weights: &[Real], spikes: &[u32]) {
    let n = sums.len();
    let row = |spike: u32| &weights[spike as usize * n..][..n];
    let mut fours = spikes.chunks_exact(4);
    for four in &mut fours {
        let (a, b, c, d) = (row(four[0]), row(four[1]), row(four[2]), row(four[3]));
        for j in 0..n {
            sums[j] = sums[j] + a[j] + b[j] + c[j] + d[j];
        }
    }
    for &spike in fours.remainder() {
        for (sum, weight) in sums.iter_mut().zip(row(spike)) {
            *sum += weight;
        }
    }
}

#[inline(always)]
pub fn noise(input: &mut [Real], lanes: &mut VectorRng, put: impl Fn(&mut Real, Real)) {
    let mut own = lanes.clone();
    let (whole, rest) = input.as_chunks_mut::<LANES>();
    for input in whole {
        let numbers = own.next_uniforms();
        for lane in 0..LANES {
            put(&mut input[lane], 20.0 * numbers[lane]);
        }
    }
    if !rest.is_empty() {
        let numbers = own.next_uniforms();
        rest.iter_mut().zip(numbers).for_each(|(input, number)| put(input, 20.0 * number));
    }
    *lanes = own;
}

#[inline(always)]
fn update(group: &mut Group) {
    let n = group.v.len();
    let (v, u, input) = (&mut group.v[..n], &mut group.u[..n], &mut group.input[..n]);
    let (excitation, inhibition) = (&mut group.excitation[..n], &mut group.inhibition[..n]);
    let fired = &mut group.fired[..n];
    for i in 0..n {
        // In the order in which the stages add it up: the same bits.
        let current = 0.5 * excitation[i] - inhibition[i] + input[i];
        (excitation[i], inhibition[i]) = (0.0, 0.0);
        fired[i] = step(&mut v[i], &mut u[i], current);
    }
}

/// One step of a neuron; 1 if it fires.
#[inline(always)]
pub fn step(v: &mut Real, u: &mut Real, current: Real) -> u8 {
    let fires = *v > 30.0;
    let mut potential = if fires { -65.0 } else { *v };
    let mut recovery = if fires { *u + 8.0 } else { *u };
    potential += 0.5 * (0.04 * potential * potential + 5.0 * potential + 140.0 - recovery + current);
    recovery += 0.5 * 0.02 * (0.2 * potential - recovery);
    (*v, *u) = (potential, recovery);
    u8::from(fires)
}

#[inline(always)]
pub fn collect(fired: &[u8], spikes: &mut Vec<u32>) {
    spikes.clear();
    let (whole, rest) = fired.as_chunks::<64>();
    let mut last = [0; 64];
    last[..rest.len()].copy_from_slice(rest);
    for (first, marks) in (0_u32..).step_by(64).zip(whole.iter().chain([&last])) {
        let (words, _) = marks.as_chunks::<8>();
        if words.iter().fold(0, |any, word| any | u64::from_ne_bytes(*word)) == 0 {
            continue;
        }
        for (first, word) in (first..).step_by(8).zip(words) {
            let mut word = u64::from_le_bytes(*word);
            while word != 0 {
                spikes.push(first + word.trailing_zeros() / 8);
                word &= word - 1;
            }
        }
    }
}

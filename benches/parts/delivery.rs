//! Delivery: synaptic events per second, by layout, length of the rows and number of targets.
//!
//! Four million synapses, 24 MB, are more than any cache but the last holds; a twentieth of the sources fires in each
//! iteration. The bare loop adds the rows of the same spikes to as many sums: weights alone where rows are dense, else
//! pairs of a 32-bit target and a weight, ascending, without delays.

use cortecs::{network::Input, numeric::dispatch, prelude::*};

use crate::{
    common::{least, timed},
    random::{below, choice, words},
};

const ROUNDS: usize = 10;
const SYNAPSES: usize = 4_000_000;
/// One of so many sources fires.
const FIRES: usize = 20;
/// The longest of the delays that are spread (steps).
const SPREAD: u32 = 40;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Dense,
    Punctual,
    Delayed,
}

/// Prints the table.
pub fn report() {
    println!("| delivery: layout | row | targets | 10⁹ events/s | bare | ratio of times |\n|---|--:|--:|--:|--:|--:|");
    for targets in [4_000, 77_000, 1_000_000] {
        line(Kind::Dense, targets, targets);
        for kind in [Kind::Punctual, Kind::Delayed] {
            for row in [10, 100, 1000, 10_000] {
                line(kind, row, targets);
            }
        }
    }
    println!();
}

fn line(kind: Kind, row: usize, targets: usize) {
    // Not fewer than some spikes an iteration, however long the rows.
    let sources = (SYNAPSES / row).max(2 * FIRES);
    let mut sets = (0..ROUNDS as u32).map(|k| choice(&mut words(k), sources / FIRES, sources)).cycle();
    let mut bare = Bare::new(kind, sources, row, targets);
    let mut network = Network::new(kind, sources, row, targets);
    // Until spikes of all ages are on their way.
    (0..=SPREAD).for_each(|_| _ = network.tick(&sets.next().expect("spikes")));
    let spikes: Vec<Vec<u32>> = sets.take(ROUNDS).collect();
    let (mut k, mut l) = (0, 0);
    let [own, bare] = least(
        ROUNDS,
        [
            &mut || {
                k += 1;
                network.tick(&spikes[k % ROUNDS])
            },
            &mut || {
                l += 1;
                timed(|| bare.add(&spikes[l % ROUNDS]))
            },
        ],
    );
    // Once nothing is on its way any more.
    (0..=SPREAD).for_each(|_| _ = network.tick(&[]));
    let [empty] = least(ROUNDS, [&mut || network.tick(&[])]);
    let events = (sources / FIRES * row) as f64 / 1e9;
    let own = own - empty;
    let name = match kind {
        Kind::Dense => "dense",
        Kind::Punctual => "rows, no delay",
        Kind::Delayed => "rows, delays 1–40",
    };
    println!("| {name} | {row} | {targets} | {:.2} | {:.2} | {:.2} |", events / own, events / bare, own / bare);
}

/// Two groups without models.
struct Network {
    bench: Bench,
    source: Entity,
}

impl Network {
    fn new(kind: Kind, sources: usize, row: usize, targets: usize) -> Self {
        let mut bench = Bench::new();
        let source = bench.group("source", sources, Spikes::default());
        let target = bench.group("target", targets, Input::default());
        bench.receptor(target, "all", CurrentReceptor { afferent: "all".into(), ..default() });
        let weights = InitialWeights("uniform(0, 1)".into());
        let rule = FixedOutDegree { out_degree: row, ..default() };
        match kind {
            Kind::Dense => bench.synapses(source, target, "all", (weights, AllToAll::default())),
            Kind::Punctual => bench.synapses(source, target, "all", (weights, rule)),
            Kind::Delayed => {
                let delays = Delays(Some(format!("1 + floor({SPREAD} * uniform(0, 1))").as_str().into()));
                bench.synapses(source, target, "all", (weights, delays, rule))
            }
        };
        Self { bench, source }
    }

    fn tick(&mut self, spikes: &[u32]) -> f64 {
        let mut own = self.bench.world_mut().get_mut::<Spikes>(self.source).expect("spikes");
        own.set_neurons(spikes);
        timed(|| self.bench.tick())
    }
}

/// The same amounts on plain arrays.
struct Bare {
    row: usize,
    /// Empty where rows are dense.
    ends: Vec<(u32, Real)>,
    weights: Vec<Real>,
    sums: Vec<Real>,
}

impl Bare {
    fn new(kind: Kind, sources: usize, row: usize, targets: usize) -> Self {
        let sums = vec![0.0; targets];
        if kind == Kind::Dense {
            return Self { row, ends: Vec::new(), weights: vec![0.5; sources * row], sums };
        }
        let mut words = words(u32::MAX);
        let mut ends = vec![(0, 0.5); sources * row];
        for ends in ends.chunks_mut(row) {
            ends.iter_mut().for_each(|end| end.0 = below(&mut words, targets) as u32);
            ends.sort_unstable_by_key(|end| end.0);
        }
        Self { row, ends, weights: Vec::new(), sums }
    }

    fn add(&mut self, spikes: &[u32]) {
        for &spike in spikes {
            let row = spike as usize * self.row..(spike as usize + 1) * self.row;
            if self.ends.is_empty() {
                let (sums, weights) = (&mut self.sums, &self.weights[row]);
                dispatch(
                    #[inline(always)]
                    || sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight),
                );
            } else {
                self.ends[row].iter().for_each(|(target, weight)| self.sums[*target as usize] += weight);
            }
        }
    }
}

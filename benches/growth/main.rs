//! Cost as work grows: `cargo bench --bench growth [-- FOLDER]`, a minute. Writes `growth.csv`, `growth.png` and
//! `growth.svg` into FOLDER, `target/growth` unless said otherwise; on one thread and on two.
//!
//! The network is one of neurons that leak little, and each fire every hundredth iteration, at phases spread evenly, whatever
//! arrives: so the number of events is the same at every point of a curve and on every machine. An iteration updates N
//! neurons and delivers N · fan-out / 100 synaptic events.
//!
//! The bends:
//! - neurons: down to 5 000 the systems of an iteration, half a microsecond, spread over ever more neurons; up from 20 000, as
//!   sums and synapses outgrow the caches, and blocks of targets grow with the group so that their pieces keep 24 synapses;
//! - fan-out: down to 500 the look-up of a row, some 50 ns, spread over ever more synapses; up from 1 000, where the
//!   synapses outgrow the caches (24 MB), and memory hands them over;
//! - delays: up from 8 steps, as rows are cut by buckets of eight, down to two synapses in a piece at 200 steps, from where on buckets
//!   are longer: their ring, of 2 MB, is no longer in the second-level cache;
//! - groups: up from 10, where what an iteration does for a group, its receptor and its synapses, a fifth of a microsecond,
//!   outgrows a thousand neurons.

#[path = "../common/mod.rs"]
mod common;
mod picture;

use std::{fmt::Write as _, fs, path::PathBuf};

use common::{pool, spikes, timed};
use cortecs::{prelude::*, schedule::run_ticks};

/// Iterations between two spikes of a neuron.
const EVERY: u64 = 100;

/// What a point of a curve is a network of.
#[derive(Clone, Copy)]
struct Network {
    neurons: usize,
    fan_out: usize,
    /// The longest delay (steps); delays are spread from 1 on. 0 for none.
    delays: u32,
    groups: usize,
}

/// What grows, and what a cost is relative to.
struct Curve {
    name: &'static str,
    unit: &'static str,
    /// What grows, and nanoseconds on one thread and on two.
    points: Vec<(usize, [f64; 2])>,
}

const MIDDLE: Network = Network { neurons: 10_000, fan_out: 100, delays: 0, groups: 1 };

fn main() {
    let folder = std::env::args().skip(1).find(|argument| argument != "--bench");
    let folder = folder.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/growth"), PathBuf::from);
    fs::create_dir_all(&folder).expect("a folder for the results");
    let per_neuron = |network: &Network| network.neurons as f64;
    let per_event = |network: &Network| (network.neurons * network.fan_out) as f64 / EVERY as f64;
    let powers = |last: usize| [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].into_iter().map(move |x| x * last / 1000);
    let curves = [
        curve("thousands of neurons, fan-out 100", "ns per neuron and step", powers(1000), per_neuron, |thousands| {
            Network { neurons: 1000 * thousands, ..MIDDLE }
        }),
        curve("fan-out of 4 000 neurons", "ns per event", powers(10_000), per_event, |fan_out| Network {
            neurons: 4000,
            fan_out,
            ..MIDDLE
        }),
        curve(
            "longest delay (steps), 10 000 neurons, fan-out 100",
            "ns per event",
            powers(1000),
            per_event,
            |longest| Network { delays: longest as u32, ..MIDDLE },
        ),
        curve("groups of 10 000 neurons, fan-out 100", "ns per neuron and step", powers(1000), per_neuron, |groups| {
            Network { groups, ..MIDDLE }
        }),
    ];
    let mut csv = "what,unit,value,one_thread,two_threads\n".to_owned();
    for Curve { name, unit, points } in &curves {
        for (x, [one, two]) in points {
            writeln!(csv, "\"{name}\",{unit},{x},{one:.4},{two:.4}").expect("room in memory");
        }
    }
    fs::write(folder.join("growth.csv"), csv).expect("the results are written");
    picture::draw(curves, &folder);
}

fn curve(
    name: &'static str,
    unit: &'static str,
    values: impl IntoIterator<Item = usize>,
    amount: impl Fn(&Network) -> f64,
    network: impl Fn(usize) -> Network,
) -> Curve {
    println!("{name}: {unit} on one thread, on two");
    let points = values.into_iter().map(|value| {
        let network = network(value);
        let costs = network.iteration().map(|seconds| seconds * 1e9 / amount(&network));
        println!("{value:8} {:8.3} {:8.3}", costs[0], costs[1]);
        (value, costs)
    });
    Curve { name, unit, points: points.collect() }
}

impl Network {
    /// Seconds of an iteration on one thread and on two, the least of several rounds in turns.
    fn iteration(self) -> [f64; 2] {
        let mut bench = self.build();
        let world = bench.world_mut();
        let pools = [pool(1), pool(2)];
        // Until spikes of all ages are on their way.
        run_ticks(world, 3 + u64::from(self.delays));
        // Some 10 ms a round, and more rounds of small networks.
        let iterations =
            (10_000_000 / (self.neurons + self.neurons * self.fan_out / EVERY as usize)).clamp(3, 500) as u64;
        let rounds = if iterations > 20 { 12 } else { 4 };
        let mut run =
            |threads: usize| pools[threads].install(|| timed(|| _ = run_ticks(world, iterations))) / iterations as f64;
        let mut least = [f64::INFINITY; 2];
        for round in 0..2 * rounds {
            least[round % 2] = least[round % 2].min(run(round % 2));
        }
        // A hundredth of the neurons in every iteration, no matter where they began.
        let expected = self.neurons as u64 * world.resource::<Clock>().iteration / EVERY;
        let found = spikes(world);
        assert!(found.abs_diff(expected) <= self.neurons as u64, "{found} spikes of {expected}");
        least
    }

    fn build(self) -> Bench {
        let mut bench = Bench::new();
        let size = self.neurons / self.groups;
        // On its way to 200 mV, v is above 78.4 mV after 100 steps and not after 99; weights are 0.
        let model = Lif {
            c: 1.0.into(),
            tau: 200.0.into(),
            rest: 0.0.into(),
            threshold: 78.4.into(),
            reset: 0.0.into(),
            refractory: 0.0.into(),
            bias: 1.0.into(),
            v: "200 * (1 - exp(-floor(uniform(0, 100)) / 200))".into(),
        };
        let groups: Vec<Entity> = (0..self.groups)
            .map(|k| {
                let group = bench.group(&format!("cells{k}"), size, model.clone());
                bench.receptor(group, "all", CurrentReceptor { afferent: "all".into(), ..default() });
                group
            })
            .collect();
        // A ring of groups, each of which feeds the next: as many synapse groups as groups.
        for (k, &source) in groups.iter().enumerate() {
            let target = groups[(k + 1) % groups.len()];
            let rule = (FixedInDegree { in_degree: self.fan_out, ..default() }, InitialWeights(0.0.into()));
            match self.delays {
                0 => bench.synapses(source, target, "all", rule),
                longest => {
                    let delays = format!("1 + floor({longest} * uniform(0, 1))");
                    bench.synapses(source, target, "all", (rule, Delays(Some(delays.as_str().into()))))
                }
            };
        }
        bench
    }
}

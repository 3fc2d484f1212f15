//! Ten million changes of weights by constants that nobody should choose: every weight remains a number within its bounds.

use crate::{
    learn::Over,
    network::Weights,
    numeric::{
        philox::uniform_pair,
        real::{real, wide},
        stream::Stream,
    },
    prelude::*,
};

/// Neurons of each side, iterations, and groups of synapses for each rule: two changes of each synapse in an iteration.
const NEURONS: usize = 32;
const ITERATIONS: usize = 28;
const GROUPS: usize = 27;

/// The largest and smallest numbers, those without all their digits, and some in between.
const LARGEST: f64 = wide(Real::MAX);
const SMALLEST: f64 = wide(Real::MIN_POSITIVE);
const AMPLITUDES: [f64; 9] = [LARGEST, -LARGEST, 0.5 * LARGEST, 1.0, -0.3, SMALLEST, -SMALLEST, SMALLEST * 1e-5, 0.0];
const TIMES: [f64; 8] = [1e300, 1e30, 1e5, 20.0, 1e-3, 1e-40, 1e-300, 5e-324];
const EXPONENTS: [f64; 6] = [0.0, 1.0, 0.02, 0.4, 1e10, 1e300];
const BOUNDS: [[f64; 2]; 7] = [
    [0.0, 1.0],
    [0.0, LARGEST],
    [-0.5 * LARGEST, 0.49 * LARGEST],
    [0.0, 8.0 * SMALLEST],
    [-4.0, -4.0 + 8.0 * wide(Real::EPSILON)],
    [0.25, 1e30],
    [-1e-30, SMALLEST],
];

/// Draws from the lists, one number after another.
struct Draw(u64);

impl Draw {
    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        self.0 += 1;
        let [u, _] = uniform_pair(Stream::new(1, &["hostile"]), self.0);
        list[(u * list.len() as f64) as usize]
    }

    fn amplitude(&mut self) -> f64 {
        self.of(&AMPLITUDES)
    }

    fn time(&mut self) -> f64 {
        self.of(&TIMES)
    }

    fn pairing(&mut self) -> Pairing {
        self.of(&[Pairing::All, Pairing::Nearest])
    }
}

/// A group that fires in every iteration, but for some neurons that do so later or never.
fn cells(bench: &mut Bench) -> Entity {
    let train = |i: usize| -> Vec<f64> {
        let from = if i.is_multiple_of(5) { ITERATIONS / 2 } else { 0 };
        (from..ITERATIONS).filter(|_| i != 7).map(|k| k as f64 + 0.5).collect()
    };
    bench.group(
        "cells",
        NEURONS,
        (SpikeSource::at((0..NEURONS).map(train).collect()), V::default(), Dopamine::default()),
    )
}

/// Synapses, their bounds, and whether neurons have some with themselves.
type Learning = (Entity, [f64; 2], bool);

/// Groups of synapses that learn by a rule, half of them with sums to keep.
fn learn<R: Bundle>(
    bench: &mut Bench,
    cells: Entity,
    ranges: &[[f64; 2]],
    make: impl Fn(&mut Draw, [f64; 2]) -> R,
) -> Vec<Learning> {
    let mut draw = Draw((size_of::<R>() as u64) << 32);
    let made = (0..GROUPS).map(|k| {
        let bounds @ [least, most] = ranges[k % ranges.len()];
        let initial = InitialWeights(format!("uniform({least:e}, {most:e})").as_str().into());
        let delays = Delays(draw.of(&[None, Some("uniform(1, 9)")]).map(Into::into));
        let (dense, autapses) = (delays.0.is_none(), draw.of(&[true, false]));
        let rules = (AllToAll { autapses }, initial, delays, make(&mut draw, bounds));
        let normalization = Normalization {
            total: draw.amplitude(),
            over: draw.of(&[Over::Afferent, Over::Efferent]),
            every: draw.of(&[1, 3]),
        };
        let synapses = if draw.of(&[true, false]) {
            bench.synapses(cells, cells, "X", (rules, normalization))
        } else {
            bench.synapses(cells, cells, "X", rules)
        };
        (synapses, bounds, autapses || !dense)
    });
    made.collect()
}

fn pairs(bench: &mut Bench, cells: Entity) -> Vec<Learning> {
    learn(bench, cells, &BOUNDS, |draw, [w_min, w_max]| Stdp {
        a_plus: draw.amplitude(),
        a_minus: draw.amplitude(),
        tau_plus: draw.time(),
        tau_minus: draw.time(),
        mu_plus: draw.of(&EXPONENTS),
        mu_minus: draw.of(&EXPONENTS),
        w_min,
        w_max,
        pairing: draw.pairing(),
    })
}

fn triplets(bench: &mut Bench, cells: Entity) -> Vec<Learning> {
    learn(bench, cells, &BOUNDS, |draw, [w_min, w_max]| TripletStdp {
        a2_plus: draw.amplitude(),
        a3_plus: draw.amplitude(),
        a2_minus: draw.amplitude(),
        a3_minus: draw.amplitude(),
        tau_plus: draw.time(),
        tau_x: draw.time(),
        tau_minus: draw.time(),
        tau_y: draw.time(),
        w_min,
        w_max,
        pairing: draw.pairing(),
    })
}

fn rewards(bench: &mut Bench, cells: Entity) -> Vec<Learning> {
    learn(bench, cells, &BOUNDS, |draw, [w_min, w_max]| RewardStdp {
        a_plus: draw.amplitude(),
        a_minus: draw.amplitude(),
        tau_plus: draw.time(),
        tau_minus: draw.time(),
        tau_c: draw.time(),
        w_min,
        w_max,
        pairing: draw.pairing(),
    })
}

fn deferred(bench: &mut Bench, cells: Entity) -> Vec<Learning> {
    learn(bench, cells, &BOUNDS, |draw, [w_min, w_max]| DeferredStdp {
        a_plus: draw.amplitude(),
        a_minus: draw.amplitude(),
        tau_plus: draw.time(),
        tau_minus: draw.time(),
        every: draw.of(&[1.0, 3.0, 1e-300]),
        kept: draw.of(&[0.0, 0.9, 1.0]),
        growth: draw.amplitude(),
        w_min,
        w_max,
        pairing: draw.pairing(),
    })
}

fn potentials(bench: &mut Bench, cells: Entity) -> Vec<Learning> {
    learn(bench, cells, &BOUNDS, |draw, [w_min, w_max]| VoltageStdp {
        a_ltd: draw.amplitude().abs(),
        a_ltp: draw.amplitude().abs(),
        theta_minus: draw.amplitude(),
        theta_plus: draw.amplitude(),
        tau_x: draw.time(),
        tau_minus: draw.time(),
        tau_plus: draw.time(),
        delay: draw.of(&[0.0, 4.0]),
        peak: draw.amplitude(),
        width: draw.of(&[0.0, 2.0, 1e300]),
        u_ref: draw.of(&[None, Some(1.0), Some(5e-324), Some(1e300)]),
        rest: draw.amplitude(),
        tau_mean: draw.time(),
        w_min,
        w_max,
    })
}

fn steps(bench: &mut Bench, cells: Entity) -> Vec<Learning> {
    learn(bench, cells, &BOUNDS, |draw, [w_min, w_max]| OneStepStdp { eta: draw.amplitude(), w_min, w_max })
}

fn inhibition(bench: &mut Bench, cells: Entity) -> Vec<Learning> {
    let from_zero: Vec<_> = BOUNDS.into_iter().filter(|[least, _]| *least == 0.0).collect();
    learn(bench, cells, &from_zero, |draw, [_, w_max]| {
        let (eta, tau) = (draw.amplitude(), draw.time());
        let target_rate = draw.of(&[0.0, 1e-300, 30.0, 0.1 * LARGEST / tau.max(1.0)]);
        InhibitoryStdp { eta, target_rate, tau: tau.min(LARGEST), w_max }
    })
}

#[test]
fn weights_remain_numbers_within_their_bounds() {
    let mut bench = Bench::new();
    let cells = cells(&mut bench);
    let all = [pairs, triplets, rewards, deferred, steps, potentials, inhibition]
        .map(|rule| rule(&mut bench, cells))
        .concat();
    let changes = 2 * ITERATIONS * NEURONS * NEURONS * all.len();
    assert!(changes > 10_000_000, "{changes}");
    for iteration in 0..ITERATIONS {
        let dopamine = [0.0, LARGEST, -LARGEST, 1.0, SMALLEST][iteration % 5];
        bench.set(cells, "dopamine", &[dopamine; NEURONS]);
        bench.set(cells, "v", &[[LARGEST, -LARGEST, 1.0, -70.0, SMALLEST][iteration * 3 % 5]; NEURONS]);
        bench.tick();
        for (k, (synapses, [least, most], autapses)) in all.iter().enumerate() {
            let within = real(*least)..=real(*most);
            let missing = |place: usize| !autapses && place.is_multiple_of(NEURONS + 1);
            let weights = &bench.world_mut().get::<Weights>(*synapses).unwrap().0;
            let right = |(place, &w): (usize, &Real)| if missing(place) { w == 0.0 } else { within.contains(&w) };
            let wrong = weights.iter().enumerate().find(|&it| !right(it));
            assert!(wrong.is_none(), "group {k}, iteration {iteration}: {wrong:?}, not in {within:?}");
        }
    }
}

//! Networks that begin while others run: each has its own time from its birth, and gives what it gives alone.

use cortecs::{
    assemble::build,
    checkpoint::{Checkpoint, Fit},
    prelude::*,
    record::Recording,
    scene::Scene,
};

/// Everything that is told a time or an iteration.
const SCENE: &str = r#"(
    dt: 0.5, seed: 3,
    groups: {
        "cells": (
            size: 20,
            behaviours: [
                Izhikevich(), PulseCurrent(amplitude: 20, start: 20, period: 40, width: 10, count: 3),
                UniformNoise(high: 8, start: 10, stop: 70), RampCurrent(start: 30, duration: 20, to: 5),
                SineCurrent(amplitude: 2, frequency: 20, start: 5), StepCurrent(times: [15, 25], amplitudes: [3, 0]),
                PoissonInput(rate: 100, weight: 2, start: 12, receptor: "r"),
            ],
            receptors: {"r": ExponentialReceptor(afferent: "SYN")},
        ),
        "sources": (size: 3, behaviours: [SpikeSource(times: [[10, 40], [20], [5, 6, 7]])]),
        "trains": (size: 2, behaviours: [SpikeTrains(start: 12, interval: 9, count: 4)]),
        "poisson": (size: 10, behaviours: [PoissonNeurons(rate: 50, times: [20, 60], factors: [4, 0.5], modulation: 0.5, frequency: 9)]),
    },
    synapses: [
        (
            from: "sources", to: "cells", tags: ["SYN"], connectivity: AllToAll(), weights: "uniform(0, 1)", delays: 1.5,
            behaviours: [Stdp(a_plus: 0.1, w_max: 2), Normalization(total: 2, every: 30)],
        ),
        (
            from: "poisson", to: "cells", tags: ["SYN"], connectivity: FixedInDegree(in_degree: 3), weights: 0.5,
            behaviours: [StructuralPlasticity(interval: 25, threshold: 0.6, weight: 0.5)],
        ),
    ],
    switches: [
        (at: 30, off: "cells.SineCurrent"), (at: 50, on: "cells.SineCurrent", set: {"cells.StepCurrent.scale": 3}),
    ],
    recorders: [
        VariableRecorder(of: ["cells.v", "cells.input"], every: 3, from: 4, until: 150), SpikeRecorder(of: ["cells", "poisson"]),
        RateRecorder(of: ["cells"], bin: 5), WeightRecorder(of: ["SYN"], every: 40),
    ],
)"#;

fn begin(bench: &mut Bench) -> Network {
    let scene = Scene::from_text(bench.world_mut(), SCENE).unwrap_or_else(|faults| panic!("{faults}"));
    build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"))
}

/// What was recorded of a network, by what it is and where.
fn recorded(bench: &mut Bench, network: &Network) -> Vec<(String, Vec<f64>)> {
    let world = bench.world_mut();
    let of =
        |recorder: &Entity| world.get::<cortecs::record::Recordings>(*recorder).unwrap().iter().collect::<Vec<_>>();
    let all: Vec<Entity> = network.recorders.iter().flat_map(of).collect();
    let values = |entity: Entity| {
        let recording = world.get::<Recording>(entity).unwrap();
        (format!("{}.{}", recording.group, recording.what()), recording.values())
    };
    all.into_iter().map(values).collect()
}

#[test]
fn a_network_gives_what_it_gives_alone_whenever_it_begins() {
    let mut alone = Bench::new().with_dt(0.5);
    let network = begin(&mut alone);
    alone.ticks(200);
    let expected = recorded(&mut alone, &network);
    assert!(expected.iter().all(|(_, values)| !values.is_empty()));
    for late in [1, 77, 1000] {
        let mut bench = Bench::new().with_dt(0.5);
        begin(&mut bench);
        bench.ticks(late);
        let second = begin(&mut bench);
        bench.ticks(200);
        let found = recorded(&mut bench, &second);
        for ((what, expected), (_, found)) in expected.iter().zip(&found) {
            assert_eq!(found, expected, "{what}, begun at {late}");
        }
    }
}

/// Saved in one session of a game and restored in another, in which it was built at another time.
#[test]
fn a_checkpoint_knows_when_its_network_began() {
    let saved_after = |ticks: u64| {
        let mut bench = Bench::new().with_dt(0.5);
        bench.ticks(30);
        let network = begin(&mut bench);
        bench.ticks(ticks);
        let checkpoint = Checkpoint::take(bench.world_mut()).unwrap();
        bench.ticks(100 - ticks);
        (checkpoint, recorded(&mut bench, &network))
    };
    let (checkpoint, expected) = saved_after(45);
    let mut bench = Bench::new().with_dt(0.5);
    bench.ticks(7);
    let network = begin(&mut bench);
    checkpoint.restore(bench.world_mut(), Fit::Exactly).unwrap_or_else(|error| panic!("{error}"));
    bench.ticks(55);
    for ((what, expected), (_, found)) in expected.iter().zip(recorded(&mut bench, &network)) {
        let once = what.ends_with(".synapses");
        assert!(expected.ends_with(&found) && (once || !found.is_empty()), "{what}");
    }
}

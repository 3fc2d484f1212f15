//! Receptors with dynamics, random sources and currents, all in one network that a scene describes: the same bytes for
//! any number of threads and any instruction set, and nothing that is not a number.

use cortecs::{assemble::build, network::Input, numeric::InstructionSet, prelude::*, record::Recording, scene::Scene};
use rayon::ThreadPoolBuilder;

/// A leaky membrane that takes everything that a receptor can give.
#[derive(Component, Reflect, Clone)]
#[require(V, Input, Conductance, Jump, Spikes)]
struct Passive {
    tau: Parameter,
    rest: Parameter,
    v: Initial,
}

impl Default for Passive {
    fn default() -> Self {
        Self { tau: 20.0.into(), rest: (-65.0).into(), v: "rest".into() }
    }
}

impl Behaviour for Passive {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Integrate, integrate);
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let (group, tau) = (preparation.entity(), self.tau.clone());
        preparation.world().entity_mut(group).insert(Membrane { tau });
        Ok(())
    }
}

fn integrate(mut groups: Query<(&Passive, &mut V, &Input, &Conductance, &Jump, &mut Spikes)>, clock: Res<Clock>) {
    for (model, mut v, input, conductance, jump, mut spikes) in &mut groups {
        for (i, v) in v.0.iter_mut().enumerate() {
            let (g, j) = (conductance.get().get(i), jump.get().get(i));
            *v += j.copied().unwrap_or_default();
            let current = input.0[i] - g.copied().unwrap_or_default() * *v;
            *v += clock.step() / model.tau.at(i) * (model.rest.at(i) - *v + 0.1 * current);
        }
        for (fired, v) in spikes.fired_mut().iter_mut().zip(v.0.iter_mut()) {
            *fired = u8::from(*v > -62.0);
            *v = if *v > -62.0 { -65.0 } else { *v };
        }
        spikes.collect();
    }
}

const SCENE: &str = r#"(
    seed: 3, dt: 0.5,
    groups: {
        "cells": (size: (130, 101), tags: ["all"],
            behaviours: [
                Passive(tau: "uniform(15, 25)"),
                PoissonInput(rate: 8, sources: 1600, weight: 0.02, receptor: "c"),
                OrnsteinUhlenbeck(mean: 2, sd: "3 + 0.01 * x", tau: 5),
                RampCurrent(from: -5, to: 5, duration: 15),
                SineCurrent(amplitude: 2, frequency: 40, phase: "0.01 * i"),
                PulseCurrent(amplitude: 300, start: 5, period: 10, width: 2),
            ],
            receptors: {
                "a": ExponentialReceptor(afferent: "A", gain: 0.05, tau: "normal(3, 0.1)"),
                "b": AlphaReceptor(afferent: "A", gain: 0.01, reversal: -80),
                "c": BiexponentialReceptor(afferent: "A", gain: 0.02),
                "d": NmdaReceptor(afferent: "B", gain: 0.001),
                "e": JumpReceptor(afferent: "B", gain: 0.01),
                "f": ExponentialReceptor(afferent: "B", gain: 0.01, reversal: -70, initial: "normal(5, 1)"),
            }),
        "drivers": (size: 150, tags: ["all"],
            behaviours: [PoissonNeurons(rate: "20 + 0.1 * i", modulation: 0.5, frequency: 10, refractory: 2)]),
        "given": (size: 3, behaviours: [SpikeSource(times: [[1, 20], [5.2], []])]),
    },
    synapses: [
        (from: "drivers", to: "cells", tags: ["A"], weights: "normal(1, 0.3)", connectivity: AllToAll()),
        (from: "given", to: "cells", tags: ["B"], weights: 3, connectivity: AllToAll()),
    ],
    recorders: [
        VariableRecorder(of: ["cells.v", "cells.input", "cells.fluctuation", "cells.a.current", "cells.f.conductance"]),
        SpikeRecorder(of: ["all"]),
    ],
)"#;

/// Bytes by name.
type Bytes = Vec<(String, Vec<u8>)>;

fn run(threads: usize) -> Bytes {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<Passive>();
    let world = bench.world_mut();
    let scene = Scene::from_text(world, SCENE).unwrap_or_else(|faults| panic!("{faults}"));
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        build(world, &scene).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(cortecs::schedule::run_ticks(world, 60), 60);
    });
    let mut recorded = Bytes::new();
    for recording in world.query::<&Recording>().iter(world) {
        let name = format!("{}.{}", recording.group, recording.variable());
        assert!(recording.values().iter().all(|x| x.is_finite()), "{name}");
        assert!(recording.values().iter().any(|&x| x != 0.0), "{name} has nothing to be compared");
        recorded.push((name, recording.rows.bytes().to_vec()));
    }
    recorded.sort();
    recorded
}

#[test]
fn bytes_do_not_depend_on_threads_or_instruction_sets() {
    let _forcing = super::instruction_sets();
    let recorded = run(1);
    assert_eq!(recorded.len(), 7);
    assert!(run(2) == recorded, "two threads");
    for set in [InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512] {
        if set > InstructionSet::best() {
            eprintln!("{set} is not there to be tested");
            continue;
        }
        set.force().unwrap();
        assert!(run(2) == recorded, "{set}");
    }
}

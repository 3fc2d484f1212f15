//! Cells with a dendrite: receptors, currents and noises at both ends, by name.

use cortecs::{
    assemble::build,
    author::*,
    network::{Compartment, CompartmentOf, Conductance, Input},
    prelude::*,
    scene::Scene,
};

behaviour! {
    /// A soma that fires and a passive dendrite, both of the capacity `c` and the leak `g`, coupled by `coupling`.
    #[require(V, Conductance, Spikes)]
    struct TwoCompartments {
        #[reflect(@Unit("pF"), @Range::ABOVE_ZERO)]
        c: Parameter = 100.0,
        #[reflect(@Unit("nS"), @Range::ABOVE_ZERO)]
        g: Parameter = 5.0,
        #[reflect(@Unit("nS"), @Range::NOT_NEGATIVE)]
        coupling: Parameter = 10.0,
        #[reflect(@Unit("mV"))]
        threshold: Parameter = -50.0,
        #[reflect(@Unit("mV"))]
        v: Initial = -70.0,
        #[reflect(@Unit("mV"))]
        dendrite_v: Initial = "v",
    }
}

impl Behaviour for TwoCompartments {
    const MODEL: bool = true;

    fn compartments(&self) -> Vec<String> {
        vec!["dendrite".into()]
    }

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Integrate, integrate);
    }
}

type Soma<'w> = (&'w TwoCompartments, &'w mut V, &'w Input, &'w Conductance, &'w mut Spikes, &'w Compartments);

/// Exponential Euler, of each compartment with the other one as it was.
fn integrate(
    mut groups: Query<Soma<'_>, Without<CompartmentOf>>,
    mut compartments: Query<(&Compartment, &mut V, &Input, &Conductance), With<CompartmentOf>>,
    clock: Res<Clock>,
) {
    for (model, mut v, input, open, mut spikes, own) in &mut groups {
        let Ok((_, mut dendrite, current, dendritic)) = compartments.get_mut(own.collection()[0]) else { continue };
        for i in 0..v.0.len() {
            let [c, g, coupling] = [&model.c, &model.g, &model.coupling].map(|parameter| parameter.at(i));
            let (soma, distal) = (v.0[i], dendrite.0[i]);
            let relaxed = |v: Real, other: Real, input: Real, open: Real| {
                let total = g + coupling + open;
                let target = (g * -70.0 + coupling * other + input) / total;
                target + (v - target) * (-clock.step() * total / c).exp()
            };
            let end = relaxed(soma, distal, input.0[i], open.sum[i]);
            dendrite.0[i] = relaxed(distal, soma, current.0[i], dendritic.sum[i]);
            let fires = end >= model.threshold.at(i);
            v.0[i] = if fires { -70.0 } else { end };
            spikes.fired_mut()[i] = u8::from(fires);
        }
        spikes.collect();
    }
}

fn bench() -> Bench {
    let mut bench = Bench::new().with_dt(0.1);
    bench.app_mut().register_behaviour::<TwoCompartments>();
    bench
}

/// The compartment of a group.
fn dendrite(bench: &mut Bench, cells: Entity) -> Entity {
    let world = bench.world_mut();
    let mut all = world.query::<(Entity, &CompartmentOf)>();
    all.iter(world).find(|(_, of)| of.0 == cells).map(|(one, _)| one).unwrap()
}

#[test]
fn a_current_into_the_dendrite_reaches_the_soma() {
    let mut bench = bench();
    let cells = bench.group("cells", 3, TwoCompartments { v: "-70 + i".into(), ..default() });
    let dendrite = dendrite(&mut bench, cells);
    assert_eq!(
        (bench.get(cells, "v"), bench.get(dendrite, "v")),
        (vec![-70.0, -69.0, -68.0], vec![-70.0, -69.0, -68.0])
    );
    bench.world_mut().entity_mut(dendrite).insert(ConstantCurrent { amplitude: "20 * i".into() });
    bench.ticks(20_000);
    // g (v − E) and g (d − E) balance the flow between them: with s = g + coupling, v − E = I coupling / (s² − coupling²).
    for i in 0..3 {
        let current = 20.0 * i as f64;
        let [soma, distal] = [10.0, 15.0].map(|part| -70.0 + current * part / (15.0 * 15.0 - 100.0));
        assert!((bench.get(cells, "v")[i] - soma).abs() < 1e-3, "{:?}", bench.get(cells, "v"));
        assert!((bench.get(dendrite, "v")[i] - distal).abs() < 1e-3, "{:?}", bench.get(dendrite, "v"));
    }
}

#[test]
fn it_goes_on_from_a_checkpoint_and_takes_the_size_of_its_group() {
    let make = |bench: &mut Bench| {
        bench.app_mut().register_behaviour::<TwoCompartments>();
        let noise = UniformNoise { high: 90.0.into(), ..default() };
        let cells = bench.group("cells", 2, (TwoCompartments::default(), noise));
        let dendrite = dendrite(bench, cells);
        bench.world_mut().entity_mut(dendrite).insert(NormalNoise { sd: 200.0.into(), ..default() });
        let receptor = bench.receptor(dendrite, "a", ExponentialReceptor { reversal: Some(0.0.into()), ..default() });
        bench.set(receptor, "arriving", &[3.0, 5.0]);
        [cells, dendrite, receptor]
    };
    Bench::assert_goes_on(50, |bench| _ = make(bench));
    let mut bench = Bench::new();
    let [cells, dendrite, receptor] = make(&mut bench);
    bench.world_mut().entity_mut(cells).insert(NeuronGroup::new(4));
    bench.ticks(5);
    assert_eq!([bench.get(dendrite, "v").len(), bench.get(receptor, "conductance").len()], [4, 4]);
    bench.world_mut().entity_mut(cells).despawn();
    assert!(bench.world_mut().get_entity(dendrite).is_err() && bench.world_mut().get_entity(receptor).is_err());
}

const SCENE: &str = r#"(
    dt: 0.1,
    groups: {
        "source": (size: 1, behaviours: [SpikeSource(times: [[1.05]])]),
        "cells": (size: 2, behaviours: [TwoCompartments(threshold: 0, dendrite_v: "-70 + 5 * i")],
            receptors: {
                "soma": ExponentialReceptor(afferent: "inhibits", reversal: -80, tau: 5),
                "dendrite.fast": ExponentialReceptor(afferent: "excites", reversal: 0, tau: 5),
                "dendrite.nmda": NmdaReceptor(afferent: "excites", gain: 2),
            },
            compartments: {"dendrite": [ConstantCurrent(amplitude: 1)]},
        ),
    },
    synapses: [
        (name: "excitation", from: "source", to: "cells", tags: ["excites"], weights: 3, connectivity: AllToAll()),
        (name: "inhibition", from: "source", to: "cells", tags: ["inhibits"], weights: 1, connectivity: AllToAll()),
    ],
    switches: [(at: 3, off: "cells.dendrite.ConstantCurrent", set: {"cells.dendrite.fast.ExponentialReceptor.gain": 2})],
    recorders: [VariableRecorder(of: [
        "cells.v", "cells.dendrite.v", "cells.dendrite.input", "cells.dendrite.conductance", "cells.conductance",
        "cells.dendrite.fast.conductance", "cells.dendrite.nmda.conductance",
    ])],
)"#;

#[test]
fn receptors_stand_at_either_end_by_name() {
    let mut bench = bench();
    let scene = Scene::from_text(bench.world_mut(), SCENE).unwrap_or_else(|faults| panic!("{faults}"));
    build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    bench.ticks(40);
    let at = |name: &str, iteration: usize| bench.recorded(name)[2 * iteration..][..2].to_vec();
    assert_eq!(at("cells.dendrite.v", 0).len(), 2);
    // Before the spike, a current flows into the dendrite alone.
    assert_eq!((at("cells.dendrite.input", 9), at("cells.conductance", 9)), (vec![1.0; 2], vec![0.0; 2]));
    // The spike opens what is tagged so: at the soma 1 nS, at the dendrite 3 nS at once, and what is not blocked of NMDA by its own
    // potential.
    let (soma, distal) = (at("cells.conductance", 11), at("cells.dendrite.conductance", 11));
    assert!(soma.iter().all(|g| (0.98..1.0).contains(g)), "{soma:?}");
    let fast = at("cells.dendrite.fast.conductance", 11);
    assert!(distal.iter().zip(&fast).all(|(all, fast)| all > fast) && fast[0] > 2.9, "{distal:?} {fast:?}");
    let nmda: Vec<f64> = distal.iter().zip(&fast).map(|(all, fast)| all - fast).collect();
    assert!(nmda[1] > 1.05 * nmda[0], "the neuron with the higher dendrite has less of a block: {nmda:?}");
    let before = at("cells.dendrite.v", 10);
    assert!(at("cells.dendrite.v", 25).iter().zip(&before).all(|(after, before)| after > before));
    // Switched and changed by their addresses.
    assert!(at("cells.dendrite.input", 31).iter().all(|input| *input <= 0.0), "{:?}", at("cells.dendrite.input", 31));
}

#[test]
fn the_variables_of_compartments_are_listed() {
    let mut bench = bench();
    let all = cortecs::scene::describe::describe(bench.world_mut());
    let own = all.into_iter().find(|entry| entry.name == "TwoCompartments").unwrap().variables;
    for variable in ["v (mV)", "dendrite.v (mV)", "dendrite.input", "dendrite.conductance (nS)"] {
        assert!(own.iter().any(|known| known == variable), "{own:?}");
    }
}

#[test]
fn a_compartment_that_a_model_does_not_have_is_refused() {
    let mut bench = bench();
    let mut refused = |from: &str, to: &str| {
        let scene =
            Scene::from_text(bench.world_mut(), &SCENE.replace(from, to)).unwrap_or_else(|faults| panic!("{faults}"));
        build(bench.world_mut(), &scene).map(|_| ()).unwrap_err().to_string()
    };
    let told = refused("\"dendrite.fast\": Exp", "\"axon.fast\": Exp");
    assert!(told.contains("`cells` has no compartment `axon`") && told.contains("it has dendrite"), "{told}");
    let told = refused("{\"dendrite\": [Con", "{\"axon\": [Con");
    assert!(told.contains("`cells` has no compartment `axon`"), "{told}");
    let told = refused("TwoCompartments(threshold: 0, dendrite_v: \"-70 + 5 * i\")", "Lif()");
    assert!(told.contains("the cells of its model have none besides the soma"), "{told}");
    let told = refused("off: \"cells.dendrite.", "off: \"cells.dendrites.");
    assert!(told.contains("`cells` has no receptor named `dendrites`"), "{told}");
}

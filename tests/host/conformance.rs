//! What every behaviour that there is holds to, whichever they are: it goes on from a checkpoint as if nothing had happened, leaves
//! the same state on any number of threads, and the same with a parameter for all neurons or one for each.

use cortecs::{
    bevy_reflect::{PartialReflect, Reflect, ReflectMut, ReflectRef},
    checkpoint::Checkpoint,
    network::{Afferent, BehaviourEntry, Behaviours, Failures, Source},
    prelude::*,
    value::Value,
};
use rayon::ThreadPoolBuilder;

/// Those that do not work with their defaults: they need files, or addresses.
const NEEDY: [&str; 4] = ["EdgeList", "ImageInput", "Matrix", "Replay"];

/// Those that draw otherwise where neurons differ, by a method that takes any parameter.
const DRAW_OTHERWISE: [&str; 1] = ["PoissonInput"];

/// Enough for any pass to be shared.
const MANY: usize = 62_000;

fn entries() -> Vec<BehaviourEntry> {
    let mut bench = Bench::new();
    let all: Vec<_> = bench.world_mut().resource::<Behaviours>().iter().copied().collect();
    all.into_iter().filter(|entry| entry.kind != Kind::Recorder && !NEEDY.contains(&entry.name)).collect()
}

/// Cells that are driven and have one of the behaviours, where it belongs.
fn furnish(bench: &mut Bench, entry: &BehaviourEntry, value: &dyn Reflect, size: usize) {
    let noise = NormalNoise { mean: 5.0.into(), sd: 40.0.into(), ..default() };
    let cells = bench.group("cells", size, noise);
    if !entry.model {
        let model = Lif { c: 10.0.into(), v: "uniform(-65, -50)".into(), ..default() };
        bench.world_mut().entity_mut(cells).insert((model, Dopamine::default()));
    }
    let drivers = bench.group("drivers", 40, PoissonNeurons { rate: 400.0.into(), ..default() });
    let receptor = bench.receptor(cells, "in", CurrentReceptor { afferent: "S".into(), ..default() });
    let rule = FixedInDegree { in_degree: 2, ..default() };
    let weights = InitialWeights("uniform(0.1, 0.9)".into());
    let synapses = bench.synapses(drivers, cells, "S", (rule, weights, Delays(Some("1 + 2 * step(i - 1)".into()))));
    let world = bench.world_mut();
    let place = match entry.kind {
        Kind::Receptor => receptor,
        Kind::Synapses => synapses,
        // All to all of many is more than a test may take.
        Kind::Connectivity => {
            let some = world.spawn((NeuronGroup::new(size.min(300)), Name::new("some"), Lif::default())).id();
            world.spawn((SynapseGroup, Source(some), Target(some), Tags::new(&["S"]), Name::new("more"))).id()
        }
        Kind::Neurons | Kind::Recorder => cells,
    };
    entry.insert(&mut world.entity_mut(place), value);
    world.flush();
    let failures = world.resource_mut::<Failures>().take();
    assert!(failures.is_empty(), "{}: {failures:?}", entry.name);
}

/// A behaviour with its defaults, which listens to the synapses that there are.
fn listening(entry: &BehaviourEntry) -> Box<dyn Reflect> {
    let mut value = entry.default_value();
    if let ReflectMut::Struct(fields) = value.reflect_mut()
        && let Some(afferent) = fields.field_mut("afferent")
    {
        afferent.apply(&Afferent::from("S"));
    }
    value
}

/// The same with a number for each neuron wherever one for all stands.
fn spread(entry: &BehaviourEntry) -> Box<dyn Reflect> {
    let (mut value, of) = (listening(entry), listening(entry));
    let (ReflectMut::Struct(fields), ReflectRef::Struct(own)) = (value.reflect_mut(), of.reflect_ref()) else {
        return of;
    };
    for (name, field) in own.iter_fields() {
        let number = |parameter: &Parameter| match parameter.value() {
            Value::Number(number) if number.is_finite() => Some(*number),
            _ => None,
        };
        let number = field.try_downcast_ref::<Parameter>().and_then(number);
        if let (Some(number), Some(field)) = (number, fields.field_mut(name)) {
            field.apply(Parameter::from(format!("{number} + 0 * i").as_str()).as_partial_reflect());
        }
    }
    value
}

fn state(entry: &BehaviourEntry, value: &dyn Reflect, threads: usize, size: usize) -> Checkpoint {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        let mut bench = Bench::new();
        furnish(&mut bench, entry, value, size);
        bench.ticks(12);
        Checkpoint::take(bench.world_mut()).expect("a state")
    })
}

#[test]
fn every_behaviour_goes_on_from_a_checkpoint() {
    for entry in entries() {
        println!("{}", entry.name);
        Bench::assert_goes_on(20, |bench| furnish(bench, &entry, &*listening(&entry), 12));
    }
}

#[test]
fn every_behaviour_is_the_same_on_any_number_of_threads() {
    for entry in entries() {
        let [one, three] = [1, 3].map(|threads| state(&entry, &*listening(&entry), threads, MANY));
        assert_eq!(three.first_difference(&one), None, "{}", entry.name);
    }
}

#[test]
fn a_parameter_for_all_and_the_same_for_each_leave_the_same_state() {
    let of_cells = |entry: &BehaviourEntry| matches!(entry.kind, Kind::Neurons | Kind::Receptor);
    for entry in entries().into_iter().filter(of_cells) {
        // Several blocks, and one that is not full.
        let [all, each] = [listening(&entry), spread(&entry)].map(|value| state(&entry, &*value, 1, 4999));
        let differs = each.first_difference(&all);
        assert_eq!(differs.is_some(), DRAW_OTHERWISE.contains(&entry.name), "{}: {differs:?}", entry.name);
    }
}

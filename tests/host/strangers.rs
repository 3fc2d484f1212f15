//! What behaviours of other crates and hosts do that is easily done: it works, or is told at once with what to do.

use std::collections::BTreeMap;

use cortecs::{
    author::*,
    learn::{
        WeightBounds,
        spike_timing::{SpikeTiming, Trace, Update, change},
    },
    network::{Failures, Input, Weights},
    prelude::*,
};

behaviour! {
    /// A constant kick.
    struct Kick {
        strength: Parameter = 10.0,
    }
}

impl Behaviour for Kick {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, kick);
    }
}

fn kick(mut groups: Query<(&Kick, &mut Input)>) {
    for (kick, mut input) in &mut groups {
        input.0.iter_mut().enumerate().for_each(|(i, input)| *input += kick.strength.at(i));
    }
}

behaviour! {
    /// Another one, that doubles what is there.
    struct Amplify {}
}

impl Behaviour for Amplify {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, amplify);
    }
}

fn amplify(mut groups: Query<&mut Input, With<Amplify>>) {
    groups.iter_mut().for_each(|mut input| input.0.iter_mut().for_each(|input| *input *= 2.0));
}

struct Mine;

impl Plugin for Mine {
    fn build(&self, app: &mut App) {
        app.register_behaviour::<Kick>().register_behaviour::<Amplify>();
    }
}

struct Theirs;

impl Plugin for Theirs {
    fn build(&self, app: &mut App) {
        app.register_behaviour::<Amplify>().register_behaviour::<Kick>();
    }
}

fn quiet(app: &mut App) {
    app.world_mut().insert_resource(bevy_ecs::error::FallbackErrorHandler(bevy_ecs::error::ignore));
}

/// The sum of the input of three neurons after a tick.
fn input_of(add: fn(&mut App) -> &mut App) -> Real {
    let mut app = App::new();
    quiet(&mut app);
    add(&mut app);
    let behaviours = (Kick::default(), Amplify {}, ConstantCurrent { amplitude: 3.0.into() });
    let cells = app.world_mut().spawn((Name::new("cells"), NeuronGroup::new(3), behaviours)).id();
    app.world_mut().flush();
    assert_eq!(cortecs::schedule::run_ticks(app.world_mut(), 2), 2, "{:?}", app.world().resource::<Failures>());
    app.world().get::<Input>(cells).unwrap().0.iter().sum()
}

#[test]
fn the_order_in_which_plugins_are_added_changes_nothing() {
    let found = [
        input_of(|app| app.add_plugins(CortecsPlugins).add_plugins(Mine)),
        input_of(|app| app.add_plugins(Mine).add_plugins(CortecsPlugins)),
        input_of(|app| app.add_plugins(Theirs).add_plugins(CortecsPlugins)),
        input_of(|app| app.add_plugins(CortecsPlugins).add_plugins(Theirs)),
    ];
    // Cleared, the current of this crate, then by their names `Amplify` and `Kick`.
    assert_eq!(found, [3.0 * (2.0 * 3.0 + 10.0); 4]);
}

#[derive(Reflect, Clone, Debug, Default)]
struct Channel {
    conductance: Parameter,
    reversal: Option<Parameter>,
}

#[derive(Reflect, Clone, Debug, Default)]
enum Kinetics {
    #[default]
    Instant,
    Slow(Parameter),
}

behaviour! {
    /// Parameters in a struct, in a list and in an option, in a map, in a variant.
    struct Channels {
        first: Channel,
        others: Vec<Channel>,
        named: BTreeMap<String, Channel>,
        kinetics: Kinetics,
    }
}

impl Behaviour for Channels {
    fn plugin(_: &mut App) {}
}

#[test]
fn parameters_are_sampled_however_deep_they_stand() {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<Channels>();
    let channel = |text: &str| Channel { conductance: text.into(), reversal: Some("conductance + i".into()) };
    let channels =
        Channels { first: channel("1 + i"), others: vec![channel("2 + i"), channel("uniform(5, 6)")], ..default() };
    let cells = bench.group("cells", 3, channels);
    let found = bench.world_mut().get::<Channels>(cells).unwrap().clone();
    let of = |channel: &Channel| [0, 1, 2].map(|i| channel.conductance.at(i));
    assert_eq!((of(&found.first), of(&found.others[0])), ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]));
    assert!(
        of(&found.others[1]).iter().all(|x| (5.0..6.0).contains(x))
            && of(&found.others[1])[0] != of(&found.others[1])[1]
    );
}

#[test]
fn parameters_are_sampled_in_maps_and_variants_that_are_written_at_work() {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<Channels>();
    let cells = bench.group("cells", 2, Channels::default());
    bench.tick();
    {
        let mut channels = bench.world_mut().get_mut::<Channels>(cells).unwrap();
        channels.kinetics = Kinetics::Slow("3 + i".into());
        channels.named.insert("sodium".to_owned(), Channel { conductance: "4 + i".into(), ..default() });
        channels.named.insert("leak".to_owned(), Channel { conductance: "sodium + i".into(), ..default() });
    }
    // In the order of their names, in which the leak comes first.
    let error = bench.try_ticks(1).unwrap_err();
    assert!(error.contains("Channels.named.leak.conductance: nothing is named `sodium` here"), "{error}");
    let mut channels = bench.world_mut().get_mut::<Channels>(cells).unwrap();
    channels.named.remove("leak");
    bench.tick();
    let Channels { named, kinetics, .. } = bench.world_mut().get::<Channels>(cells).unwrap();
    let Kinetics::Slow(slow) = kinetics else { panic!("{kinetics:?}") };
    assert_eq!([slow.at(0), slow.at(1), named["sodium"].conductance.at(1)], [3.0, 4.0, 5.0]);
}

#[test]
fn what_is_written_into_a_behaviour_at_work_holds_from_the_next_tick_on() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, (Izhikevich::default(), ConstantCurrent { amplitude: 1.0.into() }));
    bench.tick();
    bench.world_mut().get_mut::<ConstantCurrent>(cells).unwrap().amplitude = "7 + i".into();
    bench.tick();
    assert_eq!(bench.get(cells, "input"), [7.0, 8.0]);
    bench.world_mut().get_mut::<ConstantCurrent>(cells).unwrap().amplitude = "7 + q".into();
    let error = bench.try_ticks(1).unwrap_err();
    assert!(error.contains("cells: ConstantCurrent.amplitude: nothing is named `q` here"), "{error}");
    bench.world_mut().get_mut::<ConstantCurrent>(cells).unwrap().amplitude = 2.0.into();
    bench.tick();
    assert_eq!(bench.get(cells, "input"), [2.0, 2.0]);
}

#[test]
fn neurons_that_join_have_parameters_and_initial_values() {
    let mut bench = Bench::new();
    let current = ConstantCurrent { amplitude: "10 * i".into() };
    let lif = Lif { tau: "10 + i".into(), v: "-65 - i".into(), ..default() };
    let cells = bench.group("cells", 2, (lif, current));
    let receptor = bench.receptor(cells, "a", ExponentialReceptor { gain: "1 + i".into(), ..default() });
    bench.ticks(3);
    let before = bench.get(cells, "v");
    bench.world_mut().entity_mut(cells).insert(NeuronGroup::new(4));
    let after = bench.get(cells, "v");
    assert_eq!((&after[..2], &after[2..]), (&before[..], &[-67.0, -68.0][..]));
    bench.set(receptor, "arriving", &[0.0, 0.0, 2.0, 1.0]);
    bench.tick();
    let input = bench.get(cells, "input");
    assert!(input[1] == 10.0 && input[2] > 24.0 && input[3] > 32.0, "{input:?}");
    bench.world_mut().entity_mut(cells).insert(NeuronGroup::new(1));
    bench.tick();
    assert_eq!(bench.get(cells, "v").len(), 1);
}

#[test]
fn a_group_with_synapses_keeps_its_size() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, Izhikevich::default());
    bench.synapses(cells, cells, "loop", (AllToAll::default(), InitialWeights(1.0.into())));
    bench.tick();
    bench.world_mut().entity_mut(cells).insert(NeuronGroup::new(4));
    let error = bench.try_ticks(1).unwrap_err();
    assert!(error.contains("are made for 2 neurons and not for 4: despawn them first"), "{error}");
}

#[test]
fn a_behaviour_where_none_of_its_kind_belongs_is_told() {
    let mut bench = Bench::new();
    let mut told = |bundle: for<'a, 'w> fn(&'a mut EntityWorldMut<'w>) -> &'a mut EntityWorldMut<'w>| {
        let world = bench.world_mut();
        bundle(&mut world.spawn(Name::new("thing")));
        world.flush();
        world.resource_mut::<Failures>().take().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let group = told(|thing| thing.insert(ConstantCurrent::default()));
    assert_eq!(
        group,
        "thing: ConstantCurrent: a behaviour of neuron groups stands on an entity that has no such place: \
         insert a `NeuronGroup` with it"
    );
    let receptor = told(|thing| thing.insert(CurrentReceptor::default()));
    assert!(receptor.contains("insert `ReceptorOf` a neuron group with it"), "{receptor}");
    let rule = told(|thing| thing.insert(Stdp::default()));
    assert!(rule.contains("insert a `SynapseGroup` with its `Source` and its `Target` with it"), "{rule}");
}

variable! {
    /// Never registered.
    struct Forgotten = "forgotten" in "mV";
}

behaviour! {
    /// Has a column that its plugin does not register.
    #[require(Forgotten)]
    struct Forgetful {
        forgotten: Initial = "5 + i",
    }
}

impl Behaviour for Forgetful {
    fn plugin(_: &mut App) {}
}

#[test]
fn a_column_that_nobody_registered_is_registered_where_it_is_needed() {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<Forgetful>();
    let cells = bench.group("cells", 2, Forgetful::default());
    assert_eq!(bench.get(cells, "forgotten"), [5.0, 6.0]);
    // In the order in which commands come too.
    let other = bench.world_mut().spawn((Name::new("other"), NeuronGroup::new(3), Forgetful::default())).id();
    assert_eq!(bench.get(other, "forgotten"), [5.0, 6.0, 7.0]);
}

#[derive(Clone, Copy)]
struct Nothing;

impl Update<0, 0> for Nothing {
    fn on_pre(&self, _: Real, _: [Real; 0], _: [Real; 0]) -> Real {
        0.0
    }

    fn on_post(&self, _: Real, _: [Real; 0], _: [Real; 0]) -> Real {
        0.0
    }
}

behaviour! {
    /// A rule that does not say that it needs to remember.
    struct Timeless {}
}

impl Behaviour for Timeless {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, change::<Self, 0, 0>);
    }
}

impl SpikeTiming<0, 0> for Timeless {
    type Update = Nothing;
    type Changed = Weights;

    fn pre_traces(&self) -> [Trace; 0] {
        []
    }

    fn post_traces(&self) -> [Trace; 0] {
        []
    }

    fn update(&self) -> Nothing {
        Nothing
    }

    fn bounds(&self) -> [f64; 2] {
        [0.0, 1.0]
    }
}

#[test]
fn a_rule_without_its_memory_is_told() {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<Timeless>();
    let cells = bench.group("cells", 2, Izhikevich::default());
    bench.synapses(cells, cells, "loop", (AllToAll::default(), InitialWeights(0.5.into()), Timeless {}));
    let error = bench.try_ticks(1).unwrap_err();
    assert!(error.contains("declare it with `#[require(Timing<Timeless>)]`"), "{error}");
}

/// Random streams and checkpoints go by names.
#[test]
fn groups_without_a_name_get_one() {
    let mut bench = Bench::new();
    let mut group = || {
        let noise = UniformNoise { high: 20.0.into(), ..default() };
        bench.world_mut().spawn((NeuronGroup::new(5), Izhikevich::default(), noise)).id()
    };
    let (one, other) = (group(), group());
    bench.ticks(5);
    assert_ne!(bench.get(one, "input"), bench.get(other, "input"));
    let names = [one, other].map(|group| bench.world_mut().get::<Name>(group).unwrap().to_string());
    assert_eq!(names, ["group1", "group2"]);
    let saved = cortecs::checkpoint::Checkpoint::take(bench.world_mut());
    assert!(saved.is_ok(), "{:?}", saved.err());
}

#[test]
fn input_that_a_host_writes_between_runs_counts_in_the_next_iteration() {
    let mut bench = Bench::new();
    // Half of the way to rest + 10 · input in each step, from a rest of 0.
    let tau = std::f64::consts::LOG2_E;
    let lif = Lif { tau: tau.into(), c: (0.1 * tau).into(), rest: 0.0.into(), threshold: 1000.0.into(), ..default() };
    let cells = bench.group("cells", 2, (lif, ConstantCurrent { amplitude: 1.0.into() }));
    bench.tick();
    bench.assert_near(cells, "v", &[5.0, 5.0]);
    bench.world_mut().get_mut::<Input>(cells).unwrap().0.copy_from_slice(&[0.0, 4.0]);
    bench.tick();
    assert_eq!(bench.get(cells, "input"), [1.0, 5.0]);
    bench.assert_near(cells, "v", &[7.5, 27.5]);
    // And in no other one, whatever else is done to the group.
    bench.world_mut().entity_mut(cells).insert(ConstantCurrent { amplitude: 2.0.into() });
    bench.ticks(2);
    assert_eq!(bench.get(cells, "input"), [2.0, 2.0]);
}

#[test]
fn a_neuron_that_is_put_above_the_peak_fires_once() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 3, Izhikevich { v: "-65 + 105 * (i > 0) * (i < 2)".into(), ..default() });
    bench.tick();
    assert_eq!(bench.spikes(cells), [1]);
    bench.tick();
    assert!(bench.spikes(cells).is_empty());
    bench.set(cells, "v", &[-65.0, -65.0, 99.0]);
    bench.tick();
    assert_eq!((bench.spikes(cells), bench.get(cells, "v")[2] < 0.0), (vec![2], true));
    // Who fired by itself and is above the peak until it is reset does not fire again, though its potential was written.
    bench.world_mut().entity_mut(cells).insert(ConstantCurrent { amplitude: 1e4.into() });
    bench.tick();
    assert_eq!(bench.spikes(cells), [0, 1, 2]);
    let v = bench.get(cells, "v");
    bench.set(cells, "v", &v);
    bench.world_mut().entity_mut(cells).insert(ConstantCurrent::default());
    bench.tick();
    assert!(bench.spikes(cells).is_empty());
}

behaviour! {
    /// Says that weights stay below 2, and doubles them.
    #[require(WeightBounds)]
    struct Double {}
}

impl Behaviour for Double {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, double);
    }
}

fn double(mut groups: Query<(&mut Weights, &mut WeightBounds), With<Double>>) {
    for (mut weights, mut bounds) in &mut groups {
        bounds.state::<Double>([0.0, 2.0]);
        weights.0.iter_mut().for_each(|w| *w *= 2.0);
    }
}

#[test]
fn a_rule_that_leaves_the_bounds_that_it_states_is_told() {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<Double>();
    bench.world_mut().resource_mut::<Soundness>().every = Some(1);
    let cells = bench.group("cells", 2, Izhikevich::default());
    bench.synapses(cells, cells, "loop", (AllToAll::default(), InitialWeights("0.5 + 0.25 * i".into()), Double {}));
    bench.ticks(1);
    let error = bench.try_ticks(3).unwrap_err();
    let why = "the weight of synapse 2 has become 3, beyond the bounds 0 and 2 that `Double` states";
    assert!(error.contains(why), "{error}");
}

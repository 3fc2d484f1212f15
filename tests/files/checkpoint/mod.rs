//! A network that was saved and restored elsewhere goes on as if nothing had happened: its recordings and all of its state, to
//! the last bit.

mod refusals;

use std::path::PathBuf;

use cortecs::{
    assemble::build,
    checkpoint::{self, Checkpoint, Fit},
    network::Input,
    numeric::{Archive, ArchiveError},
    prelude::*,
    record::Recording,
    scene::Scene,
    schedule::run_ticks,
};
use rayon::ThreadPoolBuilder;

/// A scene file with what is set in it.
#[derive(Clone, Copy)]
struct Case<'a>(&'a str, &'a [&'a str]);

impl Case<'_> {
    fn build(self) -> Bench {
        let mut bench = Bench::new();
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(self.0);
        let scene = Scene::from_file_with(bench.world_mut(), path, self.1).unwrap_or_else(|faults| panic!("{faults}"));
        build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
        bench
    }
}

fn run(bench: &mut Bench, iterations: u64, threads: usize) {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let world = bench.world_mut();
    let done = pool.install(|| run_ticks(world, iterations));
    assert_eq!(done, iterations, "{:?}", world.resource::<cortecs::network::Failures>());
}

fn take(bench: &mut Bench) -> Checkpoint {
    Checkpoint::take(bench.world_mut()).unwrap()
}

/// The rows of each recording, and how many were recorded.
fn recorded(bench: &mut Bench) -> Vec<(String, u64, Vec<u8>)> {
    let world = bench.world_mut();
    let mut recordings = world.query::<&Recording>();
    let rows = |recording: &Recording| {
        let name = format!("{}.{}", recording.group, recording.what());
        (name, recording.rows.rows(), recording.rows.bytes().to_vec())
    };
    let mut all: Vec<_> = recordings.iter(world).map(rows).collect();
    all.sort();
    all
}

/// Runs a network for some iterations, and on; and another one from a checkpoint in between, with two threads.
fn assert_goes_on(case: Case<'_>, before: u64, after: u64) {
    let mut whole = case.build();
    run(&mut whole, before, 1);
    let checkpoint = take(&mut whole);
    let recorded_before = recorded(&mut whole);
    run(&mut whole, after, 1);

    let mut second = case.build();
    checkpoint.restore(second.world_mut(), Fit::Exactly).unwrap_or_else(|error| panic!("{}: {error}", case.0));
    assert!(take(&mut second).bytes() == checkpoint.bytes(), "{}: what was restored is what was saved", case.0);
    run(&mut second, after, 2);

    for ((name, rows, mut bytes), (_, _, before)) in recorded(&mut second).into_iter().zip(recorded_before) {
        bytes.splice(0..0, before);
        let expected = recorded(&mut whole).into_iter().find(|(other, ..)| *other == name).unwrap();
        assert!((&name, rows, &bytes) == (&expected.0, expected.1, &expected.2), "{}: {name}", case.0);
    }
    assert!(take(&mut whole).bytes() == take(&mut second).bytes(), "{}: the state at the end", case.0);
}

#[test]
fn whatever_has_a_past_goes_on() {
    let case = Case("tests/files/checkpoint/everything.ron", &[]);
    // The network lives: what it compares is not silence.
    let mut bench = case.build();
    run(&mut bench, 240, 1);
    let silent: Vec<String> =
        recorded(&mut bench).into_iter().filter(|(.., bytes)| bytes.is_empty()).map(|(name, ..)| name).collect();
    assert!(silent.is_empty(), "{silent:?}");
    for before in [0, 1, 41, 67, 150] {
        assert_goes_on(case, before, 240 - before);
    }
}

#[test]
fn every_scene_goes_on() {
    let mut seen = 0;
    for entry in PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes").read_dir().unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let settings: &[&str] = match &name[..] {
            "microcircuit.ron" => &["constants.scale=0.05"],
            "brunel.ron" => &["constants.c_e=200"],
            "vogels_2011.ron" => &["constants.size=1000"],
            _ if !name.ends_with(".ron") => continue,
            _ => &[],
        };
        assert_goes_on(Case(&format!("scenes/{name}"), settings), 130, 70);
        seen += 1;
    }
    assert!(seen >= 15);
}

#[test]
fn a_network_goes_back_in_its_own_world() {
    // Before anything was learnt, too.
    for before in [0, 50] {
        let mut bench = Case("tests/files/checkpoint/everything.ron", &[]).build();
        run(&mut bench, before, 1);
        let checkpoint = take(&mut bench);
        run(&mut bench, 200 - before, 1);
        let (first, state) = (recorded(&mut bench), take(&mut bench));
        checkpoint.restore(bench.world_mut(), Fit::Exactly).unwrap();
        run(&mut bench, 200 - before, 2);
        assert!(recorded(&mut bench) == first, "from {before}");
        assert_eq!(take(&mut bench).first_difference(&state), None, "from {before}");
    }
}

#[test]
fn rules_that_hold_weights_within_other_bounds_go_on() {
    const SCENE: &str = r#"(
        groups: {"a": (size: 30, behaviours: [PoissonNeurons(rate: 100)])},
        synapses: [(name: "s", from: "a", to: "a", connectivity: FixedProbability(probability: 0.5), weights: 1,
            behaviours: [Stdp(w_max: 10, a_plus: 0.2), DeferredStdp(w_max: 2, every: 100000)])],
    )"#;
    let build = || {
        let mut bench = Bench::new();
        let scene = Scene::from_text(bench.world_mut(), SCENE).unwrap_or_else(|faults| panic!("{faults}"));
        build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
        bench
    };
    let [mut whole, mut second] = [build(), build()];
    run(&mut whole, 200, 1);
    let saved = take(&mut whole);
    saved.restore(second.world_mut(), Fit::Exactly).unwrap();
    [&mut whole, &mut second].into_iter().for_each(|bench| run(bench, 200, 1));
    let synapses = whole.world_mut().query_filtered::<Entity, With<SynapseGroup>>().single(whole.world_mut()).unwrap();
    assert!(whole.get(synapses, "weights").iter().any(|weight| *weight > 2.5), "no weight left the narrower bounds");
    assert!(take(&mut whole).bytes() == take(&mut second).bytes());
}

#[test]
fn in_files_weights_that_nobody_learns_take_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |scene: &str| {
        let mut bench = Case(scene, &[]).build();
        run(&mut bench, 100, 1);
        let path = folder.path().join("checkpoint");
        checkpoint::write(bench.world_mut(), None, &path).unwrap();
        (std::fs::metadata(path).unwrap().len() as usize, take(&mut bench).bytes().len())
    };
    // A million weights of four bytes or more, and a thousand neurons.
    let (file, memory) = bytes("scenes/izhikevich.ron");
    assert!(file < 200_000 && memory > 4_000_000, "{file} {memory}");
    // 100 000 synapses, of which 80 000 are learnt, with an eligibility for each.
    assert!(bytes("scenes/dopamine.ron").0 > 160_000 * size_of::<Real>());
}

/// Pulls at the input, the more the longer nobody has fired.
#[derive(Component, Reflect, Clone, Default)]
#[require(Spikes, Input)]
struct Impatience<const FORGETS: bool> {
    #[reflect(ignore)]
    since: u32,
}

impl<const FORGETS: bool> Behaviour for Impatience<FORGETS> {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, pull::<FORGETS>);
    }

    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        if FORGETS { Ok(()) } else { archive.value(&mut self.since) }
    }
}

fn pull<const FORGETS: bool>(mut groups: Query<(&mut Impatience<FORGETS>, &Spikes, &mut Input)>) {
    for (mut impatience, spikes, mut input) in &mut groups {
        impatience.since = if spikes.neurons().is_empty() { impatience.since + 1 } else { 0 };
        let pull = impatience.since as Real;
        input.0.iter_mut().for_each(|input| *input += pull);
    }
}

fn impatient<const FORGETS: bool>(bench: &mut Bench) {
    bench.app_mut().register_behaviour::<Impatience<FORGETS>>();
    bench.group("cells", 3, (Izhikevich::default(), Impatience::<FORGETS>::default()));
}

#[test]
fn a_behaviour_of_another_crate_is_saved_by_what_it_says_of_itself() {
    for iterations in [1, 7, 30] {
        Bench::assert_goes_on(iterations, impatient::<false>);
    }
}

#[test]
#[should_panic(expected = "after 7 iterations more, `cells`")]
fn a_behaviour_that_forgets_is_found_out() {
    Bench::assert_goes_on(7, impatient::<true>);
}

//! Checkpoints that are refused, and what is said of them.

use cortecs::{
    assemble::build,
    checkpoint::{self, Checkpoint, Fit},
    prelude::*,
    scene::Scene,
};

/// Cells with noise, and weights that are given.
fn bench(size: usize, seed: u64, weight: f64) -> Bench {
    let mut scene = Scene::new("cells").with_seed(seed);
    scene.groups = vec![
        GroupScene::new("cells", NeuronGroup::new(size))
            .with(Izhikevich::default())
            .with(NormalNoise { sd: 10.0.into(), ..default() }),
    ];
    scene.synapses = vec![SynapseScene::new("cells", "cells", AllToAll::default()).with_tag("A").with_weights(weight)];
    let mut bench = Bench::new();
    build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    bench
}

fn checkpoint() -> Checkpoint {
    let mut bench = bench(5, 1, 0.5);
    bench.ticks(20);
    Checkpoint::take(bench.world_mut()).unwrap()
}

/// What is said of bytes; nothing has changed then.
#[track_caller]
fn refused(bytes: Vec<u8>, bench: &mut Bench, fit: Fit) -> String {
    let before = Checkpoint::take(bench.world_mut()).unwrap();
    let error = Checkpoint::from_bytes(bytes).restore(bench.world_mut(), fit).unwrap_err().to_string();
    assert!(Checkpoint::take(bench.world_mut()).unwrap().bytes() == before.bytes(), "{error}");
    error
}

#[test]
fn other_networks_are_refused() {
    let bytes = checkpoint().bytes().to_vec();
    let error = |mut bench: Bench| refused(bytes.clone(), &mut bench, Fit::Exactly);
    assert_eq!(
        error(bench(6, 1, 0.5)),
        "it is of another network: `cells` (`Input`): 5 values were saved, and there are 6"
    );
    assert_eq!(error(bench(5, 2, 0.5)), "it was made with the seed 1, and that of the network is 2");
    let mut other = Bench::new();
    other.group("cells", 5, Izhikevich::default());
    assert_eq!(error(other), "it is of another network, with `cells` (`NormalNoise`)");
    let mut more = bench(5, 1, 0.5);
    more.group("others", 2, Lif::default());
    assert_eq!(error(more), "it is of another network: it has no `others` (`Lif`)");
    assert_eq!(error(Bench::new().with_dt(0.1)), "it was made in steps of 1 ms, and those of the network are 0.1 ms");
}

#[test]
fn what_the_scene_makes_must_be_as_it_was_when_a_file_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut own = bench(5, 1, 0.5);
    own.ticks(20);
    checkpoint::write(own.world_mut(), None, &path).unwrap();
    let restore = |mut bench: Bench, fit| checkpoint::open(&path).unwrap().restore(bench.world_mut(), fit);
    restore(bench(5, 1, 0.5), Fit::Exactly).unwrap();
    restore(bench(5, 1, 0.25), Fit::Variant { noise: None }).unwrap();
    assert_eq!(
        restore(bench(5, 1, 0.25), Fit::Exactly).unwrap_err().to_string(),
        "`cells_cells` (`Weights`) is not what it was: the scene, or a file that it names, has changed since"
    );
}

#[test]
fn learnt_weights_do_not_go_to_other_synapses() {
    let learns = |seed: u64, rule: bool| {
        let mut scene = Scene::new("learns").with_seed(seed);
        scene.groups = vec![
            GroupScene::new("cells", NeuronGroup::new(40)).with(PoissonNeurons { rate: 200.0.into(), ..default() }),
        ];
        let synapses =
            SynapseScene::new("cells", "cells", FixedInDegree { in_degree: 4, ..default() }).with_weights(0.5);
        scene.synapses = vec![if rule { synapses.with(Stdp::default()) } else { synapses }];
        let mut bench = Bench::new();
        build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
        bench
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut own = learns(1, true);
    own.ticks(50);
    checkpoint::write(own.world_mut(), None, &path).unwrap();
    let restore = |mut bench: Bench| {
        checkpoint::open(&path)
            .unwrap()
            .restore(bench.world_mut(), Fit::Variant { noise: None })
            .map(|restored| restored.left_out.len())
    };
    assert_eq!(restore(learns(1, true)).unwrap(), 0);
    // The rule and its traces are left out, what it learnt is not.
    assert_eq!(restore(learns(1, false)).unwrap(), 3);
    let expected =
        "`cells_cells` (`Synapses`) is not what it was: the scene, or a file that it names, has changed since";
    assert_eq!(restore(learns(2, true)).unwrap_err().to_string(), expected);
}

#[test]
fn damage_is_told_from_truncation_and_from_other_files() {
    let bytes = checkpoint().bytes().to_vec();
    let mut own = bench(5, 1, 0.5);
    for cut in 8..bytes.len() {
        assert_eq!(
            refused(bytes[..cut].to_vec(), &mut own, Fit::Exactly),
            "it is cut off: bytes are missing at its end",
            "{cut}"
        );
    }
    assert_eq!(refused(b"a letter to a friend".to_vec(), &mut own, Fit::Exactly), "it is no checkpoint of cortecs");
    assert_eq!(refused(Vec::new(), &mut own, Fit::Exactly), "it is no checkpoint of cortecs");
    let version = bytes.windows(5).position(|bytes| bytes == b"0.1.0").unwrap();
    let mut later = bytes.clone();
    later[version] = b'7';
    assert_eq!(
        refused(later, &mut own, Fit::Exactly),
        "it was written by cortecs 7.1.0 (form 4), and this is 0.1.0 (form 4): another version may do other things with it"
    );
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(
        refused(longer, &mut own, Fit::Exactly),
        "it is damaged: the number of its parts does not agree with its checksum"
    );
}

#[test]
fn no_flipped_bit_goes_unnoticed() {
    let bytes = checkpoint().bytes().to_vec();
    let mut own = bench(5, 1, 0.5);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let error = refused(damaged, &mut own, Fit::Exactly);
        assert!(!error.is_empty(), "{at}");
    }
}

#[test]
fn a_variant_goes_on_from_the_state_with_what_it_has_of_its_own() {
    let bytes = checkpoint().bytes().to_vec();
    let restore = |bench: &mut Bench, noise| {
        Checkpoint::from_bytes(bytes.clone()).restore(bench.world_mut(), Fit::Variant { noise }).unwrap()
    };
    let v = |mut bench: Bench| {
        bench.ticks(30);
        let cells = bench.world_mut().query_filtered::<Entity, With<V>>().single(bench.world_mut()).unwrap();
        bench.get(cells, "v")
    };
    let mut same = bench(5, 1, 0.5);
    let restored = restore(&mut same, None);
    assert_eq!((restored.header.iteration, restored.fresh.len(), restored.left_out.len()), (20, 0, 0));
    let same = v(same);
    let mut whole = bench(5, 1, 0.5);
    whole.ticks(20);
    assert_eq!(same, v(whole));

    // Other noise, as two numbers have it, from the same state.
    let [one, again, two] = [7, 7, 8].map(|noise| {
        let mut other = bench(5, 1, 0.5);
        restore(&mut other, Some(noise));
        v(other)
    });
    assert_eq!(one, again);
    assert!(one != same && one != two);

    let mut without = Bench::new();
    without.group("cells", 5, (Izhikevich::default(), Dopamine::default()));
    let restored = restore(&mut without, None);
    assert_eq!(restored.fresh, ["`cells` (`Dopamine`)", "`cells` (`Concentration`)", "`cells` (`ConcentrationRest`)"]);
    assert!(restored.left_out.contains(&"`cells` (`NormalNoise`)".to_owned()), "{:?}", restored.left_out);
    assert_eq!(without.world_mut().resource::<Clock>().iteration, 20);
}

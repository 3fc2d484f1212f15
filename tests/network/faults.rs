//! Scenes that once came out wrong, each with what is right and how that is known.

use cortecs::prelude::*;

/// What a scene of `tests/fixtures/faults` builds, or what is wrong with it.
fn tried(file: &str) -> Result<Bench, String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/faults").join(file);
    let mut bench = Bench::new();
    let scene = Scene::from_file(bench.world_mut(), &path).map_err(|faults| faults.to_string())?;
    build(bench.world_mut(), &scene).map(|_| ()).map_err(|faults| faults.to_string())?;
    Ok(bench)
}

/// The network of a scene after its iterations.
fn run(file: &str, iterations: u64) -> Bench {
    let mut bench = tried(file).unwrap_or_else(|faults| panic!("{faults}"));
    bench.ticks(iterations);
    bench
}

#[track_caller]
fn assert_refused(file: &str, why: &str) {
    match tried(file) {
        Ok(_) => panic!("{file} was built"),
        Err(faults) => assert!(faults.contains(why), "{file}: {faults}"),
    }
}

/// The iterations of the recorded spikes of a group of one neuron.
fn iterations(bench: &Bench, address: &str) -> Vec<u64> {
    bench.recorded(address).chunks_exact(2).map(|row| row[0] as u64).collect()
}

/// Pointers of a compressed matrix that do not begin with 0 once were a panic, or other synapses; a first line with a
/// letter for a number once was passed over as one of titles.
#[test]
fn files_are_right_or_refused() {
    assert_refused("01_matrix_panic.ron", "01_bad_csr.npz: indptr begins with 1 instead of 0");
    assert_refused("02_matrix_wrong.ron", "02_bad_csc.npz: indptr begins with 1 instead of 0");
    assert_refused("03_edge_list_first_line.ron", "03_edges.csv, line 1: `0,l,2` are no numbers");
}

/// A third of the spikes of a long train once came a step early: 66 · 100.1 was reckoned in single precision.
#[test]
fn trains_keep_the_interval_of_pulses() {
    let bench = run("04_spike_trains_early.ron", 100_200);
    let pulses = bench.recorded("p.input");
    let begins: Vec<u64> = (0..).zip(&pulses).filter(|(_, input)| **input != 0.0).map(|(k, _)| k).collect();
    let exact: Vec<u64> = (0..=100).map(|k| 1001 * k).filter(|k| *k < 100_200).collect();
    assert_eq!(begins, exact);
    assert_eq!(iterations(&bench, "s.spikes"), exact[..100]);
}

/// A spike at 1.0 ms once stood in the iteration that ends at 1.1.
#[test]
fn given_spikes_stand_at_the_ends_of_their_iterations() {
    assert_eq!(iterations(&run("08_spike_source_time.ron", 50), "s.spikes"), [9]);
}

/// What is recorded, written in ms as the README says and replayed, is what was recorded.
#[test]
fn recorded_spikes_come_back_the_same() {
    for dt in [0.1, 0.3, 1.0] {
        let mut bench = Bench::new().with_dt(dt);
        bench.group("original", 20, PoissonNeurons { rate: 50.0.into(), ..default() });
        bench.recorder(SpikeRecorder { of: vec!["original".into()], ..default() });
        bench.ticks(3000);
        let rows = bench.recorded("original.spikes");
        let mut times = vec![Vec::new(); 20];
        rows.chunks_exact(2).for_each(|row| times[row[1] as usize].push((row[0] + 1.0) * dt));
        let mut again = Bench::new().with_dt(dt);
        again.group("copy", 20, SpikeSource::at(times));
        again.recorder(SpikeRecorder { of: vec!["copy".into()], ..default() });
        again.ticks(3000);
        assert!(rows.len() > 200 && again.recorded("copy.spikes") == rows, "{dt}");
    }
}

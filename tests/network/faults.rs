//! Scenes that once came out wrong, each with what is right.

use cortecs::prelude::*;

/// What is wrong with a scene of `tests/fixtures/faults`.
fn refused(file: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/faults").join(file);
    let mut bench = Bench::new();
    let scene = Scene::from_file(bench.world_mut(), &path).unwrap();
    match build(bench.world_mut(), &scene) {
        Ok(_) => panic!("{file} was built"),
        Err(faults) => faults.to_string(),
    }
}

/// Pointers of a compressed matrix that do not begin with 0 once were a panic, or other synapses; a first line with a
/// letter for a number once was passed over as one of titles.
#[test]
fn files_are_right_or_refused() {
    for (file, why) in [
        ("01_matrix_panic.ron", "01_bad_csr.npz: indptr begins with 1 instead of 0"),
        ("02_matrix_wrong.ron", "02_bad_csc.npz: indptr begins with 1 instead of 0"),
        ("03_edge_list_first_line.ron", "03_edges.csv, line 1: `0,l,2` are no numbers"),
    ] {
        let error = refused(file);
        assert!(error.contains(why), "{file}: {error}");
    }
}

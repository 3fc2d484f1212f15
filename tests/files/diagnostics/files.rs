//! Files that a scene needs, and networks that do not fit: what takes more than a text to be wrong.

use std::path::Path;

use cortecs::{
    assemble::{build, check},
    npy::{Dtype, Writer},
    prelude::*,
    scene::Scene,
};

use super::assert_lines;

/// The complaint about `scene`, read from a file `net.ron` in a folder with an array `six.npy` of shape 3 × 2.
#[track_caller]
fn complaint_in_a_folder(scene: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut array = Writer::create(&folder.path().join("six.npy"), Dtype::F32, &[2]).unwrap();
    let numbers: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|number| number.to_le_bytes()).collect();
    array.append(&numbers).unwrap();
    array.finish().unwrap();
    let path = folder.path().join("net.ron");
    std::fs::write(&path, scene).unwrap();
    let mut bench = Bench::new();
    let world = bench.world_mut();
    let scene = Scene::from_file(world, &path).unwrap();
    let complaint = check(world, &scene).unwrap_err().to_string();
    complaint.replace(&format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR), "")
}

#[test]
fn a_scene_file_that_is_missing() {
    let bench = &mut Bench::new();
    let complaint = Scene::from_file(bench.world_mut(), Path::new("no/such.ron")).unwrap_err().to_string();
    assert!(complaint.starts_with("error: the scene `no/such.ron` cannot be read: "), "{complaint}");
}

#[test]
fn an_array_file_that_is_missing() {
    let complaint = complaint_in_a_folder(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(v: "-65 + array('x.npy')")],
)})"#,
    );
    // The words behind the file's name are the system's.
    assert!(complaint.starts_with("error: x.npy: "), "{complaint}");
    let lines = r#"
 --> net.ron:3:39
3 |     behaviours: [Izhikevich(v: "-65 + array('x.npy')")],
  |                                       ^^^^^^^^^^^^^^
  = note: in `cells`"#;
    assert_lines(&complaint, &format!("\n{}{lines}", complaint.lines().next().unwrap()));
}

#[test]
fn an_array_that_does_not_fit_initial_values() {
    let complaint = complaint_in_a_folder(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(v: "array('six.npy')")],
)})"#,
    );
    assert_lines(
        &complaint,
        r#"
error: the array has the shape 3 × 2, but 4 values are needed
 --> net.ron:3:33
3 |     behaviours: [Izhikevich(v: "array('six.npy')")],
  |                                 ^^^^^^^^^^^^^^^^
  = note: in `cells`"#,
    );
}

#[test]
fn an_array_that_does_not_fit_weights() {
    let complaint = complaint_in_a_folder(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    synapses: [(
        from: "cells", to: "cells", connectivity: AllToAll(),
        weights: "2 * array('six.npy')",
    )],
)"#,
    );
    assert_lines(
        &complaint,
        r#"
error: the array has the shape 3 × 2, but 16 values (4 × 4) are needed
 --> net.ron:5:23
5 |         weights: "2 * array('six.npy')",
  |                       ^^^^^^^^^^^^^^^^
  = note: in `cells_cells`"#,
    );
}

#[test]
fn rows_that_do_not_fit_a_group() {
    let complaint = complaint_in_a_folder(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Replay(file: "six.npy")],
)})"#,
    );
    assert_lines(
        &complaint,
        r#"
error: the array has the shape [3, 2]; rows × 4 neurons, or rows alone, are needed
 --> net.ron:3:31
3 |     behaviours: [Replay(file: "six.npy")],
  |                               ^^^^^^^^^
  = note: in `cells`"#,
    );
}

#[test]
fn a_replay_of_nothing() {
    super::says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Replay()],
)})"#,
        r#"
error: cells: Replay.file: no file is named
 --> scene:3:18
3 |     behaviours: [Replay()],
  |                  ^^^^^^"#,
    );
}

#[test]
fn arrays_of_a_text_without_a_folder() {
    super::says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(v: "array('x.npy')")],
)})"#,
        r#"
error: `x.npy` cannot be read: this network was given no folder to read files from
 --> scene:3:33"#,
    );
}

#[test]
fn a_network_that_does_not_fit_in_memory() {
    let mut bench = Bench::new();
    let world = bench.world_mut();
    // 10^7 neurons to as many: 10^14 synapses, 400 TB of weights of 32 bits.
    let text = r#"(
        groups: {"cells": (size: 10_000_000, behaviours: [Izhikevich()])},
        synapses: [(from: "cells", to: "cells", tags: "all", connectivity: AllToAll())],
        recorders: [VariableRecorder(of: "all.weights")],
    )"#;
    let scene = Scene::from_text(world, text).unwrap();
    let plan = check(world, &scene).unwrap();
    assert_eq!(plan.synapse_count(), 100_000_000_000_000);
    let complaint = build(world, &scene).unwrap_err().to_string();
    let needed = cortecs::assemble::in_words(plan.memory);
    assert!(complaint.starts_with(&format!("error: the network needs {needed} of memory, and ")), "{complaint}");
    assert!(complaint.contains("`cells_cells` alone has 100000000000000 synapses"), "{complaint}");
    assert_eq!(world.query::<&NeuronGroup>().iter(world).count(), 0);
}

#[test]
fn the_largest_network_that_can_be_written_is_planned_without_overflow() {
    let mut bench = Bench::new();
    let world = bench.world_mut();
    let text = r#"(
        groups: {"cells": (size: 4294967295, behaviours: [Izhikevich()])},
        synapses: [(from: "cells", to: "cells", tags: "all", connectivity: AllToAll())],
        recorders: [VariableRecorder(of: "all.weights")],
    )"#;
    let scene = Scene::from_text(world, text).unwrap();
    let plan = check(world, &scene).unwrap();
    assert_eq!(plan.synapse_count(), u64::from(u32::MAX) * u64::from(u32::MAX));
    assert_eq!((plan.memory, plan.recorded_bytes()), (u64::MAX, u64::MAX));
}

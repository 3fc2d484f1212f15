//! What a user is told when a scene is wrong: the rendered text, line by line.
//!
//! Each test holds a scene and the lines that matter of the message about it: what is wrong, where, the line of the
//! scene with the caret under the fault, advice. Lines that only frame these are left out.

mod files;
mod forms;
mod meaning;
mod names;
mod plots;
mod switches;
mod values;
mod wholes;

use cortecs::{
    assemble::{build, check},
    prelude::*,
    scene::Scene,
    text::Diagnostics,
};

/// The complaints about a scene that is checked; it must have some, and whoever builds it hears the same.
#[track_caller]
fn complaints(scene: &str) -> Diagnostics {
    fn of<T>(scene: &str, make: impl Fn(&mut World, &Scene) -> Result<T, Diagnostics>) -> Diagnostics {
        let mut bench = Bench::new();
        let world = bench.world_mut();
        let made = Scene::from_text(world, scene).and_then(|scene| make(world, &scene));
        let complaints = made.err().expect("the scene is wrong");
        // What fails leaves nothing behind.
        assert_eq!(world.query::<&NeuronGroup>().iter(world).count(), 0);
        complaints
    }
    let complaints = of(scene, check);
    assert_eq!(complaints.to_string(), of(scene, build).to_string());
    complaints
}

/// What is told of a scene that is built all the same.
#[track_caller]
fn warns(scene: &str, lines: &str) {
    let mut bench = Bench::new();
    let world = bench.world_mut();
    let scene = Scene::from_text(world, scene).unwrap_or_else(|faults| panic!("{faults}"));
    let checked = check(world, &scene).unwrap_or_else(|faults| panic!("{faults}")).warnings.to_string();
    let built = build(world, &scene).unwrap_or_else(|faults| panic!("{faults}")).plan.warnings.to_string();
    assert_eq!(checked, built);
    assert_lines(&checked, lines);
    let warnings = |text: &str| text.lines().filter(|line| line.starts_with("warning: ")).count();
    assert_eq!(warnings(&checked), warnings(lines), "warnings in:\n{checked}");
}

/// Asserts that the complaints about a scene have these lines, in this order, and are as many. A line that ends in `…`
/// goes on with names that more behaviours would add to.
#[track_caller]
fn says(scene: &str, lines: &str) {
    assert_lines(&complaints(scene).to_string(), lines);
}

#[track_caller]
fn assert_lines(text: &str, lines: &str) {
    let mut rest = text.lines().map(str::trim_end);
    for line in lines.lines().skip(1) {
        let fits = |found: &str| line.strip_suffix('…').map_or(found == line, |start| found.starts_with(start));
        assert!(rest.any(fits), "missing or out of order: {line}\nin:\n{text}");
    }
    let errors = |text: &str| text.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(errors(text), errors(lines), "complaints in:\n{text}");
}

#[test]
fn a_scene_without_faults_brings_no_complaint_and_is_built_nowhere() {
    let mut bench = Bench::new();
    let world = bench.world_mut();
    let scene = r#"(
        groups: {"cells": (size: 4, tags: "all", behaviours: [Izhikevich])},
        recorders: [VariableRecorder(of: "all.v"), SpikeRecorder(of: "cells", from: 5000)],
    )"#;
    let scene = Scene::from_text(world, scene).unwrap();
    let plan = check(world, &scene).unwrap();
    assert_eq!((plan.neurons(), plan.recordings.len()), (4, 2));
    // 1000 rows of 4 numbers; spikes are not foreseen.
    assert_eq!(plan.recorded_bytes(), 1000 * 4 * size_of::<Real>() as u64);
    assert_eq!(world.query::<&NeuronGroup>().iter(world).count(), 0);
}

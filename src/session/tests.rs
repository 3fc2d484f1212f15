use std::{collections::BTreeMap, fmt::Display, path::Path};

use super::{Beginning, Interrupted, Parent, Session, SessionError, Settings, Watch};
use crate::{
    checkpoint::{self, CHECKPOINT},
    output::{Existing, Outcome, Report, RunFolder},
    prelude::*,
    scene::Scene,
};

const SCENE: &str = r#"(
    iterations: 300,
    groups: {"cells": (size: 30, behaviours: [Izhikevich(), NormalNoise(mean: 5, sd: 3)])},
    recorders: [VariableRecorder(of: ["cells.v"]), SpikeRecorder(of: ["cells"])],
)"#;

/// Watches, and wants the run to end once so many iterations are done.
struct Until(u64, Vec<u64>, Vec<String>);

impl Watch for Until {
    fn advanced(&mut self, done: u64) {
        self.1.push(done);
    }

    fn warned(&mut self, warning: &dyn Display) {
        self.2.push(warning.to_string());
    }

    fn wants_end(&mut self) -> Option<&'static str> {
        self.1.last().is_some_and(|done| *done >= self.0).then_some("by hand")
    }
}

fn anew(bench: &mut Bench, folder: &Path) -> Session {
    let world = bench.world_mut();
    let scene = Scene::from_text(world, SCENE).unwrap();
    let beginning = Beginning::anew(world, &scene, Settings::default()).unwrap();
    beginning.open(world, &scene, RunFolder::create(folder, Existing::Refuse).unwrap()).unwrap()
}

fn recordings(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = folder.read_dir().unwrap().map(|file| file.unwrap().path());
    let arrays = files.filter(|path| path.extension().is_some_and(|extension| extension == "npy"));
    arrays.map(|path| (path.file_name().unwrap().to_string_lossy().into(), std::fs::read(path).unwrap())).collect()
}

/// No terminal, no signals: whoever watches ends a run, and its recordings are those of one that was never interrupted.
#[test]
fn a_watcher_ends_a_run_that_goes_on_as_if_nothing_had_happened() {
    let parent = tempfile::tempdir().unwrap();
    let [whole, halves] = ["whole", "halves"].map(|name| parent.path().join(name));
    let mut bench = Bench::new();
    anew(&mut bench, &whole).complete(bench.world_mut(), &mut ()).unwrap();

    let mut bench = Bench::new();
    let mut session = anew(&mut bench, &halves);
    let mut watch = Until(3, Vec::new(), Vec::new());
    let ended = session.complete(bench.world_mut(), &mut watch).unwrap_err();
    let SessionError::Interrupted { by: "by hand", iteration, planned: 300, recorded: true, .. } = ended else {
        panic!("{ended}");
    };
    assert!((3..300).contains(&iteration) && watch.1.is_sorted(), "{iteration}: {:?}", watch.1);
    assert_eq!(session.report().outcome, Outcome::Interrupted("by hand".into()));
    drop(session);

    let mut bench = Bench::new();
    let world = bench.world_mut();
    let mut session = Interrupted::find(world, &halves, None, &Settings::default()).unwrap().go_on(world).unwrap();
    assert_eq!(session.begins(), iteration);
    session.complete(world, &mut ()).unwrap();
    let Report { outcome, iterations, .. } = session.report();
    assert_eq!((outcome, *iterations), (&Outcome::Finished, 300));
    assert_eq!(recordings(&whole), recordings(&halves));
    drop(session);
    let over = Interrupted::find(world, &halves, None, &Settings::default()).err().unwrap();
    assert!(matches!(over, SessionError::NoCheckpoint(_)), "{over}");
}

/// A variant begins where its parent was, and counts its own spikes.
#[test]
fn a_variant_begins_with_the_state_of_its_parent() {
    let parent = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| parent.path().join(name));
    let mut bench = Bench::new();
    let mut session = anew(&mut bench, &first);
    session.complete(bench.world_mut(), &mut Until(100, Vec::new(), Vec::new())).unwrap_err();
    drop(session);

    let mut bench = Bench::new();
    let world = bench.world_mut();
    let scene = Scene::from_text(world, SCENE).unwrap();
    let path = first.join(CHECKPOINT);
    let file = checkpoint::open(&path).unwrap();
    let parent = Parent { path, file, noise_seed: Some(7) };
    let beginning = Beginning::variant(world, &scene, Settings::default(), parent).unwrap();
    assert!(beginning.restored.as_ref().is_some_and(|restored| restored.fresh.is_empty()));
    let folder = RunFolder::create(&second, Existing::Refuse).unwrap();
    let mut session = beginning.open(world, &scene, folder).unwrap();
    session.complete(world, &mut ()).unwrap();
    let report = session.report();
    assert_eq!(report.first_iteration, session.begins());
    let rows = crate::npy::load(&second.join("cells.spikes.npy")).unwrap().shape[0] as u64;
    assert_eq!(report.groups[0].spikes, rows);
}

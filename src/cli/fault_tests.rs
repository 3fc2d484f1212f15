//! Every write of a run fails once: no panic, a message, and nothing is claimed that is not on the disk.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Parser;
use serde_json::Value as Json;

use super::{Arguments, CliError, execute};
use crate::{disk::fault, npy, session::SessionError};

/// Noise, spikes, weights that are learnt; rows enough to leave the buffers more than once.
const SCENE: &str = r#"(
    iterations: 400,
    seed: 3,
    groups: {"cells": (size: 400, behaviours: [Izhikevich(v: -65, u: -13), NormalNoise(mean: 4, sd: 5)],
        receptors: {"r": CurrentReceptor(afferent: "a")})},
    synapses: [(from: "cells", to: "cells", tags: ["a"], connectivity: FixedInDegree(in_degree: 5), weights: 0.5,
        delays: "uniform(1, 9)", behaviours: [Stdp()])],
    recorders: [VariableRecorder(of: ["cells.v", "cells.u"]), SpikeRecorder(of: ["cells"]),
        WeightRecorder(of: ["cells_cells"])],
)"#;

fn cortecs(line: &str) -> Result<(), CliError> {
    let words = line.split_whitespace();
    execute(&Arguments::try_parse_from(std::iter::once("cortecs").chain(words)).unwrap())
}

struct Desk {
    folder: tempfile::TempDir,
    /// The recordings of a run in which nothing fails.
    whole: BTreeMap<String, Vec<u8>>,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("net.ron"), SCENE).unwrap();
        let mut desk = Self { folder, whole: BTreeMap::new() };
        cortecs(&desk.line("whole", "")).unwrap();
        desk.whole = recordings(&desk.path("whole"));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn line(&self, out: &str, more: &str) -> String {
        let [scene, out] = ["net.ron", out].map(|name| self.path(name).display().to_string());
        format!("run {scene} --out {out} --quiet --no-plots --checkpoint-every 100 {more}")
    }

    /// How many writes there are in a run.
    fn writes(&self) -> u64 {
        let run = self.path("counted");
        fault::plan(&run, u64::MAX - 1, false);
        cortecs(&self.line("counted", "")).unwrap();
        fault::end(&run)
    }

    /// A run of which a write fails, and how it ended.
    fn failing(&self, nth: u64, lasting: bool, more: &str) -> (PathBuf, Result<(), CliError>) {
        let name = format!("{nth}-{lasting}{}", more.replace([' ', '-'], ""));
        let run = self.path(&name);
        fault::plan(&run, nth, lasting);
        let outcome = cortecs(&self.line(&name, more));
        let writes = fault::end(&run);
        assert!(writes > nth, "{nth}: only {writes} writes");
        (run, outcome)
    }
}

fn recordings(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(files) = fs::read_dir(run) else { return BTreeMap::new() };
    let named = files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "npy"));
    named.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())).collect()
}

/// All that is claimed of recordings is on the disk, and true.
fn assert_honest(run: &Path, whole: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in recordings(run) {
        // An empty file, of which not even the header could be written, is claimed by nobody.
        if !bytes.is_empty() {
            npy::load(&run.join(&name)).unwrap_or_else(|error| panic!("{error}"));
            assert!(whole[&name][128..].starts_with(&bytes[128..]), "{name}: other rows than those of a whole run");
        }
    }
    let Ok(text) = fs::read_to_string(run.join("report.json")) else { return };
    let report: Json = serde_json::from_str(&text).unwrap();
    for file in report["recordings"].as_array().unwrap() {
        let path = run.join(file["file"].as_str().unwrap());
        let rows = npy::Reader::open(&path).unwrap().rows() as u64;
        assert!(file["rows"].as_u64().unwrap() <= rows, "{}: {rows} rows, {} claimed", path.display(), file["rows"]);
    }
}

#[test]
fn every_write_may_fail() {
    let desk = Desk::new();
    let writes = desk.writes();
    assert!(writes > 40, "{writes}");
    let mut resumed = 0;
    for nth in 0..writes {
        // A disk that stays full differs from a hiccup by what is done after the failure, which is the same at most writes.
        for lasting in if nth % 4 == 0 { &[false, true][..] } else { &[false][..] } {
            let lasting = *lasting;
            let (run, outcome) = desk.failing(nth, lasting, "");
            let error = outcome.expect_err("a write that fails is no success").to_string();
            assert!(error.contains("no space left"), "{nth}: {error}");
            assert_honest(&run, &desk.whole);
            let checkpoint = run.join("checkpoint");
            assert!(!run.join("checkpoint.part").exists() && !run.join("report.part").exists(), "{nth}");
            if checkpoint.exists() {
                let gone_on = cortecs(&format!("resume {} --quiet --no-plots", run.display()));
                // All iterations may have been done before it failed.
                let over =
                    matches!(gone_on, Err(CliError::Session { error: SessionError::Over { iteration: 400, .. }, .. }));
                assert!(over || gone_on.is_ok(), "{nth}: {}", gone_on.unwrap_err());
                assert!(over || recordings(&run) == desk.whole, "{nth}: other recordings");
                resumed += u64::from(!over);
            }
            let _ = fs::remove_dir_all(run);
        }
    }
    assert!(resumed > writes / 2, "{resumed} of {writes} could be gone on with");
}

#[test]
fn a_run_may_go_on_without_recordings() {
    let desk = Desk::new();
    let (writes, mut went_on) = (desk.writes(), 0);
    for nth in 0..writes {
        let (run, outcome) = desk.failing(nth, false, "--on-disk-full go-on");
        assert_honest(&run, &desk.whole);
        if outcome.is_ok() {
            let report: Json = serde_json::from_str(&fs::read_to_string(run.join("report.json")).unwrap()).unwrap();
            assert_eq!((&report["outcome"], report["iterations"].as_u64()), (&"finished".into(), Some(400)));
            let ended = report["recordings_ended"].as_str();
            assert!(ended.is_none_or(|why| why.contains("no space left")), "{ended:?}");
            went_on += 1;
        }
        let _ = fs::remove_dir_all(run);
    }
    assert!(2 * went_on > writes, "{went_on} of {writes}");
}

/// One picture, of few numbers: to draw takes time.
#[cfg(feature = "plot")]
const SMALL: &str = r#"(
    iterations: 20,
    groups: {"cells": (size: 2, behaviours: [Izhikevich()])},
    recorders: [VariableRecorder(of: ["cells.v"])],
)"#;

#[cfg(feature = "plot")]
#[test]
fn a_picture_that_cannot_be_written_is_not_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("small.ron"), SMALL).unwrap();
    let run = |name: &str, nth: u64, more: &str| {
        fault::plan(&path(name), nth, false);
        let [scene, out] = ["small.ron", name].map(|name| path(name).display().to_string());
        let outcome = cortecs(&format!("run {scene} --out {out} --quiet {more}"));
        (fault::end(&path(name)), outcome)
    };
    let (all, without) = (run("drawn", u64::MAX - 1, "").0, run("undrawn", u64::MAX - 1, "--no-plots").0);
    // Two files, each made, written and renamed, and the report again.
    assert!(all >= without + 6, "{all} {without}");
    for nth in without..all {
        let name = nth.to_string();
        let (_, outcome) = run(&name, nth, "");
        let report: Json = serde_json::from_str(&fs::read_to_string(path(&name).join("report.json")).unwrap()).unwrap();
        let plots = report["plots"].as_array().unwrap();
        assert!(plots.iter().all(|plot| path(&name).join(plot.as_str().unwrap()).is_file()), "{nth}: {plots:?}");
        let error = outcome.expect_err("a picture is missing").to_string();
        assert!(error.contains("no space left"), "{nth}: {error}");
    }
}

#[test]
fn a_run_whose_folder_is_removed_does_not_end_as_if_nothing_were() {
    let desk = Desk::new();
    let run = desk.path("removed");
    let world_ends = {
        let run = run.clone();
        std::thread::spawn(move || {
            while !run.join("checkpoint").exists() {
                std::thread::yield_now();
            }
            fs::remove_dir_all(run)
        })
    };
    let outcome = cortecs(&desk.line("removed", "--iterations 200000"));
    let removed = world_ends.join().unwrap();
    // The run may have put a new file into the folder while it was removed.
    let error = outcome.unwrap_err().to_string();
    assert!(removed.is_err() || error.contains("removed") || error.contains("No such file"), "{error}");
}

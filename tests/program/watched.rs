//! A run that is watched and steered from elsewhere, interrupted, gone on with: its scene, run alone, gives the same recordings.
#![cfg(all(unix, feature = "live"))]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use cortecs::live::{Command as Ask, Frame, Intervention, Remote, Source, Wanted};

const SCENE: &str = r#"(
    dt: 0.5, seed: 4, iterations: 4000,
    groups: {"cells": (size: 50, behaviours: [Izhikevich(), UniformNoise(low: 0, high: 12)])},
    recorders: [SpikeRecorder(of: ["cells"]), VariableRecorder(of: ["cells.v"])],
)"#;

fn cortecs(line: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cortecs"));
    command.args(line.split_whitespace()).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a run that can be watched, and comes to it.
fn watched(line: &str, folder: &Path) -> (Child, Remote) {
    let line = format!("{line} --watchable 0 --token word --steerable --paused");
    let mut child = cortecs(&line, folder).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    told.read_line(&mut first).unwrap();
    let address =
        first.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap_or_else(|| panic!("{first}"));
    let began = Instant::now();
    // The port is open before there is a network.
    let remote = loop {
        match Remote::connect(address, "word") {
            Ok(remote) => break remote,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(20), "{error}"),
        }
    };
    // What it says besides is read by nobody, and must not fill the pipe.
    std::thread::spawn(move || told.lines().for_each(drop));
    (child, remote)
}

fn until(remote: &mut Remote, holds: impl Fn(&Frame) -> bool) -> Frame {
    let began = Instant::now();
    let mut last = None;
    while began.elapsed() < Duration::from_secs(30) {
        if let Some(frame) = remote.take() {
            if holds(&frame) {
                return frame;
            }
            last = Some(frame);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("{last:?}");
}

#[test]
fn a_steered_run_is_its_scene_also_after_an_interruption() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("scene.ron"), SCENE).unwrap();
    let (mut child, mut remote) = watched("run scene.ron --out run --no-plots --quiet", folder);
    assert_eq!(until(&mut remote, |frame| frame.paused).iteration, 0);
    remote.send(Ask::Want(Wanted { columns: vec![(0, "v".into())], ..Wanted::default() }));
    remote.send(Ask::GoTo(1500));
    let there = until(&mut remote, |frame| frame.paused && frame.iteration == 1500);
    assert_eq!(there.columns.len(), 1);
    for act in [
        Intervention::set("cells.UniformNoise.high", "20"),
        // Once, however often it is gone on with.
        Intervention::values("cells.v", "v + 3", Some(vec![1, 2, 30])),
        Intervention::pulse("cells", 10.0, vec![5], 4.0),
    ] {
        remote.send(Ask::Do(act));
    }
    until(&mut remote, |frame| frame.log.as_ref().is_some_and(|log| log.len() == 3));
    // Interrupted in the very iteration before which all that was done.
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let run = folder.join("run");
    let steered = fs::read_to_string(run.join("steered.ron")).unwrap();
    assert!(steered.contains("cells.UniformNoise.high") && steered.contains("v + 3"), "{steered}");

    // Gone on with, touched once more, and left: it goes on by itself.
    let (mut child, mut remote) = watched("resume run --no-plots --quiet", folder);
    // An iteration later, so that what was done is past.
    assert_eq!(until(&mut remote, |frame| frame.paused).iteration, 1501);
    remote.send(Ask::Step(499));
    until(&mut remote, |frame| frame.paused && frame.iteration == 2000);
    remote.send(Ask::Do(Intervention::switch("cells.UniformNoise", false)));
    until(&mut remote, |frame| frame.log.as_ref().is_some_and(|log| log.len() == 1));
    drop(remote);
    assert!(child.wait().unwrap().success());
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(run.join("report.json")).unwrap()).unwrap();
    let scene = report["provenance"]["scene"].as_str().unwrap();
    assert!(scene.contains("v + 3") && report["outcome"] == "finished", "{scene}");

    fs::write(folder.join("again.ron"), scene).unwrap();
    let again = cortecs("run again.ron --out again --no-plots --quiet", folder).output().unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    for name in ["cells.spikes.npy", "cells.v.npy"] {
        let [own, other] = [&run, &folder.join("again")].map(|run| fs::read(run.join(name)).unwrap());
        assert!(own == other && own.len() > 1000, "{name}: {} {}", own.len(), other.len());
    }
}

#[test]
fn what_cannot_be_opened_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("scene.ron"), SCENE).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for wrong in ["99999", "nowhere", &address] {
        let run = cortecs(&format!("run scene.ron --out run --watchable {wrong}"), folder.path()).output().unwrap();
        let told = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(
            !run.status.success() && told.contains("cannot be opened") && !folder.path().join("run").exists(),
            "{told}"
        );
    }
}

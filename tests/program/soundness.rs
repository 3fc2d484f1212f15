//! Numerical trouble on the command line: a run whose state is no number any more stops, one that runs away is warned of.

use std::{fs, path::Path, process::Command};

/// What a run of a scene says on stdout and stderr, whether it succeeds, and its report.
struct Ran {
    stdout: String,
    stderr: String,
    succeeds: bool,
    report: serde_json::Value,
}

fn run(scene: &str, arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.ron");
    fs::write(&file, scene).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cortecs"));
    command.current_dir(folder.path()).arg("run").arg(&file).args(["--out", "out", "--no-plots"]).args(arguments);
    let output = command.output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    let report = serde_json::from_str(&fs::read_to_string(folder.path().join("out/report.json")).unwrap()).unwrap();
    Ran { stdout, stderr, succeeds: output.status.success(), report }
}

#[test]
fn a_state_that_is_no_number_stops_the_run_and_the_report_says_where() {
    // Far below rest, an explicit step of the quadratic overshoots further every time.
    let scene = r#"(
        iterations: 100000,
        groups: {"cells": (size: 3, behaviours: [Izhikevich(v: -70), ConstantCurrent(amplitude: "-1e20 * step(i - 2)")])},
        recorders: [VariableRecorder(of: ["cells.v"])],
    )"#;
    for iterations in ["100000", "100"] {
        let ran = run(scene, &["--iterations", iterations]);
        let last = if iterations == "100" { 99 } else { 255 };
        assert!(!ran.succeeds);
        let expected = format!(
            "cells: v of neuron 2 is NaN after iteration {last}; last found finite at the start: v = -70, input = 0, u = -14"
        );
        assert!(ran.stderr.contains(&format!("the run stopped in iteration {last}")), "{}", ran.stderr);
        assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
        assert!(ran.report["outcome"]["failed"].as_str().unwrap().contains(&expected));
        assert_eq!(ran.report["iterations"], last + 1);
        assert_eq!(ran.report["recordings"][0]["rows"], last + 1, "what was recorded until then is there");
    }
}

#[test]
fn a_network_that_runs_away_is_warned_of_in_any_case_and_runs_on() {
    let scene = r#"(
        dt: 0.5,
        iterations: 1500,
        groups: {
            "excitatory": (
                size: 50,
                behaviours: [Lif(refractory: 2), PoissonInput(rate: 20, sources: 400, weight: 50, receptor: "in")],
                receptors: {"in": ExponentialReceptor(afferent: "E")},
            ),
        },
        synapses: [(from: "excitatory", to: "excitatory", tags: ["E"], connectivity: AllToAll(), weights: 2000)],
    )"#;
    for arguments in [&[][..], &["--quiet"]] {
        let ran = run(scene, arguments);
        assert!(ran.succeeds, "{}", ran.stderr);
        let warnings = ran.report["warnings"].as_array().unwrap();
        assert_eq!(
            (warnings.len(), &ran.report["iterations"], &ran.report["outcome"]),
            (1, &1500.into(), &"finished".into())
        );
        let rate = warnings[0]["rate_hz"].as_f64().unwrap();
        // Four refractory steps and that of the spike.
        assert_eq!((&warnings[0]["group"], &warnings[0]["limit_hz"]), (&"excitatory".into(), &400.0.into()));
        assert!((340.0..=400.0).contains(&rate), "{rate}");
        let warning = "warning: `excitatory` runs away: in iterations ";
        assert!(ran.stderr.contains(warning), "{}", ran.stderr);
        assert_eq!(ran.stdout.contains(warning), arguments.is_empty(), "{}", ran.stdout);
    }
    let calm = run(&scene.replace("weights: 2000", "weights: 0"), &[]);
    assert_eq!(calm.report["warnings"].as_array().unwrap().len(), 0);
    assert!(!calm.stderr.contains("warning"), "{}", calm.stderr);
}

#[test]
fn the_original_network_is_sound_and_does_not_run_away() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/izhikevich.ron");
    let ran = run(&fs::read_to_string(path).unwrap(), &[]);
    assert!(ran.succeeds && ran.stderr.is_empty(), "{}", ran.stderr);
    assert_eq!(ran.report["warnings"].as_array().unwrap().len(), 0);
}

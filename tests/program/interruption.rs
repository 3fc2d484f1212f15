//! Runs that are ended from outside, at any moment: what they leave can be read, and they end, once they were gone on with,
//! with the bytes of a run that nobody ended.
#![cfg(unix)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use cortecs::npy;
use rand_mt::Mt64;
use serde_json::Value as Json;

/// Long enough to be met at work, on any machine.
const ITERATIONS: &str = "20000";

fn cortecs(line: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cortecs"));
    command.args(line.split_whitespace()).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn scene() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/checkpoint/everything.ron")
}

fn run_line(out: &str, more: &str) -> String {
    format!("run {} --iterations {ITERATIONS} --no-plots --out {out} {more}", scene().display())
}

/// The recordings in a run folder.
fn recordings(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(run).unwrap().map(|entry| entry.unwrap());
    let named = files.map(|file| (file.file_name().into_string().unwrap(), file.path()));
    named.filter(|(name, _)| name.ends_with(".npy")).map(|(name, path)| (name, fs::read(path).unwrap())).collect()
}

fn report(run: &Path) -> Json {
    serde_json::from_str(&fs::read_to_string(run.join("report.json")).unwrap()).unwrap()
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{:?}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

/// A run that nobody ends.
fn whole(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    succeeds(&cortecs(&run_line("whole", "--threads 1"), folder).output().unwrap());
    let recordings = recordings(&folder.join("whole"));
    assert!(recordings.len() >= 10 && recordings.values().map(Vec::len).sum::<usize>() > 1_000_000);
    recordings
}

/// Whatever was killed, what is there can be read.
fn assert_readable(run: &Path) {
    if run.join("report.json").exists() {
        assert!(report(run)["iterations_planned"].as_u64().is_some());
    }
    for name in recordings(run).keys() {
        let array = npy::load(&run.join(name)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(array.data.len(), array.shape.iter().product::<usize>(), "{name}");
    }
}

/// Twice at once, as `timeout` does, which means one.
fn kill(child: &Child, signal: &str) {
    let id = child.id().to_string();
    let killed = Command::new("kill").args([signal, &id, &id]).status().unwrap();
    assert!(killed.success());
}

/// Starts a run and waits until it has made its first checkpoint.
fn started(folder: &Path, out: &str) -> Child {
    let child = cortecs(&run_line(out, "--checkpoint-every 100"), folder).spawn().unwrap();
    let start = Instant::now();
    while !folder.join(out).join("checkpoint").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "no checkpoint was made");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn a_signal_ends_a_run_that_can_be_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let whole = whole(folder);
    for (signal, code, name) in [("-INT", 130, "SIGINT"), ("-TERM", 143, "SIGTERM"), ("-HUP", 129, "SIGHUP")] {
        let child = started(folder, name);
        kill(&child, signal);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(&format!("of {ITERATIONS} ({name}); `cortecs resume {name}` goes on with it")), "{said}");
        let run = folder.join(name);
        assert_readable(&run);
        assert_eq!(report(&run)["outcome"]["interrupted"], name);
        let ended = report(&run)["iterations"].as_u64().unwrap();
        assert!((100..20_000).contains(&ended), "{ended}");

        succeeds(&cortecs(&format!("resume {name} --no-plots --threads 2"), folder).output().unwrap());
        assert!(recordings(&run) == whole, "{name}: other recordings");
        let (report, expected) = (report(&run), report(&folder.join("whole")));
        assert_eq!(report["outcome"], "finished");
        assert_eq!(report["provenance"]["resumed"], serde_json::json!([ended]));
        for same in ["iterations", "groups", "recordings", "statistics", "simulated_ms"] {
            assert_eq!(report[same], expected[same], "{same}");
        }
        assert!(run.join("checkpoint").exists(), "the first command has asked for the state at the end");
    }
}

#[test]
fn a_folder_belongs_to_one_run_at_a_time_and_files_are_those_that_it_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(
        folder.join("net.ron"),
        r#"(iterations: 2000000000, groups: {"cells": (size: 3, behaviours: [SpikeSource(file: "spikes.csv")])},
            recorders: [SpikeRecorder(of: ["cells"])])"#,
    )
    .unwrap();
    fs::write(folder.join("spikes.csv"), "3,0\n7,1\n").unwrap();
    let child = cortecs("run net.ron --out run --checkpoint-every 5min --no-plots", folder).spawn().unwrap();
    while !folder.join("run/report.json").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let says = |line: &str, expected: &str| {
        let output = cortecs(line, folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(expected), "{line}: {:?} {said}", output.status);
    };
    says("resume run", "another run writes to `run`");
    says("run net.ron --out run --force --iterations 10", "another run writes to `run`");
    kill(&child, "-TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(143));
    says("run --from run/checkpoint --out run --force", "`--force` would remove");
    // A shorter run than it was is over already.
    says("resume run --iterations 1", "`--iterations` lets it be longer");
    fs::write(folder.join("spikes.csv"), "3,0\n8,1\n").unwrap();
    says("resume run", "`spikes.csv` is not what it was when the run began");
    fs::remove_file(folder.join("spikes.csv")).unwrap();
    says("resume run", "spikes.csv");
}

/// Ten kills in the suite; `CORTECS_KILLS=100` for more.
#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let kills: u32 = std::env::var("CORTECS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(10);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let start = Instant::now();
    let whole = whole(folder);
    // As many moments as there are to be, in the time that a run takes; every other one soon after the start.
    let longest = (start.elapsed() * 2 / kills.max(2)).max(Duration::from_millis(200));
    let run = folder.join("killed");
    let mut random = Mt64::new(kills.into());
    let mut part = || random.next_u64() as f64 / 2_f64.powi(64);
    let (mut killed, mut from_checkpoint) = (0, 0);
    while killed < kills {
        let resumes = run.join("checkpoint").exists();
        let line = if resumes {
            "resume killed --no-plots --checkpoint-every 150".to_owned()
        } else {
            run_line("killed", "--force --checkpoint-every 150")
        };
        let mut child = cortecs(&line, folder).spawn().unwrap();
        let moment = longest.mul_f64(part() * if killed % 2 == 0 { 0.3 } else { 1.0 });
        std::thread::sleep(moment);
        if let Some(status) = child.try_wait().unwrap() {
            // It ended before: what is left of the kills is done to another run.
            assert!(status.success(), "{line}: {:?}", child.wait_with_output().unwrap());
            assert!(recordings(&run) == whole, "after {killed} kills");
            fs::remove_dir_all(&run).unwrap();
            continue;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        from_checkpoint += u32::from(resumes);
        if run.exists() {
            assert_readable(&run);
        }
    }
    if !run.join("checkpoint").exists() {
        succeeds(&cortecs(&run_line("killed", "--force"), folder).output().unwrap());
    } else {
        succeeds(&cortecs("resume killed --no-plots --threads 2", folder).output().unwrap());
    }
    assert!(recordings(&run) == whole, "other recordings after {killed} kills");
    eprintln!("{killed} kills, {from_checkpoint} of them in runs that went on from a checkpoint");
    assert!(
        2 * from_checkpoint >= kills,
        "{from_checkpoint} of {kills}: checkpoints are made too seldom to test anything"
    );
}

#[test]
fn a_run_can_be_made_longer_and_varied() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let short = format!("run {} --iterations 3000 --no-plots --out short --checkpoint-every 1000", scene().display());
    succeeds(&cortecs(&short, folder).output().unwrap());
    let long = format!("run {} --iterations 5000 --no-plots --out long", scene().display());
    succeeds(&cortecs(&long, folder).output().unwrap());

    // A variant begins where the checkpoint stands, and goes on as the original if nothing is varied.
    let variant = "run --from short/checkpoint --iterations 5000 --no-plots --quiet --out variant";
    succeeds(&cortecs(variant, folder).output().unwrap());
    let load = |run: &str, file: &str| npy::load(&folder.join(run).join(file)).unwrap();
    let (all, own) = (load("long", "lif.spikes.npy"), load("variant", "lif.spikes.npy"));
    let later: Vec<f64> = all.data.chunks(2).filter(|spike| spike[0] >= 3000.0).flatten().copied().collect();
    assert!(own.data == later && !later.is_empty());
    let (v, all_v) = (load("variant", "lif.v.npy"), load("long", "lif.v.npy"));
    assert!(all_v.data.ends_with(&v.data) && v.shape[0] == 667, "{:?}", v.shape);
    let report_of = |run: &str| report(&folder.join(run));
    assert_eq!(report_of("variant")["first_iteration"], 3000);
    let rate = |run: &str| {
        let report = report_of(run);
        let of_lif = report["statistics"].as_array().unwrap().iter().find(|s| s["group"] == "lif").unwrap().clone();
        of_lif["rate_hz"]["mean"].as_f64().or(of_lif["rate_hz"].as_f64())
    };
    assert!(rate("variant").is_some(), "{}", report_of("variant")["statistics"]);

    // Other noise from the same state; and less of it.
    for (name, what) in [("other", "--noise-seed 12"), ("less", "--set groups.adex.NormalNoise.mean=500")] {
        let line = format!("run --from short/checkpoint --iterations 5000 --no-plots --quiet --out {name} {what}");
        succeeds(&cortecs(&line, folder).output().unwrap());
        assert!(load(name, "adex.spikes.npy").data != load("variant", "adex.spikes.npy").data, "{name}");
    }
    assert_eq!(report_of("other")["provenance"]["noise_seed"], 12);
    // What is set of a beginning that has passed is told.
    let set = "run --from short/checkpoint --iterations 3001 --no-plots --quiet --out set --set groups.lif.Lif.v=-50";
    let said = cortecs(set, folder).output().unwrap().stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("`groups.lif.Lif.v=-50` is of the beginning: variables go on as they were saved"), "{said}");
    // Another seed makes another network, which the state does not fit.
    let other = cortecs("run --from short/checkpoint --iterations 5000 --seed 12", folder).output().unwrap();
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(other.status.code() == Some(1) && said.contains("it is of another network"), "{said}");

    // The original goes on to the end of the longer one.
    succeeds(&cortecs("resume short --iterations 5000 --no-plots", folder).output().unwrap());
    assert!(recordings(&folder.join("short")) == recordings(&folder.join("long")));
}

#[test]
fn what_cannot_be_gone_on_with_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let says = |line: &str, expected: &str| {
        let output = cortecs(line, folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(expected), "{line}: {:?} {said}", output.status);
    };
    fs::create_dir(folder.join("empty")).unwrap();
    says("resume empty", "error: `empty` is no run folder (it has no report.json)");
    says("resume nowhere", "error: `nowhere` is no run folder (it has no report.json)");
    let line = format!("run {} --iterations 300 --no-plots --out run", scene().display());
    succeeds(&cortecs(&format!("{line} --checkpoint-every never"), folder).output().unwrap());
    says("resume run", "`run` has no checkpoint: it ended, or was killed before the first one was made");
    succeeds(&cortecs(&format!("{line} --force --checkpoint-every 100"), folder).output().unwrap());
    says(
        "resume run",
        "the state is that before iteration 300, and the run was to end before iteration 300: `--iterations`",
    );
    says("run", "no scene is named, and no checkpoint that has one");

    // One that was killed between its last checkpoint and its end is ended.
    let report_path = folder.join("run/report.json");
    let finished = fs::read_to_string(&report_path).unwrap();
    let before = recordings(&folder.join("run"));
    fs::write(&report_path, finished.replace("\"outcome\": \"finished\"", "\"outcome\": \"running\"")).unwrap();
    succeeds(&cortecs("resume run --no-plots --checkpoint-every 100", folder).output().unwrap());
    assert!(recordings(&folder.join("run")) == before && report(&folder.join("run"))["outcome"] == "finished");

    let path = folder.join("run/checkpoint");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    says("resume run --iterations 400", "the checkpoint `run/checkpoint` cannot be used: it is cut off");
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 4;
    fs::write(&path, &damaged).unwrap();
    says("resume run --iterations 400", "cannot be used: it is damaged");
    fs::write(&path, "a letter").unwrap();
    says("resume run --iterations 400", "it is no checkpoint of cortecs");
    fs::write(&path, &bytes).unwrap();
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/izhikevich.ron");
    says(
        &format!("run {} --from run/checkpoint --set dt=1 --out other", other.display()),
        "it was made in steps of 0.5 ms, and those of the network are 1 ms",
    );
    // A recording that lost rows cannot be gone on with.
    let spikes = folder.join("run/lif.spikes.npy");
    let whole = fs::read(&spikes).unwrap();
    fs::write(&spikes, &whole[..whole.len() - 8]).unwrap();
    says("resume run --iterations 400", "lif.spikes.npy: truncated");
    fs::remove_file(&spikes).unwrap();
    says("resume run --iterations 400", "lif.spikes.npy");
    fs::write(&spikes, whole).unwrap();
    succeeds(&cortecs("resume run --iterations 400 --no-plots", folder).output().unwrap());
}

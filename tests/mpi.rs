//! Runs that are shared by processes of an MPI job leave what one process leaves, to the byte; also if one of them is told to end,
//! or is killed. Where there is no `mpirun`, nothing can be tried, and that is said.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

const CORTECS: &str = env!("CARGO_BIN_EXE_cortecs");

/// Whether jobs can be started here.
fn has_mpirun() -> bool {
    let found = Command::new("mpirun").arg("--version").output().is_ok();
    if !found {
        eprintln!("there is no mpirun: nothing is tried");
    }
    found
}

fn scene(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes").join(name)
}

/// A command of one process, or of a job of several.
fn command(ranks: usize) -> Command {
    if ranks == 1 {
        return Command::new(CORTECS);
    }
    let mut command = Command::new("mpirun");
    command.args(["--oversubscribe", "-n", &ranks.to_string(), CORTECS]);
    // Of containers in which there is nobody else.
    command.envs([("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")]);
    command.env("OMPI_MCA_btl_vader_single_copy_mechanism", "none");
    command
}

fn run(ranks: usize, scene: &Path, out: &Path, more: &[&str]) -> Output {
    let mut command = command(ranks);
    command.arg("run").arg(scene).arg("--out").arg(out).args(["--no-plots", "-q", "--force"]).args(more);
    command.output().expect("a run")
}

#[track_caller]
fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// That two folders hold the same recordings, and reports that say the same but for times.
#[track_caller]
fn assert_same(one: &Path, other: &Path) {
    let recordings = |folder: &Path| {
        let files = fs::read_dir(folder).expect("a folder").filter_map(|file| Some(file.ok()?.path()));
        let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "npy")).collect();
        files.sort();
        files
    };
    let [here, there] = [one, other].map(recordings);
    assert!(!here.is_empty());
    assert_eq!(here.len(), there.len());
    for (here, there) in here.iter().zip(&there) {
        assert!(fs::read(here).ok() == fs::read(there).ok(), "{} and {}", here.display(), there.display());
    }
    let report = |folder: &Path| {
        let text = fs::read(folder.join("report.json")).expect("a report");
        let mut report: Value = serde_json::from_slice(&text).expect("JSON");
        let fields = report.as_object_mut().expect("fields");
        for time in ["wall_s", "build_s", "real_time_factor", "stages", "provenance", "ranks"] {
            fields.remove(time);
        }
        report
    };
    assert_eq!(report(one), report(other));
}

#[test]
fn every_scene_leaves_the_same_on_any_number_of_ranks() {
    if !has_mpirun() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let scenes = fs::read_dir(scene("")).expect("scenes").filter_map(|file| Some(file.ok()?.path()));
    let mut scenes: Vec<PathBuf> = scenes.filter(|path| path.extension().is_some_and(|kind| kind == "ron")).collect();
    assert!(scenes.len() > 20);
    scenes.push(scene("../tests/files/checkpoint/everything.ron"));
    for scene in scenes {
        let out = |ranks: usize| folder.path().join(format!("{}.{ranks}", scene.display()).replace('/', "_"));
        assert_success(&run(1, &scene, &out(1), &["--iterations", "200"]));
        for (ranks, threads) in [(2, "1"), (3, "1"), (4, "2")] {
            assert_success(&run(ranks, &scene, &out(ranks), &["--iterations", "200", "--threads", threads]));
            assert_same(&out(1), &out(ranks));
        }
    }
}

const LONG: [&str; 4] = ["--iterations", "4000", "--checkpoint-every", "500"];

/// A job whose first state is saved, its processes but the launcher, and what one process leaves.
fn begun(folder: &TempDir) -> (Child, Vec<String>, [PathBuf; 2]) {
    let [alone, shared] = ["alone", "shared"].map(|name| folder.path().join(name));
    assert_success(&run(1, &scene("brunel.ron"), &alone, &LONG));
    let mut job = command(2);
    job.arg("run").arg(scene("brunel.ron")).arg("--out").arg(&shared).args(["--no-plots", "-q", "--threads", "1"]);
    let job = job.args(LONG).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("a job");
    let began = Instant::now();
    while !shared.join("checkpoint").exists() {
        assert!(began.elapsed() < Duration::from_secs(120), "no state is saved");
        sleep(Duration::from_millis(5));
    }
    let launcher = job.id().to_string();
    let found = Command::new("pgrep").args(["-P", &launcher]).output().expect("processes");
    let processes = String::from_utf8_lossy(&found.stdout).lines().map(str::to_owned).collect();
    (job, processes, [alone, shared])
}

/// That copies of a run go on, each on a number of ranks, to what one process leaves.
fn goes_on_to_the_same(folder: &TempDir, [alone, shared]: &[PathBuf; 2]) {
    for ranks in [1, 2, 3] {
        let copy = folder.path().join(format!("on-{ranks}"));
        fs::create_dir(&copy).expect("a folder");
        for file in fs::read_dir(shared).expect("a folder").filter_map(Result::ok) {
            fs::copy(file.path(), copy.join(file.file_name())).expect("a copy");
        }
        let mut resume = command(ranks);
        assert_success(&resume.arg("resume").arg(&copy).args(["--no-plots", "-q"]).output().expect("a run"));
        assert_same(alone, &copy);
    }
}

fn signal(name: &str, process: &str) {
    assert!(Command::new("kill").args([name, process]).status().is_ok_and(|status| status.success()), "{process}");
}

#[test]
fn a_job_whose_last_process_is_told_to_end_goes_on_later() {
    if !has_mpirun() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let (job, processes, runs) = begun(&folder);
    signal("-TERM", processes.last().expect("a process"));
    let ended = job.wait_with_output().expect("an end");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && told.matches("error: interrupted before iteration").count() == 1, "{told}");
    goes_on_to_the_same(&folder, &runs);
}

#[test]
fn a_job_one_of_whose_processes_is_killed_goes_on_from_its_last_state() {
    if !has_mpirun() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let (job, processes, runs) = begun(&folder);
    signal("-KILL", processes.last().expect("a process"));
    assert!(!job.wait_with_output().expect("an end").status.success());
    goes_on_to_the_same(&folder, &runs);
}

#[test]
fn what_is_wrong_is_told_once_and_ends_all() {
    if !has_mpirun() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    // Beyond all numbers of either precision.
    let grows = r#"(iterations: 2000, groups: {"a": (size: 9000, behaviours: [HodgkinHuxley(),
        StepCurrent(times: [0, 300], amplitudes: [0, HUGE], scale: "if(i > 8990, HUGE, 0)")])})"#;
    let grows = grows.replace("HUGE", if cfg!(feature = "f64") { "1e200" } else { "1e30" });
    for (text, told) in [
        (r#"(groups: {"a": (size: 10, behaviours: [Izhikevichh()])})"#, "nothing is named `Izhikevichh`"),
        (
            r#"(groups: {"a": (size: 9, behaviours: [Izhikevich()])}, synapses: [(from: "a", to: "a", name: "s", tags: ["X"],
                connectivity: FixedInDegree(in_degree: 3))], recorders: [ExpressionRecorder(of: ["s"], expression: "weights + i")])"#,
            "neurons cannot be shared among ranks: `i` and what is drawn belong to places",
        ),
        (&*grows, "a: "),
    ] {
        let scene = folder.path().join("wrong.ron");
        fs::write(&scene, text).expect("a scene");
        let ended = run(3, &scene, &folder.path().join("out"), &[]);
        let heard = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && heard.matches("error: ").count() == 1 && heard.contains(told), "{heard}");
    }
}

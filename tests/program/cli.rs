//! The command `cortecs` as its users meet it: the built program in a folder of its own, its exit code, what it prints
//! where, and what it leaves on the disk.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use cortecs::npy::{self, Dtype};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// Three neurons with v = -70, -65, -60 that no input moves far, and two recordings of them.
const SCENE: &str = r#"(
    title: "Three cells",
    dt: 0.5,
    iterations: 10,
    seed: 7,
    groups: {"cells": (size: 3, tags: ["all"], behaviours: [
        Izhikevich(v: "-70 + 5 * i", u: -14),
        NormalNoise(sd: 1),
    ])},
    recorders: [
        VariableRecorder(of: "all.v", every: 2),
        SpikeRecorder(of: "cells"),
    ],
)
"#;

/// A temporary folder in which the program runs.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("net.ron", SCENE);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs `cortecs` with the words of `line`.
    fn cortecs(&self, line: &str) -> Output {
        let words = line.split_whitespace();
        Command::new(env!("CARGO_BIN_EXE_cortecs")).args(words).current_dir(self.0.path()).output().unwrap()
    }

    /// What a command prints that must succeed, and says nothing besides.
    #[track_caller]
    fn prints(&self, line: &str) -> String {
        let output = self.cortecs(line);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{line}: {complaint}");
        assert_eq!(complaint, "", "{line}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command complains of that must fail, and print nothing else.
    #[track_caller]
    fn fails(&self, line: &str) -> String {
        let output = self.cortecs(line);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{line}: {:?} {complaint}", output.status);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{line}");
        assert!(complaint.starts_with("error: "), "{complaint}");
        complaint
    }

    fn report(&self, run: &str) -> Json {
        serde_json::from_str(&fs::read_to_string(self.path(run).join("report.json")).unwrap()).unwrap()
    }

    fn v(&self, run: &str) -> Vec<f64> {
        npy::load(&self.path(run).join("cells.v.npy")).unwrap().data
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_run_leaves_recordings_pictures_and_a_report() {
    let desk = Desk::new();
    let printed = desk.prints("run net.ron");
    assert!(printed.starts_with("Three cells\n10 iterations, 5 ms in "), "{printed}");
    let run = desk.path("runs/net");
    assert!(
        ["cells.spikes.npy", "cells.v.npy", "raster.png", "raster.svg", "report.json", "v.png", "v.svg"]
            .iter()
            .all(|name| printed.contains(&format!("  {name}\n")) && run.join(name).is_file())
    );

    // Iterations 0, 2, 4, 6 and 8 of three neurons; and no neuron of this kind fires within 5 ms.
    let v = npy::load(&run.join("cells.v.npy")).unwrap();
    assert_eq!(v.shape, [5, 3]);
    let dtype = |file: &str| npy::Reader::open(&run.join(file)).unwrap().dtype();
    let real = if size_of::<cortecs::numeric::Real>() == 8 { Dtype::F64 } else { Dtype::F32 };
    assert_eq!((dtype("cells.v.npy"), dtype("cells.spikes.npy")), (real, Dtype::U32));
    assert_eq!(npy::load(&run.join("cells.spikes.npy")).unwrap().shape, [0, 2]);

    let report = desk.report("runs/net");
    assert_eq!(report["outcome"], "finished");
    assert_eq!((&report["iterations"], &report["iterations_planned"]), (&10.into(), &10.into()));
    assert_eq!(report["simulated_ms"], 5.0);
    assert_eq!(report["groups"][0]["name"], "cells");
    assert_eq!((&report["groups"][0]["size"], &report["groups"][0]["spikes"]), (&3.into(), &0.into()));
    let provenance = &report["provenance"];
    assert_eq!((&provenance["scene"], &provenance["seed"]), (&SCENE.into(), &7.into()));
    let digest: String = Sha256::digest(SCENE).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(provenance["scene_sha256"], digest);
    assert_ne!(provenance["ended"], "");
    let recording = &report["recordings"][1];
    assert_eq!(
        (&recording["file"], &recording["rows"], &recording["every"]),
        (&"cells.v.npy".into(), &5.into(), &2.into())
    );
}

#[test]
fn a_quiet_run_prints_nothing() {
    let desk = Desk::new();
    assert_eq!(desk.prints("run net.ron --quiet --no-plots"), "");
    assert_eq!(names_in(&desk.path("runs/net")), ["cells.spikes.npy", "cells.v.npy", "report.json"]);
}

#[test]
fn results_do_not_depend_on_threads_and_instruction_sets_but_on_the_seed() {
    let desk = Desk::new();
    desk.prints("run net.ron -q --no-plots --out a");
    desk.prints("run net.ron -q --no-plots --out b --threads 1 --instruction-set baseline");
    desk.prints("run net.ron -q --no-plots --out c --seed 8");
    assert_eq!(desk.v("a"), desk.v("b"));
    assert_ne!(desk.v("a"), desk.v("c"));
    let provenance = &desk.report("b")["provenance"];
    assert_eq!((&provenance["threads"], &provenance["instruction_set"]), (&1.into(), &"baseline".into()));
    assert_eq!(desk.report("c")["provenance"]["seed"], 8);
    for wrong in ["--threads 0", "--threads 100000", "--instruction-set sse", "--seed x"] {
        desk.fails(&format!("run net.ron {wrong}"));
    }
}

#[test]
fn what_is_set_takes_part_in_the_run_and_in_the_report() {
    let desk = Desk::new();
    let sets = "--set groups.cells.size=2 --set groups.cells.Izhikevich.v=-50 --set dt=0.25 --iterations 4";
    desk.prints(&format!("run net.ron -q --no-plots --out run {sets}"));
    let report = desk.report("run");
    assert_eq!(
        (&report["dt"], &report["iterations"], &report["groups"][0]["size"]),
        (&0.25.into(), &4.into(), &2.into())
    );
    assert_eq!(npy::load(&desk.path("run/cells.v.npy")).unwrap().shape, [2, 2]);
    let provenance = &report["provenance"];
    let expected = ["groups.cells.size=2", "groups.cells.Izhikevich.v=-50", "dt=0.25", "iterations=4"];
    assert_eq!(provenance["settings"], Json::from(expected.to_vec()));
    let text = provenance["scene"].as_str().unwrap();
    assert!(text.contains("dt: 0.25,") && text.contains("size: 2") && text.contains("iterations: 4,"), "{text}");

    let misspelt = desk.fails("check net.ron --set groups.cels.size=2");
    assert!(misspelt.contains("there is no `cels` in `groups`") && misspelt.contains("did you mean `cells`?"));
    assert!(desk.fails("check net.ron --set dt").contains("expected `path=value`"));
    assert!(desk.fails("check net.ron --set =5").contains("a step of the path is empty"));
    assert!(desk.fails("check net.ron --set dt=fast").contains("expected a number"));
}

#[test]
fn a_run_folder_is_replaced_only_if_asked_and_only_if_it_is_one() {
    let desk = Desk::new();
    for folder in ["runs/net", "runs/net-2", "runs/net-3"] {
        desk.prints("run net.ron -q --no-plots");
        assert!(desk.path(folder).join("report.json").is_file());
    }
    // What the run left goes, and nothing else: there are a checkpoint and a recording that the new one has not.
    let names = names_in(&desk.path("runs/net-2"));
    desk.prints("run net.ron -q --no-plots --force --out runs/net-2 --checkpoint-every 2");
    desk.write("runs/net-2/notes.txt", "what I saw");
    desk.prints("run net.ron -q --no-plots --force --out runs/net-2 --set recorders=[]");
    assert_eq!(names_in(&desk.path("runs/net-2")), ["notes.txt", "report.json"]);
    desk.prints("run net.ron -q --no-plots --force --out runs/net-2");
    assert_eq!(names_in(&desk.path("runs/net-2")).len(), names.len() + 1);
    assert_eq!(names_in(&desk.path("runs")), ["net", "net-2", "net-3"]);

    // One that has failed is a run, too.
    desk.write("grows.ron", r#"(iterations: 5000, groups: {"a": (size: 1, behaviours: [Equations(model: "dv/dt = v", initial: {"v": 1})])})"#);
    assert!(desk.fails("run grows.ron -q --no-plots --out failed").contains("the run stopped in iteration"));
    desk.prints("run net.ron -q --no-plots --out failed --force");

    fs::create_dir(desk.path("thesis")).unwrap();
    desk.write("thesis/chapter.tex", "years of work");
    let complaint = desk.fails("run net.ron --force --out thesis");
    assert!(complaint.contains("`thesis` exists and is no run folder"), "{complaint}");
    assert_eq!(names_in(&desk.path("thesis")), ["chapter.tex"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let desk = Desk::new();
    desk.write("file", "in the way");
    for line in ["run net.ron --out file/run", "run net.ron --out file --force"] {
        let complaint = desk.fails(line);
        assert!(complaint.contains("the run folder `file") && complaint.contains("cannot be made"), "{complaint}");
    }
    assert_eq!(fs::read_to_string(desk.path("file")).unwrap(), "in the way");
}

#[test]
fn the_folder_in_which_one_stands_gets_a_sibling() {
    let desk = Desk::new();
    fs::create_dir(desk.path("here")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cortecs"));
    command.args(["run", "../net.ron", "-q", "--no-plots", "--numbered", "--out", "."]).current_dir(desk.path("here"));
    assert!(command.status().unwrap().success());
    assert!(desk.path("here-2/report.json").is_file());
    assert!(names_in(&desk.path("here")).is_empty());
}

#[test]
fn a_folder_that_is_named_is_the_one_or_none() {
    let desk = Desk::new();
    fs::create_dir(desk.path("empty")).unwrap();
    desk.prints("run net.ron --no-plots --out empty");
    let complaint = desk.fails("run net.ron --no-plots --out empty");
    assert!(complaint.contains("`empty` exists: `--force` replaces the run in it, `--numbered`"), "{complaint}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cortecs"));
    command.args(["run", "net.ron", "--no-plots", "--numbered", "--out", "empty"]).current_dir(desk.0.path());
    let said = command.output().unwrap();
    let told = String::from_utf8(said.stderr).unwrap();
    assert!(said.status.success() && told.contains("warning: `empty` exists: the run goes to `empty-2`"), "{told}");
}

/// A raster once had half of its panel for neurons that nobody recorded, and showed time outside of the recording as silence.
#[test]
fn a_raster_shows_what_was_recorded() {
    let desk = Desk::new();
    let faults = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/faults");
    for (scene, facts) in [
        ("19_raster_of_a_part", ">500 spikes of 50 of 100 neurons<"),
        ("23_raster_of_a_stride", " spikes of 100 of 1000 neurons, recorded from 500 to 1500 ms<"),
    ] {
        desk.prints(&format!("run {} --out {scene}", faults.join(scene).with_extension("ron").display()));
        let picture = fs::read_to_string(desk.path(&format!("{scene}/raster.svg"))).unwrap();
        assert!(picture.contains(facts), "{scene}");
    }
}

#[test]
fn a_check_says_what_would_be_built_and_leaves_nothing() {
    let desk = Desk::new();
    let sets = "--set synapses=[(from:\"cells\",to:\"all\",connectivity:AllToAll(autapses:false),unheard:true)] --iterations 2000";
    let printed = desk.prints(&format!("check net.ron {sets}"));
    assert!(printed.starts_with("Three cells\n2 000 iterations of 0.5 ms: 1000 ms; seed 7\n"), "{printed}");
    // 3 × 3 without those from a neuron to itself; 1000 rows of 3 numbers.
    let recorded = cortecs::assemble::in_words(1000 * 3 * size_of::<cortecs::numeric::Real>() as u64);
    for line in [
        "  cells  3    all",
        "  cells_cells  cells → cells  6",
        "  cells.spikes  per spike",
        &format!("  cells.v         {recorded}"),
        &format!("{recorded} on disk, and 8 bytes for every recorded spike"),
    ] {
        assert!(printed.lines().any(|found| found == line), "missing: {line}\nin:\n{printed}");
    }
    assert!(printed.contains("3 neurons, 6 synapses: ") && printed.contains(" of memory\n"), "{printed}");
    assert_eq!(names_in(desk.0.path()), ["net.ron"]);
}

#[test]
fn everything_that_is_listed_is_documented() {
    let desk = Desk::new();
    let entries: Json = serde_json::from_str(&desk.prints("list --json")).unwrap();
    let text = desk.prints("list");
    let has_text = |value: &Json, field: &str| value[field].as_str().is_some_and(|text| !text.trim().is_empty());
    let mut names = Vec::new();
    let entries = entries.as_array().unwrap();
    let all = entries.iter().flat_map(|entry| entry["variables"].as_array().unwrap());
    let variables: Vec<&str> = all.filter_map(|variable| variable.as_str()?.split(' ').next()).collect();
    for entry in entries {
        let name = entry["name"].as_str().unwrap();
        assert!(has_text(entry, "docs") && has_text(entry, "section"), "{name}");
        assert!(text.lines().any(|line| line == name), "{name} is not in the text");
        for parameter in entry["parameters"].as_array().unwrap() {
            assert!(["name", "takes", "docs"].iter().all(|field| has_text(parameter, field)), "{name}: {parameter}");
            // What has an initial value is a variable; receptors say `initial`, whatever theirs is called.
            let variable = parameter["name"].as_str().unwrap();
            let is_one = variable == "initial" || variables.contains(&variable);
            assert!(parameter["takes"] != "initial value" || is_one, "{name}.{variable}");
        }
        names.push(name.to_owned());
    }
    for known in [
        "Izhikevich",
        "CurrentReceptor",
        "AllToAll",
        "SpikeRecorder",
        "VariableRecorder",
        "RateRecorder",
        "HistogramRecorder",
        "uniform",
        "array",
    ] {
        assert!(names.iter().any(|name| name == known), "{known}");
    }
    let one = desk.prints("list Izhikevich");
    assert!(one.lines().any(|line| line == "Izhikevich") && !one.contains("UniformNoise"), "{one}");
    assert!(one.contains("variables: v (mV), input, fired, u\n"), "{one}");
    let squid = desk.prints("list HodgkinHuxley");
    assert!(squid.contains("v (mV), input (µA/cm²), conductance (mS/cm²), fired, m, h, n\n"), "{squid}");
    let complaint = desk.fails("list Izhikevic");
    assert_eq!(complaint, "error: nothing is named `Izhikevic`; did you mean `Izhikevich`?\n");
}

#[test]
fn pictures_are_drawn_again_as_they_were() {
    let desk = Desk::new();
    desk.prints("run net.ron -q --out run");
    let pictures = ["raster.png", "raster.svg", "v.png", "v.svg"];
    let bytes = || pictures.map(|name| fs::read(desk.path("run").join(name)).unwrap());
    let first = bytes();
    pictures.iter().for_each(|name| fs::remove_file(desk.path("run").join(name)).unwrap());
    let printed = desk.prints("plot run");
    assert!(printed.contains("v.png") && printed.contains("raster.png"), "{printed}");
    assert!(first == bytes());
    assert!(desk.fails("plot nowhere").contains("nowhere"));
}

/// Driven cells that fire about every 20 ms, over one second.
/// What a scene says of pictures is in the report, and the pictures need no more than that.
#[test]
fn pictures_show_what_the_scene_asks_for() {
    let desk = Desk::new();
    desk.write(
        "net.ron",
        &SCENE.replace("    recorders:", "    plots: (raster: (window: (1, 4), neurons: 2)),\n    recorders:"),
    );
    desk.prints("run net.ron --quiet");
    let raster = || fs::read_to_string(desk.path("runs/net/raster.svg")).unwrap();
    let report = desk.report("runs/net");
    let plotting = serde_json::json!({"window": [1.0, 4.0], "neurons": 2, "bin": null, "colours": []});
    assert_eq!(report["plotting"]["raster"], plotting);
    assert!(raster().contains(">0 spikes of 2 of 3 neurons<"));
    fs::remove_file(desk.path("net.ron")).unwrap();
    let first = raster();
    desk.prints("plot runs/net");
    assert_eq!(raster(), first);
    // Whoever wants another picture of a run changes the report.
    let text = report.to_string().replace("\"neurons\":2", "\"neurons\":1");
    fs::write(desk.path("runs/net/report.json"), text).unwrap();
    desk.prints("plot runs/net");
    assert!(raster().contains(">0 spikes of 1 of 3 neurons<"));
}

#[test]
fn a_run_states_the_statistics_of_its_spikes_and_draws_them_again() {
    let desk = Desk::new();
    desk.write("busy.ron", &SCENE.replace("NormalNoise(sd: 1)", "ConstantCurrent(amplitude: \"10 + i\")"));
    let printed = desk.prints("run busy.ron --iterations 2000 --out run");
    assert!(printed.contains("\nstatistics from 100 ms to 1000 ms\nspikes of  rate "), "{printed}");
    let line = printed.lines().find(|line| line.starts_with("cells ") && line.matches("Hz").count() > 0);
    assert!(line.is_some(), "{printed}");
    let statistics = &desk.report("run")["statistics"];
    let one = &statistics[0];
    assert_eq!(statistics.as_array().unwrap().len(), 1);
    assert_eq!((&one["file"], &one["group"]), (&"cells.spikes.npy".into(), &"cells".into()));
    assert_eq!((&one["from_ms"], &one["until_ms"]), (&100.0.into(), &1000.0.into()));
    // Without noise they are clocks.
    let number = |name: &str| one[name].as_f64().unwrap();
    assert!(number("rate_hz") > 10.0 && number("cv") < 0.05 && number("lv") < 0.05 && number("fano") < 0.5, "{one}");
    assert_eq!((&one["neurons"], &one["interval_neurons"], &one["pairs"]), (&3.into(), &3.into(), &3.into()));

    let picture = || fs::read(desk.path("run/statistics.png")).unwrap();
    let first = picture();
    fs::remove_file(desk.path("run/statistics.png")).unwrap();
    assert!(desk.prints("plot run").contains("statistics.png"));
    assert!(first == picture());
}

#[test]
fn silence_has_statistics_without_numbers_and_no_recorded_spikes_none() {
    let desk = Desk::new();
    desk.prints("run net.ron --quiet --out silent");
    let one = &desk.report("silent")["statistics"][0];
    assert_eq!((&one["spikes"], &one["silent"], &one["rate_hz"]), (&0.into(), &3.into(), &0.0.into()));
    let absent = ["cv", "lv", "fano", "correlation", "peak_hz"];
    assert!(absent.iter().all(|name| one[name].is_null()), "{one}");
    assert!(!desk.path("silent/statistics.png").exists());
    let printed = desk.prints("run net.ron --set recorders=[] --out bare");
    assert!(!printed.contains("statistics"), "{printed}");
    assert_eq!(desk.report("bare")["statistics"], Json::Array(Vec::new()));
    desk.prints("run net.ron --iterations 0 --quiet --out still");
    assert!(desk.report("still")["statistics"][0]["rate_hz"].is_null());
}

#[test]
fn rates_and_histograms_are_files_with_pictures() {
    let desk = Desk::new();
    let recorders = "recorders: [RateRecorder(of: \"all\", bin: 1.5), \
                     HistogramRecorder(of: \"all.v\", low: -80, high: -50, bins: 6, every: 5),";
    desk.write("net.ron", &SCENE.replace("recorders: [", recorders));
    let checked = desk.prints("check net.ron");
    // Ten iterations of 0.5 ms are three whole bins; two rows of 8 numbers.
    for line in ["  cells.rate         ", "  cells.v.histogram  "] {
        assert!(checked.lines().any(|found| found.starts_with(line)), "{checked}");
    }
    desk.prints("run net.ron --quiet --out run");
    assert_eq!(npy::load(&desk.path("run/cells.rate.npy")).unwrap().data, [0.0; 3]);
    let histogram = npy::load(&desk.path("run/cells.v.histogram.npy")).unwrap();
    assert_eq!(histogram.shape, [2, 8]);
    assert_eq!((histogram.data.iter().sum::<f64>(), histogram.data[0]), (6.0, 0.0));
    let report = desk.report("run");
    let of_kind = |kind: &str| {
        let recordings = report["recordings"].as_array().unwrap();
        recordings.iter().find(|recording| recording["kind"] == kind).cloned().unwrap()
    };
    assert_eq!((&of_kind("rate")["every"], &of_kind("rate")["unit"]), (&3.into(), &"Hz".into()));
    assert_eq!(of_kind("histogram")["range"], Json::from(vec![-80.0, -50.0]));
    for picture in ["rate.png", "rate.svg", "v-histogram.png", "v-histogram.svg"] {
        assert!(desk.path("run").join(picture).is_file(), "{picture}");
    }
}

#[test]
fn snapshots_of_weights_are_files_with_their_synapses_and_pictures() {
    let desk = Desk::new();
    let synapses = r#"synapses: [(
        from: "cells", to: "cells", weights: "i + 0.5 * j + 1", connectivity: AllToAll(autapses: false), name: "loops",
    )],
    recorders: ["#;
    let scene = SCENE.replace("size: 3", "size: (2, 2)").replace("recorders: [", synapses);
    let scene = scene.replace("SpikeRecorder(of: \"cells\")", "WeightRecorder(of: [\"loops\"], every: 4)");
    desk.write("net.ron", &scene);
    let real = size_of::<cortecs::numeric::Real>();
    let printed = desk.prints("check net.ron");
    for line in
        ["  loops.synapses           ".to_owned(), format!("  loops.weights.snapshots  {} bytes", 4 * 12 * real)]
    {
        assert!(printed.contains(&line), "{line}: {printed}");
    }
    desk.prints("run net.ron --out run");
    let weights = npy::load(&desk.path("run/loops.weights.snapshots.npy")).unwrap();
    let listed = npy::load(&desk.path("run/loops.synapses.npy")).unwrap();
    assert_eq!((weights.shape, listed.shape), (vec![4, 12], vec![12, 3]));
    for (w, synapse) in weights.data.iter().zip(listed.data.chunks(3).cycle()) {
        assert!(synapse[0] != synapse[1] && *w == synapse[0] + 0.5 * synapse[1] + 1.0 && synapse[2] == 0.0);
    }
    let report = desk.report("run");
    let recordings = report["recordings"].as_array().unwrap();
    let snapshots = recordings.iter().find(|recording| recording["kind"] == "snapshots").unwrap();
    assert_eq!(snapshots["synapses"], "loops.synapses.npy");
    let taken: Vec<_> = [0, 4, 8, 9].map(|k| serde_json::json!({"iteration": k, "synapses": 12})).into();
    assert_eq!((&snapshots["snapshots"], &snapshots["rows"]), (&Json::from(taken), &4.into()));
    for picture in ["loops-weights.png", "loops-weights.svg", "loops-fields.png", "loops-fields.svg"] {
        assert!(desk.path("run").join(picture).is_file(), "{picture}");
    }
}

/// Recordings of one variable are numbered in the order of the scene, whenever they begin; a group that is found by its name and
/// by a tag is recorded once by a recorder; the weights of no synapses have rows as all others.
#[test]
fn files_of_recordings_are_those_that_the_scene_asks_for() {
    let desk = Desk::new();
    let recorders = r#"synapses: [(from: "cells", to: "cells", connectivity: FixedProbability(probability: 0), name: "none")],
    recorders: [
        VariableRecorder(of: ["all.v", "cells.v"], from: 6),
        VariableRecorder(of: ["cells.v"]),
        WeightRecorder(of: ["none"], every: 4),
        SpikeRecorder(of: ["cells", "all"]),"#;
    desk.write(
        "net.ron",
        &SCENE.replace("recorders: [", recorders).replace("VariableRecorder(of: \"all.v\", every: 2),", ""),
    );
    desk.prints("run net.ron --out run");
    let shape = |name: &str| npy::load(&desk.path("run").join(name)).unwrap().shape;
    assert_eq!((shape("cells.v.npy"), shape("cells.v.2.npy")), (vec![4, 3], vec![10, 3]));
    assert_eq!((shape("none.weights.snapshots.npy"), shape("none.synapses.npy")), (vec![4, 0], vec![0, 3]));
    let spikes: Vec<_> = names_in(&desk.path("run")).into_iter().filter(|name| name.contains(".spikes")).collect();
    // The second is that of the second recorder in the scene.
    assert_eq!(spikes, ["cells.spikes.2.npy", "cells.spikes.npy"]);
}

/// As NumPy has a sheet: rows of y, in which x runs fastest.
#[test]
fn a_sheet_of_neurons_takes_arrays_of_two_axes() {
    let desk = Desk::new();
    let mut array = npy::Writer::create(&desk.path("v.npy"), Dtype::F32, &[3]).unwrap();
    let values: Vec<u8> = (0..6u8).flat_map(|k| (-60.0 - f32::from(k)).to_le_bytes()).collect();
    array.append(&values).unwrap();
    array.finish().unwrap();
    let scene = SCENE.replace("-70 + 5 * i", "array('v.npy')");
    desk.write("net.ron", &scene.replace("size: 3", "size: (3, 2)").replace("NormalNoise(sd: 1),", ""));
    desk.prints("run net.ron --iterations 1 --out run --set recorders.VariableRecorder.of=cells.v");
    desk.write("net.ron", &scene.replace("size: 3", "size: (2, 3)"));
    let refused = String::from_utf8(desk.cortecs("run net.ron --out other").stderr).unwrap();
    assert!(refused.contains("the array has the shape 2 × 3, but 6 values (3 × 2) are needed"), "{refused}");
}

#[test]
fn a_run_without_anything_to_draw_is_a_run() {
    let desk = Desk::new();
    desk.prints("run net.ron --set recorders=[] --out bare");
    assert_eq!(names_in(&desk.path("bare")), ["report.json"]);
    desk.prints("run net.ron --iterations 0 --out still");
    assert_eq!(desk.report("still")["outcome"], "finished");
    // A window beyond the end, of which there is no picture; the report says so.
    let output = desk.cortecs("run net.ron --set recorders.VariableRecorder.from=10 --out late");
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.ends_with("not drawn: cells.v.npy: has no rows\n"), "{printed}");
    assert_eq!(desk.report("late")["plots"].as_array().unwrap().len(), 2);
}

/// Each snapshot of synapses that come and go lists its own; a variable of theirs refers to no list of others.
#[test]
fn rewired_synapses_are_listed_with_each_snapshot() {
    let desk = Desk::new();
    let scene = r#"(
        iterations: 30,
        groups: {"a": (size: 20, behaviours: [Izhikevich()])},
        synapses: [(
            from: "a", to: "a", tags: ["P"], weights: "uniform(0, 1)",
            connectivity: FixedInDegree(in_degree: 3, autapses: false, multapses: false),
            behaviours: [StructuralPlasticity(interval: 10, threshold: 0.5, weight: 0.7)],
        )],
        recorders: [WeightRecorder(of: ["P"]), VariableRecorder(of: ["P.weights", "P.source"], every: 29)],
    )"#;
    desk.write("rewired.ron", scene);
    desk.prints("run rewired.ron --out run --no-plots");
    let listed = npy::load(&desk.path("run/a_a.synapses.npy")).unwrap();
    let sources: Vec<f64> = listed.data.chunks(3).map(|synapse| synapse[0]).collect();
    let recorded = npy::load(&desk.path("run/a_a.source.npy")).unwrap();
    assert_eq!((listed.shape, recorded.shape), (vec![120, 3], vec![2, 60]));
    // Nothing was rewired in iteration 0, and weak synapses were by iteration 29.
    assert_eq!(sources, recorded.data);
    assert_ne!(sources[..60], sources[60..]);
    let report = desk.report("run");
    for file in report["recordings"].as_array().unwrap() {
        let list = if file["kind"] == "snapshots" { "a_a.synapses.npy".into() } else { Json::Null };
        assert_eq!(file["synapses"], list, "{}", file["file"]);
    }
}

#[test]
fn a_new_scene_passes_its_check_runs_and_is_not_overwritten() {
    let desk = Desk::new();
    assert!(desk.prints("new first.ron").contains("cortecs run first.ron"));
    desk.prints("check first.ron");
    desk.prints("run first.ron -q --no-plots --iterations 20");
    assert_eq!(desk.report("runs/first")["iterations"], 20);
    assert!(desk.fails("new net.ron").contains("`net.ron` cannot be written"));
    assert_eq!(fs::read_to_string(desk.path("net.ron")).unwrap(), SCENE);
}

#[test]
fn whoever_has_read_enough_may_close_the_pipe() {
    let desk = Desk::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cortecs"));
    let child = command.args(["list"]).current_dir(desk.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stderr, b"");
}

#[test]
fn errors_go_to_stderr_with_an_exit_code() {
    let desk = Desk::new();
    assert!(desk.fails("run missing.ron").starts_with("error: the scene `missing.ron` cannot be read: "));
    assert!(desk.fails("check .").starts_with("error: the scene `.` cannot be read: "));
    desk.write("bad.ron", "(groups: {\"cells\": (size: 3, behaviours: [Izhikevic()])})");
    let complaint = desk.fails("run bad.ron");
    assert!(
        complaint.contains(" --> bad.ron:1:43\n") && complaint.contains("did you mean `Izhikevich`?"),
        "{complaint}"
    );
    assert!(!desk.path("runs").exists(), "a scene that is wrong makes no folder");
}

#[test]
fn a_replay_that_is_too_short_stops_the_run_and_the_report_says_so() {
    let desk = Desk::new();
    let mut rows = npy::Writer::create(&desk.path("rows.npy"), Dtype::F64, &[3]).unwrap();
    rows.append(&[0; 4 * 3 * 8]).unwrap();
    rows.finish().unwrap();
    desk.write("replay.ron", &SCENE.replace("NormalNoise(sd: 1)", "Replay(file: \"rows.npy\")"));
    let complaint = desk.fails("run replay.ron --out run");
    // Four rows feed iterations 0 to 3.
    assert!(complaint.starts_with("error: the run stopped in iteration 4\n"), "{complaint}");
    assert!(complaint.contains("cells.Replay: the array ended before iteration 4"), "{complaint}");
    let report = desk.report("run");
    let why = report["outcome"]["failed"].as_str().unwrap();
    assert!(why.contains("the array ended before iteration 4"), "{why}");
    assert_eq!((&report["iterations_planned"], &report["plots"]), (&10.into(), &Json::Array(Vec::new())));
    // What was recorded until then is there: iterations 0, 2 and 4.
    assert_eq!(npy::load(&desk.path("run/cells.v.npy")).unwrap().shape, [3, 3]);
}

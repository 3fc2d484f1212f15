//! Run folders made here, drawn, and what came out.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Fault, PlotError, draw};
use crate::npy::{Dtype, Writer};

mod weights;

/// A run folder, removed when dropped.
pub(super) struct RunFolder(pub(super) PathBuf);

impl RunFolder {
    /// With a report of two groups, `e` of 8 neurons and `i` of 2, over 100 iterations of 0.5 ms.
    pub(super) fn new(name: &str, recordings: Value) -> Self {
        let path = std::env::temp_dir().join(format!("cortecs-{}-plot-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let report = json!({
            "title": "A <small> network & its spikes", "dt": 0.5, "iterations": 100, "version": "ignored",
            "groups": [{"name": "e", "size": 8, "tags": ["neurons"]}, {"name": "i", "size": 2}],
            "recordings": recordings,
        });
        fs::write(path.join("report.json"), report.to_string()).unwrap();
        Self(path)
    }

    pub(super) fn values(&self, file: &str, columns: usize, value: impl Fn(usize, usize) -> f32) {
        let mut writer = Writer::create(&self.0.join(file), Dtype::F32, &[columns]).unwrap();
        for row in 0..100 {
            let row: Vec<u8> = (0..columns).flat_map(|n| value(row, n).to_le_bytes()).collect();
            writer.append(&row).unwrap();
        }
        writer.finish().unwrap();
    }

    pub(super) fn spikes(&self, file: &str, spikes: &[[u32; 2]]) {
        let mut writer = Writer::create(&self.0.join(file), Dtype::U32, &[2]).unwrap();
        let bytes: Vec<u8> = spikes.as_flattened().iter().flat_map(|n| n.to_le_bytes()).collect();
        writer.append(&bytes).unwrap();
        writer.finish().unwrap();
    }

    /// With a field more in its report.
    pub(super) fn with(self, field: &str, value: Value) -> Self {
        let mut report: Value = serde_json::from_str(&self.text("report.json")).unwrap();
        report[field] = value;
        fs::write(self.0.join("report.json"), report.to_string()).unwrap();
        self
    }

    pub(super) fn text(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(super) fn variable(group: &str) -> Value {
    let file = format!("{group}.v.npy");
    json!({"file": file, "kind": "variable", "group": group, "variable": "v", "unit": "mV",
           "description": "Membrane potential", "first": 0, "every": 1, "neurons": null})
}

fn spikes(group: &str) -> Value {
    let file = format!("{group}.spikes.npy");
    json!({"file": file, "kind": "spikes", "group": group, "variable": "spikes", "unit": "",
           "description": "", "first": 0, "every": 1, "neurons": null})
}

pub(super) fn names(paths: &[PathBuf]) -> Vec<String> {
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(name).collect()
}

/// Width in pixels as the header of a PNG states it.
fn png_width(path: &Path) -> u32 {
    let bytes = fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    u32::from_be_bytes(bytes[16..20].try_into().unwrap())
}

#[test]
fn a_run_becomes_a_raster_and_a_picture_per_variable() {
    let recordings = json!([variable("e"), spikes("e"), variable("i"), spikes("i")]);
    let run = RunFolder::new("whole", recordings);
    run.values("e.v.npy", 8, |row, n| -65.0 + ((row + n) % 7) as f32);
    run.values("i.v.npy", 2, |row, _| -65.0 + (row % 5) as f32);
    run.spikes("e.spikes.npy", &[[0, 0], [10, 7], [99, 3]]);
    run.spikes("i.spikes.npy", &[]);
    let drawn = draw(&run.0).unwrap();
    let pictures = ["raster.png", "raster.svg", "statistics.png", "statistics.svg", "v.png", "v.svg"];
    assert_eq!(names(&drawn), pictures);
    assert!([0, 2, 4].map(|png| png_width(&drawn[png])).iter().all(|&width| width == 1640));
    let raster = run.text("raster.svg");
    for text in [
        ">A &lt;small&gt; network &amp; its spikes<",
        ">3 spikes of 10 neurons<",
        ">rate (Hz)<",
        ">time (ms)<",
        ">e<",
        ">i<",
    ] {
        assert!(raster.contains(text), "{text}");
    }
    let v = run.text("v.svg");
    for text in
        [">v (mV)<", ">Membrane potential<", ">neurons 1, 4, 6 of 8<", ">2 neurons<", ">mean<", ">single neurons<"]
    {
        assert!(v.contains(text), "{text}");
    }
    assert!(!v.contains(">5–95 %<"), "of 8 neurons there are no twentieths");
}

/// The data and the styles of a picture's paths of a colour.
fn paths<'a>(svg: &'a str, colour: &str) -> impl Iterator<Item = &'a str> {
    let all = svg.split("<path d=\"").skip(1).filter_map(|path| path.split_once('>')?.0.split_once('"'));
    all.filter(move |(_, style)| style.contains(colour)).map(|(d, _)| d)
}

fn marks(svg: &str, colour: &str) -> usize {
    paths(svg, colour).map(|d| d.matches('h').count()).sum()
}

/// Vertical places that the paths of a colour state: of corners, and of every sixteenth mark.
fn heights(svg: &str, colour: &str) -> Vec<f64> {
    let points = paths(svg, colour).flat_map(|d| d.split(['M', 'L']).skip(1));
    points.filter_map(|point| point.split_whitespace().nth(1)?.split(['h', 'Z']).next()?.parse().ok()).collect()
}

#[test]
fn every_spike_is_a_mark_in_the_colour_of_its_group() {
    let run = RunFolder::new("marks", json!([spikes("e"), spikes("i")]));
    run.spikes("e.spikes.npy", &[[0, 0], [10, 7], [50, 7], [99, 3]]);
    run.spikes("i.spikes.npy", &[[5, 1]]);
    draw(&run.0).unwrap();
    let svg = run.text("raster.svg");
    assert_eq!(marks(&svg, "#0072b2"), 4, "blue is the first group");
    assert_eq!(marks(&svg, "#d55e00"), 1, "vermilion the second");
}

/// Groups stand in the order in which they are listed, in the raster and below it.
#[test]
fn the_first_group_is_at_the_top_and_no_rate_hides_another() {
    let run = RunFolder::new("order", json!([spikes("i"), spikes("e")]));
    let same: Vec<[u32; 2]> = (0..100).map(|k| [k, k % 2]).collect();
    run.spikes("e.spikes.npy", &same);
    run.spikes("i.spikes.npy", &same);
    draw(&run.0).unwrap();
    let svg = run.text("raster.svg");
    let range = |colour: &str| {
        let end_of_raster = 76.0 + 10.0 * 26.0;
        let (marks, rates): (Vec<f64>, Vec<f64>) = heights(&svg, colour).into_iter().partition(|&y| y < end_of_raster);
        [marks, rates]
            .map(|all| [all.iter().copied().fold(f64::MAX, f64::min), all.iter().copied().fold(0.0, f64::max)])
    };
    let [[_, e_marks], [e_top, e_rate]] = range("#0072b2");
    let [[i_marks, _], [i_rate, i_bottom]] = range("#d55e00");
    assert!(e_marks < i_marks, "{e_marks} {i_marks}");
    assert!(e_top < e_rate && e_rate < i_rate && i_rate < i_bottom, "{e_top} {e_rate} {i_rate} {i_bottom}");
}

/// Of 50 ms the stretch from 10 to 20, of 10 neurons five: four of `e` (1, 3, 5, 7) and one of `i` (1).
#[test]
fn a_raster_shows_the_window_and_the_neurons_that_are_asked_for() {
    let plotting = json!({"raster": {"window": [10.0, 20.0], "neurons": 5, "bin": 0.5, "colours": ["i", "neurons"]}});
    let run = RunFolder::new("window", json!([spikes("e"), spikes("i")])).with("plotting", plotting);
    run.spikes("e.spikes.npy", &[[19, 1], [20, 1], [25, 2], [30, 7], [39, 7], [40, 7]]);
    run.spikes("i.spikes.npy", &[[30, 0], [30, 1]]);
    draw(&run.0).unwrap();
    let svg = run.text("raster.svg");
    for text in [">4 spikes of 5 of 10 neurons<", ">population rate in bins of 0.5 ms<", ">10<", ">20<"] {
        assert!(svg.contains(text), "{text}");
    }
    // The colours are those of the names asked for: the first is that of `i`.
    assert_eq!((marks(&svg, "#0072b2"), marks(&svg, "#d55e00")), (1, 3));
    // Nothing else looks at the window.
    assert!(run.text("statistics.svg").contains(">e<"));
}

#[test]
fn a_window_after_the_end_of_a_short_run_is_as_long_at_its_end() {
    for (window, axis) in [([400.0, 420.0], [">30.0<", ">50.0<"]), ([400.0, 600.0], [">0<", ">50<"])] {
        let plotting = json!({"raster": {"window": window}});
        let run = RunFolder::new("early-end", json!([spikes("i")])).with("plotting", plotting);
        run.spikes("i.spikes.npy", &[[70, 0]]);
        draw(&run.0).unwrap();
        let svg = run.text("raster.svg");
        assert!(axis.iter().all(|label| svg.contains(label)), "{window:?}");
        assert!(svg.contains(">1 spike of 2 neurons<"));
    }
}

#[test]
fn what_cannot_be_drawn_is_told_and_the_rest_drawn() {
    let mut odd = variable("e");
    odd["kind"] = "weights".into();
    odd["file"] = "w.npy".into();
    let recordings = json!([variable("e"), variable("i"), spikes("e"), spikes("i"), odd]);
    let run = RunFolder::new("partly", recordings);
    run.values("e.v.npy", 7, |_, _| 0.0);
    run.values("i.v.npy", 2, |row, n| (row * n) as f32);
    run.spikes("e.spikes.npy", &[[3, 8]]);
    run.spikes("i.spikes.npy", &[[3, 1]]);
    let Err(PlotError::Undrawn { drawn, undrawn }) = draw(&run.0) else {
        panic!("seven columns for eight neurons, and a ninth neuron");
    };
    assert_eq!(names(&drawn), ["raster.png", "raster.svg", "v.png", "v.svg"]);
    let files: Vec<_> = undrawn.iter().map(|one| one.file.as_str()).collect();
    assert_eq!(files, ["e.spikes.npy", "e.v.npy", "w.npy"]);
    assert!(matches!(undrawn[0].fault, Fault::Neuron { size: 8, .. }));
    assert!(matches!(&undrawn[1].fault, Fault::Shape { found, columns: 8 } if *found == [100, 7]));
    assert!(matches!(&undrawn[2].fault, Fault::Kind { kind } if kind == "weights"));
}

#[test]
fn rows_after_the_end_of_the_run_are_refused() {
    let mut late = variable("e");
    late["every"] = 2.into();
    let run = RunFolder::new("late", json!([late]));
    run.values("e.v.npy", 8, |_, _| 0.0);
    let Err(PlotError::Undrawn { undrawn, .. }) = draw(&run.0) else {
        panic!("100 rows, two iterations apart, in a run of 100");
    };
    assert!(matches!(undrawn[0].fault, Fault::Iteration { iteration: 198.0, iterations: 100 }));
}

#[test]
fn a_report_without_sense_is_refused() {
    let run = RunFolder::new("nonsense", json!([spikes("e")]));
    let report = run.text("report.json");
    let with = |from: &str, to: &str| {
        assert!(report.contains(from));
        fs::write(run.0.join("report.json"), report.replace(from, to)).unwrap();
        draw(&run.0).unwrap_err()
    };
    assert!(matches!(with("\"dt\":0.5", "\"dt\":-1"), PlotError::Nonsense { field, .. } if field == "dt"));
    assert!(with("\"dt\":0.5", "\"dt\":1e308").to_string().ends_with("`dt`: 1e308 ms is no length of an iteration"));
    assert!(with("\"iterations\":100", "\"iterations\":0").to_string().ends_with("`iterations`: there are none"));
    assert!(with("\"every\":1", "\"every\":0").to_string().ends_with("`every`: 0 is no distance between rows"));
    let plotting = |raster| with("\"dt\":0.5", &format!("\"plotting\":{{\"raster\":{raster}}},\"dt\":0.5"));
    for (raster, told) in [
        ("{\"window\":[5,5]}", "`plotting.raster.window`: a window from 5 to 5 ms is empty"),
        ("{\"window\":[6000,5000]}", "`plotting.raster.window`: a window from 6000 to 5000 ms is reversed"),
        (
            "{\"window\":[-5,5]}",
            "`plotting.raster.window`: a window is finite and begins at 0 or later, not from -5 to 5 ms",
        ),
        ("{\"bin\":0}", "`plotting.raster.bin`: a bin is finite and above zero, not 0 ms"),
        ("{\"colours\":[\"x\"]}", "`plotting.raster.colours`: no group is named or tagged `x`"),
    ] {
        assert!(plotting(raster).to_string().ends_with(told), "{raster}: {}", plotting(raster));
    }
    assert!(matches!(with("\"dt\":0.5,", ""), PlotError::Report { .. }));
    fs::remove_file(run.0.join("report.json")).unwrap();
    assert!(matches!(draw(&run.0), Err(PlotError::Io { .. })));
}

#[test]
fn variables_with_odd_names_get_files_of_their_own() {
    let named = |name: &str| {
        let mut recording = variable("e");
        recording["variable"] = name.into();
        recording
    };
    let recordings = json!([spikes("i"), named("v/2"), named("v_2"), named("raster")]);
    let run = RunFolder::new("names", recordings);
    run.values("e.v.npy", 8, |row, n| (row + n) as f32);
    run.spikes("i.spikes.npy", &[[1, 1]]);
    let drawn = names(&draw(&run.0).unwrap());
    let pictures: Vec<_> = drawn.iter().filter_map(|name| name.strip_suffix(".svg")).collect();
    assert_eq!(pictures, ["raster", "raster-2", "v_2", "v_2-2"]);
}

/// 100 iterations of 0.5 ms: 50 ms, of which the first 5 are left out.
#[test]
fn statistics_are_drawn_of_groups_that_fired_after_the_transient() {
    let run = RunFolder::new("statistics", json!([spikes("e"), spikes("i")]));
    let regular: Vec<[u32; 2]> = (0..10).flat_map(|k| (0..8).map(move |n| [k * 10, n])).collect();
    run.spikes("e.spikes.npy", &regular);
    run.spikes("i.spikes.npy", &[[3, 1]]);
    let drawn = names(&draw(&run.0).unwrap());
    assert_eq!(drawn, ["raster.png", "raster.svg", "statistics.png", "statistics.svg"]);
    let svg = run.text("statistics.svg");
    // Nine spikes in 45 ms, intervals of 5 ms.
    for text in [">200.00 ± 0.00<", ">0.00<", ">rate (Hz)<", ">lag (ms)<", ">too short, or without variation<", ">e<"]
    {
        assert!(svg.contains(text), "{text}");
    }
    // i was silent after 5 ms: it is in the table, and has no panels.
    assert!(svg.matches(">i<").count() == 1 && svg.contains(">0.00 ± 0.00<") && !svg.contains("NaN"));
}

/// From some neuron on they have nine intervals, the others four, which are too few.
#[test]
fn a_distribution_of_cvs_says_how_many_neurons_it_is_of_and_is_not_of_too_few() {
    for (from, texts) in [(3, ["more, 5 of 10 neurons<", ">5 of 8<"]), (7, ["more, 0 of 10 neurons<", ">1 of 8<"])] {
        let run = RunFolder::new("cvs", json!([spikes("e"), spikes("i")]));
        let at = |k: u32| if k.is_multiple_of(2) { 0..8 } else { from..8 };
        let some: Vec<[u32; 2]> = (0..10).flat_map(|k| at(k).map(move |n| [10 + 7 * k, n])).collect();
        run.spikes("e.spikes.npy", &some);
        run.spikes("i.spikes.npy", &[[30, 0]]);
        draw(&run.0).unwrap();
        let svg = run.text("statistics.svg");
        for text in [">CV of 5 intervals or more, ", texts[0], texts[1], ">0 of 2<"] {
            assert!(svg.contains(text), "{from}: {text}");
        }
        // Those of `i`, and perhaps those of `e`.
        assert_eq!(svg.matches(">too few intervals<").count(), if from == 7 { 2 } else { 1 });
    }
}

/// Values that are sampled rarely, and members that are synapses, are called what they are; a run without a title has the name
/// of its folder.
#[test]
fn curves_say_what_they_are_of() {
    let mut rare = variable("e");
    rare["every"] = 2.into();
    let weights = json!({"file": "s.weights.npy", "kind": "variable", "group": "s", "variable": "weights"});
    let run = RunFolder::new("sampled", json!([rare, weights]))
        .with("iterations", 200.into())
        .with("title", "".into())
        .with("synapses", json!([{"name": "s", "source": "e", "target": "i"}]));
    // Neither rising nor falling: 5 and −5 by the parity of a hash.
    run.values("e.v.npy", 8, |row, n| if (row * row / 3 + n) % 2 == 0 { 5.0 } else { -5.0 });
    run.values("s.weights.npy", 24, |row, n| (row + n) as f32);
    draw(&run.0).unwrap();
    let (v, weights) = (run.text("v.svg"), run.text("weights.svg"));
    let folder = format!(">{}<", run.0.file_name().unwrap().to_string_lossy());
    for text in [">neurons 1, 4, 6 of 8, every 1 ms, values between may be others<", &folder] {
        assert!(v.contains(text), "{text}: {v}");
    }
    for text in [">synapses 4, 12, 20 of 24<", ">single synapses<", ">5–95 %<"] {
        assert!(weights.contains(text), "{text}");
    }
}

/// The axis of a raster shows the indices that neurons have in their group, also of some of them.
#[test]
fn a_raster_is_marked_by_indices() {
    let mut some = spikes("e");
    some["neurons"] = json!([100, 110, 120, 130, 140, 150]);
    let groups = json!([{"name": "e", "size": 200}, {"name": "i", "size": 40}]);
    let run = RunFolder::new("indices", json!([some, spikes("i")])).with("groups", groups);
    run.spikes("e.spikes.npy", &[[0, 100], [10, 150]]);
    run.spikes("i.spikes.npy", &[[3, 39]]);
    draw(&run.0).unwrap();
    let svg = run.text("raster.svg");
    for text in [">100<", ">0<", ">20<", ">3 spikes of 46 of 240 neurons<"] {
        assert!(svg.contains(text), "{text}");
    }
}

/// What was to begin after the end has no picture, and is told.
#[test]
fn recordings_that_never_began_are_left_out() {
    let mut late = spikes("e");
    late["first"] = 100.into();
    let run = RunFolder::new("late", json!([late]));
    run.spikes("e.spikes.npy", &[]);
    let Err(PlotError::Undrawn { drawn, undrawn }) = draw(&run.0) else { panic!("there is nothing to draw") };
    assert!(drawn.is_empty());
    assert_eq!(undrawn[0].fault.to_string(), "was to begin with iteration 100, and the run has 100");
}

#[test]
fn spikes_out_of_order_have_no_statistics() {
    let run = RunFolder::new("disorder", json!([spikes("e")]));
    run.spikes("e.spikes.npy", &[[50, 0], [49, 0]]);
    let Err(PlotError::Undrawn { drawn, undrawn }) = draw(&run.0) else {
        panic!("49 comes before 50");
    };
    assert_eq!(names(&drawn), ["raster.png", "raster.svg"]);
    assert!(matches!(undrawn[0].fault, Fault::Spikes(_)));
}

#[test]
fn rates_and_histograms_have_pictures() {
    let mut rate = variable("e");
    rate["kind"] = "rate".into();
    rate["variable"] = "rate".into();
    let mut histogram = variable("i");
    histogram["kind"] = "histogram".into();
    histogram["range"] = json!([-70.0, -50.0]);
    let run = RunFolder::new("rates", json!([rate, histogram]));
    let mut writer = Writer::create(&run.0.join("e.v.npy"), Dtype::F32, &[]).unwrap();
    writer.append(&[0; 4 * 100]).unwrap();
    writer.finish().unwrap();
    // Below, four bins of 5 mV, above: as many of each.
    run.values("i.v.npy", 6, |_, _| 100.0);
    assert_eq!(names(&draw(&run.0).unwrap()), ["v-histogram.png", "v-histogram.svg", "rate.png", "rate.svg"]);
    let svg = run.text("v-histogram.svg");
    for text in
        [">density (1/mV)<", ">v (mV)<", ">16.7 % below, 16.7 % above<", ">at 0.5 ms<", ">at 50 ms<", ">all 100 rows<"]
    {
        assert!(svg.contains(text), "{text}");
    }

    let report = run.text("report.json").replace("[-70.0,-50.0]", "[-50.0,-70.0]");
    fs::write(run.0.join("report.json"), report).unwrap();
    let Err(PlotError::Undrawn { undrawn, .. }) = draw(&run.0) else { panic!("no such range") };
    assert!(matches!(undrawn[0].fault, Fault::Range));
}

#[test]
fn long_names_of_files_keep_what_the_picture_shows() {
    let long = "a".repeat(70);
    assert_eq!(super::stem_of(&format!("{long}-weights")), format!("{}-weights", "a".repeat(52)));
    assert_eq!(super::stem_of(&long), "a".repeat(60));
    assert_eq!(super::stem_of("v * (u - 1)"), "v____u_-_1_");
    assert_eq!(super::stem_of(&format!("é-{long}")), format!("é-{}", "a".repeat(58)));
}

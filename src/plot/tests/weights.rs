//! Pictures of weights: matrices, receptive fields, histograms one after another.

use super::*;

/// A run of a sheet of 3 × 2 neurons, `e`, with synapses onto `i`: (source, target, weight at first, weight at last).
fn snapshots(name: &str, synapses: &[(u32, u32, f32, f32)]) -> RunFolder {
    let taken = |iteration: u64| json!({"iteration": iteration, "synapses": synapses.len()});
    let mut weights = variable("s");
    weights["kind"] = "snapshots".into();
    weights["variable"] = "weights".into();
    weights["unit"] = "nS".into();
    weights["synapses"] = "s.synapses.npy".into();
    weights["snapshots"] = json!([taken(0), taken(49), taken(99)]);
    let mut list = variable("s");
    list["kind"] = "synapses".into();
    list["file"] = "s.synapses.npy".into();
    let groups = json!([{"name": "e", "size": 6, "shape": [3, 2, 1]}, {"name": "i", "size": 2, "shape": [2, 1, 1]}]);
    let joined = json!([{"name": "s", "source": "e", "target": "i"}]);
    let run = RunFolder::new(name, json!([weights, list])).with("groups", groups).with("synapses", joined);
    let mut writer = Writer::create(&run.0.join("s.v.npy"), Dtype::F32, &[synapses.len()]).unwrap();
    for snapshot in 0..3 {
        let weight = |s: &(u32, u32, f32, f32)| if snapshot == 2 { s.3 } else { s.2 };
        writer.append(&synapses.iter().flat_map(|s| weight(s).to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    }
    writer.finish().unwrap();
    let mut writer = Writer::create(&run.0.join("s.synapses.npy"), Dtype::U32, &[3]).unwrap();
    writer
        .append(&synapses.iter().flat_map(|s| [s.0, s.1, 0]).flat_map(u32::to_le_bytes).collect::<Vec<u8>>())
        .unwrap();
    writer.finish().unwrap();
    run
}

/// The darkest colour of the scale of weights.
const DARK: &str = "#0a1e5c";

#[test]
fn snapshots_become_a_matrix_and_receptive_fields() {
    let run = snapshots("weights", &[(0, 0, 0.5, 0.1), (4, 0, 0.5, 2.0), (5, 1, 0.5, 0.0), (5, 1, 0.5, 0.0)]);
    let names = names(&draw(&run.0).unwrap());
    assert_eq!(names, ["s-weights.png", "s-weights.svg", "s-fields.png", "s-fields.svg"]);
    let matrix = run.text("s-weights.svg");
    for text in
        [">Weights of s: 4 synapses<", ">from e<", ">to i<", ">at 0.5 ms<", ">at 50 ms<", ">weight (nS)<", ">2.0<"]
    {
        assert!(matrix.contains(text), "{text}");
    }
    let fields = run.text("s-fields.svg");
    for text in
        [">Receptive fields of the 2 neurons of i over the 3 × 2 of e, at 50 ms<", ">0<", ">1<", ">weight (nS)<"]
    {
        assert!(fields.contains(text), "{text}");
    }
    // The strongest synapse alone is dark: in the last matrix, and in the field of neuron 0. Neuron 4 stands in the
    // middle of the lower row.
    assert_eq!((marks(&matrix, DARK), marks(&fields, DARK)), (1, 1));
    let places = |svg: &str, style: &str| -> Vec<[f64; 2]> {
        let numbers = |d: &str| d.split(['M', ' ', 'h']).filter_map(|n| n.parse().ok()).collect::<Vec<f64>>();
        paths(svg, style).filter(|d| d.contains('h')).map(|d| [numbers(d)[0], numbers(d)[1]]).collect()
    };
    // Images of 128 units, cells of 42.5.
    let [x, y] = places(&fields, DARK)[0];
    assert_eq!([x - 20.0, y - 76.0 - 14.0], [42.5, 1.5 * 42.5]);
}

#[test]
fn snapshots_that_differ_in_their_synapses_are_read_one_after_another() {
    // As many in all as four of each would have: one, three and eight.
    let run = snapshots("rewired", &[(0, 0, 1.0, 1.0), (1, 0, 1.0, 1.0), (2, 0, 1.0, 1.0), (3, 0, 1.0, 1.0)]);
    let report = run.text("report.json").replacen("\"synapses\":4", "\"synapses\":1", 1);
    let report = report.replacen("\"synapses\":4", "\"synapses\":3", 1).replacen("\"synapses\":4", "\"synapses\":8", 1);
    fs::write(run.0.join("report.json"), report).unwrap();
    let mut weights = Writer::create(&run.0.join("s.v.npy"), Dtype::F32, &[]).unwrap();
    let mut list = Writer::create(&run.0.join("s.synapses.npy"), Dtype::U32, &[3]).unwrap();
    for k in 0..12_u32 {
        weights.append(&(if k == 7 { 3.0_f32 } else { 1.0 }).to_le_bytes()).unwrap();
        list.append(&[k % 6, k / 6, 0].map(u32::to_le_bytes).concat()).unwrap();
    }
    weights.finish().unwrap();
    list.finish().unwrap();
    draw(&run.0).unwrap();
    let matrix = run.text("s-weights.svg");
    assert!(matrix.contains(">Weights of s: 1 synapse at first, 8 synapses at last<"));
    assert_eq!(marks(&matrix, DARK), 1);
}

#[test]
fn snapshots_without_sense_are_told() {
    let faults = |synapses: &[(u32, u32, f32, f32)], from: &str, to: &str| {
        let run = snapshots("senseless", synapses);
        let report = run.text("report.json");
        assert!(report.contains(from), "{report}");
        fs::write(run.0.join("report.json"), report.replace(from, to)).unwrap();
        let Err(PlotError::Undrawn { mut undrawn, .. }) = draw(&run.0) else { panic!("{from} {to}") };
        undrawn.remove(0).fault
    };
    let one = &[(0, 0, 1.0, 1.0)];
    assert!(matches!(faults(&[(6, 0, 1.0, 1.0)], "dt", "dt"), Fault::Neuron { size: 6, .. }));
    assert!(matches!(faults(&[(0, 2, 1.0, 1.0)], "dt", "dt"), Fault::Neuron { size: 2, .. }));
    assert!(matches!(faults(one, "\"source\":\"e\"", "\"source\":\"x\""), Fault::Group { .. }));
    assert!(matches!(faults(one, "\"synapses\":\"s.synapses.npy\"", "\"ignored\":0"), Fault::Synapses));
    assert!(matches!(faults(one, "\"synapses\":1", "\"synapses\":9"), Fault::Unread(_) | Fault::Shape { .. }));
    assert!(matches!(faults(one, "\"snapshots\":[", "\"ignored\":["), Fault::Empty));
}

#[test]
fn histograms_that_follow_one_another_have_a_course() {
    let mut histogram = variable("i");
    histogram["kind"] = "histogram".into();
    histogram["range"] = json!([0.0, 4.0]);
    let run = RunFolder::new("course", json!([histogram]));
    // All in the lowest bin during the first half, then in the highest.
    run.values("i.v.npy", 6, |row, bin| if bin == if row < 50 { 1 } else { 4 } { 100.0 } else { 0.0 });
    draw(&run.0).unwrap();
    let svg = run.text("v-histogram.svg");
    assert!(svg.contains(">share (%)<") && svg.contains(">time (ms)<"));
    // Both halves are one mark: the left one low, the right one high.
    let d: Vec<&str> = paths(&svg, DARK).filter(|d| d.contains('h')).collect();
    assert_eq!((d.len(), d[0].matches('h').count()), (1, 2));
}

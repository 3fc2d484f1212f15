//! A run folder as a source: what was recorded is seen when it was.

use super::{SCENE, alone};
use crate::{
    live::{Command, Probe, Recorded, Source, Speed, Wanted},
    output::{Existing, RunFolder},
    prelude::*,
    scene::Scene,
    session::{Beginning, Settings},
};

fn run(folder: &std::path::Path) {
    let mut bench = Bench::new();
    let world = bench.world_mut();
    let recorders = r#"recorders: [SpikeRecorder(of: ["all"]), VariableRecorder(of: ["e.v"], every: 2),
        VariableRecorder(of: ["i.v"], neurons: List([3, 7]))],"#;
    let text = SCENE.replace("dt: 0.5,", &format!("dt: 0.5, {recorders}"));
    let scene = Scene::from_text(world, &text).unwrap();
    let beginning = Beginning::anew(world, &scene, Settings::default()).unwrap();
    let folder = RunFolder::create(folder, Existing::Refuse).unwrap();
    beginning.open(world, &scene, folder).unwrap().complete(world, &mut ()).unwrap();
}

#[test]
fn what_was_recorded_is_seen_when_it_was() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("run");
    run(&folder);
    let mut recorded = Recorded::open(&folder, Speed::Times(1.0)).unwrap();
    let outline = recorded.outline().clone();
    assert!(outline.recorded && !outline.steerable && outline.groups.len() == 2);
    assert_eq!(outline.groups[1].variables, [("v".to_owned(), "mV".to_owned())]);
    let probe = |group, neuron| Probe { group, neuron, variable: "v".into() };
    let probes = vec![probe(0, 5), probe(1, 7), probe(1, 4)];
    recorded.send(Command::Want(Wanted {
        columns: vec![(0, "v".into()), (1, "v".into())],
        probes,
        ..Wanted::default()
    }));
    recorded.send(Command::GoTo(300));
    let frame = recorded.take().unwrap();
    assert_eq!((frame.iteration, frame.furthest, frame.paused, frame.leapt), (300, 1000, true, true));
    let (spikes, _) = alone(SCENE, 300);
    assert_eq!(frame.seen.spikes, spikes);
    assert_eq!([frame.seen.traces[0].len(), frame.seen.traces[1].len(), frame.seen.traces[2].len()], [150, 300, 0]);
    let last = frame.seen.traces[0].last().unwrap();
    assert_eq!((last.0, frame.columns[0].values[5]), (298, last.1));
    let shown: Vec<usize> = (0..10).filter(|&k| !frame.columns[1].values[k].is_nan()).collect();
    assert_eq!(shown, [3, 7]);
    assert!(recorded.take().is_none());
    // What comes next is what was between.
    recorded.send(Command::Step(100));
    let all = recorded.take().unwrap();
    let (spikes, _) = alone(SCENE, 400);
    let begin = if all.leapt { 0 } else { 300 };
    assert_eq!(all.seen.spikes, spikes.iter().copied().filter(|spike| spike.0 >= begin).collect::<Vec<_>>());
    // Past the end there is nothing, and nothing can be done.
    recorded.send(Command::GoTo(u64::MAX));
    recorded.send(Command::Undo);
    let end = recorded.take().unwrap();
    assert_eq!((end.iteration, end.told.len()), (1000, 1));
    assert!(recorded.scene().unwrap().text().contains("// Two groups."));
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let refused = |folder: &std::path::Path| Recorded::open(folder, Speed::Max).err().map(|error| error.to_string());
    assert!(refused(parent.path()).is_some_and(|why| why.contains("report.json")));
    let folder = parent.path().join("run");
    run(&folder);
    let path = folder.join("report.json");
    let report = std::fs::read_to_string(&path).unwrap();
    for (from, to) in
        [("\"dt\": 0.5", "\"dt\": -1.0"), ("e.spikes.npy", "../e.spikes.npy"), ("e.v.npy", "gone.npy"), ("{", "[")]
    {
        std::fs::write(&path, report.replacen(from, to, 1)).unwrap();
        assert!(refused(&folder).is_some(), "{from} {to}");
    }
    // A file that has shrunk is told, and does no harm.
    std::fs::write(&path, &report).unwrap();
    let mut recorded = Recorded::open(&folder, Speed::Max).unwrap();
    let spikes = folder.join("e.spikes.npy");
    let bytes = std::fs::read(&spikes).unwrap();
    std::fs::write(&spikes, &bytes[..bytes.len() / 2]).unwrap();
    recorded.send(Command::GoTo(999));
    let frame = recorded.take().unwrap();
    assert!(frame.paused && frame.told.len() <= 1, "{:?}", frame.told);
}

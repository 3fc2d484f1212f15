//! A network that is shown sixty times a second, with the potentials of all groups and the trace of a neuron, against one that nobody
//! looks at.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use cortecs::{
    live::{Command, Experiment, Live, Probe, Speed, Wanted},
    schedule::run_ticks,
    text::Document,
};

use super::{
    common::{least, timed},
    network_of,
};

/// Of a second each.
const ROUNDS: usize = 7;

fn live(scene: &'static str) -> Live {
    let start = move || {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes");
        let text =
            std::fs::read_to_string(folder.join(format!("{scene}.ron"))).expect("the scene is part of the crate");
        Experiment::new(Document::parse(scene, text)?, Some(folder), |_| ())
    };
    let live = Live::start(start, Speed::Max).expect("the scene is right");
    let columns = (0..live.outline().groups.len() as u32).map(|group| (group, "v".to_owned())).collect();
    let probes = vec![Probe { group: 0, neuron: 0, variable: "v".into() }];
    live.send(Command::Want(Wanted { columns, probes, ..Wanted::default() }));
    live
}

/// Seconds of an iteration under somebody's eyes: from the first frame of a second to the last.
fn run_shown(live: &Live) -> f64 {
    live.send(Command::Run);
    let _ = live.take();
    let (began, mut first, mut last) = (Instant::now(), None, None);
    while began.elapsed() < Duration::from_secs(1) {
        sleep(Duration::from_micros(500));
        if let Some(frame) = live.take() {
            last = Some((frame.iteration, Instant::now()));
            first = first.or(last);
        }
    }
    live.send(Command::Pause);
    let (Some((from, begin)), Some((to, end))) = (first, last) else { return f64::INFINITY };
    (end - begin).as_secs_f64() / (to - from) as f64
}

pub fn shown() {
    for (scene, iterations, bound) in
        [("izhikevich", 300_000, 1.05), ("sparse_izhikevich", 40_000, 1.02), ("microcircuit", 40_000, 1.02)]
    {
        let mut bench = network_of(scene, &[]);
        let live = live(scene);
        let [without, with] = least(
            ROUNDS,
            [&mut || timed(|| _ = run_ticks(bench.world_mut(), iterations)) / iterations as f64, &mut || {
                run_shown(&live)
            }],
        )
        .map(|seconds| seconds * 1e6);
        println!(
            "`{scene}` shown {with:.3} µs, not shown {without:.3} µs: ratio {:.3} (at most {bound})",
            with / without
        );
    }
}

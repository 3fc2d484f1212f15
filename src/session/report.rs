//! What the report of a run says: at its beginning, and when it has ended.

use std::path::Path;

use bevy_ecs::prelude::*;

use crate::{
    assemble::{GroupPlan, Network},
    checkpoint::Run,
    network::Spikes,
    output::{Files, GroupReport, Outcome, Provenance, Report, StageTime, Warning, classifications, spike_statistics},
    scene::Scene,
    stopwatch::Stopwatch,
};

/// The spikes of each group so far.
pub(super) fn spikes_of(world: &World, network: &Network) -> Vec<u64> {
    network.groups.iter().map(|&group| world.get::<Spikes>(group).map_or(0, Spikes::total)).collect()
}

/// The report of a run that begins: what is known before the first iteration.
pub(super) fn first(scene: &Scene, run: &Run, network: &Network, files: &Files, build_s: f64) -> Report {
    let group = |plan: &GroupPlan| GroupReport { plan: plan.clone(), spikes: 0, rate_hz: 0.0 };
    let provenance = Provenance::now(&run.scene_file, &run.scene, scene.seed, run.settings.clone());
    Report {
        outcome: Outcome::Running,
        title: scene.title.clone(),
        dt: scene.dt,
        first_iteration: run.first,
        iterations: 0,
        iterations_planned: scene.iterations,
        simulated_ms: 0.0,
        wall_s: 0.0,
        build_s,
        real_time_factor: 0.0,
        groups: network.plan.groups.iter().map(group).collect(),
        synapses: network.plan.synapses.clone(),
        memory: network.plan.memory,
        stages: Vec::new(),
        ranks: Vec::new(),
        recordings: files.reports(),
        recordings_ended: None,
        statistics: Vec::new(),
        classifications: Vec::new(),
        no_statistics: Vec::new(),
        warnings: Vec::new(),
        scene_warnings: network.plan.warnings.iter().map(|warning| warning.message.to_string()).collect(),
        plotting: scene.plots.clone(),
        plots: Vec::new(),
        not_drawn: Vec::new(),
        provenance: Provenance {
            started: run.started.clone(),
            from: run.from.clone(),
            noise_seed: run.noise_seed,
            resumed: run.resumed.clone(),
            ..provenance
        },
    }
}

/// Fills in what is known once iterations are over: `done` of them, in `wall_s` seconds.
pub(super) fn fill(
    report: &mut Report,
    world: &World,
    (network, run, files): (&Network, &Run, &Files),
    (done, wall_s): (u64, f64),
) {
    report.iterations = done;
    report.wall_s = wall_s;
    report.simulated_ms = (done - report.first_iteration.min(done)) as f64 * report.dt;
    let simulated = (report.simulated_ms > 0.0).then_some(report.simulated_ms);
    report.real_time_factor = simulated.map_or(0.0, |simulated| wall_s * 1000.0 / simulated);
    let seconds = report.simulated_ms / 1000.0;
    // Those of the run that a variant began from are not its own.
    let before = run.before.iter().copied().chain(std::iter::repeat(0));
    for ((group, spikes), before) in report.groups.iter_mut().zip(spikes_of(world, network)).zip(before) {
        group.spikes = spikes.saturating_sub(before);
        group.rate_hz = group.spikes as f64 / (group.plan.size as f64 * seconds).max(f64::MIN_POSITIVE);
    }
    report.stages = StageTime::from_laps(&world.get_resource::<Stopwatch>().map(Stopwatch::laps).unwrap_or_default());
    report.recordings = files.reports();
    report.recordings_ended = files.ended().map(|(why, _)| why.to_owned());
    let ended = files.ended().map(|(why, iteration)| Warning::RecordingsEnd { iteration, why: why.to_owned() });
    report.warnings.extend(ended);
    report.provenance.end();
}

/// Adds what the recordings in a folder tell: statistics of spikes, classes that neurons stand for.
pub(super) fn sum_up(report: &mut Report, folder: &Path) {
    let run = (report.iterations, report.dt);
    let (found, missing) = spike_statistics(folder, &report.groups, &report.recordings, run);
    report.statistics = found;
    report.no_statistics = missing.iter().map(ToString::to_string).collect();
    let (found, missing) = classifications(folder, &report.recordings);
    report.classifications = found;
    report.no_statistics.extend(missing.iter().map(ToString::to_string));
}

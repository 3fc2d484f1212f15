//! The report of a run that begins: what is known before the first iteration.

use crate::{
    build::{GroupPlan, Network},
    checkpoint::Run,
    output::{Files, GroupReport, Outcome, Provenance, Report},
    scene::Scene,
};

pub(super) fn first_report(scene: &Scene, run: &Run, network: &Network, files: &Files, build_s: f64) -> Report {
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

//! `cortecs check`: what a scene would build.

use bevy_app::App;
use clap::Args;

use super::{
    CliError, SceneArguments, print, print_warnings,
    table::{grouped, table},
};
use crate::{
    assemble::{Plan, RecordingPlan, check as check_scene, in_words},
    scene::Scene,
};

#[derive(Args, Debug)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    scene: SceneArguments,
    /// Says what each of so many ranks would need, if they shared the network.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    ranks: Option<u32>,
}

pub(super) fn check(mut app: App, arguments: &CheckArguments) -> Result<(), CliError> {
    let scene = arguments.scene.load(&app)?;
    let plan = check_scene(app.world_mut(), &scene)?;
    print_warnings(&plan.warnings);
    let of_ranks = arguments.ranks.map(|ranks| of_ranks(&plan, ranks as usize, scene.dt)).unwrap_or_default();
    print(&(describe(&scene, &plan) + &of_ranks))
}

fn describe(scene: &Scene, plan: &Plan) -> String {
    let time = scene.iterations as f64 * scene.dt;
    let mut text = format!(
        "{}\n{} iterations of {} ms: {time} ms; seed {}\n\nneuron groups\n",
        if scene.title.is_empty() { "(untitled)" } else { &scene.title },
        grouped(scene.iterations),
        scene.dt,
        scene.seed
    );
    text += &table("  ", &groups(plan));
    if !plan.synapses.is_empty() {
        text += "synapse groups\n";
        text += &table("  ", &synapses(plan));
    }
    text += &format!(
        "{} neurons, {} synapses: {} of memory\n",
        grouped(plan.neurons()),
        grouped(plan.synapse_count()),
        in_words(plan.memory)
    );
    if !plan.recordings.is_empty() {
        text += "recordings\n";
        text += &table("  ", &recordings(plan));
        text += &format!("{} on disk{}\n", in_words(plan.recorded_bytes()), of_unknown_number(plan));
    }
    text
}

/// Spikes of a neuron in a second, for an estimate of what travels.
const HZ: f64 = 10.0;

/// Memory and traffic of each of some ranks. Words are of four bytes: a number for each group, and one for every spike.
fn of_ranks(plan: &Plan, ranks: usize, dt: f64) -> String {
    let spikes = plan.neurons() as f64 * HZ * dt / 1000.0;
    let gathered = (4.0 * (spikes + (ranks * (plan.groups.len() + 2)) as f64)) as u64;
    format!(
        "{} ranks: {} of memory at most, of which each has {} of neurons; in an iteration each takes in {} at {HZ} Hz\n",
        grouped(ranks as u64),
        in_words(plan.memory_of_rank(ranks)),
        in_words(plan.memory - plan.divided),
        in_words(gathered),
    )
}

fn groups(plan: &Plan) -> Vec<Vec<String>> {
    let row = |group: &crate::assemble::GroupPlan| {
        let [width, height, depth] = group.shape;
        let grid = match (height, depth) {
            (1, 1) => String::new(),
            (_, 1) => format!("grid {width} × {height}"),
            _ => format!("grid {width} × {height} × {depth}"),
        };
        vec![group.name.clone(), grouped(group.size as u64), grid, group.tags.join(" "), group.remark.clone()]
    };
    plan.groups.iter().map(row).collect()
}

fn synapses(plan: &Plan) -> Vec<Vec<String>> {
    let row = |group: &crate::assemble::SynapsePlan| {
        let path = format!("{} → {}", group.source, group.target);
        vec![group.name.clone(), path, grouped(group.synapses), group.tags.join(" ")]
    };
    plan.synapses.iter().map(row).collect()
}

/// What comes to the recordings whose rows nobody can count before: of spikes a row is two numbers of 32 bits, of responses
/// one for each neuron.
fn of_unknown_number(plan: &Plan) -> &'static str {
    let unknown = plan.recordings.iter().filter(|recording| recording.bytes.is_none());
    match unknown.fold([false; 2], |[spikes, others], recording| {
        let is_spikes = recording.variable == "spikes";
        [spikes | is_spikes, others | !is_spikes]
    }) {
        [false, false] => "",
        [true, false] => ", and 8 bytes for every recorded spike",
        [false, true] => ", and those of presentations",
        [true, true] => ", and 8 bytes for every recorded spike, and those of presentations",
    }
}

/// What there is a row for, where nobody knows how many there will be.
fn unknown(recording: &RecordingPlan) -> &'static str {
    if recording.variable == "spikes" { "spike" } else { "presentation" }
}

fn recordings(plan: &Plan) -> Vec<Vec<String>> {
    let row = |recording: &RecordingPlan| {
        let size = recording.bytes.map_or_else(|| format!("per {}", unknown(recording)), in_words);
        vec![format!("{}.{}", recording.group, recording.variable), size]
    };
    plan.recordings.iter().map(row).collect()
}

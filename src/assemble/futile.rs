//! What a scene asks for and nothing comes of: groups that neither fire nor are recorded, and what begins when the run has ended.

use bevy_ecs::prelude::*;

use super::spawn::{ByEntity, Pending, Spawned};
use crate::{
    network::{Clock, Spikes, V, compartment::receptors_of},
    record::{Content, Recording, of_recorders},
    scene::Scene,
    text::Diagnostic,
};

/// Groups that have inputs or receptors and no neuron model, though nothing of them is recorded.
pub(super) fn without_a_model(world: &World, spawned: &Spawned, by_entity: &ByEntity<'_>) -> Vec<Diagnostic> {
    let recorded = spawned.recorded(world);
    let mut told = Vec::new();
    for &group in &spawned.groups {
        let parts: Vec<Entity> = std::iter::once(group).chain(receptors_of(world, group)).collect();
        let moves = world.get::<Spikes>(group).is_some() || world.get::<V>(group).is_some();
        if moves || parts.iter().any(|part| recorded.contains(part)) {
            continue;
        }
        let Some(first) = parts.iter().find_map(|part| by_entity.get(part)?.first()) else { continue };
        let name = world.get::<Name>(group).map_or("", Name::as_str);
        let fault = Diagnostic::error(format!("`{name}` has no neuron model: nothing comes of its input"));
        told.push(fault.as_warning().note("nor is anything of it recorded").at_place(first.spans.get("")));
    }
    told
}

/// Recorders, switches and inputs that begin when the run has ended.
pub(super) fn after_the_run(world: &World, scene: &Scene, spawned: &Spawned) -> Vec<Diagnostic> {
    let (clock, end) = (Clock::new(scene.dt), scene.iterations);
    // What is there from the beginning is as long as a run of no iterations.
    let is_late = |iteration: u64| iteration >= end && iteration > 0;
    let late = |what: &str, iteration: u64| {
        let message = format!("{what} from iteration {iteration} on, but the run ends after {end}");
        Diagnostic::error(message).as_warning()
    };
    let start = |pending: &Pending| {
        let value = pending.entry.value(world.get_entity(pending.entity).ok()?)?;
        let start = value.reflect_ref().as_struct().ok()?.field("start")?.try_downcast_ref::<f64>()?;
        Some(clock.first_from(*start))
    };
    let recording = |pending: &Pending| {
        let recorder = [pending.entity];
        of_recorders(world, &recorder).map(|(_, recording)| recording.window.from).min()
    };
    let mut told = Vec::new();
    for pending in &spawned.pending {
        let (name, who) = (pending.entry.name, &pending.who);
        if let Some(from) = recording(pending).filter(|&from| is_late(from)) {
            told.push(late(&format!("`{name}` records"), from).at_place(pending.spans.near("from")));
        }
        let never_fills = |(_, recording): (Entity, &Recording)| {
            matches!(recording.content, Content::Rate)
                && !is_late(recording.window.from)
                && recording.rows(end) == Some(0)
        };
        if end > 0 && of_recorders(world, &[pending.entity]).any(never_fills) {
            let message =
                format!("`{name}` records nothing: the run ends after {end} iterations, before its first bin is full");
            told.push(Diagnostic::error(message).as_warning().at_place(pending.spans.near("bin")));
        }
        if let Some(start) = start(pending).filter(|&start| is_late(start)) {
            told.push(late(&format!("`{name}` of `{who}` acts"), start).at_place(pending.spans.near("start")));
        }
    }
    for due in scene.switches.iter().filter(|due| is_late(clock.first_from(due.at))) {
        let fault = late("what is switched here is so", clock.first_from(due.at));
        told.push(fault.at_place(due.spans.near("at")));
    }
    told
}

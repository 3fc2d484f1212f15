//! Profiles that a scene asks for and that nothing will be recorded of: said before a run has spent hours for them.

use bevy_ecs::prelude::*;

use crate::{
    record::{Content, Recording},
    scene::{Over, ProfilePlot, Scene},
    text::Diagnostic,
};

/// The addresses in profiles at which no variable is recorded.
pub(super) fn unrecorded(world: &mut World, scene: &Scene) -> Vec<Diagnostic> {
    let mut recordings = world.query::<&Recording>();
    let variables = recordings
        .iter(world)
        .filter(|recording| matches!(recording.content, Content::Variable(..) | Content::Expression))
        .map(|recording| format!("{}.{}", recording.group, recording.what()));
    let recorded: Vec<String> = variables.collect();
    let mut faults = Vec::new();
    for (profile, plot) in scene.plots.profiles.iter().enumerate() {
        for (nth, curve) in plot.curves.iter().enumerate() {
            let over = if let Over::Recorded(address) = &curve.over { Some(("over", address)) } else { None };
            let addresses = [("of", &curve.of)].into_iter().chain(over);
            for (field, address) in addresses.filter(|(_, address)| !recorded.contains(address)) {
                let known: Vec<&str> = recorded.iter().map(String::as_str).collect();
                let fault =
                    Diagnostic::error(format!("no variable `{address}` is recorded, of which to draw a profile"));
                let span = scene.spans.get(&ProfilePlot::span_of(profile, nth, field));
                faults.push(match span {
                    Some(span) => fault.at(span).did_you_mean_text(address, &known, "recorded variables"),
                    None => fault,
                });
            }
        }
    }
    faults
}

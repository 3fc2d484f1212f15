//! Profiles that a scene asks for and that nothing will be recorded of: said before a run has spent hours for them.

use bevy_ecs::prelude::*;

use crate::{
    record::{Content, of_recorders},
    scene::{Over, ProfilePlot, Scene},
    text::Diagnostic,
};

/// The addresses in profiles at which no variable is recorded.
pub(super) fn unrecorded(world: &World, scene: &Scene, recorders: &[Entity]) -> Vec<Diagnostic> {
    let variables = of_recorders(world, recorders)
        .map(|(_, recording)| recording)
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

#[cfg(test)]
mod tests {
    use crate::{assemble::check, prelude::*, scene::Scene};

    #[test]
    fn a_profile_of_nothing_that_is_recorded_is_refused_where_it_stands() {
        let said_of = |reference: &str, curve: &str| {
            let text = format!(
                "(groups: {{\"cells\": (size: 3, behaviours: [Izhikevich()])}},
                recorders: [VariableRecorder(of: [\"cells.v\"]), SpikeRecorder(of: [\"cells\"])],
                plots: (profiles: [({reference}curves: [({curve})])]))"
            );
            let mut bench = Bench::new();
            let scene = Scene::from_text(bench.world_mut(), &text);
            let checked = scene.and_then(|scene| check(bench.world_mut(), &scene).map(drop));
            checked.err().map(|faults| faults.to_string()).unwrap_or_default()
        };
        let said = |curve: &str| said_of("", curve);
        assert_eq!(said("of: \"cells.v\", over: \"cells.v\""), "");
        assert_eq!(said("of: \"cells.v\", over: [1, 2, 3], points: [(1, -60, 2)]"), "");
        for (curve, fault) in [
            ("of: \"cells.u\", over: \"cells.v\"", "no variable `cells.u` is recorded, of which to draw a profile"),
            ("of: \"cells.v\", over: \"cells.w\"", "did you mean `cells.v`?"),
            ("of: \"cells.spikes\", over: [1]", "no variable `cells.spikes` is recorded"),
            ("of: \"cells.v\"", "expected a curve that says what it is drawn `over`"),
            ("over: [1]", "a curve needs the field `of`"),
            ("of: \"cells.v\", over: [inf]", "what is drawn must be finite"),
            ("of: \"cells.v\", over: [1], points: [(1, NaN, 0)]", "what is drawn must be finite"),
            ("of: \"cells.v\", above: [1]", "a curve has no field `above`"),
        ] {
            assert!(said(curve).contains(fault), "{curve}: {}", said(curve));
        }
        let fault = said_of("reference: \"them\", ", "of: \"cells.v\", over: [1, 2, 3]");
        assert!(fault.contains("no curve has `points` that this could be about"), "{fault}");
    }
}

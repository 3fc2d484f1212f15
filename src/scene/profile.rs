//! Profiles: what a run left of its neurons or synapses over another quantity of theirs, as figures of papers show it; what a
//! scene says of them in `plots`.

use serde::{Deserialize, Serialize};

use super::{form::form, reader::Reader, spans::Spans};
use crate::text::{Diagnostic, Kind as Form, Node};

/// A panel of curves over one quantity.
///
/// ```
/// use cortecs::{assemble::check, prelude::*, scene::{Over, Scene}};
///
/// let text = r#"(
///     groups: {"cells": (size: 3, behaviours: [Izhikevich()])},
///     recorders: [VariableRecorder(of: ["cells.v", "cells.u"])],
///     plots: (
///         profiles: [
///             (title: "Phase plane", curves: [(of: "cells.v", over: "cells.u")]),
///             (show: Change, x: "neuron", curves: [(of: "cells.v", over: [1, 2, 3], label: "v")]),
///         ],
///     ),
/// )"#;
/// let mut world = Bench::new();
/// let scene = Scene::from_text(world.world_mut(), text).unwrap();
/// assert_eq!(scene.plots.profiles[0].curves[0].over, Over::Recorded("cells.u".into()));
/// check(world.world_mut(), &scene).unwrap();
/// ```
///
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfilePlot {
    /// What stands above the panel.
    pub title: String,
    /// The quantity of the horizontal axis; otherwise the variable that the first curve is drawn over, and its unit.
    pub x: String,
    /// The quantity of the vertical axis; otherwise the variable of the first curve, and its unit.
    pub y: String,
    /// What of a variable is shown.
    pub show: Show,
    /// What the points beside the curves are: whose measurements.
    pub reference: String,
    /// The curves.
    pub curves: Vec<ProfileCurve>,
}

/// A curve: a variable of the members of a group over another, or over numbers that are given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileCurve {
    /// The address of a recorded variable: `group.variable`.
    pub of: String,
    /// What it is drawn over.
    pub over: Over,
    /// What the curve is called.
    pub label: String,
    /// Points for comparison, in its colour: x, y, and the standard error of y, or 0 if it has none.
    pub points: Vec<[f64; 3]>,
}

/// What a curve is drawn over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Over {
    /// The last values of another recorded variable, of the same group, or of the group at either end of synapses, of which
    /// each is then drawn at the number of its neuron.
    Recorded(String),
    /// A number for each member.
    Numbers(Vec<f64>),
}

impl Default for Over {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

/// What of a recorded variable a profile shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Show {
    /// The last value.
    #[default]
    Last,
    /// The difference between the last value and the first.
    Change,
    /// That difference in per cent of the first value.
    Percent,
}

form! {
    /// A panel of curves over one quantity.
    "profile" as ProfileForm {
        /// What stands above the panel.
        title: "text",
        /// The quantity of the horizontal axis; otherwise what the first curve is drawn over.
        x: "text",
        /// The quantity of the vertical axis; otherwise the variable of the first curve.
        y: "text",
        /// What of a variable is shown.
        show: "Last | Change | Percent" = "Last",
        /// What the points beside the curves are: whose measurements.
        reference: "text",
        /// The curves.
        curves: "[curve]",
    }
}

form! {
    /// A variable of the members of a group over another, or over numbers.
    "curve" as CurveForm {
        /// The address of a recorded variable: `group.variable`.
        of: "text",
        /// The address of another, or a number for each member.
        over: "text | [number]",
        /// What the curve is called.
        label: "text",
        /// Points for comparison: x, y, and the standard error of y, or 0.
        points: "[(number, number, number)]",
    }
}

impl ProfilePlot {
    /// The name of a field of a curve among the spans of a scene.
    #[must_use]
    pub fn span_of(profile: usize, curve: usize, field: &str) -> String {
        format!("plots.profiles[{profile}].curves[{curve}].{field}")
    }
}

impl<'a> Reader<'a> {
    /// The profiles that `plots` asks for.
    pub fn profiles(&mut self, node: Option<&'a Node>, spans: &mut Spans) -> Vec<ProfilePlot> {
        let elements = self.elements(node, "a list of profiles");
        elements.iter().enumerate().map(|(place, node)| self.profile(place, node, spans)).collect()
    }

    fn profile(&mut self, place: usize, node: &'a Node, spans: &mut Spans) -> ProfilePlot {
        let fields: ProfileForm<'a> = self.form(node, "a profile");
        let curves = self.elements(fields.curves, "a list of curves");
        if curves.is_empty() {
            self.expected("a profile with a list of `curves`", node);
        }
        let curves: Vec<ProfileCurve> =
            curves.iter().enumerate().map(|(nth, node)| self.curve([place, nth], node, spans)).collect();
        if let Some(node) = fields.reference.filter(|_| curves.iter().all(|curve| curve.points.is_empty())) {
            self.note(Diagnostic::error("no curve has `points` that this could be about").at(node.span.clone()));
        }
        ProfilePlot {
            title: self.value(fields.title, String::new()),
            x: self.value(fields.x, String::new()),
            y: self.value(fields.y, String::new()),
            show: self.value(fields.show, Show::default()),
            reference: self.value(fields.reference, String::new()),
            curves,
        }
    }

    fn curve(&mut self, [profile, curve]: [usize; 2], node: &'a Node, spans: &mut Spans) -> ProfileCurve {
        let fields: CurveForm<'a> = self.form(node, "a curve");
        let own =
            Spans::of(node).0.into_iter().map(|(field, span)| (ProfilePlot::span_of(profile, curve, &field), span));
        spans.0.extend(own);
        let over = match fields.over.map(|node| (node, &node.kind)) {
            Some((_, Form::Text(address))) => Over::Recorded(address.clone()),
            Some((node, _)) => {
                let numbers: Vec<f64> = self.value(Some(node), Vec::new());
                self.finite(numbers.iter().all(|x| x.is_finite()), node);
                Over::Numbers(numbers)
            }
            None => {
                self.expected("a curve that says what it is drawn `over`", node);
                Over::default()
            }
        };
        let points: Vec<[f64; 3]> = self.value(fields.points, Vec::new());
        if let Some(node) = fields.points {
            self.finite(points.iter().flatten().all(|x| x.is_finite()), node);
        }
        ProfileCurve {
            of: self.required_word(("of", fields.of), node, "a curve"),
            over,
            label: self.value(fields.label, String::new()),
            points,
        }
    }

    fn finite(&mut self, holds: bool, node: &Node) {
        if !holds {
            self.note(Diagnostic::error("what is drawn must be finite").at(node.span.clone()));
        }
    }
}

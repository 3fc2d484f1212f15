//! Constants that a value does not mean, or that hide what it means: a name that stands for two things where it is used.

use bevy_reflect::{PartialReflect, ReflectRef};

use super::faults::within_text;
use crate::{
    network::{
        Initial, Parameter,
        sampler::{OF_NEURONS, OF_SYNAPSES},
    },
    scene::{Attached, Scene},
    text::{Diagnostic, Span},
    value::{Expression, Value},
};

/// Names of constants that stand for something else too where they are used.
pub(super) fn shadows(scene: &Scene) -> Vec<Diagnostic> {
    let mut shadows = Shadows { scene, told: Vec::new() };
    for group in &scene.groups {
        let mut draws: Vec<&str> = Vec::new();
        for (name, value) in &group.draws {
            shadows.look(value, group.spans.get(&format!("draws.{name}")), OF_NEURONS, &draws);
            draws.push(name);
        }
        let receptors = group.receptors.iter().map(|(_, receptor)| receptor);
        group.behaviours.iter().chain(receptors).for_each(|behaviour| shadows.look_through(behaviour, &draws));
    }
    for synapses in &scene.synapses {
        shadows.look(&synapses.weights, synapses.spans.get("weights"), OF_SYNAPSES, &[]);
        if let Some(delays) = &synapses.delays {
            shadows.look(delays, synapses.spans.get("delays"), OF_SYNAPSES, &[]);
        }
    }
    shadows.told
}

struct Shadows<'a> {
    scene: &'a Scene,
    told: Vec<Diagnostic>,
}

impl Shadows<'_> {
    /// Looks at the fields of a behaviour, each of which may be named by those behind it.
    fn look_through(&mut self, Attached { value, spans }: &Attached, draws: &[&str]) {
        let ReflectRef::Struct(fields) = value.reflect_ref() else { return };
        let mut named: Vec<&str> = draws.to_vec();
        for index in 0..fields.field_len() {
            let (Some(name), Some(field)) = (fields.name_at(index), fields.field_at(index)) else { continue };
            if let Some(value) = value_of(field) {
                self.look(value, spans.get(name), OF_NEURONS, &named);
                // `c: "c"` is the constant, whichever of the two a later `c` means.
                if *value != Value::from(name) {
                    named.push(name);
                }
            }
        }
    }

    /// Looks at the names in an expression, where some stand for what nobody had to name, and some for fields and draws.
    fn look(&mut self, value: &Value, span: Option<Span>, given: &[&str], named: &[&str]) {
        let Value::Text(text) = value else { return };
        // What is wrong with it is said elsewhere; what nobody wrote is a default.
        let (Ok(expression), Some(span)) = (Expression::parse(text), span) else { return };
        for (name, at) in expression.names() {
            if !self.scene.constants.iter().any(|(constant, _)| constant == name) {
                continue;
            }
            let message = match name {
                _ if named.contains(&name) => {
                    format!("`{name}` is the field or draw of that name here, and hides the constant `{name}`")
                }
                "pi" => "`pi` is 3.14159…, and hides the constant `pi`".to_owned(),
                _ if name == "dt" || given.contains(&name) => {
                    format!("`{name}` is the constant here, and hides the `{name}` that every expression knows")
                }
                _ => continue,
            };
            let at = at.start..at.start + name.len();
            let place = within_text(self.scene, &span, &at).unwrap_or_else(|| span.clone());
            let told = Diagnostic::error(message).as_warning().at(place);
            self.told.push(told.note("another name for the constant says which of the two is meant"));
        }
    }
}

fn value_of(field: &dyn PartialReflect) -> Option<&Value> {
    if let Some(parameter) = field.try_downcast_ref::<Parameter>() {
        return Some(parameter.value());
    }
    if let Some(parameter) = field.try_downcast_ref::<Option<Parameter>>() {
        return parameter.as_ref().map(Parameter::value);
    }
    field.try_downcast_ref::<Initial>().map(|initial| &initial.0)
}

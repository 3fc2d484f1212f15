//! Faults of preparation as diagnostics: the field that is to blame gets the caret, down to the place in an
//! expression.

use crate::{
    network::{AddressError, PrepareError, PrepareFault},
    scene::{Scene, Spans},
    text::{Diagnostic, Span, nearest},
    value::{Fault, ValueError},
};

/// What is wrong with a behaviour of `who`, whose fields stand at `spans`.
pub(super) fn diagnostic(scene: &Scene, who: &str, spans: &Spans, error: PrepareError) -> Diagnostic {
    let field = match error.behaviour {
        "draws" => error.field.as_ref().map(|name| format!("draws.{name}")),
        "weights" | "delays" => Some(error.behaviour.to_owned()),
        _ => error.field.clone(),
    };
    let own = field.and_then(|field| spans.get(&field));
    let span = own.clone().or_else(|| spans.get(""));
    let place = match (&error.field, own) {
        // A default is to blame, or a scene built in code: nothing in the text shows which field it is.
        (Some(field), None) => format!("{who}: {}.{field}: ", error.behaviour),
        (None, None) if span.is_none() => format!("{who}: {}: ", error.behaviour),
        _ => String::new(),
    };
    let diagnostic = match &*error.fault {
        PrepareFault::Value(fault) => value_fault(scene, &place, span, fault),
        PrepareFault::Address(fault) => address_fault(scene, &place, span, fault),
        PrepareFault::Other(why) => Diagnostic::error(format!("{place}{why}")).at_place(span),
    };
    diagnostic.note(format!("in `{who}`"))
}

fn value_fault(scene: &Scene, place: &str, span: Option<Span>, error: &ValueError) -> Diagnostic {
    let within = span.clone().zip(error.at.clone()).and_then(|(span, at)| within_text(scene, &span, &at));
    let diagnostic = Diagnostic::error(format!("{place}{error}"));
    let (name, what) = match &error.fault {
        Fault::UnknownName(name) => (name.as_str(), "names"),
        Fault::UnknownFunction(name) => (name.as_str(), "functions"),
        _ => return diagnostic.at_place(within.or(span)),
    };
    let known: Vec<&str> = error.known.iter().map(String::as_str).collect();
    match within {
        Some(within) => diagnostic.at(within.start..within.start + name.len()).did_you_mean(name, &known, what),
        None => advise(diagnostic.at_place(span), name, &known),
    }
}

/// The place in the scene of a place in an expression, if the text stands there as it is.
pub(super) fn within_text(scene: &Scene, text: &Span, at: &Span) -> Option<Span> {
    let document = scene.document.as_ref()?;
    let slice = document.slice(text);
    let plain = slice.starts_with('"') && !slice.contains('\\');
    let start = text.start + 1;
    (plain && start + at.end < text.end).then(|| start + at.start..start + at.end)
}

pub(super) fn address_fault(scene: &Scene, place: &str, span: Option<Span>, error: &AddressError) -> Diagnostic {
    let (asked, known) = error.alternatives();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    // One address among several: the one in which the unknown word stands.
    let narrow = span.clone().zip(scene.document.as_ref()).and_then(|(span, document)| {
        let at = document.slice(&span).find(asked).filter(|_| !asked.is_empty())?;
        Some(span.start + at..span.start + at + asked.len())
    });
    let what = match error {
        AddressError::NoReceptor { .. } => "receptors",
        AddressError::NoVariable { .. } => "variables",
        AddressError::NoBehaviour { .. } => "behaviours",
        AddressError::NoGroup { .. } | AddressError::Form(_) => "groups",
    };
    let diagnostic = Diagnostic::error(format!("{place}{error}"));
    match narrow {
        Some(narrow) => diagnostic.at(narrow).did_you_mean(asked, &known, what),
        None => advise(diagnostic.at_place(span), asked, &known),
    }
}

/// Says what could have been meant where no text can be patched.
fn advise(diagnostic: Diagnostic, asked: &str, known: &[&str]) -> Diagnostic {
    match nearest(asked, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => diagnostic,
        None => diagnostic.note(format!("known names: {}", known.join(", "))),
    }
}

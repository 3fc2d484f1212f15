//! Setting something in a scene's text: as `text::set` does, and beyond it for what a group has from its definition,
//! which becomes a field of the group's own that overrides it.

use crate::text::{self, Diagnostic, Diagnostics, Document, Kind, Node};

/// Definitions that are like definitions that are like …, at most.
const LONGEST_CHAIN: usize = 16;

/// The scene with `assignment`, `path=value`, carried out.
///
/// # Errors
/// The path leads nowhere, or the value is not RON.
pub fn set(document: &Document, assignment: &str) -> Result<Document, Diagnostics> {
    known_constant(document, assignment)?;
    text::set(document, assignment).or_else(|faults| match override_inherited(document, assignment) {
        Some(instead) => text::set(document, &instead),
        None => Err(faults),
    })
}

/// A constant that the scene does not have is one that nothing in it uses.
fn known_constant(document: &Document, assignment: &str) -> Result<(), Diagnostics> {
    let path = assignment.split_once('=').map_or("", |(path, _)| path.trim());
    let Some(name) = path.strip_prefix("constants.").map(str::trim) else { return Ok(()) };
    let all = document.find("constants");
    let known: Vec<&str> = match all.map(|all| &all.kind) {
        Some(Kind::Map(entries)) => entries.iter().filter_map(|(key, _)| key.as_text()).collect(),
        _ => Vec::new(),
    };
    if known.contains(&name) {
        return Ok(());
    }
    let unknown = Diagnostic::error(format!("the scene has no constant `{name}` to be set"));
    Err(document.diagnostics().with(unknown.did_you_mean_text(name, &known, "constants")))
}

/// `groups.G.Model.a=1` as `groups.G.behaviours=[Model(a: 1)]`, if G has the model from a definition; likewise
/// `groups.G.receptors.NAME.gain=1`.
fn override_inherited(document: &Document, assignment: &str) -> Option<String> {
    let (path, value) = assignment.split_once('=')?;
    let steps: Vec<&str> = path.trim().split('.').map(str::trim).collect();
    let ["groups", group, steps @ ..] = &steps[..] else { return None };
    let own = document.find(&format!("groups.{group}"))?;
    match steps {
        ["receptors", name, field] => {
            let kind = inherited(document, own, &format!("receptors.{name}"))?.name()?;
            let addition = format!("{name:?}: {kind}({field}: {value})");
            Some(format!("groups.{group}.receptors={}", with_first(document, own.field("receptors"), &addition, "{}")))
        }
        ["behaviours", name, field] | [name, field] => {
            inherited(document, own, &format!("behaviours.{name}"))?;
            let addition = format!("{name}({field}: {value})");
            Some(format!(
                "groups.{group}.behaviours={}",
                with_first(document, own.field("behaviours"), &addition, "[]")
            ))
        }
        _ => None,
    }
}

/// What stands at `path` in the definitions that a group is like, the nearest first.
fn inherited<'d>(document: &'d Document, group: &Node, path: &str) -> Option<&'d Node> {
    let mut like = group.field("like")?.as_text()?;
    for _ in 0..LONGEST_CHAIN {
        let definition = document.find(&format!("definitions.{like}"))?;
        if let Some(found) = document.find(&format!("definitions.{like}.{path}")) {
            return Some(found);
        }
        like = definition.field("like")?.as_text()?;
    }
    None
}

/// A list or map with one more element; in front, since behind it could fall into a comment.
fn with_first(document: &Document, existing: Option<&Node>, addition: &str, brackets: &str) -> String {
    let text = existing.map_or(brackets, |node| document.slice(&node.span));
    let (open, rest) = text.split_at(1);
    let separator = if rest.trim_start() == &brackets[1..] { "" } else { ", " };
    format!("{open}{addition}{separator}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENE: &str = r#"(
        definitions: {
            "base": (behaviours: [Model(a: 1)]),
            "cell": (like: "base", receptors: {"r": Receptor(gain: 1)}),
        },
        groups: {
            "e": (like: "cell", size: 3),
            "i": (like: "cell", size: 2, behaviours: [Noise(sd: 1), // a comment
            ]),
        },
    )"#;

    fn after(assignment: &str, path: &str) -> String {
        let document = Document::parse("scene", SCENE).unwrap();
        let document = set(&document, assignment).unwrap_or_else(|faults| panic!("{faults}"));
        document.slice(&document.find(path).unwrap().span).to_owned()
    }

    #[test]
    fn what_a_group_inherits_is_overridden_in_the_group() {
        assert_eq!(after("groups.e.Model.a=2", "groups.e.behaviours"), "[Model(a: 2)]");
        assert_eq!(after("groups.i.behaviours.Model.a=2", "groups.i.behaviours.Model.a"), "2");
        assert_eq!(after("groups.i.Model.a=2", "groups.i.behaviours.Noise.sd"), "1");
        assert_eq!(after("groups.e.receptors.r.gain=-1", "groups.e.receptors.r.gain"), "-1");
        assert_eq!(after("groups.e.size=7", "groups.e.size"), "7");
        assert_eq!(after("definitions.base.Model.a=5", "definitions.base.behaviours.Model.a"), "5");
    }

    #[test]
    fn what_nobody_has_is_refused() {
        let document = Document::parse("scene", SCENE).unwrap();
        for wrong in ["groups.e.Modle.a=2", "groups.x.Model.a=2", "groups.e.receptors.q.gain=1"] {
            assert!(set(&document, wrong).is_err(), "{wrong}");
        }
        let scaled = Document::parse("scene", "(constants: {\"scale\": 1})").unwrap();
        assert!(set(&scaled, "constants.scale=2").is_ok());
        let error = set(&scaled, "constants.scal=2").unwrap_err().to_string();
        assert!(error.contains("no constant `scal`") && error.contains("`scale`"), "{error}");
    }
}

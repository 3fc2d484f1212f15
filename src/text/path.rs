//! Paths such as `groups."a.b".size`: their steps, and one step through the tree.

use std::marker::PhantomData;

use super::diagnostic::Diagnostic;
use super::syntax;
use super::tokens;
use super::tree::{Kind, Node, Span};

/// One step of a path and where it stands in the path's text.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) text: String,
    pub(super) span: Span,
}

/// Why a step leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Miss {
    Absent,
    /// So many values answer to the name.
    Ambiguous(usize),
}

/// The steps of `text` up to its end or to a `=` outside quotes, and where that is.
pub(super) fn steps(text: &str) -> Result<(Vec<Step>, usize), Diagnostic> {
    let mut steps = Vec::new();
    let mut at = 0;
    loop {
        let (step, end) = step_at(text, at)?;
        steps.push(step);
        match text.as_bytes().get(end) {
            Some(b'.') => at = end + 1,
            Some(b'=') | None => return Ok((steps, end)),
            Some(_) => {
                let expected = "expected `.` or `=` after a quoted step";
                return Err(Diagnostic::error(expected).at(end..end + 1));
            }
        }
    }
}

/// The step at `at`, and where the space behind it ends.
fn step_at(text: &str, at: usize) -> Result<(Step, usize), Diagnostic> {
    let rest = text.get(at..).unwrap_or_default();
    let start = at + rest.len() - rest.trim_start().len();
    let rest = rest.trim_start();
    let (name, length) = if rest.starts_with('"') {
        tokens::leading(rest, PhantomData::<String>).map_err(|error| syntax::explain(rest, &error).shifted(start))?
    } else {
        let length = rest.find(['.', '=']).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default().trim_end();
        (name.to_owned(), name.len())
    };
    if length == 0 {
        return Err(Diagnostic::error("a step of the path is empty").at(start..start));
    }
    let end = start + length;
    let behind = rest.get(length..).unwrap_or_default();
    let space = behind.len() - behind.trim_start().len();
    let span = start..end;
    Ok((Step { text: name, span }, end + space))
}

/// A name as a step of a path, in quotes where it needs them.
pub(super) fn written(name: &str) -> String {
    let plain = !name.is_empty() && name.trim() == name && !name.starts_with('"') && !name.contains(['.', '=']);
    if plain { name.to_owned() } else { format!("{name:?}") }
}

/// The value itself, without `Some(...)` around it.
pub(super) fn inside(mut node: &Node) -> &Node {
    while let Kind::Tuple { name: Some(name), items } = &node.kind
        && name.text == "Some"
        && let [only] = items.as_slice()
    {
        node = only;
    }
    node
}

/// One step from `node`, by the rules of `Document::find`.
pub(super) fn enter<'n>(text: &str, node: &'n Node, step: &str) -> Result<&'n Node, Miss> {
    let node = inside(node);
    match &node.kind {
        Kind::Struct { .. } => match node.field(step) {
            Some(value) => Ok(value),
            None => single(listed(node).filter(|item| answers_to(item, step))),
        },
        Kind::Map(entries) => {
            single(entries.iter().filter(|(key, _)| key_text(text, key) == step).map(|(_, value)| value))
        }
        Kind::List(items) => match element(items, step) {
            Some(item) => Ok(item),
            None => single(items.iter().filter(|item| answers_to(item, step))),
        },
        Kind::Tuple { items, .. } => element(items, step).ok_or(Miss::Absent),
        _ => Err(Miss::Absent),
    }
}

/// The names by which [`enter`] finds something, each once.
pub(super) fn known<'n>(text: &'n str, node: &'n Node) -> Vec<&'n str> {
    let node = inside(node);
    let mut names: Vec<&str> = match &node.kind {
        Kind::Struct { fields, .. } => {
            fields.iter().map(|field| field.name.text.as_str()).chain(listed(node).filter_map(own_name)).collect()
        }
        Kind::Map(entries) => entries.iter().map(|(key, _)| key_text(text, key)).collect(),
        Kind::List(items) => items.iter().filter_map(own_name).collect(),
        _ => Vec::new(),
    };
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

/// The elements of the lists that are fields of `node`.
fn listed(node: &Node) -> impl Iterator<Item = &Node> {
    node.fields().iter().flat_map(|field| match &field.value.kind {
        Kind::List(items) => items.as_slice(),
        _ => &[],
    })
}

fn element<'n>(items: &'n [Node], step: &str) -> Option<&'n Node> {
    items.get(step.parse::<usize>().ok()?)
}

fn answers_to(item: &Node, step: &str) -> bool {
    item.name() == Some(step) || item.field("name").and_then(Node::as_text) == Some(step)
}

fn own_name(item: &Node) -> Option<&str> {
    item.field("name").and_then(Node::as_text).or_else(|| item.name())
}

fn key_text<'n>(text: &'n str, key: &'n Node) -> &'n str {
    key.as_text().unwrap_or_else(|| text.get(key.span.clone()).unwrap_or_default())
}

fn single<'n>(mut found: impl Iterator<Item = &'n Node>) -> Result<&'n Node, Miss> {
    let first = found.next().ok_or(Miss::Absent)?;
    match found.count() {
        0 => Ok(first),
        more => Err(Miss::Ambiguous(more + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Document;

    fn scene() -> Document {
        let text = r#"(
            dt: 0.5, 
            groups: {"a.b": (size: 3, behaviours: [Lif(tau: 2), Quiet, Tap(1), Tap(2)]), 7: 1},
            synapses: [(name: "rec", weights: 4), (from: "x", weights: 5)],
            range: (1, 2), off: Some(Some(Stdp(a: 9))),
        )"#;
        Document::parse("t", text).unwrap()
    }

    #[test]
    fn every_kind_of_step_finds_its_value() {
        let scene = scene();
        for (path, value) in [
            ("dt", "0.5"),
            ("groups.\"a.b\".size", "3"),
            ("groups . \"a.b\" . size ", "3"),
            ("groups.7", "1"),
            ("groups.\"a.b\".behaviours.Lif.tau", "2"),
            ("groups.\"a.b\".Lif.tau", "2"),
            ("groups.\"a.b\".behaviours.Quiet", "Quiet"),
            ("groups.\"a.b\".behaviours.3", "Tap(2)"),
            ("groups.\"a.b\".behaviours.3.0", "2"),
            ("synapses.rec.weights", "4"),
            ("synapses.1.weights", "5"),
            ("range.1", "2"),
            ("off.a", "9"),
        ] {
            let found = scene.find(path).map(|node| scene.slice(&node.span));
            assert_eq!(found, Some(value), "{path}");
        }
    }

    #[test]
    fn wrong_and_ambiguous_paths_find_nothing() {
        let scene = scene();
        for path in [
            "",
            ".",
            "dt.",
            "dt.x",
            "nope",
            "synapses.2",
            "synapses.-1",
            "range.rec",
            "dt=3",
            "groups.\"a.b\".Tap",
            "groups.\"a.b",
            "groups.\"a.b\"size",
            "off.0",
        ] {
            assert!(scene.find(path).is_none(), "{path}");
        }
        let group = scene.find("groups.\"a.b\"").unwrap();
        assert_eq!(enter(scene.text(), group, "Tap").unwrap_err(), Miss::Ambiguous(2));
    }

    #[test]
    fn names_are_quoted_only_where_they_must_be() {
        assert_eq!(written("size"), "size");
        assert_eq!(written("a.b"), "\"a.b\"");
        assert_eq!(written("a=b"), "\"a=b\"");
        assert_eq!(written(""), "\"\"");
        let (steps, _) = steps(&written("tab\tand \"é\" ")).unwrap();
        assert_eq!(steps[0].text, "tab\tand \"é\" ");
    }

    #[test]
    fn known_names_come_once_each() {
        let scene = scene();
        let names = |path| known(scene.text(), scene.find(path).unwrap());
        assert_eq!(names("groups.\"a.b\""), ["size", "behaviours", "Lif", "Quiet", "Tap"]);
        assert_eq!(names("groups"), ["a.b", "7"]);
        assert_eq!(names("synapses"), ["rec"]);
        assert!(names("dt").is_empty());
    }
}

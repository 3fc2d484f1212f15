//! `path=value`: one change of a document's text. Where a new entry goes is `insert`'s business.

use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::Document;
use super::insert::insert;
use super::path::{self, Miss, Step};
use super::reader::{self, Identifier};
use super::syntax;
use super::tokens;
use super::tree::{Kind, Node};

/// A copy of `document` in which the value at a path is another: `assignment` is `path=value`
/// with a path as for [`Document::find`].
///
/// The value is RON and replaces the old one in place. Since shells eat quotes, it is put into
/// quotes
/// - where the old value is a text and the new one is not written as one:
///   `title=hello world`, `title=5`;
/// - where it is not RON, has a letter and does not begin with a bracket or quote, as an
///   expression does: `v=uniform(0, 1) * 2`.
///
/// Anything else is taken as it is: `v=uniform(0, 1)` is a tuple with a name, unless a text
/// stood there.
///
/// A field or map entry that does not exist is added, if only the last step is new; a bare
/// `Quiet` becomes `Quiet(x: 1)`. Comments around the value are dropped, those in the document
/// stay.
///
/// # Errors
/// About the assignment: no `=`, a step that leads nowhere or to several values, a value that is
/// neither RON nor like a text. About the new text: values nested too deep.
pub fn set(document: &Document, assignment: &str) -> Result<Document, Diagnostics> {
    match changed(document, assignment) {
        Ok(text) => Document::parse(document.name(), text),
        Err(errors) => {
            let mut diagnostics = Diagnostics::new("assignment", assignment);
            diagnostics.extend(errors);
            Err(diagnostics)
        }
    }
}

fn changed(document: &Document, assignment: &str) -> Result<String, Vec<Diagnostic>> {
    let (steps, equals) = path::steps(assignment).map_err(one)?;
    let Some((last, before)) = steps.split_last() else {
        return Err(one(no_value(assignment.len())));
    };
    let parent = walk(document, before, assignment).map_err(one)?;
    let old = match path::enter(document.text(), parent, &last.text) {
        Ok(node) => Some(node),
        Err(Miss::Absent) => None,
        Err(miss) => return Err(one(lost(document, parent, last, &miss, assignment))),
    };
    let value = value(assignment, equals, old)?;
    match old {
        Some(old) => Ok(replaced(document.text(), old, &value)),
        None => added(document, parent, last, &value, assignment).map_err(one),
    }
}

fn one(error: Diagnostic) -> Vec<Diagnostic> {
    vec![error]
}

fn walk<'d>(document: &'d Document, steps: &[Step], assignment: &str) -> Result<&'d Node, Diagnostic> {
    steps.iter().try_fold(document.root(), |node, step| {
        path::enter(document.text(), node, &step.text).map_err(|miss| lost(document, node, step, &miss, assignment))
    })
}

fn replaced(text: &str, old: &Node, value: &str) -> String {
    let before = text.get(..old.span.start).unwrap_or_default();
    let after = text.get(old.span.end..).unwrap_or_default();
    [before, value, after].concat()
}

/// The new value's text, in quotes if [`set`] says so.
fn value(assignment: &str, equals: usize, old: Option<&Node>) -> Result<String, Vec<Diagnostic>> {
    let Some(raw) = assignment.get(equals + 1..) else {
        return Err(one(no_value(assignment.len())));
    };
    let start = assignment.len() - raw.trim_start().len();
    let raw = raw.trim();
    let was_text = old.is_some_and(|node| node.as_text().is_some());
    match reader::read(raw) {
        Ok(node) if !was_text || node.as_text().is_some() => Ok(raw.get(node.span).unwrap_or_default().to_owned()),
        Ok(_) => quoted(raw).map_err(one),
        Err(_) if was_text || looks_like_text(raw) => quoted(raw).map_err(one),
        Err(_) if raw.is_empty() => Err(one(no_value(assignment.len()))),
        Err(errors) => Err(errors.into_iter().map(|error| error.shifted(start)).collect()),
    }
}

fn no_value(end: usize) -> Diagnostic {
    Diagnostic::error("expected `path=value`").at(end..end).label("no value here")
}

fn looks_like_text(raw: &str) -> bool {
    !raw.starts_with(['(', '[', '{', '"', '\'']) && raw.chars().any(char::is_alphabetic)
}

fn quoted(raw: &str) -> Result<String, Diagnostic> {
    ron::to_string(raw).map_err(|error| Diagnostic::error(syntax::in_words(&error)))
}

/// The text with a new entry in `parent`, if it can hold one of that name.
fn added(document: &Document, parent: &Node, step: &Step, value: &str, assignment: &str) -> Result<String, Diagnostic> {
    let parent = path::inside(parent);
    let name = match &parent.kind {
        Kind::Map(entries) => match entries.first() {
            Some((key, _)) if key.as_text().is_none() => step.text.clone(),
            _ => quoted(&step.text)?,
        },
        Kind::Name(name) if name == "None" => String::new(),
        Kind::Name(_) | Kind::Unit | Kind::Struct { .. } => field_name(step)?,
        _ => String::new(),
    };
    if name.is_empty() {
        return Err(lost(document, parent, step, &Miss::Absent, assignment));
    }
    let entry = format!("{name}: {value}");
    Ok(insert(document.text(), parent, &entry))
}

fn field_name(step: &Step) -> Result<String, Diagnostic> {
    match tokens::leading(&step.text, Identifier) {
        Ok((_, length)) if length == step.text.len() => Ok(step.text.clone()),
        _ => Err(Diagnostic::error(format!("`{}` cannot name a field", step.text))
            .at(step.span.clone())
            .label("letters, digits and `_`, please")),
    }
}

/// A step that leads nowhere: which, from where, and where it might have led.
fn lost(document: &Document, node: &Node, step: &Step, miss: &Miss, assignment: &str) -> Diagnostic {
    let node = path::inside(node);
    let from = assignment.get(..step.span.start).unwrap_or_default();
    let place = match from.trim_end().trim_end_matches('.').trim_end() {
        "" => "the document".to_owned(),
        path => format!("`{path}`"),
    };
    let name = &step.text;
    let error = match miss {
        Miss::Absent => Diagnostic::error(format!("there is no `{name}` in {place}")),
        Miss::Ambiguous(count) => Diagnostic::error(format!("`{name}` stands for {count} values in {place}")),
    };
    let error = error.at(step.span.clone()).label(format!("{place} is {}", described(node)));
    match (miss, &node.kind) {
        (Miss::Ambiguous(_), _) => error.help("step into the list and give an index, from 0"),
        (_, Kind::Struct { .. } | Kind::Map(_) | Kind::List(_)) => {
            let known = path::known(document.text(), node);
            error.propose(name, &known, "names", path::written)
        }
        _ => error,
    }
}

fn described(node: &Node) -> String {
    let words = node.kind_in_words();
    match &node.kind {
        Kind::List(items) | Kind::Tuple { items, .. } if items.len() == 1 => {
            format!("{words} of one element")
        }
        Kind::List(items) | Kind::Tuple { items, .. } => {
            format!("{words} of {} elements", items.len())
        }
        Kind::Name(name) => format!("the bare name `{name}`"),
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENE: &str = r#"(
    title: "Original",
    dt: 0.5,
    groups: {
        "a": (size: (25, 32), behaviours: [Lif(tau: 20, v: "1"), Quiet, Tap(1), Tap(2)]),
    }, // groups
    off: None,
)"#;

    /// The new text's line that differs from the old, and the value found at the path.
    fn changed_line(assignment: &str) -> (String, String) {
        let scene = Document::parse("t", SCENE).unwrap();
        let changed = set(&scene, assignment).unwrap_or_else(|error| panic!("{error}"));
        let path = assignment.split_once('=').unwrap().0;
        let value = changed.slice(&changed.find(path).unwrap().span).to_owned();
        let old: Vec<_> = SCENE.lines().collect();
        let lines: Vec<_> = changed.text().lines().filter(|line| !old.contains(line)).collect();
        (lines.join("\n").trim().to_owned(), value)
    }

    fn error(assignment: &str) -> String {
        let scene = Document::parse("t", SCENE).unwrap();
        set(&scene, assignment).unwrap_err().to_string()
    }

    #[test]
    fn values_are_replaced_in_place() {
        assert_eq!(changed_line("dt=0.1").0, "dt: 0.1,");
        assert_eq!(changed_line("off = Some( 1 ) // c").0, "off: Some( 1 ),");
        let (line, value) = changed_line("groups.a.behaviours.Lif.tau=5");
        assert!(line.contains("[Lif(tau: 5, v: \"1\"), Quiet"), "{line}");
        assert_eq!(value, "5");
        assert_eq!(changed_line("groups.a.behaviours.3.0=x").1, "x");
        assert_eq!(changed_line("groups.a.behaviours.1=Loud()").1, "Loud()");
    }

    #[test]
    fn texts_get_their_quotes_back() {
        assert_eq!(changed_line("title=hello world").1, "\"hello world\"");
        assert_eq!(changed_line("title=5").1, "\"5\"");
        assert_eq!(changed_line("title=").1, "\"\"");
        assert_eq!(changed_line("title=(").1, "\"(\"");
        assert_eq!(changed_line("title=say \"a=b\"").1, "\"say \\\"a=b\\\"\"");
        assert_eq!(changed_line("title=\"kept\"").1, "\"kept\"");
        assert_eq!(changed_line("title=r#\"kept\"#").1, "r#\"kept\"#");
        assert_eq!(changed_line("groups.a.Lif.v=uniform(0,-65)").1, "\"uniform(0,-65)\"");
        assert_eq!(changed_line("dt=2 * uniform(0, 1)").1, "\"2 * uniform(0, 1)\"");
        assert_eq!(changed_line("dt=uniform(0, 1)").1, "uniform(0, 1)");
    }

    #[test]
    fn new_entries_are_added() {
        assert_eq!(changed_line("seed=7").0, "seed: 7,");
        assert_eq!(changed_line("groups.b=(size: 3)").0, "\"b\": (size: 3),");
        assert_eq!(changed_line("groups.\"b.c\"=1").0, "\"b.c\": 1,");
        assert_eq!(changed_line("note=two words").0, "note: \"two words\",");
        let (line, _) = changed_line("groups.a.Lif.rest=-65");
        assert!(line.contains("Lif(tau: 20, v: \"1\", rest: -65), Quiet"), "{line}");
        let (line, _) = changed_line("groups.a.behaviours.Quiet.x=1");
        assert!(line.contains("Quiet(x: 1), Tap(1)"), "{line}");
    }

    #[test]
    fn keys_that_are_no_texts_get_no_quotes() {
        let scene = Document::parse("t", "{1: 2}").unwrap();
        assert_eq!(set(&scene, "3=4").unwrap().text(), "{1: 2, 3: 4}");
        let errors = set(&scene, "a b=4").unwrap_err();
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn a_wrong_step_is_named_with_what_is_there() {
        assert_eq!(
            error("grops.a.size=1"),
            "\
error: there is no `grops` in the document
 --> assignment:1:1
  |
1 | grops.a.size=1
  | ^^^^^ the document is a struct
  |
help: did you mean `groups`?
  |
1 | groups.a.size=1
  |    +"
        );
        assert_eq!(
            error("groups.a.behaviours.9.tau=1"),
            "\
error: there is no `9` in `groups.a.behaviours`
 --> assignment:1:21
  |
1 | groups.a.behaviours.9.tau=1
  |                     ^ `groups.a.behaviours` is a list of 4 elements
  |
  = note: the known names are `Lif`, `Quiet`, `Tap`"
        );
        assert!(error("dt.x=1").contains("`dt` is a number"));
        assert!(error("off.x=1").contains("`off` is the bare name `None`"));
        assert!(error("groups.a.Tap.0=1").contains("`Tap` stands for 2 values in `groups.a`"));
    }

    #[test]
    fn broken_assignments_are_marked_in_themselves() {
        assert!(error("dt").contains("expected `path=value`"));
        assert!(error("seed=").contains("no value here"));
        assert!(error("=5").contains("a step of the path is empty"));
        assert!(error("a b=5").contains("`a b` cannot name a field"));
        let broken = error("seed=(a: 1, b: @)");
        assert!(broken.contains("assignment:1:16") && broken.contains("found `@`"), "{broken}");
        let twice = error("seed=(a: 1, a: 2, b: 3, b: 4)");
        assert_eq!(twice.matches("is given twice").count(), 2, "{twice}");
    }
}

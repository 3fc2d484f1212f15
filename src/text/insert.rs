//! A new field or map entry in the text, laid out as its neighbours are.

use super::tokens;
use super::tree::{Kind, Node, Span};

/// `text` with `entry` (`name: value`) inside `parent`: behind the last entry, on a line of its
/// own if that one has one, with a trailing comma if that one has one. A bare name gets
/// parentheses. `parent` must be a name, unit, struct or map of `text`; any other is left alone.
pub(super) fn insert(text: &str, parent: &Node, entry: &str) -> String {
    let close = parent.span.end.saturating_sub(1);
    let additions = match &parent.kind {
        Kind::Name(_) => vec![(parent.span.end, format!("({entry})"))],
        Kind::Unit => vec![(close, entry.to_owned())],
        Kind::Struct { fields, .. } => match fields.last() {
            Some(last) => behind(text, last.name.span.start..last.value.span.end, entry),
            None => vec![(close, entry.to_owned())],
        },
        Kind::Map(entries) => match entries.last() {
            Some((key, value)) => behind(text, key.span.start..value.span.end, entry),
            None => vec![(close, entry.to_owned())],
        },
        _ => Vec::new(),
    };
    spliced(text, additions)
}

/// What to add, and where, to set `entry` behind the entry at `last`.
fn behind(text: &str, last: Span, entry: &str) -> Vec<(usize, String)> {
    let comma = behind_comma(text, last.end);
    let (anchor, has_comma) = (comma.unwrap_or(last.end), comma.is_some());
    match (own_indent(text, last.start), has_comma) {
        (None, true) => vec![(anchor, format!(" {entry},"))],
        (None, false) => vec![(anchor, format!(", {entry}"))],
        (Some(indent), has_comma) => {
            let at = end_of_line(text, anchor);
            let newline = newline(text);
            if has_comma {
                vec![(at, format!("{newline}{indent}{entry},"))]
            } else {
                let addition = format!("{newline}{indent}{entry}");
                vec![(last.end, ",".to_owned()), (at, addition)]
            }
        }
    }
}

/// The place behind the comma that follows at a place, space and comments aside, if one does.
pub(crate) fn behind_comma(text: &str, at: usize) -> Option<usize> {
    let after = text.get(at..)?;
    let space = tokens::trivia(after).unwrap_or(0);
    after.get(space..)?.starts_with(',').then_some(at + space + 1)
}

/// The white space before `at` if nothing else stands before it on its line, which must not be
/// the first of the text.
fn own_indent(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let line = before.get(before.rfind('\n')? + 1..)?;
    line.chars().all(char::is_whitespace).then_some(line)
}

/// The end of the line of `at` if only space or a line comment follows on it, else `at`: a block
/// comment may reach into the next line, and a bracket closes the parent.
fn end_of_line(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let tail = line.trim_start();
    if tail.is_empty() || tail.starts_with("//") { at + line.len() } else { at }
}

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// `text` with additions at ascending places.
fn spliced(text: &str, additions: Vec<(usize, String)>) -> String {
    let added: usize = additions.iter().map(|(_, addition)| addition.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut copied = 0;
    for (at, addition) in additions {
        result.push_str(text.get(copied..at).unwrap_or_default());
        result.push_str(&addition);
        copied = at;
    }
    result.push_str(text.get(copied..).unwrap_or_default());
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Document;

    fn inserted(text: &str) -> String {
        let document = Document::parse("t", text).unwrap();
        let result = insert(text, document.root(), "x: 1");
        let reparsed = Document::parse("t", result.as_str()).unwrap();
        let value = reparsed.find("x").map(|node| reparsed.slice(&node.span));
        assert_eq!(value, Some("1"), "{result}");
        result
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(inserted("(a: 2)"), "(a: 2, x: 1)");
        assert_eq!(inserted("(a: 2,)"), "(a: 2, x: 1,)");
        assert_eq!(inserted("(a: 2 /* , */ , )"), "(a: 2 /* , */ , x: 1, )");
        assert_eq!(inserted("(\n  a: 2, b: 3,\n)"), "(\n  a: 2, b: 3, x: 1,\n)");
    }

    #[test]
    fn empty_parents_are_filled() {
        assert_eq!(inserted("Quiet"), "Quiet(x: 1)");
        assert_eq!(inserted("Foo()"), "Foo(x: 1)");
        assert_eq!(inserted("()"), "(x: 1)");
        assert_eq!(inserted("{}"), "{x: 1}");
        assert_eq!(inserted("Foo( // none\n)"), "Foo( // none\nx: 1)");
    }

    #[test]
    fn many_lines_get_another() {
        assert_eq!(inserted("(\n  a: 2,\n)"), "(\n  a: 2,\n  x: 1,\n)");
        assert_eq!(inserted("(\n\ta: 2\n)"), "(\n\ta: 2,\n\tx: 1\n)");
        assert_eq!(inserted("(\r\n  a: 2,\r\n)"), "(\r\n  a: 2,\r\n  x: 1,\r\n)");
        assert_eq!(inserted("(\n  a: 2, // two\n  // end\n)"), "(\n  a: 2, // two\n  x: 1,\n  // end\n)");
        assert_eq!(inserted("(\n  a: 2 // two\n)"), "(\n  a: 2, // two\n  x: 1\n)");
        assert_eq!(inserted("(\n  a: 2, /* two\n lines */\n)"), "(\n  a: 2,\n  x: 1, /* two\n lines */\n)");
        assert_eq!(inserted("(\n  a: 2)"), "(\n  a: 2,\n  x: 1)");
    }
}

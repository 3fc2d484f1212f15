//! Values of Rust types from nodes: `ron` reads the node's own text, and errors come back with
//! their places in the document.

use std::marker::PhantomData;

use ron::error::{Error, SpannedError};
use serde::de::{DeserializeOwned, DeserializeSeed};

use super::diagnostic::Diagnostic;
use super::document::Document;
use super::syntax;
use super::tokens;
use super::tree::{Kind, Node, Span};

/// Reads `node`, a part of `document`, as a `T`.
///
/// Options may be written without `Some`, newtypes without parentheses.
///
/// # Errors
/// What `T` refused, at the smallest value that is to blame. Unknown fields and variants come
/// with the nearest known one.
pub fn read<T: DeserializeOwned>(document: &Document, node: &Node) -> Result<T, Diagnostic> {
    read_seed(document, node, PhantomData)
}

/// Reads `node` with a seed, for types that are known only at run time.
///
/// # Errors
/// As [`read`].
pub fn read_seed<'de, S: DeserializeSeed<'de>>(
    document: &'de Document,
    node: &Node,
    seed: S,
) -> Result<S::Value, Diagnostic> {
    let text = document.slice(&node.span);
    tokens::reading().from_str_seed(text, seed).map_err(|error| explain(document, node, &error))
}

fn explain(document: &Document, node: &Node, error: &SpannedError) -> Diagnostic {
    let read = syntax::span(document.slice(&node.span), error);
    let read = node.span.start + read.start..node.span.start + read.end;
    match &error.code {
        Error::NoSuchStructField { expected, found, .. } => {
            unknown("field", found).at(read).did_you_mean(found, expected, "fields")
        }
        Error::NoSuchEnumVariant { expected, found, .. } => {
            unknown("variant", found).at(read).did_you_mean(found, expected, "variants")
        }
        Error::MissingStructField { field, .. } => {
            let whole = composite_around(node, read.end);
            Diagnostic::error(format!("the field `{field}` is missing"))
                .at(edge_of(whole))
                .label(format!("needed in this {}", bare_kind(whole)))
        }
        Error::InvalidValueForType { expected, found } => {
            // `ron` has entered what it found to be no single value.
            let entered = ["a sequence", "a map"].contains(&found.as_str());
            let blamed = if entered { composite_around(node, read.end) } else { smallest_at(node, read.end) };
            wrong_kind(&format!("expected {expected}"), blamed)
        }
        code => {
            let blamed = smallest_at(node, read.end);
            match (&blamed.kind, code) {
                (Kind::Number(_), _) => wrong_number(code, document.slice(&blamed.span), blamed),
                _ => wrong_kind(&syntax::in_words(code), blamed),
            }
        }
    }
}

fn wrong_kind(message: &str, blamed: &Node) -> Diagnostic {
    Diagnostic::error(message).at(edge_of(blamed)).label(format!("this is {}", blamed.kind_in_words()))
}

/// A number that is none of the right sort.
fn wrong_number(error: &Error, written: &str, blamed: &Node) -> Diagnostic {
    let message = match error {
        // Of `2.5`, `ron` reads a whole number as far as there is one, and misses what should follow it.
        Error::TrailingCharacters
        | Error::ExpectedComma
        | Error::ExpectedArrayEnd
        | Error::ExpectedOptionEnd
        | Error::ExpectedStructLikeEnd
        | Error::InvalidIntegerDigit { .. }
        | Error::ExpectedInteger => {
            format!("expected a whole number, found `{written}`")
        }
        Error::IntegerOutOfBounds if written.starts_with('-') => format!("`{written}` is too small here"),
        Error::IntegerOutOfBounds => format!("`{written}` is too large here"),
        other => return wrong_kind(&syntax::in_words(other), blamed),
    };
    Diagnostic::error(message).at(edge_of(blamed))
}

fn unknown(what: &str, found: &str) -> Diagnostic {
    Diagnostic::error(format!("unknown {what} `{found}`"))
}

/// The deepest value that `ron` stood at or had just read when it stopped at `place`.
/// Of two that touch there, the one that begins: `ron` stops before what it cannot read.
fn smallest_at(node: &Node, place: usize) -> &Node {
    let touches = |child: &&Node| child.span.start <= place && place <= child.span.end;
    match node.children().filter(touches).last() {
        Some(child) => smallest_at(child, place),
        None => node,
    }
}

/// The deepest struct, tuple, list or map whose inside holds `place`.
fn composite_around(node: &Node, place: usize) -> &Node {
    let holds = |child: &&Node| child.span.start < place && place < child.span.end;
    match node.children().find(holds) {
        Some(child) if child.children().next().is_some() || child.name().is_some() => composite_around(child, place),
        _ => node,
    }
}

/// Where to point for a value: a name or a leaf as a whole, else the opening bracket, for a
/// caret under ten lines says less than one under the first.
fn edge_of(node: &Node) -> Span {
    match node.kind {
        Kind::List(_) | Kind::Map(_) | Kind::Tuple { name: None, .. } | Kind::Struct { name: None, .. } => {
            node.span.start..node.span.start + 1
        }
        _ => node.name_span(),
    }
}

fn bare_kind(node: &Node) -> &'static str {
    node.kind_in_words().trim_start_matches("a ")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Synapse {
        weight: f32,
        delay: Option<u8>,
        rule: Rule,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Rule {
        AllToAll,
        Random { chance: f64 },
        Wrapped(Inner),
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        depth: u8,
    }

    /// Message and marked text of the error of reading `text` within a longer document.
    fn error(text: &str) -> (String, String, Option<String>) {
        let document = Document::parse("t", format!("(\"µ\",\n {text})")).unwrap();
        let error = read::<Synapse>(&document, document.find("1").unwrap()).unwrap_err();
        let marked = document.slice(&error.span.unwrap()).to_owned();
        (error.message.into(), marked, error.help.map(|help| help.message))
    }

    fn pair(message: &str, marked: &str) -> (String, String, Option<String>) {
        (message.to_owned(), marked.to_owned(), None)
    }

    #[test]
    fn values_read_with_their_implied_forms() {
        let document = Document::parse(
            "t",
            "[(weight: 1, delay: 3, rule: Wrapped(depth: 2)), \
              (weight: 0.5, delay: Some(3), rule: Random(chance: 1))]",
        )
        .unwrap();
        let first: Synapse = read(&document, document.find("0").unwrap()).unwrap();
        assert_eq!(first.delay, Some(3));
        assert_eq!(first.rule, Rule::Wrapped(Inner { depth: 2 }));
        let second: Synapse = read(&document, document.find("1").unwrap()).unwrap();
        assert_eq!(second.rule, Rule::Random { chance: 1.0 });
        let exact = Document::parse("t", "18446744073709551615").unwrap();
        assert_eq!(read(&exact, exact.root()), Ok(u64::MAX));
    }

    #[test]
    fn wrong_values_are_marked_themselves() {
        assert_eq!(error("(weight: \"x\", rule: AllToAll)"), pair("expected a number", "\"x\""));
        assert_eq!(
            error("(weight: 1, delay: 2.5, rule: AllToAll)"),
            pair("expected a whole number, found `2.5`", "2.5")
        );
        assert_eq!(error("(weight: 1, delay: -1, rule: AllToAll)"), pair("`-1` is too small here", "-1"));
        let (message, marked, _) = error("(weight: 1, delay: 300, rule: AllToAll)");
        assert_eq!((message.as_str(), marked.as_str()), ("`300` is too large here", "300"));
        assert_eq!(error("(weight: [1], rule: AllToAll)"), pair("expected a number", "["));
    }

    #[test]
    fn missing_fields_are_asked_of_the_struct_that_needs_them() {
        assert_eq!(error("(weight: 1, rule: Random())"), pair("the field `chance` is missing", "Random"));
        assert_eq!(error("(rule: AllToAll, delay: 3)"), pair("the field `weight` is missing", "("));
    }

    #[test]
    fn unknown_names_come_with_the_nearest() {
        let (message, marked, help) = error("(wieght: 1, rule: AllToAll)");
        assert_eq!((message.as_str(), marked.as_str()), ("unknown field `wieght`", "wieght"));
        assert_eq!(help.as_deref(), Some("did you mean `weight`?"));
        let (message, marked, help) = error("(weight: 1, rule: AltoAll)");
        assert_eq!((message.as_str(), marked.as_str()), ("unknown variant `AltoAll`", "AltoAll"));
        assert_eq!(help.as_deref(), Some("did you mean `AllToAll`?"));
    }
}

//! Reading the parts of a scene's tree: fields by name, with what is wrong noted and reading going on.

use bevy_reflect::TypeRegistry;
use serde::de::DeserializeOwned;

use crate::{
    network::Behaviours,
    text::{self, Diagnostic, Diagnostics, Document, Kind, Node},
    value::Value,
};

/// What reading a scene needs, and what it found wrong so far.
pub(super) struct Reader<'a> {
    pub document: &'a Document,
    pub behaviours: &'a Behaviours,
    pub types: &'a TypeRegistry,
    /// The constants of the scene.
    pub constants: Vec<(String, f64)>,
    pub found: Diagnostics,
}

impl<'a> Reader<'a> {
    pub fn note(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Notes that something else was expected at a node.
    pub fn expected(&mut self, what: &str, node: &Node) {
        let message = format!("expected {what}, found {}", node.kind_in_words());
        self.note(Diagnostic::error(message).at(node.span.clone()));
    }

    /// The entries of a map from names, `{"name": …}`.
    pub fn entries(&mut self, node: Option<&'a Node>, what: &str) -> Vec<(&'a str, &'a Node, &'a Node)> {
        let Some(node) = node else { return Vec::new() };
        let Kind::Map(entries) = &node.kind else {
            self.expected(&format!("{what}, written `{{\"name\": …}}`"), node);
            return Vec::new();
        };
        let mut named = Vec::new();
        for (key, value) in entries {
            match key.as_text() {
                Some(name) => named.push((name, key, value)),
                None => self.expected("a name in quotes", key),
            }
        }
        named
    }

    /// The elements of a list.
    pub fn elements(&mut self, node: Option<&'a Node>, what: &str) -> &'a [Node] {
        match node.map(|node| (node, &node.kind)) {
            None => &[],
            Some((_, Kind::List(elements))) => elements,
            Some((node, _)) => {
                self.expected(&format!("{what}, written `[…]`"), node);
                &[]
            }
        }
    }

    /// The value of a field, or the default if it is left out or wrong.
    pub fn value<T: DeserializeOwned>(&mut self, node: Option<&Node>, default: T) -> T {
        let Some(node) = node else { return default };
        match text::read(self.document, node).or_else(|wrong| self.number(node, wrong)) {
            Ok(value) => value,
            Err(wrong) => {
                self.note(wrong);
                default
            }
        }
    }

    /// A list of words; one alone needs no brackets.
    pub fn words(&mut self, node: Option<&Node>) -> Vec<String> {
        match node.map(|node| &node.kind) {
            Some(Kind::Text(word)) => vec![word.clone()],
            _ => self.value(node, Vec::new()),
        }
    }

    /// A value: a number, or a text with an expression.
    pub fn number_or_text(&mut self, node: Option<&Node>, default: Value) -> Value {
        self.value(node, default)
    }
}

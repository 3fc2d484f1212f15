//! Reading the parts of a scene's tree: fields by name, with what is wrong noted and reading going on.

use std::collections::BTreeMap;

use bevy_reflect::TypeRegistry;
use serde::de::DeserializeOwned;

use super::model::Spans;
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

/// The fields of a struct in a scene, each of a known name.
pub(super) struct Fields<'a>(BTreeMap<&'a str, &'a Node>);

impl<'a> Fields<'a> {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        self.0.get(name).copied()
    }

    /// Where the fields' values stand.
    pub fn spans(&self) -> Spans {
        Spans(self.0.iter().map(|(&name, node)| (name.to_owned(), node.span.clone())).collect())
    }
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

    /// The fields of `node`, which must be a struct without a name and have no others than `known`.
    pub fn fields(&mut self, node: &'a Node, what: &str, known: &[&str]) -> Fields<'a> {
        match &node.kind {
            Kind::Struct { name: None, .. } | Kind::Unit => {}
            Kind::Struct { name: Some(word), .. } => {
                let message = format!("{what} is written without a name, `({}: …)`", known[0]);
                self.note(Diagnostic::error(message).at(word.span.clone()));
            }
            _ => self.expected(&format!("{what}, written `({}: …)`", known[0]), node),
        }
        for field in node.fields() {
            let name = field.name.text.as_str();
            if !known.contains(&name) {
                let message = format!("{what} has no field `{name}`");
                let unknown = Diagnostic::error(message).at(field.name.span.clone());
                self.note(unknown.did_you_mean(name, known, "fields"));
            }
        }
        Fields(node.fields().iter().map(|field| (field.name.text.as_str(), &field.value)).collect())
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

    /// A word that must be there.
    pub fn required_word(&mut self, fields: &Fields<'_>, name: &str, of: &Node, what: &str) -> String {
        match fields.get(name) {
            Some(node) => self.value(Some(node), String::new()),
            None => {
                let message = format!("{what} needs the field `{name}`");
                self.note(Diagnostic::error(message).at(of.span.clone()));
                String::new()
            }
        }
    }
}

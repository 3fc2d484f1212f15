//! Where things stand in a scene's text.

use std::collections::BTreeMap;

use crate::text::{Node, Span};

/// Where fields stand in a scene's text, by name; empty for a scene built in code.
#[derive(Clone, Debug, Default)]
pub struct Spans(pub(super) BTreeMap<String, Span>);

impl Spans {
    /// The places of the values of a node's fields.
    pub(super) fn of(node: &Node) -> Self {
        Self(node.fields().iter().map(|field| (field.name.text.clone(), field.value.span.clone())).collect())
    }

    /// The place of a field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<Span> {
        self.0.get(field).cloned()
    }

    /// The place of a field, or of the whole where it has none.
    #[must_use]
    pub fn near(&self, field: &str) -> Option<Span> {
        self.get(field).or_else(|| self.get(""))
    }

    /// The field under which the place of a name stands, of a map such as `draws`.
    #[must_use]
    pub fn name_of(map: &str, name: &str) -> String {
        format!("{map}.{name}: name")
    }

    /// Sets the place of the whole, which has the name `""`.
    #[must_use]
    pub(super) fn with_own(mut self, span: Span) -> Self {
        self.0.insert(String::new(), span);
        self
    }

    /// Adds the places of other fields; those take precedence.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend(others.0.iter().map(|(name, span)| (name.clone(), span.clone())));
    }
}

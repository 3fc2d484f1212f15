//! The fields of a scene, of its groups and its other parts: declared once, so that what is read, what a message names and what
//! is listed is the same. What the fields mean is for the readers of each part to say.

use super::reader::Reader;
use crate::text::{Diagnostic, Kind, Node};

/// A field of a part of a scene, as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldForm {
    /// Its name.
    pub name: &'static str,
    /// What may be written.
    pub takes: &'static str,
    /// What it is without being written; empty if it must be, or if nothing is.
    pub default: &'static str,
    /// What it is.
    pub docs: &'static str,
}

/// A part of a scene that is written as `(field: …)`: the nodes of its fields.
pub(super) trait Form<'a>: Sized {
    /// Under which it is listed.
    const NAME: &'static str;
    /// What it is.
    const DOCS: &'static str;
    /// Its fields, in the order in which they are usually written.
    const FIELDS: &'static [FieldForm];

    /// What was found.
    fn of(get: impl Fn(&str) -> Option<&'a Node>) -> Self;
}

/// Declares a part of a scene: its name, its fields, what they take and their defaults.
macro_rules! form {
    ($(#[doc = $docs:literal])+ $name:literal as $form:ident {
        $($(#[doc = $field_docs:literal])+ $field:ident: $takes:literal $(= $default:literal)?,)+
    }) => {
        $(#[doc = $docs])+
        pub(super) struct $form<'a> {
            $($(#[doc = $field_docs])+ pub $field: Option<&'a crate::text::Node>,)+
        }

        impl<'a> $crate::scene::form::Form<'a> for $form<'a> {
            const NAME: &'static str = $name;
            const DOCS: &'static str = concat!($($docs),+);
            const FIELDS: &'static [$crate::scene::form::FieldForm] = &[$($crate::scene::form::FieldForm {
                name: stringify!($field),
                takes: $takes,
                default: concat!("", $($default)?),
                docs: concat!($($field_docs),+),
            }),+];

            fn of(get: impl Fn(&str) -> Option<&'a crate::text::Node>) -> Self {
                Self { $($field: get(stringify!($field)),)+ }
            }
        }
    };
}
pub(super) use form;

impl<'a> Reader<'a> {
    /// The fields of `node`, which must be a struct without a name and have no others than those of the form.
    pub fn form<F: Form<'a>>(&mut self, node: &'a Node, what: &str) -> F {
        let first = F::FIELDS[0].name;
        match &node.kind {
            Kind::Struct { name: None, .. } | Kind::Unit => {}
            Kind::Struct { name: Some(word), .. } => {
                let message = format!("{what} is written without a name, `({first}: …)`");
                self.note(Diagnostic::error(message).at(word.span.clone()));
            }
            _ => self.expected(&format!("{what}, written `({first}: …)`"), node),
        }
        for field in node.fields() {
            let name = field.name.text.as_str();
            if F::FIELDS.iter().all(|known| known.name != name) {
                let known: Vec<&str> = F::FIELDS.iter().map(|field| field.name).collect();
                let unknown = Diagnostic::error(format!("{what} has no field `{name}`")).at(field.name.span.clone());
                self.note(unknown.did_you_mean(name, &known, "fields"));
            }
        }
        F::of(|name| node.field(name))
    }

    /// A word that a field must have.
    pub fn required_word(&mut self, (name, field): (&str, Option<&Node>), of: &Node, what: &str) -> String {
        match field {
            Some(node) => self.value(Some(node), String::new()),
            None => {
                let message = format!("{what} needs the field `{name}`");
                self.note(Diagnostic::error(message).at(of.span.clone()));
                String::new()
            }
        }
    }
}

//! The tree of a scene text: what was written, and where.
//! The reader builds it, the document owns it; meaning is given elsewhere.

use std::ops::Range;

/// A range of bytes in a document's text.
pub type Span = Range<usize>;

/// One value and the bytes it was read from, without surrounding space and comments.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value stands.
    pub span: Span,
    /// What the value is.
    pub kind: Kind,
}

/// The forms a value can take.
///
/// Parentheses are told apart by what they hold: `(a: 1)` is a struct, `(1, 2)` a tuple,
/// `()` a unit and `Foo()` a struct without fields. `Some(x)` is a tuple named `Some`.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `1`, `-5_000`, `1e-3`, `0xFF`, `inf`, `b'a'`. Integers beyond 2^53 are rounded here;
    /// [`read`](crate::text::read) them as `u64` or `i64` to keep every digit.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// `"text"` or `r#"raw text"#`, without quotes and with escapes resolved.
    Text(String),
    /// `'c'`.
    Char(char),
    /// `b"bytes"`; [`read`](crate::text::read) them from the span.
    Bytes,
    /// `0..10`, `0..=9`, `..3`, `..`; [`read`](crate::text::read) it from the span.
    Range,
    /// `()`.
    Unit,
    /// A bare name such as `Quiet` or `None`.
    Name(String),
    /// `[1, 2]`.
    List(Vec<Node>),
    /// `(1, 2)`, `Some(1)`, `Foo(1, 2)`; without a name, never empty.
    Tuple {
        /// The name before the parenthesis.
        name: Option<Word>,
        /// The values, in order.
        items: Vec<Node>,
    },
    /// `(a: 1)`, `Foo(a: 1)`, `Foo()`; without a name, never empty.
    Struct {
        /// The name before the parenthesis.
        name: Option<Word>,
        /// The fields, in order; their names are unique.
        fields: Vec<Field>,
    },
    /// `{"a": 1}`: keys and values in order; the keys are unique.
    Map(Vec<(Node, Node)>),
}

/// An identifier and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The identifier, without a leading `r#`.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// One `name: value` of a struct.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The field's name.
    pub name: Word,
    /// The field's value.
    pub value: Node,
}

impl Node {
    /// What the value is, for messages: "a number", "a list".
    pub fn kind_in_words(&self) -> &'static str {
        match &self.kind {
            Kind::Number(_) => "a number",
            Kind::Bool(_) => "a truth value",
            Kind::Text(_) => "a text",
            Kind::Char(_) => "a character",
            Kind::Bytes => "a byte string",
            Kind::Range => "a range",
            Kind::Unit => "an empty pair of parentheses",
            Kind::Name(_) => "a bare name",
            Kind::List(_) => "a list",
            Kind::Tuple { .. } => "a tuple",
            Kind::Struct { .. } => "a struct",
            Kind::Map(_) => "a map",
        }
    }

    /// The name in front of a struct or tuple, or the bare name itself.
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Name(name) => Some(name),
            Kind::Tuple { name, .. } | Kind::Struct { name, .. } => Some(&name.as_ref()?.text),
            _ => None,
        }
    }

    /// The bytes of [`Node::name`], or of the whole value if it has none.
    pub fn name_span(&self) -> Span {
        match &self.kind {
            Kind::Tuple { name, .. } | Kind::Struct { name, .. } => {
                name.as_ref().map_or(&self.span, |word| &word.span).clone()
            }
            _ => self.span.clone(),
        }
    }

    /// The value of a struct's field.
    pub fn field(&self, name: &str) -> Option<&Node> {
        self.fields().iter().find(|field| field.name.text == name).map(|field| &field.value)
    }

    /// The fields of a struct; empty for any other kind.
    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            Kind::Struct { fields, .. } => fields,
            _ => &[],
        }
    }

    /// The text of a string; nothing for any other kind.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values directly inside this one, in order: elements, field values, keys and values.
    pub fn children(&self) -> impl Iterator<Item = &Node> {
        let (items, fields, entries) = match &self.kind {
            Kind::List(items) | Kind::Tuple { items, .. } => (&items[..], &[][..], &[][..]),
            Kind::Struct { fields, .. } => (&[][..], &fields[..], &[][..]),
            Kind::Map(entries) => (&[][..], &[][..], &entries[..]),
            _ => (&[][..], &[][..], &[][..]),
        };
        let entries = entries.iter().flat_map(|(key, value)| [key, value]);
        items.iter().chain(fields.iter().map(|field| &field.value)).chain(entries)
    }
}

#[cfg(test)]
mod tests {
    use crate::text::Document;

    #[test]
    fn every_kind_has_words_and_only_named_ones_a_name() {
        let cases = [
            ("1", "a number", None),
            ("true", "a truth value", None),
            ("\"a\"", "a text", None),
            ("'a'", "a character", None),
            ("b\"a\"", "a byte string", None),
            ("0..2", "a range", None),
            ("()", "an empty pair of parentheses", None),
            ("Quiet", "a bare name", Some("Quiet")),
            ("[1]", "a list", None),
            ("(1, 2)", "a tuple", None),
            ("Some(1)", "a tuple", Some("Some")),
            ("(a: 1)", "a struct", None),
            ("Foo()", "a struct", Some("Foo")),
            ("{}", "a map", None),
        ];
        for (text, words, name) in cases {
            let document = Document::parse("t", text).unwrap();
            assert_eq!(document.root().kind_in_words(), words, "{text}");
            assert_eq!(document.root().name(), name, "{text}");
        }
    }

    #[test]
    fn children_come_in_order_of_the_text() {
        let document = Document::parse("t", "(a: 1, b: {2: 3}, c: [4])").unwrap();
        let slices: Vec<_> = document.root().children().map(|child| document.slice(&child.span)).collect();
        assert_eq!(slices, ["1", "{2: 3}", "[4]"]);
        let map = document.find("b").unwrap();
        assert_eq!(map.children().count(), 2);
    }
}

//! Valid RON to a tree with positions.
//!
//! `ron` is the lexer: it finds the end of every space, comment, identifier, text and number, so
//! that there is one opinion about each. Only the brackets are followed here. (`ron2` 0.3 has a
//! tree with positions, but refuses ranges and byte literals and has rested since January 2026;
//! `ron-edit` 0.2 speaks RON 0.8.)

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use ron::error::SpannedError;
use ron::value::Value;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, Visitor};

use super::diagnostic::Diagnostic;
use super::syntax;
use super::tokens::{self, DEPTH};
use super::tree::{Field, Kind, Node, Span, Word};

/// The tree of `text`, or everything that is wrong with it: one syntax error, else every
/// field and key that is given twice.
pub(super) fn read(text: &str) -> Result<Node, Vec<Diagnostic>> {
    syntax::check(text).map_err(|error| vec![error])?;
    let mut reader = Reader { text, at: 0, depth: 0, repeated: Vec::new() };
    let root = reader.document().map_err(|error| vec![error])?;
    if reader.repeated.is_empty() { Ok(root) } else { Err(reader.repeated) }
}

type Step<T> = Result<T, Diagnostic>;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    repeated: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Step<Node> {
        self.skip_trivia()?;
        let root = self.value()?;
        self.skip_trivia()?;
        if self.rest().is_empty() { Ok(root) } else { Err(self.stray("unexpected text after the value")) }
    }

    fn value(&mut self) -> Step<Node> {
        let start = self.at;
        let kind = match self.lead() {
            Lead::Parenthesis => self.parenthesised(None)?,
            Lead::Bracket => Kind::List(self.bracketed(']', Self::value)?),
            Lead::Brace => self.map()?,
            Lead::Quote => Kind::Text(self.leaf(PhantomData)?),
            Lead::Apostrophe => Kind::Char(self.leaf(PhantomData)?),
            Lead::Bytes => self.leaf(PhantomData::<IgnoredAny>).map(|_| Kind::Bytes)?,
            Lead::Digit => self.number()?,
            Lead::Letter => self.worded()?,
        };
        Ok(Node { span: start..self.at, kind })
    }

    /// A number or a range; `ron` makes a map of a range, and a unit of `..`.
    fn number(&mut self) -> Step<Kind> {
        Ok(match self.leaf(PhantomData::<Value>)? {
            Value::Number(number) => Kind::Number(number.into_f64()),
            _ => Kind::Range,
        })
    }

    /// A truth value, a number in letters, a bare name, or a name before parentheses.
    fn worded(&mut self) -> Step<Kind> {
        let start = self.at;
        let word = self.word()?;
        match self.text.get(word.span.clone()).unwrap_or_default() {
            "true" => return Ok(Kind::Bool(true)),
            "false" => return Ok(Kind::Bool(false)),
            word if NUMBERS_IN_LETTERS.contains(&word) => {
                self.at = start;
                return self.number();
            }
            _ => {}
        }
        let end = self.at;
        self.skip_trivia()?;
        if self.rest().starts_with('(') {
            return self.parenthesised(Some(word));
        }
        self.at = end;
        Ok(Kind::Name(word.text))
    }

    /// What stands in parentheses: a struct if it begins with `name:`, else a tuple.
    fn parenthesised(&mut self, name: Option<Word>) -> Step<Kind> {
        if self.begins_a_struct()? {
            let fields = self.bracketed(')', Self::field)?;
            self.note_repeated_fields(&fields);
            return Ok(Kind::Struct { name, fields });
        }
        let items = self.bracketed(')', Self::value)?;
        Ok(match name {
            None if items.is_empty() => Kind::Unit,
            Some(_) if items.is_empty() => Kind::Struct { name, fields: Vec::new() },
            _ => Kind::Tuple { name, items },
        })
    }

    fn begins_a_struct(&mut self) -> Step<bool> {
        let start = self.at;
        self.at += 1;
        self.skip_trivia()?;
        let mut found = false;
        // Not `word`: `()` fails here, and an error in full costs a walk through the text.
        if let Ok((_, length)) = tokens::leading(self.rest(), Identifier) {
            self.at += length;
            self.skip_trivia()?;
            found = self.rest().starts_with(':');
        }
        self.at = start;
        Ok(found)
    }

    fn field(&mut self) -> Step<Field> {
        let name = self.word()?;
        self.colon()?;
        let value = self.value()?;
        Ok(Field { name, value })
    }

    fn map(&mut self) -> Step<Kind> {
        let entries = self.bracketed('}', |reader| {
            let key = reader.value()?;
            reader.colon()?;
            Ok((key, reader.value()?))
        })?;
        self.note_repeated_keys(&entries);
        Ok(Kind::Map(entries))
    }

    /// The items between the bracket that stands here and `close`, with commas between them.
    fn bracketed<T>(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Step<T>) -> Step<Vec<T>> {
        if self.depth == DEPTH {
            return Err(self.stray(&syntax::too_deep()));
        }
        self.depth += 1;
        self.at += 1;
        let mut items = Vec::new();
        self.skip_trivia()?;
        while !self.take(close) {
            items.push(item(self)?);
            self.skip_trivia()?;
            if !self.take(',') && !self.rest().starts_with(close) {
                return Err(self.stray("expected a comma or a closing bracket"));
            }
            self.skip_trivia()?;
        }
        self.depth -= 1;
        Ok(items)
    }

    fn colon(&mut self) -> Step<()> {
        self.skip_trivia()?;
        if !self.take(':') {
            return Err(self.stray("expected a colon"));
        }
        self.skip_trivia()
    }

    fn word(&mut self) -> Step<Word> {
        let start = self.at;
        let text = self.leaf(Identifier)?;
        Ok(Word { text, span: start..self.at })
    }

    fn leaf<S: DeserializeSeed<'t>>(&mut self, seed: S) -> Step<S::Value> {
        let (value, length) = tokens::leading(self.rest(), seed).map_err(|error| self.refusal(self.at, &error))?;
        self.at += length;
        Ok(value)
    }

    fn skip_trivia(&mut self) -> Step<()> {
        self.at += tokens::trivia(self.rest()).map_err(|error| self.refusal(self.at, &error))?;
        Ok(())
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn lead(&self) -> Lead {
        Lead::of(self.rest())
    }

    /// `ron` accepted the whole and refuses a part: an error all the same.
    fn refusal(&self, start: usize, error: &SpannedError) -> Diagnostic {
        let rest = self.text.get(start..).unwrap_or_default();
        syntax::explain(rest, error).shifted(start)
    }

    fn stray(&self, message: &str) -> Diagnostic {
        Diagnostic::error(message).at(self.at..self.at + 1)
    }

    fn note_repeated_fields(&mut self, fields: &[Field]) {
        let names = fields.iter().map(|field| (field.name.text.as_str(), &field.name.span));
        note_repeated(&mut self.repeated, "field", names);
    }

    fn note_repeated_keys(&mut self, entries: &[(Node, Node)]) {
        let written = |key: &Node| self.text.get(key.span.clone()).unwrap_or_default();
        let keys = entries.iter().map(|(key, _)| (key.as_text().unwrap_or_else(|| written(key)), &key.span));
        note_repeated(&mut self.repeated, "key", keys);
    }
}

fn note_repeated<'a>(repeated: &mut Vec<Diagnostic>, what: &str, names: impl Iterator<Item = (&'a str, &'a Span)>) {
    let mut seen = HashMap::new();
    for (name, span) in names {
        match seen.entry(name) {
            Entry::Vacant(first) => {
                first.insert(span);
            }
            Entry::Occupied(first) => repeated.push(
                Diagnostic::error(format!("the {what} `{name}` is given twice"))
                    .at(span.clone())
                    .label("again here")
                    .also((*first.get()).clone(), "first given here"),
            ),
        }
    }
}

/// Words that `ron` reads as numbers.
const NUMBERS_IN_LETTERS: [&str; 6] = ["inf", "inff32", "inff64", "NaN", "NaNf32", "NaNf64"];

/// Whether `text` is a range that begins with a word, such as `inf..=inf`.
fn begins_a_range(text: &str) -> bool {
    let ranges = |word| text.strip_prefix(word).is_some_and(|rest| rest.starts_with(".."));
    NUMBERS_IN_LETTERS.into_iter().any(ranges)
}

/// What the first characters of a value promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Parenthesis,
    Bracket,
    Brace,
    Quote,
    Apostrophe,
    Bytes,
    Digit,
    /// A name, or nothing that can begin a value.
    Letter,
}

impl Lead {
    /// The prefixes `b` and `r` make texts, bytes and numbers of what looks like a name.
    fn of(text: &str) -> Self {
        match text.as_bytes() {
            [b'(', ..] => Self::Parenthesis,
            [b'[', ..] => Self::Bracket,
            [b'{', ..] => Self::Brace,
            [b'"', ..] | [b'r', b'"', ..] | [b'r', b'#', b'"' | b'#', ..] => Self::Quote,
            [b'\'', ..] => Self::Apostrophe,
            [b'b', b'"', ..] | [b'b', b'r', b'"' | b'#', ..] => Self::Bytes,
            [b'0'..=b'9' | b'+' | b'-' | b'.', ..] | [b'b', b'\'', ..] => Self::Digit,
            [b'i' | b'N', ..] if begins_a_range(text) => Self::Digit,
            _ => Self::Letter,
        }
    }
}

/// Asks `ron` for an identifier.
pub(super) struct Identifier;

impl<'de> DeserializeSeed<'de> for Identifier {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Identifier {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an identifier")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<String, E> {
        if word.is_empty() {
            return Err(E::custom("expected an identifier"));
        }
        Ok(word.to_owned())
    }
}

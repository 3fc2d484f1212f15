//! The `ron` crate as the judge: which texts are valid, and what an error means.
//! The tree's shape is none of its business; that is `reader`.

use ron::error::{Error, Position, SpannedError};
use serde::de::IgnoredAny;

use super::brackets;
use super::diagnostic::Diagnostic;
use super::tokens::{DEPTH, judging};
use super::tree::Span;
use super::units;

/// Whether `text` is valid RON; if not, where it stops to be and why.
///
/// The depth is looked at first: `ron` reads the rest of the text once for every nested `Some(`,
/// and 100 000 of them took more than a minute (unoptimised).
pub(super) fn check(text: &str) -> Result<(), Diagnostic> {
    if text.trim().is_empty() {
        return Err(Diagnostic::error("the text is empty").at(0..0));
    }
    if let Some(bracket) = brackets::too_deep(text, DEPTH) {
        return Err(Diagnostic::error(too_deep()).at(bracket));
    }
    match judging().from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(explain(text, &error)),
    }
}

/// Where `position` stands in `text`. `ron` counts lines and characters from one.
fn offset(text: &str, position: Position) -> usize {
    let line: usize = text.split_inclusive('\n').take(position.line.saturating_sub(1)).map(str::len).sum();
    let column: usize =
        text.get(line..).unwrap_or_default().chars().take(position.col.saturating_sub(1)).map(char::len_utf8).sum();
    line + column
}

/// The bytes between which `ron` met the error; the end is where it stopped.
pub(super) fn span(text: &str, error: &SpannedError) -> Span {
    let start = offset(text, error.span.start);
    start..offset(text, error.span.end).max(start)
}

/// A syntax error at its place in `text`, with the bracket that is to blame if one is.
pub(super) fn explain(text: &str, error: &SpannedError) -> Diagnostic {
    let read = span(text, error);
    let place = if spans_its_subject(&error.code) {
        read
    } else {
        let stop = read.end;
        stop..text.ceil_char_boundary((stop + 1).min(text.len()))
    };
    let unit = units::leading_unit(text.get(place.start..).unwrap_or_default());
    let unit = unit.filter(|_| matches!(error.code, Error::ExpectedComma) && follows_a_number(text, place.start));
    let diagnostic = match unit {
        Some(unit) => Diagnostic::error(units::not_written(unit)).at(place.start..place.start + unit.len()),
        None => Diagnostic::error(in_words(&error.code)).at(place),
    };
    match brackets::unclosed(text) {
        Some(bracket) => diagnostic.also(bracket, "this bracket is never closed"),
        None => diagnostic,
    }
}

/// Whether what stands before a place is a number, or may be the end of one.
fn follows_a_number(text: &str, place: usize) -> bool {
    let before = text.get(..place).unwrap_or_default().trim_end();
    before.ends_with(|c: char| c.is_ascii_digit() || c == '.')
}

/// The message about a text that is nested more than [`DEPTH`] deep.
pub(super) fn too_deep() -> String {
    format!("values are nested more than {DEPTH} deep")
}

/// Whether `ron`'s span covers what is wrong. Otherwise it starts at some earlier token, and only
/// its end is of use.
fn spans_its_subject(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidEscape(_)
            | Error::ExpectedStringEnd
            | Error::ExpectedChar
            | Error::UnclosedBlockComment
            | Error::ExpectedInteger
            | Error::IntegerOutOfBounds
            | Error::InvalidIntegerDigit { .. }
    )
}

/// `ron`'s message in the tone of the others: lower case, no advice about its own settings.
pub(super) fn in_words(error: &Error) -> String {
    let message = match error {
        Error::Eof => "the text ends too early".to_owned(),
        Error::ExpectedComma => "expected a comma or a closing bracket".to_owned(),
        Error::ExpectedMapColon => "expected a colon".to_owned(),
        Error::ExpectedStringEnd => "this text has no closing quote".to_owned(),
        Error::UnclosedBlockComment => "this comment is never closed".to_owned(),
        Error::TrailingCharacters => "unexpected text after the value".to_owned(),
        Error::ExpectedFloat => "expected a number".to_owned(),
        Error::ExpectedInteger => "expected a whole number".to_owned(),
        Error::ExpectedBoolean => "expected `true` or `false`".to_owned(),
        Error::ExpectedString => "expected a text in quotes".to_owned(),
        Error::ExpectedArray => "expected a list, written `[…]`".to_owned(),
        Error::UnexpectedChar(found) => format!("expected a value, found `{found}`"),
        Error::SuggestRawIdentifier(found) => format!("`{found}` is no identifier"),
        Error::ExceededRecursionLimit => too_deep(),
        Error::InvalidValueForType { expected, found } => {
            format!("expected {expected}, found {found}")
        }
        other => other.to_string(),
    };
    let message = message.split(" (stack:").next().unwrap_or_default();
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (String, String) {
        let error = check(text).unwrap_err();
        let span = error.span.unwrap();
        (error.message.into(), text[span].to_owned())
    }

    fn pair(message: &str, marked: &str) -> (String, String) {
        (message.to_owned(), marked.to_owned())
    }

    #[test]
    fn a_unit_after_a_number_is_said_to_be_none_of_the_scene() {
        let (message, place) = error("(rate: 50 Hz, tau: 3)");
        assert!(message.starts_with("units are not written, here `Hz`"), "{message}");
        assert_eq!(place, "Hz");
        assert_eq!(error("(rate: 50 x)").0, "expected a comma or a closing bracket");
    }

    #[test]
    fn syntax_errors_mark_what_is_wrong() {
        assert_eq!(error("(\n  a: 1\n  b: 2,\n)"), pair("expected a comma or a closing bracket", "b"));
        assert_eq!(error("(a: \"µµ\", b: \"\\q\")"), pair("unknown escape character", "\\q"));
        assert_eq!(error("(a: \"abc)"), pair("this text has no closing quote", "\""));
        assert_eq!(error("(é: µ~)").1, "~", "characters are not bytes");
        assert_eq!(error("(a: @)"), pair("expected a value, found `@`", "@"));
        assert_eq!(error("(a: 1))"), pair("unexpected text after the value", ")"));
        assert_eq!(error("(a:"), pair("the text ends too early", ""));
        assert_eq!(error(" \n"), pair("the text is empty", ""));
        assert_eq!(error("(a: 1,\r\n b 2)"), pair("expected a colon", "2"), "a carriage return is a character");
    }

    #[test]
    fn messages_lose_their_noise() {
        let noisy = Error::Message("Type `Foo` is odd (stack: `A` -> `B`)".to_owned());
        assert_eq!(in_words(&noisy), "type `Foo` is odd");
        assert_eq!(in_words(&Error::ExpectedFloat), "expected a number");
    }
}

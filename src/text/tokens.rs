//! The `ron` crate as the reader of tokens: values at the start of a text, and the space before them.

use ron::Options;
use ron::error::SpannedError;
use ron::extensions::Extensions;
use serde::de::DeserializeSeed;

/// Values may be nested this deep. Scenes need about ten levels; the limit keeps a file of
/// brackets from exhausting the stack.
pub(super) const DEPTH: usize = 64;

/// How values are read: `5` serves as `Some(5)`, and newtypes need no parentheses of their own.
pub(super) fn reading() -> Options {
    let extensions = Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES;
    limited().with_default_extension(extensions)
}

/// How texts are judged. `implicit_some` is left out: with it `ron` takes a bare `Some 5` for valid.
pub(super) fn judging() -> Options {
    limited().with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// `ron` counts up to three steps for a level of ours; with four, our limit speaks first.
fn limited() -> Options {
    Options::default().with_recursion_limit(4 * DEPTH)
}

/// Reads one value at the start of `text` and tells how many bytes it took.
pub(super) fn leading<'de, S>(text: &'de str, seed: S) -> Result<(S::Value, usize), SpannedError>
where
    S: DeserializeSeed<'de>,
{
    let mut deserializer = ron::Deserializer::from_str_with_options(text, &judging())?;
    let value = seed.deserialize(&mut deserializer).map_err(|error| deserializer.span_error(error))?;
    Ok((value, text.len() - deserializer.remainder().len()))
}

/// The bytes of space, comments and `#![...]` attributes at the start of `text`.
pub(super) fn trivia(text: &str) -> Result<usize, SpannedError> {
    // Mostly there is none: a list of five million numbers reads in 4.1 s so, 6.1 s by asking `ron`.
    let first = text.as_bytes().first();
    if first.is_some_and(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'#')) {
        return Ok(0);
    }
    let deserializer = ron::Deserializer::from_str_with_options(text, &judging())?;
    Ok(text.len() - deserializer.remainder().len())
}

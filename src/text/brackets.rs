//! The brackets of a text that need not be valid: is one left open, are they nested too deep?
//! Texts, characters and comments are stepped over as far as they are sound.

use std::marker::PhantomData;

use super::tokens;
use super::tree::Span;

/// The first opening bracket with `depth` open ones around it.
pub(super) fn too_deep(text: &str, depth: usize) -> Option<Span> {
    let mut open = 0_usize;
    each(text, |at, bracket| {
        match bracket {
            '(' | '[' | '{' => open += 1,
            _ => open = open.saturating_sub(1),
        }
        (open > depth).then_some(at..at + 1)
    })
}

/// The innermost opening bracket that is closed by another kind or by nothing.
/// Nothing if a bracket too many is closed before that.
pub(super) fn unclosed(text: &str) -> Option<Span> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let verdict = each(text, |at, bracket| {
        match bracket {
            '(' => open.push((at, ')')),
            '[' => open.push((at, ']')),
            '{' => open.push((at, '}')),
            _ => match open.pop() {
                Some((_, close)) if close == bracket => {}
                other => return Some(other),
            },
        }
        None
    });
    let (at, _) = verdict.unwrap_or_else(|| open.pop())?;
    Some(at..at + 1)
}

/// Shows `visit` each bracket until it answers or the text ends or turns unreadable.
fn each<T>(text: &str, mut visit: impl FnMut(usize, char) -> Option<T>) -> Option<T> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let first = rest.chars().next()?;
        if matches!(first, '(' | ')' | '[' | ']' | '{' | '}')
            && let Some(answer) = visit(at, first)
        {
            return Some(answer);
        }
        at += match rest.as_bytes() {
            [b'"', ..] | [b'r', b'"', ..] | [b'r', b'#', b'"' | b'#', ..] => {
                tokens::leading(rest, PhantomData::<String>).ok()?.1
            }
            [b'\'', ..] => tokens::leading(rest, PhantomData::<char>).ok()?.1,
            [b'/', ..] => tokens::trivia(rest).ok()?,
            _ => first.len_utf8(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unclosed_bracket_is_the_innermost() {
        let start = |text: &str| unclosed(text).map(|span| span.start);
        assert_eq!(start("(a: [1, 2, b: 3)"), Some(4));
        assert_eq!(start("(a: (1, 2), b: (3"), Some(15));
        assert_eq!(start("(a: (1, 2), b: [3])"), None);
        assert_eq!(start("(a: 1))"), None);
        assert_eq!(start(")("), None);
    }

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        let text = r###"(a: "[", b: '[', c: r#"{"{"#, br"(", /* [ /* ( */ */ d: 1 // {
            )"###;
        assert_eq!(unclosed(text), None);
        assert_eq!(too_deep(text, 1), None);
    }

    #[test]
    fn depth_counts_what_is_open() {
        assert_eq!(too_deep("([{}], [()])", 3), None);
        assert_eq!(too_deep("([{}], [()])", 2), Some(2..3));
        assert_eq!(too_deep("))([", 1), Some(3..4));
    }
}

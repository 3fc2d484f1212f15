//! Complaints about a text: one [`Diagnostic`], and the [`Diagnostics`] of one source.
//! How they look is decided in `render`.

use std::fmt;
use std::sync::Arc;

/// So many complaints are kept, those that stand first; more are counted. Each is compared with all others, and a list of
/// 100 000 took minutes.
const MOST_KEPT: usize = 200;

/// The longest message, label or note (bytes): a text that is quoted may have millions.
const LONGEST: usize = 1000;

use super::tree::Span;

/// How bad a complaint is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Severity {
    /// It cannot be meant.
    #[default]
    Error,
    /// It is seldom meant.
    Warning,
}

/// One complaint: what is wrong, where, and what to do about it.
///
/// Without a span it stands for something that has no text, such as a scene built in code.
/// Boxes keep it at 120 bytes, small enough to be returned as an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line without a final stop.
    pub message: Box<str>,
    /// Where; bytes of the source's text.
    pub span: Option<Span>,
    /// A few words at the caret.
    pub label: Option<Box<str>>,
    /// Other places that matter, each with its words.
    pub others: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<Box<Help>>,
    /// Further facts, one line each.
    pub notes: Vec<String>,
}

/// A way out, with the change of the text that takes it if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    /// The advice in one line.
    pub message: String,
    /// The bytes to replace and their replacement.
    pub patch: Option<(Span, String)>,
}

impl Diagnostic {
    /// A complaint with nothing but its message.
    pub fn error(message: impl Into<Box<str>>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            span: None,
            label: None,
            others: Vec::new(),
            help: None,
            notes: Vec::new(),
        }
    }

    /// The same complaint about what may be meant.
    #[must_use]
    pub const fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Points at `span`.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Points at `span`, if it is known.
    #[must_use]
    pub fn at_place(self, span: Option<Span>) -> Self {
        match span {
            Some(span) => self.at(span),
            None => self,
        }
    }

    /// Adds words at the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<Box<str>>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Points at a second place with its own words.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.others.push((span, label.into()));
        self
    }

    /// Adds a line of explanation.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Gives advice without a change of the text.
    #[must_use]
    pub fn help(mut self, message: impl Into<String>) -> Self {
        self.help = Some(Box::new(Help { message: message.into(), patch: None }));
        self
    }

    /// Proposes to write `replacement` instead of `span`.
    #[must_use]
    pub fn suggest(mut self, span: Span, replacement: impl Into<String>) -> Self {
        let replacement = replacement.into();
        self.help = Some(Box::new(Help {
            message: format!("did you mean `{replacement}`?"),
            patch: Some((span, replacement)),
        }));
        self
    }

    /// The same complaint with long texts cut short.
    fn shortened(mut self) -> Self {
        let cut = |text: Box<str>| {
            let mut text = String::from(text);
            shortened(&mut text);
            text.into_boxed_str()
        };
        self.label = self.label.map(cut);
        self.message = cut(self.message);
        let others = self.others.iter_mut().map(|(_, label)| label);
        others.chain(&mut self.notes).for_each(shortened);
        if let Some(help) = &mut self.help {
            shortened(&mut help.message);
            help.patch.take_if(|(_, replacement)| replacement.len() > LONGEST);
        }
        self
    }

    /// Whether two complaints differ in their notes at most.
    fn says_the_same(&self, other: &Self) -> bool {
        (self.severity, &self.message, &self.span, &self.label, &self.others, &self.help)
            == (other.severity, &other.message, &other.span, &other.label, &other.others, &other.help)
    }

    /// The same complaint about a text in which everything stands `by` bytes later.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        let patch = self.help.iter_mut().flat_map(|help| &mut help.patch);
        let spans =
            self.span.iter_mut().chain(self.others.iter_mut().map(|(span, _)| span)).chain(patch.map(|(span, _)| span));
        for span in spans {
            *span = span.start.saturating_add(by)..span.end.saturating_add(by);
        }
        self
    }
}

/// The complaints about one source, in order of their places.
///
/// `Display` is the plain rendering, so an error that bubbles up prints with its carets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    name: String,
    text: Arc<str>,
    items: Vec<Diagnostic>,
    /// Complaints that were not kept.
    more: usize,
}

/// A text with its middle left out, if it is long.
fn shortened(text: &mut String) {
    if text.len() > LONGEST {
        let (start, end) = (text.floor_char_boundary(LONGEST / 2), text.ceil_char_boundary(text.len() - LONGEST / 2));
        text.replace_range(start..end, " … ");
    }
}

impl Diagnostics {
    /// No complaint yet about the source called `name` (a path, usually).
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into(), items: Vec::new(), more: 0 }
    }

    /// No complaint yet about something that has no text.
    pub fn without_source() -> Self {
        Self::new("", "")
    }

    /// Adds a complaint at its place: by position, those without one last, equals as they came.
    ///
    /// What was said already is not said again: a part of a text that is used in several places (a definition, say)
    /// is wrong once. Only notes that are new are added to the first complaint.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let diagnostic = diagnostic.shortened();
        if let Some(known) = self.items.iter_mut().find(|known| known.says_the_same(&diagnostic)) {
            for note in diagnostic.notes {
                if known.notes.len() < MOST_KEPT && !known.notes.contains(&note) {
                    known.notes.push(note);
                }
            }
            return;
        }
        let place = |item: &Diagnostic| item.span.as_ref().map_or(usize::MAX, |span| span.start);
        let at = place(&diagnostic);
        let index = self.items.partition_point(|item| place(item) <= at);
        self.items.insert(index, diagnostic);
        if self.items.len() > MOST_KEPT {
            self.items.pop();
            self.more += 1;
        }
    }

    /// The same, for chains.
    #[must_use]
    pub fn with(mut self, diagnostic: Diagnostic) -> Self {
        self.push(diagnostic);
        self
    }

    /// Whether there is nothing to complain about.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The number of complaints; where there are hundreds, those that say the same may count more than once.
    pub fn len(&self) -> usize {
        self.items.len() + self.more
    }

    /// The complaints in order of their places, the first 200 of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.items.iter()
    }

    /// The name of the source; empty without one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text that the spans refer to.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `Ok(value)` if there is nothing to complain about.
    ///
    /// # Errors
    /// The complaints themselves, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, items: I) {
        for item in items {
            self.push(item);
        }
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_sorted_by_place_and_stay_in_order_at_one_place() {
        let mut all = Diagnostics::new("t", "abc");
        assert!(all.clone().into_result(1) == Ok(1));
        all.extend([
            Diagnostic::error("nowhere"),
            Diagnostic::error("late").at(2..3),
            Diagnostic::error("first of two").at(0..1),
            Diagnostic::error("second of two").at(0..2),
        ]);
        let messages: Vec<_> = all.iter().map(|item| &*item.message).collect();
        assert_eq!(messages, ["first of two", "second of two", "late", "nowhere"]);
        assert!(all.into_result(()).is_err());
    }

    #[test]
    fn of_many_complaints_the_first_are_kept_and_all_are_counted() {
        let mut all = Diagnostics::new("t", "x".repeat(3 * MOST_KEPT));
        all.extend((0..3 * MOST_KEPT).rev().map(|at| Diagnostic::error("e").at(at..at + 1)));
        assert_eq!(all.len(), 3 * MOST_KEPT);
        let places: Vec<_> = all.iter().filter_map(|item| item.span.as_ref()).map(|span| span.start).collect();
        assert_eq!(places, (0..MOST_KEPT).collect::<Vec<_>>());
    }

    #[test]
    fn long_texts_are_shown_at_their_ends() {
        let long = format!("begin {} end", "µ".repeat(1_000_000));
        let error =
            Diagnostic::error(long.as_str()).at(0..1).label(long.as_str()).note(long.as_str()).suggest(0..1, &long);
        let shown = Diagnostics::new("t", "abc").with(error).to_string();
        assert!(shown.contains("begin µ") && shown.contains("µ end") && shown.len() < 10_000, "{}", shown.len());
    }

    #[test]
    fn what_was_said_is_not_said_again() {
        let mut all = Diagnostics::new("t", "abc");
        let wrong = || Diagnostic::error("wrong").at(0..1);
        all.extend([wrong().note("in a"), wrong().note("in b"), wrong().note("in a"), wrong().at(1..2)]);
        let notes: Vec<_> = all.iter().map(|item| item.notes.as_slice()).collect();
        assert_eq!(notes, [&["in a".to_owned(), "in b".into()][..], &[]]);
    }

    #[test]
    fn shifting_moves_every_place() {
        let moved = Diagnostic::error("e").at(1..2).also(0..1, "here").suggest(1..2, "x").shifted(10);
        assert_eq!(moved.span, Some(11..12));
        assert_eq!(moved.others, [(10..11, "here".to_owned())]);
        let patch = moved.help.and_then(|help| help.patch);
        assert_eq!(patch, Some((11..12, "x".to_owned())));
    }
}

//! Diagnostics as rustc prints errors: place, source line, caret, help with a patch, notes.

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Diagnostics, Help, Severity};
use super::tree::Span;

/// More complaints than this are counted, not shown: nobody reads them, and each costs a walk
/// through the whole text.
const MOST_SHOWN: usize = 20;

/// Of a line, so much is shown around the place that is meant (bytes): no screen is wider, and a line may have millions.
const WIDEST: usize = 240;

impl Diagnostics {
    /// All complaints, one blank line between them, without a final line break.
    /// `coloured` adds ANSI colours for a terminal.
    pub fn render(&self, coloured: bool) -> String {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        let mut parts: Vec<String> =
            self.iter().take(MOST_SHOWN).map(|item| renderer.render(&self.report(item))).collect();
        if let Some(more) = self.len().checked_sub(MOST_SHOWN + 1) {
            let title = format!("and {} more", more + 1);
            let rest = Group::with_title(Level::ERROR.primary_title(title));
            parts.push(renderer.render(&[rest]));
        }
        parts.join("\n\n")
    }

    fn report<'a>(&'a self, item: &'a Diagnostic) -> Vec<Group<'a>> {
        let level = match item.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&*item.message);
        let mut main = match &item.span {
            Some(span) if self.has_source() => title.element(self.snippet(item, span)),
            _ => Group::with_title(title),
        };
        for note in &item.notes {
            main = main.element(Level::NOTE.message(note.as_str()));
        }
        let mut report = vec![main];
        if let Some(help) = &item.help {
            report = self.with_help(report, help);
        }
        report
    }

    fn snippet<'a>(&'a self, item: &'a Diagnostic, span: &Span) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let primary = AnnotationKind::Primary.span(self.within_text(span)).label(item.label.as_deref());
        // Two places of which one is far to the right of the other would show all that is between them.
        let column = |at: usize| at - self.line(at).start;
        let near = |other: &Span| {
            column(self.within_text(span).start).abs_diff(column(self.within_text(other).start)) < WIDEST
        };
        let others = item
            .others
            .iter()
            .filter(|(other, _)| near(other))
            .map(|(span, label)| AnnotationKind::Context.span(self.within_text(span)).label(label.as_str()));
        Snippet::source(self.text()).path(self.name()).annotation(primary).annotations(others)
    }

    fn with_help<'a>(&'a self, mut report: Vec<Group<'a>>, help: &'a Help) -> Vec<Group<'a>> {
        match &help.patch {
            // A patch is shown as its whole line.
            Some((span, replacement))
                if self.has_source() && self.line(self.within_text(span).start).len() < WIDEST =>
            {
                let patch = Patch::new(self.within_text(span), replacement.as_str());
                let snippet = Snippet::source(self.text()).path(self.name()).patch(patch);
                let title = Level::HELP.secondary_title(help.message.as_str());
                report.push(title.element(snippet));
            }
            _ => {
                if let Some(main) = report.pop() {
                    report.push(main.element(Level::HELP.message(help.message.as_str())));
                }
            }
        }
        report
    }

    fn has_source(&self) -> bool {
        !(self.name().is_empty() && self.text().is_empty())
    }

    /// The nearest span that lies in the text and cuts no character, the beginning of a long one.
    fn within_text(&self, span: &Span) -> Span {
        let start = self.text().floor_char_boundary(span.start);
        let end = self.text().ceil_char_boundary(span.end.min(start.saturating_add(WIDEST)));
        start..end.max(start)
    }

    /// The line in which a place of the text lies, without its end.
    fn line(&self, at: usize) -> Span {
        let (before, behind) = self.text().split_at(at);
        before.rfind('\n').map_or(0, |end| end + 1)..at + behind.find('\n').unwrap_or(behind.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Document;

    const SCENE: &str = "(\n  dt: 0.5,\n  groups: {\"µé\": 1, \"b\": 2}, dd: 3,\n)";

    fn plain(diagnostic: Diagnostic) -> String {
        Diagnostics::new("net.ron", SCENE).with(diagnostic).to_string()
    }

    #[test]
    fn a_patch_shows_the_line_as_it_should_be() {
        let at = SCENE.find("\"b\"").unwrap();
        let error = Diagnostic::error("no group is called `b`")
            .at(at..at + 3)
            .label("not a group")
            .suggest(at..at + 3, "\"bee\"");
        assert_eq!(
            plain(error),
            "\
error: no group is called `b`
 --> net.ron:3:21
  |
3 |   groups: {\"µé\": 1, \"b\": 2}, dd: 3,
  |                     ^^^ not a group
  |
help: did you mean `\"bee\"`?
  |
3 |   groups: {\"µé\": 1, \"bee\": 2}, dd: 3,
  |                       ++"
        );
    }

    #[test]
    fn two_places_and_notes() {
        let at = SCENE.find("dd").unwrap();
        let error = Diagnostic::error("`dd` repeats `dt`")
            .at(at..at + 2)
            .label("here")
            .also(4..6, "first here")
            .note("a note")
            .help("remove one");
        assert_eq!(
            plain(error),
            "\
error: `dd` repeats `dt`
 --> net.ron:3:30
  |
2 |   dt: 0.5,
  |   -- first here
3 |   groups: {\"µé\": 1, \"b\": 2}, dd: 3,
  |                              ^^ here
  |
  = note: a note
  = help: remove one"
        );
    }

    #[test]
    fn nothing_but_words_without_a_source() {
        let mut all = Diagnostics::without_source();
        all.push(Diagnostic::error("no such file").note("a note").help("try another"));
        let placed = Diagnostic::error("second").at(3..4).suggest(3..4, "x");
        all.push(placed);
        let expected = "\
error: second
 |
 = help: did you mean `x`?

error: no such file
 |
 = note: a note
 = help: try another";
        assert_eq!(all.to_string(), expected);
    }

    #[test]
    fn several_errors_of_a_text_with_windows_line_ends() {
        let errors = Document::parse("net.ron", "(\r\n  a: 1,\r\n  é: 2, a: 3,\r\n  é: 4,\r\n)").unwrap_err();
        assert_eq!(
            errors.to_string(),
            "\
error: the field `a` is given twice
 --> net.ron:3:9
  |
2 |   a: 1,
  |   - first given here
3 |   é: 2, a: 3,
  |         ^ again here

error: the field `é` is given twice
 --> net.ron:4:3
  |
3 |   é: 2, a: 3,
  |   - first given here
4 |   é: 4,
  |   ^ again here"
        );
    }

    #[test]
    fn an_unclosed_bracket_is_shown_with_the_place_where_it_hurts() {
        let errors = Document::parse("net.ron", "(\n  a: [1, 2,\n  b: 3,\n)").unwrap_err();
        assert_eq!(
            errors.to_string(),
            "\
error: expected a comma or a closing bracket
 --> net.ron:3:4
  |
2 |   a: [1, 2,
  |      - this bracket is never closed
3 |   b: 3,
  |    ^"
        );
    }

    #[test]
    fn colours_are_only_added() {
        let all = Diagnostics::new("net.ron", SCENE).with(Diagnostic::error("e").at(4..6));
        let coloured = all.render(true);
        assert!(coloured.contains("\u{1b}["));
        assert!(!all.render(false).contains('\u{1b}'));
    }

    #[test]
    fn spans_outside_the_text_and_inside_characters_are_moved() {
        let inside = SCENE.find('µ').unwrap() + 1;
        for span in [1000..2000, 0..usize::MAX, inside..inside, inside..inside + 2, 0..0] {
            let error = Diagnostic::error("e").at(span.clone()).also(span.clone(), "l").suggest(span, "x");
            assert!(plain(error).contains("net.ron:"));
        }
        let reversed = std::ops::Range { start: 9, end: 3 };
        assert!(plain(Diagnostic::error("e").at(reversed)).contains("net.ron:2"));
    }

    #[test]
    fn of_long_lines_the_place_is_shown() {
        let unclosed = format!("(a: [{} b: 3)", "1, ".repeat(100_000));
        let shown = Document::parse("net.ron", unclosed).unwrap_err().to_string();
        assert!(shown.starts_with("error: expected a comma") && shown.len() < 1000, "{}", shown.len());
        let word = "x".repeat(100_000);
        let patched = Diagnostic::error("e").at(0..word.len()).suggest(0..word.len(), "y");
        let shown = Diagnostics::new("net.ron", word).with(patched).to_string();
        assert!(shown.contains("did you mean `y`?") && shown.len() < 1000, "{}", shown.len());
    }

    #[test]
    fn a_flood_is_counted() {
        let mut all = Diagnostics::new("net.ron", SCENE);
        all.extend((0..30).map(|i| Diagnostic::error("e").at(i..i + 1)));
        let text = all.to_string();
        assert_eq!(text.matches("error: e\n").count(), MOST_SHOWN);
        assert!(text.ends_with("error: and 10 more"), "{text}");
    }
}

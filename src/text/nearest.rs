//! "Did you mean": the known name that a misspelt one is closest to.

use super::diagnostic::Diagnostic;

/// Longer words are not compared: the distance takes quadratic time, and nobody misspells them.
const LONGEST: usize = 128;
/// Of more known names than this, only the first are listed.
const MOST_LISTED: usize = 12;

/// The name among `among` that `found` was probably meant to be.
///
/// Capitals are ignored. One slip is allowed per three letters of `found`, at least one, which is
/// rustc's measure, and one letter must be right; of equally close names the alphabetically first
/// is taken.
///
/// ```
/// use cortecs::text::nearest;
/// assert_eq!(nearest("excitatry", ["inhibitory", "excitatory"]), Some("excitatory"));
/// assert_eq!(nearest("soma", ["inhibitory", "excitatory"]), None);
/// ```
pub fn nearest<'a>(found: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if found.len() > LONGEST {
        return None;
    }
    let letters = found.chars().count();
    let allowed = (letters / 3).max(1).min(letters.saturating_sub(1));
    let found = found.to_lowercase();
    among
        .into_iter()
        .filter(|name| name.len() <= 2 * LONGEST)
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&found, &name.to_lowercase());
            (distance, name)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

impl Diagnostic {
    /// Proposes the known word closest to `found` in place of the diagnostic's span; if none is
    /// close, lists the known ones. `what` names them in the plural: "fields", "groups".
    #[must_use]
    pub fn did_you_mean(self, found: &str, known: &[&str], what: &str) -> Self {
        self.propose(found, known, what, str::to_owned)
    }

    /// The same where the span is a quoted text, so that the proposal keeps its quotes.
    #[must_use]
    pub fn did_you_mean_text(self, found: &str, known: &[&str], what: &str) -> Self {
        self.propose(found, known, what, |name| format!("{name:?}"))
    }

    /// Like [`Diagnostic::did_you_mean`], with `written` to put the name into the text's form.
    pub(super) fn propose(mut self, found: &str, known: &[&str], what: &str, written: fn(&str) -> String) -> Self {
        let Some(best) = nearest(found, known.iter().copied()) else {
            return self.note(listing(found, known, what));
        };
        let message = format!("did you mean `{best}`?");
        match self.span.clone() {
            Some(span) => self = self.suggest(span, written(best)),
            None => self = self.help(message.as_str()),
        }
        if let Some(help) = &mut self.help {
            help.message = message;
        }
        self
    }
}

/// "the fields are `a`, `b` and 3 more"; those that hold the word, or are held by it, come first.
fn listing(found: &str, known: &[&str], what: &str) -> String {
    let found = found.to_lowercase();
    let compared = 2..=LONGEST;
    let akin = |name: &&&str| {
        let both = compared.contains(&found.len()) && compared.contains(&name.len());
        let name = name.to_lowercase();
        both && (name.contains(&found) || found.contains(&name))
    };
    let (akin, others): (Vec<&&str>, Vec<&&str>) = known.iter().partition(akin);
    let names: Vec<_> = akin.iter().chain(&others).take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    match (names.as_slice(), known.len().saturating_sub(MOST_LISTED)) {
        ([], _) => format!("there are no {what}"),
        (names, 0) => format!("the known {what} are {}", names.join(", ")),
        (names, more) => format!("the known {what} are {} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_distant_ones_are_not() {
        let known = ["size", "tags", "behaviours", "synapses"];
        assert_eq!(nearest("Size", known), Some("size"));
        assert_eq!(nearest("behaviuors", known), Some("behaviours"));
        assert_eq!(nearest("syn", known), None);
        assert_eq!(nearest("dt", ["dx", "du"]), Some("du"));
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("a", ["b", "A"]), Some("A"));
        assert_eq!(nearest("a", ["b"]), None, "no letter is right");
        assert_eq!(nearest("µé", ["µè"]), Some("µè"), "letters count, not bytes");
    }

    #[test]
    fn endless_words_are_not_compared() {
        let endless = "x".repeat(1_000_000);
        assert_eq!(nearest(&endless, [endless.as_str()]), None);
        assert_eq!(nearest("x", [endless.as_str()]), None);
    }

    #[test]
    fn a_proposal_needs_a_close_name_else_the_known_ones_are_listed() {
        let close = Diagnostic::error("e").at(0..7).did_you_mean_text("exict", &["excit"], "groups");
        let help = close.help.unwrap();
        assert_eq!(help.message, "did you mean `excit`?");
        assert_eq!(help.patch, Some((0..7, "\"excit\"".to_owned())));

        let far = Diagnostic::error("e").did_you_mean("zzzz", &["a", "b"], "groups");
        assert_eq!(far.notes, ["the known groups are `a`, `b`"]);
        let none = Diagnostic::error("e").did_you_mean("zzzz", &[], "groups");
        assert_eq!(none.notes, ["there are no groups"]);
        let names: Vec<_> = (10..40).map(|i| format!("name{i}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let many = Diagnostic::error("e").did_you_mean("zzzz", &names, "groups");
        assert!(many.notes[0].ends_with("`name21` and 18 more"), "{:?}", many.notes);
        let longer = Diagnostic::error("e").did_you_mean("the_name39_of_it", &names, "groups");
        assert!(longer.notes[0].starts_with("the known groups are `name39`, `name10`"), "{:?}", longer.notes);
    }
}

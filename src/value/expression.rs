//! The text of an expression as a tree: `-65 + 15 * r^2`, `uniform(0, 1) * exp(-distance / 3)`,
//! `array('data.npz', 'weights')`.
//!
//! Precedence: `^` (right associative) over the sign over `* /` over `+ -` over `< <= > >= == !=` over `not` over `and` over `or`;
//! what can be true or false is 1 or 0, and what is not 0 is true.

use std::ops::Range;

use super::{Fault, ValueError};
use crate::text::units::leading_unit;

/// Levels of nesting that are accepted; people write three or four.
const DEEPEST: usize = 64;

/// The longest expression (bytes); people write a line or two. Each of its terms is evaluated for every member.
const LONGEST: usize = 1 << 16;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub(crate) root: Term,
}

/// A part of an expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Term {
    pub kind: Kind,
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Number(f64),
    Name(String),
    Text(String),
    Negative(Box<Term>),
    Not(Box<Term>),
    /// An operator and its two sides; `≤`, `≥`, `=`, `≠`, `∧` and `∨` are one character each here.
    Pair(char, Box<Term>, Box<Term>),
    /// A function, the number of calls that stand before this one, and the arguments.
    Call(String, u32, Vec<Term>),
}

impl Expression {
    /// Parses `text`.
    ///
    /// # Errors
    /// The text is not an expression; the error says where and what was expected.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Self::parse_in(text, 0..text.len())
    }

    /// Parses a part of `text`; places are those in the whole.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub(crate) fn parse_in(text: &str, part: Range<usize>) -> Result<Self, ValueError> {
        if part.len() > LONGEST {
            let place = text.floor_char_boundary(part.start + LONGEST);
            return Err(ValueError::at(Fault::TooLong(LONGEST), place..place));
        }
        let mut parser = Parser { text: &text[..part.end], at: part.start, calls: 0, depth: 0 };
        let root = parser.truth()?;
        match parser.peek() {
            None => Ok(Self { root }),
            Some(_) if let (true, Some(unit)) = (root.is_written_number(), leading_unit(parser.rest())) => {
                Err(ValueError::at(Fault::Unit(unit.to_owned()), parser.at..parser.at + unit.len()))
            }
            Some(_) => Err(parser.expected("an operator or the end of the expression")),
        }
    }
}

impl Expression {
    /// The names in it, other than those of functions, and where they stand.
    #[must_use]
    pub fn names(&self) -> Vec<(&str, Range<usize>)> {
        let mut names = Vec::new();
        self.root.add_names(&mut names);
        names
    }
}

impl Expression {
    /// The texts in it.
    pub(crate) fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        self.root.add_texts(&mut texts);
        texts
    }
}

impl Term {
    fn add_texts<'t>(&'t self, texts: &mut Vec<&'t str>) {
        match &self.kind {
            Kind::Text(text) => texts.push(text),
            Kind::Negative(term) | Kind::Not(term) => term.add_texts(texts),
            Kind::Pair(_, left, right) => [left, right].into_iter().for_each(|side| side.add_texts(texts)),
            Kind::Call(_, _, arguments) => arguments.iter().for_each(|argument| argument.add_texts(texts)),
            Kind::Number(_) | Kind::Name(_) => {}
        }
    }

    /// Whether it is a number as it is written, perhaps with a sign.
    fn is_written_number(&self) -> bool {
        match &self.kind {
            Kind::Number(_) => true,
            Kind::Negative(term) => term.is_written_number(),
            _ => false,
        }
    }

    fn add_names<'t>(&'t self, names: &mut Vec<(&'t str, Range<usize>)>) {
        match &self.kind {
            Kind::Name(name) => names.push((name, self.span.clone())),
            Kind::Negative(term) | Kind::Not(term) => term.add_names(names),
            Kind::Pair(_, left, right) => [left, right].into_iter().for_each(|side| side.add_names(names)),
            Kind::Call(_, _, arguments) => arguments.iter().for_each(|argument| argument.add_names(names)),
            Kind::Number(_) | Kind::Text(_) => {}
        }
    }
}

/// The unit that stands right after a number, as in `20ms`.
fn unit_of(word: &str) -> Option<&str> {
    let end = word.find(|c: char| c.is_alphabetic())?;
    leading_unit(&word[end..]).filter(|unit| unit.len() == word.len() - end)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    calls: u32,
    depth: usize,
}

impl Parser<'_> {
    /// The next character that is no blank, and in no comment: from `#` to the end of its line.
    fn peek(&mut self) -> Option<char> {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            match self.text[self.at..].chars().next() {
                Some('#') => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                next => return next,
            }
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expected(&mut self, expected: &'static str) -> ValueError {
        let found = self.peek();
        let end = self.at + found.map_or(0, char::len_utf8);
        let found = found.map_or_else(|| "the end".to_owned(), |found| format!("`{found}`"));
        ValueError::at(Fault::Syntax { expected, found }, self.at..end)
    }

    /// One level down, if there is one left.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, ValueError>) -> Result<T, ValueError> {
        if self.depth == DEEPEST {
            return Err(ValueError::at(Fault::TooDeep(DEEPEST), self.at..self.at));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// A word, and not the beginning of a longer one.
    fn take_word(&mut self, word: &str) -> bool {
        self.peek();
        let goes_on = |c: char| c.is_alphanumeric() || c == '_';
        let found = self.rest().strip_prefix(word).is_some_and(|rest| !rest.starts_with(goes_on));
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// What the levels above sums share: a chain of a word.
    fn words(
        &mut self,
        word: &str,
        operator: char,
        operand: fn(&mut Self) -> Result<Term, ValueError>,
    ) -> Result<Term, ValueError> {
        let mut left = operand(self)?;
        let mut links = 0;
        while self.take_word(word) {
            links += 1;
            if links > DEEPEST {
                return Err(ValueError::at(Fault::TooDeep(DEEPEST), self.at..self.at));
            }
            let right = operand(self)?;
            let span = left.span.start..right.span.end;
            left = Term { kind: Kind::Pair(operator, left.into(), right.into()), span };
        }
        Ok(left)
    }

    fn truth(&mut self) -> Result<Term, ValueError> {
        self.words("or", '∨', |parser| parser.words("and", '∧', Self::negation))
    }

    fn negation(&mut self) -> Result<Term, ValueError> {
        self.peek();
        let start = self.at;
        if !self.take_word("not") {
            return self.comparison();
        }
        let term = self.nested(Self::negation)?;
        let span = start..term.span.end;
        Ok(Term { kind: Kind::Not(term.into()), span })
    }

    fn comparison(&mut self) -> Result<Term, ValueError> {
        let left = self.sum()?;
        self.peek();
        // Without a space in between, unlike `take`.
        const ALL: [(&str, char); 6] = [("<=", '≤'), (">=", '≥'), ("==", '='), ("!=", '≠'), ("<", '<'), (">", '>')];
        let Some((written, operator)) = ALL.into_iter().find(|(written, _)| self.rest().starts_with(written)) else {
            return if self.rest().starts_with('=') {
                Err(self.expected("`==`, as equality is written"))
            } else {
                Ok(left)
            };
        };
        self.at += written.len();
        let right = self.sum()?;
        let span = left.span.start..right.span.end;
        Ok(Term { kind: Kind::Pair(operator, left.into(), right.into()), span })
    }

    fn sum(&mut self) -> Result<Term, ValueError> {
        self.chain(&['+', '-'], Self::product)
    }

    fn product(&mut self) -> Result<Term, ValueError> {
        self.chain(&['*', '/'], Self::signed)
    }

    /// A left-associative chain. Its length counts as depth, since the tree leans to the left.
    fn chain(
        &mut self,
        operators: &[char],
        operand: fn(&mut Self) -> Result<Term, ValueError>,
    ) -> Result<Term, ValueError> {
        let mut left = operand(self)?;
        let mut links = 0;
        while let Some(operator) = self.peek().filter(|found| operators.contains(found)) {
            if links == DEEPEST {
                return Err(ValueError::at(Fault::TooDeep(DEEPEST), self.at..self.at));
            }
            links += 1;
            self.at += 1;
            let right = operand(self)?;
            let span = left.span.start..right.span.end;
            left = Term { kind: Kind::Pair(operator, left.into(), right.into()), span };
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Term, ValueError> {
        let (first, start) = (self.peek(), self.at);
        match first {
            Some('-') => {
                self.at += 1;
                let term = self.nested(Self::signed)?;
                let span = start..term.span.end;
                Ok(Term { kind: Kind::Negative(term.into()), span })
            }
            Some('+') => {
                self.at += 1;
                self.nested(Self::signed)
            }
            _ => self.power(),
        }
    }

    fn power(&mut self) -> Result<Term, ValueError> {
        let base = self.atom()?;
        if !self.take('^') {
            return Ok(base);
        }
        let exponent = self.nested(Self::signed)?;
        let span = base.span.start..exponent.span.end;
        Ok(Term { kind: Kind::Pair('^', base.into(), exponent.into()), span })
    }

    fn atom(&mut self) -> Result<Term, ValueError> {
        let (first, start) = (self.peek(), self.at);
        let kind = match first {
            Some('(') => {
                self.at += 1;
                let mut inner = self.nested(Self::truth)?;
                if !self.take(')') {
                    return Err(self.expected("`)`"));
                }
                inner.span = start..self.at;
                return Ok(inner);
            }
            Some('\'') => self.quoted()?,
            Some(first) if first.is_ascii_digit() || first == '.' => self.number()?,
            Some(first) if (first.is_alphabetic() || first == '_') && !self.is_operator() => self.name_or_call()?,
            _ => return Err(self.expected("a number, a name or `(`")),
        };
        Ok(Term { kind, span: start..self.at })
    }

    fn number(&mut self) -> Result<Kind, ValueError> {
        let (rest, start) = (&self.text[self.at..], self.at);
        let mut before = ' ';
        let length = rest
            .find(|c: char| {
                let sign_of_exponent = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
                before = c;
                !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || sign_of_exponent)
            })
            .unwrap_or(rest.len());
        self.at += length;
        match rest[..length].replace('_', "").parse() {
            Ok(number) => Ok(Kind::Number(number)),
            Err(_) if let Some(unit) = unit_of(&rest[..length]) => {
                let place = start + length - unit.len();
                Err(ValueError::at(Fault::Unit(unit.to_owned()), place..self.at))
            }
            Err(_) => {
                let found = format!("`{}`", &rest[..length]);
                Err(ValueError::at(Fault::Syntax { expected: "a number", found }, start..self.at))
            }
        }
    }

    fn quoted(&mut self) -> Result<Kind, ValueError> {
        let start = self.at + 1;
        let Some(length) = self.text[start..].find('\'') else {
            self.at = self.text.len();
            return Err(self.expected("a closing `'`"));
        };
        self.at = start + length + 1;
        Ok(Kind::Text(self.text[start..start + length].to_owned()))
    }

    /// Whether a word follows that is no name.
    fn is_operator(&mut self) -> bool {
        let start = self.at;
        let found = ["and", "or", "not"].into_iter().any(|word| self.take_word(word));
        self.at = start;
        found
    }

    fn name_or_call(&mut self) -> Result<Kind, ValueError> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let name = rest[..length].to_owned();
        self.at += length;
        if !self.take('(') {
            return Ok(Kind::Name(name));
        }
        let call = self.calls;
        self.calls += 1;
        let mut arguments = Vec::new();
        while !self.take(')') {
            arguments.push(self.nested(Self::truth)?);
            if !self.take(',') && self.peek() != Some(')') {
                return Err(self.expected("`,` or `)`"));
            }
        }
        Ok(Kind::Call(name, call, arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (String, Range<usize>) {
        let error = Expression::parse(text).unwrap_err();
        (error.to_string(), error.at.unwrap())
    }

    #[test]
    fn errors_say_what_was_expected_and_where() {
        assert_eq!(fault("1 + "), ("expected a number, a name or `(`, found the end".into(), 4..4));
        assert_eq!(fault("(1 + 2"), ("expected `)`, found the end".into(), 6..6));
        assert_eq!(fault("1 $ 2"), ("expected an operator or the end of the expression, found `$`".into(), 2..3));
        assert_eq!(fault("uniform(0 1)"), ("expected `,` or `)`, found `1`".into(), 10..11));
        assert_eq!(fault("3x"), ("expected a number, found `3x`".into(), 0..2));
        assert_eq!(fault("array('x"), ("expected a closing `'`, found the end".into(), 8..8));
        assert_eq!(fault("").1, 0..0);
        assert_eq!((fault("20 ms").1, fault("-65mV").1, fault("1e-3 s").1), (3..5, 3..5, 5..6));
        assert!(fault("20 ms").0.starts_with("units are not written, here `ms`"));
        assert!(fault("20 tau").0.starts_with("expected an operator"));
    }

    #[test]
    fn length_is_bounded() {
        let arguments = format!("max({}1)", "1, ".repeat(333_333));
        let (message, place) = fault(&arguments);
        assert_eq!(message, "an expression has 65536 bytes at most");
        assert_eq!(place, LONGEST..LONGEST);
        assert!(Expression::parse(&arguments[..100]).is_err_and(|error| !error.to_string().contains("bytes")));
        assert!(fault(&"µ".repeat(1_000_000)).0.contains("bytes"));
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |levels: usize| format!("{}1{}", "(".repeat(levels), ")".repeat(levels));
        assert!(Expression::parse(&deep(DEEPEST)).is_ok());
        assert!(fault(&deep(30_000)).0.contains("nested"));
        assert!(fault(&"-".repeat(60_000)).0.contains("nested"));
        assert!(fault(&vec!["1"; 30_000].join("+")).0.contains("nested"));
        assert!(fault(&vec!["1"; 30_000].join("^")).0.contains("nested"));
    }
}

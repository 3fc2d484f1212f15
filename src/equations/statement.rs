//! The text of a model as statements: one a line, or several with `;` between them; `#` begins a comment.
//!
//! ```text
//! model      := (NAME "'" | "d" NAME "/dt" | NAME) "=" expression flags?  |  NAME flags?
//! flags      := ":" unit? ("," flag)*          flag: held | once | bounds LOW HIGH, and in rules pre | post | synapse | event
//! statements := NAME ("=" | "+=" | "-=" | "*=" | "/=") expression
//! ```
//! Within brackets a line may end.

use std::ops::Range;

use crate::value::{Expression, Fault, ValueError};

/// The longest text of a model (bytes).
const LONGEST: usize = 1 << 16;

/// Statements of a text, at most; the largest models that were published have some two hundred.
const MOST: usize = 2000;

/// What a statement of a model says of its name.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// A variable, by its derivative (per ms).
    Derivative(Expression),
    /// A name for an expression.
    Subexpression(Expression),
    /// A variable that only events change.
    Kept,
}

/// Whose a variable is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// A neuron's, of which nothing is said.
    #[default]
    Unsaid,
    /// The source's of a synapse.
    Pre,
    /// The target's.
    Post,
    /// The synapse's own.
    Synapse,
}

/// A statement of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Of whom it is.
    pub name: String,
    /// Where the name stands.
    pub at: Range<usize>,
    /// What it says.
    pub meaning: Meaning,
    /// The unit; empty where none is given.
    pub unit: String,
    /// Whether the variable stands still while its neuron is refractory.
    pub held: bool,
    /// Whether the expression has the value of the start of an iteration throughout it.
    pub once: bool,
    /// Between what it is held.
    pub bounds: Option<[Expression; 2]>,
    /// In a rule, whose it is.
    pub side: Side,
}

/// How an assignment changes a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Where its name stands.
    pub at: Range<usize>,
    /// `None` for `=`, else the operator before it.
    pub operator: Option<char>,
    /// The expression.
    pub value: Expression,
}

/// An error of a text at a place.
pub(super) fn fault(why: impl Into<String>, at: Range<usize>) -> ValueError {
    ValueError { fault: Fault::Equation(why.into()), at: Some(at), known: Vec::new() }
}

impl Statement {
    /// The expressions of it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let value = match &self.meaning {
            Meaning::Derivative(value) | Meaning::Subexpression(value) => Some(value),
            Meaning::Kept => None,
        };
        value.into_iter().chain(self.bounds.iter().flatten())
    }
}

/// The statements of a model.
///
/// # Errors
/// A statement that is none, with its place.
pub fn statements(text: &str) -> Result<Vec<Statement>, ValueError> {
    pieces(text)?.into_iter().map(|piece| statement(text, piece)).collect()
}

/// The assignments of an event.
///
/// # Errors
/// As for [`statements`].
pub fn assignments(text: &str) -> Result<Vec<Assignment>, ValueError> {
    pieces(text)?.into_iter().map(|piece| assignment(text, piece)).collect()
}

/// The text between line ends and semicolons, without comments and blanks around it.
fn pieces(text: &str) -> Result<Vec<Range<usize>>, ValueError> {
    if text.len() > LONGEST {
        let place = text.floor_char_boundary(LONGEST);
        return Err(fault(format!("equations have {LONGEST} bytes at most"), place..place));
    }
    let mut pieces = Vec::new();
    let (mut start, mut depth, mut reading) = (0, 0_i32, Reading::default());
    let mut end_at = |end: usize, next: usize, start: &mut usize| {
        let piece = &text[*start..end];
        let before = piece.len() - piece.trim_start().len();
        if !piece.trim().is_empty() {
            pieces.push(*start + before..*start + before + piece.trim().len());
        }
        *start = next;
    };
    for (at, c) in text.char_indices() {
        let was_comment = reading.commented;
        if reading.passes(text, at, c) {
            continue;
        }
        match c {
            '\n' if was_comment && depth <= 0 => start = at + 1,
            // Within brackets it is the expression that leaves a comment out.
            '#' if depth <= 0 => end_at(at, at, &mut start),
            '(' => depth += 1,
            ')' => depth -= 1,
            '\n' | ';' if depth <= 0 || c == ';' => {
                end_at(at, at + 1, &mut start);
                depth = 0;
            }
            _ => {}
        }
    }
    if !reading.commented || depth > 0 {
        end_at(text.len(), text.len(), &mut start);
    }
    match pieces.get(MOST) {
        Some(piece) => Err(fault(format!("equations have {MOST} statements at most"), piece.clone())),
        None => Ok(pieces),
    }
}

/// Whether a stroke opens a quotation, as of a file: it stands behind a bracket or a comma, and another one follows. That of `w'` is a
/// derivative.
fn is_quote(before: &str, behind: &str) -> bool {
    before.trim_end().ends_with(['(', ',']) && behind.contains('\'')
}

/// Where in a text one reads: in a comment, in a quotation, or in neither.
#[derive(Default)]
struct Reading {
    commented: bool,
    quoted: bool,
}

impl Reading {
    /// Goes on to a character; whether it is to be passed over, as it stands in a comment or a quotation, or is a stroke of one. Both end
    /// with their line at the latest.
    fn passes(&mut self, text: &str, at: usize, c: char) -> bool {
        match c {
            '\n' => *self = Self::default(),
            _ if self.commented => return true,
            '\'' if self.quoted => {
                self.quoted = false;
                return true;
            }
            '\'' => {
                self.quoted = text[at + 1..].lines().next().is_some_and(|line| is_quote(&text[..at], line));
                return self.quoted;
            }
            _ if self.quoted => return true,
            '#' => self.commented = true,
            _ => {}
        }
        false
    }
}

/// The first colon of a piece that is neither quoted nor in a comment.
fn colon(text: &str, piece: Range<usize>) -> Option<usize> {
    let mut reading = Reading::default();
    let mut all = text[piece.clone()].char_indices().map(|(at, c)| (piece.start + at, c));
    all.find(|&(at, c)| !reading.passes(text, at, c) && c == ':').map(|(at, _)| at)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name at the start of a part, and what follows it.
fn name(text: &str, part: Range<usize>) -> Result<(String, Range<usize>, Range<usize>), ValueError> {
    let own = &text[part.clone()];
    let length = own.find(|c| !is_name(c)).unwrap_or(own.len());
    if length == 0 || own.starts_with(|c: char| c.is_ascii_digit()) {
        let end = part.start + own.chars().next().map_or(0, char::len_utf8);
        return Err(fault("expected a name: `dv/dt = …`, `rate = …`", part.start..end));
    }
    let at = part.start..part.start + length;
    Ok((own[..length].to_owned(), at.clone(), skip(text, at.end..part.end)))
}

/// A part without the blanks that it begins with.
fn skip(text: &str, part: Range<usize>) -> Range<usize> {
    let own = &text[part.clone()];
    part.start + own.len() - own.trim_start().len()..part.end
}

fn statement(text: &str, piece: Range<usize>) -> Result<Statement, ValueError> {
    let colon = colon(text, piece.clone());
    let own = piece.start
        ..colon.map_or(piece.end, |colon| colon + text[piece.start..colon].trim_end().len() - (colon - piece.start));
    let (first, first_at, rest) = name(text, own.clone())?;
    let after = &text[rest.clone()];
    let derivative = first.strip_prefix('d').filter(|name| !name.is_empty());
    let (name, at, is_derivative, rest) = if let (Some(name), Some(behind)) = (derivative, over_dt(after)) {
        (name.to_owned(), first_at.start + 1..first_at.end, true, rest.end - behind.len()..rest.end)
    } else if let Some(behind) = after.strip_prefix('\'') {
        (first, first_at, true, rest.end - behind.len()..rest.end)
    } else {
        (first, first_at, false, rest)
    };
    let rest = skip(text, rest);
    let is_equation = text[rest.clone()].starts_with('=') && !text[rest.clone()].starts_with("==");
    let meaning = match is_equation {
        false if rest.is_empty() && !is_derivative && FLAGS.contains(&&*name) => {
            return Err(fault(format!("`{name}` stands behind a colon, or a comma: `: mV, {name}`"), at));
        }
        false if rest.is_empty() && !is_derivative => Meaning::Kept,
        false => {
            let end = rest.start + text[rest.clone()].chars().next().map_or(0, char::len_utf8);
            return Err(fault("expected `=`", rest.start..end));
        }
        true => {
            let value = Expression::parse_in(text, rest.start + 1..rest.end)?;
            if is_derivative { Meaning::Derivative(value) } else { Meaning::Subexpression(value) }
        }
    };
    let plain = Statement {
        name,
        at,
        meaning,
        unit: String::new(),
        held: false,
        once: false,
        bounds: None,
        side: Side::Unsaid,
    };
    match colon {
        Some(colon) => flagged(text, colon + 1..piece.end, plain),
        None => Ok(plain),
    }
}

/// What follows a `/dt`.
fn over_dt(text: &str) -> Option<&str> {
    let behind = text.strip_prefix('/')?.trim_start().strip_prefix("dt")?;
    (!behind.starts_with(is_name)).then_some(behind)
}

fn flagged(text: &str, flags: Range<usize>, plain: Statement) -> Result<Statement, ValueError> {
    let mut statement = plain;
    let mut start = flags.start;
    for (place, flag) in text[flags].split(',').enumerate() {
        let at = skip(text, start..start + flag.len());
        let at = at.start..at.start + flag.trim().len();
        start += flag.len() + 1;
        let is_variable = !matches!(statement.meaning, Meaning::Subexpression(_));
        match flag.trim() {
            "held" if is_variable => statement.held = true,
            "once" if !is_variable => statement.once = true,
            "pre" if is_variable => statement.side = Side::Pre,
            "post" if is_variable => statement.side = Side::Post,
            "synapse" if is_variable => statement.side = Side::Synapse,
            // Stepped or solved between events, it is the same number.
            "event" if is_variable => {}
            "held" => return Err(fault("`held` is for variables: they stand still while refractory", at)),
            "once" => return Err(fault("`once` is for expressions: they have one value in an iteration", at)),
            bounds if bounds.split_whitespace().next() == Some("bounds") => {
                if !is_variable || statement.bounds.is_some() {
                    return Err(fault("`bounds` are for variables, and given once", at));
                }
                statement.bounds = Some(two(text, at.start + "bounds ".len()..at.end)?);
            }
            unit if place == 0 => statement.unit = a_unit(unit, at)?,
            _ => return Err(fault("expected `held`, `once` or `bounds LOW HIGH`", at)),
        }
    }
    Ok(statement)
}

/// What may stand behind a colon.
const FLAGS: [&str; 7] = ["held", "once", "bounds", "pre", "post", "synapse", "event"];

/// The flag that a word of a unit looks like.
fn like_a_flag(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let near = |flag: &&&str| word == **flag || flag.len() > 3 && strsim::damerau_levenshtein(&word, flag) == 1;
    FLAGS.iter().find(near).copied()
}

/// Units are labels; those of Brian are names of types.
fn a_unit(unit: &str, at: Range<usize>) -> Result<String, ValueError> {
    const TYPES: [&str; 8] = ["volt", "amp", "siemens", "second", "farad", "metre", "meter", "ohm"];
    if let Some(flag) = unit.split_whitespace().find_map(like_a_flag) {
        return Err(fault(format!("`{unit}` is no unit; is `{flag}` meant? It stands behind a colon, or a comma"), at));
    }
    if unit.contains("unless refractory") {
        return Err(fault("what stands still while refractory is `held`: `dv/dt = … : mV, held`", at));
    }
    if TYPES.contains(&unit) {
        let why = format!("`{unit}` is no unit that numbers are in: write mV, pA, nS, ms, or none");
        return Err(fault(why, at));
    }
    Ok(if unit == "1" { String::new() } else { unit.to_owned() })
}

/// The two expressions of `bounds LOW HIGH`.
fn two(text: &str, part: Range<usize>) -> Result<[Expression; 2], ValueError> {
    let part = skip(text, part);
    let own = &text[part.clone()];
    let Some(between) = own.find(char::is_whitespace) else {
        return Err(fault("`bounds` need two numbers: bounds 0 w_max", part));
    };
    let low = Expression::parse_in(text, part.start..part.start + between)?;
    Ok([low, Expression::parse_in(text, part.start + between..part.end)?])
}

fn assignment(text: &str, piece: Range<usize>) -> Result<Assignment, ValueError> {
    let (name, at, rest) = name(text, piece)?;
    let after = &text[rest.clone()];
    let operator = after.chars().next().filter(|c| "+-*/".contains(*c));
    let behind = operator.map_or(after, |operator| &after[operator.len_utf8()..]);
    if !behind.starts_with('=') || behind.starts_with("==") {
        let end = rest.start + after.chars().next().map_or(0, char::len_utf8);
        return Err(fault("expected an assignment: `v = c`, `u += d`", rest.start..end));
    }
    let start = rest.end - behind.len() + 1;
    Ok(Assignment { name, at, operator, value: Expression::parse_in(text, start..rest.end)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> (String, Range<usize>) {
        let error = statements(text).unwrap_err();
        (error.to_string(), error.at.unwrap())
    }

    #[test]
    fn lines_semicolons_comments_and_brackets() {
        let text = "# a model\n m_inf = 1/(1 +\n exp(-v)); dv/dt = (a # here (\n - v)/tau : mV, held\n w' = -w : bounds 0 w_max\n n";
        let all = statements(text).unwrap();
        let names: Vec<&str> = all.iter().map(|statement| statement.name.as_str()).collect();
        assert_eq!(names, ["m_inf", "v", "w", "n"]);
        assert!(matches!(all[0].meaning, Meaning::Subexpression(_)) && matches!(all[3].meaning, Meaning::Kept));
        assert!(matches!(all[1].meaning, Meaning::Derivative(_)) && all[1].held && all[1].unit == "mV");
        assert!(matches!(all[2].meaning, Meaning::Derivative(_)) && all[2].bounds.is_some() && !all[2].held);
    }

    #[test]
    fn mistakes_are_told_at_their_place() {
        assert_eq!(why("dv/dt = (1 - v)/tau : volt").1, 22..26);
        assert!(why("dv/dt = (1 - v)/tau : volt (unless refractory)").0.contains("`held`"));
        assert_eq!(why("dv/dt = 1\n2x = 3").1, 10..11);
        assert_eq!(why("dv/dt 1").1, 6..7);
        assert_eq!(why("x == 3").1, 2..3);
        assert_eq!(why("x = 3 : mV, heldd").1, 12..17);
        assert_eq!(why("x = 3 : mV, held").1, 12..16);
        assert_eq!(why("x = a +").1, 7..7);
        assert_eq!(why("dx/dt = -x : bounds 0").1, 20..21);
        assert!(why(&"x\n".repeat(40_000)).0.contains("bytes") && why(&"x\n".repeat(3000)).0.contains("statements"));
    }

    #[test]
    fn assignments_have_an_operator_or_none() {
        let all = assignments("v = c; u += d\n w *= 0.5").unwrap();
        let operators: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.operator)).collect();
        assert_eq!(operators, [("v", None), ("u", Some('+')), ("w", Some('*'))]);
        assert_eq!(assignments("v + 1").unwrap_err().at, Some(2..3));
        assert_eq!(assignments("v == 1").unwrap_err().at, Some(2..3));
    }
}

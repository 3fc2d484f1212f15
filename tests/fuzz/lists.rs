//! Lists of synapses that break their format by structure: a field too many, a word for a number, titles in the second line. Bytes
//! that are changed at random seldom leave a list that is one but for a field.

use std::{fs, path::Path};

use crate::choices::Choices;

const SOURCES: f64 = 3.0;
const TARGETS: f64 = 4.0;

/// Fields that people and programs write, and their number where they are one.
const FIELDS: [(&str, Option<f64>); 20] = [
    ("0", Some(0.0)),
    ("1", Some(1.0)),
    ("2", Some(2.0)),
    ("1", Some(1.0)),
    ("2.0", Some(2.0)),
    ("1e0", Some(1.0)),
    (" 1 ", Some(1.0)),
    ("+2", Some(2.0)),
    ("3", Some(3.0)),
    ("7", Some(7.0)),
    ("0.5", Some(0.5)),
    ("-1", Some(-1.0)),
    ("1e300", Some(1e300)),
    ("inf", Some(f64::INFINITY)),
    ("nan", Some(f64::NAN)),
    ("", None),
    ("l", None),
    ("\u{2212}1", None),
    ("1,", None),
    ("source", None),
];

/// A line of a list: its text, and its numbers if it has nothing else.
fn line(columns: usize, choices: &mut Choices<'_>) -> (String, Option<Vec<f64>>) {
    let columns = if choices.once_in(10) { choices.below(6) } else { columns };
    let odd = choices.once_in(5);
    let fields: Vec<(&str, Option<f64>)> =
        (0..columns).map(|_| FIELDS[choices.below(if odd { FIELDS.len() } else { 8 })]).collect();
    let text = fields.iter().map(|(text, _)| *text).collect::<Vec<_>>().join(",");
    // "1," is two fields of which the second is empty.
    (text, fields.iter().map(|(_, number)| *number).collect())
}

/// Whether a row is a synapse: indices that there are, a weight that single precision holds, a delay above zero.
fn is_synapse(row: &[f64]) -> bool {
    let index = |number: f64, end: f64| number.fract() == 0.0 && (0.0..end).contains(&number);
    let weight = |number: &f64| number.abs() <= f64::from(f32::MAX);
    // Steps of 1 ms, of which 65 535 are kept; half a step is rounded up to one.
    let delay = |number: &f64| (0.5..65_535.5).contains(number);
    (2..=4).contains(&row.len())
        && index(row[0], SOURCES)
        && index(row[1], TARGETS)
        && row.get(2).is_none_or(weight)
        && row.get(3).is_none_or(delay)
}

/// Writes the list that an input stands for, every byte a decision, and says whether it is one.
pub fn write(input: &[u8], path: &Path) -> bool {
    let numbers: Vec<u16> = input.iter().map(|&byte| byte.into()).collect();
    let choices = &mut Choices::new(&numbers);
    let columns = 2 + choices.below(3);
    let titles = ["source", "target", "weight", "delay"];
    let mut lines = Vec::new();
    let mut sound = true;
    if choices.once_in(2) {
        lines.push(titles[..columns].join(","));
    }
    let mut width = (!lines.is_empty()).then_some(columns);
    for _ in 0..choices.below(6) {
        let (text, row) = line(columns, choices);
        // A line of nothing is none.
        if text.is_empty() {
            lines.push(text);
            continue;
        }
        let fields = text.split(',').count();
        let words = text.split(',').all(|field| matches!(field.trim(), "l" | "source"));
        let is_titles = words && width.is_none();
        sound &= width.is_none_or(|width| width == fields);
        width = Some(fields);
        sound &= is_titles || row.is_some_and(|row| is_synapse(&row));
        lines.push(text);
    }
    let end = choices.of(&["\n", "\r\n"]);
    fs::write(path, lines.join(end) + end).expect("a file");
    sound
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    (0..40_u32)
        .map(|seed| (0..60_u32).map(|k| (seed * 60 + k).wrapping_mul(2_246_822_519).to_be_bytes()[0]).collect())
        .collect()
}

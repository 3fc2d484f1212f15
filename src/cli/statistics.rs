//! The statistics of a run's spikes and responses on the terminal.

use super::{
    progress::in_words,
    table::{grouped, table},
};
use crate::{
    output::{Classification, GroupStatistics},
    statistics::{Summary, written},
};

/// A line per recording of spikes, under a blank line and a heading; nothing without recordings.
pub(super) fn statistics_in_text(statistics: &[GroupStatistics]) -> String {
    let Some(first) = statistics.first() else { return String::new() };
    let head = ["spikes of", "rate", "CV", "LV", "Fano", "correlation", "peak"];
    let mut rows = vec![head.map(String::from).to_vec()];
    rows.extend(statistics.iter().map(|one| row(&one.group, &one.summary)));
    // Recordings that begin or end at different times have stretches of their own; the report has them all.
    let stretch = |one: &GroupStatistics| [one.summary.from_ms, one.summary.until_ms];
    let common = statistics.iter().all(|one| stretch(one) == stretch(first));
    let stretch = match stretch(first).map(in_words) {
        [from, until] if common => format!("from {from} to {until}"),
        _ => "from the end of their transients to their ends".into(),
    };
    format!("\nstatistics {stretch}\n{}", table("", &rows))
}

fn row(group: &str, summary: &Summary) -> Vec<String> {
    let number = |number: Option<f64>, decimals: usize, unit: &str| {
        written(number, decimals) + if number.is_some() { unit } else { "" }
    };
    vec![
        group.to_owned(),
        number(summary.rate_hz, 2, " Hz"),
        number(summary.cv, 2, ""),
        number(summary.lv, 2, ""),
        number(summary.fano, 2, ""),
        number(summary.correlation, 3, ""),
        number(summary.peak_hz, 1, " Hz"),
    ]
}

/// A line per recording of responses from which classes were predicted, under a blank line and a heading.
pub(super) fn classifications_in_text(classifications: &[Classification]) -> String {
    if classifications.is_empty() {
        return String::new();
    }
    let head = ["responses of", "classes by", "neurons with one", "tested by", "presentations", "undecided", "right"];
    let mut rows = vec![head.map(String::from).to_vec()];
    rows.extend(classifications.iter().map(|one| {
        let score = &one.score;
        let right = written(score.accuracy.map(|right| 100.0 * right), 1) + " %";
        let [assigned, tested, undecided] = [score.assigned, score.tested, score.undecided].map(grouped);
        vec![one.group.clone(), one.assigned_by.clone(), assigned, one.tested_by.clone(), tested, undecided, right]
    }));
    format!("\nclasses told from responses\n{}", table("", &rows))
}

//! The statistics of a run's spikes on the terminal.

use super::{progress::in_words, table::table};
use crate::{
    output::GroupStatistics,
    statistics::{Summary, written},
};

/// A line per recording of spikes, under a blank line and a heading; nothing without recordings.
pub(super) fn statistics_in_text(statistics: &[GroupStatistics]) -> String {
    let Some(first) = statistics.first() else { return String::new() };
    let head = ["spikes of", "rate", "CV", "LV", "Fano", "correlation", "peak"];
    let mut rows = vec![head.map(String::from).to_vec()];
    rows.extend(statistics.iter().map(|one| row(&one.group, &one.summary)));
    // Recordings that begin at different times have different transients; the report has them all.
    let is_common = statistics.iter().all(|one| one.summary.from_ms == first.summary.from_ms);
    let stretch = if is_common { in_words(first.summary.from_ms) } else { "the end of their transients".into() };
    format!("\nstatistics from {stretch} on\n{}", table("", &rows))
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

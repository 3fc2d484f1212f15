//! The report on the terminal.

use std::path::Path;

use super::super::{
    progress::in_words,
    statistics::{classifications_in_text, statistics_in_text},
    table::{grouped, table},
};
use crate::output::{RankReport, Report, StageTime};

/// The delays that there are, and what rounding to whole steps made of them.
fn delays_in_text(synapses: &[crate::assemble::SynapsePlan]) -> String {
    let all = synapses.iter().filter_map(|group| group.delays).reduce(crate::network::DelaySummary::and);
    all.map_or_else(String::new, |delays| {
        format!(
            "\ndelays {} to {} ms, rounded to whole steps by {:.3} ms at most\n",
            delays.shortest_ms, delays.longest_ms, delays.rounded_by_ms
        )
    })
}

/// The iterations of the run: how many, or from which to which where it began from a checkpoint.
fn iterations_in_text(report: &Report) -> String {
    match report.first_iteration {
        0 => format!("{} iterations", grouped(report.iterations)),
        first => format!("iterations {} to before {}", grouped(first), grouped(report.iterations)),
    }
}

/// The report on the terminal.
pub(super) fn in_text(report: &Report, folder: &Path) -> String {
    let mut text = format!(
        "{}\n{}, {} in {:.3} s: real-time factor {:.4} ({} thread{}, {}, {})\n\n",
        if report.title.is_empty() { "(untitled)" } else { &report.title },
        iterations_in_text(report),
        in_words(report.simulated_ms),
        report.wall_s,
        report.real_time_factor,
        report.provenance.threads,
        if report.provenance.threads == 1 { "" } else { "s" },
        report.provenance.instruction_set,
        report.provenance.precision,
    );
    let mut rows = vec![["group", "neurons", "spikes", "mean rate"].map(String::from).to_vec()];
    rows.extend(report.groups.iter().map(|group| {
        let rate = format!("{:.2} Hz", group.rate_hz);
        vec![group.plan.name.clone(), grouped(group.plan.size as u64), grouped(group.spikes), rate]
    }));
    text += &table("", &rows);
    text += &delays_in_text(&report.synapses);
    text += &statistics_in_text(&report.statistics);
    text += &classifications_in_text(&report.classifications);
    text += &times_in_text(&report.stages);
    text += &ranks_in_text(&report.ranks);
    let names = report.recordings.iter().map(|file| &file.file).chain(&report.plots);
    text += &format!("\n{}\n", folder.display());
    for name in names.chain(&[crate::output::REPORT.to_owned()]) {
        text += &format!("  {name}\n");
    }
    for missing in &report.no_statistics {
        text += &format!("no statistics: {missing}\n");
    }
    for missing in &report.not_drawn {
        text += &format!("not drawn: {missing}\n");
    }
    for warning in &report.warnings {
        text += &format!("warning: {warning}\n");
    }
    text
}

fn ranks_in_text(ranks: &[RankReport]) -> String {
    if ranks.is_empty() {
        return String::new();
    }
    let mut rows = vec![["rank", "neurons", "synapses", "computes", "exchanges and waits"].map(String::from).to_vec()];
    rows.extend(ranks.iter().enumerate().map(|(rank, report)| {
        let [computes, exchanges] = [report.computes_us, report.exchanges_us].map(|time| format!("{time:.2} µs"));
        vec![rank.to_string(), grouped(report.neurons), grouped(report.synapses), computes, exchanges]
    }));
    let every = match ranks[0].exchanged_every {
        0 | 1 => "after each iteration".to_owned(),
        every => format!("every {every} iterations, as delays allow"),
    };
    format!("\nranks tell one another who fired {every}\n{}", table("", &rows))
}

fn times_in_text(stages: &[StageTime]) -> String {
    if stages.is_empty() {
        return String::new();
    }
    let mut rows = Vec::new();
    for stage in stages {
        rows.push(vec![stage.stage.clone(), format!("{:.2} µs", stage.microseconds)]);
        rows.extend(
            stage
                .behaviours
                .iter()
                .filter(|b| b.microseconds >= 0.005)
                .map(|behaviour| vec![format!("  {}", behaviour.name), format!("{:.2} µs", behaviour.microseconds)]),
        );
    }
    format!("\ntime per iteration\n{}", table("", &rows))
}

//! The README's numbers of networks that differ with their seed, as means and standard deviations over ten of them:
//! `cargo bench --bench seeds` prints a table in Markdown. `-- --seeds=30` takes more of them, and a word, as in `-- slow`,
//! picks the rows that have it in their name. Without dopamine it takes ten minutes on two cores, with it half an hour.

mod networks;
mod run;

use networks::{NETWORKS, Network};
use rayon::prelude::*;
use run::Run;

/// A quantity over the seeds.
struct Spread {
    mean: f64,
    deviation: f64,
    least: f64,
    most: f64,
    of: usize,
}

impl Spread {
    /// Of those values that there are.
    fn of(values: &[Option<f64>]) -> Option<Self> {
        let values: Vec<f64> = values.iter().copied().flatten().collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let [least, most] = [f64::min, f64::max].map(|of| values.iter().copied().reduce(of).unwrap_or(f64::NAN));
        let deviation = (squares / (values.len() as f64 - 1.0).max(1.0)).sqrt();
        (!values.is_empty()).then_some(Self { mean, deviation, least, most, of: values.len() })
    }
}

fn row(network: &Network, seeds: u32) {
    let runs: Vec<Run> = (1..=seeds).into_par_iter().map(|seed| Run::of(network, seed)).collect();
    let alive: Vec<&Run> = runs.iter().filter(|run| run.lives()).collect();
    for (quantity, measure) in network.quantities {
        let values: Vec<Option<f64>> = alive.iter().map(|run| measure(run)).collect();
        let Some(Spread { mean, deviation, least, most, of }) = Spread::of(&values) else { continue };
        let digits = if most.abs() < 10.0 { 2 } else { 1 };
        let number = |value: f64| format!("{value:.digits$}");
        let [mean, deviation, least, most] = [mean, deviation, least, most].map(number);
        println!("| {} | {quantity} | {mean} ± {deviation} | {least} to {most} | {of} of {seeds} |", network.name);
    }
    if alive.len() < runs.len() {
        println!("| {} | fell silent | | | {} of {seeds} |", network.name, runs.len() - alive.len());
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let seeds = words.iter().find_map(|word| word.strip_prefix("--seeds=")?.parse().ok()).unwrap_or(10);
    let wanted: Vec<&String> = words.iter().filter(|word| !word.starts_with("--")).collect();
    println!("| network | | mean ± sd | from, to | seeds |\n|---|---|--:|--:|--:|");
    let is_wanted = |network: &&Network| wanted.is_empty() || wanted.iter().any(|word| network.name.contains(*word));
    NETWORKS.iter().filter(is_wanted).for_each(|network| row(network, seeds));
}

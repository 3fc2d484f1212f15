//! The networks, and what is asked of each.

use super::run::Run;

/// A quantity of a run, if it has one.
type Measure = fn(&Run) -> Option<f64>;

/// A network as the README has it.
pub struct Network {
    pub name: &'static str,
    /// The scene, without folder and ending.
    pub scene: &'static str,
    /// Arguments of `cortecs run`.
    pub arguments: &'static [&'static str],
    pub quantities: &'static [(&'static str, Measure)],
}

const RATE: (&str, Measure) = ("rate (Hz)", |run| run.rate());
const CV: (&str, Measure) = ("CV", |run| run.of_first("cv"));
const PEAK: (&str, Measure) = ("peak (Hz)", |run| run.of_first("peak_hz"));
const SPIKING: &[(&str, Measure)] = &[RATE, CV];
const RHYTHMIC: &[(&str, Measure)] = &[RATE, PEAK, CV];
const SETTLING: &[(&str, Measure)] = &[
    ("first 0.1 s (Hz)", |run| run.rates("excitatory")?.first().copied()),
    ("last second (Hz)", |run| {
        let rates = run.rates("excitatory")?;
        let last = rates.get(rates.len().checked_sub(10)?..)?;
        Some(last.iter().sum::<f64>() / last.len() as f64)
    }),
];
const REWARDED: &[(&str, Measure)] = &[
    ("greatest weight after (s)", |run| {
        let reached = run.chosen_weight()?.iter().position(|w| *w >= 4.0 - 1e-6)?;
        Some(reached as f64 + 1.0)
    }),
    ("its mean in the last 1000 s", |run| {
        let weights = run.chosen_weight()?;
        let last = weights.get(weights.len().checked_sub(1000)?..)?;
        Some(last.iter().sum::<f64>() / last.len() as f64)
    }),
    // Bins of 0.1: the first holds what is below 0.
    ("others below 1 (%)", |run| run.share_of_others(..11)),
    ("others above 3.8 (%)", |run| run.share_of_others(39..)),
];

/// A row of the table each, the longest last.
pub const NETWORKS: &[Network] = &[
    Network { name: "CUBA", scene: "cuba", arguments: &[], quantities: SPIKING },
    Network {
        name: "COBA, fixed in-degrees",
        scene: "coba",
        arguments: &[
            "--set",
            "synapses.0.connectivity=FixedInDegree(in_degree: 64)",
            "--set",
            "synapses.1.connectivity=FixedInDegree(in_degree: 16)",
        ],
        quantities: SPIKING,
    },
    Network { name: "COBA, probability", scene: "coba", arguments: &[], quantities: SPIKING },
    Network { name: "Brunel, AI", scene: "brunel", arguments: &[], quantities: SPIKING },
    Network {
        name: "Brunel, fast SI",
        scene: "brunel",
        arguments: &["--set", "constants.g=6", "--set", "constants.eta=4", "--iterations", "4000"],
        quantities: RHYTHMIC,
    },
    Network {
        name: "Brunel, slow SI",
        scene: "brunel",
        arguments: &["--set", "constants.g=4.5", "--set", "constants.eta=0.9", "--iterations", "11000"],
        quantities: RHYTHMIC,
    },
    Network {
        name: "Brunel, SR",
        scene: "brunel",
        arguments: &["--set", "constants.g=3", "--set", "constants.eta=2", "--iterations", "3000"],
        quantities: SPIKING,
    },
    Network { name: "Vogels, target 3 Hz", scene: "vogels_2011", arguments: &[], quantities: SETTLING },
    Network {
        name: "Vogels, target 8 Hz",
        scene: "vogels_2011",
        arguments: &["--set", "constants.target_rate=8"],
        quantities: SETTLING,
    },
    Network {
        name: "pattern learning",
        scene: "pattern_learning",
        arguments: &[],
        quantities: &[("told right (%)", |run| run.told_right())],
    },
    Network { name: "dopamine", scene: "dopamine", arguments: &[], quantities: REWARDED },
];

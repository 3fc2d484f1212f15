//! What a report lists of a run: its groups and its files. Written by those who run, read by those who draw and evaluate.

use serde::{Deserialize, Serialize};

use crate::{assemble::GroupPlan, record::Responses};

/// A neuron group and its activity.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupReport {
    /// Name, size, shape and tags.
    #[serde(flatten)]
    pub plan: GroupPlan,
    /// Spikes.
    pub spikes: u64,
    /// Mean rate of a neuron (Hz).
    pub rate_hz: f64,
}

/// A file with a recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileReport {
    /// Its name in the run folder.
    pub file: String,
    /// `variable` (a row per recorded iteration), `spikes` (a row per spike: iteration, neuron), `rate` (a row per bin),
    /// `histogram` (a row of counts per recorded iteration: below the range, in equal bins of it, above it), `snapshots` (a
    /// row of the weights of all synapses per recorded iteration), `synapses` (a row per synapse: source, target, delay),
    /// `responses` (a row of spike counts per presentation) or `presentations` (a row for each: first iteration, block,
    /// stimulus, class).
    pub kind: String,
    /// The group, or group and receptor.
    pub group: String,
    /// The variable, or `spikes`.
    #[serde(default)]
    pub variable: String,
    /// Its unit; empty if it has none.
    #[serde(default)]
    pub unit: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// The type of a number, as NumPy writes it: `<f4`.
    #[serde(default)]
    pub dtype: String,
    /// The shape of a row.
    #[serde(default)]
    pub row_shape: Vec<usize>,
    /// Rows.
    #[serde(default)]
    pub rows: u64,
    /// The first recorded iteration.
    #[serde(default)]
    pub first: u64,
    /// Row k is iteration first + k · every; of a rate, the iterations from there to the next row. `None` where there are
    /// `snapshots` of the first and the last alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// The first iteration that was not recorded any more, if not all were to the end.
    #[serde(default)]
    pub until: Option<u64>,
    /// The recorded neurons, if not all.
    #[serde(default)]
    pub neurons: Option<Vec<u64>>,
    /// The file that says which synapse each column of recorded synapses is: source, target and delay (steps).
    #[serde(default)]
    pub synapses: Option<String>,
    /// The snapshots that were taken.
    #[serde(default)]
    pub snapshots: Option<Vec<SnapshotReport>>,
    /// The lower edge of a histogram's first bin and the upper edge of its last.
    #[serde(default)]
    pub range: Option<[f64; 2]>,
    /// For responses and presentations, the group and the blocks of what is presented.
    #[serde(default)]
    pub responses: Option<Responses>,
}

impl FileReport {
    /// The kind of a recording of a population rate.
    pub const RATE: &str = "rate";

    /// The kind of what recorders of other crates make of a group.
    pub const MEASURED: &str = "measured";

    /// Iterations from row to row.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.every.unwrap_or(1)
    }

    /// The recorded neurons as the state counts them, in 32 bits: no group has more.
    #[must_use]
    pub fn members(&self) -> Option<Vec<u32>> {
        let all = self.neurons.as_ref()?;
        Some(all.iter().filter_map(|&neuron| u32::try_from(neuron).ok()).collect())
    }

    /// Whether rows are means over the iterations from each to the next.
    #[must_use]
    pub fn is_rate(&self) -> bool {
        self.kind == Self::RATE
    }

    /// Whether its columns are what a recorder has made of a group, and not members of it.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.kind == Self::MEASURED
    }

    /// Whether it is that of the variable at an address, `group.variable`.
    #[must_use]
    pub fn is_at(&self, address: &str) -> bool {
        address.rsplit_once('.') == Some((&self.group, &self.variable))
    }
}

/// A snapshot of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotReport {
    /// The iteration at whose end it was taken.
    pub iteration: u64,
    /// How many synapses there were. Where they come and go, weights and synapses of all snapshots stand behind one another,
    /// and these are the numbers of their rows.
    pub synapses: u64,
}

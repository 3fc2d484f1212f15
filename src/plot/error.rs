//! Why a run, or one recording of it, could not be drawn.

use std::io;
use std::path::PathBuf;

use crate::npy::NpyError;
use crate::statistics::SpikeError;

/// Why a run folder could not be drawn, or not completely.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The operating system refused to read the report or to write a picture.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The report is not JSON, or lacks a field that is needed here.
    #[error("{}: {source}", path.display())]
    Report {
        /// The report.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// The report states what no run can have.
    #[error("{}: `{field}`: {why}", path.display())]
    Nonsense {
        /// The report.
        path: PathBuf,
        /// The field, as it is named in the report.
        field: String,
        /// Why.
        why: String,
    },
    /// A recording is said to lie elsewhere than in the run folder.
    #[error("{}: `{file}` is no file of this run folder", path.display())]
    Elsewhere {
        /// The report.
        path: PathBuf,
        /// The name that it states.
        file: String,
    },
    /// The report lists no recordings.
    #[error("{}: nothing was recorded, so there is nothing to draw", path.display())]
    NothingRecorded {
        /// The report.
        path: PathBuf,
    },
    /// A picture could not be encoded.
    #[error("{}: {fault}", path.display())]
    Picture {
        /// The picture.
        path: PathBuf,
        /// What the encoder said.
        fault: String,
    },
    /// Some recordings could not be drawn; everything else was.
    #[error("not drawn: {}", undrawn.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Undrawn {
        /// The pictures that were written.
        drawn: Vec<PathBuf>,
        /// The recordings that are missing in them, and why; at least one.
        undrawn: Vec<Undrawn>,
    },
}

/// A recording that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {fault}")]
pub struct Undrawn {
    /// The recording's file as the report names it.
    pub file: String,
    /// Why.
    #[source]
    pub fault: Fault,
}

/// Why a recording could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file could not be read.
    #[error(transparent)]
    Unread(#[from] NpyError),
    /// There is no picture for this kind of recording.
    #[error(
        "recordings of kind {kind:?} have no picture (known: \"variable\", \"spikes\", \"rate\", \"histogram\", \
         \"snapshots\")"
    )]
    Kind {
        /// The kind as the report names it.
        kind: String,
    },
    /// A variable that is not one number per row and neuron, or spikes that are not pairs.
    #[error("shape {found:?} instead of (rows, {columns})")]
    Shape {
        /// The file's shape.
        found: Vec<usize>,
        /// How many columns it should have.
        columns: u64,
    },
    /// A histogram without the range of its bins.
    #[error("the report states no range of its bins")]
    Range,
    /// Spikes that have no statistics, since they are not in the order of time or of neurons that were not recorded.
    #[error(transparent)]
    Spikes(#[from] SpikeError),
    /// Snapshots without the file of their synapses.
    #[error("the report names no file of its synapses")]
    Synapses,
    /// A recording of no rows.
    #[error("has no rows")]
    Empty,
    /// A recording that was to begin after the run had ended.
    #[error("was to begin with iteration {first}, and the run has {iterations}")]
    Late {
        /// Its first iteration.
        first: u64,
        /// The number of iterations of the run.
        iterations: u64,
    },
    /// A curve of a profile whose variable was not recorded.
    #[error("no variable {address:?} was recorded")]
    NotRecorded {
        /// The address.
        address: String,
    },
    /// A curve of a profile over a variable of a group that is neither its own nor at an end of its synapses.
    #[error("members of {of:?} have nothing to do with those of {over:?}")]
    Unrelated {
        /// The group of the curve.
        of: String,
        /// The group that it is drawn over.
        over: String,
    },
    /// A curve of a profile over more or fewer numbers than its variable has members.
    #[error("{found} numbers to be drawn over for {expected} members")]
    Members {
        /// The numbers.
        found: usize,
        /// The members.
        expected: usize,
    },
    /// Spikes or weights of a group that the report does not list, so that nobody knows how many neurons it has.
    #[error("group {group:?} is not in the report")]
    Group {
        /// The group.
        group: String,
    },
    /// A row or a spike after the end of the run.
    #[error("iteration {iteration}, but the run has {iterations}")]
    Iteration {
        /// The iteration.
        iteration: f64,
        /// The number of iterations of the run.
        iterations: u64,
    },
    /// A spike of a neuron that the group does not have.
    #[error("neuron {neuron}, but the group has {size}")]
    Neuron {
        /// The neuron.
        neuron: f64,
        /// The size of the group.
        size: u64,
    },
}

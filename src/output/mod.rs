//! Recordings to files, and the report of a run. Reads the network, never changes it.
#![forbid(unsafe_code)]

mod classification;
mod folder;
mod report;
mod scribe;
mod statistics;
mod tapes;

pub use classification::{Classification, ClassificationError, classifications};
pub use folder::{Existing, FolderError, RunFolder};
pub use report::{
    BehaviourTime, FileReport, GroupReport, Outcome, Provenance, REPORT, Report, SnapshotReport, StageTime, Warning,
};
pub use scribe::OnDiskFull;
pub use statistics::{GroupStatistics, StatisticsError, spike_statistics};
pub use tapes::{Files, TapeError, attach_files};

//! Recordings to files, and the report of a run. Reads the network, never changes it.
#![forbid(unsafe_code)]

mod classification;
mod folder;
mod listing;
mod recording_files;
mod report;
mod run;
mod statistics;
mod writer_thread;

pub use classification::{Classification, ClassificationError, classifications};
pub use folder::{Existing, FolderError, RunFolder};
pub(crate) use folder::{STEERED, STOPPED};
pub use listing::{FileReport, GroupReport, SnapshotReport};
pub use recording_files::{Files, RecordingFileError, attach_files};
pub use report::{BehaviourTime, Outcome, Provenance, REPORT, RankReport, Report, StageTime, Warning};
pub use run::Run;
pub use statistics::{GroupStatistics, StatisticsError, spike_statistics};
pub use writer_thread::OnDiskFull;

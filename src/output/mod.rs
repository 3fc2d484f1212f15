//! Recordings to files, and the report of a run. Reads the network, never changes it.
#![forbid(unsafe_code)]

mod folder;
mod report;
mod scribe;
mod tapes;

pub use folder::{Existing, FolderError, RunFolder};
pub use report::{BehaviourTime, FileReport, GroupReport, Outcome, Provenance, REPORT, Report, StageTime};
pub use tapes::{Files, TapeError, attach_files};

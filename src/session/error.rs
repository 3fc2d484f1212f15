//! What can keep a run from its end.

use std::{io, path::PathBuf};

use crate::{
    checkpoint::CheckpointFileError,
    network::failure::Failure,
    output::{FolderError, RecordingFileError},
    text::Diagnostics,
};

/// Why a run did not begin, or did not reach its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The scene is wrong.
    #[error(transparent)]
    Scene(#[from] Diagnostics),
    /// No run folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Recordings cannot be written.
    #[error(transparent)]
    RowBuffer(#[from] RecordingFileError),
    /// A checkpoint cannot be written or used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointFileError),
    /// The checkpoint is of a network that was made without a scene.
    #[error("the checkpoint has no scene")]
    NoScene,
    /// Nothing to go on with.
    #[error("`{}` has no checkpoint: it ended, or was killed before the first one was made", .0.display())]
    NoCheckpoint(PathBuf),
    /// Another rank knows why.
    #[error("another rank has failed")]
    Elsewhere,
    /// Rank 0 has the run folder.
    #[error("another rank has the run folder")]
    Follows,
    /// All iterations are done.
    #[error("the state is that before iteration {iteration}, and the run was to end before iteration {planned}")]
    Over {
        /// Where it stands.
        iteration: u64,
        /// Where it was to end.
        planned: u64,
    },
    /// The recordings of the run are not whole.
    #[error("its recordings ended before iteration {ended}, as they could not be written")]
    RecordingsEnded {
        /// The iteration.
        ended: u64,
        /// The checkpoint.
        path: PathBuf,
    },
    /// A file that the network is built from is another one.
    #[error("`{0}` is not what it was when the run began: it would not go on as it was")]
    OtherFile(String),
    /// A file that the network is built from cannot be read again.
    #[error("`{file}` cannot be read: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody wanted the run to end; it can be gone on with.
    #[error("interrupted before iteration {iteration} of {planned} ({by})")]
    Interrupted {
        /// By whom, in a word.
        by: &'static str,
        /// Iterations that are done.
        iteration: u64,
        /// Iterations that were asked for.
        planned: u64,
        /// The run folder.
        run: PathBuf,
        /// Whether everything was recorded until then.
        recorded: bool,
    },
    /// The disk does not take what is written.
    #[error("{error}")]
    DiskFull {
        /// What could not be written.
        error: Box<SessionError>,
        /// Iterations that are done.
        iteration: u64,
        /// Where the state was saved that the run had then.
        saved: Result<PathBuf, Box<CheckpointFileError>>,
        /// The run folder, if it has a checkpoint.
        last: Option<PathBuf>,
    },
    /// The network failed.
    #[error("the run stopped in iteration {iteration}\n{}", list(.failures))]
    Stopped {
        /// The iteration that failed.
        iteration: u64,
        /// What failed.
        failures: Vec<Failure>,
    },
    /// The report cannot be written.
    #[error("`{}` cannot be written: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn list(failures: &[Failure]) -> String {
    failures.iter().map(|failure| format!("  {failure}")).collect::<Vec<_>>().join("\n")
}

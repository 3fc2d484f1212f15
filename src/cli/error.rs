//! Everything that can end a command, and how it is shown.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::interruption::Signal;
use crate::{
    checkpoint::{CHECKPOINT, CheckpointFileError},
    network::failure::Failure,
    numeric::instruction_set::InstructionSetError,
    output::{FolderError, TapeError},
    text::Diagnostics,
};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The scene is wrong.
    #[error(transparent)]
    Scene(#[from] Diagnostics),
    /// No run folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Recordings cannot be written.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// Not that instruction set.
    #[error(transparent)]
    InstructionSet(#[from] InstructionSetError),
    /// No threads.
    #[error("no threads to compute with: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// No scene was named.
    #[error("no scene is named, and no checkpoint that has one (`--from`)")]
    NoScene,
    /// What the run needs would be removed.
    #[error("`--force` would remove `{}`, which the run begins from, with the folder `{}`; `--out` names another", .needed.display(), .folder.display())]
    Needed {
        /// The file.
        needed: PathBuf,
        /// The run folder that is to be replaced.
        folder: PathBuf,
    },
    /// A checkpoint cannot be written or used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointFileError),
    /// Signals cannot be watched.
    #[error("signals cannot be watched: {0}")]
    Signals(io::Error),
    /// Nothing to go on with.
    #[error("`{}` has no checkpoint: it ended, or was killed before the first one was made; `cortecs run` begins anew", .0.display())]
    NoCheckpoint(PathBuf),
    /// All iterations are done.
    #[error(
        "the state is that before iteration {iteration}, and the run was to end before iteration {planned}: `--iterations` lets it be longer"
    )]
    Over {
        /// Where it stands.
        iteration: u64,
        /// Where it was to end.
        planned: u64,
    },
    /// The recordings of the run are not whole.
    #[error("its recordings ended before iteration {ended}, as they could not be written: `cortecs run --from {}` goes on in a folder of its own", .path.display())]
    RecordingsEnded {
        /// The iteration.
        ended: u64,
        /// The checkpoint.
        path: PathBuf,
    },
    /// Somebody wanted the run to end.
    #[error("interrupted before iteration {iteration} of {planned} ({}); {}", .signal.name(), going_on(.run, *.recorded))]
    Interrupted {
        /// By which.
        signal: Signal,
        /// Iterations that are done.
        iteration: u64,
        /// Iterations that were asked for.
        planned: u64,
        /// The run folder.
        run: PathBuf,
        /// Whether everything was recorded until then.
        recorded: bool,
    },
    /// A file that the network is built from is another one.
    #[error(
        "`{0}` is not what it was when the run began: it would not go on as it was; `cortecs run --from` begins a variant"
    )]
    OtherFile(String),
    /// A file that the network is built from cannot be read again.
    #[error("`{file}` cannot be read: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The disk does not take what is written.
    #[error("{error}\n{}", after_disk_full(*.iteration, .saved, .last.as_deref()))]
    DiskFull {
        /// What could not be written.
        error: Box<CliError>,
        /// Iterations that are done.
        iteration: u64,
        /// Where the state was saved that the run had then.
        saved: Result<PathBuf, Box<CheckpointFileError>>,
        /// The run folder, if it has a checkpoint.
        last: Option<PathBuf>,
    },
    /// The run stopped.
    #[error("the run stopped in iteration {iteration}\n{}", list(.failures))]
    Stopped {
        /// The iteration that failed.
        iteration: u64,
        /// What failed.
        failures: Vec<Failure>,
    },
    /// Nothing of that name to be listed.
    #[error("nothing is named `{name}`{}", .nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unlisted {
        /// What was asked for.
        name: String,
        /// What might have been meant.
        nearest: Option<String>,
    },
    /// A file cannot be written.
    #[error("`{}` cannot be written: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Pictures cannot be drawn.
    #[cfg(feature = "plot")]
    #[error(transparent)]
    Plot(#[from] crate::plot::PlotError),
    /// Results cannot be printed.
    #[error("results cannot be printed: {0}")]
    Print(io::Error),
}

/// How an interrupted run is gone on with.
fn going_on(run: &Path, recorded: bool) -> String {
    if recorded {
        return format!("`cortecs resume {}` goes on with it", run.display());
    }
    let checkpoint = run.join(CHECKPOINT);
    format!(
        "its recordings had ended before: `cortecs run --from {}` goes on with it, in a folder of its own",
        checkpoint.display()
    )
}

/// What can be done where the disk does not take what is written.
fn after_disk_full(iteration: u64, saved: &Result<PathBuf, Box<CheckpointFileError>>, last: Option<&Path>) -> String {
    let mut lines = Vec::new();
    match saved {
        Ok(path) => lines.push(format!(
            "  the state before iteration {iteration} was saved: `cortecs run --from {}` goes on from it, in a folder of its own",
            path.display()
        )),
        Err(why) => lines.push(format!("  the state before iteration {iteration} is lost: {why}")),
    }
    match last {
        Some(run) => lines.push(format!(
            "  `cortecs resume {}` goes on from its last checkpoint, once the disk takes what is written",
            run.display()
        )),
        None => lines.push("  there is no checkpoint before that".into()),
    }
    lines.join("\n")
}

fn list(failures: &[Failure]) -> String {
    failures.iter().map(|failure| format!("  {failure}")).collect::<Vec<_>>().join("\n")
}

impl CliError {
    /// The exit code of the program that ends with it.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Interrupted { signal, .. } => signal.exit_code(),
            _ => 1,
        }
    }

    /// The error as text, in the form that compilers use.
    #[must_use]
    pub fn render(&self, coloured: bool) -> String {
        match self {
            Self::Scene(diagnostics) => diagnostics.render(coloured),
            other => {
                Diagnostics::without_source().with(crate::text::Diagnostic::error(other.to_string())).render(coloured)
            }
        }
    }
}

//! Everything that can end a command, and how it is shown.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    checkpoint::{CHECKPOINT, CheckpointFileError},
    numeric::instruction_set::InstructionSetError,
    session::SessionError,
    text::Diagnostics,
};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The scene is wrong.
    #[error(transparent)]
    Scene(#[from] Diagnostics),
    /// The run did not begin, or did not reach its end; and what can be done.
    #[error("{error}{}", advice(.error))]
    Session {
        /// Why.
        error: SessionError,
        /// The exit code.
        code: u8,
    },
    /// There is no window.
    #[cfg(feature = "view")]
    #[error("{0}")]
    View(String),
    /// Nobody could watch the run.
    #[cfg(feature = "live")]
    #[error("`--watchable {address}` cannot be opened: {source}")]
    Port {
        /// As it was given.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// Whoever watches sees what one process knows.
    #[cfg(feature = "live")]
    #[error("`--watchable`: a run that is shared among ranks cannot be watched")]
    Watched,
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
    /// Signals cannot be watched.
    #[error("signals cannot be watched: {0}")]
    Signals(io::Error),
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
    /// MPI does not start.
    #[cfg(feature = "mpi")]
    #[error(transparent)]
    Mpi(#[from] crate::ranks::mpi::MpiError),
    /// Another rank tells what went wrong.
    #[error("another rank has failed")]
    Elsewhere,
    /// Results cannot be printed.
    #[error("results cannot be printed: {0}")]
    Print(io::Error),
}

impl From<SessionError> for CliError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Scene(diagnostics) => Self::Scene(diagnostics),
            error => Self::Session { error, code: 1 },
        }
    }
}

/// What can be done about the end of a run, in terms of commands.
fn advice(error: &SessionError) -> String {
    match error {
        SessionError::NoCheckpoint(_) => "; `cortecs run` begins anew".into(),
        SessionError::Over { .. } => ": `--iterations` lets it be longer".into(),
        SessionError::RecordingsEnded { path, .. } => {
            format!(": `cortecs run --from {}` goes on in a folder of its own", path.display())
        }
        SessionError::OtherFile(_) => "; `cortecs run --from` begins a variant".into(),
        SessionError::Interrupted { run, recorded: true, .. } => {
            format!("; `cortecs resume {}` goes on with it", run.display())
        }
        SessionError::Interrupted { run, recorded: false, .. } => format!(
            "; its recordings had ended before: `cortecs run --from {}` goes on with it, in a folder of its own",
            run.join(CHECKPOINT).display()
        ),
        SessionError::DiskFull { iteration, saved, last, .. } => {
            format!("\n{}", after_disk_full(*iteration, saved, last.as_deref()))
        }
        _ => String::new(),
    }
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

impl CliError {
    /// The exit code of the program that ends with it.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Session { code, .. } => *code,
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

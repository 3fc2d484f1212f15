//! Everything that can end a command, and how it is shown.

use std::{io, path::PathBuf};

use crate::{
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

fn list(failures: &[Failure]) -> String {
    failures.iter().map(|failure| format!("  {failure}")).collect::<Vec<_>>().join("\n")
}

impl CliError {
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

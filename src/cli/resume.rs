//! `cortecs resume`: goes on with a run that was interrupted, as if nothing had happened.

use std::path::PathBuf;

use bevy_app::App;
use clap::Args;

use super::{
    CliError,
    run::{Manner, resume as go_on},
};

#[derive(Args, Debug)]
pub(super) struct ResumeArguments {
    /// The run folder.
    run: PathBuf,
    /// The number of iterations of the whole run, if it is to be longer or shorter than its scene says.
    #[arg(long)]
    iterations: Option<u64>,
    /// Lets the scene read files outside its folder, as in `cortecs run`.
    #[arg(long)]
    allow_outside_files: bool,
    #[command(flatten)]
    manner: Manner,
}

pub(super) fn resume(app: App, arguments: &ResumeArguments) -> Result<(), CliError> {
    let ResumeArguments { run, iterations, allow_outside_files, manner } = arguments;
    go_on(app, run, *iterations, *allow_outside_files, manner)
}

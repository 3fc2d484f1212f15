//! `cortecs new`: a commented scene to start from.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, print};
use crate::disk;

/// The scene that is written; the tests of the crate run it.
pub(super) const STARTER: &str = include_str!("starter.ron");

#[derive(Args, Debug)]
pub(super) struct NewArguments {
    /// The file to write; one that exists is left alone.
    file: PathBuf,
}

pub(super) fn new(arguments: &NewArguments) -> Result<(), CliError> {
    let path = &arguments.file;
    disk::write_new(path, STARTER.as_bytes()).map_err(|source| CliError::Write { path: path.clone(), source })?;
    print(&format!("{}: run it with `cortecs run {}`\n", path.display(), path.display()))
}

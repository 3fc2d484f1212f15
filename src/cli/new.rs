//! `cortecs new`: a commented scene to start from.

use std::{fs::File, io::Write, path::PathBuf};

use clap::Args;

use super::{CliError, print};

/// The scene that is written; the tests of the crate run it.
pub(super) const STARTER: &str = include_str!("starter.ron");

#[derive(Args, Debug)]
pub(super) struct NewArguments {
    /// The file to write; one that exists is left alone.
    file: PathBuf,
}

pub(super) fn new(arguments: &NewArguments) -> Result<(), CliError> {
    let path = &arguments.file;
    File::create_new(path)
        .and_then(|mut file| file.write_all(STARTER.as_bytes()))
        .map_err(|source| CliError::Write { path: path.clone(), source })?;
    print(&format!("{}: run it with `cortecs run {}`\n", path.display(), path.display()))
}

//! `cortecs plot`: the pictures of a run folder, drawn from its files.

use std::path::{Path, PathBuf};

use bevy_ecs::prelude::*;
use clap::Args;

use super::{CliError, print};
use crate::plot::{PlotError, Plots, draw_with};

#[derive(Args, Debug)]
pub(super) struct PlotArguments {
    /// The run folder.
    run: PathBuf,
}

pub(super) fn plot(world: &World, arguments: &PlotArguments) -> Result<(), CliError> {
    let drawn = draw_with(&arguments.run, &others(world))?;
    print(&drawn.iter().map(|path| format!("{}\n", path.display())).collect::<String>())
}

/// Draws the pictures of a run that has just ended: their names in the run folder, and what could not be drawn, which
/// is no reason for the run to have failed.
pub(super) fn draw_all(world: &World, run: &Path) -> Result<(Vec<String>, Vec<String>), CliError> {
    let (drawn, undrawn) = match draw_with(run, &others(world)) {
        Ok(drawn) => (drawn, Vec::new()),
        Err(PlotError::Undrawn { drawn, undrawn }) => (drawn, undrawn.iter().map(ToString::to_string).collect()),
        Err(error) => return Err(error.into()),
    };
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok((drawn.iter().filter_map(name).collect(), undrawn))
}

/// What other crates draw.
fn others(world: &World) -> Vec<crate::plot::Plot> {
    world.get_resource::<Plots>().map(|plots| plots.0.clone()).unwrap_or_default()
}

//! `cortecs new`: a commented scene to start from.

use std::path::PathBuf;

use bevy_app::App;
use clap::Args;

use super::{CliError, print};
use crate::{
    disk,
    network::Behaviours,
    scene::{Ready, library},
    text::nearest,
};

/// The scene that is written; the tests of the crate run it.
pub(super) const STARTER: &str = include_str!("starter.ron");

#[derive(Args, Debug)]
pub(super) struct NewArguments {
    /// The file to write; one that exists is left alone.
    file: PathBuf,
    /// A model of the library (`cortecs list Equations`), whose equations stand in the scene to be changed.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
}

pub(super) fn new(app: &App, arguments: &NewArguments) -> Result<(), CliError> {
    let path = &arguments.file;
    let text = match &arguments.model {
        Some(name) => of_model(app, name)?,
        None => STARTER.to_owned(),
    };
    disk::write_new(path, text.as_bytes()).map_err(|source| CliError::Write { path: path.clone(), source })?;
    print(&format!("{}: run it with `cortecs run {}`\n", path.display(), path.display()))
}

/// A scene of some neurons with a model of the library, under a current at which something happens.
fn of_model(app: &App, name: &str) -> Result<String, CliError> {
    let behaviours = app.world().get_resource::<Behaviours>().cloned().unwrap_or_default();
    let all: Vec<Ready> = behaviours.iter().flat_map(library).collect();
    let Some(Ready { about, text, dt, drive, .. }) = all.iter().find(|ready| ready.name == name) else {
        let nearest = nearest(name, all.iter().map(|ready| ready.name.as_str())).map(str::to_owned);
        return Err(CliError::Unlisted { name: name.to_owned(), nearest });
    };
    let observed = if text.contains("dv/dt") { "v" } else { first_variable(text) };
    let text = text.replace('\n', "\n        ");
    let fires = text.contains("spike:");
    let spikes = if fires { "        SpikeRecorder(of: \"cells\"),\n" } else { "" };
    let current =
        if *drive == "0" { String::new() } else { format!("                ConstantCurrent(amplitude: {drive}),\n") };
    Ok(format!(
        "// {about}.
//
//   cortecs run FILE             recordings and pictures in runs/
//   cortecs list Equations       what equations may say
(
    title: {name:?},
    dt: {dt},
    iterations: 20_000,
    groups: {{
        \"cells\": (
            size: 4,
            behaviours: [
                {text},
{current}            ],
        ),
    }},
    recorders: [
{spikes}        VariableRecorder(of: \"cells.{observed}\", every: 10),
    ],
)
"
    ))
}

/// The first variable that equations name by its derivative.
fn first_variable(text: &str) -> &str {
    let before = text.split("/dt").next().unwrap_or_default();
    before.rsplit_once('d').map_or("v", |(_, name)| name)
}

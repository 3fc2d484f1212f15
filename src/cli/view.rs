//! `cortecs view`: a window on a scene's network.

use bevy_app::App;
use clap::Args;

use super::{CliError, SceneArguments};
use crate::{
    live::{Command, Experiment, Live, LiveError, Speed},
    view::{Window, show},
};

#[derive(Args, Debug)]
pub(super) struct ViewArguments {
    #[command(flatten)]
    scene: SceneArguments,
    /// Time of the network for time of the wall; `inf` for as fast as it goes.
    #[arg(long, default_value_t = 0.1)]
    speed: f64,
}

pub(super) fn view(
    app: &App,
    arguments: &ViewArguments,
    register: impl Fn(&mut App) + Send + 'static,
) -> Result<(), CliError> {
    let scene = arguments.scene.load(app)?;
    let (folder, document) = (scene.folder.clone(), scene.document.clone());
    let document = document.ok_or_else(|| CliError::View("the scene has no text".into()))?;
    let speed = if arguments.speed.is_finite() { Speed::Times(arguments.speed.max(0.0)) } else { Speed::Max };
    let title = document.name().to_owned();
    let saved_as = std::path::Path::new(&title).with_extension("session.ron");
    let live =
        Live::start(move || Experiment::new(document, folder, register), speed).map_err(|error| match error {
            LiveError::Wrong(faults) => CliError::Scene(faults),
            error => CliError::View(error.to_string()),
        })?;
    live.send(Command::Run);
    show(&format!("cortecs: {title}"), Window::new(live, speed, saved_as))
        .map_err(|error| CliError::View(format!("{error}; is there a display? `cortecs run` needs none")))
}

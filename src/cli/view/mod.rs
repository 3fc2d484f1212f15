//! `cortecs view`: a window on a scene's network, on a run that goes on elsewhere, on a run folder, on the experiment in a picture; or
//! pictures of it without a window.

mod pictures;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bevy_app::App;
use clap::Args;

use super::{CliError, SceneArguments};
use crate::{
    live::{Command, Experiment, Live, LiveError, Outline, Recorded, Remote, Source, Speed},
    text::Document,
    view::{Panels, Tab, Window, read_png, show},
};

#[derive(Args, Debug)]
pub(super) struct ViewArguments {
    /// A scene file, a run folder (finished or growing), `HOST:PORT` of a run that is `--watchable`, or a picture that this has made.
    what: PathBuf,
    #[command(flatten)]
    scene: SceneSettings,
    /// Time of the network for time of the wall; `inf` for as fast as it goes.
    #[arg(long, default_value_t = 0.1)]
    speed: f64,
    /// What the run that is watched has told.
    #[arg(long, value_name = "WORD", default_value = "")]
    token: String,
    /// Draws a picture (PNG) without a window, and ends.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// The iteration that the picture shows; default the last one of the scene, or of what was recorded.
    #[arg(long, value_name = "ITERATION")]
    at: Option<u64>,
    /// Draws a picture every so many iterations into a folder, for a film, and ends.
    #[arg(long, value_name = "DIR")]
    frames: Option<PathBuf>,
    /// Iterations from frame to frame.
    #[arg(long, value_name = "ITERATIONS", default_value_t = 20, requires = "frames", value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Width and height of pictures.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x800", value_parser = size)]
    size: [usize; 2],
    /// The tab below the raster: `neuron`, `synapses`, `weights`, `statistics`, `spectrum`, `cost`, `session`.
    #[arg(long, value_parser = tab)]
    tab: Option<Tab>,
    /// The neuron that is selected: `excitatory[57]`.
    #[arg(long, value_name = "GROUP[NEURON]")]
    select: Option<String>,
    /// On a light ground.
    #[arg(long)]
    light: bool,
}

/// What is set in a scene from the command line.
#[derive(Args, Debug)]
struct SceneSettings {
    /// Sets anything in the scene, as in `cortecs run`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    settings: Vec<String>,
    /// The seed of all random numbers.
    #[arg(long)]
    seed: Option<u64>,
    /// Lets the scene read files outside its folder, as in `cortecs run`.
    #[arg(long)]
    allow_outside_files: bool,
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let sides = text.split_once(['x', '×']).and_then(|(wide, high)| Some([wide.parse().ok()?, high.parse().ok()?]));
    sides
        .filter(|sides| sides.iter().all(|side| (200..=8192).contains(side)))
        .ok_or("it is as `1280x800`, 200 to 8192".into())
}

fn tab(text: &str) -> Result<Tab, String> {
    let is_it = |tab: &Tab| format!("{tab:?}").eq_ignore_ascii_case(text);
    let names = || Tab::ALL.map(|tab| format!("{tab:?}").to_lowercase()).join(", ");
    Tab::ALL.into_iter().find(is_it).ok_or_else(|| format!("it is one of {}", names()))
}

/// What is to be looked at.
enum What {
    /// A scene: its document, the folder of its arrays, the iteration to go to at once.
    Scene(Document, Option<PathBuf>, Option<u64>),
    Folder(PathBuf),
    Port(String),
}

impl ViewArguments {
    fn find(&self, app: &App) -> Result<What, CliError> {
        let what = &self.what;
        let is_png = what.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
        if what.is_dir() {
            return Ok(What::Folder(what.clone()));
        }
        if is_png {
            let failed = |error| CliError::View(format!("`{}` cannot be opened: {error}", what.display()));
            let ((name, text), iteration) = read_png(what).map_err(failed)?;
            let folder = what.parent().map(Path::to_owned);
            return Ok(What::Scene(Document::parse(name, text)?, folder, Some(iteration)));
        }
        match what.to_str() {
            Some(text) if !what.exists() && is_address(text) => return Ok(What::Port(text.to_owned())),
            _ => {}
        }
        let arguments = SceneArguments {
            scene: Some(what.clone()),
            settings: self.scene.settings.clone(),
            seed: self.scene.seed,
            iterations: None,
            allow_outside_files: self.scene.allow_outside_files,
        };
        let scene = arguments.load(app)?;
        let document = scene.document.ok_or_else(|| CliError::View("the scene has no text".into()))?;
        Ok(What::Scene(document, scene.folder, None))
    }

    fn speed(&self) -> Speed {
        if self.speed.is_finite() { Speed::Times(self.speed.max(0.0)) } else { Speed::Max }
    }

    /// What panels show at first, of a network.
    fn set_up(&self, panels: &mut Panels, outline: &Outline) -> Result<(), CliError> {
        let selected = self.select.as_ref().map(|text| select(text, outline)).transpose()?;
        panels.layout.tab = self.tab.unwrap_or(panels.layout.tab);
        panels.layout.dark &= !self.light;
        if let Some(selected) = selected {
            panels.select(selected);
        }
        Ok(())
    }
}

/// `host:port`.
fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// `excitatory[57]`.
fn select(text: &str, Outline { groups, .. }: &Outline) -> Result<(u32, u32), CliError> {
    let (name, neuron) = text.strip_suffix(']').and_then(|text| text.split_once('[')).unwrap_or((text, "0"));
    let place = groups.iter().position(|group| group.name == name);
    let neuron = neuron.parse::<u32>().ok();
    match place.zip(neuron) {
        Some((place, neuron)) if (neuron as usize) < groups[place].neurons() => Ok((place as u32, neuron)),
        _ => {
            let known: Vec<String> =
                groups.iter().map(|group| format!("{} ({} neurons)", group.name, group.neurons())).collect();
            Err(CliError::View(format!("`--select {text}`: there is no such neuron, in {}", known.join(", "))))
        }
    }
}

impl From<LiveError> for CliError {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Wrong(faults) => Self::Scene(faults),
            error => Self::View(error.to_string()),
        }
    }
}

pub(super) fn view(
    app: &App,
    arguments: &ViewArguments,
    register: impl Fn(&mut App) + Send + 'static,
) -> Result<(), CliError> {
    let what = arguments.find(app)?;
    if arguments.picture.is_some() || arguments.frames.is_some() {
        return pictures::draw(app, arguments, what, register);
    }
    // A run on another machine runs as fast as it goes, unless it is asked otherwise.
    let speed = if matches!(what, What::Port(_)) { Speed::Max } else { arguments.speed() };
    let title = arguments.what.display().to_string();
    let (source, saved_as): (Box<dyn Source>, PathBuf) = match what {
        What::Scene(document, folder, at) => {
            let saved_as = beside(&folder, document.name());
            let live = Live::start(move || Experiment::new(document, folder, register), speed)?;
            match at {
                Some(iteration) => live.send(Command::GoTo(iteration)),
                None => {
                    live.visit(roll_on).transpose()?;
                    live.send(Command::Run)
                }
            };
            (Box::new(live), saved_as)
        }
        What::Folder(path) => {
            let mut recorded = Recorded::open(&path, speed)?;
            recorded.send(Command::Run);
            (Box::new(recorded), path.join("session.ron"))
        }
        What::Port(address) => (Box::new(Remote::connect(&address, &arguments.token)?), PathBuf::from("session.ron")),
    };
    let mut window = Window::new(source, speed, saved_as);
    let outline = window.seen().outline.clone();
    arguments.set_up(window.panels(), &outline)?;
    show(&format!("cortecs: {title}"), window).map_err(|error| {
        CliError::View(format!("{error}; is there a display? `--picture` and `cortecs run` need none"))
    })
}

/// The first second of a network at full speed, or as much as a second of wall time allows: no window opens black.
fn roll_on(experiment: &mut Experiment) -> Result<(), LiveError> {
    let began = Instant::now();
    while experiment.iteration() as f64 * experiment.dt() < 1000.0 && began.elapsed() < Duration::from_secs(1) {
        experiment.run(10)?;
    }
    Ok(())
}

/// Where a session of a scene is saved: beside it, so that its arrays are found.
fn beside(folder: &Option<PathBuf>, name: &str) -> PathBuf {
    let name = Path::new(name).with_extension("session.ron");
    match (folder, name.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => name,
    }
}

//! `cortecs run` and `cortecs resume`: a [`Session`] with threads, a bar, signals and pictures.

#[cfg(feature = "live")]
mod gallery;
#[cfg(not(feature = "live"))]
#[path = "no_gallery.rs"]
mod gallery;
mod party;
mod text;

use std::{
    collections::BTreeSet,
    fmt::Display,
    path::{Path, PathBuf},
    time::Duration,
};

use bevy_app::App;
use bevy_ecs::prelude::*;
use clap::Args;
use rayon::ThreadPoolBuilder;

use gallery::Gallery;
use party::Party;

use super::{
    CliError, SceneArguments,
    interruption::{Interruption, Signal},
    print, print_warnings,
    progress::Progress,
    warn,
};
use crate::{
    checkpoint::{self, CheckpointFile, Restored},
    files,
    network::Variables,
    numeric::InstructionSet,
    output::{Existing, OnDiskFull, RunFolder, Warning},
    scene::Scene,
    session::{
        self, Beginning, CheckpointEvery, Interrupted, Parent, Session, SessionError, Settings, Watch,
        scene_of_checkpoint,
    },
};

#[derive(Args, Debug)]
pub(super) struct RunArguments {
    #[command(flatten)]
    scene: SceneArguments,
    /// Starts from the state in a checkpoint file, with whatever else is set here; without SCENE with the scene that the
    /// checkpoint was made in.
    #[arg(long, value_name = "CHECKPOINT")]
    from: Option<PathBuf>,
    /// With `--from`: lets all noise go on otherwise than it would from there; the number decides how.
    #[arg(long, value_name = "NUMBER", requires = "from")]
    noise_seed: Option<u64>,
    /// The run folder. It must not exist, or be empty; without it `runs/<scene>`, or a sibling with a number.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replaces a run folder that exists.
    #[arg(long)]
    force: bool,
    /// Takes a sibling of the run folder, with a number, if it exists.
    #[arg(long, conflicts_with = "force")]
    numbered: bool,
    #[command(flatten)]
    manner: Manner,
}

/// How to run: nothing of it changes what comes out.
#[derive(Args, Debug)]
pub(super) struct Manner {
    /// Threads to compute with; default all cores. The results are the same for any number.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Makes kernels run on `baseline`, `avx2` or `avx512`. The results are the same on all.
    #[arg(long, value_name = "NAME")]
    instruction_set: Option<InstructionSet>,
    /// How often the state is saved, from which `cortecs resume` goes on: `10000` iterations, `30s`, `10min`, `2h`, or
    /// `never`; default every 10 minutes. Where it is given, the state at the end is kept too.
    #[arg(long, value_name = "TIME")]
    checkpoint_every: Option<CheckpointEvery>,
    /// What to do when recordings cannot be written any more: `stop`, or `go-on` without them.
    #[arg(long, value_name = "WHAT", value_parser = on_disk_full)]
    on_disk_full: Option<OnDiskFull>,
    /// Lets others watch the run: `cortecs view HOST:PORT`. A port alone is reached from this machine only, 0 is any that is free;
    /// `ADDRESS:PORT` from wherever that is.
    #[cfg(feature = "live")]
    #[arg(long, value_name = "PORT")]
    watchable: Option<String>,
    /// What those who watch must know; without it one is drawn, and told.
    #[cfg(feature = "live")]
    #[arg(long, value_name = "WORD", requires = "watchable")]
    token: Option<String>,
    /// Lets those who watch pause the run and change its network; what they do becomes part of the run's scene.
    #[cfg(feature = "live")]
    #[arg(long, requires = "watchable")]
    steerable: bool,
    /// The run rests until somebody who watches lets it go.
    #[cfg(feature = "live")]
    #[arg(long, requires = "steerable")]
    paused: bool,
    /// Draws no pictures.
    #[arg(long)]
    no_plots: bool,
    /// No progress, no report on stdout.
    #[arg(long, short)]
    quiet: bool,
}

fn on_disk_full(word: &str) -> Result<OnDiskFull, String> {
    match word {
        "stop" => Ok(OnDiskFull::Stop),
        "go-on" => Ok(OnDiskFull::GoOn),
        _ => Err("it is `stop` or `go-on`".into()),
    }
}

impl Manner {
    fn settings(&self) -> Settings {
        let Self { checkpoint_every, on_disk_full, .. } = *self;
        Settings { checkpoint_every, on_disk_full, ..Settings::default() }
    }

    /// Lets `work` be done in this manner. The whole run lives inside the pool: a parallel region costs 0.04 µs there, and
    /// 5 µs from outside.
    fn with_threads<T: Send>(&self, work: impl FnOnce() -> Result<T, CliError> + Send) -> Result<T, CliError> {
        if let Some(set) = self.instruction_set {
            set.force()?;
        }
        ThreadPoolBuilder::new().num_threads(self.threads.unwrap_or_default().into()).build()?.install(work)
    }
}

pub(super) fn run(mut app: App, arguments: &RunArguments) -> Result<(), CliError> {
    let party = Party::join(&mut app)?;
    let ended = run_as(&party, app, arguments);
    party.end(ended)
}

fn run_as(party: &Party, mut app: App, arguments: &RunArguments) -> Result<(), CliError> {
    let loaded = load(&mut app, arguments);
    let (mut gallery, from, scene) = party.agree(app.world_mut(), loaded)?;
    let world = app.world_mut();
    arguments.manner.with_threads(|| {
        let begun = begin(world, &scene, arguments, from);
        let beginning = party.agree(world, begun)?;
        if party.follows() {
            let interruption = Interruption::watch().map_err(CliError::Signals)?;
            session::follow(world, || interruption.signal().is_some());
            return Ok(());
        }
        let session = start(world, &scene, arguments, beginning).inspect_err(|_| party.dismiss(world))?;
        gallery.let_in(world, (scene.document, scene.folder), &session);
        complete(world, session, &arguments.manner, gallery)
    })
}

/// What a run begins with.
type Loaded = (Gallery, Option<CheckpointFile>, Scene);

fn load(app: &mut App, arguments: &RunArguments) -> Result<Loaded, CliError> {
    let gallery = Gallery::open(app, &arguments.manner)?;
    let from = arguments.from.as_deref().map(checkpoint::open).transpose().map_err(SessionError::from)?;
    let scene = arguments.load(app, from.as_ref())?;
    Ok((gallery, from, scene))
}

impl RunArguments {
    fn load(&self, app: &App, from: Option<&CheckpointFile>) -> Result<Scene, CliError> {
        match (&self.scene.scene, from) {
            (Some(_), _) => Ok(self.scene.load(app)?),
            (None, Some(from)) => match scene_of_checkpoint(app.world(), from, &self.scene.assignments()) {
                Ok(scene) => Ok(Scene { outside_files: self.scene.allow_outside_files, ..scene }),
                Err(SessionError::NoScene) => Err(CliError::NoScene),
                Err(error) => Err(error.into()),
            },
            (None, None) => Err(CliError::NoScene),
        }
    }

    fn settings(&self) -> Settings {
        let scene_file = self.scene.scene.as_ref().map(|path| path.display().to_string());
        Settings { scene_file, assignments: self.scene.assignments(), ..self.manner.settings() }
    }

    /// What a run begins from is not in the folder that it replaces.
    fn refuse_to_remove(&self, wished: &Path) -> Result<(), CliError> {
        let Some(folder) = wished.canonicalize().ok().filter(|_| self.force) else { return Ok(()) };
        let needed = self.from.iter().chain(&self.scene.scene).filter_map(|path| path.canonicalize().ok());
        match { needed }.find(|path| path.starts_with(&folder)) {
            Some(needed) => Err(CliError::Needed { needed, folder }),
            None => Ok(()),
        }
    }

    /// `--out`, or `runs/` and the name of the scene's file.
    fn wished_folder(&self, scene_file: &str) -> PathBuf {
        let named = || Path::new("runs").join(Path::new(scene_file).file_stem().unwrap_or("scene".as_ref()));
        self.out.clone().unwrap_or_else(named)
    }
}

/// Builds the network.
fn begin(
    world: &mut World,
    scene: &Scene,
    arguments: &RunArguments,
    from: Option<CheckpointFile>,
) -> Result<Beginning, CliError> {
    let settings = arguments.settings();
    let beginning = match (from, &arguments.from) {
        (Some(file), Some(path)) => {
            let parent = Parent { path: path.clone(), file, noise_seed: arguments.noise_seed };
            Beginning::variant(world, scene, settings, parent)?
        }
        _ => Beginning::anew(world, scene, settings)?,
    };
    Ok(beginning)
}

/// Opens its files.
fn start(
    world: &mut World,
    scene: &Scene,
    arguments: &RunArguments,
    beginning: Beginning,
) -> Result<Session, CliError> {
    print_warnings(&beginning.network.plan.warnings);
    if let Some(restored) = beginning.restored.as_ref().filter(|_| !arguments.manner.quiet) {
        tell_what_differs(restored);
    }
    if arguments.from.is_some() {
        let names = variables_of(world);
        arguments.scene.settings.iter().filter(|set| sets_a_variable(set, &names)).for_each(|set| {
            warn(&format!(
                "`{set}` is of the beginning: variables go on as they were saved, weights too where they change"
            ));
        });
    }
    let wished = arguments.wished_folder(beginning.scene_file());
    arguments.refuse_to_remove(&wished)?;
    let existing = match (arguments.force, arguments.numbered || arguments.out.is_none()) {
        (true, _) => Existing::Replace,
        (false, true) => Existing::Number,
        (false, false) => Existing::Refuse,
    };
    let folder = RunFolder::create(&wished, existing).map_err(SessionError::from)?;
    if folder.path().file_name() != files::here(&wished).file_name() && !arguments.manner.quiet {
        warn(&format!("`{}` exists: the run goes to `{}`", wished.display(), folder.path().display()));
    }
    Ok(beginning.open(world, scene, folder)?)
}

/// The names of all variables in a world.
fn variables_of(world: &mut World) -> BTreeSet<String> {
    let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
    let mut all = world.query::<EntityRef>();
    all.iter(world).flat_map(|entity| variables.of(entity)).map(|info| info.name).collect()
}

/// Whether what a `path=value` sets is the beginning of a variable: `groups.cells.Lif.v=-60`, `synapses.0.weights=3`.
fn sets_a_variable(set: &str, names: &BTreeSet<String>) -> bool {
    let path = set.split_once('=').map_or(set, |(path, _)| path);
    path.rsplit('.').next().is_some_and(|last| names.contains(last.trim()))
}

/// Goes on with the run in a folder.
pub(super) fn resume(
    mut app: App,
    path: &Path,
    iterations: Option<u64>,
    outside_files: bool,
    manner: &Manner,
) -> Result<(), CliError> {
    let party = Party::join(&mut app)?;
    let ended = resume_as(&party, app, (path, iterations, outside_files), manner);
    party.end(ended)
}

fn resume_as(
    party: &Party,
    mut app: App,
    (path, iterations, outside_files): (&Path, Option<u64>, bool),
    manner: &Manner,
) -> Result<(), CliError> {
    let mut found = || -> Result<_, CliError> {
        let gallery = Gallery::open(&mut app, manner)?;
        Ok((gallery, Interrupted::find(app.world(), path, iterations, &manner.settings())?))
    };
    let found = found();
    let (mut gallery, mut interrupted) = party.agree(app.world_mut(), found)?;
    interrupted.scene.outside_files = outside_files;
    let world = app.world_mut();
    manner.with_threads(|| {
        let scene = (interrupted.scene.document.clone(), interrupted.scene.folder.clone());
        let built = interrupted.build(world).map_err(CliError::from);
        let resumed = party.agree(world, built)?;
        if party.follows() {
            let interruption = Interruption::watch().map_err(CliError::Signals)?;
            session::follow(world, || interruption.signal().is_some());
            return Ok(());
        }
        let session = resumed.open(world).inspect_err(|_| party.dismiss(world))?;
        gallery.let_in(world, scene, &session);
        complete(world, session, manner, gallery)
    })
}

/// Whoever sits at the terminal.
struct Onlooker {
    progress: Progress,
    interruption: Interruption,
    signal: Option<Signal>,
    gallery: Gallery,
}

impl Watch for Onlooker {
    fn advanced(&mut self, done: u64) {
        self.progress.advance(done);
    }

    fn warned(&mut self, warning: &dyn Display) {
        self.progress.warn(warning);
    }

    fn wants_end(&mut self) -> Option<&'static str> {
        self.signal = self.interruption.signal();
        self.signal.map(Signal::name)
    }

    fn between(&mut self, world: &mut World) -> Option<u64> {
        self.gallery.between(world)
    }

    fn interval(&self) -> Duration {
        self.gallery.interval()
    }

    fn touched(&mut self, world: &World) -> Option<String> {
        self.gallery.touched(world)
    }
}

/// Runs to the end; then pictures, and the report on stdout.
fn complete(world: &mut World, mut session: Session, manner: &Manner, gallery: Gallery) -> Result<(), CliError> {
    let report = session.report();
    let progress = Progress::new(session.begins(), report.iterations_planned, report.dt, manner.quiet);
    let interruption = Interruption::watch().map_err(CliError::Signals)?;
    let mut onlooker = Onlooker { progress, interruption, signal: None, gallery };
    let ended = session.complete(world, &mut onlooker);
    onlooker.progress.finish();
    ended.map_err(|error| match (error, onlooker.signal) {
        (error @ SessionError::Interrupted { .. }, Some(signal)) => {
            CliError::Session { error, code: signal.exit_code() }
        }
        (error, _) => error.into(),
    })?;
    #[cfg(feature = "plot")]
    if !manner.no_plots && has_something_to_draw(&session) {
        let (drawn, not_drawn) = super::plot::draw_all(world, session.folder())?;
        session.note_pictures(drawn, not_drawn)?;
    }
    let report = session.report();
    let ends = report.warnings.iter().filter(|told| matches!(told, Warning::RecordingsEnd { .. }));
    ends.for_each(|told| warn(&told.to_string()));
    if manner.quiet { Ok(()) } else { print(&text::in_text(report, session.folder())) }
}

/// Recorders may be left out, and an empty window is no fault.
#[cfg(feature = "plot")]
fn has_something_to_draw(session: &Session) -> bool {
    let report = session.report();
    report.iterations > report.first_iteration && !report.recordings.is_empty()
}

/// A variant may have less or more than what was saved; nobody is to find that out by surprise.
fn tell_what_differs(restored: &Restored) {
    for part in &restored.fresh {
        warn(&format!("the checkpoint has no {part}: it starts as the scene has it"));
    }
    for part in &restored.left_out {
        warn(&format!("the scene has no {part}: what the checkpoint says of it is left out"));
    }
}

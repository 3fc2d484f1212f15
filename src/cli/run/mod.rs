//! `cortecs run`: a scene to recordings, pictures and a report. How a run goes on stands in [`course`].

mod course;
mod first_report;
mod text;

use std::{
    io,
    path::{Path, PathBuf},
};

use bevy_ecs::prelude::*;
use clap::Args;
use rayon::ThreadPoolBuilder;

use self::course::Course;
use super::{CliError, SceneArguments, checkpoint_every::CheckpointEvery, print_warnings, warn};
use crate::{
    build::{Network, build},
    checkpoint::{self, CHECKPOINT, CheckpointFile, CheckpointFileError, Digest, Fit, Restored, Run},
    files,
    network::{ArrayFolder, Clock, Origin, Spikes},
    numeric::InstructionSet,
    output::{Existing, OnDiskFull, Provenance, RunFolder},
    record::begin_with,
    scene::Scene,
    text::Document,
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
    /// Lets `work` be done in this manner. The whole run lives inside the pool: a parallel region costs 0.04 µs there, and
    /// 5 µs from outside.
    fn with_threads<T: Send>(&self, work: impl FnOnce() -> Result<T, CliError> + Send) -> Result<T, CliError> {
        if let Some(set) = self.instruction_set {
            set.force()?;
        }
        ThreadPoolBuilder::new().num_threads(self.threads.unwrap_or_default().into()).build()?.install(work)
    }
}

pub(super) fn run(arguments: &RunArguments) -> Result<(), CliError> {
    let mut app = super::app();
    let from = arguments.from.as_deref().map(checkpoint::open).transpose()?;
    let scene = arguments.load(&app, from.as_ref())?;
    let world = app.world_mut();
    arguments.manner.with_threads(|| start(world, &scene, arguments, from)?.complete())
}

impl RunArguments {
    fn load(&self, app: &bevy_app::App, from: Option<&CheckpointFile>) -> Result<Scene, CliError> {
        match (&self.scene.scene, from) {
            (Some(_), _) => Ok(self.scene.load(app)?),
            (None, Some(from)) => {
                let run = from.header().run.as_ref().ok_or(CliError::NoScene)?;
                let scene = scene_of(app, run, &self.scene.assignments())?;
                Ok(Scene { outside_files: self.scene.allow_outside_files, ..scene })
            }
            (None, None) => Err(CliError::NoScene),
        }
    }

    /// The run that begins now.
    fn begun(&self, scene: &Scene, from: Option<&CheckpointFile>) -> Run {
        let of_checkpoint = from.and_then(|from| from.header().run.clone());
        let named = self.scene.scene.as_ref().map(|path| path.display().to_string());
        Run {
            scene_file: named.or(of_checkpoint.map(|run| run.scene_file)).unwrap_or_default(),
            folder: scene.folder.as_deref().map(absolute).unwrap_or_default(),
            scene: scene.document.as_ref().map(Document::text).unwrap_or_default().to_owned(),
            settings: self.scene.assignments(),
            files: Vec::new(),
            checkpoint_every: self.manner.checkpoint_every.map(|every| every.to_string()),
            goes_on_without: self.manner.on_disk_full == Some(OnDiskFull::GoOn),
            from: self.from.as_ref().map(|path| path.display().to_string()),
            noise_seed: self.noise_seed,
            first: 0,
            started: Provenance::now("", "", 0, Vec::new()).started,
            wall_s: 0.0,
            resumed: Vec::new(),
            recordings_end: None,
            before: Vec::new(),
        }
    }

    /// What a run begins from is not in the folder that it replaces.
    fn refuse_to_remove(&self, run: &Run) -> Result<(), CliError> {
        let Some(folder) = self.wished_folder(run).canonicalize().ok().filter(|_| self.force) else { return Ok(()) };
        let needed = self.from.iter().chain(&self.scene.scene).filter_map(|path| path.canonicalize().ok());
        match { needed }.find(|path| path.starts_with(&folder)) {
            Some(needed) => Err(CliError::Needed { needed, folder }),
            None => Ok(()),
        }
    }

    /// `--out`, or `runs/` and the name of the scene's file.
    fn wished_folder(&self, run: &Run) -> PathBuf {
        let named = || Path::new("runs").join(Path::new(&run.scene_file).file_stem().unwrap_or("scene".as_ref()));
        self.out.clone().unwrap_or_else(named)
    }
}

/// An absolute path; as it stands, if there is no such folder any more.
fn absolute(folder: &Path) -> String {
    files::here(folder).canonicalize().unwrap_or_else(|_| folder.to_owned()).display().to_string()
}

/// The scene that a checkpoint was made in, with what is set in it now.
fn scene_of(app: &bevy_app::App, run: &Run, assignments: &[String]) -> Result<Scene, crate::text::Diagnostics> {
    let document = Document::parse(run.scene_file.clone(), run.scene.clone())?;
    let scene = Scene::from_document_with(app.world(), document, assignments)?;
    Ok(Scene { folder: Some(PathBuf::from(&run.folder)), ..scene })
}

/// Builds the network and opens its files.
fn start<'a>(
    world: &'a mut World,
    scene: &Scene,
    arguments: &'a RunArguments,
    from: Option<CheckpointFile>,
) -> Result<Course<'a>, CliError> {
    let began = std::time::Instant::now();
    let network = build(world, scene)?;
    print_warnings(&network.plan.warnings);
    let mut run = arguments.begun(scene, from.as_ref());
    run.files = files_of(world)?;
    if let Some(from) = from {
        let path = arguments.from.clone().unwrap_or_default();
        tell_what_differs(
            &restore(world, from, path, Fit::Variant { noise: arguments.noise_seed })?,
            arguments.manner.quiet,
        );
        run.first = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
        if run.first >= scene.iterations {
            return Err(CliError::Over { iteration: run.first, planned: scene.iterations });
        }
        begin_with(world, run.first);
        run.before = spikes_of(world, &network);
    }
    arguments.refuse_to_remove(&run)?;
    let existing = match (arguments.force, arguments.numbered || arguments.out.is_none()) {
        (true, _) => Existing::Replace,
        (false, true) => Existing::Number,
        (false, false) => Existing::Refuse,
    };
    let wished = arguments.wished_folder(&run);
    let folder = RunFolder::create(&wished, existing)?;
    if folder.path().file_name() != files::here(&wished).file_name() && !arguments.manner.quiet {
        warn(&format!("`{}` exists: the run goes to `{}`", wished.display(), folder.path().display()));
    }
    Course::new(world, scene, network, folder, run, &arguments.manner, began)
}

/// The spikes of each group so far.
fn spikes_of(world: &World, network: &Network) -> Vec<u64> {
    network.groups.iter().map(|&group| world.get::<Spikes>(group).map_or(0, Spikes::total)).collect()
}

/// Goes on with the run in a folder.
pub(super) fn resume(
    path: &Path,
    iterations: Option<u64>,
    outside_files: bool,
    manner: &Manner,
) -> Result<(), CliError> {
    let folder = RunFolder::open(path)?;
    let checkpoint = path.join(CHECKPOINT);
    if !checkpoint.exists() {
        return Err(CliError::NoCheckpoint(path.to_owned()));
    }
    let from = checkpoint::open(&checkpoint)?;
    let mut run = from.header().run.clone().ok_or(CliError::NoScene)?;
    if let Some(every) = manner.checkpoint_every {
        run.checkpoint_every = Some(every.to_string());
    }
    if let Some(on_full) = manner.on_disk_full {
        run.goes_on_without = on_full == OnDiskFull::GoOn;
    }
    if let Some(ended) = run.recordings_end {
        return Err(CliError::RecordingsEnded { ended, path: checkpoint });
    }
    let mut app = super::app();
    let assignments: Vec<String> =
        iterations.map(|iterations| format!("iterations={iterations}")).into_iter().collect();
    let scene = Scene { outside_files, ..scene_of(&app, &run, &assignments)? };
    // A run may have been killed between its last checkpoint and its end: the end is what is left of it then.
    let is_over = from.header().iteration > scene.iterations
        || (from.header().iteration == scene.iterations && folder.is_finished());
    if is_over {
        return Err(CliError::Over { iteration: from.header().iteration, planned: scene.iterations });
    }
    if iterations.is_some() {
        run.scene = scene.document.as_ref().map(Document::text).unwrap_or_default().to_owned();
        run.settings.extend(assignments);
    }
    let world = app.world_mut();
    manner.with_threads(|| {
        let began = std::time::Instant::now();
        let network = build(world, &scene)?;
        if let Some((changed, ..)) =
            files_of(world)?.iter().zip(&run.files).find(|(now, then)| now != then).map(|(now, _)| now)
        {
            return Err(CliError::OtherFile(changed.clone()));
        }
        let restored = restore(world, from, checkpoint, Fit::Exactly)?;
        run.resumed.push(restored.header.iteration);
        Course::new(world, &scene, network, folder, run, manner, began)?.complete()
    })
}

/// The files that networks were built from: name, length and CRC-32 of each.
fn files_of(world: &mut World) -> Result<Vec<(String, u64, u32)>, CliError> {
    let folders: Vec<ArrayFolder> = world.query::<&Origin>().iter(world).map(|origin| origin.folder.clone()).collect();
    let asked = folders.iter().flat_map(|folder| folder.asked().into_iter().map(move |file| (folder, file)));
    asked
        .map(|(folder, file)| {
            let path = folder.path(&file).map_err(io::Error::other);
            let mut digest = Digest::default();
            let summed = path.and_then(|path| io::copy(&mut files::open(&path)?, &mut digest));
            let length = summed.map_err(|source| CliError::Read { file: file.clone(), source })?;
            Ok((file, length, digest.crc()))
        })
        .collect()
}

fn restore(world: &mut World, mut from: CheckpointFile, path: PathBuf, fit: Fit) -> Result<Restored, CliError> {
    Ok(from.restore(world, fit).map_err(|why| CheckpointFileError::Use { path, why })?)
}

/// A variant may have less or more than what was saved; nobody is to find that out by surprise.
fn tell_what_differs(restored: &Restored, quiet: bool) {
    if quiet {
        return;
    }
    for part in &restored.fresh {
        warn(&format!("the checkpoint has no {part}: it starts as the scene has it"));
    }
    for part in &restored.left_out {
        warn(&format!("the scene has no {part}: what the checkpoint says of it is left out"));
    }
}

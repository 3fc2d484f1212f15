//! A run, from a scene to its folder: built anew, from a checkpoint, or gone on with; iterations, recordings, the state from time
//! to time, a report. Knows no terminal, no signals and no pictures: whoever runs it has those, and watches.
//!
//! ```
//! use cortecs::{output::{Existing, RunFolder}, prelude::*, scene::Scene, session::{Beginning, Settings}};
//!
//! let folder = tempfile::tempdir()?;
//! let mut bench = Bench::new();
//! let world = bench.world_mut();
//! let scene = Scene::from_text(world, r#"(
//!     iterations: 200,
//!     groups: {"cells": (size: 10, behaviours: [Izhikevich(), NormalNoise(mean: 5, sd: 3)])},
//!     recorders: [SpikeRecorder(of: ["cells"])],
//! )"#)?;
//! let beginning = Beginning::anew(world, &scene, Settings::default())?;
//! let mut session = beginning.open(world, &scene, RunFolder::create(&folder.path().join("first"), Existing::Refuse)?)?;
//! session.complete(world, &mut ())?;
//! assert_eq!(session.report().iterations, 200);
//! assert!(session.folder().join("cells.spikes.npy").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod checkpoint_every;
mod course;
mod error;
mod report;
#[cfg(test)]
mod tests;
mod together;

use std::{
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use bevy_ecs::prelude::*;

pub use checkpoint_every::CheckpointEvery;
pub use course::{Session, Watch};
pub use error::SessionError;
pub use together::{dismiss, follow};

use crate::{
    assemble::{Network, build},
    checkpoint::{self, CHECKPOINT, CheckpointFile, CheckpointFileError, Fit, Restored, Run},
    files,
    network::{ArrayFolder, Origin, Ranks},
    numeric::Digest,
    output::{OnDiskFull, Provenance, RunFolder},
    record::begin_with,
    scene::Scene,
    text::Document,
};

/// How a run is to be kept; nothing of it changes what is recorded.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What the scene is called in reports: its file. Default: the name of its document.
    pub scene_file: Option<String>,
    /// What was set in the scene, as `path=value`, for the report.
    pub assignments: Vec<String>,
    /// How often the state is saved; where it is given, the state at the end is kept too. Default: every 10 minutes.
    pub checkpoint_every: Option<CheckpointEvery>,
    /// What to do when recordings cannot be written any more. Default: the run stops.
    pub on_disk_full: Option<OnDiskFull>,
}

/// A checkpoint that a run begins from, as a variant of the one that made it.
pub struct Parent {
    /// Its file.
    pub path: PathBuf,
    /// What is in it.
    pub file: CheckpointFile,
    /// Lets all noise go on otherwise than it would from there; the number decides how.
    pub noise_seed: Option<u64>,
}

/// A run whose network stands, and which has no folder yet.
pub struct Beginning {
    /// The network.
    pub network: Network,
    /// What was taken over from a checkpoint, if it began from one.
    pub restored: Option<Restored>,
    run: Run,
    began: Instant,
}

impl Beginning {
    /// Builds a scene.
    ///
    /// # Errors
    /// It is wrong.
    pub fn anew(world: &mut World, scene: &Scene, settings: Settings) -> Result<Self, SessionError> {
        let began = Instant::now();
        let network = build(world, scene)?;
        let files = files_of(world);
        let files = agreed(world, files)?;
        Ok(Self { network, restored: None, run: Run { files, ..begun(scene, settings) }, began })
    }

    /// Builds a scene, and gives it the state in a checkpoint.
    ///
    /// # Errors
    /// It is wrong, or the state is not one for it, or at its end.
    pub fn variant(world: &mut World, scene: &Scene, settings: Settings, parent: Parent) -> Result<Self, SessionError> {
        let mut beginning = Self::anew(world, scene, settings)?;
        let restored = restore(world, parent.file, &parent.path, Fit::Variant { noise: parent.noise_seed })?;
        let first = course::done(world);
        if first >= scene.iterations {
            return Err(SessionError::Over { iteration: first, planned: scene.iterations });
        }
        begin_with(world, first);
        let before = report::spikes_of(world, &beginning.network);
        let from_file = Some(parent.path.display().to_string());
        beginning.run = Run { from: from_file, noise_seed: parent.noise_seed, first, before, ..beginning.run };
        beginning.restored = Some(restored);
        Ok(beginning)
    }

    /// What the scene is called in reports.
    #[must_use]
    pub fn scene_file(&self) -> &str {
        &self.run.scene_file
    }

    /// Opens its files in a folder.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn open(self, world: &mut World, scene: &Scene, folder: RunFolder) -> Result<Session, SessionError> {
        Session::open(world, scene, self, folder)
    }
}

/// A run that was interrupted, in its folder.
pub struct Interrupted {
    /// The scene that it was made from, with all that was set in it, and its length now.
    pub scene: Scene,
    /// Of rank 0.
    folder: Option<RunFolder>,
    checkpoint: PathBuf,
    from: CheckpointFile,
    run: Run,
}

impl Interrupted {
    /// Reads what there is to go on with; `iterations` make the whole run longer or shorter than its scene says.
    ///
    /// # Errors
    /// There is nothing, or it is at its end.
    pub fn find(
        world: &World,
        path: &Path,
        iterations: Option<u64>,
        settings: &Settings,
    ) -> Result<Self, SessionError> {
        let folder = Ranks::keeps(world.get_resource::<Ranks>()).then(|| RunFolder::open(path)).transpose()?;
        let checkpoint = path.join(CHECKPOINT);
        if !checkpoint.exists() {
            return Err(SessionError::NoCheckpoint(path.to_owned()));
        }
        let from = checkpoint::open(&checkpoint)?;
        let mut run = from.header().run.clone().ok_or(SessionError::NoScene)?;
        if let Some(every) = settings.checkpoint_every {
            run.checkpoint_every = Some(every.to_string());
        }
        if let Some(on_full) = settings.on_disk_full {
            run.goes_on_without = on_full == OnDiskFull::GoOn;
        }
        if let Some(ended) = run.recordings_end {
            return Err(SessionError::RecordingsEnded { ended, path: checkpoint });
        }
        let assignments: Vec<String> =
            iterations.map(|iterations| format!("iterations={iterations}")).into_iter().collect();
        let scene = scene_of(world, &run, &assignments)?;
        // A run may have been killed between its last checkpoint and its end: the end is what is left of it then.
        let stands = from.header().iteration;
        let is_finished = folder.as_ref().is_some_and(RunFolder::is_finished);
        if stands > scene.iterations || (stands == scene.iterations && is_finished) {
            return Err(SessionError::Over { iteration: stands, planned: scene.iterations });
        }
        if iterations.is_some() {
            run.scene = scene.document.as_ref().map(Document::text).unwrap_or_default().to_owned();
            run.settings.extend(assignments);
        }
        Ok(Self { scene, folder, checkpoint, from, run })
    }

    /// Builds its network as it was, and opens its files where they ended.
    ///
    /// # Errors
    /// It is not what it was.
    pub fn go_on(self, world: &mut World) -> Result<Session, SessionError> {
        self.build(world)?.open(world)
    }

    /// Builds its network as it was.
    ///
    /// # Errors
    /// It is not what it was.
    pub fn build(self, world: &mut World) -> Result<Resumed, SessionError> {
        let Self { scene, folder, checkpoint, from, mut run } = self;
        let began = Instant::now();
        let network = build(world, &scene)?;
        let files = files_of(world).and_then(|files| same_files(&files, &run.files));
        agreed(world, files)?;
        let restored = restore(world, from, &checkpoint, Fit::Exactly)?;
        run.resumed.push(restored.header.iteration);
        Ok(Resumed { beginning: Beginning { network, restored: Some(restored), run, began }, scene, folder })
    }
}

/// A run whose network stands as it was.
pub struct Resumed {
    beginning: Beginning,
    scene: Scene,
    folder: Option<RunFolder>,
}

impl Resumed {
    /// Opens its files where they ended.
    ///
    /// # Errors
    /// They are not what they were, or this is another rank than 0, which has none.
    pub fn open(self, world: &mut World) -> Result<Session, SessionError> {
        let Self { beginning, scene, folder } = self;
        beginning.open(world, &scene, folder.ok_or(SessionError::Follows)?)
    }
}

/// The scene that a checkpoint was made in, with what is set in it now.
///
/// # Errors
/// It has none, or it cannot be read with what is set.
pub fn scene_of_checkpoint(
    world: &World,
    file: &CheckpointFile,
    assignments: &[String],
) -> Result<Scene, SessionError> {
    scene_of(world, file.header().run.as_ref().ok_or(SessionError::NoScene)?, assignments)
}

fn scene_of(world: &World, run: &Run, assignments: &[String]) -> Result<Scene, SessionError> {
    let document = Document::parse(run.scene_file.clone(), run.scene.clone())?;
    let scene = Scene::from_document_with(world, document, assignments)?;
    Ok(Scene { folder: Some(PathBuf::from(&run.folder)), ..scene })
}

/// The run that begins now.
fn begun(scene: &Scene, settings: Settings) -> Run {
    let Settings { scene_file, assignments, checkpoint_every, on_disk_full } = settings;
    let document = scene.document.as_ref();
    Run {
        scene_file: scene_file.or_else(|| document.map(|document| document.name().to_owned())).unwrap_or_default(),
        folder: scene.folder.as_deref().map(absolute).unwrap_or_default(),
        scene: document.map(Document::text).unwrap_or_default().to_owned(),
        settings: assignments,
        files: Vec::new(),
        checkpoint_every: checkpoint_every.map(|every| every.to_string()),
        goes_on_without: on_disk_full == Some(OnDiskFull::GoOn),
        from: None,
        noise_seed: None,
        first: 0,
        started: Provenance::now("", "", 0, Vec::new()).started,
        wall_s: 0.0,
        resumed: Vec::new(),
        recordings_end: None,
        before: Vec::new(),
    }
}

/// An absolute path; as it stands, if there is no such folder any more.
fn absolute(folder: &Path) -> String {
    files::here(folder).canonicalize().unwrap_or_else(|_| folder.to_owned()).display().to_string()
}

/// What was found here, if all ranks have come as far: they go on together.
fn agreed<T>(world: &mut World, found: Result<T, SessionError>) -> Result<T, SessionError> {
    let all_well = Ranks::all_well(world, found.is_ok());
    found.and_then(|found| if all_well { Ok(found) } else { Err(SessionError::Elsewhere) })
}

/// Sees that files are what they were.
fn same_files(now: &[FileSum], then: &[FileSum]) -> Result<(), SessionError> {
    match now.iter().zip(then).find(|(now, then)| now != then) {
        Some(((changed, ..), _)) => Err(SessionError::OtherFile(changed.clone())),
        None => Ok(()),
    }
}

/// Name, length and CRC-32 of a file.
type FileSum = (String, u64, u32);

/// The files that networks were built from: name, length and CRC-32 of each.
fn files_of(world: &mut World) -> Result<Vec<FileSum>, SessionError> {
    let folders: Vec<ArrayFolder> = world.query::<&Origin>().iter(world).map(|origin| origin.folder.clone()).collect();
    let asked = folders.iter().flat_map(|folder| folder.asked().into_iter().map(move |file| (folder, file)));
    asked
        .map(|(folder, file)| {
            let path = folder.path(&file).map_err(io::Error::other);
            let mut digest = Digest::default();
            let summed = path.and_then(|path| io::copy(&mut files::open(&path)?, &mut digest));
            let length = summed.map_err(|source| SessionError::Read { file: file.clone(), source })?;
            Ok((file, length, digest.crc()))
        })
        .collect()
}

fn restore(world: &mut World, mut from: CheckpointFile, path: &Path, fit: Fit) -> Result<Restored, SessionError> {
    Ok(from.restore(world, fit).map_err(|why| CheckpointFileError::Use { path: path.to_owned(), why })?)
}

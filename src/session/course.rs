//! The course of a run: iterations, and between them what is written down, saved and told; its end, whatever it is.

use std::{
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use bevy_ecs::prelude::*;

use super::{
    Beginning, CheckpointEvery, SessionError, report,
    together::{self, finish, run_ticks},
};
use crate::{
    assemble::Network,
    checkpoint::{CHECKPOINT, Run},
    disk,
    network::{Clock, Failures, Warnings},
    output::{
        Files, OnDiskFull, Outcome, Provenance, REPORT, Report, RunFolder, STEERED, STOPPED, Warning, attach_files,
    },
    scene::Scene,
};

/// Between two looks at the progress, and at whether somebody wants the run to end.
const LOOK: Duration = Duration::from_millis(50);

/// Between two looks while a run rests.
const REST: Duration = Duration::from_millis(5);

/// Between two moments at which the recordings on disk are complete.
const FLUSH: Duration = Duration::from_secs(2);

/// Whoever watches a run: a terminal, a window, nobody (`&mut ()`).
pub trait Watch {
    /// So many iterations are done; some twenty times a second.
    fn advanced(&mut self, done: u64) {
        let _ = done;
    }

    /// Something to be known while the run goes on.
    fn warned(&mut self, warning: &dyn fmt::Display) {
        let _ = warning;
    }

    /// Between two stretches of iterations: the network may be looked at and touched. How many iterations may be done until the
    /// next time, if not as many as there is time for; none while it is to rest.
    fn between(&mut self, world: &mut World) -> Option<u64> {
        let _ = world;
        None
    }

    /// The time between two of these moments, about: 50 ms.
    fn interval(&self) -> Duration {
        LOOK
    }

    /// The text of the scene with what was done to its network since this was asked for last, if anything was: from now on it is the
    /// scene of the run.
    fn touched(&mut self, world: &World) -> Option<String> {
        let _ = world;
        None
    }

    /// Who wants the run to end, in a word, if somebody does: its state is saved, and it can be gone on with.
    fn wants_end(&mut self) -> Option<&'static str> {
        None
    }
}

impl Watch for () {}

/// A run under way: its network, its folder, its report.
///
/// Of the world it keeps nothing: who runs it lends the world to each step.
pub struct Session {
    network: Network,
    folder: RunFolder,
    files: Files,
    report: Report,
    run: Run,
    begins: u64,
    /// How often the state is saved, if somebody has said so.
    checkpoint_every: Option<CheckpointEvery>,
    /// When the state was last saved, and when recordings were last complete.
    saved: Instant,
    flushed: Instant,
    begun: Instant,
    /// How long it has rested since, as somebody wanted.
    rested: Duration,
    /// The iteration before which somebody did something to the network last.
    touched: Option<u64>,
}

impl Session {
    /// Opens the files of a network that was built, and restored if it goes on with something.
    pub(super) fn open(
        world: &mut World,
        scene: &Scene,
        beginning: Beginning,
        folder: RunFolder,
    ) -> Result<Self, SessionError> {
        let Beginning { network, run, began, .. } = beginning;
        let build_s = began.elapsed().as_secs_f64();
        let checkpoint_every = run.checkpoint_every.as_deref().and_then(|text| text.parse().ok());
        let on_disk_full = if run.goes_on_without { OnDiskFull::GoOn } else { OnDiskFull::Stop };
        let files = attach_files(world, folder.path(), on_disk_full)?;
        let mut report = report::first(scene, &run, &network, &files, build_s);
        // Of a run that goes on; a new folder has no report yet.
        report.warnings = folder.warnings();
        let now = Instant::now();
        let (begins, saved, flushed, begun) = (done(world), now, now, now);
        let (rested, touched) = (Duration::ZERO, None);
        let session = Self {
            network,
            folder,
            files,
            report,
            run,
            begins,
            checkpoint_every,
            saved,
            flushed,
            begun,
            rested,
            touched,
        };
        session.write_report()?;
        Ok(session)
    }

    /// What there is to report so far; complete once the run has ended.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The iteration with which it begins: that of the last checkpoint, where a run is gone on with.
    #[must_use]
    pub const fn begins(&self) -> u64 {
        self.begins
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The run folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs all iterations, and leaves everything that a run leaves, also if it stops early: recordings, the state, a report with
    /// its statistics. Pictures are another matter.
    ///
    /// # Errors
    /// The run did not reach its end.
    pub fn complete(&mut self, world: &mut World, watch: &mut dyn Watch) -> Result<(), SessionError> {
        let ended = match self.iterate(world, watch) {
            Ok(None) => self.end(world, watch),
            Ok(Some(by)) => self.interrupted(world, watch, by),
            Err(error) => Err(error),
        };
        let ended = ended.map_err(|error| match error {
            interrupted @ SessionError::Interrupted { .. } => interrupted,
            error => self.stopped(world, error),
        });
        self.report.ranks = together::reports(world);
        together::dismiss(world);
        let wall_s = self.wall_s();
        report::fill(&mut self.report, world, (&self.network, &self.run, &self.files), (done(world), wall_s));
        self.report.outcome = match &ended {
            Ok(()) => Outcome::Finished,
            Err(SessionError::Interrupted { by, .. }) => Outcome::Interrupted((*by).to_owned()),
            Err(error) => Outcome::Failed(error.to_string()),
        };
        if !matches!(self.report.outcome, Outcome::Interrupted(_)) {
            report::sum_up(&mut self.report, self.folder.path());
        }
        let written = self.write_report();
        // What ended the run matters more than that this, too, could not be written.
        ended.and(written)
    }

    /// Notes in the report which pictures were drawn, and why others were not.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note_pictures(&mut self, drawn: Vec<String>, not_drawn: Vec<String>) -> Result<(), SessionError> {
        (self.report.plots, self.report.not_drawn) = (drawn, not_drawn);
        self.write_report()
    }

    /// Runs until all iterations are done, or somebody wants it to end.
    fn iterate(&mut self, world: &mut World, watch: &mut dyn Watch) -> Result<Option<&'static str>, SessionError> {
        let total = self.report.iterations_planned;
        let mut batch = 1;
        while done(world) < total {
            let allowed = watch.between(world);
            self.failed(world, watch)?;
            self.take_over(world, watch)?;
            let looked = Instant::now();
            let until_saved = self.checkpoint_every.and_then(|every| every.left(done(world)));
            let left = total - done(world);
            let stretch = batch.min(left).min(until_saved.unwrap_or(left)).min(allowed.unwrap_or(left));
            if stretch == 0 {
                std::thread::sleep(REST);
                self.rested += looked.elapsed();
            } else {
                run_ticks(world, stretch);
                self.failed(world, watch)?;
                watch.advanced(done(world));
            }
            // What was removed, as behaviours that were switched, is remembered until then.
            world.clear_trackers();
            if let Some(by) = watch.wants_end().or_else(|| together::wants_end(world).then_some("another rank"))
                && done(world) < total
            {
                return Ok(Some(by));
            }
            self.keep_up(world, watch)?;
            // As many iterations as fit between two looks.
            if stretch > 0 {
                let took = looked.elapsed().max(Duration::from_nanos(1));
                let fits = (stretch as f64 * watch.interval().as_secs_f64() / took.as_secs_f64()) as u64;
                batch = fits.clamp(1, batch.saturating_mul(2));
            }
        }
        Ok(None)
    }

    /// What was done to the network is part of the scene from now on: who goes on with the run, or repeats it, does it too.
    fn take_over(&mut self, world: &World, watch: &mut dyn Watch) -> Result<(), SessionError> {
        let Some(scene) = watch.touched(world) else { return Ok(()) };
        let provenance = &mut self.report.provenance;
        let now = Provenance::now("", &scene, provenance.seed, Vec::new());
        (provenance.scene, provenance.scene_sha256) = (now.scene, now.scene_sha256);
        disk::write(&self.folder.path().join(STEERED), scene.as_bytes())
            .map_err(|source| SessionError::Write { path: self.folder.path().join(STEERED), source })?;
        self.run.scene = scene;
        self.touched = Some(done(world));
        self.write_report()
    }

    /// Writes down what is due between two iterations.
    fn keep_up(&mut self, world: &mut World, watch: &mut dyn Watch) -> Result<(), SessionError> {
        let every = self.checkpoint_every.unwrap_or_default();
        if every.is_due(done(world), self.saved.elapsed()) && done(world) < self.report.iterations_planned {
            return self.save(world, watch);
        }
        if self.flushed.elapsed() >= FLUSH {
            self.files.flush(world, true)?;
            self.flushed = Instant::now();
        }
        Ok(())
    }

    /// Saves the state; a run that goes on without recordings goes on without checkpoints, too.
    fn save(&mut self, world: &mut World, watch: &mut dyn Watch) -> Result<(), SessionError> {
        match self.save_or_fail(world, watch) {
            Err(error @ SessionError::Checkpoint(_)) if self.files.may_end() => {
                watch.warned(&error);
                Ok(())
            }
            saved => saved,
        }
    }

    /// Saves the state, with all recordings up to now on the disk. One that is no number any more does not take the place of
    /// one that was.
    fn save_or_fail(&mut self, world: &mut World, watch: &mut dyn Watch) -> Result<(), SessionError> {
        // What was done just now would be done once more by who goes on from here: an iteration later it is past.
        if self.touched == Some(done(world)) && done(world) < self.report.iterations_planned {
            run_ticks(world, 1);
        }
        together::look(world);
        self.failed(world, watch)?;
        self.files.flush(world, true)?;
        let path = self.folder.path().join(CHECKPOINT);
        let saved = together::save(world, self.so_far(), &path);
        (self.saved, self.flushed) = (Instant::now(), Instant::now());
        Ok(saved?)
    }

    /// The run until now, for those who go on with it.
    fn so_far(&self) -> Run {
        Run {
            wall_s: self.wall_s(),
            recordings_end: self.files.ended().map(|(_, iteration)| iteration),
            ..self.run.clone()
        }
    }

    /// Wall time (s) of all iterations so far.
    fn wall_s(&self) -> f64 {
        self.run.wall_s + self.begun.elapsed().saturating_sub(self.rested).as_secs_f64()
    }

    /// All iterations are done.
    fn end(&mut self, world: &mut World, watch: &mut dyn Watch) -> Result<(), SessionError> {
        if self.checkpoint_every.is_some_and(|every| every != CheckpointEvery::Never) {
            self.save(world, watch)?;
        }
        finish(world);
        self.failed(world, watch)?;
        self.files.flush(world, false)?;
        // What nobody asked for, and nobody needs any more.
        remove(&self.folder.path().join(STOPPED));
        if self.checkpoint_every.is_none() {
            remove(&self.folder.path().join(CHECKPOINT));
        }
        Ok(())
    }

    /// Somebody wants the run to end: it can be gone on with.
    fn interrupted(&mut self, world: &mut World, watch: &mut dyn Watch, by: &'static str) -> Result<(), SessionError> {
        let (iteration, planned, run) = (done(world), self.report.iterations_planned, self.folder.path().to_owned());
        self.save_or_fail(world, watch)?;
        finish(world);
        self.files.flush(world, false)?;
        let recorded = self.files.ended().is_none();
        Err(SessionError::Interrupted { by, iteration, planned, run, recorded })
    }

    /// The run cannot go on. If that is the disk's fault, and not the network's own, its state is saved beside the last
    /// checkpoint, from which recordings can be gone on with.
    fn stopped(&mut self, world: &mut World, error: SessionError) -> SessionError {
        let flushed = self.files.flush(world, false);
        let written = self.files.ended().is_none() && !matches!(error, SessionError::Checkpoint(_));
        if written || self.files.may_end() || !is_sound(world) {
            finish(world);
            let _ = flushed.and_then(|()| self.files.flush(world, false));
            return error;
        }
        let path = self.folder.path().join(STOPPED);
        let saved = together::save(world, self.so_far(), &path).map(|()| path).map_err(Box::new);
        let last = self.folder.path().join(CHECKPOINT).exists().then(|| self.folder.path().to_owned());
        SessionError::DiskFull { error: Box::new(error), iteration: done(world), saved, last }
    }

    /// What has failed in the last iteration; what there is to warn of is said and noted.
    fn failed(&mut self, world: &mut World, watch: &mut dyn Watch) -> Result<(), SessionError> {
        for runaway in world.get_resource_or_init::<Warnings>().take() {
            watch.warned(&runaway);
            self.report.warnings.push(Warning::RunsAway(runaway));
        }
        let failures = world.get_resource_mut::<Failures>().map(|mut failures| failures.take()).unwrap_or_default();
        let iteration = done(world).saturating_sub(1);
        if failures.is_empty() { Ok(()) } else { Err(SessionError::Stopped { iteration, failures }) }
    }

    fn write_report(&self) -> Result<(), SessionError> {
        let path = self.folder.path();
        self.report.write(path).map_err(|source| SessionError::Write { path: path.join(REPORT), source })
    }
}

/// Iterations that are done.
pub(super) fn done(world: &World) -> u64 {
    world.get_resource::<Clock>().map_or(0, |clock| clock.iteration)
}

/// Removes what nobody needs any more.
fn remove(path: &Path) {
    let _ = std::fs::remove_file(path);
}

/// Whether all numbers are such.
fn is_sound(world: &mut World) -> bool {
    together::look(world);
    world.get_resource::<Failures>().is_none_or(Failures::is_empty)
}

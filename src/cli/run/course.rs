//! The course of a run: iterations, and between them what is written down, saved and shown; its end, whatever it is.

use std::time::{Duration, Instant};

use bevy_ecs::prelude::*;

use super::{Manner, first_report::first_report, spikes_of, text::in_text};
use crate::{
    build::Network,
    checkpoint::{self, CHECKPOINT, Run},
    cli::{
        CliError,
        checkpoint_every::CheckpointEvery,
        interruption::{Interruption, Signal},
        print,
        progress::Progress,
        warn,
    },
    network::{Clock, Failures, Soundness, Warnings},
    output::{
        Files, OnDiskFull, Outcome, Report, RunFolder, StageTime, Warning, attach_files, classifications,
        spike_statistics,
    },
    scene::Scene,
    schedule::{finish, run_ticks},
    stopwatch::Stopwatch,
};

/// Between two looks at the progress, and at whether somebody wants the run to end.
const LOOK: Duration = Duration::from_millis(50);

/// Between two moments at which the recordings on disk are complete.
const FLUSH: Duration = Duration::from_secs(2);

/// A run under way.
pub(super) struct Course<'a> {
    world: &'a mut World,
    network: Network,
    folder: RunFolder,
    files: Files,
    report: Report,
    run: Run,
    manner: &'a Manner,
    /// How often the state is saved, if somebody has said so.
    checkpoint_every: Option<CheckpointEvery>,
    progress: Progress,
    interruption: Interruption,
    /// When the state was last saved, and when recordings were last complete.
    saved: Instant,
    flushed: Instant,
    begun: Instant,
}

impl<'a> Course<'a> {
    /// Opens the files of a network that was built, and restored if it goes on with something.
    pub fn new(
        world: &'a mut World,
        scene: &Scene,
        network: Network,
        folder: RunFolder,
        run: Run,
        manner: &'a Manner,
        build_began: Instant,
    ) -> Result<Self, CliError> {
        let build_s = build_began.elapsed().as_secs_f64();
        let checkpoint_every = run.checkpoint_every.as_deref().and_then(|text| text.parse().ok());
        let on_disk_full = if run.goes_on_without { OnDiskFull::GoOn } else { OnDiskFull::Stop };
        let files = attach_files(world, folder.path(), on_disk_full)?;
        let mut report = first_report(scene, &run, &network, &files, build_s);
        // Of a run that goes on; a new folder has no report yet.
        report.warnings = folder.warnings();
        let begins = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
        let progress = Progress::new(begins, scene.iterations, scene.dt, manner.quiet);
        let now = Instant::now();
        let interruption = Interruption::watch().map_err(CliError::Signals)?;
        let course = Self {
            world,
            network,
            folder,
            files,
            report,
            run,
            manner,
            checkpoint_every,
            progress,
            interruption,
            saved: now,
            flushed: now,
            begun: now,
        };
        course.write_report()?;
        Ok(course)
    }

    /// Runs all iterations, and leaves everything that a run leaves, also if it stops early.
    pub fn complete(mut self) -> Result<(), CliError> {
        let iterated = self.iterate();
        self.progress.finish();
        let ended = match iterated {
            Ok(None) => self.end(),
            Ok(Some(signal)) => self.interrupted(signal),
            Err(error) => Err(error),
        };
        let ended = ended.map_err(|error| match error {
            interrupted @ CliError::Interrupted { .. } => interrupted,
            error => self.stopped(error),
        });
        self.fill_report();
        self.report.outcome = match &ended {
            Ok(()) => Outcome::Finished,
            Err(CliError::Interrupted { signal, .. }) => Outcome::Interrupted(signal.name().into()),
            Err(error) => Outcome::Failed(error.to_string()),
        };
        if !matches!(self.report.outcome, Outcome::Interrupted(_)) {
            self.sum_up_spikes();
        }
        let written = self.write_report();
        // What ended the run matters more than that this, too, could not be written.
        ended.and(written)?;
        #[cfg(feature = "plot")]
        if !self.manner.no_plots && self.has_something_to_draw() {
            (self.report.plots, self.report.not_drawn) = crate::cli::plot::draw_all(self.folder.path())?;
            self.write_report()?;
        }
        self.report
            .warnings
            .iter()
            .filter(|told| matches!(told, Warning::RecordingsEnd { .. }))
            .for_each(|told| warn(&told.to_string()));
        if self.manner.quiet { Ok(()) } else { print(&in_text(&self.report, self.folder.path())) }
    }

    /// Runs until all iterations are done, or somebody wants it to end.
    fn iterate(&mut self) -> Result<Option<Signal>, CliError> {
        let total = self.report.iterations_planned;
        let mut batch = 1;
        while self.done() < total {
            let looked = Instant::now();
            let until_saved = self.checkpoint_every.and_then(|every| every.left(self.done()));
            let left = total - self.done();
            run_ticks(self.world, batch.min(left).min(until_saved.unwrap_or(left)));
            self.failed()?;
            self.progress.advance(self.done());
            // What was removed, as behaviours that were switched, is remembered until then.
            self.world.clear_trackers();
            if let Some(signal) = self.interruption.signal()
                && self.done() < total
            {
                return Ok(Some(signal));
            }
            self.keep_up()?;
            // As many iterations as fit between two looks.
            let took = looked.elapsed().max(Duration::from_nanos(1));
            let fits = (batch as f64 * LOOK.as_secs_f64() / took.as_secs_f64()) as u64;
            batch = fits.clamp(1, batch.saturating_mul(2));
        }
        Ok(None)
    }

    /// Iterations that are done.
    fn done(&self) -> u64 {
        self.world.get_resource::<Clock>().map_or(0, |clock| clock.iteration)
    }

    /// Writes down what is due between two iterations.
    fn keep_up(&mut self) -> Result<(), CliError> {
        let every = self.checkpoint_every.unwrap_or_default();
        if every.is_due(self.done(), self.saved.elapsed()) && self.done() < self.report.iterations_planned {
            return self.save();
        }
        if self.flushed.elapsed() >= FLUSH {
            self.files.flush(self.world, true)?;
            self.flushed = Instant::now();
        }
        Ok(())
    }

    /// Saves the state; a run that goes on without recordings goes on without checkpoints, too.
    fn save(&mut self) -> Result<(), CliError> {
        match self.save_or_fail() {
            Err(error @ CliError::Checkpoint(_)) if self.files.may_end() => {
                self.progress.warn(&error);
                Ok(())
            }
            saved => saved,
        }
    }

    /// Saves the state, with all recordings up to now on the disk. One that is no number any more does not take the place of
    /// one that was.
    fn save_or_fail(&mut self) -> Result<(), CliError> {
        Soundness::look(self.world);
        self.failed()?;
        self.files.flush(self.world, true)?;
        let path = self.folder.path().join(CHECKPOINT);
        let saved = checkpoint::write(self.world, Some(self.so_far()), &path);
        (self.saved, self.flushed) = (Instant::now(), Instant::now());
        Ok(saved?)
    }

    /// The run until now, for those who go on with it.
    fn so_far(&self) -> Run {
        Run {
            wall_s: self.run.wall_s + self.begun.elapsed().as_secs_f64(),
            recordings_end: self.files.ended().map(|(_, iteration)| iteration),
            ..self.run.clone()
        }
    }

    /// All iterations are done.
    fn end(&mut self) -> Result<(), CliError> {
        if self.checkpoint_every.is_some_and(|every| every != CheckpointEvery::Never) {
            self.save()?;
        }
        finish(self.world);
        self.failed()?;
        self.files.flush(self.world, false)?;
        // What nobody asked for, and nobody needs any more.
        let _ = std::fs::remove_file(self.folder.path().join(STOPPED));
        if self.checkpoint_every.is_none() {
            let _ = std::fs::remove_file(self.folder.path().join(CHECKPOINT));
        }
        Ok(())
    }

    /// Somebody wants the run to end: it can be gone on with.
    fn interrupted(&mut self, signal: Signal) -> Result<(), CliError> {
        let (done, planned, run) = (self.done(), self.report.iterations_planned, self.folder.path().to_owned());
        self.save_or_fail()?;
        finish(self.world);
        self.files.flush(self.world, false)?;
        let recorded = self.files.ended().is_none();
        Err(CliError::Interrupted { signal, iteration: done, planned, run, recorded })
    }

    /// The run cannot go on. If that is the disk's fault, and not the network's own, its state is saved beside the last
    /// checkpoint, from which recordings can be gone on with.
    fn stopped(&mut self, error: CliError) -> CliError {
        let flushed = self.files.flush(self.world, false);
        let written = self.files.ended().is_none() && !matches!(error, CliError::Checkpoint(_));
        if written || self.files.may_end() || !self.is_sound() {
            finish(self.world);
            let _ = flushed.and_then(|()| self.files.flush(self.world, false));
            return error;
        }
        let path = self.folder.path().join(STOPPED);
        let saved = checkpoint::write(self.world, Some(self.so_far()), &path).map(|()| path).map_err(Box::new);
        let last = self.folder.path().join(CHECKPOINT).exists().then(|| self.folder.path().to_owned());
        CliError::DiskFull { error: Box::new(error), iteration: self.done(), saved, last }
    }

    /// Whether all numbers are such.
    fn is_sound(&mut self) -> bool {
        Soundness::look(self.world);
        self.world.get_resource::<Failures>().is_none_or(Failures::is_empty)
    }

    /// What has failed in the last iteration; what there is to warn of is said and noted.
    fn failed(&mut self) -> Result<(), CliError> {
        for runaway in self.world.get_resource_or_init::<Warnings>().take() {
            self.progress.warn(&runaway);
            self.report.warnings.push(Warning::RunsAway(runaway));
        }
        let failures =
            self.world.get_resource_mut::<Failures>().map(|mut failures| failures.take()).unwrap_or_default();
        let iteration = self.done().saturating_sub(1);
        if failures.is_empty() { Ok(()) } else { Err(CliError::Stopped { iteration, failures }) }
    }

    fn fill_report(&mut self) {
        let done = self.done();
        let report = &mut self.report;
        report.iterations = done;
        report.wall_s = self.run.wall_s + self.begun.elapsed().as_secs_f64();
        report.simulated_ms = (done - report.first_iteration.min(done)) as f64 * report.dt;
        let simulated = (report.simulated_ms > 0.0).then_some(report.simulated_ms);
        report.real_time_factor = simulated.map_or(0.0, |simulated| report.wall_s * 1000.0 / simulated);
        let seconds = report.simulated_ms / 1000.0;
        // Those of the run that a variant began from are not its own.
        let before = self.run.before.iter().copied().chain(std::iter::repeat(0));
        for ((group, spikes), before) in report.groups.iter_mut().zip(spikes_of(self.world, &self.network)).zip(before)
        {
            group.spikes = spikes.saturating_sub(before);
            group.rate_hz = group.spikes as f64 / (group.plan.size as f64 * seconds).max(f64::MIN_POSITIVE);
        }
        report.stages = StageTime::from_laps(&self.world.resource::<Stopwatch>().laps());
        report.recordings = self.files.reports();
        report.recordings_ended = self.files.ended().map(|(why, _)| why.to_owned());
        let ended =
            self.files.ended().map(|(why, iteration)| Warning::RecordingsEnd { iteration, why: why.to_owned() });
        report.warnings.extend(ended);
        report.provenance.end();
    }

    fn sum_up_spikes(&mut self) {
        let report = &mut self.report;
        let run = (report.iterations, report.dt);
        let (found, missing) = spike_statistics(self.folder.path(), &report.groups, &report.recordings, run);
        report.statistics = found;
        report.no_statistics = missing.iter().map(ToString::to_string).collect();
        let (found, missing) = classifications(self.folder.path(), &report.recordings);
        report.classifications = found;
        report.no_statistics.extend(missing.iter().map(ToString::to_string));
    }

    /// Recorders may be left out, and an empty window is no fault.
    #[cfg(feature = "plot")]
    fn has_something_to_draw(&self) -> bool {
        self.report.iterations > self.report.first_iteration && !self.report.recordings.is_empty()
    }

    fn write_report(&self) -> Result<(), CliError> {
        let path = self.folder.path();
        self.report.write(path).map_err(|source| CliError::Write { path: path.join(crate::output::REPORT), source })
    }
}

/// The state of a run that had to stop, beside its last checkpoint.
const STOPPED: &str = "stopped";

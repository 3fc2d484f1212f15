//! `cortecs run`: a scene to recordings, pictures and a report.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bevy_ecs::prelude::*;
use clap::Args;
use rayon::ThreadPoolBuilder;

use super::{
    CliError, SceneArguments, print,
    progress::{Progress, in_words},
    statistics::{classifications_in_text, statistics_in_text},
    table::{grouped, table},
};
use crate::{
    build::{Network, build},
    network::{Clock, Failures, Spikes},
    numeric::InstructionSet,
    output::{
        Existing, Files, GroupReport, Outcome, Provenance, Report, RunFolder, StageTime, attach_files, classifications,
        spike_statistics,
    },
    scene::Scene,
    schedule::{finish, run_ticks},
    stopwatch::Stopwatch,
};

/// Between two looks at the progress.
const LOOK: Duration = Duration::from_millis(50);

/// Between two moments at which the recordings on disk are complete.
const FLUSH: Duration = Duration::from_secs(2);

#[derive(Args, Debug)]
pub(super) struct RunArguments {
    #[command(flatten)]
    scene: SceneArguments,
    /// The run folder; default `runs/<scene>`. If it exists, a sibling with a number is taken.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replaces a run folder that exists.
    #[arg(long)]
    force: bool,
    /// Threads to compute with; default all cores. The results are the same for any number.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Makes kernels run on `baseline`, `avx2` or `avx512`. The results are the same on all.
    #[arg(long, value_name = "NAME")]
    instruction_set: Option<InstructionSet>,
    /// Draws no pictures.
    #[arg(long)]
    no_plots: bool,
    /// No progress, no report on stdout.
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn run(arguments: &RunArguments) -> Result<(), CliError> {
    if let Some(set) = arguments.instruction_set {
        set.force()?;
    }
    let mut app = super::app();
    let scene = arguments.scene.load(&app)?;
    let pool = ThreadPoolBuilder::new().num_threads(arguments.threads.unwrap_or_default().into()).build()?;
    // The whole run lives inside the pool: a parallel region costs 0.04 µs there, and 5 µs from outside.
    let world = app.world_mut();
    pool.install(|| Run::new(world, &scene, arguments)?.complete())
}

/// A run under way.
struct Run<'a> {
    world: &'a mut World,
    arguments: &'a RunArguments,
    network: Network,
    folder: RunFolder,
    files: Files,
    report: Report,
    progress: Progress,
}

impl<'a> Run<'a> {
    /// Builds the network and opens its files.
    fn new(world: &'a mut World, scene: &Scene, arguments: &'a RunArguments) -> Result<Self, CliError> {
        let start = Instant::now();
        let network = build(world, scene)?;
        let build_s = start.elapsed().as_secs_f64();
        let existing = if arguments.force { Existing::Replace } else { Existing::Number };
        let folder = RunFolder::create(&wished_folder(arguments), existing)?;
        let files = attach_files(world, folder.path())?;
        let report = first_report(scene, arguments, &network, &files, build_s);
        let progress = Progress::new(scene.iterations, scene.dt, arguments.quiet);
        let run = Self { world, arguments, network, folder, files, report, progress };
        run.write_report()?;
        Ok(run)
    }

    /// Runs all iterations, and leaves everything that a run leaves, also if it stops early.
    fn complete(mut self) -> Result<(), CliError> {
        let iterated = self.iterate();
        self.progress.finish();
        finish(self.world);
        let finished = self.failed();
        let flushed = self.files.flush(self.world).map_err(CliError::from);
        let ended = iterated.and(finished).and(flushed);
        self.fill_report();
        self.sum_up_spikes();
        self.report.outcome = match &ended {
            Ok(()) => Outcome::Finished,
            Err(error) => Outcome::Failed(error.to_string()),
        };
        self.write_report()?;
        ended?;
        #[cfg(feature = "plot")]
        if !self.arguments.no_plots && self.has_something_to_draw() {
            (self.report.plots, self.report.not_drawn) = super::plot::draw_all(self.folder.path())?;
            self.write_report()?;
        }
        if self.arguments.quiet { Ok(()) } else { print(&in_text(&self.report, self.folder.path())) }
    }

    fn iterate(&mut self) -> Result<(), CliError> {
        let total = self.report.iterations_planned;
        let (start, mut flushed) = (Instant::now(), Instant::now());
        let (mut done, mut batch) = (0, 1);
        while done < total {
            let looked = Instant::now();
            done += run_ticks(self.world, batch.min(total - done));
            self.report.wall_s = start.elapsed().as_secs_f64();
            self.failed()?;
            self.progress.advance(done);
            if flushed.elapsed() >= FLUSH {
                self.files.flush(self.world)?;
                flushed = Instant::now();
            }
            // As many iterations as fit between two looks.
            let took = looked.elapsed().max(Duration::from_nanos(1));
            let fits = (batch as f64 * LOOK.as_secs_f64() / took.as_secs_f64()) as u64;
            batch = fits.clamp(1, batch.saturating_mul(2));
        }
        Ok(())
    }

    /// What has failed in the last iteration.
    fn failed(&mut self) -> Result<(), CliError> {
        let failures = self.world.resource_mut::<Failures>().take();
        let iteration = self.world.resource::<Clock>().iteration.saturating_sub(1);
        if failures.is_empty() { Ok(()) } else { Err(CliError::Stopped { iteration, failures }) }
    }

    fn fill_report(&mut self) {
        let report = &mut self.report;
        report.iterations = self.world.resource::<Clock>().iteration;
        report.simulated_ms = report.iterations as f64 * report.dt;
        report.real_time_factor = report.wall_s * 1000.0 / report.simulated_ms.max(f64::MIN_POSITIVE);
        for (group, &entity) in report.groups.iter_mut().zip(&self.network.groups) {
            group.spikes = self.world.get::<Spikes>(entity).map_or(0, Spikes::total);
            let neuron_seconds = group.plan.size as f64 * report.simulated_ms / 1000.0;
            group.rate_hz = group.spikes as f64 / neuron_seconds.max(f64::MIN_POSITIVE);
        }
        report.stages = StageTime::from_laps(&self.world.resource::<Stopwatch>().laps());
        report.recordings = self.files.reports();
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
        self.report.iterations > 0 && !self.report.recordings.is_empty()
    }

    fn write_report(&self) -> Result<(), CliError> {
        let path = self.folder.path();
        self.report.write(path).map_err(|source| CliError::Write { path: path.join(crate::output::REPORT), source })
    }
}

/// `--out`, or `runs/` and the name of the scene's file.
fn wished_folder(arguments: &RunArguments) -> PathBuf {
    let named = || {
        let stem = arguments.scene.scene.file_stem().unwrap_or_else(|| "scene".as_ref());
        Path::new("runs").join(stem)
    };
    arguments.out.clone().unwrap_or_else(named)
}

fn first_report(scene: &Scene, arguments: &RunArguments, network: &Network, files: &Files, build_s: f64) -> Report {
    let text = scene.document.as_ref().map(crate::text::Document::text).unwrap_or_default();
    let file = arguments.scene.scene.display().to_string();
    let group = |plan: &crate::build::GroupPlan| GroupReport { plan: plan.clone(), spikes: 0, rate_hz: 0.0 };
    Report {
        outcome: Outcome::Running,
        title: scene.title.clone(),
        dt: scene.dt,
        iterations: 0,
        iterations_planned: scene.iterations,
        simulated_ms: 0.0,
        wall_s: 0.0,
        build_s,
        real_time_factor: 0.0,
        groups: network.plan.groups.iter().map(group).collect(),
        synapses: network.plan.synapses.clone(),
        memory: network.plan.memory,
        stages: Vec::new(),
        recordings: files.reports(),
        statistics: Vec::new(),
        classifications: Vec::new(),
        no_statistics: Vec::new(),
        plotting: scene.plots.clone(),
        plots: Vec::new(),
        not_drawn: Vec::new(),
        provenance: Provenance::now(&file, text, scene.seed, arguments.scene.assignments()),
    }
}

/// The delays that there are, and what rounding to whole steps made of them.
fn delays_in_text(synapses: &[crate::build::SynapsePlan]) -> String {
    let all = synapses.iter().filter_map(|group| group.delays).reduce(crate::network::DelaySummary::and);
    all.map_or_else(String::new, |delays| {
        format!(
            "\ndelays {} to {} ms, rounded to whole steps by {:.3} ms at most\n",
            delays.shortest_ms, delays.longest_ms, delays.rounded_by_ms
        )
    })
}

/// The report on the terminal.
fn in_text(report: &Report, folder: &Path) -> String {
    let mut text = format!(
        "{}\n{} iterations, {} in {:.3} s: real-time factor {:.4} ({} thread{}, {}, {})\n\n",
        if report.title.is_empty() { "(untitled)" } else { &report.title },
        grouped(report.iterations),
        in_words(report.simulated_ms),
        report.wall_s,
        report.real_time_factor,
        report.provenance.threads,
        if report.provenance.threads == 1 { "" } else { "s" },
        report.provenance.instruction_set,
        report.provenance.precision,
    );
    let mut rows = vec![["group", "neurons", "spikes", "mean rate"].map(String::from).to_vec()];
    rows.extend(report.groups.iter().map(|group| {
        let rate = format!("{:.2} Hz", group.rate_hz);
        vec![group.plan.name.clone(), grouped(group.plan.size as u64), grouped(group.spikes), rate]
    }));
    text += &table("", &rows);
    text += &delays_in_text(&report.synapses);
    text += &statistics_in_text(&report.statistics);
    text += &classifications_in_text(&report.classifications);
    text += &times_in_text(&report.stages);
    let names = report.recordings.iter().map(|file| &file.file).chain(&report.plots);
    text += &format!("\n{}\n", folder.display());
    for name in names.chain(&[crate::output::REPORT.to_owned()]) {
        text += &format!("  {name}\n");
    }
    for missing in &report.no_statistics {
        text += &format!("no statistics: {missing}\n");
    }
    for missing in &report.not_drawn {
        text += &format!("not drawn: {missing}\n");
    }
    text
}

fn times_in_text(stages: &[StageTime]) -> String {
    if stages.is_empty() {
        return String::new();
    }
    let mut rows = Vec::new();
    for stage in stages {
        rows.push(vec![stage.stage.clone(), format!("{:.2} µs", stage.microseconds)]);
        rows.extend(
            stage
                .behaviours
                .iter()
                .filter(|b| b.microseconds >= 0.005)
                .map(|behaviour| vec![format!("  {}", behaviour.name), format!("{:.2} µs", behaviour.microseconds)]),
        );
    }
    format!("\ntime per iteration\n{}", table("", &rows))
}

//! The report of a run: everything that was printed, and where it came from. One file, `report.json`.

use std::{fmt, io, path::Path, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    classification::Classification,
    listing::{FileReport, GroupReport},
    statistics::GroupStatistics,
};
use crate::{
    assemble::SynapsePlan,
    disk,
    network::Runaway,
    numeric::{InstructionSet, real::PRECISION},
    scene::Plots,
    schedule::Stage,
    stopwatch::Lap,
};

/// The name of the report in a run folder.
pub const REPORT: &str = "report.json";

/// A run, for people and programs.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How the run ended.
    pub outcome: Outcome,
    /// The scene's title.
    pub title: String,
    /// Length of an iteration (ms).
    pub dt: f64,
    /// The iteration that it began with: not 0, where it began from a checkpoint.
    pub first_iteration: u64,
    /// The iteration that it ended before: with `first_iteration` 0 those that were done.
    pub iterations: u64,
    /// The iteration that it was to end before.
    pub iterations_planned: u64,
    /// Simulated time (ms).
    pub simulated_ms: f64,
    /// Time that the iterations took (s), without building and plots.
    pub wall_s: f64,
    /// Time that building took (s).
    pub build_s: f64,
    /// Wall time over simulated time: below 1 is faster than life.
    pub real_time_factor: f64,
    /// The neuron groups, in the order of the scene.
    pub groups: Vec<GroupReport>,
    /// The synapse groups.
    pub synapses: Vec<SynapsePlan>,
    /// Memory of state and weights (bytes).
    pub memory: u64,
    /// Where the time of an iteration went, by stage; at rank 0, if there are several.
    pub stages: Vec<StageTime>,
    /// The ranks that shared the network; none where there was one process.
    pub ranks: Vec<RankReport>,
    /// The files of recordings.
    pub recordings: Vec<FileReport>,
    /// Why recordings end before the run, if they do: what could not be written.
    pub recordings_ended: Option<String>,
    /// What the recorded spikes of each group say.
    pub statistics: Vec<GroupStatistics>,
    /// How well the classes of stimuli can be told from recorded responses.
    pub classifications: Vec<Classification>,
    /// Why statistics are missing, if some are.
    pub no_statistics: Vec<String>,
    /// What happened and should be known: groups that ran away, recordings that end before the run.
    pub warnings: Vec<Warning>,
    /// What the scene says and hardly means, each in a line.
    pub scene_warnings: Vec<String>,
    /// How pictures are drawn, as the scene says.
    pub plotting: Plots,
    /// Pictures, by file name.
    pub plots: Vec<String>,
    /// Recordings of which there is no picture, and why.
    pub not_drawn: Vec<String>,
    /// Where all this came from.
    pub provenance: Provenance,
}

/// What a run warns of.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// A group, or some of its neurons.
    RunsAway(Runaway),
    /// Recordings could not be written any more.
    RecordingsEnd {
        /// The first iteration that is not in them.
        iteration: u64,
        /// Why not.
        why: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunsAway(runaway) => runaway.fmt(f),
            Self::RecordingsEnd { iteration, why } => write!(f, "recordings end before iteration {iteration}: {why}"),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// It still runs, or was killed.
    Running,
    /// All iterations are done.
    Finished,
    /// A signal ended it; `cortecs resume` goes on with it.
    Interrupted(String),
    /// It stopped for a reason.
    Failed(String),
}

/// The time of a stage.
#[derive(Clone, Debug, Serialize)]
pub struct StageTime {
    /// The stage.
    pub stage: String,
    /// Mean time per iteration (µs).
    pub microseconds: f64,
    /// The same by behaviour.
    pub behaviours: Vec<BehaviourTime>,
}

/// What a rank had of a network, and how long it took.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq)]
pub struct RankReport {
    /// Neurons in its care.
    pub neurons: u64,
    /// Synapses that lead to them; dense ones, which each rank has whole, by their part.
    pub synapses: u64,
    /// Mean time per iteration of everything but the exchange (µs).
    pub computes_us: f64,
    /// Mean time per iteration of the exchange of spikes (µs), with the time that it waited for others: that of the rank which waits
    /// least is about the exchange itself.
    pub exchanges_us: f64,
    /// Iterations from one exchange of spikes to the next: as many as the shortest delay allows.
    pub exchanged_every: u32,
}

/// The time of a behaviour in a stage.
#[derive(Clone, Debug, Serialize)]
pub struct BehaviourTime {
    /// The behaviour, or another system of the stage.
    pub name: String,
    /// Mean time per iteration (µs).
    pub microseconds: f64,
}

/// Where a run came from.
#[derive(Clone, Debug, Serialize)]
pub struct Provenance {
    /// The version of this crate.
    pub version: String,
    /// The scene's file, as it was named.
    pub scene_file: String,
    /// The scene's text, with all that was set on the command line.
    pub scene: String,
    /// SHA-256 of that text, hexadecimal.
    pub scene_sha256: String,
    /// What was set on the command line.
    pub settings: Vec<String>,
    /// The seed.
    pub seed: u64,
    /// `f32` or `f64`.
    pub precision: String,
    /// Threads that the run could use.
    pub threads: usize,
    /// The instruction set of the kernels.
    pub instruction_set: String,
    /// When the run began (UTC, RFC 3339).
    pub started: String,
    /// The checkpoint that it began from, if it did.
    pub from: Option<String>,
    /// The number by which its noise went on otherwise from there.
    pub noise_seed: Option<u64>,
    /// The iterations before which it was interrupted and gone on with.
    pub resumed: Vec<u64>,
    /// When it ended; empty while it runs.
    pub ended: String,
}

impl Provenance {
    /// The provenance of a run that begins now.
    #[must_use]
    pub fn now(scene_file: &str, scene: &str, seed: u64, settings: Vec<String>) -> Self {
        let digest = hmac_sha256::Hash::hash(scene.as_bytes());
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            scene_file: scene_file.into(),
            scene: scene.into(),
            scene_sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            settings,
            seed,
            precision: PRECISION.into(),
            threads: rayon::current_num_threads(),
            instruction_set: InstructionSet::in_use().to_string(),
            started: now(),
            from: None,
            noise_seed: None,
            resumed: Vec::new(),
            ended: String::new(),
        }
    }

    /// Notes that the run ended now.
    pub fn end(&mut self) {
        self.ended = now();
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl StageTime {
    /// The times of the stages, from those of their systems; systems that took no measurable time are left out.
    #[must_use]
    pub fn from_laps(laps: &[Lap]) -> Vec<Self> {
        let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
        let of_stage = |stage: Stage| {
            let laps: Vec<&Lap> = laps.iter().filter(|lap| lap.stage == stage.name()).collect();
            let behaviours = laps
                .iter()
                .map(|lap| BehaviourTime { name: lap.name.into(), microseconds: microseconds(lap.mean) })
                .collect();
            let total = laps.iter().map(|lap| lap.mean).sum();
            Self { stage: stage.name().into(), microseconds: microseconds(total), behaviours }
        };
        Stage::ALL.into_iter().map(of_stage).filter(|stage| !stage.behaviours.is_empty()).collect()
    }
}

impl Report {
    /// Writes the report into a run folder, so that at any moment there is a whole one.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        disk::write(&folder.join(REPORT), text.as_bytes())
    }
}

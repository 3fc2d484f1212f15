//! The parts of `report.json` that a picture needs. Unknown fields are ignored.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::PlotError;
use super::canvas::{Colour, PALETTE};
use super::panel::time_unit;
use crate::files;
use crate::scene::{Over, Plots};

/// A run as its report describes it.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) title: String,
    /// Duration of an iteration (ms).
    pub(super) dt: f64,
    pub(super) iterations: u64,
    /// Not 0, where the run began from a checkpoint.
    #[serde(default)]
    pub(super) first_iteration: u64,
    #[serde(default)]
    pub(super) groups: Vec<Group>,
    #[serde(default)]
    synapses: Vec<Synapses>,
    #[serde(default)]
    pub(super) recordings: Vec<Recording>,
    #[serde(default)]
    pub(super) plotting: Plots,
}

/// A group of neurons.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) size: u64,
    /// Width, height and depth of its grid.
    #[serde(default)]
    shape: Option<[usize; 3]>,
    #[serde(default)]
    tags: Vec<String>,
}

impl Group {
    /// Its name and its tags.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(String::as_str).chain([self.name.as_str()])
    }
}

/// A group of synapses.
#[derive(Debug, Deserialize)]
pub(super) struct Synapses {
    name: String,
    pub(super) source: String,
    #[serde(default)]
    pub(super) target: String,
}

/// A snapshot of weights.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Snapshot {
    pub(super) iteration: u64,
    /// How many synapses there were.
    pub(super) synapses: u64,
}

/// One recorded file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Recording {
    pub(super) file: String,
    pub(super) kind: String,
    pub(super) group: String,
    #[serde(default)]
    pub(super) variable: String,
    #[serde(default)]
    pub(super) unit: String,
    #[serde(default)]
    pub(super) description: String,
    /// Iteration of the first row.
    #[serde(default)]
    pub(super) first: u64,
    /// Iterations from row to row.
    #[serde(default = "one")]
    pub(super) every: u64,
    /// The first iteration that was not recorded any more, or none before the end.
    #[serde(default)]
    pub(super) until: Option<u64>,
    /// The file that says which synapses the weights of snapshots belong to.
    #[serde(default)]
    pub(super) synapses: Option<String>,
    /// The snapshots.
    #[serde(default)]
    pub(super) snapshots: Option<Vec<Snapshot>>,
    /// The ends of a histogram's bins.
    #[serde(default)]
    pub(super) range: Option<[f64; 2]>,
    /// Indices of the recorded neurons, or all of the group.
    #[serde(default)]
    pub(super) neurons: Option<Vec<u64>>,
}

/// The kinds of recordings that are there to be evaluated, and not to be looked at.
const WITHOUT_PICTURE: [&str; 2] = ["responses", "presentations"];

/// The kind of a recording of a population rate.
const RATE: &str = "rate";

/// The kind of what recorders of other crates make of a group.
const MEASURED: &str = "measured";

impl Recording {
    /// Whether rows are means over the iterations from each to the next.
    pub(super) fn is_rate(&self) -> bool {
        self.kind == RATE
    }

    /// Whether its columns are what a recorder has made of a group, and not members of it.
    pub(super) fn is_measured(&self) -> bool {
        self.kind == MEASURED
    }
}

/// Whether an address `group.variable` is that of a recording.
fn is_at(recording: &Recording, address: &str) -> bool {
    address.rsplit_once('.') == Some((&recording.group, &recording.variable))
}

fn one() -> u64 {
    1
}

impl Manifest {
    pub(super) fn read(run: &Path) -> Result<Self, PlotError> {
        let path = run.join("report.json");
        let text = files::read_text(&path, files::LONGEST_TEXT)
            .map_err(|source| PlotError::Io { path: path.clone(), source })?;
        match serde_json::from_str::<Self>(&text) {
            Ok(manifest) => Self { title: manifest.title_or(run), ..manifest }.checked(path),
            Err(source) => Err(PlotError::Report { path, source }),
        }
    }

    /// The title, or the name of the run folder where there is none.
    fn title_or(&self, run: &Path) -> String {
        let folder = || Some(run.canonicalize().ok()?.file_name()?.to_string_lossy().into_owned());
        if self.title.trim().is_empty() { folder().unwrap_or_default() } else { self.title.clone() }
    }

    fn checked(self, path: PathBuf) -> Result<Self, PlotError> {
        let names = self.recordings.iter().flat_map(|recording| {
            [Some(&recording.file), Some(&recording.group), recording.synapses.as_ref()].into_iter().flatten()
        });
        // All files of a run lie side by side.
        if let Some(file) = names.into_iter().find(|name| name.contains(['/', '\\', '\0'])) {
            return Err(PlotError::Elsewhere { path, file: file.clone() });
        }
        match self.nonsense() {
            Some((field, why)) => Err(PlotError::Nonsense { path, field, why }),
            None if self.recordings.is_empty() => Err(PlotError::NothingRecorded { path }),
            None => Ok(self),
        }
    }

    /// A field that cannot be as it is, and why.
    fn nonsense(&self) -> Option<(String, String)> {
        let Self { dt, iterations, first_iteration: first, .. } = self;
        let told = |field: &str, why: String| Some((field.to_owned(), why));
        if !self.duration().is_finite() || *dt <= 0.0 {
            return told("dt", format!("{dt:?} ms is no length of an iteration"));
        }
        if *iterations == 0 {
            return told("iterations", "there are none".into());
        }
        if first >= iterations {
            return told("first_iteration", format!("{first} is not before the end, {iterations}"));
        }
        if self.recordings.iter().any(|recording| recording.every == 0) {
            return told("every", "0 is no distance between rows".into());
        }
        let words: Vec<&str> = self.groups.iter().flat_map(Group::words).collect();
        let (field, why, _) = self.plotting.raster.faults(&words).into_iter().next()?;
        told(&format!("plotting.raster.{field}"), why)
    }

    /// When the run ended (ms): its duration, if it began at 0.
    pub(super) fn duration(&self) -> f64 {
        self.iterations as f64 * self.dt
    }

    /// When the run began (ms).
    pub(super) fn begin(&self) -> f64 {
        self.first_iteration as f64 * self.dt
    }

    /// The iterations that the raster shows: those that the scene names, or all. Where the run ends before them, as many
    /// at its end.
    pub(super) fn raster_window(&self) -> Range<u64> {
        let Some(window) = self.plotting.raster.window else { return self.first_iteration..self.iterations };
        let [from, to] = window.map(|ms| (ms / self.dt).round() as u64);
        let end = to.clamp(1, self.iterations);
        end.saturating_sub((to - from).max(1))..end
    }

    /// The time at the end of an iteration, in words: in the unit of the time axes.
    pub(super) fn moment(&self, iteration: u64) -> String {
        let (unit, ms) = match time_unit(self.duration()) {
            (_, 1.0) => ("ms", 1.0),
            (_, ms) => ("s", ms),
        };
        let time = (iteration as f64 + 1.0) * self.dt / ms;
        format!("{time:.1}").trim_end_matches(".0").to_owned() + " " + unit
    }

    /// The groups that synapses join, if the report lists them.
    pub(super) fn synapses(&self, group: &str) -> Option<&Synapses> {
        self.synapses.iter().find(|listed| listed.name == group)
    }

    /// Width and height of a group that is a sheet of neurons: more than a row, and no pile of sheets.
    pub(super) fn sheet(&self, group: &str) -> Option<[usize; 2]> {
        let found = self.groups.iter().find(|listed| listed.name == group)?;
        match found.shape? {
            [width, height, 1] if width > 1 && height > 1 => Some([width, height]),
            _ => None,
        }
    }

    /// The group's neurons, if the report lists it.
    pub(super) fn size(&self, group: &str) -> Option<u64> {
        let found = self.groups.iter().find(|listed| listed.name == group);
        found.map(|group| group.size)
    }

    /// The colour of a group in every picture, by its place in the list, or among the names and tags that the scene gives a
    /// colour each. A receptor `group.receptor` has that of its group, synapses that of their source; what is not listed is grey.
    pub(super) fn colour(&self, group: &str) -> Colour {
        let name = group.split('.').next().unwrap_or_default();
        let name = self.synapses(name).map_or(name, |listed| listed.source.as_str());
        let place = self.groups.iter().position(|listed| listed.name == name);
        let named = &self.plotting.raster.colours;
        let place = match place.and_then(|place| self.groups.get(place)) {
            Some(group) if !named.is_empty() => {
                named.iter().position(|wanted| group.words().any(|word| word == wanted))
            }
            _ => place,
        };
        place.map_or(Colour::GREY, |place| PALETTE[place % PALETTE.len()])
    }

    /// The recording of the variable at an address.
    pub(super) fn recorded(&self, address: &str) -> Option<&Recording> {
        self.of_kind("variable").find(|recording| is_at(recording, address))
    }

    /// The groups that a synapse group joins.
    pub(super) fn sides(&self, synapses: &str) -> [&str; 2] {
        let found = self.synapses.iter().find(|listed| listed.name == synapses);
        found.map_or([""; 2], |listed| [&listed.source, &listed.target])
    }

    /// On which side (0 source, 1 target) a group is of a synapse group; as the source if on both.
    pub(super) fn side(&self, synapses: &str, group: &str) -> Option<usize> {
        self.sides(synapses).iter().position(|side| *side == group)
    }

    /// Whether there is a profile over a recording.
    fn is_below_profile(&self, recording: &Recording) -> bool {
        let curves = self.plotting.profiles.iter().flat_map(|profile| &profile.curves);
        curves.into_iter().any(|curve| matches!(&curve.over, Over::Recorded(address) if is_at(recording, address)))
    }

    /// Recordings of spikes, in the order of their groups.
    pub(super) fn spikes(&self) -> Vec<&Recording> {
        let mut spikes: Vec<_> = self.of_kind("spikes").collect();
        spikes.sort_by_key(|recording| self.place(recording));
        spikes
    }

    /// The place of a recording's group in the list; a receptor `group.receptor` stands with its group.
    fn place(&self, recording: &Recording) -> usize {
        let name = recording.group.split('.').next().unwrap_or_default();
        self.groups.iter().position(|group| group.name == name).unwrap_or(usize::MAX)
    }

    /// Recordings of variables and of rates, by the variable's name, each in the order of their groups.
    pub(super) fn variables(&self) -> BTreeMap<&str, Vec<&Recording>> {
        let variables = self.of_kind("variable").filter(|recording| !self.is_below_profile(recording));
        self.by_variable(variables.chain(self.of_kind(RATE)).chain(self.of_kind(MEASURED)))
    }

    /// Recordings of histograms, by the variable's name, each in the order of their groups.
    pub(super) fn histograms(&self) -> BTreeMap<&str, Vec<&Recording>> {
        self.by_variable(self.of_kind("histogram"))
    }

    /// Recordings of snapshots of weights, in the order of their groups' names.
    pub(super) fn snapshots(&self) -> Vec<&Recording> {
        let mut snapshots: Vec<_> = self.of_kind("snapshots").collect();
        snapshots.sort_by(|a, b| (&a.group, &a.file).cmp(&(&b.group, &b.file)));
        snapshots
    }

    fn by_variable<'a>(
        &self,
        recordings: impl Iterator<Item = &'a Recording>,
    ) -> BTreeMap<&'a str, Vec<&'a Recording>> {
        let mut variables = BTreeMap::<_, Vec<_>>::new();
        for recording in recordings {
            let name = recording.variable.as_str();
            variables.entry(name).or_default().push(recording);
        }
        for recordings in variables.values_mut() {
            recordings.sort_by_key(|recording| self.place(recording));
        }
        variables
    }

    fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &Recording> {
        let wanted = move |recording: &&Recording| recording.kind == kind;
        self.recordings.iter().filter(wanted)
    }

    pub(super) fn of_no_known_kind(&self) -> impl Iterator<Item = &Recording> {
        // Synapses are drawn with the weights that belong to them.
        let known = |kind: &str| {
            matches!(kind, "spikes" | "variable" | RATE | MEASURED | "histogram" | "snapshots" | "synapses")
                || WITHOUT_PICTURE.contains(&kind)
        };
        self.recordings.iter().filter(move |recording| !known(&recording.kind))
    }
}

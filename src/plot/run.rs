//! What pictures ask of a run.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::PlotError;
use super::canvas::{Colour, PALETTE};
use super::panel::time_unit;
use crate::assemble::SynapsePlan;
use crate::files;
use crate::output::{FileReport, GroupReport};
use crate::scene::Over;

/// A recorded file, as the report lists it.
pub(super) type Recording = FileReport;

pub use crate::output::Run;

/// The name of a group and its tags.
fn words(group: &GroupReport) -> impl Iterator<Item = &str> {
    group.plan.tags.iter().chain([&group.plan.name]).map(String::as_str)
}

/// The kinds of recordings that are there to be evaluated, and not to be looked at.
const WITHOUT_PICTURE: [&str; 2] = ["responses", "presentations"];

impl Run {
    pub(super) fn read(run: &Path) -> Result<Self, PlotError> {
        let path = run.join("report.json");
        let text = files::read_text(&path, files::LONGEST_TEXT)
            .map_err(|source| PlotError::Io { path: path.clone(), source })?;
        match Self::parse(&text, run) {
            Ok(found) => found.checked(path),
            Err(source) => Err(PlotError::Report { path, source }),
        }
    }

    fn checked(self, path: PathBuf) -> Result<Self, PlotError> {
        if let Some(file) = self.elsewhere() {
            return Err(PlotError::Elsewhere { path, file: file.to_owned() });
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
        if self.recordings.iter().any(|recording| recording.step() == 0) {
            return told("every", "0 is no distance between rows".into());
        }
        let words: Vec<&str> = self.groups.iter().flat_map(words).collect();
        let (field, why, _) = self.plotting.raster.faults(&words).into_iter().next()?;
        told(&format!("plotting.raster.{field}"), why)
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
    pub(super) fn synapses(&self, group: &str) -> Option<&SynapsePlan> {
        self.synapses.iter().find(|listed| listed.name == group)
    }

    /// Width and height of a group that is a sheet of neurons: more than a row, and no pile of sheets.
    pub(super) fn sheet(&self, group: &str) -> Option<[usize; 2]> {
        let found = self.groups.iter().find(|listed| listed.plan.name == group)?;
        match found.plan.shape {
            [width, height, 1] if width > 1 && height > 1 => Some([width, height]),
            _ => None,
        }
    }

    /// The colour of a group in every picture, by its place in the list, or among the names and tags that the scene gives a
    /// colour each. A receptor `group.receptor` has that of its group, synapses that of their source; what is not listed is grey.
    #[must_use]
    pub fn colour(&self, group: &str) -> Colour {
        let name = group.split('.').next().unwrap_or_default();
        let name = self.synapses(name).map_or(name, |listed| listed.source.as_str());
        let place = self.groups.iter().position(|listed| listed.plan.name == name);
        let named = &self.plotting.raster.colours;
        let place = match place.and_then(|place| self.groups.get(place)) {
            Some(group) if !named.is_empty() => named.iter().position(|wanted| words(group).any(|word| word == wanted)),
            _ => place,
        };
        place.map_or(Colour::GREY, |place| PALETTE[place % PALETTE.len()])
    }

    /// The recording of the variable at an address.
    #[must_use]
    pub fn recorded(&self, address: &str) -> Option<&Recording> {
        self.of_kind("variable").find(|recording| recording.is_at(address))
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
        curves.into_iter().any(|curve| matches!(&curve.over, Over::Recorded(address) if recording.is_at(address)))
    }

    /// Recordings of spikes, in the order of their groups.
    pub(super) fn spikes(&self) -> Vec<&Recording> {
        let mut spikes: Vec<_> = self.of_kind("spikes").collect();
        self.sort(&mut spikes);
        spikes
    }

    fn sort(&self, recordings: &mut [&Recording]) {
        recordings.sort_by_key(|recording| self.place(recording));
    }

    /// The place of a recording's group in the list; a receptor `group.receptor` stands with its group.
    fn place(&self, recording: &Recording) -> usize {
        let name = recording.group.split('.').next().unwrap_or_default();
        self.groups.iter().position(|group| group.plan.name == name).unwrap_or(usize::MAX)
    }

    /// Recordings of variables and of rates, by the variable's name, each in the order of their groups.
    pub(super) fn variables(&self) -> BTreeMap<&str, Vec<&Recording>> {
        let variables = self.of_kind("variable").filter(|recording| !self.is_below_profile(recording));
        self.by_variable(&mut variables.chain(self.of_kind(Recording::RATE)).chain(self.of_kind(Recording::MEASURED)))
    }

    /// Recordings of histograms, by the variable's name, each in the order of their groups.
    pub(super) fn histograms(&self) -> BTreeMap<&str, Vec<&Recording>> {
        self.by_variable(&mut self.of_kind("histogram"))
    }

    /// Recordings of snapshots of weights, in the order of their groups' names.
    pub(super) fn snapshots(&self) -> Vec<&Recording> {
        let mut snapshots: Vec<_> = self.of_kind("snapshots").collect();
        snapshots.sort_by(|a, b| (&a.group, &a.file).cmp(&(&b.group, &b.file)));
        snapshots
    }

    fn by_variable<'a>(
        &self,
        recordings: &mut dyn Iterator<Item = &'a Recording>,
    ) -> BTreeMap<&'a str, Vec<&'a Recording>> {
        let mut variables = BTreeMap::<_, Vec<_>>::new();
        for recording in recordings {
            let name = recording.variable.as_str();
            variables.entry(name).or_default().push(recording);
        }
        for recordings in variables.values_mut() {
            self.sort(recordings);
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
            matches!(
                kind,
                "spikes" | "variable" | Recording::RATE | Recording::MEASURED | "histogram" | "snapshots" | "synapses"
            ) || WITHOUT_PICTURE.contains(&kind)
        };
        self.recordings.iter().filter(move |recording| !known(&recording.kind))
    }
}

//! A run as it was recorded, or is being recorded, as a source of frames: time is a slider over the files of its folder.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    Command, Frame, GroupOutline, LiveError, Outline, Probe, Snapshot, Source, Speed, SynapseOutline,
    frame::{Cost, Wanted},
    pace::Pace,
    tap::MOST,
};
use crate::{
    npy::{NpyError, Reader},
    output::{FileReport, REPORT, Run},
    text::Document,
};

/// Between two looks at files that may have grown.
const GROWS: Duration = Duration::from_secs(1);

/// Values that are read for a trace at a time.
const MOST_READ: usize = 2_000_000;

/// How many times as fast as life it is shown, where nobody says how fast.
const FASTEST: f64 = 10.0;

/// What is shown of the time before a moment that was leapt to (ms).
const BEFORE: f64 = 1024.0;

/// A run folder.
pub struct Recorded {
    outline: Outline,
    folder: PathBuf,
    files: Vec<File>,
    /// The scene, as the report has it.
    scene: Option<(String, String)>,
    costs: Vec<Cost>,
    wanted: Wanted,
    now: u64,
    until: Option<u64>,
    paused: bool,
    pace: Pace,
    looked: Instant,
    /// Since when there is something new to show.
    shown: Option<u64>,
    anew: bool,
    told: Vec<String>,
}

/// A recording of spikes or of a variable.
struct File {
    group: u32,
    report: FileReport,
    reader: Reader,
    /// The column of each neuron; `None` if all were recorded.
    columns: Option<Vec<u32>>,
}

impl Recorded {
    /// Opens a run folder, at its beginning.
    ///
    /// # Errors
    /// It is none, or its files are damaged.
    pub fn open(folder: &Path, speed: Speed) -> Result<Self, LiveError> {
        let path = folder.join(REPORT);
        let failed = |why: &dyn std::fmt::Display| LiveError::Failed(format!("`{}`: {why}", path.display()));
        let text = crate::files::read_text(&path, crate::files::LONGEST_TEXT).map_err(|error| failed(&error))?;
        let run = Run::parse(&text, folder).map_err(|error| failed(&error))?;
        if !(run.dt.is_finite() && run.dt > 0.0) {
            return Err(failed(&format!("{} ms is no length of an iteration", run.dt)));
        }
        if let Some(file) = run.elsewhere() {
            return Err(failed(&format!("`{file}` lies elsewhere")));
        }
        let report: serde_json::Value = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        let scene = &report["provenance"];
        let scene = scene["scene"].as_str().map(|text| (scene["scene_file"].as_str().unwrap_or("scene"), text));
        let scene = scene.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut files = Vec::new();
        for report in run.recordings.iter().filter(|report| matches!(&*report.kind, "spikes" | "variable")) {
            let Some(group) = run.groups.iter().position(|group| group.plan.name == report.group) else { continue };
            files.push(File::open(&run, group as u32, report.clone()).map_err(|error| failed(&error))?);
        }
        if files.is_empty() {
            return Err(failed(&"neither spikes nor variables of groups were recorded"));
        }
        let outline = outline(&run, &files);
        let (now, first) = (Instant::now(), outline.first);
        Ok(Self {
            outline,
            folder: folder.to_owned(),
            files,
            scene,
            costs: costs(&report),
            wanted: Wanted::default(),
            now: first,
            until: None,
            paused: true,
            pace: Pace::new(speed, first),
            looked: now,
            shown: None,
            anew: true,
            told: Vec::new(),
        })
    }

    /// The iteration up to which there is something recorded.
    fn furthest(&mut self) -> u64 {
        if self.looked.elapsed() >= GROWS {
            self.looked = Instant::now();
            for file in &mut self.files {
                // A file that cannot be opened again is as long as it was.
                if let Ok(reader) = Reader::open(&self.folder.join(&file.report.file)) {
                    file.reader = reader;
                }
            }
        }
        self.files.iter_mut().map(File::end).max().unwrap_or(self.now)
    }

    /// Time goes on as it is asked to.
    fn advance(&mut self) {
        let end = self.furthest().max(self.now);
        if let Some(until) = self.until.take() {
            self.now = until.clamp(self.outline.first, end);
            self.pace.restart(self.now);
        }
        if self.paused {
            return;
        }
        let dt = self.outline.dt;
        self.now = self.pace.goal(dt).unwrap_or_else(|| self.pace.at(FASTEST, dt)).min(end);
        if self.now == end {
            // At the end of what there is: a run that grows goes on from here.
            self.pace.restart(self.now);
        }
    }

    /// What was recorded from an iteration on until now.
    fn look(&mut self, from: u64, frame: &mut Frame) -> Result<(), NpyError> {
        let now = self.now;
        for file in &mut self.files {
            if file.report.kind == "spikes" {
                file.spikes(from, now, &mut frame.seen.spikes)?;
            }
        }
        frame.seen.spikes.sort_unstable();
        for probe in &self.wanted.probes {
            let is_it = |file: &&mut File| file.is_of(probe.group, &probe.variable);
            let Some(file) = self.files.iter_mut().find(is_it) else { continue };
            frame.probes.push(probe.clone());
            frame.seen.traces.push(file.trace(from, now, probe)?);
        }
        for (group, variable) in &self.wanted.columns {
            let Some(file) = self.files.iter_mut().find(|file| file.is_of(*group, variable)) else { continue };
            let neurons = self.outline.groups.get(*group as usize).map_or(0, GroupOutline::neurons);
            frame.columns.extend(file.column(now, neurons)?);
        }
        Ok(())
    }
}

impl Source for Recorded {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn take(&mut self) -> Option<Frame> {
        self.advance();
        if self.shown == Some(self.now) && !self.anew && self.told.is_empty() {
            return None;
        }
        let before = (BEFORE / self.outline.dt) as u64;
        let (from, leapt) = match self.shown.filter(|shown| *shown <= self.now && !self.anew) {
            Some(shown) => (shown, false),
            None => (self.now.saturating_sub(before).max(self.outline.first), true),
        };
        let furthest = self.furthest();
        let mut frame = Frame { iteration: self.now, furthest, leapt, paused: self.paused, ..Frame::default() };
        if leapt {
            frame.costs = Some(self.costs.clone());
        }
        if let Err(error) = self.look(from, &mut frame) {
            self.told.push(error.to_string());
            self.paused = true;
        }
        frame.told = std::mem::take(&mut self.told);
        (self.shown, self.anew) = (Some(self.now), false);
        Some(frame)
    }

    fn send(&mut self, command: Command) -> bool {
        match command {
            Command::Pause => self.paused = true,
            Command::Run => self.paused = false,
            Command::Step(iterations) => {
                (self.paused, self.until) = (true, Some(self.now.saturating_add(iterations)));
            }
            Command::GoTo(iteration) => {
                self.paused = true;
                self.until = Some(iteration);
                self.shown = self.shown.filter(|_| iteration >= self.now);
            }
            Command::Speed(speed) => self.pace.speed = speed,
            Command::Want(wanted) => (self.wanted, self.anew) = (wanted, true),
            _ => self.told.push("what was recorded cannot be changed: `cortecs view` its scene".into()),
        }
        self.pace.restart(self.now);
        // It is shown that it rests, or runs.
        self.anew = true;
        true
    }

    fn scene(&mut self) -> Result<Document, LiveError> {
        let (name, text) = self.scene.clone().ok_or_else(|| LiveError::Failed("the report has no scene".into()))?;
        Ok(Document::parse(name, text)?)
    }
}

fn outline(run: &Run, files: &[File]) -> Outline {
    let variables = |place: u32| {
        let own = files.iter().filter(move |file| file.group == place && file.report.kind == "variable");
        own.map(|file| (file.report.variable.clone(), file.report.unit.clone())).collect()
    };
    let place = |name: &str| run.groups.iter().position(|group| group.plan.name == name).unwrap_or_default() as u32;
    Outline {
        title: run.title.clone(),
        dt: run.dt,
        first: run.first_iteration,
        groups: run
            .groups
            .iter()
            .zip(0..)
            .map(|(group, place)| GroupOutline {
                name: group.plan.name.clone(),
                tags: group.plan.tags.clone(),
                shape: group.plan.shape,
                variables: variables(place),
            })
            .collect(),
        synapses: run
            .synapses
            .iter()
            .map(|plan| SynapseOutline {
                name: plan.name.clone(),
                source: place(&plan.source),
                target: place(&plan.target),
                number: plan.synapses,
            })
            .collect(),
        steerable: false,
        goes_back: true,
        recorded: true,
    }
}

/// Where the time of the run went.
fn costs(report: &serde_json::Value) -> Vec<Cost> {
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for stage in list(&report["stages"]) {
        all.extend(list(&stage["behaviours"]).iter().map(|own| Cost {
            stage: word(&stage["stage"]),
            name: word(&own["name"]),
            microseconds: own["microseconds"].as_f64().unwrap_or_default(),
        }));
    }
    all
}

impl File {
    fn open(run: &Run, group: u32, report: FileReport) -> Result<Self, NpyError> {
        let reader = Reader::open(&run.path(&report.file))?;
        let columns = report.members();
        Ok(Self { group, report, reader, columns })
    }

    fn is_of(&self, group: u32, variable: &str) -> bool {
        self.report.kind == "variable" && self.group == group && self.report.variable == variable
    }

    /// The iteration before which it ends.
    fn end(&mut self) -> u64 {
        let rows = self.reader.rows();
        match &*self.report.kind {
            "spikes" => rows.checked_sub(1).and_then(|last| self.iteration(last).ok()).map_or(0, |last| last + 1),
            _ => self.report.first + (rows as u64).saturating_sub(1) * self.report.step() + u64::from(rows > 0),
        }
    }

    /// Some rows from one on.
    fn rows(&mut self, first: usize, rows: usize) -> Result<Vec<f64>, NpyError> {
        let mut out = Vec::new();
        self.reader.seek_row(first.min(self.reader.rows()))?;
        self.reader.read_rows(rows.min(self.reader.rows().saturating_sub(first)), &mut out)?;
        Ok(out)
    }

    /// The iteration of a spike.
    fn iteration(&mut self, row: usize) -> Result<u64, NpyError> {
        Ok(self.rows(row, 1)?.first().map_or(0, |iteration| *iteration as u64))
    }

    /// The first spike that is not before an iteration.
    fn first_from(&mut self, iteration: u64) -> Result<usize, NpyError> {
        let (mut low, mut high) = (0, self.reader.rows());
        while low < high {
            let middle = low.midpoint(high);
            if self.iteration(middle)? < iteration { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    fn spikes(&mut self, from: u64, to: u64, out: &mut Vec<(u64, u32, u32)>) -> Result<(), NpyError> {
        let (first, end) = (self.first_from(from)?, self.first_from(to)?);
        let first = first.max(end.saturating_sub(MOST));
        let rows = self.rows(first, end - first)?;
        out.extend(
            rows.as_chunks::<2>().0.iter().map(|&[iteration, neuron]| (iteration as u64, self.group, neuron as u32)),
        );
        Ok(())
    }

    /// Where a neuron stands in a row.
    fn place(&self, neuron: u32) -> Option<usize> {
        let place = match &self.columns {
            None => neuron as usize,
            Some(columns) => columns.iter().position(|column| *column == neuron)?,
        };
        (place < self.reader.row_len()).then_some(place)
    }

    fn trace(&mut self, from: u64, to: u64, probe: &Probe) -> Result<Vec<(u64, f32)>, NpyError> {
        let (step, begin) = (self.report.step(), self.report.first);
        let Some(place) = self.place(probe.neuron) else { return Ok(Vec::new()) };
        let first = from.saturating_sub(begin).div_ceil(step);
        let end = to.saturating_sub(begin).div_ceil(step);
        let end = end.min(self.reader.rows() as u64);
        // Of one neuron in rows of many as many as are read in no time.
        let each = ((end.saturating_sub(first)) as usize * self.reader.row_len()).div_ceil(MOST_READ).max(1);
        let mut trace = Vec::new();
        for row in (first..end).step_by(each) {
            let value = self.rows(row as usize, 1)?.get(place).copied().unwrap_or(f64::NAN);
            trace.push((begin + row * step, value as f32));
        }
        Ok(trace)
    }

    /// The values at the end of the last iteration that was recorded before one; what was not recorded is no number.
    fn column(&mut self, now: u64, neurons: usize) -> Result<Option<Snapshot>, NpyError> {
        let Some(past) = now.checked_sub(self.report.first + 1) else { return Ok(None) };
        let row = (past / self.report.step()).min((self.reader.rows() as u64).saturating_sub(1));
        let found = self.rows(row as usize, 1)?;
        let mut values = vec![f32::NAN; neurons];
        for (k, value) in found.iter().enumerate() {
            let neuron = self.columns.as_ref().map_or(Some(k), |columns| columns.get(k).map(|&neuron| neuron as usize));
            if let Some(to) = neuron.and_then(|neuron| values.get_mut(neuron)) {
                *to = *value as f32;
            }
        }
        Ok(Some(Snapshot { group: self.group, variable: self.report.variable.clone(), values }))
    }
}

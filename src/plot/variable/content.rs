//! What a panel shows: one recording, checked against the report and reduced to columns.

use crate::npy::{Dtype, Reader};
use crate::plot::Fault;
use crate::plot::panel::{counted, time_unit};
use crate::plot::reduce::{Columns, Summariser, Summary, spread};
use crate::plot::run::{Recording, Run};

/// Most picture columns of a panel; a full-width panel has 1 472 pixels.
const COLUMNS: usize = 1200;
/// Neurons drawn one by one.
const TRACES: usize = 3;
/// Fewest neurons of a 5–95 % band: of fewer its edges are those of the extremes.
const CROWD: usize = 20;
/// Correlation of a neuron's values with its next ones below which a line between them would invent what was between.
const COARSE: f64 = 0.5;
/// Elements read in one go: 8 MiB of them.
const CHUNK: usize = 1 << 20;

/// A recording of a variable, read.
pub(super) struct Content<'a> {
    pub(super) recording: &'a Recording,
    pub(super) summary: Summary,
    /// Time of each column, in the unit of the time axis.
    pub(super) times: Vec<f64>,
    /// Whether columns stand for several rows each.
    pub(super) reduced: bool,
    /// Elements of a row.
    neurons: usize,
    /// Places in a row of the neurons drawn one by one.
    chosen: Vec<usize>,
    boolean: bool,
    /// What they are.
    noun: &'static str,
    /// Whether values change as much from row to row as they do altogether, though rows are iterations apart.
    pub(super) coarse: bool,
    /// From row to row (ms), if more than an iteration.
    every_ms: Option<f64>,
}

impl<'a> Content<'a> {
    pub(super) fn read(run: &Run, recording: &'a Recording) -> Result<Self, Fault> {
        let mut reader = Reader::open(&run.path(&recording.file))?;
        check(run, recording, &reader)?;
        let neurons = reader.row_len();
        let boolean = reader.dtype() == Dtype::Bool;
        // Single neurons that are either 0 or 1 say nothing in a curve.
        let traces = if boolean && neurons > 1 { 0 } else { TRACES };
        let chosen = spread(traces, neurons);
        let columns = Columns::new(reader.rows(), COLUMNS);
        let mut summariser = Summariser::new(columns, chosen.clone());
        let (mut values, at_once) = (Vec::new(), (CHUNK / neurons).max(1));
        let mut likeness = Likeness::default();
        while reader.read_rows(at_once, &mut values)? > 0 {
            for row in values.chunks(neurons) {
                summariser.push(row);
                likeness.push(row[chosen.first().copied().unwrap_or_default()]);
            }
        }
        let is_sampled = recording.step() > 1 && !recording.is_rate();
        let time = |column| {
            let row = recording.step() as f64 * columns.middle(column);
            // A value is that of the end of its iteration, a rate that of the iterations up to the next row.
            let middle = if recording.is_rate() { recording.step() as f64 / 2.0 } else { 1.0 };
            let iterations = recording.first as f64 + row + middle;
            iterations * run.dt / time_unit(run.duration()).1
        };
        Ok(Self {
            recording,
            summary: summariser.finish(),
            times: (0..columns.count()).map(time).collect(),
            reduced: columns.reduces(),
            neurons,
            chosen,
            boolean,
            noun: match run.synapses(&recording.group) {
                _ if recording.is_measured() => "column",
                Some(_) => "synapse",
                None => "neuron",
            },
            coarse: is_sampled && !boolean && likeness.correlation().is_some_and(|r| r < COARSE),
            every_ms: is_sampled.then_some(recording.step() as f64 * run.dt),
        })
    }

    /// What the members of the group are.
    pub(super) const fn noun(&self) -> &'static str {
        self.noun
    }

    /// Whether there are several neurons, so that mean and spread say something.
    pub(super) fn is_crowd(&self) -> bool {
        self.neurons > 1
    }

    /// Whether the 5–95 % band is drawn; of zeros and ones it would be all or nothing.
    pub(super) fn has_band(&self) -> bool {
        self.neurons >= CROWD && !self.boolean
    }

    /// Whether what is drawn is a share, from 0 on.
    pub(super) fn is_share(&self) -> bool {
        self.boolean && self.is_crowd()
    }

    /// The variable and its unit: of a boolean one the mean is drawn, which is the share of neurons.
    pub(super) fn quantity(&self) -> (&str, &str) {
        let unit = if self.boolean { "share" } else { &self.recording.unit };
        (&self.recording.variable, unit)
    }

    /// Which neurons are drawn one by one, and of how many, and how far rows are apart: `neurons 133, 400, 666 of 800, every 10
    /// ms`.
    pub(super) fn facts(&self) -> String {
        let every = self.every_ms.map(|ms| format!("every {} ms", (ms * 1e6).round() / 1e6));
        let coarse = self.coarse.then(|| "values between may be others".to_owned());
        // Where there are several, the legend says so.
        let envelope = (self.reduced && !self.is_crowd()).then(|| "envelope".to_owned());
        let parts = [Some(self.members()).filter(|members| !members.is_empty()), every, coarse, envelope];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn members(&self) -> String {
        if self.neurons == 1 {
            return String::new();
        }
        if self.chosen.len() == self.neurons || self.chosen.is_empty() {
            return counted(self.neurons as u64, self.noun());
        }
        let listed = self.recording.neurons.as_ref();
        let index = |&place: &usize| {
            let index = listed.and_then(|list| list.get(place).copied());
            index.unwrap_or(place as u64).to_string()
        };
        let chosen: Vec<_> = self.chosen.iter().map(index).collect();
        let recorded = if listed.is_some() { " recorded" } else { "" };
        format!("{}s {} of {}{recorded}", self.noun(), chosen.join(", "), self.neurons)
    }
}

/// How much values are like their predecessors.
#[derive(Default)]
struct Likeness {
    before: Option<f64>,
    pairs: f64,
    sum: f64,
    squares: f64,
    products: f64,
}

impl Likeness {
    fn push(&mut self, value: f64) {
        if let Some(before) = self.before.filter(|_| value.is_finite()) {
            self.pairs += 1.0;
            self.sum += value;
            self.squares += value * value;
            self.products += value * before;
        }
        self.before = Some(value).filter(|value| value.is_finite());
    }

    /// The correlation of values with their predecessors, of the same mean; `None` for fewer than ten pairs, or values that are
    /// all the same.
    fn correlation(&self) -> Option<f64> {
        let mean = self.sum / self.pairs;
        let [variance, covariance] = [self.squares, self.products].map(|sum| sum / self.pairs - mean * mean);
        (self.pairs >= 10.0 && variance > 1e-12 * mean * mean).then(|| covariance / variance)
    }
}

fn check(run: &Run, recording: &Recording, reader: &Reader) -> Result<(), Fault> {
    let listed = recording.neurons.as_ref().map(|list| list.len() as u64);
    let expected = listed.or(run.size(&recording.group));
    let neurons = reader.row_len() as u64;
    // One number per row is a quantity of the whole group, and what was made of it has as many columns as it likes.
    let fits = match reader.shape().len() {
        _ if recording.is_measured() => true,
        1 => true,
        // Dense weights are sources × targets.
        axes => axes >= 2 && expected.is_none_or(|expected| expected == neurons),
    };
    if !fits {
        return Err(Fault::Shape { found: reader.shape().to_vec(), columns: expected.unwrap_or(1) });
    }
    if reader.rows() == 0 || neurons == 0 {
        return Err(Fault::Empty);
    }
    let rows = (reader.rows() - 1) as f64;
    let iteration = recording.first as f64 + recording.step() as f64 * rows;
    if iteration >= run.iterations as f64 {
        return Err(Fault::Iteration { iteration, iterations: run.iterations });
    }
    Ok(())
}

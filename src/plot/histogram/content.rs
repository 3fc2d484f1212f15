//! What a panel shows: one recording of histograms, checked against the report and added up.

use crate::npy::Reader;
use crate::plot::Fault;
use crate::plot::panel::{counted, time_unit};
use crate::plot::reduce::Course;
use crate::plot::run::{Recording, Run};
use crate::plot::steps::Steps;

/// Numbers read in one go: 8 MiB of them.
const CHUNK: usize = 1 << 20;
/// First and last row are drawn by themselves if their bins hold so many values on average: fewer make a comb.
const SMOOTH: f64 = 20.0;

/// Rows and bins of a course at most, as a picture has room for; and the least rows of one.
const COURSE: [usize; 2] = [128, 110];
const LEAST: usize = 4;

/// A recording of histograms, read.
pub(super) struct Content<'a> {
    pub(super) recording: &'a Recording,
    /// Over all rows.
    pub(super) whole: Steps,
    /// The first and the last row, where they are worth a look.
    pub(super) ends: Option<[Steps; 2]>,
    /// All rows one after another, where there are enough to show a course.
    pub(super) course: Option<Course>,
    rows: usize,
    /// Shares of the values below and above the bins.
    outside: [f64; 2],
}

impl<'a> Content<'a> {
    pub(super) fn read(run: &Run, recording: &'a Recording) -> Result<Self, Fault> {
        let mut reader = Reader::open(&run.path(&recording.file))?;
        let [low, high] = check(run, recording, &reader)?;
        let (length, rows) = (reader.row_len(), reader.rows());
        let (mut sums, mut first, mut last) = (vec![0.0; length], Vec::new(), Vec::new());
        let mut course = Course::new(rows, length - 2, COURSE);
        let (mut values, at_once) = (Vec::new(), (CHUNK / length).max(1));
        while reader.read_rows(at_once, &mut values)? > 0 {
            for row in values.chunks(length) {
                sums.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
                course.push(row);
            }
            if first.is_empty() {
                first.extend_from_slice(&values[..length]);
            }
            last.clear();
            last.extend_from_slice(&values[values.len() - length..]);
        }
        let width = (high - low) / (length - 2) as f64;
        let steps = |row: &[f64]| Steps::density(low, width, &row[1..length - 1], row.iter().sum());
        let total: f64 = sums.iter().sum();
        let is_smooth = |row: &[f64]| row.iter().sum::<f64>() >= SMOOTH * length as f64;
        let ends = rows > 1 && is_smooth(&first) && is_smooth(&last);
        Ok(Self {
            recording,
            whole: steps(&sums),
            ends: ends.then(|| [steps(&first), steps(&last)]),
            course: (rows >= LEAST).then_some(course),
            rows,
            outside: [sums[0], sums[length - 1]].map(|count| count / total.max(1.0)),
        })
    }

    /// From the first row to one behind the last, in the unit of the time axis.
    pub(super) fn span(&self, run: &Run) -> [f64; 2] {
        let (first, step) = (self.recording.first as f64, self.recording.step() as f64);
        let [from, to] = [first, first + step * self.rows as f64];
        [from, to].map(|iteration| iteration * run.dt / time_unit(run.duration()).1)
    }

    /// What lies outside, if it is worth a word: `0.2 % below, 1.0 % above`.
    pub(super) fn facts(&self) -> String {
        let sides = self.outside.into_iter().zip(["below", "above"]);
        let words =
            sides.filter(|(share, _)| *share >= 5e-4).map(|(share, side)| format!("{:.1} % {side}", 100.0 * share));
        words.collect::<Vec<_>>().join(", ")
    }

    /// What was added up: `all 300 rows`.
    pub(super) fn count(&self) -> String {
        let rows = counted(self.rows as u64, "row");
        if self.rows > 1 { format!("all {rows}") } else { rows }
    }

    /// The times of the first and the last row.
    pub(super) fn times(&self, run: &Run) -> [String; 2] {
        let time = |row: usize| run.moment(self.recording.first + self.recording.step() * row as u64);
        [time(0), time(self.rows - 1)]
    }
}

/// The range of the bins.
fn check(run: &Run, recording: &Recording, reader: &Reader) -> Result<[f64; 2], Fault> {
    if reader.shape().len() != 2 || reader.row_len() < 3 {
        return Err(Fault::Shape { found: reader.shape().to_vec(), columns: 3 });
    }
    if reader.rows() == 0 {
        return Err(Fault::Empty);
    }
    let iteration = recording.first as f64 + recording.step() as f64 * (reader.rows() - 1) as f64;
    if iteration >= run.iterations as f64 {
        return Err(Fault::Iteration { iteration, iterations: run.iterations });
    }
    let is_range = |[low, high]: &[f64; 2]| low < high && (high - low).is_finite();
    recording.range.filter(is_range).ok_or(Fault::Range)
}

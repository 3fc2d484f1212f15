//! Given spikes, from lists or rows of a file, put in order; whatever is wrong is said with the row that it stands in.

use std::{fmt, path::Path};

use crate::{files, network::Clock, value::Array};

/// Spikes by iteration, ascending, then by neuron.
pub(super) type Schedule = Vec<(u64, u32)>;

/// In which unit times are written.
#[derive(Clone, Copy)]
pub(super) enum Times {
    /// Milliseconds, with the clock that counts them in iterations.
    Milliseconds(Clock),
    Iterations,
}

/// Where a spike was written.
#[derive(Clone, Copy)]
enum Place {
    /// In the list of a neuron, counted from 0.
    List(usize, usize),
    /// In a row of an array, counted from 0.
    Row(usize),
    /// In a line of a text, counted from 1.
    Line(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(neuron, index) => write!(f, "neuron {neuron}, time {index}"),
            Self::Row(row) => write!(f, "row {row}"),
            Self::Line(line) => write!(f, "line {line}"),
        }
    }
}

struct Spike {
    iteration: u64,
    neuron: u32,
    place: Place,
}

/// Gathers spikes of a group.
pub(super) struct Gathered {
    neurons: usize,
    times: Times,
    spikes: Vec<Spike>,
}

impl Gathered {
    pub fn new(neurons: usize, times: Times) -> Self {
        Self { neurons, times, spikes: Vec::new() }
    }

    /// A list of times for each neuron.
    pub fn add_lists(&mut self, lists: &[Vec<f64>]) -> Result<(), String> {
        if lists.len() > self.neurons {
            return Err(format!("{} lists for {} neurons", lists.len(), self.neurons));
        }
        for (neuron, list) in lists.iter().enumerate() {
            for (k, &time) in list.iter().enumerate() {
                self.add_time(neuron, k, time)?;
            }
        }
        Ok(())
    }

    /// The `k`-th time of a neuron.
    pub fn add_time(&mut self, neuron: usize, k: usize, time: f64) -> Result<(), String> {
        self.add((time, 0.0), neuron as f64, Place::List(neuron, k))
    }

    /// An array of the shape spikes × 2: times and neurons.
    pub fn add_array(&mut self, array: &Array) -> Result<(), String> {
        let [_, 2] = array.shape[..] else {
            return Err(format!("the array has the shape {:?}; rows of time and neuron are needed", array.shape));
        };
        let (rows, _) = array.data.as_chunks::<2>();
        // Times that single precision holds, all of them, were written in it: to half a unit in the last place.
        let is_single = rows.iter().all(|[time, _]| f64::from(*time as f32) == *time);
        let slack = |time: f64| if is_single { time.abs() * f64::from(f32::EPSILON) } else { 0.0 };
        for (row, &[time, neuron]) in rows.iter().enumerate() {
            self.add((time, slack(time)), neuron, Place::Row(row))?;
        }
        Ok(())
    }

    /// A text with a time and a neuron on every line, between them a comma, a semicolon or blanks. The first line
    /// may hold titles, `#` begins a comment.
    pub fn add_text(&mut self, text: &str) -> Result<(), String> {
        let mut first = true;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim().trim_start_matches('\u{feff}');
            if line.is_empty() {
                continue;
            }
            let cells = || line.split([',', ';', '\t', ' ']).map(str::trim).filter(|cell| !cell.is_empty());
            let numbers: Vec<Result<f64, _>> = cells().map(str::parse).collect();
            match numbers[..] {
                [Ok(time), Ok(neuron)] => {
                    let slack = cells().next().map_or(0.0, slack_of);
                    self.add((time, slack), neuron, Place::Line(number))?;
                }
                _ if first && cells().all(files::is_title) => {}
                _ => return Err(format!("line {number}: `{line}` is no pair of time and neuron")),
            }
            first = false;
        }
        Ok(())
    }

    /// A spike at a time that was written with so much slack.
    fn add(&mut self, (time, slack): (f64, f64), neuron: f64, place: Place) -> Result<(), String> {
        let iteration = match self.times {
            Times::Milliseconds(clock) => clock.iteration_of_written_spike(time, slack).ok_or_else(|| {
                let why = if time <= 0.0 { "; the first iteration ends at dt, and spikes stand at ends" } else { "" };
                format!("{place}: {time} ms is no time of a spike{why}")
            })?,
            Times::Iterations if (0.0..=9e15).contains(&time) && time.fract() == 0.0 => time as u64,
            Times::Iterations => {
                return Err(format!("{place}: {time} is no iteration; they are whole numbers from 0 on"));
            }
        };
        if !(neuron >= 0.0 && neuron < self.neurons as f64 && neuron.fract() == 0.0) {
            let last = self.neurons.saturating_sub(1);
            return Err(format!("{place}: there is no neuron {neuron}; there are 0 to {last}"));
        }
        self.spikes.push(Spike { iteration, neuron: neuron as u32, place });
        Ok(())
    }

    /// The spikes in order. Two of a neuron in one iteration would be one: that is refused.
    pub fn schedule(mut self) -> Result<Schedule, String> {
        self.spikes.sort_by_key(|spike| (spike.iteration, spike.neuron));
        let same = |pair: &&[Spike]| (pair[0].iteration, pair[0].neuron) == (pair[1].iteration, pair[1].neuron);
        if let Some([one, other]) = self.spikes.windows(2).find(same) {
            let Spike { iteration, neuron, place } = one;
            return Err(format!("{place} and {}: two spikes of neuron {neuron} in iteration {iteration}", other.place));
        }
        Ok(self.spikes.into_iter().map(|spike| (spike.iteration, spike.neuron)).collect())
    }
}

/// Half a unit of the last decimal of a number with five or more of them: such a number was cut off, as a third is.
fn slack_of(number: &str) -> f64 {
    let decimals = number.split_once('.').map_or("", |(_, decimals)| decimals);
    let is_plain = decimals.len() >= 5 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { 0.6 * 10f64.powi(-(decimals.len() as i32)) } else { 0.0 }
}

/// The text of a file.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    files::read_text(path, files::LONGEST_TEXT).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_text(text: &str, times: Times) -> Result<Schedule, String> {
        let mut gathered = Gathered::new(3, times);
        gathered.add_text(text)?;
        gathered.schedule()
    }

    #[test]
    fn texts_of_many_forms_are_put_in_order() {
        let expected = vec![(0, 2), (3, 0), (3, 1), (12, 0)];
        let ms = Times::Milliseconds(Clock::new(0.1));
        assert_eq!(of_text("time,neuron\n1.3,0\n0.4,1\n0.4,0\n0.05,2\n", ms).unwrap(), expected);
        assert_eq!(of_text("# by hand\n\n12 0\n3;1 # late\n3\t0\r\n0, 2", Times::Iterations).unwrap(), expected);
        assert_eq!(of_text("", ms).unwrap(), []);
    }

    /// Ends of iterations, as files of single precision and of six decimals have them.
    #[test]
    fn times_that_were_rounded_when_they_were_written_are_met() {
        for dt in [0.1, 0.05, 0.3, 0.01, 1.0 / 3.0] {
            let clock = Clock::new(dt);
            for k in (0..200_000_u64).step_by(677) {
                let time = (k + 1) as f64 * dt;
                let mut gathered = Gathered::new(1, Times::Milliseconds(clock));
                let data = vec![f64::from(time as f32), 0.0];
                gathered.add_array(&Array { shape: vec![1, 2], data }).unwrap();
                assert_eq!(gathered.schedule().unwrap(), [(k, 0)], "{dt}");
                assert_eq!(of_text(&format!("{time:.6},0"), Times::Milliseconds(clock)).unwrap(), [(k, 0)], "{dt}");
            }
        }
        // What lies within a step stays there.
        let within = of_text("1.03,0\n1.100010,1\n1.2001,2", Times::Milliseconds(Clock::new(0.1))).unwrap();
        assert_eq!(within, [(10, 0), (11, 1), (12, 2)]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_row() {
        let ms = Times::Milliseconds(Clock::new(0.5));
        let error = |text: &str| of_text(text, ms).unwrap_err();
        assert_eq!(
            error("1,0\n-1,0"),
            "line 2: -1 ms is no time of a spike; the first iteration ends at dt, and spikes stand at ends"
        );
        assert_eq!(
            error("0,0"),
            "line 1: 0 ms is no time of a spike; the first iteration ends at dt, and spikes stand at ends"
        );
        assert_eq!(error("1,0\nNaN,0"), "line 2: NaN ms is no time of a spike");
        assert_eq!(error("inf,0"), "line 1: inf ms is no time of a spike");
        assert_eq!(error("1,0\n1,3"), "line 2: there is no neuron 3; there are 0 to 2");
        assert_eq!(error("1,-1"), "line 1: there is no neuron -1; there are 0 to 2");
        assert_eq!(error("1,0.5"), "line 1: there is no neuron 0.5; there are 0 to 2");
        assert_eq!(error("time,neuron\nt,n"), "line 2: `t,n` is no pair of time and neuron");
        assert_eq!(error("\u{2212}1,1O\n1,0"), "line 1: `\u{2212}1,1O` is no pair of time and neuron");
        assert_eq!(error("1,2,0"), "line 1: `1,2,0` is no pair of time and neuron");
        assert_eq!(error("7,1\n1,0\n6.8,1"), "line 1 and line 3: two spikes of neuron 1 in iteration 13");
        let error = of_text("1.5,0", Times::Iterations).unwrap_err();
        assert_eq!(error, "line 1: 1.5 is no iteration; they are whole numbers from 0 on");
        let error = of_text("-1,0", Times::Iterations).unwrap_err();
        assert_eq!(error, "line 1: -1 is no iteration; they are whole numbers from 0 on");
    }

    #[test]
    fn arrays_are_rows_of_time_and_neuron() {
        let mut gathered = Gathered::new(3, Times::Iterations);
        gathered.add_array(&Array { shape: vec![2, 2], data: vec![5.0, 2.0, 4.0, 0.0] }).unwrap();
        let error = gathered.add_array(&Array { shape: vec![1, 2], data: vec![5.0, 9.0] }).unwrap_err();
        assert_eq!(error, "row 0: there is no neuron 9; there are 0 to 2");
        let error = gathered.add_array(&Array { shape: vec![3], data: vec![0.0; 3] }).unwrap_err();
        assert_eq!(error, "the array has the shape [3]; rows of time and neuron are needed");
        assert_eq!(gathered.schedule().unwrap(), [(4, 0), (5, 2)]);
    }
}

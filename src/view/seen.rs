//! What a client has seen of a network so far, fed by frames: the spikes of the last stretch of time, rates, traces, columns.

use std::collections::VecDeque;

use crate::live::{BehaviourView, Frame, Logged, Outline, Probe, Snapshot};

/// Memory for times that are not shown any more (ms).
const KEPT: f64 = 1024.0;

/// Messages that are kept.
const MESSAGES: usize = 50;

/// What was seen.
#[derive(Default)]
pub struct Seen {
    /// What the network is.
    pub outline: Outline,
    /// The iterations that are done.
    pub iteration: u64,
    /// Iterations a second.
    pub speed: f64,
    /// Whether it rests.
    pub paused: bool,
    /// Spikes of the last stretch: iteration, group, neuron.
    pub spikes: VecDeque<(u64, u32, u32)>,
    /// Spikes that nobody kept.
    pub dropped: u64,
    /// Traces of probes: iteration, value.
    pub traces: Vec<(Probe, VecDeque<(u64, f32)>)>,
    /// Whole groups.
    pub columns: Vec<Snapshot>,
    /// What was done.
    pub log: Vec<Logged>,
    /// Behaviours as they are.
    pub behaviours: Vec<BehaviourView>,
    /// What was told, the last one at the end.
    pub told: VecDeque<String>,
    /// How often it was taken back in time or began anew.
    pub leaps: u64,
}

impl Seen {
    /// Nothing yet of a network.
    #[must_use]
    pub fn of(outline: Outline) -> Self {
        Self { outline, ..Self::default() }
    }

    /// Takes in what is new.
    pub fn take_in(&mut self, frame: Frame) {
        if frame.leapt {
            self.spikes.clear();
            self.traces.clear();
            self.leaps += 1;
        }
        (self.iteration, self.speed, self.paused) = (frame.iteration, frame.speed, frame.paused);
        self.spikes.extend(frame.seen.spikes);
        self.dropped += frame.seen.dropped;
        if self.traces.iter().map(|(probe, _)| probe).ne(&frame.probes) {
            self.traces = frame.probes.into_iter().map(|probe| (probe, VecDeque::new())).collect();
        }
        self.traces.iter_mut().zip(frame.seen.traces).for_each(|((_, trace), new)| trace.extend(new));
        self.forget();
        self.columns = frame.columns;
        self.log = frame.log.unwrap_or(std::mem::take(&mut self.log));
        self.behaviours = frame.behaviours.unwrap_or(std::mem::take(&mut self.behaviours));
        self.told.extend(frame.told);
        while self.told.len() > MESSAGES {
            self.told.pop_front();
        }
    }

    fn forget(&mut self) {
        let first = self.iteration.saturating_sub((KEPT / self.outline.dt.max(1e-9)) as u64);
        while self.spikes.front().is_some_and(|spike| spike.0 < first) {
            self.spikes.pop_front();
        }
        for (_, trace) in &mut self.traces {
            while trace.front().is_some_and(|value| value.0 < first) {
                trace.pop_front();
            }
        }
    }

    /// The time (ms) of now, and the first that is kept.
    #[must_use]
    pub fn times(&self) -> [f64; 2] {
        let now = self.iteration as f64 * self.outline.dt;
        [(now - KEPT).min(0.0).max(now - KEPT), now.max(KEPT)]
    }

    /// Neurons of all groups before one, and of it.
    #[must_use]
    pub fn place(&self, group: u32) -> [usize; 2] {
        let size = |group: &crate::live::GroupOutline| group.shape.iter().product::<usize>();
        let before = self.outline.groups.iter().take(group as usize).map(size).sum();
        [before, self.outline.groups.get(group as usize).map_or(0, size)]
    }

    /// The rates (Hz) of a group in bins (ms): time at their middle, rate.
    #[must_use]
    pub fn rates(&self, group: u32, bin: f64) -> Vec<[f64; 2]> {
        let ([begin, end], [_, size]) = (self.times(), self.place(group));
        let first = (begin / bin).floor();
        let mut counts = vec![0_u32; ((end - begin) / bin).ceil() as usize + 1];
        for &(iteration, of, _) in self.spikes.iter().filter(|spike| spike.1 == group) {
            let _ = of;
            let at = ((iteration + 1) as f64 * self.outline.dt / bin).floor() - first;
            if let Some(count) = counts.get_mut(at.max(0.0) as usize) {
                *count += 1;
            }
        }
        let now = self.iteration as f64 * self.outline.dt;
        let rate = |(k, count): (usize, u32)| {
            [(first + k as f64 + 0.5) * bin, f64::from(count) / size.max(1) as f64 / bin * 1e3]
        };
        counts.into_iter().enumerate().map(rate).filter(|point| point[0] <= now).collect()
    }
}

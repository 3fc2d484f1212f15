//! What a client has seen of a network so far, fed by frames: the spikes of the last stretch of time, rates, traces, columns.

use std::collections::{HashMap, VecDeque};

use crate::live::{
    BehaviourView, Branch, Cost, Frame, GroupOutline, Logged, Outline, Partners, Probe, Seen as New, Snapshot,
    WeightsView,
};

/// Memory for times that are past (ms), in which one can look back and of which statistics are.
const KEPT: f64 = 10_000.0;

/// Spikes that are kept at most.
const MOST: usize = 2_000_000;

/// Messages that are kept.
const MESSAGES: usize = 50;

/// Moments at which weights were looked at.
const WEIGHTS: usize = 500;

/// A trace: iteration, value.
pub type Values = VecDeque<(u64, f32)>;

/// What was seen.
#[derive(Default)]
pub struct Seen {
    /// What the network is.
    pub outline: Outline,
    /// The iterations that are done.
    pub iteration: u64,
    /// The furthest iteration that can be gone to without anything new.
    pub furthest: u64,
    /// Iterations a second; 0 where nobody measures.
    pub speed: f64,
    /// Whether it rests.
    pub paused: bool,
    /// Whether its source is gone.
    pub ended: bool,
    /// Spikes of the last stretch: iteration, group, neuron.
    pub spikes: VecDeque<(u64, u32, u32)>,
    /// Spikes of the network without what was done, while it is compared with.
    pub twin: Option<VecDeque<(u64, u32, u32)>>,
    /// Spikes that nobody kept.
    pub dropped: u64,
    /// Traces of probes.
    pub traces: Vec<(Probe, Values)>,
    /// Whole groups.
    pub columns: Vec<Snapshot>,
    /// What was done.
    pub log: Vec<Logged>,
    /// Other futures.
    pub branches: Vec<Branch>,
    /// Behaviours as they are.
    pub behaviours: Vec<BehaviourView>,
    /// Fields as they were at first, by their address.
    pub first: HashMap<String, String>,
    /// The synapses of a neuron, as they were looked at last.
    pub partners: Option<Partners>,
    /// The weights of a synapse group at the moments at which they were looked at, the last one whole.
    pub weights: VecDeque<WeightsView>,
    /// Where the time goes.
    pub costs: Vec<Cost>,
    /// What was told, the last one at the end; and how much ever.
    pub told: VecDeque<String>,
    /// How many messages there were.
    pub messages: u64,
    /// How often it was taken back in time or began anew.
    pub leaps: u64,
    /// The iteration from which on spikes are known.
    pub since: u64,
}

impl Seen {
    /// Nothing yet of a network.
    #[must_use]
    pub fn of(outline: Outline) -> Self {
        Self { iteration: outline.first, since: outline.first, outline, ..Self::default() }
    }

    /// Says something that was not heard from the network.
    pub fn tell(&mut self, message: impl Into<String>) {
        self.told.push_back(message.into());
        self.messages += 1;
        while self.told.len() > MESSAGES {
            self.told.pop_front();
        }
    }

    /// Takes in what is new.
    pub fn take_in(&mut self, frame: Frame) {
        frame.told.into_iter().for_each(|told| self.tell(told));
        if frame.ended {
            (self.ended, self.paused) = (true, true);
            return;
        }
        if frame.leapt {
            self.spikes.clear();
            self.traces.clear();
            self.leaps += 1;
            self.since = frame.seen.spikes.first().map_or(frame.iteration, |spike| spike.0);
        }
        (self.iteration, self.speed, self.paused) = (frame.iteration, frame.speed, frame.paused);
        self.furthest = frame.furthest;
        self.take_in_seen(frame.probes, frame.seen);
        match (frame.twin, frame.leapt) {
            (Some(new), false) => self.twin.get_or_insert_default().extend(new.spikes),
            (Some(new), true) => self.twin = Some(new.spikes.into()),
            (None, _) => self.twin = None,
        }
        self.forget();
        self.columns = frame.columns;
        self.log = frame.log.unwrap_or(std::mem::take(&mut self.log));
        self.branches = frame.branches.unwrap_or(std::mem::take(&mut self.branches));
        if let Some(behaviours) = frame.behaviours {
            self.take_in_behaviours(behaviours);
        }
        self.partners = frame.partners.or(self.partners.take());
        if let Some(weights) = frame.weights {
            self.take_in_weights(weights);
        }
        self.costs = frame.costs.unwrap_or(std::mem::take(&mut self.costs));
    }

    fn take_in_seen(&mut self, probes: Vec<Probe>, new: New) {
        self.spikes.extend(new.spikes);
        self.dropped += new.dropped;
        // Of probes that stay the traces stay.
        let known = std::mem::take(&mut self.traces);
        let mut known: HashMap<Probe, Values> = known.into_iter().collect();
        self.traces =
            probes.into_iter().map(|probe| (probe.clone(), known.remove(&probe).unwrap_or_default())).collect();
        self.traces.iter_mut().zip(new.traces).for_each(|((_, trace), new)| trace.extend(new));
    }

    fn take_in_behaviours(&mut self, behaviours: Vec<BehaviourView>) {
        for behaviour in &behaviours {
            for field in &behaviour.fields {
                let address = format!("{}.{}", behaviour.address(), field.name);
                self.first.entry(address).or_insert_with(|| field.value.clone());
            }
        }
        self.behaviours = behaviours;
    }

    fn take_in_weights(&mut self, weights: WeightsView) {
        let is_later = |last: &WeightsView| last.synapses == weights.synapses && last.iteration <= weights.iteration;
        if !self.weights.back().is_some_and(is_later) {
            self.weights.clear();
        }
        // Of the last moment all is shown, of those before the numbers.
        if let Some(last) = self.weights.back_mut() {
            (last.matrix, last.counts) = (Vec::new(), Vec::new());
        }
        self.weights.push_back(weights);
        while self.weights.len() > WEIGHTS {
            self.weights.pop_front();
        }
    }

    fn forget(&mut self) {
        let first = self.iteration.saturating_sub((KEPT / self.outline.dt.max(1e-9)) as u64);
        self.since = self.since.max(first);
        for spikes in [Some(&mut self.spikes), self.twin.as_mut()].into_iter().flatten() {
            while spikes.front().is_some_and(|spike| spike.0 < first) || spikes.len() > MOST {
                spikes.pop_front();
            }
        }
        for (_, trace) in &mut self.traces {
            while trace.front().is_some_and(|value| value.0 < first) || trace.len() > MOST {
                trace.pop_front();
            }
        }
    }

    /// Now (ms).
    #[must_use]
    pub fn now(&self) -> f64 {
        self.iteration as f64 * self.outline.dt
    }

    /// The last `span` of time (ms): its begin and its end, which is still to come where time has just begun.
    #[must_use]
    pub fn times(&self, span: f64) -> [f64; 2] {
        let begin = (self.now() - span).max(self.outline.first as f64 * self.outline.dt);
        [begin, begin + span]
    }

    /// Neurons of all groups before one, and of it.
    #[must_use]
    pub fn place(&self, group: u32) -> [usize; 2] {
        let before = self.outline.groups.iter().take(group as usize).map(GroupOutline::neurons).sum();
        [before, self.outline.groups.get(group as usize).map_or(0, GroupOutline::neurons)]
    }

    /// The spikes of the last stretch of time from its begin (ms) on.
    pub fn spikes_from(&self, begin: f64) -> impl Iterator<Item = (u64, u32, u32)> + '_ {
        from(&self.spikes, begin, self.outline.dt)
    }

    /// The rates (Hz) of all groups in bins (ms) of a stretch of time: for each group times at the middle of bins, and rates.
    #[must_use]
    pub fn rates(&self, times: [f64; 2], bin: f64) -> Vec<Vec<[f64; 2]>> {
        self.rates_of(&self.spikes, times, bin)
    }

    /// The same of the twin.
    #[must_use]
    pub fn twin_rates(&self, times: [f64; 2], bin: f64) -> Option<Vec<Vec<[f64; 2]>>> {
        Some(self.rates_of(self.twin.as_ref()?, times, bin))
    }

    fn rates_of(&self, spikes: &VecDeque<(u64, u32, u32)>, [begin, end]: [f64; 2], bin: f64) -> Vec<Vec<[f64; 2]>> {
        let dt = self.outline.dt;
        let first = (begin / bin).floor();
        let bins = ((end - begin) / bin).ceil() as usize + 1;
        let mut counts = vec![vec![0_u32; bins]; self.outline.groups.len()];
        for (iteration, group, _) in from(spikes, begin, dt) {
            // What an iteration ends with belongs to the bin that ends with it.
            let at = ((iteration + 1) as f64 * dt / bin).ceil() - 1.0 - first;
            let count = counts.get_mut(group as usize).and_then(|counts| counts.get_mut(at.max(0.0) as usize));
            if let Some(count) = count {
                *count += 1;
            }
        }
        let now = self.now();
        let of_group = |(group, counts): (u32, Vec<u32>)| {
            let size = self.place(group)[1].max(1) as f64;
            let rate = |(k, count): (usize, u32)| [(first + k as f64 + 0.5) * bin, f64::from(count) / size / bin * 1e3];
            counts.into_iter().enumerate().map(rate).filter(|point| point[0] <= now).collect()
        };
        (0..).zip(counts).map(of_group).collect()
    }

    /// The first iteration in which the network and its twin did not fire alike, of those that are remembered.
    #[must_use]
    pub fn first_difference(&self) -> Option<u64> {
        let twin = self.twin.as_ref()?;
        let begin = self.spikes.front().into_iter().chain(twin.front()).map(|spike| spike.0).max()?;
        let own = self.spikes.iter().filter(|spike| spike.0 >= begin);
        let other = twin.iter().filter(|spike| spike.0 >= begin);
        let differ = own.clone().zip(other.clone()).find(|(own, other)| own != other);
        let longer = || {
            let (own, other) = (own.clone().count(), other.clone().count());
            let behind = own.min(other);
            self.spikes
                .iter()
                .filter(|spike| spike.0 >= begin)
                .nth(behind)
                .or(twin.iter().filter(|s| s.0 >= begin).nth(behind))
        };
        differ.map(|(own, other)| own.0.min(other.0)).or_else(|| longer().map(|spike| spike.0))
    }
}

/// The spikes from a time (ms) on.
fn from(spikes: &VecDeque<(u64, u32, u32)>, begin: f64, dt: f64) -> impl Iterator<Item = (u64, u32, u32)> + '_ {
    let first = (begin / dt - 1.0).ceil().max(0.0) as u64;
    let skipped = spikes.partition_point(|spike| spike.0 < first);
    spikes.range(skipped..).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Seen {
        let group =
            |name: &str, size| GroupOutline { name: name.into(), shape: [size, 1, 1], ..GroupOutline::default() };
        Seen::of(Outline { dt: 0.5, groups: vec![group("e", 4), group("i", 2)], ..Outline::default() })
    }

    fn frame(iteration: u64, spikes: Vec<(u64, u32, u32)>, twin: Option<Vec<(u64, u32, u32)>>) -> Frame {
        let new = |spikes| New { spikes, ..New::default() };
        Frame { iteration, seen: new(spikes), twin: twin.map(new), ..Frame::default() }
    }

    #[test]
    fn what_is_long_past_is_forgotten_and_rates_are_those_of_the_spikes() {
        let mut seen = seen();
        seen.take_in(frame(100, (0..100).map(|k| (k, 0, 1)).collect(), None));
        seen.take_in(frame(200, vec![(150, 1, 0), (199, 1, 1)], None));
        let rates = seen.rates(seen.times(1000.0), 5.0);
        let spikes = |group: usize, size: f64| -> f64 { rates[group].iter().map(|[_, rate]| rate * 5e-3 * size).sum() };
        assert!((spikes(0, 4.0) - 100.0).abs() < 1e-6 && (spikes(1, 2.0) - 2.0).abs() < 1e-6, "{rates:?}");
        assert_eq!(seen.times(1000.0), [0.0, 1000.0]);
        seen.take_in(frame(20_150, vec![(20_149, 0, 0)], None));
        assert_eq!(seen.spikes.len(), 3);
        assert_eq!(seen.times(1000.0), [9075.0, 10_075.0]);
        assert_eq!(seen.spikes_from(9075.0).count(), 1);
    }

    #[test]
    fn the_first_difference_of_twins_is_found() {
        let mut seen = seen();
        seen.take_in(frame(10, vec![(1, 0, 0), (3, 0, 1)], Some(vec![(1, 0, 0), (3, 0, 1)])));
        assert_eq!(seen.first_difference(), None);
        seen.take_in(frame(20, vec![(12, 0, 0)], Some(vec![(12, 0, 0), (15, 1, 0)])));
        assert_eq!(seen.first_difference(), Some(15));
        seen.take_in(frame(30, vec![(22, 0, 0)], Some(vec![(21, 0, 0)])));
        assert_eq!(seen.first_difference(), Some(15));
    }
}

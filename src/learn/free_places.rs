//! Free places: pairs of neurons without a synapse, among which those of new synapses are drawn, each as likely as another.

use rand::seq::index;

use crate::numeric::words::Words;

/// A synapse that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weak {
    /// Its place in the order of weights.
    pub synapse: u32,
    /// Its source, counted among those that take part.
    pub source: u32,
    /// Its delay (steps).
    pub delay: u32,
}

/// The sources of a target, counted among those that take part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Those that are not free, ascending.
    occupied: Vec<u32>,
    /// Synapses that go.
    pub gone: Vec<Weak>,
}

impl Line {
    /// Some sources are not free, in any order.
    pub fn new(mut occupied: Vec<u32>, gone: Vec<Weak>) -> Self {
        occupied.sort_unstable();
        occupied.dedup();
        Self { occupied, gone }
    }

    const fn free(&self, sources: usize) -> usize {
        sources.saturating_sub(self.occupied.len())
    }

    /// The last synapse that was to go stays.
    fn keep_last(&mut self) {
        let Some(weak) = self.gone.pop() else { return };
        if let Err(at) = self.occupied.binary_search(&weak.source) {
            self.occupied.insert(at, weak.source);
        }
    }

    /// The source that is the `n`-th free one.
    fn nth_free(&self, n: usize) -> u32 {
        self.occupied.iter().fold(n as u32, |place, &occupied| place + u32::from(occupied <= place))
    }
}

/// Draws a free place among some lines, of so many sources each, for every synapse of theirs that goes: calls `take` with
/// the synapse, the line and the source. The places of synapses that go are free.
///
/// Where there are fewer places than synapses, which takes several synapses of one pair, the last of these stay.
pub(super) fn draw(lines: &mut [Line], sources: usize, words: &mut Words, mut take: impl FnMut(Weak, usize, u32)) {
    let count = |lines: &[Line]| -> (usize, usize) {
        lines.iter().fold((0, 0), |(gone, free), line| (gone + line.gone.len(), free + line.free(sources)))
    };
    let (mut gone, mut free) = count(lines);
    if gone == 0 {
        return;
    }
    while gone > free {
        if let Some(line) = lines.iter_mut().rfind(|line| !line.gone.is_empty()) {
            line.keep_last();
        }
        (gone, free) = count(lines);
    }
    let mut starts = Vec::with_capacity(lines.len());
    let mut sum = 0;
    for line in &*lines {
        starts.push(sum);
        sum += line.free(sources);
    }
    let weak = lines.iter().flat_map(|line| &line.gone);
    for (&weak, n) in weak.zip(index::sample(words, free, gone)) {
        // The last line that begins at or before the place: those before it that begin there have no place.
        let line = starts.partition_point(|&start| start <= n) - 1;
        take(weak, line, lines[line].nth_free(n - starts[line]));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::numeric::stream::Stream;

    fn line(occupied: &[u32], gone: usize) -> Line {
        let weak = |k: usize| Weak { synapse: k as u32, source: 0, delay: 0 };
        Line::new(occupied.to_vec(), (0..gone).map(weak).collect())
    }

    fn drawn(lines: &mut [Line], member: u32) -> Vec<(usize, u32)> {
        let mut places = Vec::new();
        draw(lines, 6, &mut Words::new(Stream::new(1, &["test"]), member), |_, line, source| {
            places.push((line, source));
        });
        places
    }

    /// Six sources, and targets that have 4, none, all and 2 of them free.
    #[test]
    fn every_free_place_is_drawn_as_often_as_another_and_none_twice() {
        let lines = [line(&[4, 1, 4], 2), line(&[0, 1, 2, 3, 4, 5], 1), line(&[], 0), line(&[0, 2, 3, 5], 1)];
        let free: BTreeSet<_> = [(0, 0), (0, 2), (0, 3), (0, 5), (3, 1), (3, 4)]
            .into_iter()
            .chain((0..6).map(|source| (2, source)))
            .collect();
        let mut counts = std::collections::BTreeMap::new();
        let draws = 6000;
        for member in 0..draws {
            let places = drawn(&mut lines.clone(), member);
            assert!(places.len() == 4 && places.iter().collect::<BTreeSet<_>>().len() == 4);
            places.into_iter().for_each(|place| *counts.entry(place).or_insert(0) += 1);
        }
        assert!(counts.keys().copied().eq(free));
        // A third of the draws each; five standard deviations.
        let (expected, deviation) = (f64::from(draws) / 3.0, (f64::from(draws) * 2.0 / 9.0).sqrt());
        assert!(counts.values().all(|&n| (f64::from(n) - expected).abs() < 5.0 * deviation), "{counts:?}");
    }

    /// Three synapses from one source, and one other source: only one of them can find a place without a second synapse.
    #[test]
    fn synapses_stay_where_there_are_fewer_places() {
        let mut lines = [line(&[1, 2, 3, 4], 3)];
        assert_eq!(drawn(&mut lines, 0).len(), 1);
        assert_eq!(lines[0].gone.len(), 1);
    }
}

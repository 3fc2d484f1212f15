//! Free places: pairs of neurons without a synapse, among which those of new synapses are drawn, each as likely as another.

use bytemuck::Pod;
use rand::seq::index;

use crate::{network::Ranks, numeric::words::Words};

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

/// What becomes of synapses that go: those of own lines, and the new ones onto own lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Drawn {
    /// The places of those that go.
    pub gone: Vec<u32>,
    /// Of new ones the line, the source and the delay.
    pub new: Vec<(usize, u32, u32)>,
}

/// Draws a free place among some lines, of so many sources each, for every synapse of theirs that goes. The places of synapses that
/// go are free. Ranks that share the lines, each of which has a stretch of them, draw together.
///
/// Where there are fewer places than synapses, which takes several synapses of one pair, the last of these stay.
pub(super) fn draw(lines: &mut [Line], sources: usize, words: &mut Words, ranks: Option<&Ranks>) -> Drawn {
    let count = |line: &Line| [line.gone.len() as u64, line.free(sources) as u64];
    let (mut counts, first) = of_all(ranks, &lines.iter().map(count).collect::<Vec<_>>());
    let sum = |counts: &[[u64; 2]], k: usize| counts.iter().map(|counts| counts[k] as usize).sum::<usize>();
    while sum(&counts, 0) > sum(&counts, 1) {
        let Some(last) = counts.iter().rposition(|[gone, _]| *gone > 0) else { break };
        let own = last.checked_sub(first).and_then(|own| lines.get_mut(own));
        let now = own.map(|line| {
            line.keep_last();
            count(line)
        });
        if let [now] = of_all(ranks, now.as_slice()).0[..] {
            counts[last] = now;
        }
    }
    let own: Vec<Weak> = lines.iter().flat_map(|line| &line.gone).copied().collect();
    let (delays, _) = of_all(ranks, &own.iter().map(|weak| weak.delay).collect::<Vec<_>>());
    if delays.is_empty() {
        return Drawn::default();
    }
    let mut starts = Vec::with_capacity(counts.len());
    let mut free = 0;
    for counts in &counts {
        starts.push(free);
        free += counts[1] as usize;
    }
    let place = |(delay, n): (&u32, usize)| {
        // The last line that begins at or before the place: those before it that begin there have no place.
        let line = starts.partition_point(|&start| start <= n) - 1;
        let own = line.checked_sub(first)?;
        Some((own, lines.get(own)?.nth_free(n - starts[line]), *delay))
    };
    let drawn = index::sample(words, free, delays.len());
    let new = delays.iter().zip(drawn).filter_map(place).collect();
    Drawn { gone: own.into_iter().map(|weak| weak.synapse).collect(), new }
}

/// Things of which each rank has some, as `Exchange` gives them; without ranks these are all.
fn of_all<T: Pod>(ranks: Option<&Ranks>, own: &[T]) -> (Vec<T>, usize) {
    ranks.map_or_else(|| (own.to_vec(), 0), |Ranks(exchange)| exchange.all_of(own))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::numeric::{exchange::together, stream::Stream};

    fn line(occupied: &[u32], gone: usize) -> Line {
        let weak = |k: usize| Weak { synapse: k as u32, source: 0, delay: 0 };
        Line::new(occupied.to_vec(), (0..gone).map(weak).collect())
    }

    fn drawn(lines: &mut [Line], member: u32) -> Vec<(usize, u32)> {
        let drawn = draw(lines, 6, &mut Words::new(Stream::new(1, &["test"]), member), None);
        assert_eq!(drawn.gone.len(), drawn.new.len());
        drawn.new.into_iter().map(|(line, source, _)| (line, source)).collect()
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

    /// Four lines of one process, as one, two and three ranks have them: also where several synapses of a pair stay.
    #[test]
    fn ranks_draw_what_one_process_draws() {
        let twice = |gone: usize| Line { occupied: vec![0, 1, 2, 4, 5], gone: line(&[], gone).gone };
        for lines in [
            vec![line(&[4, 1, 4], 2), line(&[0, 1, 2, 3, 4, 5], 1), line(&[], 0), line(&[0, 2, 3, 5], 1)],
            vec![twice(3), line(&[0, 1, 2, 3, 4, 5], 1), twice(4), line(&[0, 1, 2, 3, 4, 5], 0)],
        ] {
            let words = || Words::new(Stream::new(1, &["test"]), 3);
            let whole = draw(&mut lines.clone(), 6, &mut words(), None);
            assert!(whole.new.len() >= 2);
            for cuts in [vec![0, 1, 4], vec![0, 0, 3, 4]] {
                let parts = together(cuts.len() - 1, 1, |exchange| {
                    let start = cuts[exchange.rank()];
                    let mut own = lines[start..cuts[exchange.rank() + 1]].to_vec();
                    let mut drawn = draw(&mut own, 6, &mut words(), Some(&Ranks(exchange)));
                    drawn.new.iter_mut().for_each(|new| new.0 += start);
                    drawn
                });
                let gone: Vec<u32> = parts.iter().flat_map(|part| part.gone.clone()).collect();
                let new: BTreeSet<_> = parts.into_iter().flat_map(|part| part.new).collect();
                assert_eq!((gone, new), (whole.gone.clone(), whole.new.iter().copied().collect()));
            }
        }
    }
}

//! The moments to which a network can be taken back: few of long ago, many of just now, within a bound.

use crate::checkpoint::Checkpoint;

/// States of a network, by iteration.
pub(super) struct History {
    /// Those that are kept, the first as it was built.
    kept: Vec<(u64, Checkpoint)>,
    /// The most that they take together (bytes); the first and the last are kept whatever they take.
    pub bound: usize,
}

impl History {
    /// With the state with which everything begins.
    pub fn new(iteration: u64, first: Checkpoint, bound: usize) -> Self {
        Self { kept: vec![(iteration, first)], bound }
    }

    /// The state with which everything begins.
    pub fn first(&self) -> &(u64, Checkpoint) {
        &self.kept[0]
    }

    /// The iteration of the last state.
    pub fn last(&self) -> u64 {
        self.kept.last().map_or(0, |(iteration, _)| *iteration)
    }

    /// Keeps one more, later than all others.
    pub fn keep(&mut self, iteration: u64, state: Checkpoint) {
        self.kept.push((iteration, state));
        while self.bytes() > self.bound && self.kept.len() > 2 {
            let thinned = self.thinned(iteration);
            self.kept.remove(thinned);
        }
    }

    /// The last state at an iteration or before it.
    pub fn before(&self, iteration: u64) -> &(u64, Checkpoint) {
        let after = self.kept.partition_point(|(kept, _)| *kept <= iteration);
        &self.kept[after.saturating_sub(1)]
    }

    /// Forgets what comes after an iteration: it will be another.
    pub fn forget_after(&mut self, iteration: u64) {
        let after = self.kept.partition_point(|(kept, _)| *kept <= iteration);
        self.kept.truncate(after.max(1));
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|(_, state)| state.bytes().len()).sum()
    }

    /// The place of the one without which the gap is smallest beside its age: what is left is spaced by ages that grow by a
    /// factor.
    fn thinned(&self, now: u64) -> usize {
        let gap = |place: usize| {
            let at = |place: usize| self.kept[place].0 as f64;
            (at(place + 1) - at(place - 1)) / (now as f64 - at(place) + 1.0)
        };
        (1..self.kept.len() - 1).min_by(|a, b| gap(*a).total_cmp(&gap(*b))).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(bytes: usize) -> Checkpoint {
        Checkpoint::from_bytes(vec![0; bytes])
    }

    #[test]
    fn old_states_grow_sparse_within_the_bound() {
        let mut history = History::new(0, state(100), 2000);
        (1..=1000).for_each(|k| history.keep(10 * k, state(100)));
        let kept: Vec<u64> = history.kept.iter().map(|(iteration, _)| *iteration).collect();
        assert!(kept.len() == 20 && kept[0] == 0 && kept[19] == 10_000, "{kept:?}");
        // Never more than half of its age away from the next one.
        let far = |pair: &[u64]| (pair[1] - pair[0]) as f64 > 0.6 * (10_000 - pair[0]) as f64 + 20.0;
        assert!(!kept.windows(2).any(far), "{kept:?}");
        assert_eq!(history.before(9_999).0, kept[18]);
        history.forget_after(5000);
        assert!(history.last() <= 5000);
    }
}

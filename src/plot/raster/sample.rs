//! Which neurons of a group the raster shows, where a scene asks for some of all.

use crate::plot::axis::Axis;
use crate::plot::run::Recording;

/// Neurons spread evenly over those recorded of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    /// The neurons to choose from, in ascending order, if not all of the group.
    pool: Option<Vec<u64>>,
    of: u64,
    shown: u64,
}

impl Sample {
    /// All neurons of a group.
    pub(super) fn all(neurons: u64) -> Self {
        Self { pool: None, of: neurons, shown: neurons }
    }

    /// For groups of some recordings and sizes, together `wanted` of the recorded neurons, each group's share in proportion
    /// to its neurons, and one at least; all where there are no more, or none are wanted in particular.
    pub(super) fn share_out(wanted: Option<u64>, groups: &[(&Recording, u64)]) -> Vec<Self> {
        let pools: Vec<Self> = groups.iter().map(|&(recording, neurons)| Self::recorded(recording, neurons)).collect();
        let Some(wanted) = wanted else { return pools };
        let total: u128 = pools.iter().map(|pool| u128::from(pool.of)).sum();
        let share = |pool: Self| {
            let exact = u128::from(wanted) * u128::from(pool.of);
            // Rounded to the nearest.
            let share = (exact + total / 2) / total.max(1);
            let shown = u64::try_from(share).unwrap_or(u64::MAX).max(1).min(pool.of);
            Self { shown, ..pool }
        };
        pools.into_iter().map(share).collect()
    }

    /// All neurons of a group that were recorded.
    fn recorded(recording: &Recording, neurons: u64) -> Self {
        let Some(list) = &recording.neurons else { return Self::all(neurons) };
        let mut pool: Vec<u64> = list.iter().copied().filter(|&neuron| neuron < neurons).collect();
        pool.sort_unstable();
        pool.dedup();
        let count = pool.len() as u64;
        Self { pool: Some(pool), of: count, shown: count }
    }

    /// How many neurons are shown.
    pub(super) fn shown(&self) -> u64 {
        self.shown
    }

    /// Neurons to be marked on an axis, at most about so many, and where they stand among those shown, of which the first has
    /// its middle at 0: round numbers, and none for a single neuron.
    pub(super) fn marked(&self, most: usize) -> Vec<(u64, f64)> {
        let ends = match self.pool.as_deref() {
            None => Some([0, self.of.saturating_sub(1)]),
            Some(pool) => pool.first().zip(pool.last()).map(|(&first, &last)| [first, last]),
        };
        let Some([first, last]) = ends.filter(|[first, last]| first < last && most > 0) else { return Vec::new() };
        let nth = |neuron: u64| match &self.pool {
            None => neuron as f64,
            Some(pool) => pool.partition_point(|&own| own < neuron) as f64,
        };
        let place = |neuron: u64| (nth(neuron) + 0.5) * self.shown as f64 / self.of as f64 - 0.5;
        let ticks = Axis::between_indices(first, last, most);
        ticks.labels().map(|(neuron, _)| neuron as u64).map(|neuron| (neuron, place(neuron))).collect()
    }

    /// The place of a neuron among those shown; `None` if it is not one of them.
    pub(super) fn place(&self, neuron: u64) -> Option<u64> {
        let nth = match &self.pool {
            None => Some(neuron).filter(|&neuron| neuron < self.of)?,
            Some(pool) => pool.binary_search(&neuron).ok()? as u64,
        };
        // The middle of each of `shown` equal shares; a share that holds `nth` is this one or the next.
        let (of, shown) = (u128::from(self.of), u128::from(self.shown));
        let first = u128::from(nth) * shown / of;
        let middle = |place: u128| (place * of + of / 2) / shown;
        let found = [first, first + 1].into_iter().find(|&place| place < shown && middle(place) == u128::from(nth));
        found.and_then(|place| u64::try_from(place).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(neurons: Option<&[u64]>) -> Recording {
        let fields = serde_json::json!({"file": "", "kind": "spikes", "group": "", "neurons": neurons});
        serde_json::from_value(fields).unwrap()
    }

    fn shown(sample: &Sample, neurons: u64) -> Vec<u64> {
        (0..neurons).filter(|&neuron| sample.place(neuron).is_some()).collect()
    }

    #[test]
    fn neurons_are_spread_evenly_and_have_places_in_order() {
        for (wanted, of) in [(1, 1), (1, 9), (3, 9), (7, 9), (9, 9), (10, 1000), (999, 1000)] {
            let all = recording(None);
            let sample = Sample::share_out(Some(wanted), &[(&all, of)]).remove(0);
            let shown = shown(&sample, of);
            let places: Vec<u64> = shown.iter().filter_map(|&neuron| sample.place(neuron)).collect();
            assert_eq!(places, (0..wanted).collect::<Vec<_>>(), "{wanted} of {of}");
            let gaps = shown.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(gaps.clone().max() <= gaps.min().map(|gap| gap + 1), "{shown:?}");
        }
        assert_eq!(Sample::all(5).place(5), None);
        assert_eq!(Sample::all(0).place(0), None);
    }

    #[test]
    fn groups_have_their_shares_and_one_neuron_at_least() {
        let all = recording(None);
        let of = |wanted, sizes: &[u64]| -> Vec<u64> {
            let groups: Vec<_> = sizes.iter().map(|&size| (&all, size)).collect();
            Sample::share_out(wanted, &groups).iter().map(Sample::shown).collect()
        };
        assert_eq!(of(Some(50), &[10_000, 2_500]), [40, 10]);
        assert_eq!(of(Some(50), &[10_000, 3, 0]), [50, 1, 0]);
        assert_eq!(of(Some(50), &[8, 2]), [8, 2], "there are no more");
        assert_eq!(of(None, &[8, 2]), [8, 2]);
        assert_eq!(of(Some(u64::MAX), &[u64::MAX, u64::MAX]), [u64::MAX / 2 + 1, u64::MAX / 2 + 1]);
    }

    #[test]
    fn only_recorded_neurons_are_chosen() {
        let some = recording(Some(&[9, 3, 5, 7, 7, 999]));
        let sample = Sample::share_out(Some(2), &[(&some, 10)]).remove(0);
        assert_eq!(shown(&sample, 1000), [5, 9]);
        let whole = Sample::share_out(None, &[(&some, 10)]).remove(0);
        assert_eq!(shown(&whole, 1000), [3, 5, 7, 9], "all that were recorded, and no others");
    }
}

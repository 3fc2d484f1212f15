//! Normalization: the weights that reach a neuron, or leave it, keep their sum, so that synapses compete.
//!
//! ```text
//! w ← w · total / Σ w      over the synapses of the group onto a target (afferent), or of a source (efferent)
//! ```
//! Multiplicative synaptic scaling, made at once (G. Turrigiano et al., Nature 391:892, 1998; in this form C. von der Malsburg,
//! Kybernetik 14:85, 1973). It comes after the rules of the same iteration. A neuron whose weights sum up to nothing keeps
//! them. Weights stay within the bounds of the rules of the same synapses, [`WeightBounds`](super::WeightBounds): where those
//! bind, the sum is that of the weights held, and comes nearer to the total each time.

use std::ops;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::{
    bounds::{Bounds, WeightBounds},
    exact_sums::Sums,
};
use crate::{
    behaviour,
    network::{Behaviour, Birth, Clock, Kind, Layout, Owned, Range, Ranks, Synapses, Weights},
    numeric::{
        Real,
        real::{real, wide},
        rows::Rows,
    },
    schedule::{Stage, add_patient_system},
};

behaviour! {
    /// Keeps the sum of the weights of each neuron.
    #[require(WeightBounds)]
    pub struct Normalization {
        /// The sum, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub total: f64 = 1.0,
        /// Which weights are summed up: those onto each target, or those of each source.
        pub over: Over = Over::Afferent,
        /// One iteration in so many; at least 1.
        #[reflect(@Range::ONE_OR_MORE)]
        pub every: u64 = 1,
    }
}

/// What weights are summed up over.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Over {
    /// The synapses onto each target.
    #[default]
    Afferent,
    /// The synapses of each source.
    Efferent,
}

impl Behaviour for Normalization {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        add_patient_system::<Self, _>(app, Stage::Learn, normalize);
    }
}

type Group<'w> =
    (Entity, &'w Normalization, &'w Synapses, &'w WeightBounds, &'w mut Weights, Option<&'w Birth>, Option<&'w Owned>);

fn normalize(mut groups: Query<Group<'_>>, clock: Res<Clock>, ranks: Option<Res<Ranks>>) {
    let mut due: Vec<_> = groups
        .iter_mut()
        .filter(|(_, rule, .., birth, _)| (clock.since(*birth).iteration + 1).is_multiple_of(rule.every))
        .collect();
    // Ranks add up together: in the same order.
    due.sort_unstable_by_key(|(group, ..)| *group);
    for (_, rule, synapses, bounds, mut weights, _, own) in due {
        let to = Scale { total: rule.total, bounds: bounds.common(), ranks: own.and(ranks.as_deref()) };
        match (&synapses.layout, rule.over) {
            (Some(Layout::Dense { targets, autapses, .. }), over) if *targets > 0 => {
                let own = own.map_or(0..*targets, |own| own.range());
                let rows = Dense { targets: *targets, own, autapses: *autapses };
                match over {
                    Over::Afferent => to.dense_afferent(&mut weights.0, &rows),
                    Over::Efferent => to.dense_efferent(&mut weights.0, &rows),
                }
            }
            (Some(Layout::Sparse(rows)), Over::Afferent) => to.sparse_afferent(&mut weights.0, rows),
            (Some(Layout::Sparse(rows)), Over::Efferent) => to.sparse_efferent(&mut weights.0, rows),
            _ => {}
        }
    }
}

/// Rows of dense weights.
struct Dense {
    targets: usize,
    /// The targets that are in the care of this rank.
    own: ops::Range<usize>,
    autapses: bool,
}

impl Dense {
    /// Calls `change` with each source and the weights of its synapses onto own targets.
    fn each(&self, weights: &mut [Real], mut change: impl FnMut(usize, &mut [Real])) {
        for (i, row) in weights.chunks_exact_mut(self.targets).enumerate() {
            let autapse = row.get(i).copied().filter(|_| !self.autapses);
            change(i, &mut row[self.own.clone()]);
            // No synapse, whatever the bounds.
            if let Some(autapse) = autapse {
                row[i] = autapse;
            }
        }
    }
}

/// What weights are scaled to.
struct Scale<'a> {
    total: f64,
    bounds: Bounds,
    /// With whom the synapses of a source are shared.
    ranks: Option<&'a Ranks>,
}

impl Scale<'_> {
    /// What weights of a sum are to be multiplied by.
    fn factor(&self, sum: f64) -> Real {
        let factor = real(self.total / sum);
        if factor.is_finite() && sum.is_finite() { factor } else { 1.0 }
    }

    fn scale(&self, w: &mut Real, factor: Real) {
        *w = self.bounds.hold(*w * factor);
    }

    fn dense_afferent(&self, weights: &mut [Real], rows: &Dense) {
        // In double precision: ten thousand small weights would lose digits beside their sum.
        let mut sums = vec![0.0; rows.own.len()];
        rows.each(weights, |_, row| sums.iter_mut().zip(row).for_each(|(sum, w)| *sum += wide(*w)));
        let factors: Vec<Real> = sums.into_iter().map(|sum| self.factor(sum)).collect();
        rows.each(weights, |_, row| row.iter_mut().zip(&factors).for_each(|(w, &factor)| self.scale(w, factor)));
    }

    fn dense_efferent(&self, weights: &mut [Real], rows: &Dense) {
        let mut sums = Sums::of(weights.len() / rows.targets, weights, self.ranks);
        rows.each(weights, |source, row| sums.add(source, row));
        sums.join(self.ranks);
        let factors: Vec<Real> = sums.totals().map(|sum| self.factor(sum)).collect();
        rows.each(weights, |source, row| self.scale_row(row, factors[source]));
    }

    fn scale_row(&self, row: &mut [Real], factor: Real) {
        row.iter_mut().for_each(|w| self.scale(w, factor));
    }

    fn sparse_afferent(&self, weights: &mut [Real], rows: &Rows) {
        for mut block in rows.with_weights(weights) {
            let mut sums = Vec::new();
            block.each_by_target(|target, w| {
                if target >= sums.len() {
                    sums.resize(target + 1, 0.0);
                }
                sums[target] += wide(*w);
            });
            let factors: Vec<Real> = sums.into_iter().map(|sum| self.factor(sum)).collect();
            block.each_by_target(|target, w| self.scale(w, factors[target]));
        }
    }

    fn sparse_efferent(&self, weights: &mut [Real], rows: &Rows) {
        let mut sums = Sums::of(rows.sources(), weights, self.ranks);
        for mut block in rows.with_weights(weights) {
            block.each_by_source(|source, weights| sums.add(source, weights));
        }
        sums.join(self.ranks);
        let factors: Vec<Real> = sums.totals().map(|sum| self.factor(sum)).collect();
        for mut block in rows.with_weights(weights) {
            block.each_by_source(|source, weights| self.scale_row(weights, factors[source]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    /// Sums over the synapses of each source, or onto each target, after an iteration.
    fn sums(rule: impl Bundle, delays: &str, normalization: Normalization) -> (Vec<f64>, Vec<f64>) {
        let mut bench = Bench::new();
        let (a, b) = (bench.group("a", 12, Spikes::default()), bench.group("b", 9000, Spikes::default()));
        let initial = InitialWeights("uniform(0.1, 1)".into());
        let delays = Delays((!delays.is_empty()).then(|| delays.into()));
        let synapses = bench.synapses(a, b, "X", (rule, initial, delays, normalization));
        let before = bench.get(synapses, "weights");
        bench.ticks(2);
        assert_eq!(bench.get(synapses, "weights"), before, "it is not yet due");
        bench.tick();
        let weights = bench.get(synapses, "weights");
        let (mut of_sources, mut of_targets) = (vec![0.0; 12], vec![0.0; 9000]);
        let mut add = |source: usize, target: usize, k: usize| {
            of_sources[source] += weights[k];
            of_targets[target] += weights[k];
        };
        match bench.world_mut().get::<Synapses>(synapses).unwrap().layout.as_ref().unwrap() {
            Layout::Dense { targets, .. } => (0..weights.len()).for_each(|k| add(k / targets, k % targets, k)),
            Layout::Sparse(rows) => {
                rows.iter().enumerate().for_each(|(k, s)| add(s.source as usize, s.target as usize, k));
            }
        }
        (of_sources, of_targets)
    }

    #[test]
    fn sums_are_kept_in_every_layout() {
        let rule = |over| Normalization { total: 3.0, over, every: 3 };
        let near = |sums: &[f64]| sums.iter().all(|sum| (sum - 3.0).abs() < 3e-5);
        for delays in ["", "2", "uniform(1, 90)"] {
            let afferent = sums(FixedInDegree { in_degree: 5, ..default() }, delays, rule(Over::Afferent));
            assert!(near(&afferent.1) && !near(&afferent.0));
            let efferent = sums(FixedInDegree { in_degree: 5, ..default() }, delays, rule(Over::Efferent));
            assert!(near(&efferent.0) && !near(&efferent.1));
        }
        assert!(near(&sums(AllToAll::default(), "", rule(Over::Afferent)).1));
        assert!(near(&sums(AllToAll::default(), "", rule(Over::Efferent)).0));
    }

    /// 12 weights of 0.2 to 0.4 onto each neuron, and a total beyond what bounds allow.
    #[test]
    fn weights_stay_within_the_bounds_of_the_rules_beside_it() {
        for (over, autapses) in [(Over::Afferent, true), (Over::Efferent, false)] {
            let mut bench = Bench::new();
            let a = bench.group("a", 12, Spikes::default());
            let initial = InitialWeights("uniform(0.2, 0.4)".into());
            let rules =
                (Stdp { w_min: 0.1, w_max: 0.5, ..default() }, Normalization { total: 30.0, over, ..default() });
            let synapses = bench.synapses(a, a, "X", (AllToAll { autapses }, initial, rules));
            bench.ticks(3);
            let missing = |k: usize| !autapses && k.is_multiple_of(13);
            let weights = bench.get(synapses, "weights");
            assert!(weights.into_iter().enumerate().all(|(k, w)| w == if missing(k) { 0.0 } else { 0.5 }));
        }
    }

    #[test]
    fn neurons_without_weights_keep_none() {
        let mut bench = Bench::new();
        let a = bench.group("a", 3, Spikes::default());
        let initial = InitialWeights(0.0.into());
        let synapses = bench.synapses(a, a, "X", (AllToAll::default(), initial, Normalization::default()));
        bench.ticks(3);
        assert_eq!(bench.get(synapses, "weights"), [0.0; 9]);
        let error = bench.try_synapses(a, a, "Y", (AllToAll::default(), Normalization { every: 0, ..default() }));
        assert!(error.unwrap_err().ends_with("Normalization.every: must be 1 or more, not 0"));
    }
}

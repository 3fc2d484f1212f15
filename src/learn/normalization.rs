//! Normalization: the weights that reach a neuron, or leave it, keep their sum, so that synapses compete.
//!
//! ```text
//! w ← w · total / Σ w      over the synapses of the group onto a target (afferent), or of a source (efferent)
//! ```
//! Multiplicative synaptic scaling, made at once (G. Turrigiano et al., Nature 391:892, 1998; in this form C. von der Malsburg,
//! Kybernetik 14:85, 1973). It comes after the rules of the same iteration. A neuron whose weights sum up to nothing keeps
//! them. Bounds are those of other rules: a weight that is scaled beyond them is brought back when such a rule next changes
//! it.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::bounds;
use crate::{
    network::{Behaviour, Clock, Kind, Layout, Preparation, PrepareError, Synapses, Weights},
    numeric::{
        Real,
        real::{real, wide},
        rows::Rows,
    },
    schedule::{AddToStage, Stage},
};

/// Keeps the sum of the weights of each neuron.
#[derive(Component, Reflect, Clone, Debug)]
pub struct Normalization {
    /// The sum, in the unit of the weights.
    pub total: f64,
    /// Which weights are summed up: those onto each target, or those of each source.
    pub over: Over,
    /// One iteration in so many; at least 1.
    pub every: u64,
}

/// What weights are summed up over.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// The synapses onto each target.
    #[default]
    Afferent,
    /// The synapses of each source.
    Efferent,
}

impl Default for Normalization {
    fn default() -> Self {
        Self { total: 1.0, over: Over::Afferent, every: 1 }
    }
}

impl Behaviour for Normalization {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, normalize);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        bounds::finite(preparation, &[("total", self.total)])?;
        if self.every == 0 {
            return Err(preparation.error(Some("every"), "must be 1 or more, not 0"));
        }
        Ok(())
    }
}

fn normalize(mut groups: Query<(&Normalization, &Synapses, &mut Weights)>, clock: Res<Clock>) {
    for (rule, synapses, mut weights) in &mut groups {
        if !(clock.iteration + 1).is_multiple_of(rule.every) {
            continue;
        }
        match (&synapses.layout, rule.over) {
            (Some(Layout::Dense { targets, .. }), Over::Afferent) => {
                dense_afferent(&mut weights.0, *targets, rule.total);
            }
            (Some(Layout::Dense { targets, .. }), Over::Efferent) if *targets > 0 => {
                weights.0.chunks_exact_mut(*targets).for_each(|row| scale(row, factor(rule.total, sum(row))));
            }
            (Some(Layout::Sparse(rows)), Over::Afferent) => sparse_afferent(&mut weights.0, rows, rule.total),
            (Some(Layout::Sparse(rows)), Over::Efferent) => sparse_efferent(&mut weights.0, rows, rule.total),
            _ => {}
        }
    }
}

/// In double precision: ten thousand small weights would lose digits beside their sum.
fn sum(weights: &[Real]) -> f64 {
    weights.iter().map(|&w| wide(w)).sum()
}

/// What weights of a sum are to be multiplied by.
fn factor(total: f64, sum: f64) -> Real {
    let factor = total / sum;
    if factor.is_finite() { real(factor) } else { 1.0 }
}

fn scale(weights: &mut [Real], factor: Real) {
    weights.iter_mut().for_each(|w| *w *= factor);
}

fn dense_afferent(weights: &mut [Real], targets: usize, total: f64) {
    if targets == 0 {
        return;
    }
    let mut sums = vec![0.0; targets];
    for row in weights.chunks_exact(targets) {
        sums.iter_mut().zip(row).for_each(|(sum, &w)| *sum += wide(w));
    }
    let factors: Vec<Real> = sums.into_iter().map(|sum| factor(total, sum)).collect();
    for row in weights.chunks_exact_mut(targets) {
        row.iter_mut().zip(&factors).for_each(|(w, factor)| *w *= factor);
    }
}

fn sparse_afferent(weights: &mut [Real], rows: &Rows, total: f64) {
    for mut block in rows.with_weights(weights) {
        let mut sums = Vec::new();
        block.each_by_target(|target, w| {
            if target >= sums.len() {
                sums.resize(target + 1, 0.0);
            }
            sums[target] += wide(*w);
        });
        let factors: Vec<Real> = sums.into_iter().map(|sum| factor(total, sum)).collect();
        block.each_by_target(|target, w| *w *= factors[target]);
    }
}

fn sparse_efferent(weights: &mut [Real], rows: &Rows, total: f64) {
    let mut sums = Vec::new();
    for mut block in rows.with_weights(weights) {
        block.each_by_source(|source, weights| {
            if source >= sums.len() {
                sums.resize(source + 1, 0.0);
            }
            sums[source] += sum(weights);
        });
    }
    let factors: Vec<Real> = sums.into_iter().map(|sum| factor(total, sum)).collect();
    for mut block in rows.with_weights(weights) {
        block.each_by_source(|source, weights| scale(weights, factors[source]));
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

//! What weights have below the last place, where a rule changes them by so little that single precision would drop it: carried
//! from change to change (W. Kahan, Commun. ACM 8:40, 1965).

use bevy_ecs::prelude::*;

use super::bounds::Bounds;
use crate::{
    network::Preparation,
    numeric::{
        Real,
        real::{IS_SINGLE, moved},
    },
    variable,
};

variable! {
    /// What a weight has below the last place, where its rule changes it by little.
    pub struct WeightRest = "weight_rest" in "";
}

/// Changes below this part of the greatest weight are carried with their rests: a change of 10⁻⁵ of a weight is rounded by
/// 0.3 % of itself at most, and what is left of it after some time constants by more.
const SMALL: f64 = 1e-5;

/// Gives a synapse group rests, if one of the changes of a rule is small beside the greatest weight within its bounds.
pub(super) fn carry_if_small(preparation: &mut Preparation<'_>, bounds: [f64; 2], changes: &[f64]) {
    let largest = bounds[0].abs().max(bounds[1].abs());
    let small = |change: &f64| *change != 0.0 && change.abs() < largest * SMALL;
    let entity = preparation.entity();
    if IS_SINGLE && changes.iter().any(small) && preparation.component::<WeightRest>().is_none() {
        preparation.world().entity_mut(entity).insert(WeightRest::default());
    }
}

/// The rests of as many weights; none if the group carries none.
pub(super) fn of(rests: Option<&mut WeightRest>, weights: usize) -> &mut [Real] {
    rests.and_then(|rests| rests.0.get_mut(..weights)).unwrap_or_default()
}

impl Bounds {
    /// Changes a weight, with its rest if it has one.
    #[inline(always)]
    pub fn change(&self, w: &mut Real, rest: Option<&mut Real>, change: Real) {
        match rest {
            None => *w = self.hold(*w + change),
            Some(rest) => self.move_by(w, rest, change),
        }
    }

    /// Changes a weight with its rest, as far as it may go; at a bound nothing is left over.
    #[inline(always)]
    pub fn move_by(&self, w: &mut Real, rest: &mut Real, change: Real) {
        let (sum, left) = moved(*w, *rest, change);
        *w = self.hold(sum);
        *rest = if *w == sum { left } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::WeightRest;
    use crate::{
        numeric::real::IS_SINGLE,
        prelude::{Pairing::Nearest, *},
    };

    /// Pairs of a source and a target 5 ms later, every 50 ms.
    const PAIRS: usize = 400;
    const T: f64 = 50.0;
    const D: f64 = 5.0;

    /// What of a spike is there after a time, with a time constant of 20 ms.
    fn e(time: f64) -> f64 {
        f64::exp(-time / 20.0)
    }

    /// Makes synapses between two groups.
    type Layout<'a> = dyn Fn(&mut Bench, [Entity; 2]) -> Entity + 'a;

    /// How much `PAIRS` pairs change weights that begin with 50, of each layout; and whether rests are carried.
    fn changes(rule: impl Bundle + Clone) -> Vec<(f64, bool)> {
        let trains = |first: f64| SpikeSource::at(vec![(0..PAIRS).map(|k| first + T * k as f64).collect(); 3]);
        let layouts: [&Layout; 3] = [
            &|bench, [a, b]| {
                bench.synapses(a, b, "X", (AllToAll::default(), InitialWeights(50.0.into()), rule.clone()))
            },
            &|bench, [a, b]| {
                bench.synapses(a, b, "X", (OneToOne::default(), InitialWeights(50.0.into()), rule.clone()))
            },
            &|bench, [a, b]| {
                let delays = Delays(None);
                let common = (InitialWeights(50.0.into()), delays, rule.clone());
                bench.synapses(a, b, "X", (FixedInDegree { in_degree: 2, ..default() }, common))
            },
        ];
        let change = |layout: &&Layout| {
            let mut bench = Bench::new();
            let ends = [("a", 3.0), ("b", 3.0 + D)].map(|(name, first)| bench.group(name, 3, trains(first)));
            let synapses = layout(&mut bench, ends);
            bench.ticks((T * PAIRS as f64) as u64 + 10);
            let has_rests = bench.world_mut().get::<WeightRest>(synapses).is_some();
            let rest = if has_rests { bench.get(synapses, "weight_rest")[0] } else { 0.0 };
            (bench.get(synapses, "weights")[0] + rest - 50.0, has_rests)
        };
        layouts.iter().map(change).collect()
    }

    /// Changes of 10⁻⁷ of a weight, of which single precision alone keeps none: the last place of 50 is 4·10⁻⁶.
    #[test]
    fn changes_far_below_the_last_place_add_up() {
        let [n, later] = [PAIRS as f64, PAIRS as f64 - 1.0];
        let (a, b) = (3e-6, 1e-6);
        let pairs = Stdp { a_plus: a, a_minus: b, w_max: 100.0, pairing: Nearest, ..default() };
        // At s = 1/2 what strengthens and weakens is half as much.
        let graded = Stdp { mu_plus: 1.0, mu_minus: 1.0, ..pairs.clone() };
        let stdp = n * a * e(D) - later * b * e(T - D);
        let triplets = TripletStdp {
            w_min: 0.0,
            a2_plus: a,
            a3_plus: a,
            a2_minus: b,
            a3_minus: b,
            tau_plus: 20.0,
            tau_x: 20.0,
            tau_minus: 20.0,
            tau_y: 20.0,
            w_max: 100.0,
            pairing: Nearest,
        };
        let triplet = a * e(D) * (n + later * e(T)) - b * e(T - D) * (later + later * e(T));
        // Traces add up: 1/(1 − e(T)) before long.
        let inhibitory = InhibitoryStdp { eta: a, target_rate: 3.0, tau: 20.0, w_max: 100.0 };
        let sum = |k: f64| (1.0 - e(T).powf(k)) / (1.0 - e(T));
        let seen: f64 = (0..PAIRS).map(|k| e(D) * sum(k as f64 + 1.0) + e(T - D) * sum(k as f64)).sum();
        let homeostatic = a * (seen - n * 0.12);
        let all = [
            (changes(pairs), stdp),
            (changes(graded), 0.5 * stdp),
            (changes(triplets), triplet),
            (changes(inhibitory), homeostatic),
        ];
        for (k, (found, expected)) in all.into_iter().enumerate() {
            for (layout, (change, has_rests)) in found.into_iter().enumerate() {
                assert_eq!(has_rests, IS_SINGLE);
                assert!((change / expected - 1.0).abs() < 1e-3, "{k}, {layout}: {change} {expected}");
            }
        }
    }

    #[test]
    fn larger_changes_need_no_rests() {
        let found = changes(Stdp { a_plus: 1e-2, a_minus: 1e-2, w_max: 100.0, ..default() });
        assert!(found.iter().all(|(_, has_rests)| !has_rests));
    }
}

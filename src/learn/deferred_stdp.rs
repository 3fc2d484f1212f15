//! Pair-based plasticity whose changes are gathered and applied now and then: the rule of E. M. Izhikevich, "Polychronization:
//! computation with spikes", Neural Comput. 18:245 (2006), section 2.3, as the program that accompanies it has it.
//!
//! ```text
//! source:  c ← c − a_minus · y        x, y decay with tau_plus, tau_minus
//! target:  c ← c + a_plus · x
//! every so often:  c ← kept · c,   w ← w + growth + c
//! ```
//! c is the tendency of a synapse. Weights stay within their bounds, which are hard. Which spikes meet:
//! [`spike_timing`](super::spike_timing).

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    bounds::{self, Bounds, WeightBounds},
    pair_sum::PairSum,
    rests::{self, WeightRest},
    spike_timing::{OfSynapses, Pairing, SpikeTiming, Timing, Trace, change, check, memory},
};
use crate::{
    behaviour,
    network::{
        Behaviour, Birth, Clock, Failures, Kind, Preparation, PrepareError, Range, RegisterVariable, Size, Synapses,
        Unit, Weights,
    },
    numeric::{
        Column, Real,
        real::{or_zero, real},
    },
    schedule::{AddToStage, Stage},
    variable,
};

variable! {
    /// What the weight of a synapse tends to change by.
    pub struct Tendency = "tendency" in "";
}

impl OfSynapses for Tendency {
    fn numbers(&mut self) -> &mut Column<Real> {
        &mut self.0
    }
}

behaviour! {
    /// Pairs of spikes give a synapse a tendency, which its weight follows at intervals.
    ///
    /// By default the rule of the paper's program, where a source counts that fired last: its traces are set, not added to.
    #[require(Timing<DeferredStdp>, Tendency)]
    pub struct DeferredStdp {
        /// Change of the tendency by a source that fired just before its target, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub a_plus: f64 = 0.1,
        /// Change of the tendency, downwards, by a source that fires just after its target, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub a_minus: f64 = 0.12,
        /// Time constant of the window before a spike of the target.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_plus: f64 = 20.0,
        /// Time constant of the window after a spike of the target.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_minus: f64 = 20.0,
        /// Time from one change of the weights to the next, rounded to iterations.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub every: f64 = 1000.0,
        /// What is kept of the tendency at such a time, from 0 to 1.
        #[reflect(@Range::SHARE)]
        pub kept: f64 = 0.9,
        /// Change of every weight at such a time, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub growth: f64 = 0.01,
        /// The least weight.
        #[reflect(@Range::FINITE)]
        pub w_min: f64 = 0.0,
        /// The greatest weight.
        #[reflect(@Range::FINITE)]
        pub w_max: f64 = 10.0,
        /// Whether a spike is paired with all that came before on the other side, or with the nearest.
        pub pairing: Pairing = Pairing::Nearest,
    }
}

impl Behaviour for DeferredStdp {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.register_variable::<Tendency>()
            .add_behaviour_system::<Self, _>(Stage::Learn, change::<Self, 1, 1>)
            .add_behaviour_system::<Self, _>(Stage::Learn, apply);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        bounds::check(preparation, [self.w_min, self.w_max])?;
        rests::carry_if_small(preparation, [self.w_min, self.w_max], &[self.a_plus, self.a_minus, self.growth]);
        Ok(())
    }

    fn memory(&self, size: Size) -> u64 {
        memory(self, size)
    }
}

impl SpikeTiming<1, 1> for DeferredStdp {
    type Update = PairSum;
    type Changed = Tendency;

    fn pre_traces(&self) -> [Trace; 1] {
        [Trace { tau: self.tau_plus, pairing: self.pairing }]
    }

    fn post_traces(&self) -> [Trace; 1] {
        [Trace { tau: self.tau_minus, pairing: self.pairing }]
    }

    fn update(&self) -> PairSum {
        PairSum::new(self.a_plus, self.a_minus)
    }

    fn bounds(&self) -> [f64; 2] {
        [f64::NEG_INFINITY, f64::INFINITY]
    }
}

/// What the system of the weights looks at.
type Group<'w> = (
    (Entity, Option<&'w Name>),
    &'w DeferredStdp,
    &'w Synapses,
    &'w mut Tendency,
    (&'w mut Weights, Option<&'w mut WeightRest>, &'w mut WeightBounds),
    Option<&'w Birth>,
);

/// Weights follow the tendencies.
fn apply(mut groups: Query<Group<'_>>, clock: Res<Clock>, mut failures: ResMut<Failures>) {
    for ((group, name), rule, synapses, mut tendency, (mut weights, rests, mut bounds), birth) in &mut groups {
        let Some(layout) = &synapses.layout else { continue };
        let range = [rule.w_min, rule.w_max];
        if bounds.state::<DeferredStdp>(range)
            && let Err(why) = check(&weights.0, layout, range)
        {
            failures.push_at(group, name.map_or("", Name::as_str), why);
            continue;
        }
        let every = clock.steps(rule.every).max(1);
        if !(clock.since(birth).iteration + 1).is_multiple_of(every) {
            continue;
        }
        let (kept, growth, bounds) = (real(rule.kept), real(rule.growth), Bounds::new(range));
        let rests = rests::of(rests.map(Mut::into_inner), weights.0.len());
        for (k, (c, w)) in tendency.0.iter_mut().zip(weights.0.iter_mut()).enumerate() {
            if layout.has(k) {
                *c = or_zero(*c * kept);
                bounds.change(w, rests.get_mut(k), growth + *c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::spike_timing_tests::{DT, ends, source_of, trace, trains, wiring};
    use crate::prelude::*;

    /// The weight of a synapse after so many iterations, spike by spike.
    fn brute(rule: &DeferredStdp, start: f64, [arrivals, fired]: [&[u64]; 2], iterations: u64) -> f64 {
        let (mut w, mut c) = (start, 0.0);
        for t in 0..iterations {
            if arrivals.contains(&t) {
                c -= rule.a_minus * trace(fired, t, rule.tau_minus, rule.pairing);
            }
            if fired.contains(&t) {
                c += rule.a_plus * trace(arrivals, t, rule.tau_plus, rule.pairing);
            }
            if ((t + 1) as f64 * DT) % rule.every == 0.0 {
                c *= rule.kept;
                w = (w + rule.growth + c).clamp(rule.w_min, rule.w_max);
            }
        }
        w
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn weights_change_as_the_sums_over_all_pairs(
            sources in trains(6), targets in trains(4), kind in 0..5_usize, nearest in any::<bool>(), every in 1..60_u32,
        ) {
            let mut bench = Bench::new().with_dt(DT);
            let pairing = if nearest { Pairing::Nearest } else { Pairing::All };
            let rule = DeferredStdp { every: f64::from(every) * DT, w_max: 6.0, pairing, ..default() };
            let [a, b] = [("a", &sources), ("b", &targets)]
                .map(|(name, trains)| bench.group(name, trains.len(), source_of(trains)));
            let (dense, delays) = wiring(kind);
            let common = (InitialWeights("uniform(0, 6)".into()), delays, rule.clone());
            let synapses = match dense {
                Some(all) => bench.synapses(a, b, "X", (all, common)),
                None => bench.synapses(a, b, "X", (FixedInDegree { in_degree: 2, ..default() }, common)),
            };
            let before = bench.get(synapses, "weights");
            bench.ticks(150);
            let after = bench.get(synapses, "weights");
            let tolerance = if size_of::<Real>() == 4 { 1e-5 } else { 1e-12 };
            for (k, (i, j, delay)) in ends(&mut bench, synapses).into_iter().enumerate() {
                let arrivals: Vec<u64> = sources[i].iter().map(|t| t + delay).collect();
                let expected = brute(&rule, before[k], [&arrivals, &targets[j]], 150);
                let error = (after[k] - expected).abs();
                prop_assert!(error <= tolerance * 6.0, "{i} → {j}, delay {delay}: {} {expected}", after[k]);
            }
        }
    }

    /// The paper's program by hand, for a synapse with a delay of 3 ms: weights change at 20 ms and at 40 ms.
    #[test]
    fn weights_follow_the_tendency_at_intervals() {
        let mut bench = Bench::new();
        let source = bench.group("source", 1, SpikeSource::at(vec![vec![2.0, 24.0]]));
        let target = bench.group("target", 1, SpikeSource::at(vec![vec![9.0, 11.0]]));
        let rule = DeferredStdp { every: 20.0, ..default() };
        let synapses = (OneToOne::default(), InitialWeights(6.0.into()), Delays(Some(3.0.into())), rule);
        let synapses = bench.synapses(source, target, "X", synapses);
        let e = |ms: f64| (-ms / 20.0).exp();
        // The source's spike is there at 5: 4 ms before the first spike of the target, 6 ms before the second.
        let stronger = 0.1 * (e(4.0) + e(6.0));
        // Its next one is there at 27, 16 ms after the target's last, the only one that counts.
        let weaker = 0.12 * e(16.0);
        for (ticks, tendency, w) in [
            (19, stronger, 6.0),
            (1, 0.9 * stronger, 6.01 + 0.9 * stronger),
            (19, 0.9 * stronger - weaker, 6.01 + 0.9 * stronger),
            (1, 0.9 * (0.9 * stronger - weaker), 6.02 + 0.9 * stronger + 0.9 * (0.9 * stronger - weaker)),
        ] {
            bench.ticks(ticks);
            bench.assert_near(synapses, "tendency", &[tendency]);
            bench.assert_near(synapses, "weights", &[w]);
        }
    }

    #[test]
    fn weights_stay_within_their_bounds_and_missing_autapses_at_zero() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 2, Spikes::default());
        let rule = DeferredStdp { every: 1.0, growth: 4.0, w_min: 1.0, ..default() };
        let all = (AllToAll { autapses: false }, InitialWeights(5.0.into()), rule);
        let synapses = bench.synapses(cells, cells, "X", all);
        for w in [9.0, 10.0, 10.0] {
            bench.tick();
            assert_eq!(bench.get(synapses, "weights"), [0.0, w, w, 0.0]);
        }
        let error =
            bench.try_synapses(cells, cells, "Y", (AllToAll::default(), DeferredStdp { kept: 1.5, ..default() }));
        assert!(error.unwrap_err().ends_with("DeferredStdp.kept: must be 0 to 1, not 1.5"));
    }
}

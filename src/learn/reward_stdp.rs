//! Plasticity that waits for a reward: E. M. Izhikevich, "Solving the distal reward problem through linkage of STDP and
//! dopamine signaling", Cereb. Cortex 17:2443 (2007), eqs. 1 and 2.
//!
//! ```text
//! source:  c ← c − a_minus · y        x, y decay with tau_plus, tau_minus
//! target:  c ← c + a_plus · x
//! dc/dt = −c / tau_c                  the eligibility of a synapse
//! dw/dt = c · dopamine                of the target, see `Dopamine`
//! ```
//! Exact at any step for a concentration that decays with its time constant. Weights stay within hard bounds. Which spikes
//! meet: [`spike_timing`](super::spike_timing).

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    bounds::{self, Bounds, WeightBounds, finite_or_nearest},
    dopamine::{Concentration, Dopamine},
    pair_sum::PairSum,
    rests::WeightRest,
    spike_timing::{OfSynapses, Pairing, SpikeTiming, Timing, Trace, change, check, memory},
};
use crate::{
    behaviour,
    network::{
        Behaviour, Clock, Failures, Kind, Layout, Preparation, PrepareError, Range, RegisterVariable, Size, Synapses,
        Target, Unit, Weights, shape::path_of,
    },
    numeric::{
        Column, Real, dispatch,
        real::{or_zero, real},
        rows::Rows,
    },
    schedule::{AddToStage, Stage},
    variable,
};

variable! {
    /// Eligibility of a synapse: how much dopamine would change it.
    pub struct Eligibility = "eligibility" in "";
}

impl OfSynapses for Eligibility {
    fn numbers(&mut self) -> &mut Column<Real> {
        &mut self.0
    }
}

behaviour! {
    /// Pairs of spikes make a synapse eligible, and dopamine then changes it.
    ///
    /// By default for weights in mV and dopamine in µM, as in the program that accompanies the paper: it adds up pairs of 0.1 and
    /// −0.15, and changes weights by them once in 10 ms.
    #[require(Timing<RewardStdp>, Eligibility, WeightRest)]
    pub struct RewardStdp {
        /// Change of the eligibility by a source that fired just before its target, in weights per ms and µM.
        #[reflect(@Range::FINITE)]
        pub a_plus: f64 = 0.01,
        /// Change of the eligibility, downwards, by a source that fires just after its target, in weights per ms and µM.
        #[reflect(@Range::FINITE)]
        pub a_minus: f64 = 0.015,
        /// Time constant of the window before a spike of the target.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_plus: f64 = 20.0,
        /// Time constant of the window after a spike of the target.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_minus: f64 = 20.0,
        /// Time constant of the eligibility.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_c: f64 = 1000.0,
        /// The least weight.
        #[reflect(@Range::FINITE)]
        pub w_min: f64 = 0.0,
        /// The greatest weight.
        #[reflect(@Range::FINITE)]
        pub w_max: f64 = 4.0,
        /// Whether a spike is paired with all that came before on the other side, or with the nearest.
        pub pairing: Pairing = Pairing::All,
    }
}

impl Behaviour for RewardStdp {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.register_variable::<Eligibility>()
            .add_behaviour_system::<Self, _>(Stage::Learn, change::<Self, 1, 1>)
            .add_behaviour_system::<Self, _>(Stage::Learn, reward);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        bounds::check(preparation, [self.w_min, self.w_max])?;
        bounds::warn_of_slow(preparation, &[("tau_c", self.tau_c)]);
        let entity = preparation.entity();
        let world = preparation.world();
        match world.get::<Target>(entity).map(|target| target.0) {
            Some(target) if world.get::<Concentration>(target).is_none() => {
                let why = format!("`{}` has no `Dopamine` to learn by", path_of(world, target));
                Err(preparation.error(None, why))
            }
            _ => Ok(()),
        }
    }

    fn memory(&self, size: Size) -> u64 {
        memory(self, size)
    }
}

impl SpikeTiming<1, 1> for RewardStdp {
    type Update = PairSum;
    type Changed = Eligibility;

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

/// What changes with dopamine.
type Group<'w> = (
    (Entity, Option<&'w Name>),
    &'w RewardStdp,
    &'w Target,
    &'w Synapses,
    &'w mut Eligibility,
    (&'w mut Weights, &'w mut WeightRest, &'w mut WeightBounds),
);

/// A step of eligibilities and weights.
fn reward(
    mut groups: Query<Group<'_>>,
    targets: Query<(&Concentration, Option<&Dopamine>)>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    for ((group, name), rule, target, synapses, mut eligibility, (mut weights, mut rests, mut bounds)) in &mut groups {
        let Some(layout) = &synapses.layout else { continue };
        let fit = eligibility.0.len() == weights.0.len() && rests.0.len() == weights.0.len();
        let (Ok((dopamine, uptake)), true) = (targets.get(target.0), fit) else { continue };
        let range = [rule.w_min, rule.w_max];
        if bounds.state::<RewardStdp>(range)
            && let Err(why) = check(&weights.0, layout, range)
        {
            failures.push_at(group, name.map_or("", Name::as_str), why);
            continue;
        }
        // ∫ exp(−(1/tau_c + 1/tau) s) ds over the step.
        let speed = 1.0 / rule.tau_c + uptake.map_or(0.0, |uptake| 1.0 / uptake.tau);
        let step = Step {
            covered: real(-libm::expm1(-clock.dt * speed) / speed),
            lost: real(-libm::expm1(-clock.dt / rule.tau_c)),
            bounds: Bounds::new(range),
        };
        match layout {
            &Layout::Dense { targets, autapses, .. } => {
                step.dense((&mut eligibility.0, &mut weights.0, &mut rests.0), &dopamine.0, (targets, autapses));
            }
            Layout::Sparse(rows) => step.sparse((&mut eligibility.0, &mut weights.0, &mut rests.0), &dopamine.0, rows),
        }
    }
}

/// The constants of a step.
struct Step {
    covered: Real,
    /// What eligibility loses.
    lost: Real,
    bounds: Bounds,
}

/// Eligibility, weights and their rests.
type Columns<'a> = (&'a mut [Real], &'a mut [Real], &'a mut [Real]);

impl Step {
    #[inline(always)]
    fn advance(&self, c: &mut Real, w: &mut Real, rest: &mut Real, dopamine: Real) {
        self.bounds.move_by(w, rest, *c * finite_or_nearest(dopamine * self.covered));
        *c = or_zero(*c - *c * self.lost);
    }

    fn dense(&self, (c, w, rests): Columns<'_>, dopamine: &[Real], (targets, autapses): (usize, bool)) {
        if targets == 0 || dopamine.len() != targets {
            return;
        }
        let rows = c.chunks_exact_mut(targets).zip(w.chunks_exact_mut(targets)).zip(rests.chunks_exact_mut(targets));
        for (i, ((c, w), rests)) in rows.enumerate() {
            let own = w.get(i).copied().filter(|_| !autapses);
            for (((c, w), rest), &dopamine) in c.iter_mut().zip(&mut *w).zip(rests).zip(dopamine) {
                self.advance(c, w, rest, dopamine);
            }
            if let Some(own) = own {
                w[i] = own;
            }
        }
    }

    fn sparse(&self, (c, w, rests): Columns<'_>, dopamine: &[Real], rows: &Rows) {
        // Mostly all targets have as much. Without looking it up for each synapse a step takes a quarter of the time.
        if let [first, rest @ ..] = dopamine
            && rest.iter().all(|dopamine| dopamine == first)
        {
            dispatch(
                #[inline(always)]
                || c.iter_mut().zip(w).zip(rests).for_each(|((c, w), rest)| self.advance(c, w, rest, *first)),
            );
            return;
        }
        for mut block in rows.with_weights(w) {
            let mut own = c[block.first_synapse..].iter_mut().zip(&mut rests[block.first_synapse..]);
            let first = block.first_target;
            block.each_by_target(|j, w| {
                if let (Some((c, rest)), Some(&dopamine)) = (own.next(), dopamine.get(first + j)) {
                    self.advance(c, w, rest, dopamine);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        assemble::build,
        network::{Layout, Synapses},
        prelude::*,
        scene::Scene,
    };

    /// Events of eligibility (time in ms, change) of a pair of trains whose traces see all spikes.
    fn events(arrivals: &[f64], fired: &[f64]) -> Vec<(f64, f64)> {
        let sum = |before: &[f64], t: f64| -> f64 {
            before.iter().filter(|s| **s < t - 1e-6).map(|s| (-(t - s) / 20.0).exp()).sum()
        };
        let weaker = arrivals.iter().map(|&t| (t, -0.015 * sum(fired, t)));
        let stronger = fired.iter().map(|&t| (t, 0.01 * sum(arrivals, t)));
        weaker.chain(stronger).collect()
    }

    /// The integral of eligibility times dopamine, term by term: each event with each release.
    #[test]
    fn weights_are_the_integral_of_eligibility_times_dopamine() {
        const DT: f64 = 0.5;
        let ms = |trains: &[Vec<u64>]| -> Vec<Vec<f64>> {
            trains.iter().map(|train| train.iter().map(|&k| (k as f64 + 0.5) * DT).collect()).collect()
        };
        let sources = [vec![3, 40, 90, 200, 333], vec![10, 11, 120], vec![]];
        let targets = [vec![5, 41, 80, 210], vec![9, 60, 61, 300]];
        let releases = [(30, [0.5, 0.1]), (150, [0.2, 0.0]), (310, [0.0, 0.7])];
        let all = [
            (None, true),
            (Some(1.5.into()), true),
            (Some("1.5".into()), false),
            (Some("uniform(0.5, 9)".into()), false),
        ];
        for (delays, dense) in all {
            let mut bench = Bench::new().with_dt(DT);
            let a = bench.group("a", 3, SpikeSource::at(ms(&sources)));
            let b = bench.group("b", 2, (SpikeSource::at(ms(&targets)), Dopamine { tau: 70.0, tonic: 0.0 }));
            let rule = RewardStdp { a_plus: 0.01, a_minus: 0.015, tau_c: 150.0, w_min: -9.0, w_max: 9.0, ..default() };
            let synapses = bench.synapses(a, b, "X", (AllToAll::default(), Delays(delays), rule));
            for k in 0..400 {
                if let Some((_, amounts)) = releases.iter().find(|(at, _)| *at == k) {
                    let there = bench.get(b, "dopamine");
                    bench.set(b, "dopamine", &[there[0] + amounts[0], there[1] + amounts[1]]);
                }
                bench.tick();
            }
            let weights = bench.get(synapses, "weights");
            let layout = bench.world_mut().get::<Synapses>(synapses).unwrap().layout.clone().unwrap();
            let ends: Vec<(usize, usize, u32)> = match &layout {
                Layout::Sparse(rows) => rows.iter().map(|s| (s.source as usize, s.target as usize, s.delay)).collect(),
                Layout::Dense { delay, .. } => (0..6).map(|k| (k / 2, k % 2, *delay)).collect(),
            };
            assert_eq!(matches!(layout, Layout::Dense { .. }), dense);
            let end = 401.0 * DT;
            for (w, (i, j, delay)) in weights.into_iter().zip(ends) {
                let time = |k: u64, later: u32| (k + 1 + u64::from(later)) as f64 * DT;
                let arrivals: Vec<f64> = sources[i].iter().map(|&k| time(k, delay)).collect();
                let fired: Vec<f64> = targets[j].iter().map(|&k| time(k, 0)).collect();
                let mut expected = 1.0;
                for (t, change) in events(&arrivals, &fired) {
                    for (k, amounts) in releases {
                        let (release, k) = (time(k, 0), 1.0 / 150.0 + 1.0 / 70.0);
                        let from = t.max(release);
                        let at_start = (-(from - t) / 150.0 - (from - release) / 70.0).exp();
                        expected += change * amounts[j] * at_start * (1.0 - (-(end - from) * k).exp()) / k;
                    }
                }
                let tolerance = if size_of::<Real>() == 4 { 1e-5 } else { 1e-12 };
                assert!((w - expected).abs() < tolerance, "{i} → {j}: {w} {expected}");
            }
        }
    }

    /// The number of its synapses is not known before they are made.
    #[test]
    fn synapses_that_chance_decides_learn() {
        let mut bench = Bench::new();
        let text = r#"(
            groups: {
                "a": (size: 50, behaviours: [PoissonNeurons(rate: 50)]),
                "b": (size: 50, behaviours: [PoissonNeurons(rate: 50), Dopamine(tonic: 5)]),
            },
            synapses: [(
                from: "a", to: "b", connectivity: FixedProbability(probability: 0.3), behaviours: [RewardStdp()],
            )],
        )"#;
        let scene = Scene::from_text(bench.world_mut(), text).unwrap();
        let network = build(bench.world_mut(), &scene).unwrap();
        bench.ticks(500);
        let synapses = network.synapses[0];
        let [weights, eligibility] = ["weights", "eligibility"].map(|variable| bench.get(synapses, variable));
        assert_eq!(eligibility.len(), weights.len());
        let changed = weights.iter().filter(|&&w| w != 1.0).count();
        assert!(2 * changed > weights.len(), "{changed} of {} synapses", weights.len());
    }

    #[test]
    fn a_group_without_dopamine_is_refused() {
        let mut bench = Bench::new();
        let a = bench.group("a", 2, Spikes::default());
        let error = bench.try_synapses(a, a, "X", (AllToAll::default(), RewardStdp::default())).unwrap_err();
        assert!(error.ends_with("RewardStdp: `a` has no `Dopamine` to learn by"), "{error}");
    }
}

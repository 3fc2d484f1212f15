//! Intrinsic plasticity at once: every spike raises the threshold of its neuron.
//!
//! ```text
//! dθ/dt = −θ/tau − increment · target_rate,      θ ← θ + increment     at a spike
//! ```
//! θ, the variable `threshold_shift`, is what a model adds to its threshold. With a long `tau` and no target it is the
//! homeostasis of P. U. Diehl & M. Cook, Front. Comput. Neurosci. 9:99 (2015), "Homoeostasis", by which no neuron wins all
//! stimuli. Without a decay and with a target it is that of A. Lazar, G. Pipa & J. Triesch, "SORN: a self-organizing recurrent
//! neural network", Front. Comput. Neurosci. 3:23 (2009): T ← T + η (x − H) in an iteration, where η is `increment` and H
//! the spikes that `target_rate` makes in an iteration; neurons then settle at that rate.
//!
//! Exact at any step. A spike of an iteration happens at its end, and the threshold that it raises is that of the next.

use bevy_app::App;
use bevy_ecs::prelude::*;

use crate::{
    behaviour, cell,
    network::{
        Behaviour, Cell, Cells, CellsOf, Clock, Initial, Parameter, Preparation, PrepareError, Range, Spikes, Step,
        ThresholdShift, Unit,
    },
    numeric::{Real, real::wide},
    schedule::{Stage, add_patient_system},
};

behaviour! {
    /// Intrinsic plasticity at once: each spike raises the threshold of its neuron, which decays, or falls at a constant pace.
    ///
    /// By default as Diehl & Cook (2015) have it in their program, but from where the model has its threshold.
    pub struct AdaptiveThreshold {
        /// What a spike adds to the threshold.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub increment: Parameter = 0.05,
        /// Time constant with which the threshold returns; `None` for never.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau: Option<f64> = Some(1e7),
        /// The rate at which the threshold would stay without a decay: it falls by as many increments in a second.
        #[reflect(@Unit("Hz"), @Range::NOT_NEGATIVE)]
        pub target_rate: Parameter = 0.0,
        /// Shift of the threshold at the start.
        #[reflect(@Unit("mV"))]
        pub threshold_shift: Initial = 0.0,
    }
}

impl Behaviour for AdaptiveThreshold {
    fn plugin(app: &mut App) {
        add_patient_system::<Self, _>(app, Stage::Learn, adapt);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        ThresholdShift::claim(preparation)
    }
}

cell! {
    struct Constants {
        increment: Real,
        target: Real,
    }
}

type Group<'w> = (Ref<'w, AdaptiveThreshold>, &'w mut ThresholdShift, &'w Spikes, &'w mut Cells);

fn adapt(mut groups: Query<Group<'_>>, clock: Res<Clock>) {
    for (rule, mut shift, spikes, mut cells) in &mut groups {
        let shift = shift.shift_mut();
        // What a step leaves of a shift, and how long (s) the target weighs in it.
        let lost = rule.tau.map_or(0.0, |tau| -libm::expm1(-clock.dt / tau));
        let weighs = 1e-3 * rule.tau.map_or(clock.dt, |tau| tau * lost);
        let kept = 1.0 - lost;
        let size = (Step::of(&clock, 1), shift.get().len());
        let constants = cells.of(&*rule, rule.is_changed(), size, |i| Constants {
            increment: rule.increment.at(i),
            target: rule.target_rate.at(i),
        });
        let fall = |Constants { increment, target }| wide(increment) * wide(target) * weighs;
        match constants {
            CellsOf::Alike(constants) => {
                let fall = fall(constants);
                shift.update(|_, theta| theta * kept - fall);
            }
            CellsOf::Each(columns) => {
                let constants = Constants::read(columns, 0);
                shift.update(|i, theta| theta * kept - fall(constants(i)));
            }
        }
        for &neuron in spikes.neurons() {
            shift.add(neuron as usize, wide(rule.increment.at(neuron as usize)));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    /// Spikes at given times (ms) of neurons whose threshold is moved.
    fn moved(bench: &mut Bench, times: Vec<Vec<f64>>, rule: AdaptiveThreshold) -> Entity {
        bench.group("cells", times.len(), (SpikeSource::at(times), ThresholdShift::default(), rule))
    }

    /// Half a unit in the last place: the shift is kept in double precision and rounded once.
    #[track_caller]
    fn assert_rounded(found: f64, exact: f64) {
        assert!((found - exact).abs() <= 0.51 * f64::from(Real::EPSILON) * exact.abs() + 1e-11, "{found}, {exact}");
    }

    #[test]
    fn each_spike_leaves_an_exponential() {
        for (dt, tau) in [(0.5, 30.0), (1.0, 1e7)] {
            let mut bench = Bench::new().with_dt(dt);
            let times = vec![3.25, 10.25, 11.25, 40.25];
            let rule = AdaptiveThreshold { increment: 0.7.into(), tau: Some(tau), ..default() };
            let rule = AdaptiveThreshold { threshold_shift: "5 + 0 * i".into(), ..rule };
            let cells = moved(&mut bench, vec![times.clone(), vec![]], rule);
            for step in 1..=200 {
                bench.tick();
                let now = f64::from(step) * dt;
                let decayed = |since: f64| (-(now - since) / tau).exp();
                // A spike stands at the end of its iteration.
                let ends = times.iter().map(|t| ((t / dt).floor() + 1.0) * dt).filter(|&end| end <= now);
                let left: f64 = ends.map(|end| f64::from(0.7 as Real) * decayed(end)).sum();
                assert_rounded(bench.get(cells, "threshold_shift")[0], 5.0 * decayed(0.0) + left);
                assert_rounded(bench.get(cells, "threshold_shift")[1], 5.0 * decayed(0.0));
            }
        }
    }

    /// T ← T + η (x − H) of Lazar et al., step by step; H per neuron.
    #[test]
    fn without_a_decay_it_is_that_of_sorn() {
        let mut bench = Bench::new();
        let rule =
            AdaptiveThreshold { increment: 0.25.into(), tau: None, target_rate: "125 * (1 + i)".into(), ..default() };
        let cells = moved(&mut bench, vec![vec![1.5, 2.5, 7.5], vec![4.5]], rule);
        let mut expected = [0.0, 0.0];
        for k in 0..10 {
            bench.tick();
            for (i, fired) in [[1, 2, 7].contains(&k), k == 4].into_iter().enumerate() {
                expected[i] += 0.25 * (f64::from(u8::from(fired)) - [0.125, 0.25][i]);
            }
            assert_eq!(bench.get(cells, "threshold_shift"), expected);
        }
    }

    /// With a decay and a target the shift relaxes to −increment · target · tau.
    #[test]
    fn a_silent_neuron_settles_where_decay_and_target_balance() {
        let mut bench = Bench::new().with_dt(0.1);
        let rule = AdaptiveThreshold { increment: 0.5.into(), tau: Some(20.0), target_rate: 8.0.into(), ..default() };
        let cells = moved(&mut bench, vec![vec![]], rule);
        for step in 1..=1000 {
            bench.tick();
            let exact = -0.5 * 0.008 * 20.0 * (1.0 - (-0.1 * f64::from(step) / 20.0).exp());
            assert_rounded(bench.get(cells, "threshold_shift")[0], exact);
        }
    }

    /// A LIF neuron under 600 pA, 24 mV, whose threshold is 15 mV above rest before it is raised: the k-th interval is
    /// `τ ln(24 / (24 − 15 − θ))` on the grid.
    #[test]
    fn the_intervals_of_a_neuron_grow_as_its_threshold_does() {
        let mut bench = Bench::new().with_dt(0.1);
        let rule = AdaptiveThreshold { increment: 0.5.into(), tau: None, ..default() };
        let current = ConstantCurrent { amplitude: 600.0.into() };
        let cells = bench.group("cells", 1, (Lif { refractory: 0.0.into(), ..default() }, current, rule));
        let interval = |spikes: u32| (10.0 * (24.0 / (9.0 - 0.5 * f64::from(spikes))).ln() / 0.1).ceil() as u32;
        let (mut spikes, mut next) = (0, interval(0) - 1);
        for step in 0..5000 {
            bench.tick();
            assert_eq!(!bench.spikes(cells).is_empty(), step == next, "{step} {next}");
            if step == next {
                spikes += 1;
                next = interval(spikes).saturating_add(step);
            }
        }
        assert_eq!(spikes, 18, "24 − 15 mV are 18 increments: it cannot fire any more");
    }

    #[test]
    fn a_shifted_threshold_is_another_threshold() {
        let mut bench = Bench::new().with_dt(0.25);
        let shift = || AdaptiveThreshold { increment: 0.0.into(), threshold_shift: 4.0.into(), tau: None, ..default() };
        let current = || ConstantCurrent { amplitude: "500 + 200 * i".into() };
        let pairs = [
            [
                bench.group("a", 3, (Lif { threshold: (-52.0).into(), ..default() }, current(), shift())),
                bench.group("b", 3, (Lif { threshold: (-48.0).into(), ..default() }, current())),
            ],
            [
                bench.group("c", 3, (ExponentialIf { v_t: (-60.0).into(), ..default() }, current(), shift())),
                bench.group("d", 3, (ExponentialIf { v_t: (-56.0).into(), ..default() }, current())),
            ],
            [
                bench.group("e", 3, (AdEx { v_t: "-52 + 0 * i".into(), ..default() }, current(), shift())),
                bench.group("f", 3, (AdEx { v_t: "-48 + 0 * i".into(), ..default() }, current())),
            ],
        ];
        for _ in 0..400 {
            bench.tick();
            for [shifted, other] in pairs {
                assert_eq!(bench.get(shifted, "v"), bench.get(other, "v"));
            }
        }
        assert!(pairs.iter().all(|[shifted, _]| bench.spike_count(*shifted) > 3));
    }

    #[test]
    fn it_stays_while_switched_off_and_goes_on_when_switched_on() {
        let mut bench = Bench::new();
        let rule = AdaptiveThreshold { increment: 1.0.into(), tau: None, ..default() };
        let cells = moved(&mut bench, vec![vec![0.5, 2.5, 4.5]], rule);
        for (on, expected) in [(true, 1.0), (false, 1.0), (true, 2.0)] {
            crate::network::switch(bench.world_mut(), "cells.AdaptiveThreshold", on).unwrap();
            bench.ticks(2);
            assert_eq!(bench.get(cells, "threshold_shift"), [expected]);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let mut refused = |model: AdaptiveThreshold| bench.try_group("cells", 2, (Lif::default(), model)).unwrap_err();
        let tau = AdaptiveThreshold { tau: Some(0.0), ..default() };
        assert_eq!(refused(tau), "cells: AdaptiveThreshold.tau: must be above 0, not 0");
        let target = AdaptiveThreshold { target_rate: "-i".into(), ..default() };
        assert_eq!(refused(target), "cells: AdaptiveThreshold.target_rate: must be 0 or more; member 1 gets -1");
    }

    #[test]
    fn models_that_take_no_shift_and_a_second_mover_are_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("cells", 2, (Izhikevich::default(), AdaptiveThreshold::default())).unwrap_err();
        assert_eq!(
            error,
            "cells: AdaptiveThreshold: the threshold of `cells` cannot be moved: its model takes no shift"
        );
        let both = (Lif::default(), AdaptiveThreshold::default(), ThresholdHomeostasis::default());
        let error = bench.try_group("both", 2, both).unwrap_err();
        assert_eq!(
            error,
            "both: ThresholdHomeostasis: the threshold of `both` is moved by `AdaptiveThreshold` already"
        );
    }
}

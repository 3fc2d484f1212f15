//! Intrinsic plasticity over time: the threshold of a neuron goes by its mean rate, not by its last spike.
//!
//! ```text
//! tau dr/dt = −r,    r ← r + 1/tau     at a spike        the mean rate
//! dθ/dt = eta (r − target_rate)
//! ```
//! θ, the variable `threshold_shift`, is what a model adds to its threshold. The time-integrated homeostasis of PymoNNto
//! (`Time_Integration_Homeostasis`, with which its SORN moves thresholds: r ← (r L + x) / (L + 1), θ ← θ + η (r − H) in an
//! iteration), in continuous time: integral control by a leaky estimate, as in M. van Rossum, G. Bi & G. Turrigiano, J.
//! Neurosci. 20:8812 (2000), where it scales synapses. A large `tau` beside the time in which the threshold changes makes
//! the rate swing around its target.
//!
//! Exact at any step. A spike of an iteration happens at its end.

use bevy_app::App;
use bevy_ecs::prelude::*;

use crate::{
    behaviour, cell,
    network::{
        Behaviour, Cell, Cells, CellsOf, Clock, Initial, Parameter, Preparation, PrepareError, Range, RegisterVariable,
        SlowColumn, Spikes, State, Step, ThresholdShift, Unit, Variable, View, variable::VariableInfo,
    },
    numeric::{Archive, ArchiveError, Real, real::wide},
    schedule::{Stage, add_patient_system},
};

/// Running mean of a neuron's rate.
#[derive(Component, Clone, Debug, Default)]
pub struct MeanRate(SlowColumn);

impl State for MeanRate {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        self.0.persist(archive)
    }
}

impl Variable for MeanRate {
    fn describe(&self) -> Vec<VariableInfo> {
        vec![VariableInfo {
            name: "mean_rate".into(),
            unit: "Hz".into(),
            docs: "Running mean of the rate".into(),
            bytes: size_of::<Real>() + size_of::<f64>(),
        }]
    }

    fn view(&self, name: &str) -> Option<View<'_>> {
        (name == "mean_rate").then(|| View::Real(self.0.get()))
    }

    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        if name == "mean_rate" {
            self.0.set(values);
        }
        name == "mean_rate"
    }

    fn resize(&mut self, members: usize) {
        self.0.resize(members);
    }
}

behaviour! {
    /// Intrinsic plasticity over time: the threshold rises while the mean rate is above its target, and falls while below.
    #[require(MeanRate)]
    pub struct ThresholdHomeostasis {
        /// Change of the threshold for each spike above the target, or missing.
        #[reflect(@Unit("mV"), @Range::NOT_NEGATIVE)]
        pub eta: Parameter = 0.1,
        /// The rate at which the threshold stays.
        #[reflect(@Unit("Hz"), @Range::NOT_NEGATIVE)]
        pub target_rate: Parameter = 5.0,
        /// Time constant of the mean.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau: f64 = 1000.0,
        /// Mean rate at the start.
        #[reflect(@Unit("Hz"))]
        pub mean_rate: Initial = "target_rate",
        /// Shift of the threshold at the start.
        #[reflect(@Unit("mV"))]
        pub threshold_shift: Initial = 0.0,
    }
}

impl Behaviour for ThresholdHomeostasis {
    fn plugin(app: &mut App) {
        add_patient_system::<Self, _>(app.register_variable::<MeanRate>(), Stage::Learn, hold);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        ThresholdShift::claim(preparation)
    }
}

cell! {
    struct Constants {
        eta: Real,
        target: Real,
    }
}

type Group<'w> = (Ref<'w, ThresholdHomeostasis>, &'w mut MeanRate, &'w mut ThresholdShift, &'w Spikes, &'w mut Cells);

fn hold(mut groups: Query<Group<'_>>, clock: Res<Clock>) {
    for (rule, mut rate, mut shift, spikes, mut cells) in &mut groups {
        let (rate, shift) = (&mut rate.0, shift.shift_mut());
        let lost = -libm::expm1(-clock.dt / rule.tau);
        // A rate that decays weighs in a step as if it stayed for this long (s).
        let [weighs, step] = [rule.tau * lost, clock.dt].map(|ms| 1e-3 * ms);
        let size = (Step::of(&clock, 1), shift.get().len());
        let constants = cells
            .of(&*rule, rule.is_changed(), size, |i| Constants { eta: rule.eta.at(i), target: rule.target_rate.at(i) });
        let rates = rate.exact();
        match constants {
            CellsOf::Alike(Constants { eta, target }) => {
                let [eta, target] = [eta, target].map(wide);
                shift.update(|i, theta| theta + eta * (rates[i] * weighs - target * step));
            }
            CellsOf::Each(columns) => {
                let constants = Constants::read(columns, 0);
                shift.update(|i, theta| {
                    let Constants { eta, target } = constants(i);
                    theta + wide(eta) * (rates[i] * weighs - wide(target) * step)
                });
            }
        }
        rate.update(|_, rate| rate - rate * lost);
        for &neuron in spikes.neurons() {
            rate.add(neuron as usize, 1e3 / rule.tau);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    /// With spikes at the ends tₖ of iterations, r = r₀ e^{−t/τ} + Σ e^{−(t − tₖ)/τ} / τ, and its integral
    /// θ = η (r₀ τ (1 − e^{−t/τ}) + Σ (1 − e^{−(t − tₖ)/τ}) − target t).
    #[test]
    fn rate_and_threshold_are_those_of_the_closed_form() {
        for (dt, tau) in [(0.5, 40.0), (0.5, 1e7)] {
            let mut bench = Bench::new().with_dt(dt);
            let rule = ThresholdHomeostasis {
                eta: "2 + 0 * i".into(),
                target_rate: "8 * i".into(),
                tau,
                mean_rate: 16.0.into(),
                threshold_shift: (-1.0).into(),
            };
            let times = [vec![2.25, 9.25, 10.25], vec![30.25]];
            let cells = (SpikeSource::at(times.to_vec()), ThresholdShift::default(), rule);
            let cells = bench.group("cells", 2, cells);
            for step in 1..=120 {
                bench.tick();
                let now = f64::from(step) * dt;
                let (rates, shifts) = (bench.get(cells, "mean_rate"), bench.get(cells, "threshold_shift"));
                for i in 0..2 {
                    let since = times[i].iter().map(|t| now - (t + 0.25)).filter(|&since| since >= 0.0);
                    let (mut rate, mut area) = (16.0 * (-now / tau).exp(), -0.016 * tau * (-now / tau).exp_m1());
                    for since in since {
                        rate += 1e3 / tau * (-since / tau).exp();
                        area -= (-since / tau).exp_m1();
                    }
                    let shift = 2.0 * (area - 8e-3 * i as f64 * now) - 1.0;
                    for (found, exact) in [(rates[i], rate), (shifts[i], shift)] {
                        let bound = 0.51 * f64::from(Real::EPSILON) * exact.abs() + 1e-11;
                        assert!((found - exact).abs() <= bound, "{step} {i}: {found} {exact}");
                    }
                }
            }
        }
    }

    /// Neurons under different currents come to fire at their targets: only there the threshold stays.
    #[test]
    fn neurons_settle_at_their_targets() {
        let mut bench = Bench::new();
        let rule = ThresholdHomeostasis { eta: 0.5.into(), target_rate: "10 + 10 * i".into(), tau: 200.0, ..default() };
        let current = ConstantCurrent { amplitude: "450 + 100 * i".into() };
        let cells = bench.group("cells", 3, (Lif::default(), current, rule));
        bench.ticks(20_000);
        let mut counts = [0.0; 3];
        for _ in 0..10_000 {
            bench.tick();
            bench.spikes(cells).into_iter().for_each(|i| counts[i as usize] += 1.0);
        }
        for (count, target) in counts.into_iter().zip([100.0, 200.0, 300.0]) {
            // Whole spikes, and intervals of whole iterations.
            assert!(f64::abs(count - target) < 0.03 * target, "{counts:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let mut refused = |rule: ThresholdHomeostasis| bench.try_group("cells", 2, (Lif::default(), rule)).unwrap_err();
        let tau = ThresholdHomeostasis { tau: f64::NAN, ..default() };
        assert_eq!(refused(tau), "cells: ThresholdHomeostasis.tau: must be above 0, not NaN");
        let eta = ThresholdHomeostasis { eta: (-1.0).into(), ..default() };
        assert_eq!(refused(eta), "cells: ThresholdHomeostasis.eta: must be 0 or more, not -1");
        let error = bench.try_group("poisson", 2, (PoissonNeurons::default(), ThresholdHomeostasis::default()));
        let why = "the threshold of `poisson` cannot be moved: its model takes no shift";
        assert_eq!(error.unwrap_err(), format!("poisson: ThresholdHomeostasis: {why}"));
    }
}

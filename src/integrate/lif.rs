//! The leaky integrate-and-fire model (Lapicque 1907), integrated exactly as by S. Rotter & M. Diesmann, "Exact digital
//! simulation of time-invariant linear systems", Biol. Cybern. 81:381 (1999).
//!
//! ```text
//! c dv/dt = −g_leak (v − rest) + input + bias − conductance · v,     g_leak = c / tau
//!
//! v  ← v + jump                                   unless refractory
//! v  ← v + (v∞ − v) (1 − exp(−dt · g / c))        unless refractory
//! g  = g_leak + conductance,   g v∞ = g_leak · rest + input + bias
//! v ≥ threshold + shift after either:  v ← reset, refractory for round(refractory / dt) iterations
//! ```
//! Exact for an input that is constant in an iteration. A conductance is held for the iteration as well (exponential
//! Euler). Units: pF, ms, mV, pA, nS. With `c` equal to `tau` the resistance tau / c is 1, and the input counts in mV:
//! tau dv/dt = input − (v − rest), the form of many network papers.
//!
//! A spike counts in the iteration whose jump or step takes v to the threshold or above; v is set to `reset` in the same
//! iteration. It stays there for the refractory iterations that follow, and what arrives in them is lost. In single
//! precision v is right to 0.0005 mV at steps of τ/256 and above, and carried on below the last place at shorter ones.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    driver::AddModel,
    model::{At, Drive, NeuronModel, Steps},
    refractory,
};
use crate::{
    behaviour, cell,
    network::{
        Behaviour, Below, Conductance, Initial, Jump, Membrane, Parameter, Preparation, PrepareError, Range, Step,
        ThresholdShift, Unit, V,
    },
    numeric::{
        Real,
        carried::Carried,
        real::{real, wide},
    },
};

behaviour! {
    /// Leaky integrate-and-fire neurons with currents, conductances or jumps of the membrane potential.
    ///
    /// By default a cell of the cortical microcircuit of Potjans & Diesmann, Cereb. Cortex 24:785 (2014), table 5, at rest.
    pub struct Lif {
        /// Capacitance of the membrane; set it to `tau` for an input in mV.
        #[reflect(@Unit("pF"), @Range::ABOVE_ZERO)]
        pub c: Parameter = 250.0,
        /// Time constant of the membrane.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau: Parameter = 10.0,
        /// Potential to which the membrane leaks.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub rest: Parameter = -65.0,
        /// Potential at which a neuron fires.
        #[reflect(@Unit("mV"))]
        pub threshold: Parameter = -50.0,
        /// Potential after a spike.
        #[reflect(@Unit("mV"), @Range::FINITE, @Below("threshold"))]
        pub reset: Parameter = -65.0,
        /// How long a neuron is refractory after a spike, rounded to iterations.
        #[reflect(@Unit("ms"))]
        pub refractory: Parameter = 2.0,
        /// A constant current.
        #[reflect(@Unit("pA"), @Range::FINITE)]
        pub bias: Parameter = 0.0,
        /// Membrane potential at the start.
        #[reflect(@Unit("mV"))]
        pub v: Initial = "rest",
    }
}

impl Behaviour for Lif {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        refractory::check(preparation, &self.refractory)?;
        let (entity, membrane) = (preparation.entity(), Membrane { tau: self.tau.clone() });
        preparation.world().entity_mut(entity).insert(membrane);
        Ok(())
    }
}

cell! {
    /// The constants of a neuron.
    pub struct Cell {
        leak: Real,
        /// Potential to which it relaxes without input.
        base: Real,
        resistance: Real,
        /// What a step covers of the way there.
        part: Real,
        /// dt / c
        per_charge: Real,
        threshold: Real,
        reset: Real,
        /// Iterations.
        refractory: Real,
    }
}

impl NeuronModel for Lif {
    type State = (V,);
    type Cell = Cell;
    type Takes = (Conductance, Jump, ThresholdShift);
    const REFRACTORY: bool = true;
    const EXPONENT: Option<fn(Cell, Real) -> Real> =
        Some(|cell, conductance| cell.per_charge * (cell.leak + conductance));
    const STEPS: Steps = Steps::One;

    fn cell(&self, i: usize, step: Step) -> Cell {
        let Self { c, tau, rest, threshold, reset, refractory, bias, .. } = self;
        let [c, tau, rest, bias] = [c, tau, rest, bias].map(|own| wide(own.at(i)));
        let resistance = tau / c;
        Cell {
            leak: real(1.0 / resistance),
            base: real(rest + resistance * bias),
            resistance: real(resistance),
            part: real(-libm::expm1(-step.dt / tau)),
            per_charge: real(step.dt / c),
            threshold: threshold.at(i),
            reset: reset.at(i),
            refractory: refractory::iterations(refractory.at(i), step.dt()),
        }
    }

    fn rates(&self, i: usize) -> [Option<f64>; 2] {
        [Some(1.0 / wide(self.tau.at(i))), None]
    }

    #[inline(always)]
    fn refractory(cell: Cell) -> Real {
        cell.refractory
    }

    #[inline(always)]
    fn shifted(cell: Cell, shift: Real) -> Cell {
        Cell { threshold: cell.threshold + shift, ..cell }
    }

    #[inline(always)]
    fn step<X: Carried>(cell: Cell, [v]: [X; 1], drive: impl Drive, at: At) -> ([X; 1], bool) {
        let start = drive.jump().map_or(v.value(), |jump| v.value() + jump);
        let end = X::with_rest(start, v.rest());
        let end = match drive.conductance() {
            // The way as a difference first: both potentials are large beside it.
            open if X::CARRIES => {
                let (open, way) = (open.unwrap_or(0.0), (cell.base - start) - v.rest());
                let speed = cell.leak * (way + cell.resistance * drive.input()) - open * (start + v.rest());
                end.moved(speed * cell.per_charge * drive.mean_exp(-cell.per_charge * (cell.leak + open)))
            }
            Some(open) => {
                let total = cell.leak + open;
                let speed = (cell.leak * cell.base + drive.input() - total * start) * cell.per_charge;
                end.moved(speed * drive.mean_exp(-cell.per_charge * total))
            }
            None => end.moved((cell.base + cell.resistance * drive.input() - start) * cell.part),
        };
        let reached = (end.value() >= cell.threshold) | (drive.jump().is_some() & (start >= cell.threshold));
        let fires = !at.held & reached;
        let kept = if at.held { v } else { end };
        ([if fires { X::of(cell.reset) } else { kept }], fires)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::test_drive::{TestDrive, feeding, spike_times},
        Lif,
    };
    use crate::prelude::*;

    /// What rounding can do to a trace: a step is off by half a unit in the last place of v, and relaxation forgets such
    /// errors within τ, so that those of τ/dt steps add up at worst: 1.2e-5 of v for τ/dt = 200 in f32.
    fn rounding(v: f64, steps_in_tau: f64) -> f64 {
        0.5 * f64::from(Real::EPSILON) * v.abs() * (4.0 + steps_in_tau)
    }

    fn driven(amplitude: f64) -> ConstantCurrent {
        ConstantCurrent { amplitude: amplitude.into() }
    }

    #[test]
    fn the_membrane_follows_the_analytic_solution_at_any_step() {
        for (dt, steps) in [(0.1, 300), (1.0, 30), (15.0, 2)] {
            let mut bench = Bench::new().with_dt(dt);
            // All the same, and one parameter per neuron: tau / c = 20 / 200, so 100 pA are 10 mV.
            let model = Lif { c: 200.0.into(), tau: 20.0.into(), rest: (-60.0).into(), v: (-57.0).into(), ..default() };
            let same = bench.group("same", 1, (model.clone(), driven(50.0)));
            let bias = "50 * i".into();
            let each = bench.group("each", 2, (Lif { bias, ..model }, driven(-50.0)));
            for step in 1..=steps {
                bench.tick();
                let v = |target: f64| target + (-57.0 - target) * (-f64::from(step) * dt / 20.0).exp();
                let found = [bench.get(same, "v"), bench.get(each, "v")].concat();
                for (found, target) in found.iter().zip([-55.0, -65.0, -60.0]) {
                    let bound = rounding(65.0, 20.0 / dt);
                    assert!((found - v(target)).abs() < bound, "{dt} {step}: {found}, {}", v(target));
                }
            }
        }
    }

    /// `t_ref + τ ln(RI / (RI − (θ − rest)))`, the rise rounded up to an iteration, as spikes stand on the grid.
    #[test]
    fn the_rate_is_that_of_the_closed_form() {
        let dt = 0.1;
        // The last one does not reach the threshold: 374 pA · 10 ms / 250 pF = 14.96 mV.
        for current in [1500.0, 600.0, 400.0, 376.0, 374.0_f64] {
            let mut bench = Bench::new().with_dt(dt);
            let cells = bench.group("cells", 1, (Lif::default(), driven(current)));
            let times = spike_times(&mut bench, cells, 3000);
            let drive = current * 10.0 / 250.0;
            if drive < 15.0 {
                assert_eq!(times, [0; 0]);
                continue;
            }
            let rise = (10.0 * (drive / (drive - 15.0)).ln() / dt).ceil() as u64;
            let expected: Vec<u64> = (0..).map(|k| rise - 1 + k * (rise + 20)).take_while(|&t| t < 3000).collect();
            assert!(expected.len() > 2);
            assert_eq!(times, expected, "{current} pA");
        }
    }

    #[test]
    fn a_refractory_neuron_stays_at_reset_and_loses_what_arrives() {
        let mut bench = Bench::new().with_dt(0.5);
        // 0.74 ms are one iteration of 0.5 ms, 1.5 ms are three. 20 nA lift v by 39 mV in one that counts.
        let model = Lif { reset: (-70.0).into(), refractory: "0.74 + 0.76 * i".into(), ..default() };
        let cells = bench.group("cells", 2, (model, driven(2e4)));
        let mut seen = Vec::new();
        for _ in 0..6 {
            bench.tick();
            seen.push(bench.spikes(cells));
            assert_eq!(bench.get(cells, "v"), [-70.0, -70.0]);
        }
        assert_eq!(seen, [vec![0, 1], vec![], vec![0], vec![], vec![0, 1], vec![]]);
    }

    #[test]
    fn a_jump_counts_at_the_start_of_the_step_unless_refractory() {
        let mut bench = feeding(Bench::new());
        // τ so long that nothing leaks: what moves v is the jump.
        let model = Lif { tau: 1e17.into(), c: 1e17.into(), refractory: 1.0.into(), ..default() };
        let cells = bench.group("cells", 2, model);
        for (jump, v, spikes) in [
            (vec![14.0, 15.0], [-51.0, -65.0], vec![1]),
            (vec![0.5, 40.0], [-50.5, -65.0], vec![]),
            (vec![0.5, 1.0], [-65.0, -64.0], vec![0]),
            (vec![-9.0, -9.0], [-65.0, -73.0], vec![]),
        ] {
            bench.world_mut().entity_mut(cells).insert(TestDrive { jump, ..default() });
            bench.tick();
            bench.assert_near(cells, "v", &v);
            assert_eq!(bench.spikes(cells), spikes);
        }
        // A jump over the threshold is a spike, even where the step would have led back below it.
        let leaky = bench.group("leaky", 1, (Lif::default(), TestDrive { jump: vec![15.0], ..default() }));
        bench.tick();
        assert_eq!(bench.spikes(leaky), [0]);
    }

    #[test]
    fn a_conductance_shortens_the_time_constant_and_moves_the_target() {
        let mut bench = feeding(Bench::new().with_dt(0.1));
        // 25 nS of leak at −65 mV, 15 nS with a reversal potential of 0 (that is no current) beside 100 pA.
        let fed = TestDrive { conductance: vec![15.0], ..default() };
        let model = Lif { threshold: 0.0.into(), ..default() };
        let cells = bench.group("cells", 1, (model.clone(), fed, driven(100.0)));
        let (target, tau) = ((25.0 * -65.0 + 100.0) / 40.0, 250.0 / 40.0);
        for step in 1..=300 {
            bench.tick();
            let v = target + (-65.0 - target) * (-0.1 * f64::from(step) / tau).exp();
            let found = bench.get(cells, "v")[0];
            assert!((found - v).abs() < rounding(65.0, 10.0 * tau), "{step}: {found}, {v}");
        }
        // None at all is the same as nobody to ask, to a rounding.
        let zero = TestDrive { conductance: vec![0.0], ..default() };
        let [with, without] = [
            bench.group("with", 1, (model.clone(), zero, driven(100.0))),
            bench.group("without", 1, (model, driven(100.0))),
        ];
        bench.ticks(50);
        let [with, without] = [bench.get(with, "v")[0], bench.get(without, "v")[0]];
        assert!((with - without).abs() < rounding(65.0, 100.0), "{with} {without}");
    }

    #[test]
    fn a_capacitance_equal_to_the_time_constant_makes_the_input_count_in_millivolts() {
        let mut bench = Bench::new().with_dt(0.1);
        let model = Lif { c: 20.0.into(), tau: 20.0.into(), rest: (-49.0).into(), v: (-60.0).into(), ..default() };
        let cells = bench.group("cells", 1, (model, driven(-4.0)));
        bench.ticks(10_000);
        assert!((bench.get(cells, "v")[0] + 53.0).abs() < rounding(53.0, 200.0));
    }

    #[test]
    fn the_membrane_says_its_time_constant() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 3, Lif { tau: "10 + i".into(), ..default() });
        let tau = bench.world_mut().get::<Membrane>(cells).unwrap().tau.clone();
        assert_eq!([0, 1, 2].map(|i| f64::from(tau.at(i))), [10.0, 11.0, 12.0]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut bench = Bench::new();
        let mut refused = |model| bench.try_group("cells", 2, model).unwrap_err();
        let tau = Lif { tau: "1 - i".into(), ..default() };
        assert_eq!(refused(tau), "cells: Lif.tau: must be above 0; member 1 gets 0");
        let reset = Lif { reset: (-50.0).into(), ..default() };
        assert_eq!(refused(reset), "cells: Lif.reset: must be below `threshold`; -50 is not below -50");
        let refractory = Lif { refractory: (-1.0).into(), ..default() };
        assert_eq!(refused(refractory), "cells: Lif.refractory: must be 0 to 10 million iterations, not -1");
    }
}

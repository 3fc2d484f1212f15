//! C. Morris & H. Lecar, Biophys. J. 35:193 (1981), with the parameters of J. Rinzel & G. B. Ermentrout (1998), "Hopf".

use cortecs::{author::*, prelude::*};

variable! {
    /// Activation of the potassium channels.
    pub struct Activation = "w" in "";
}

behaviour! {
    /// Morris–Lecar neurons: calcium at once, potassium with a delay.
    struct MorrisLecar {
        #[reflect(@Unit("µF/cm²"), @Range::ABOVE_ZERO)]
        c: Parameter = 20.0,
        #[reflect(@Unit("mS/cm²"), @Range::NOT_NEGATIVE)]
        g_ca: Parameter = 4.4,
        /// Rate of the potassium channels.
        #[reflect(@Unit("1/ms"), @Range::ABOVE_ZERO)]
        phi: Parameter = 0.04,
        #[reflect(@Range::STEPS)]
        steps: u32 = 1,
        #[reflect(@Unit("mV"))]
        v: Initial = -60.855,
        w: Initial = 0.01491,
    }
}

impl Behaviour for MorrisLecar {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }
}

cell! {
    struct Cell {
        per_charge: Real,
        g_ca: Real,
        phi: Real,
    }
}

#[inline(always)]
fn sigmoid(x: Real) -> Real {
    1.0 / (1.0 + exp(-x))
}

impl NeuronModel for MorrisLecar {
    type State = (V, Activation);
    type Cell = Cell;
    type Takes = (Conductance,);
    const EFFORT: Effort = Effort::Heavy;

    fn steps(&self) -> u32 {
        self.steps
    }

    fn cell(&self, i: usize, step: Step) -> Cell {
        Cell { per_charge: step.h() / self.c.at(i), g_ca: self.g_ca.at(i), phi: self.phi.at(i) }
    }

    /// Exponential Euler of both.
    #[inline(always)]
    fn step<X: Carried>(cell: Cell, [v, w]: [X; 2], drive: impl Drive, at: At) -> ([X; 2], bool) {
        let x = v.value();
        let calcium = cell.g_ca * sigmoid(2.0 * (x + 1.2) * (1.0 / 18.0));
        let total = calcium + 8.0 * w.value() + 2.0 + drive.conductance().unwrap_or(0.0);
        let current = calcium * 120.0 - 84.0 * 8.0 * w.value() - 120.0 + drive.input();
        let end = v.moved(-(current / total - x) * exp_m1(-cell.per_charge * total));
        let s = (x - 2.0) * (1.0 / 60.0);
        let rate = 0.5 * cell.phi * (exp(s) + exp(-s));
        let opened = w.moved(-(sigmoid(4.0 * s) - w.value()) * exp_m1(-at.h * rate));
        ([end, opened], (x < 0.0) & (end.value() >= 0.0))
    }
}

fn bench(dt: f64) -> Bench {
    let mut bench = Bench::new().with_dt(dt);
    bench.app_mut().register_behaviour::<MorrisLecar>();
    bench
}

fn driven(amplitude: f64) -> ConstantCurrent {
    ConstantCurrent { amplitude: amplitude.into() }
}

/// Rinzel & Ermentrout: rest is stable up to 93.86 µA/cm², where it turns into oscillations of full size.
#[test]
fn it_rests_below_the_hopf_bifurcation_and_oscillates_above() {
    let mut bench = bench(0.05);
    let below = bench.group("below", 1, (MorrisLecar::default(), driven(80.0)));
    let above = bench.group("above", 3, (MorrisLecar { c: "20 + 0 * i".into(), ..default() }, driven(100.0)));
    bench.ticks(20_000);
    // The step of current itself sets off one spike below.
    let before = [below, above].map(|cells| bench.spike_count(cells));
    bench.ticks(20_000);
    assert_eq!(bench.spike_count(below), before[0]);
    assert!(bench.spike_count(above) > before[1] + 3 * 5, "{before:?}");
}

#[test]
fn steps_in_an_iteration_are_steps() {
    let ran = |dt, steps, iterations| {
        let mut bench = bench(dt);
        let cells = bench.group(
            "cells",
            5,
            (MorrisLecar { steps, phi: "0.04 + 0.001 * i".into(), ..default() }, driven(100.0)),
        );
        bench.ticks(iterations);
        bench.get(cells, "v")
    };
    let (one, four) = (ran(0.05, 1, 800), ran(0.2, 4, 200));
    assert!(one.iter().zip(&four).all(|(x, y)| (x - y).abs() < 1e-3), "{one:?} {four:?}");
}

#[test]
fn what_is_out_of_its_range_is_refused_and_a_change_in_a_run_is_seen() {
    let mut bench = bench(0.05);
    let error = bench.try_group("a", 2, MorrisLecar { c: "i".into(), ..default() }).unwrap_err();
    assert_eq!(error, "a: MorrisLecar.c: must be above 0; member 0 gets 0");
    let cells = bench.group("cells", 1, (MorrisLecar::default(), driven(100.0)));
    bench.ticks(100);
    let before = bench.get(cells, "v");
    let slow = MorrisLecar { c: 1e9.into(), ..default() };
    cortecs::network::change(bench.world_mut(), None, "cells.MorrisLecar", "c", &slow).unwrap();
    bench.ticks(100);
    assert!((bench.get(cells, "v")[0] - before[0]).abs() < 1e-3);
}

//! Receptors by equations against those of this crate, closed forms and plain reckoning.

use super::tests::{given, starting};
use crate::{
    equations::Method,
    network::{Remark, change},
    numeric::real::wide,
    prelude::*,
    scene::like,
};

fn library(name: &str, own: &[(&str, f64)]) -> EquationsReceptor {
    let mut bench = Bench::new();
    let mut receptor = like::<EquationsReceptor>(bench.world_mut(), name).unwrap_or_else(|why| panic!("{why}"));
    own.iter().for_each(|(name, x)| _ = receptor.parameters.insert((*name).to_owned(), Parameter::from(*x)));
    receptor
}

/// v, input and conductance after each of some iterations, in which weights arrive in the first and the fifth.
fn driven(dt: f64, model: impl Bundle, receptor: impl Behaviour) -> Vec<[f64; 3]> {
    let mut bench = Bench::new().with_dt(dt);
    let cells = bench.group("cells", 3, (model, Conductance::default()));
    let receptor = bench.receptor(cells, "r", receptor);
    let mut all = Vec::new();
    for k in 0..60 {
        if k == 0 || k == 4 {
            bench.set(receptor, "arriving", &[0.0, 1.5, 0.7 * f64::from(k)]);
        }
        bench.tick();
        all.extend((0..3).map(|i| ["v", "input", "conductance"].map(|name| bench.get(cells, name)[i])));
    }
    all
}

fn compare(text: EquationsReceptor, native: impl Behaviour, near: f64) {
    for dt in [0.1, 1.0] {
        let lif = || Lif { v: "-64 + i".into(), c: 250.0.into(), ..default() };
        let (text, native) = (driven(dt, lif(), text.clone()), driven(dt, lif(), native.clone()));
        let far = |[v, input, open]: &[f64; 3]| input.abs().max(*open).max(v + 62.0);
        assert!(native.iter().map(far).fold(0.0, f64::max) > 0.05, "nothing has happened");
        for (k, (text, native)) in text.iter().zip(&native).enumerate() {
            for (x, y) in text.iter().zip(native) {
                assert!((x - y).abs() <= near * (1.0 + y.abs()), "{dt} {k}: {text:?} {native:?}");
            }
        }
    }
}

/// To rounding, with the membrane of a leaky neuron: currents as it takes them up, conductances by their means.
#[test]
fn linear_receptors_are_those_of_this_crate() {
    let near = 64.0 * wide(Real::EPSILON);
    compare(library("exponential_current", &[]), ExponentialReceptor::default(), near);
    let native = || ExponentialReceptor { tau: 3.0.into(), reversal: Some((-20.0).into()), ..default() };
    let text = EquationsReceptor { reversal: Some((-20.0).into()), ..library("exponential", &[("tau", 3.0)]) };
    compare(text, native(), near);
    let native = BiexponentialReceptor { rise: 1.0.into(), decay: 5.0.into(), reversal: Some(0.0.into()), ..default() };
    compare(library("biexponential", &[]), native, near);
    // Equal time constants: an alpha function, of which the peak is at tau.
    let alpha = EquationsReceptor {
        model: "ds/dt = x - s/tau; dx/dt = -x/tau".into(),
        arrive: "x += weight*exp(1)/tau".into(),
        current: "s".into(),
        parameters: given(&[("tau", 4.0)]),
        ..default()
    };
    compare(alpha, AlphaReceptor { tau: 4.0.into(), ..default() }, near);
    let jump = EquationsReceptor { jump: "2*weight".into(), ..default() };
    compare(
        EquationsReceptor { current: "".into(), ..jump },
        JumpReceptor { gain: 2.0.into(), ..default() },
        // Nothing is given but jumps: v tells.
        near,
    );
}

#[test]
fn the_block_by_magnesium_is_that_of_this_crate() {
    let native = NmdaReceptor { rise: 2.0.into(), decay: 40.0.into(), ..default() };
    compare(library("nmda", &[("decay", 40.0)]), native, 64.0 * wide(Real::EPSILON));
}

/// ds/dt = −s/τ + α x (1 − s) against a fine reckoning in double precision; it stays below 1.
#[test]
fn what_saturates_follows_its_equations() {
    let mut bench = Bench::new().with_dt(0.1);
    let cells = bench.group("cells", 1, Lif::default());
    let receptor = bench.receptor(cells, "r", library("nmda_saturating", &[("alpha", 0.5)]));
    let (mut s, mut x) = (0.0, 0.0);
    for k in 0..500 {
        if k % 50 == 0 {
            bench.set(receptor, "arriving", &[3.0]);
            x += 3.0;
        }
        bench.tick();
        let h = 0.0001;
        for _ in 0..1000 {
            let (ds, dx) = (-s / 100.0 + 0.5 * x * (1.0 - s), -x / 2.0);
            (s, x) = (s + h * ds, x + h * dx);
        }
        let found = bench.get(receptor, "s")[0];
        assert!((found - s).abs() < 0.01 && found < 1.0, "{k}: {found} {s}");
    }
    assert!(s > 0.9);
    assert!(bench.world_mut().get::<Remark>(receptor).unwrap().0.contains("2 variables by ExponentialEuler"));
}

/// Noise and input vary from neuron to neuron and in time: the same bits for any number of threads, and on from a checkpoint.
#[test]
fn receptors_go_on_from_a_checkpoint_and_parameters_are_changed() {
    Bench::assert_goes_on(60, |bench| {
        let drivers = bench.group("drivers", 20, PoissonNeurons { rate: 80.0.into(), ..default() });
        let cells = bench.group("cells", 9, Lif::default());
        let receptor = EquationsReceptor {
            afferent: "X".into(),
            initial: starting(&[("s", "0.1*i/9")]),
            ..library("nmda_saturating", &[("g_max", 20.0)])
        };
        bench.receptor(cells, "nmda", receptor);
        bench.synapses(drivers, cells, "X", (AllToAll::default(), InitialWeights(0.2.into())));
    });
    let mut bench = Bench::new();
    let cells = bench.group("cells", 1, Lif::default());
    let receptor = bench.receptor(cells, "r", library("exponential_current", &[]));
    bench.set(receptor, "arriving", &[2.0]);
    bench.tick();
    let donor = library("exponential_current", &[("tau", 1e9)]);
    change(bench.world_mut(), None, "cells.r.EquationsReceptor", "parameters.tau", &donor).unwrap();
    let before = bench.get(receptor, "s")[0];
    bench.ticks(10);
    assert!((bench.get(receptor, "s")[0] - before).abs() < 1e-6);
}

#[test]
fn what_cannot_be_a_receptor_is_told_with_its_place() {
    let why = |receptor: EquationsReceptor, model: &str| {
        let mut bench = Bench::new();
        let cells = match model {
            "lif" => bench.group("cells", 2, Lif::default()),
            _ => bench.group("cells", 2, Izhikevich::default()),
        };
        bench.world_mut().spawn((Name::new("r"), ReceptorOf(cells), receptor));
        bench.world_mut().flush();
        bench.try_ticks(1).unwrap_err()
    };
    let plain = || EquationsReceptor { current: "s".into(), ..default() };
    let told = why(EquationsReceptor { arrive: "s += weight^2".into(), ..plain() }, "lif");
    assert!(told.contains("`weight` must stand in it linearly"), "{told}");
    let told = why(EquationsReceptor { current: "q".into(), ..plain() }, "lif");
    assert!(told.contains("nothing is named `q`"), "{told}");
    let told = why(EquationsReceptor { model: "ds/dt = -s/5 + xi".into(), ..plain() }, "lif");
    assert!(told.contains("draws no random numbers"), "{told}");
    let told = why(EquationsReceptor { conductance: "s".into(), ..plain() }, "lif");
    assert!(told.contains("needs its reversal potential"), "{told}");
    let told = why(EquationsReceptor { reversal: Some(0.0.into()), ..plain() }, "lif");
    assert!(told.contains("there is none"), "{told}");
    let told = why(EquationsReceptor { jump: "weight".into(), ..plain() }, "izhikevich");
    assert!(told.contains("its model takes no jumps"), "{told}");
    let told = why(EquationsReceptor { parameters: given(&[("weight", 1.0)]), ..plain() }, "lif");
    assert!(told.contains("it is no parameter"), "{told}");
    let told = why(EquationsReceptor { method: Method::Exact, model: "ds/dt = -s^2".into(), ..plain() }, "lif");
    assert!(told.contains("not linear"), "{told}");
}

//! Equations against closed forms, models of this crate, plain loops and theory.

use std::collections::BTreeMap;

use rayon::ThreadPoolBuilder;

use super::parameters;
use crate::{
    checkpoint::Checkpoint,
    equations::{Method, When},
    network::{Afferent, Arrivals, EquationText, InitialValues, SumOver, Sums, change},
    numeric::real::{real, wide},
    prelude::*,
    value::Value,
};

pub(super) fn given(named: &[(&str, f64)]) -> BTreeMap<String, Parameter> {
    named.iter().map(|(name, x)| ((*name).to_owned(), Parameter::from(*x))).collect()
}

pub(super) fn starting(named: &[(&str, &str)]) -> InitialValues {
    InitialValues(named.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect())
}

/// Equations of variables that never fire.
pub(super) fn silent(model: &str, named: &[(&str, f64)], initial: &[(&str, &str)], method: Method) -> Equations {
    Equations {
        model: model.into(),
        parameters: given(named),
        initial: starting(initial),
        spike: "".into(),
        reset: "".into(),
        method,
        ..default()
    }
}

fn driven(amplitude: f64) -> ConstantCurrent {
    ConstantCurrent { amplitude: amplitude.into() }
}

const LIF: &str = "dv/dt = (rest - v)/tau + input/c : mV, held";

fn lif() -> Equations {
    Equations {
        model: LIF.into(),
        parameters: given(&[("rest", -65.0), ("tau", 10.0), ("c", 250.0)]),
        initial: starting(&[("v", "rest")]),
        spike: "v >= -50".into(),
        reset: "v = -65".into(),
        refractory: 2.0.into(),
        ..default()
    }
}

/// Relaxation under a current: within 4 units in the last place of v.
#[test]
fn the_exact_method_follows_the_closed_form_at_any_step() {
    for (dt, steps) in [(0.1, 300), (1.0, 30), (15.0, 2)] {
        let mut bench = Bench::new().with_dt(dt);
        let model = Equations { spike: "".into(), initial: starting(&[("v", "-57")]), ..lif() };
        let cells = bench.group("cells", 3, (model, driven(100.0)));
        for k in 1..=steps {
            bench.tick();
            let expected = -61.0 + 4.0 * (-f64::from(k) * dt / 10.0).exp();
            let near = 4.0 * 64.0 * wide(Real::EPSILON) * (1.0 + 0.5 * 10.0 / dt);
            for v in bench.get(cells, "v") {
                assert!((v - expected).abs() < near, "{dt} {k}: {v} {expected}");
            }
        }
    }
}

/// A current that decays into a membrane, also where both have the same time constant, and of each neuron its own.
#[test]
fn coupled_linear_equations_are_exact() {
    let model = "dv/dt = (s - v)/tau; ds/dt = -s/tau_s";
    let mut bench = Bench::new().with_dt(0.5);
    let mut equations = silent(model, &[("tau", 10.0)], &[("s", "3")], Method::Auto);
    equations.parameters.insert("tau_s".into(), "2 + 2 * i".into());
    let cells = bench.group("cells", 5, equations);
    bench.ticks(20);
    let expected = |tau: f64| {
        if (tau - 10.0).abs() < 1e-9 {
            return 3.0 * (10.0 / tau) * (-1.0_f64).exp();
        }
        3.0 / (1.0 - 10.0 / tau) * ((-10.0 / tau).exp() - (-1.0_f64).exp())
    };
    let expected: Vec<f64> = (0..5).map(|i| expected(2.0 + 2.0 * f64::from(i))).collect();
    for (found, expected) in bench.get(cells, "v").into_iter().zip(&expected) {
        assert!((found - expected).abs() < 40.0 * wide(Real::EPSILON) * 3.0, "{found} {expected}");
    }
}

/// Izhikevich's equations by Euler's method, against a loop in the precision of the state: the same bits.
#[test]
fn a_program_does_what_a_loop_does() {
    let mut bench = Bench::new().with_dt(0.5);
    let equations = Equations {
        model: "dv/dt = 0.04*v^2 + 5*v + 140 - u + input; du/dt = a*(b*v - u)".into(),
        parameters: given(&[("a", 0.02), ("b", 0.2), ("c", -65.0), ("d", 8.0)]),
        initial: starting(&[("v", "-65 + i"), ("u", "b*v")]),
        spike: "v > 30".into(),
        reset: "v = c; u += d".into(),
        method: Method::Euler,
        ..default()
    };
    let cells = bench.group("cells", 37, (equations, driven(10.0)));
    let mut v: Vec<Real> = (0..37).map(|i| real(f64::from(i) - 65.0)).collect();
    let mut u: Vec<Real> = (0..37).map(|i| real(0.2 * (f64::from(i) - 65.0))).collect();
    let (mut spikes, h) = (0_u64, 0.5);
    for _ in 0..1000 {
        bench.tick();
        for i in 0..37 {
            let dv = v[i] * v[i] * 0.04 + v[i] * 5.0 + 140.0 - u[i] + 10.0;
            // Constants meet: a b v − a u, with factors in double precision.
            let du = (v[i] * real(0.2) - u[i]) * real(0.02 * h);
            v[i] += dv * real(h);
            u[i] += du;
            if v[i] > 30.0 {
                (v[i], u[i], spikes) = (-65.0, u[i] + 8.0, spikes + 1);
            }
        }
    }
    assert_eq!(bench.get(cells, "u"), u.iter().map(|x| wide(*x)).collect::<Vec<_>>());
    assert_eq!(bench.get(cells, "v"), v.iter().map(|x| wide(*x)).collect::<Vec<_>>());
    assert_eq!(bench.spike_count(cells), spikes);
    assert!(spikes > 100);
}

/// Halving the step divides the error by 2ⁿ, n being the order: Morris & Lecar's membrane against a fine Runge–Kutta.
#[test]
fn methods_converge_with_their_order() {
    let model = "m_inf = sigmoid(2*(v + 1.2)/18); w_inf = sigmoid(2*(v - 2)/30)
        rate = 0.02*(exp((v - 2)/60) + exp(-(v - 2)/60))
        dv/dt = (4.4*m_inf*(120 - v) + 8*w*(-84 - v) + 2*(-60 - v) + 90)/20
        dw/dt = rate*(w_inf - w)";
    // One derivative after another is linear in itself where the other gate is: here neither v is.
    let linear = "dv/dt = (8*w*(-84 - v) + 2*(-60 - v) + 300)/20; dw/dt = 0.1*(sigmoid(2*0.01*v) - w)*(1 + w*0)";
    let of = |model: &str, method: Method, steps: u32| {
        let mut bench = Bench::new().with_dt(16.0 / f64::from(steps));
        let equations = silent(model, &[], &[("v", "-30"), ("w", "0.1")], method);
        let cells = bench.group("cells", 1, Equations { steps: 2, ..equations });
        bench.ticks(u64::from(steps));
        bench.get(cells, "v")[0]
    };
    for (model, method, order, coarse) in [
        (model, Method::Euler, 1, 64),
        (model, Method::Heun, 2, 16),
        (model, Method::RungeKutta4, 4, if size_of::<Real>() == 4 { 2 } else { 16 }),
        (linear, Method::ExponentialEuler, 1, 16),
    ] {
        let fine = of(model, Method::RungeKutta4, 512);
        let errors = [coarse, 2 * coarse].map(|steps| (of(model, method, steps) - fine).abs());
        let found = (errors[0] / errors[1]).log2();
        // At these steps the next term of the error counts: an order is told from the next.
        assert!((found - f64::from(order)).abs() < 0.45, "{method:?}: {found} of {errors:?}");
    }
}

/// Every method comes near the closed form of a linear system, those that are exact nearest.
#[test]
fn automatic_choice_is_exact_where_that_can_be() {
    let of = |model: &str, method: Method| {
        let mut bench = Bench::new().with_dt(1.0);
        let cells = bench.group("cells", 2, silent(model, &[], &[("v", "1")], method));
        bench.ticks(5);
        bench.get(cells, "v")[0]
    };
    let linear = "dv/dt = -v/3 + w/5; dw/dt = (2*v - w)/7";
    assert_eq!(of(linear, Method::Auto), of(linear, Method::Exact));
    assert_ne!(of(linear, Method::Auto), of(linear, Method::ExponentialEuler));
    let gated = "dv/dt = -v*(1 + w) + 1; dw/dt = (v*v - w)/7";
    assert_eq!(of(gated, Method::Auto), of(gated, Method::ExponentialEuler));
    let quadratic = "dv/dt = 1 - v*v; dw/dt = -w";
    assert_eq!(of(quadratic, Method::Auto), of(quadratic, Method::Heun));
}

/// Variance of the process of Ornstein and Uhlenbeck, of intensity σ: σ² τ/2 (1 − e^{−2t/τ}), at a step as long as τ too.
#[test]
fn additive_noise_has_the_variance_of_theory() {
    let n = 20_000;
    for (method, dt) in
        [(Method::Exact, 5.0), (Method::ExponentialEuler, 5.0), (Method::Heun, 0.05), (Method::Euler, 0.05)]
    {
        let mut bench = Bench::new().with_dt(dt);
        let cells = bench.group("cells", n, silent("dx/dt = -x/5 + 2*xi", &[], &[], method));
        bench.ticks((10.0 / dt) as u64);
        let x = bench.get(cells, "x");
        let variance = x.iter().map(|x| x * x).sum::<f64>() / n as f64;
        let expected = 4.0 * 2.5 * (1.0 - (-4.0_f64).exp());
        // Five standard errors, √(2/n); and an order of 0.05/5.
        assert!(
            (variance / expected - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt() + 0.01,
            "{method:?}: {variance} {expected}"
        );
    }
}

/// dx = x ∘ dW has the mean e^{t/2} in Stratonovich's sense, dx = x dW the mean 1 in Itô's.
#[test]
fn multiplicative_noise_is_that_of_stratonovich_by_heun_and_that_of_ito_by_euler() {
    let n = 40_000;
    for (method, expected) in [(Method::Auto, f64::exp(0.125)), (Method::Euler, 1.0)] {
        let mut bench = Bench::new().with_dt(0.01);
        let cells = bench.group("cells", n, silent("dx/dt = x*xi", &[], &[("x", "1")], method));
        bench.ticks(25);
        let mean = bench.get(cells, "x").iter().sum::<f64>() / n as f64;
        // Five standard errors of a lognormal number: √(e^{2·0.25} − e^{0.25}) at most.
        assert!((mean - expected).abs() < 5.0 * 0.61 / (n as f64).sqrt() + 0.002, "{method:?}: {mean} {expected}");
    }
}

/// dx = −x dt/2 + x dW has the path exp(W − t) of the same W: Milstein's error halves with the step, Euler's falls by its root.
#[test]
fn milsteins_method_is_of_strong_order_one() {
    let n = 4000;
    let error = |method: Method, steps: u32| {
        let mut bench = Bench::new().with_dt(1.0 / f64::from(steps));
        let equations = silent("dx/dt = -x/2 + x*xi; db/dt = xi", &[], &[("x", "1")], method);
        let cells = bench.group("cells", n, equations);
        bench.ticks(u64::from(steps));
        let far =
            bench.get(cells, "x").into_iter().zip(bench.get(cells, "b")).map(|(x, b)| (x - f64::exp(b - 1.0)).abs());
        far.sum::<f64>() / f64::from(n as u32)
    };
    for (method, order) in [(Method::Milstein, 1.0), (Method::Euler, 0.5)] {
        let found = (error(method, 16) / error(method, 64)).log2() / 2.0;
        assert!((found - order).abs() < 0.2, "{method:?}: {found}");
    }
    let mut bench = Bench::new();
    let shared = silent("dx/dt = -x + y*xi; dy/dt = -y", &[], &[], Method::Milstein);
    bench.world_mut().spawn((Name::new("cells"), NeuronGroup::new(2), shared));
    bench.world_mut().flush();
    assert!(bench.try_ticks(1).unwrap_err().contains("depends on another variable"));
}

/// A neuron that its own potential makes refractory fires once in each excursion, and what is held stands still as long.
#[test]
fn a_condition_makes_neurons_refractory() {
    let mut bench = Bench::new();
    let equations = Equations {
        model: "dv/dt = 10*cos(t/10); dn/dt = 1 : held".into(),
        initial: starting(&[("v", "0"), ("n", "0")]),
        spike: "v > 42".into(),
        refractory_while: "v > 40".into(),
        method: Method::Euler,
        ..default()
    };
    let cells = bench.group("cells", 1, equations);
    let (mut v, mut expected) = (0.0_f64, (0_u64, 0.0));
    for k in 0..300_u32 {
        bench.tick();
        let free = v <= 40.0;
        v += 10.0 * f64::cos(f64::from(k) / 10.0);
        expected.0 += u64::from(free && v > 42.0);
        expected.1 += f64::from(u8::from(free));
    }
    assert_eq!(bench.spike_count(cells), expected.0);
    bench.assert_near(cells, "n", &[expected.1]);
    assert!(expected.0 > 2 && expected.1 < 250.0 && expected.1 > 100.0);
}

/// Two equations that share a noise, and two that do not.
#[test]
fn noise_of_one_name_is_one_noise() {
    let correlation = |model: &str, method: Method| {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 4000, silent(model, &[], &[], method));
        bench.ticks(3);
        let (x, y) = (bench.get(cells, "x"), bench.get(cells, "y"));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(&x, &y) / (dot(&x, &x) * dot(&y, &y)).sqrt()
    };
    for method in [Method::Exact, Method::ExponentialEuler, Method::Heun, Method::Euler] {
        let shared = correlation("dx/dt = -x + xi; dy/dt = -y + xi", method);
        let own = correlation("dx/dt = -x + xi_x; dy/dt = -y + xi_y", method);
        assert!(shared > 0.999 && own.abs() < 0.08, "{method:?}: {shared} {own}");
    }
}

/// The native model and the text that says the same, under currents, conductances, jumps and a moving threshold.
#[test]
fn a_leaky_neuron_as_text_is_the_native_one() {
    let run = |text: bool| {
        let mut bench = Bench::new().with_dt(0.1);
        let drive = driven(300.0);
        let cells = if text {
            let model = Equations { spike: "v >= -50 + shift".into(), ..lif() };
            bench.group("cells", 40, (model, drive))
        } else {
            bench.group("cells", 40, (Lif::default(), drive))
        };
        let threshold = AdaptiveThreshold { increment: 0.5.into(), ..default() };
        bench.world_mut().entity_mut(cells).insert(threshold);
        let drivers = bench.group("drivers", 20, PoissonNeurons { rate: 100.0.into(), ..default() });
        let rule = || FixedInDegree { in_degree: 5, ..default() };
        bench.synapses(drivers, cells, "J", (rule(), InitialWeights("0.4".into())));
        bench.synapses(drivers, cells, "G", (rule(), InitialWeights("2".into())));
        bench.receptor(cells, "j", JumpReceptor { afferent: "J".into(), ..default() });
        bench.receptor(
            cells,
            "g",
            ExponentialReceptor { afferent: "G".into(), tau: 5.0.into(), reversal: Some(0.0.into()), ..default() },
        );
        bench.receptor(
            cells,
            "c",
            ExponentialReceptor { afferent: "G".into(), tau: 2.0.into(), gain: 20.0.into(), ..default() },
        );
        bench.ticks(3000);
        (bench.get(cells, "v"), bench.spike_count(cells))
    };
    let ((text, spikes), (native, native_spikes)) = (run(true), run(false));
    assert!(native_spikes > 300 && spikes.abs_diff(native_spikes) <= 2, "{spikes} {native_spikes}");
    let near = text.iter().zip(&native).filter(|(a, b)| (*a - *b).abs() < 0.01).count();
    assert!(near >= 36, "{near} of 40: {text:?} {native:?}");
}

#[test]
fn initial_values_follow_from_each_other_and_from_the_equations() {
    let mut bench = Bench::new();
    let model = "up = alpha*exp(v/10); down = 2 + base; m_inf = up/(up + down); dv/dt = 0; dm/dt = m_inf - m; k";
    let mut equations =
        silent(model, &[("alpha", 3.0)], &[("m", "m_inf + 0*k"), ("k", "v + 1"), ("v", "10*i")], Method::Euler);
    equations.parameters.insert("base".into(), "alpha / 2 + i".into());
    let cells = bench.group("cells", 3, equations);
    let m = |i: f64| 3.0 * i.exp() / (3.0 * i.exp() + 3.5 + i);
    bench.assert_near(cells, "m", &[m(0.0), m(1.0), m(2.0)]);
    bench.assert_near(cells, "k", &[1.0, 11.0, 21.0]);
}

/// A condition that becomes true, one that holds, and one that is looked at while refractory.
#[test]
fn neurons_fire_as_they_are_told() {
    let fire = |when, refractory: f64| {
        let mut bench = Bench::new();
        let model = Equations {
            model: "dx/dt = 1".into(),
            spike: "x > 2.5 and x < 9.5".into(),
            reset: "n_spikes += 1".into(),
            when,
            refractory: refractory.into(),
            method: Method::Euler,
            ..default()
        };
        let model = Equations { model: "dx/dt = 1; n_spikes".into(), ..model };
        let cells = bench.group("cells", 2, model);
        let mut fired = Vec::new();
        for k in 0..12 {
            bench.tick();
            if !bench.spikes(cells).is_empty() {
                fired.push(k);
            }
        }
        assert_eq!(bench.get(cells, "n_spikes")[0], fired.len() as f64);
        fired
    };
    assert_eq!(fire(When::While, 0.0), [2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(fire(When::Becomes, 0.0), [2]);
    assert_eq!(fire(When::While, 2.0), [2, 5, 8]);
}

/// What is `held` stands still while refractory, other variables go on; a reset sees what it has set before.
#[test]
fn resets_go_one_after_another_and_refractory_neurons_stand_still() {
    let mut bench = Bench::new();
    let model = Equations {
        model: "double = 2*v; dv/dt = 1 : held; dw/dt = 1".into(),
        spike: "v >= 2".into(),
        reset: "v = 0.5; w = double + w; v -= 0.25".into(),
        refractory: 3.0.into(),
        method: Method::Euler,
        ..default()
    };
    let cells = bench.group("cells", 1, model);
    let mut seen = Vec::new();
    for _ in 0..7 {
        bench.tick();
        seen.push((bench.get(cells, "v")[0], bench.get(cells, "w")[0]));
    }
    let expected = [(1.0, 1.0), (0.25, 3.0), (0.25, 4.0), (0.25, 5.0), (0.25, 6.0), (1.25, 7.0), (0.25, 9.0)];
    assert_eq!(seen, expected);
}

#[test]
fn time_is_that_of_the_start_of_the_iteration_and_what_is_once_stays_for_its_stages() {
    let mut bench = Bench::new().with_dt(0.5);
    let model = "drive = t : once; kept = x : once; dx/dt = drive; dy/dt = kept; dz/dt = x";
    let cells = bench.group("cells", 2, silent(model, &[], &[], Method::RungeKutta4));
    bench.ticks(3);
    // x: 0.5 (0 + 0.5 + 1) = 0.75; y: 0.5 (0 + 0 + 0.25) = 0.125; z: ∫x, x linear within an iteration.
    bench.assert_near(cells, "x", &[0.75, 0.75]);
    bench.assert_near(cells, "y", &[0.125, 0.125]);
    bench.assert_near(cells, "z", &[0.3125, 0.3125]);
}

#[test]
fn random_resets_are_drawn_for_those_who_fire() {
    let mut bench = Bench::new();
    let model = Equations {
        model: "dx/dt = 1".into(),
        initial: starting(&[("x", "i - 2000*floor(i/2000)")]),
        spike: "x > 1000".into(),
        reset: "x = -1 - rand()".into(),
        method: Method::Euler,
        ..default()
    };
    let cells = bench.group("cells", 6000, model);
    bench.tick();
    let x = bench.get(cells, "x");
    let drawn: Vec<f64> = x.iter().copied().filter(|x| *x < 0.0).collect();
    assert_eq!(drawn.len(), 3000);
    let mean = drawn.iter().sum::<f64>() / 3000.0;
    assert!(drawn.iter().all(|x| (-2.0..=-1.0).contains(x)) && (mean + 1.5).abs() < 5.0 * 0.29 / 54.0, "{mean}");
}

/// The same on any number of threads, and after a checkpoint, with noise, a refractory period and parameters of each neuron.
#[test]
fn bits_do_not_depend_on_threads_and_go_on_from_a_checkpoint() {
    let furnish = |bench: &mut Bench, size: usize| {
        let mut equations = Equations {
            model: "dv/dt = (rest - v)/tau + (input + 300*xi)/c : mV, held; dw/dt = v*xi_w".into(),
            ..lif()
        };
        equations.parameters.insert("tau".into(), "uniform(8, 12)".into());
        equations.reset = "v = -65 - randn(); w += rand()".into();
        equations.method = Method::Heun;
        bench.group("cells", size, (equations, driven(300.0)));
    };
    let state = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let mut bench = Bench::new();
            furnish(&mut bench, 62_000);
            bench.ticks(12);
            Checkpoint::take(bench.world_mut()).expect("a state")
        })
    };
    assert_eq!(state(3).first_difference(&state(1)), None);
    Bench::assert_goes_on(20, |bench| furnish(bench, 12));
}

#[test]
fn a_parameter_for_all_and_the_same_for_each_give_the_same_bits() {
    let state = |each: bool| {
        let mut bench = Bench::new().with_dt(0.1);
        let spread = |x: f64| if each { Parameter::from(format!("{x} + 0*i").as_str()) } else { Parameter::from(x) };
        let named = [
            ("c", 281.0),
            ("g", 30.0),
            ("e", -70.6),
            ("d", 2.0),
            ("th", -50.4),
            ("tau", 144.0),
            ("a", 4.0),
            ("b", 80.5),
        ];
        let model = Equations {
            model: "dv/dt = (g*(e - v) + g*d*exp((min(v, 0) - th)/d) - w + input)/c : mV, held; dw/dt = (a*(v - e) - w)/tau".into(),
            parameters: named.into_iter().map(|(name, x)| (name.to_owned(), spread(x))).collect(),
            initial: starting(&[("v", "e")]),
            spike: "v > -20".into(),
            reset: "v = e; w += b".into(),
            refractory: spread(2.0),
            ..default()
        };
        let cells = bench.group("cells", 100, (model, ConstantCurrent { amplitude: "600 + 10*i".into() }));
        bench.ticks(3000);
        (bench.get(cells, "v"), bench.get(cells, "w"), bench.spike_count(cells))
    };
    let all = state(false);
    assert!(all.2 > 500);
    assert_eq!(all, state(true));
}

#[test]
fn a_parameter_is_changed_while_the_network_runs() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, silent("dx/dt = a*b", &[("a", 1.0), ("b", 1.0)], &[], Method::Euler));
    bench.tick();
    let donor = Equations { parameters: parameters([("a", "5 + i".into())]), ..default() };
    change(bench.world_mut(), None, "cells.Equations", "parameters.a", &donor).unwrap();
    bench.tick();
    assert_eq!(bench.get(cells, "x"), [6.0, 7.0]);
    let donor = Equations { parameters: parameters([("c", 1.0.into())]), ..default() };
    assert!(change(bench.world_mut(), None, "cells.Equations", "parameters.c", &donor).is_err());
    assert!(change(bench.world_mut(), None, "cells.Equations", "model", &donor).is_err());
    // By a host, in place.
    let mut equations = bench.world_mut().get_mut::<Equations>(cells).unwrap();
    equations.parameters.insert("b".into(), 10.0.into());
    bench.tick();
    assert_eq!(bench.get(cells, "x"), [56.0, 67.0]);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let why = |equations: Equations| Bench::new().try_group("cells", 2, equations).unwrap_err();
    let model = |text: &str| Equations { model: text.into(), spike: "".into(), reset: "".into(), ..default() };
    assert!(why(model("dv/dt = -v/tua")).contains("nothing is named `tua`"));
    assert!(why(model("dv/dt = -v*xi*xi")).contains("linear"));
    assert!(why(model("dv/dt = rand()")).contains("in derivatives noise is `xi`"));
    assert!(why(Equations { method: Method::Exact, ..model("dv/dt = -v*v") }).contains("not linear"));
    assert!(why(Equations { method: Method::ExponentialEuler, ..model("dv/dt = -v*v") }).contains("linear in itself"));
    assert!(why(Equations { initial: starting(&[("w", "1")]), ..model("dv/dt = -v") }).contains("no variable `w`"));
    assert!(why(Equations { initial: starting(&[("v", "q")]), ..model("dv/dt = -v") }).contains("initial.v"));
    assert!(
        why(Equations { parameters: given(&[("v", 1.0)]), ..model("dv/dt = -v") }).contains("said by the equations")
    );
    assert!(why(Equations { parameters: given(&[("t", 1.0)]), ..model("dv/dt = -v") }).contains("meaning of its own"));
    assert!(why(Equations { spike: "v > xi".into(), ..model("dv/dt = -v") }).contains("white noise"));
    assert!(why(model("dv/dt = timed('x.npy', 1)")).contains("`x.npy` cannot be read"));
    assert!(why(model("dv/dt = timed(1)")).contains("timed('drive.npy', 0.5)"));
    assert!(why(model("dv/dt = jump")).contains("`jump` cannot be read"));
    let singular =
        Equations { initial: starting(&[("v", "-40 - i")]), ..model("dv/dt = (v + 40)/(1 - exp(-(v + 40)/10))") };
    let singular = why(singular);
    assert!(singular.contains("`v` of neuron 0 is no finite number") && singular.contains("exprel"), "{singular}");
}

/// A text that doubles with each line is refused, and takes no time.
#[test]
fn hostile_equations_end_in_an_error() {
    let doubling: String = (1..1900).map(|k| format!("a{k} = a{} * a{} + {k}\n", k - 1, k - 1)).collect();
    let model = format!("a0 = v\n{doubling}dv/dt = a1899");
    let begun = std::time::Instant::now();
    let hostile = |method, steps| Equations { model: model.as_str().into(), method, steps, ..default() };
    let _ = Bench::new().try_group("cells", 2, hostile(Method::Auto, 1));
    let error = Bench::new().try_group("cells", 2, hostile(Method::RungeKutta4, 1000)).unwrap_err();
    assert!(error.contains("operations"), "{error}");
    assert!(begun.elapsed().as_secs() < 60);
}

fn sums_over(named: &[(&str, &str, &str)]) -> Sums {
    let sum = |(name, of, over): &(&str, &str, &str)| {
        ((*name).to_owned(), SumOver { of: EquationText::from(*of), over: Afferent::from(*over) })
    };
    Sums(named.iter().map(sum).collect())
}

/// What arrives by name: added to the variable of that name, used by `arrive`, and by the equations.
#[test]
fn arrivals_reach_the_variables_that_they_are_for() {
    let mut bench = Bench::new();
    let model = Equations {
        arrivals: Arrivals([("s", "A"), ("b", "B")].map(|(name, tag)| (name.to_owned(), Afferent::from(tag))).into()),
        arrive: "x += (1 - x)*b".into(),
        ..silent("ds/dt = -s/2; dx/dt = 0; dy/dt = b", &[], &[("x", "0.2")], Method::Exact)
    };
    let cells = bench.group("cells", 2, model);
    let drivers = bench.group("drivers", 2, SpikeSource::at(vec![vec![1.0, 3.0], vec![2.0]]));
    bench.synapses(drivers, cells, "A", (OneToOne::default(), InitialWeights("2".into())));
    bench.synapses(drivers, cells, "B", (OneToOne::default(), InitialWeights("0.5".into())));
    let (mut s, mut x, mut y) = ([0.0; 2], [0.2; 2], [0.0; 2]);
    for k in 0..5 {
        bench.tick();
        for (i, spikes) in [[1, 3].as_slice(), &[2]].into_iter().enumerate() {
            // A spike at t acts in the iteration that begins at t.
            let arrives = f64::from(u8::from(spikes.contains(&k)));
            s[i] = (s[i] + 2.0 * arrives) * (-0.5_f64).exp();
            x[i] += (1.0 - x[i]) * 0.5 * arrives;
            y[i] += 0.5 * arrives;
        }
        bench.assert_near(cells, "s", &s);
        bench.assert_near(cells, "x", &x);
        bench.assert_near(cells, "y", &y);
    }
    assert!(s[0] > 0.5);
}

/// Rates through dense and sparse synapses, against a plain loop over all pairs.
#[test]
fn sums_carry_what_sources_are_at() {
    let n = 70;
    for sparse in [false, true] {
        let mut bench = Bench::new().with_dt(0.5);
        let model =
            |sums: Sums| Equations { sums, ..silent("dx/dt = -x + g + 0.1*h", &[], &[("x", "sin(i)")], Method::Euler) };
        let cells = bench.group("cells", n, model(sums_over(&[("g", "tanh(2*x)", "G"), ("h", "x", "H")])));
        let weights = InitialWeights("(i - j)/100".into());
        let of_g = if sparse {
            bench.synapses(cells, cells, "G", (FixedInDegree { in_degree: 9, ..default() }, weights))
        } else {
            bench.synapses(cells, cells, "G", (AllToAll { autapses: false }, weights))
        };
        bench.synapses(cells, cells, "H", (OneToOne::default(), InitialWeights("3".into())));
        let synapses = bench.world_mut().get::<crate::network::Synapses>(of_g).unwrap();
        let layout = synapses.layout.as_ref().unwrap();
        let pairs: Vec<(usize, usize)> =
            layout.synapses().map(|one| (one.source as usize, one.target as usize)).collect();
        assert!(pairs.len() == if sparse { 9 * n } else { n * (n - 1) });
        let mut x: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
        for _ in 0..6 {
            bench.tick();
            let mut g = vec![0.0; n];
            for &(i, j) in &pairs {
                g[j] += (i as f64 - j as f64) / 100.0 * (2.0 * x[i]).tanh();
            }
            x = x.iter().zip(&g).map(|(x, g)| x + 0.5 * (-x + g + 0.3 * x)).collect();
        }
        for (found, expected) in bench.get(cells, "x").iter().zip(&x) {
            assert!((found - expected).abs() < 2e-5 * (1.0 + expected.abs()), "{sparse}: {found} {expected}");
        }
    }
}

#[test]
fn sums_that_cannot_be_are_told() {
    let model =
        |of: &str| Equations { sums: sums_over(&[("g", of, "G")]), ..silent("dx/dt = g", &[], &[], Method::Euler) };
    assert!(Bench::new().try_group("cells", 2, model("x +")).unwrap_err().contains("sums.g"));
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, model("q"));
    bench.synapses(cells, cells, "G", AllToAll::default());
    let error = bench.try_ticks(1).unwrap_err();
    assert!(error.contains("no variable `q`") && error.contains("it has"), "{error}");
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, model("x"));
    bench.synapses(cells, cells, "G", (AllToAll::default(), Delays(Some("2".into()))));
    let error = bench.try_ticks(1).unwrap_err();
    assert!(error.contains("has delays"), "{error}");
}

/// A row that is due, for all neurons or for each, the last one from its end on.
#[test]
fn rows_of_arrays_are_read_when_they_are_due() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, shape: &str, numbers: &[f64]| {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}");
        let header = format!("{header:<117}\n");
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(header.as_bytes());
        numbers.iter().for_each(|x| bytes.extend(x.to_le_bytes()));
        std::fs::write(folder.path().join(name), bytes).unwrap();
    };
    write("all.npy", "3,", &[1.0, 2.0, 4.0]);
    write("each.npy", "2, 3", &[1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
    let scene = "(dt: 0.5, groups: {\"c\": (size: 3, behaviours: [Equations(
        model: \"dx/dt = timed('all.npy', 1); dy/dt = timed('each.npy', 0.5)\", method: Euler)])})";
    let mut bench = Bench::new();
    let scene = crate::scene::Scene::from_text(bench.world_mut(), scene).unwrap();
    let scene = crate::scene::Scene { folder: Some(folder.path().to_owned()), ..scene };
    let network = crate::assemble::build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    bench.ticks(8);
    // Rows of 1 ms are two iterations: 0.5 (1 + 1 + 2 + 2 + 4·4); of 0.5 ms one: 0.5 (1 + 7·10).
    bench.assert_near(network.groups[0], "x", &[11.0; 3]);
    bench.assert_near(network.groups[0], "y", &[35.5, 71.0, 106.5]);
}

/// Of a scene, before anything is built.
#[test]
fn who_sums_up_what_nobody_has_is_told_by_a_check() {
    let why = |sums: &str, arrivals: &str| {
        let scene = format!(
            "(groups: {{\"a\": (size: 2, behaviours: [Equations(model: \"drate/dt = -rate + h\", sums: {sums}, arrivals: {arrivals})])}},
            synapses: [(from: \"a\", to: \"a\", tags: [\"A\"], connectivity: AllToAll())])"
        );
        let mut bench = Bench::new();
        let scene =
            crate::scene::Scene::from_text(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
        crate::assemble::check(bench.world_mut(), &scene).map(drop).map_err(|faults| faults.to_string())
    };
    assert_eq!(why("{\"h\": (of: \"tanh(rate)\", over: \"A\")}", "{}"), Ok(()));
    let unknown = why("{\"h\": (of: \"tanh(rat)\", over: \"A\")}", "{}").unwrap_err();
    assert!(unknown.contains("sums up `rat`, which `a` does not have") && unknown.contains("`rate`"), "{unknown}");
    let deaf = why("{\"h\": (of: \"rate\", over: \"B\")}", "{}").unwrap_err();
    assert!(deaf.contains("listens to `B`"), "{deaf}");
    let deaf = why("{}", "{\"h\": \"AA\"}").unwrap_err();
    assert!(deaf.contains("listens to `AA`"), "{deaf}");
}

/// A step that is one and a half times the time constant and more is told, be it at rest; a good one is not.
#[test]
fn a_step_that_is_too_long_is_told() {
    let told = |model: &str, method: &str, dt: f64| {
        let mut bench = Bench::new();
        let text = format!(
            "(dt: {dt}, groups: {{\"cells\": (size: 2, behaviours: [Equations(model: \"{model}\", method: {method})])}})"
        );
        let scene =
            crate::scene::Scene::from_text(bench.world_mut(), &text).unwrap_or_else(|faults| panic!("{faults}"));
        let checked = crate::assemble::check(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
        checked.warnings.iter().any(|warning| format!("{warning:?}").contains("goes elsewhere at half the step"))
    };
    assert!(told("dv/dt = -v/2", "Euler", 4.0));
    assert!(told("dv/dt = -v^3/100 - v/0.3", "Heun", 1.0));
    assert!(told("dv/dt = -v/0.2", "RungeKutta4", 1.0));
    assert!(!told("dv/dt = -v/0.2", "Exact", 1.0));
    assert!(!told("dv/dt = -v*(1 + n)/0.2; dn/dt = -n", "ExponentialEuler", 1.0));
    assert!(!told("dv/dt = -v/10", "Euler", 1.0));
    assert!(!told("dv/dt = v - v^3/3 - w + 0.5; dw/dt = 0.08*(v + 0.7 - 0.8*w)", "Heun", 0.1));
}

/// Units are checked where some are said, with the place in the text.
#[test]
fn units_are_checked_on_demand() {
    let told = |units: &[(&str, &str)]| {
        let mut bench = Bench::new();
        let units = units.iter().map(|(name, unit)| ((*name).to_owned(), (*unit).to_owned())).collect();
        let model = Equations { units: crate::network::NamedTexts(units), ..lif() };
        bench.world_mut().spawn((Name::new("cells"), NeuronGroup::new(2), model));
        bench.world_mut().flush();
        bench.try_ticks(1).err().unwrap_or_default()
    };
    assert_eq!(told(&[]), "");
    assert_eq!(told(&[("rest", "mV"), ("tau", "ms"), ("c", "pF"), ("input", "pA")]), "");
    let nano = told(&[("rest", "mV"), ("tau", "ms"), ("c", "pF"), ("input", "nA")]);
    assert!(nano.contains("a factor of 1000 is missing"), "{nano}");
    assert!(told(&[("rest", "volts")]).contains("`volts` is no unit"));
}

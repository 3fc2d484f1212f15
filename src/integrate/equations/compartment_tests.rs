//! Cells of several compartments: potentials in one text, what reaches each by name, and the implicit method.

use super::tests::{given, silent, starting};
use crate::{
    assemble::build,
    equations::{Method, When},
    network::{CompartmentOf, Compartments, Jump},
    numeric::real::wide,
    prelude::*,
    scene::Scene,
};

/// A chain: a leak at each, and a coupling that is far faster than the step.
const CHAIN: &str = "
    dv/dt = -g*v + k*(v_a - v) + input
    dv_a/dt = -g*v_a + k*(v - v_a) + k*(v_b - v_a) + input_a
    dv_b/dt = -g*v_b + k*(v_a - v_b) + 2*g*(v_c - v_b) + input_b
    dv_c/dt = -g*v_c + 2*g*(v_b - v_c) + input_c
";

fn chain(k: f64, method: Method) -> Equations {
    silent(CHAIN, &[("g", 0.1), ("k", k)], &[("v", "1 + i"), ("v_a", "0"), ("v_b", "-1"), ("v_c", "3")], method)
}

/// The matrix of the chain.
fn matrix(g: f64, k: f64) -> [[f64; 4]; 4] {
    [[-g - k, k, 0.0, 0.0], [k, -g - 2.0 * k, k, 0.0], [0.0, k, -3.0 * g - k, 2.0 * g], [0.0, 0.0, 2.0 * g, -3.0 * g]]
}

/// Gauss, with the largest pivot.
fn solved(mut m: [[f64; 4]; 4], mut b: [f64; 4]) -> [f64; 4] {
    for k in 0..4 {
        let best = (k..4).max_by(|i, j| m[*i][k].abs().total_cmp(&m[*j][k].abs())).unwrap();
        m.swap(k, best);
        b.swap(k, best);
        for i in k + 1..4 {
            let factor = m[i][k] / m[k][k];
            (0..4).for_each(|j| m[i][j] -= factor * m[k][j]);
            b[i] -= factor * b[k];
        }
    }
    for k in (0..4).rev() {
        b[k] = (b[k] - (k + 1..4).map(|j| m[k][j] * b[j]).sum::<f64>()) / m[k][k];
    }
    b
}

fn compartments(bench: &mut Bench, cells: Entity) -> Vec<Entity> {
    bench.world_mut().get::<Compartments>(cells).unwrap().iter().collect()
}

fn potentials(bench: &mut Bench, cells: Entity) -> Vec<Vec<f64>> {
    let sites: Vec<Entity> = std::iter::once(cells).chain(compartments(bench, cells)).collect();
    sites.into_iter().map(|site| bench.get(site, "v")).collect()
}

/// (1 − h A) Δ = h f, by Gauss in double precision, from the state of the program before each step: to rounding, of which elimination
/// makes as much as coupling is faster than the step.
#[test]
fn linear_potentials_are_stepped_by_backward_euler() {
    for (k, h) in [(0.01, 0.1), (3.0, 0.1), (1e3, 1.0)] {
        let mut bench = Bench::new().with_dt(h);
        let cells = bench.group("cells", 5, chain(k, Method::Implicit));
        let a = matrix(0.1, k);
        for step in 0..50 {
            let before = potentials(&mut bench, cells);
            bench.tick();
            let after = potentials(&mut bench, cells);
            for i in 0..5 {
                let x: [f64; 4] = std::array::from_fn(|place| before[place][i]);
                let m = std::array::from_fn(|p| std::array::from_fn(|q| f64::from(u8::from(p == q)) - h * a[p][q]));
                let expected = solved(m, x);
                let near =
                    8.0 * wide(Real::EPSILON) * (1.0 + h * k) * x.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
                for p in 0..4 {
                    assert!(
                        (after[p][i] - expected[p]).abs() < near,
                        "{k} {step} {p}: {} {}",
                        after[p][i],
                        expected[p]
                    );
                }
            }
        }
    }
}

/// However tightly: what is coupled becomes one at once, and decays as it should.
#[test]
fn tight_coupling_is_stable() {
    for k in [1e3, 1e5, 1e7] {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 1, chain(k, Method::Implicit));
        let mut most = 3.0;
        for step in 0..100 {
            bench.tick();
            let v: Vec<f64> = potentials(&mut bench, cells).into_iter().map(|site| site[0]).collect();
            let size = v.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
            assert!(size <= most * 1.001, "{k} {step}: {v:?} beyond {most}");
            assert!(step < 3 || (v[0] - v[2]).abs() < 0.01, "{k} {step}: {v:?}");
            most = size;
        }
        assert!(most < 0.01, "{k}: {most}");
    }
}

#[test]
fn cells_that_are_coupled_choose_the_implicit_method_and_exact_ones_the_exact_one() {
    let told = |equations: Equations, open: bool| {
        let mut bench = Bench::new().with_dt(0.1);
        let cells = bench.group("cells", 2, equations);
        let dendrite = compartments(&mut bench, cells)[0];
        if open {
            let receptor = ExponentialReceptor { reversal: Some(0.0.into()), ..default() };
            bench.receptor(dendrite, "r", receptor);
        }
        bench.ticks(3);
        bench.world_mut().get::<crate::network::Remark>(cells).unwrap().0.clone()
    };
    assert!(told(chain(1.0, Method::Auto), false).contains("by Exact"));
    assert!(
        told(chain(1.0, Method::Auto), true).contains("by Exact"),
        "what may come is not known when it is prepared"
    );
    let cubic = silent("dv/dt = v_d - v^3; dv_d/dt = v - v_d + input_d", &[], &[], Method::Auto);
    assert!(told(cubic, false).contains("by Implicit"));
}

/// A soma with the channels of Hodgkin and Huxley and a passive dendrite, to which it is coupled.
fn cell(method: Method) -> Equations {
    Equations {
        model: "
            a_m = 1/exprel(-(v + 40)/10);    b_m = 4*exp(-(v + 65)/18)
            a_h = 0.07*exp(-(v + 65)/20);    b_h = 1/(exp(-(v + 35)/10) + 1)
            a_n = 0.1/exprel(-(v + 55)/10);  b_n = 0.125*exp(-(v + 65)/80)
            dv/dt = 120*m^3*h*(50 - v) + 36*n^4*(-77 - v) + 0.3*(-54.4 - v) + k*(v_d - v) + input
            dv_d/dt = 0.3*(-65 - v_d) + k*(v - v_d) + input_d
            dm/dt = a_m*(1 - m) - b_m*m; dh/dt = a_h*(1 - h) - b_h*h; dn/dt = a_n*(1 - n) - b_n*n
        "
        .into(),
        parameters: given(&[("k", 2.0)]),
        initial: starting(&[("v", "-65"), ("v_d", "-65"), ("m", "0.053"), ("h", "0.596"), ("n", "0.318")]),
        spike: "v > 0".into(),
        reset: "".into(),
        when: When::Becomes,
        method,
        ..default()
    }
}

/// v of the soma after 20 ms, in which it has fired.
fn after(method: Method, dt: f64, at: &str) -> f64 {
    let mut bench = Bench::new().with_dt(dt);
    let cells = bench.group("cells", 1, cell(method));
    let dendrite = compartments(&mut bench, cells)[0];
    let site = if at == "soma" { cells } else { dendrite };
    bench.world_mut().entity_mut(site).insert(ConstantCurrent { amplitude: 25.0.into() });
    bench.ticks((20.0 / dt).round() as u64);
    bench.get(cells, "v")[0]
}

#[test]
fn the_implicit_method_is_of_first_order() {
    for at in ["soma", "dendrite"] {
        let fine = after(Method::RungeKutta4, 0.002, at);
        let [far, near] = [0.01, 0.005].map(|dt| (after(Method::Implicit, dt, at) - fine).abs());
        assert!(near < 1.0 && (1.6..2.5).contains(&(far / near)), "{at}: {far} {near}, fine {fine}");
    }
}

/// A jump at a compartment is of its potential alone.
#[test]
fn potentials_of_compartments_jump() {
    let mut bench = Bench::new().with_dt(0.1);
    let cells = bench.group("cells", 2, chain(0.0, Method::Implicit));
    let [a, b, _] = compartments(&mut bench, cells)[..] else { panic!() };
    let receptor = bench.receptor(b, "r", JumpReceptor { gain: 2.0.into(), ..default() });
    bench.set(receptor, "arriving", &[0.0, 5.0]);
    bench.tick();
    let kept = 1.0 / 1.01;
    bench.assert_near(a, "v", &[0.0, 0.0]);
    let v = bench.get(b, "v");
    assert!((v[0] + 1.0).abs() < 0.2 && (v[1] - v[0] - 10.0 * kept).abs() < 0.5, "{v:?}");
    assert!(bench.world_mut().get::<Jump>(a).is_some());
}

const SCENE: &str = r#"(
    dt: 0.1,
    groups: {
        "source": (size: 1, behaviours: [SpikeSource(times: [[1.05]])]),
        "cells": (size: 2, tags: ["all"], behaviours: [Equations(
            model: "
                dv/dt = (5*(-70 - v) + 10*(v_dendrite - v) + input)/100 : mV
                dv_dendrite/dt = (5*(-70 - v_dendrite) + 10*(v - v_dendrite) + input_dendrite)/100 : mV
            ",
            initial: {"v": "-70 + i", "v_dendrite": "v - 5"}, spike: "v > 0", reset: "v = -70",
        )],
            receptors: {
                "soma": ExponentialReceptor(afferent: "inhibits", reversal: -80, tau: 5),
                "dendrite.fast": ExponentialReceptor(afferent: "excites", reversal: 0, tau: 5),
                "dendrite.nmda": NmdaReceptor(afferent: "excites", gain: 2),
            },
            compartments: {"dendrite": [ConstantCurrent(amplitude: 1)]},
        ),
    },
    synapses: [
        (name: "excitation", from: "source", to: "cells", tags: ["excites"], weights: 3, connectivity: AllToAll()),
        (name: "inhibition", from: "source", to: "cells", tags: ["inhibits"], weights: 1, connectivity: AllToAll()),
    ],
    recorders: [VariableRecorder(of: [
        "cells.v", "cells.dendrite.v", "cells.dendrite.input", "cells.dendrite.conductance", "cells.conductance",
        "cells.dendrite.fast.conductance",
    ])],
)"#;

#[test]
fn receptors_stand_at_each_compartment_by_name() {
    let mut bench = Bench::new();
    let scene = Scene::from_text(bench.world_mut(), SCENE).unwrap_or_else(|faults| panic!("{faults}"));
    build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    bench.ticks(40);
    let at = |name: &str, iteration: usize| bench.recorded(name)[2 * iteration..][..2].to_vec();
    let first = at("cells.dendrite.v", 0);
    assert!((first[0] + 75.0).abs() < 0.1 && (first[1] - first[0] - 1.0).abs() < 0.05, "{first:?}");
    assert_eq!((at("cells.dendrite.input", 9), at("cells.conductance", 9)), (vec![1.0; 2], vec![0.0; 2]));
    let (soma, distal) = (at("cells.conductance", 11), at("cells.dendrite.conductance", 11));
    assert!(soma.iter().all(|g| (0.98..1.0).contains(g)), "{soma:?}");
    let fast = at("cells.dendrite.fast.conductance", 11);
    assert!(distal.iter().zip(&fast).all(|(all, fast)| all > fast) && fast[0] > 2.9, "{distal:?} {fast:?}");
    // The step into the iteration in which it opens: backward Euler of both, with what is open in the coefficients.
    let (v, d) = (at("cells.v", 10), at("cells.dendrite.v", 10));
    let [input, input_d] = ["cells.conductance", "cells.dendrite.input"].map(|name| at(name, 11));
    let (open, open_d) = (at("cells.conductance", 11), at("cells.dendrite.conductance", 11));
    for i in 0..2 {
        let h = 0.1 / 100.0;
        let (a, b) = (1.0 + h * (15.0 + open[i]), 1.0 + h * (15.0 + open_d[i]));
        let f = v[i] + h * (-350.0 - 80.0 * input[i]);
        let g = d[i] + h * (-350.0 + input_d[i]);
        let coupling = h * 10.0;
        let determinant = a * b - coupling * coupling;
        let expected = [(f * b + coupling * g) / determinant, (g * a + coupling * f) / determinant];
        let found = [at("cells.v", 11)[i], at("cells.dendrite.v", 11)[i]];
        assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-4), "{found:?} {expected:?}");
    }
}

#[test]
fn compartments_that_the_equations_do_not_have_are_refused() {
    let refused = |from: &str, to: &str| {
        let mut bench = Bench::new();
        let text = SCENE.replace(from, to);
        match Scene::from_text(bench.world_mut(), &text) {
            Err(faults) => faults.to_string(),
            Ok(scene) => build(bench.world_mut(), &scene).map(|_| ()).unwrap_err().to_string(),
        }
    };
    let told = refused("\"dendrite.fast\": Exp", "\"axon.fast\": Exp");
    assert!(told.contains("`cells` has no compartment `axon`") && told.contains("it has dendrite"), "{told}");
    let told = refused("+ input_dendrite)", ")");
    assert!(told.contains("`cells` has no compartment `dendrite`") && told.contains("`input_NAME`"), "{told}");
    let told = refused("+ input)/100", "+ input + input_axon)/100");
    assert!(told.contains("nothing is named `input_axon`"), "{told}");
}

#[test]
fn compartments_go_on_from_a_checkpoint_and_take_the_size_of_their_group() {
    let make = |bench: &mut Bench| {
        let noise = UniformNoise { high: 40.0.into(), ..default() };
        let cells = bench.group("cells", 2, (cell(Method::Auto), noise));
        let dendrite = compartments(bench, cells)[0];
        bench.world_mut().entity_mut(dendrite).insert(NormalNoise { sd: 20.0.into(), ..default() });
        let receptor = bench.receptor(dendrite, "a", ExponentialReceptor { reversal: Some(0.0.into()), ..default() });
        bench.set(receptor, "arriving", &[3.0, 5.0]);
        [cells, dendrite]
    };
    Bench::assert_goes_on(50, |bench| _ = make(bench));
    let mut bench = Bench::new().with_dt(0.05);
    let [cells, dendrite] = make(&mut bench);
    bench.world_mut().entity_mut(cells).insert(NeuronGroup::new(4));
    bench.ticks(5);
    assert_eq!(bench.get(dendrite, "v").len(), 4);
    let of = bench.world_mut().get::<CompartmentOf>(dendrite).unwrap().0;
    bench.world_mut().entity_mut(of).despawn();
    assert!(bench.world_mut().get_entity(dendrite).is_err());
}

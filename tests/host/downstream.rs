//! A behaviour of another crate: registered with one call, tested in a few lines, used in a scene by its name.

use cortecs::{assemble::build, network::Input, prelude::*, scene::Scene, variable};

variable! {
    /// Activity of the leaky integrator.
    pub struct Activity = "activity" in "Hz";
}

/// A leaky integrator: dx/dt = (−x + input) / tau.
#[derive(Component, Reflect, Clone)]
#[require(Activity, Input)]
pub struct Leaky {
    /// Time constant.
    #[reflect(@Unit("ms"))]
    pub tau: Parameter,
    /// Activity at the start.
    #[reflect(@Unit("Hz"))]
    pub activity: Initial,
}

impl Default for Leaky {
    fn default() -> Self {
        Self { tau: 10.0.into(), activity: 0.0.into() }
    }
}

impl Behaviour for Leaky {
    fn plugin(app: &mut App) {
        app.register_variable::<Activity>().add_behaviour_system::<Self, _>(Stage::Integrate, integrate);
    }
}

fn integrate(mut groups: Query<(&Leaky, &mut Activity, &Input)>, clock: Res<Clock>) {
    for (leaky, mut activity, input) in &mut groups {
        for (i, x) in activity.0.iter_mut().enumerate() {
            *x += clock.step() / leaky.tau.at(i) * (input.0[i] - *x);
        }
    }
}

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<Leaky>();
    bench
}

#[test]
fn its_system_is_tested_without_a_scene() {
    let mut bench = bench();
    let leaky = Leaky { tau: "10 * (i + 1)".into(), activity: 4.0.into() };
    let cells = bench.group("cells", 2, (leaky, ConstantCurrent { amplitude: 14.0.into() }));
    bench.tick();
    bench.assert_near(cells, "activity", &[5.0, 4.5]);
}

#[test]
fn a_scene_names_it_records_it_and_lists_it() {
    let mut bench = bench();
    let text = r#"(
        groups: {"cells": (size: 3, draws: {"r": "uniform(5, 20)"}, behaviours: [Leaky(tau: "r", activity: "2 * r")])},
        recorders: [VariableRecorder(of: ["cells.activity"], every: 2)],
    )"#;
    let scene = Scene::from_text(bench.world_mut(), text).unwrap_or_else(|faults| panic!("{faults}"));
    build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    bench.ticks(1);
    let world = bench.world_mut();
    let mut recordings = world.query::<&cortecs::record::Recording>();
    let recorded = recordings.single(world).unwrap().values();
    let tau = world.query::<&Leaky>().single(world).unwrap().tau.clone();
    for (i, x) in recorded.iter().enumerate() {
        let tau = f64::from(tau.at(i));
        // From 2 tau, without input: 2 tau (1 − 1/tau) = 2 tau − 2.
        assert!((5.0..20.0).contains(&tau) && (x - (2.0 * tau - 2.0)).abs() < 1e-5, "{x} {tau}");
    }
    let described = cortecs::scene::describe::describe(world);
    let leaky = described.iter().find(|entry| entry.name == "Leaky").unwrap();
    assert_eq!(leaky.docs, "A leaky integrator: dx/dt = (−x + input) / tau.");
    let tau = &leaky.parameters[0];
    assert_eq!((&*tau.name, &*tau.unit, &*tau.default, &*tau.docs), ("tau", "ms", "10", "Time constant."));
}

#[test]
fn a_value_function_of_ones_own() {
    use cortecs::value::{Function, functions::Rule};
    let mut bench = bench();
    let twice = Function { name: "twice", docs: "Twice.", parameters: &TWICE, rule: Rule::Plain(|p| 2.0 * p[0]) };
    bench.app_mut().register_value_function(twice);
    let cells = bench.group("cells", 3, Leaky { activity: "twice(i)".into(), ..default() });
    assert_eq!(bench.get(cells, "activity"), [0.0, 2.0, 4.0]);
}

static TWICE: [cortecs::value::functions::Parameter; 1] = [cortecs::value::functions::Parameter {
    name: "x",
    docs: "A number.",
    kind: "number",
    default: None,
    optional: false,
}];

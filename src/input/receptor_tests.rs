//! Receptors with dynamics against the closed forms of linear theory, together with the membrane that they drive.

use super::dynamics::Level;
use crate::{assemble::check, network::Input, prelude::*, scene::Scene};

/// A membrane without spikes, τ dv/dt = −v + R · input, whose step is exact for a constant input.
#[derive(Component, Reflect, Clone, Default)]
#[require(V, Input)]
struct Linear {
    tau: Parameter,
    resistance: Parameter,
}

impl Behaviour for Linear {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Integrate, integrate);
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let (group, tau) = (preparation.entity(), self.tau.clone());
        preparation.world().entity_mut(group).insert(Membrane { tau });
        Ok(())
    }
}

fn integrate(mut groups: Query<(&Linear, &mut V, &Input)>, clock: Res<Clock>) {
    for (model, mut v, input) in &mut groups {
        for (i, v) in v.0.iter_mut().enumerate() {
            let kept = (-clock.step() / model.tau.at(i)).exp();
            *v = *v * kept + model.resistance.at(i) * input.0[i] * (1.0 - kept);
        }
    }
}

fn bench(dt: f64) -> Bench {
    let mut bench = Bench::new().with_dt(dt);
    bench.app_mut().register_behaviour::<Linear>();
    bench
}

/// ∫₀ᵗ e^{−(t−s)/m} e^{−s/τ} ds
fn through_membrane(t: f64, m: f64, tau: f64) -> f64 {
    if m == tau { t * (-t / tau).exp() } else { ((-t / m).exp() - (-t / tau).exp()) / (1.0 / tau - 1.0 / m) }
}

/// ∫₀ᵗ e^{−(t−s)/m} s e^{−s/τ} ds
fn alpha_through_membrane(t: f64, m: f64, tau: f64) -> f64 {
    let b = 1.0 / tau - 1.0 / m;
    if b == 0.0 {
        t * t / 2.0 * (-t / tau).exp()
    } else {
        (-t / m).exp() * (1.0 - (-b * t).exp() * (1.0 + b * t)) / (b * b)
    }
}

/// Lets two spikes of weight 1.5 and −0.4 arrive, in iterations 0 and 7, and compares every step of v with `psp`, the
/// response to a spike of weight 1 after a time: R ∫ s(t') e^{−(t−t')/m} dt' / m with R = 3.
fn compare(dt: f64, membrane: f64, receptor: impl Behaviour, psp: impl Fn(f64) -> f64) {
    let mut bench = bench(dt);
    let cells = bench.group("cells", 3, Linear { tau: membrane.into(), resistance: 3.0.into() });
    let receptor = bench.receptor(cells, "r", receptor);
    let largest = (1..1000).map(|k| psp(f64::from(k) * 0.1)).fold(0.0, f64::max);
    for k in 0..60 {
        match k {
            0 => bench.set(receptor, "arriving", &[1.5; 3]),
            7 => bench.set(receptor, "arriving", &[-0.4; 3]),
            _ => {}
        }
        bench.tick();
        let since = |spike: i32| f64::from(k + 1 - spike) * dt;
        let expected = 1.5 * psp(since(0)) + if k < 7 { 0.0 } else { -0.4 * psp(since(7)) };
        for found in bench.get(cells, "v") {
            assert!((found - expected).abs() < 1e-5 * largest, "dt {dt}, iteration {k}: {found}, expected {expected}");
        }
    }
}

const CASES: [(f64, f64, f64); 5] =
    [(1.0, 10.0, 2.0), (1.0, 5.0, 5.0), (0.1, 20.0, 0.5), (3.0, 2.0, 1.0), (1.0, 5.0, 5.000_1)];

#[test]
fn exponential_currents_move_a_linear_membrane_exactly_however_large_the_step() {
    for (dt, membrane, tau) in CASES {
        let psp = |t| 3.0 / membrane * through_membrane(t, membrane, tau);
        compare(dt, membrane, ExponentialReceptor { tau: tau.into(), ..default() }, psp);
        // One number for each neuron goes another way through the kernel.
        let each = Parameter::from(&*format!("{tau} + 0 * i"));
        compare(dt, membrane, ExponentialReceptor { tau: each, ..default() }, psp);
    }
}

#[test]
fn alpha_currents_move_a_linear_membrane_exactly() {
    for (dt, membrane, tau) in CASES {
        let psp = |t| 3.0 / membrane * std::f64::consts::E / tau * alpha_through_membrane(t, membrane, tau);
        // The closed form itself cancels where the time constants are nearly equal.
        if membrane == tau || (membrane - tau).abs() > 0.01 {
            compare(dt, membrane, AlphaReceptor { tau: tau.into(), ..default() }, psp);
        }
    }
}

#[test]
fn biexponential_currents_move_a_linear_membrane_exactly() {
    for (dt, membrane, decay) in CASES {
        for rise in [0.3, 1.2, 5.5] {
            let peak = (decay / rise).ln() * decay * rise / (decay - rise);
            let n = 1.0 / ((-peak / decay).exp() - (-peak / rise).exp());
            let through = |t, tau| 3.0 / membrane * through_membrane(t, membrane, tau);
            let receptor = BiexponentialReceptor { rise: rise.into(), decay: decay.into(), ..default() };
            compare(dt, membrane, receptor, |t| n * (through(t, decay) - through(t, rise)));
        }
    }
}

#[test]
fn membranes_that_differ_between_neurons_or_change_are_followed() {
    let mut bench = bench(1.0);
    let cells = bench.group("cells", 2, Linear { tau: "10 * (i + 1)".into(), resistance: 1.0.into() });
    let receptor = bench.receptor(cells, "r", ExponentialReceptor::default());
    bench.set(receptor, "arriving", &[1.0, 1.0]);
    bench.ticks(4);
    let expected = [10.0, 20.0].map(|m| through_membrane(4.0, m, 5.0) / m);
    bench.assert_near(cells, "v", &expected);
    let world = bench.world_mut();
    world.entity_mut(cells).insert(Linear { tau: 7.0.into(), resistance: 1.0.into() });
    world.flush();
    bench.set(cells, "v", &[0.0, 0.0]);
    bench.ticks(3);
    // From the current that is left after four steps.
    let left = (-4.0_f64 / 5.0).exp() * through_membrane(3.0, 7.0, 5.0) / 7.0;
    bench.assert_near(cells, "v", &[left, left]);
}

#[test]
fn conductances_decay_exactly_and_act_by_their_mean() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, Conductance::default());
    let receptor =
        ExponentialReceptor { gain: 2.0.into(), tau: 4.0.into(), reversal: Some((-80.0).into()), ..default() };
    let receptor = bench.receptor(cells, "gaba", receptor);
    bench.set(receptor, "arriving", &[3.0, 1.0]);
    for k in 1..30 {
        bench.tick();
        let left = (-f64::from(k) / 4.0).exp();
        bench.assert_near(receptor, "conductance", &[6.0 * left, 2.0 * left]);
        // The mean over the step: 4 (g before − g after).
        let mean = 4.0 * left * 0.25_f64.exp_m1();
        bench.assert_near(cells, "conductance", &[6.0 * mean, 2.0 * mean]);
        bench.assert_near(cells, "input", &[-80.0 * 6.0 * mean, -80.0 * 2.0 * mean]);
    }
}

#[test]
fn a_receptor_rests_until_something_arrives_and_starts_where_it_is_told() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, ());
    let silent = bench.receptor(cells, "silent", AlphaReceptor::default());
    let initial = "1 + i".into();
    let started = bench.receptor(cells, "started", ExponentialReceptor { initial, ..default() });
    bench.tick();
    let left = (-0.2_f64).exp();
    bench.assert_near(started, "current", &[left, 2.0 * left]);
    bench.assert_near(cells, "input", &[5.0 * (1.0 - left), 10.0 * (1.0 - left)]);
    assert_eq!(bench.get(silent, "current"), [0.0, 0.0]);
    // From 1, 87 time constants later, it is zero and no denormal number.
    bench.ticks(600);
    assert_eq!(bench.get(started, "current"), [0.0, 0.0]);
}

/// The message with which a receptor of `group` is refused.
pub(super) fn refusal(bench: &mut Bench, group: Entity, receptor: impl Behaviour) -> String {
    bench.world_mut().spawn((Name::new("r"), ReceptorOf(group), receptor));
    bench.world_mut().flush();
    bench.try_ticks(1).unwrap_err()
}

#[test]
fn models_that_take_no_conductances_are_refused() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, Izhikevich::default());
    let why = "`cells` cannot have a conductance: its model takes no conductances";
    let reversal = || Some(0.0.into());
    let exponential = ExponentialReceptor { reversal: reversal(), ..default() };
    assert_eq!(refusal(&mut bench, cells, exponential), format!("cells.r: ExponentialReceptor.reversal: {why}"));
    let alpha = AlphaReceptor { reversal: reversal(), ..default() };
    assert_eq!(refusal(&mut bench, cells, alpha), format!("cells.r: AlphaReceptor.reversal: {why}"));
    let biexponential = BiexponentialReceptor { reversal: reversal(), ..default() };
    assert_eq!(refusal(&mut bench, cells, biexponential), format!("cells.r: BiexponentialReceptor.reversal: {why}"));
    assert_eq!(refusal(&mut bench, cells, NmdaReceptor::default()), format!("cells.r: NmdaReceptor.reversal: {why}"));
}

#[test]
fn time_constants_must_be_above_zero() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 2, ());
    let wrong = ExponentialReceptor { tau: "2 * i".into(), ..default() };
    let error = refusal(&mut bench, cells, wrong);
    assert_eq!(error, "cells.r: ExponentialReceptor.tau: must be above 0; member 0 gets 0");
    let wrong = BiexponentialReceptor { rise: (-1.0).into(), ..default() };
    let error = refusal(&mut bench, cells, wrong);
    assert_eq!(error, "cells.r: BiexponentialReceptor.rise: must be above 0, not -1");
}

#[test]
fn a_scene_chooses_between_current_and_conductance() {
    let mut bench = Bench::new();
    let group = GroupScene::new("cells", NeuronGroup::new(2))
        .with(Izhikevich::default())
        .with_receptor("a", ExponentialReceptor { afferent: "A".into(), reversal: Some(0.0.into()), ..default() });
    let mut scene = Scene::new("refused");
    scene.groups = vec![group];
    let faults = check(bench.world_mut(), &scene).unwrap_err().to_string();
    assert!(faults.contains("its model takes no conductances"), "{faults}");
    // A trial leaves no mark.
    assert!(bench.world_mut().query::<&Level>().iter(bench.world_mut()).next().is_none());
}

/// Five receptors of a kind, of which two and two share a pass over the neurons, give the same bits as five that have a
/// pass each, since their gain may differ between neurons as far as anybody can tell.
fn together_as_apart<R: Behaviour>(kind: &str, receptor: impl Fn(Parameter) -> R) {
    let mut bench = Bench::new();
    let sums = || (V::default(), Conductance::default(), Jump::default());
    let groups = ["together", "apart"].map(|name| bench.group(name, 2500, sums()));
    let gains = ["0.75", "-0.3", "1.25", "-0.45", "0.1"];
    let names = ["a", "b", "c", "d", "e"];
    let receptors = groups.map(|group| {
        [0, 1, 2, 3, 4].map(|k| {
            let gain = if group == groups[0] { gains[k].to_owned() } else { format!("{} + 0 * i", gains[k]) };
            bench.receptor(group, names[k], receptor(gain.as_str().into()))
        })
    });
    groups
        .iter()
        .for_each(|group| bench.set(*group, "v", &(0..2500).map(|i| -80.0 + 0.03 * f64::from(i)).collect::<Vec<_>>()));
    let mut seen = false;
    for t in 0..30_u32 {
        // The second one stays silent for a while, and each is silent now and then.
        for k in (0..5).filter(|k| (t + k) % 3 != 0 && (*k != 1 || t > 9)) {
            let weights: Vec<f64> = (0..2500).map(|i| f64::from((i * 7919 + t * 31 + k * 17) % 101) * 0.01).collect();
            receptors.iter().for_each(|own| bench.set(own[k as usize], "arriving", &weights));
        }
        bench.tick();
        for variable in ["input", "conductance", "jump"] {
            let [one, other] = groups.map(|group| bench.get(group, variable));
            assert_eq!(one, other, "{kind}, iteration {t}: {variable}");
            seen |= one.iter().any(|sum| *sum != 0.0);
        }
    }
    assert!(seen, "{kind}: nothing came");
}

#[test]
fn receptors_that_share_a_pass_give_what_they_give_in_passes_of_their_own() {
    let reversal = || Some(Parameter::from(-70.0));
    together_as_apart("current", |gain| CurrentReceptor { gain, ..default() });
    together_as_apart("jump", |gain| JumpReceptor { gain, ..default() });
    together_as_apart("exponential", |gain| ExponentialReceptor { gain, ..default() });
    together_as_apart("conductance", |gain| ExponentialReceptor { gain, reversal: reversal(), ..default() });
    together_as_apart("alpha", |gain| AlphaReceptor { gain, ..default() });
    together_as_apart("biexponential", |gain| BiexponentialReceptor { gain, reversal: reversal(), ..default() });
    together_as_apart("nmda", |gain| NmdaReceptor { gain, ..default() });
}

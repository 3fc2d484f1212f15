use crate::{network::Warnings, prelude::*};

use super::*;

/// Writes a value into `v` of a neuron in an iteration, as a kernel that divides by zero would.
#[derive(Component, Reflect, Clone, Default)]
#[require(V)]
struct Spoil {
    neuron: u32,
    iteration: u64,
    value: f64,
}

impl Behaviour for Spoil {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, |mut groups: Query<(&Self, &mut V)>, clock: Res<Clock>| {
            for (spoil, mut v) in &mut groups {
                if spoil.iteration == clock.iteration {
                    v.0[spoil.neuron as usize] = spoil.value as Real;
                }
            }
        });
    }
}

fn bench(every: Option<u64>) -> Bench {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<Spoil>();
    bench.world_mut().resource_mut::<Soundness>().every = every;
    bench
}

fn iteration(bench: &mut Bench) -> u64 {
    bench.world_mut().resource::<Clock>().iteration
}

#[test]
fn a_value_that_is_no_number_is_found_at_the_next_look_whatever_the_stretches() {
    for stretch in [1, 7, 5000] {
        let mut bench = bench(Some(64));
        let spoil = Spoil { neuron: 17, iteration: 1000, value: f64::NAN };
        let cells = bench.group("cells", 40, (Izhikevich::default(), spoil));
        let mut error = Ok(());
        while error.is_ok() && iteration(&mut bench) < 5000 {
            error = bench.try_ticks(stretch);
        }
        // 16 · 64 iterations had ended, and 15 · 64 at the look before.
        assert_eq!(iteration(&mut bench), 1024);
        let error = error.unwrap_err();
        let expected =
            "cells: v of neuron 17 is NaN after iteration 1023; last found finite after iteration 959: v = -70";
        assert!(error.starts_with(expected) && error.contains(", u = -1"), "{error}");
        assert!(bench.get(cells, "v")[16].is_finite());
    }
}

#[test]
fn the_last_stretch_is_looked_at_when_the_run_ends() {
    let mut bench = bench(Some(1000));
    bench.group("cells", 3, Spoil { neuron: 2, iteration: 5, value: f64::INFINITY });
    bench.ticks(10);
    crate::schedule::finish(bench.world_mut());
    let failures = bench.world_mut().resource_mut::<Failures>().take();
    let why = failures[0].why.downcast_ref::<NotFinite>().unwrap();
    let last = vec![("v".to_owned(), 0.0), ("input".to_owned(), 0.0)];
    let expected =
        NotFinite { variable: "v".into(), neuron: 2, value: Real::INFINITY, clock: 10, last: Some((0, last)) };
    assert_eq!((failures.len(), failures[0].who.as_str(), why), (1, "cells", &expected));
}

#[test]
fn an_infinity_of_the_start_may_stay_but_none_may_come_and_nan_never_may() {
    for (start, value, stops) in [
        (f64::INFINITY, f64::NEG_INFINITY, false),
        (f64::INFINITY, f64::NAN, true),
        (0.0, f64::INFINITY, true),
        (0.0, 1e30, false),
    ] {
        let mut bench = bench(Some(10));
        let cells = bench.group("cells", 2, Spoil { neuron: 0, iteration: 3, value });
        bench.set(cells, "v", &[0.0, start]);
        assert_eq!(bench.try_ticks(50).is_err(), stops, "{start} {value}");
    }
    let mut bench = bench(Some(10));
    let cells = bench.group("cells", 2, Spoil { iteration: 99, ..Spoil::default() });
    bench.set(cells, "v", &[0.0, f64::NAN]);
    assert_eq!(bench.try_ticks(1).unwrap_err(), "cells: v of neuron 1 is NaN at the start");
}

#[test]
fn groups_are_named_in_order_each_with_its_first_neuron_and_its_first_variable() {
    let mut bench = bench(Some(4));
    let spoil = |neuron| Spoil { neuron, iteration: 0, value: f64::NAN };
    let b = bench.group("b", 9, (Izhikevich::default(), spoil(5)));
    bench.group("a", 9, spoil(7));
    let receptor = bench.receptor(b, "r", ExponentialReceptor { afferent: "X".into(), ..default() });
    bench.synapses(b, b, "X", AllToAll::default());
    bench.ticks(2);
    bench.set(receptor, "arriving", &[0.0, f64::NAN]);
    run(&mut bench, 2);
    let failures = bench.world_mut().resource_mut::<Failures>().take();
    let said: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert!(said[0].starts_with("a: v of neuron 7 is NaN after iteration 3"), "{said:?}");
    assert!(said[1].starts_with("b: v of neuron 1 is NaN after iteration 3"), "{said:?}");
    assert!(said[2].starts_with("b.r: ") && said[2].contains("of neuron 1 is NaN"), "{said:?}");
}

/// Runs iterations and looks, and leaves the failures.
fn run(bench: &mut Bench, iterations: u64) {
    crate::schedule::run_ticks(bench.world_mut(), iterations);
    Soundness::look(bench.world_mut());
}

#[test]
fn a_model_that_diverges_is_stopped_within_the_interval() {
    let mut bench = Bench::new();
    // Far below rest, an explicit step of the quadratic overshoots further every time.
    let current = ConstantCurrent { amplitude: "-1e20 * i".into() };
    bench.group("cells", 2, (Izhikevich { v: (-70.0).into(), ..default() }, current));
    let error = bench.try_ticks(100_000).unwrap_err();
    let expected =
        "cells: v of neuron 1 is NaN after iteration 255; last found finite at the start: v = -70, input = 0";
    assert!(error.starts_with(expected), "{error}");
    assert_eq!(iteration(&mut bench), 256);
}

#[test]
fn looking_never_changes_what_happens() {
    let run = |every| {
        let mut bench = bench(every);
        let cells = (Izhikevich::default(), NormalNoise { sd: 6.0.into(), ..default() });
        let cells = bench.group("cells", 50, cells);
        bench.receptor(cells, "r", ExponentialReceptor { afferent: "X".into(), ..default() });
        let rule = (FixedInDegree { in_degree: 20, ..default() }, InitialWeights(0.5.into()));
        bench.synapses(cells, cells, "X", rule);
        bench.recorder(VariableRecorder { of: vec!["cells.v".into(), "cells.fired".into()], ..default() });
        bench.ticks(700);
        (bench.recorded("cells.v"), bench.recorded("cells.fired"))
    };
    let never = run(None);
    assert!(never.1.iter().sum::<f64>() > 100.0);
    assert!(run(Some(1)) == never && run(Some(37)) == never && run(Some(0)) == never);
}

#[test]
fn who_comes_goes_or_changes_between_two_looks_is_followed() {
    let mut bench = bench(Some(5));
    let a = bench.group("a", 2, Izhikevich::default());
    bench.ticks(7);
    let b = bench.group("b", 3, Spoil { neuron: 0, iteration: 12, value: f64::NAN });
    bench.world_mut().despawn(a);
    bench.ticks(5);
    assert_eq!(iteration(&mut bench), 12);
    bench.world_mut().entity_mut(b).insert(Name::new("c"));
    let error = bench.try_ticks(20).unwrap_err();
    // Looked at after 7 iterations, when it came, and every 5 from there.
    let expected = "b: v of neuron 0 is NaN after iteration 16; last found finite after iteration 11: v = 0, input = 0";
    assert_eq!(error, expected);
}

#[test]
fn one_neuron_of_many_that_fires_in_every_step_is_reported_and_a_fast_one_is_not() {
    let mut bench = Bench::new().with_dt(0.1);
    // To threshold in τ ln(I/(I − I₀)), 0.38 ms at 10 nA (I₀ 375 pA): with 2 ms of refractory period a share of 0.84.
    let amplitudes = "10000 * step(i - 0.5) * step(1.5 - i) + 1e7 * step(i - 18.5)";
    bench.group("cells", 20, (Lif::default(), ConstantCurrent { amplitude: amplitudes.into() }));
    let [runaway] = &warned(&mut bench, 3000)[..] else { panic!("one warning") };
    assert_eq!((runaway.neurons, runaway.first), (1, Some(19)));
    let told = runaway.to_string();
    assert!(told.starts_with("neuron 19 of `cells` runs away: in iterations "), "{told}");
}

/// The warnings of a run of some iterations.
fn warned(bench: &mut Bench, iterations: u64) -> Vec<Runaway> {
    bench.ticks(iterations);
    bench.world_mut().resource_mut::<Warnings>().take()
}

#[test]
fn a_group_that_fires_in_every_step_is_reported_once_until_it_calms_down() {
    let mut bench = Bench::new();
    let current = StepCurrent { times: vec![0.0, 2000.0, 4000.0], amplitudes: vec![0.0, 1e5, 0.0], scale: 1.0.into() };
    let cells = bench.group("cells", 3, (Lif { refractory: 0.0.into(), ..default() }, current));
    assert_eq!(warned(&mut bench, 2000), []);
    let [runaway] = &warned(&mut bench, 2000)[..] else { panic!("one warning") };
    assert_eq!((runaway.group, runaway.name.as_str(), runaway.limit_hz), (cells, "cells", 1000.0));
    assert!(runaway.rate_hz > 999.0 && (1999..2400).contains(&runaway.iteration), "{runaway:?}");
    let said = runaway.to_string();
    assert!(said.starts_with("`cells` runs away: in iterations ") && said.contains("fire at 1000 Hz"), "{said}");
    assert_eq!(warned(&mut bench, 2000), []);
}

#[test]
fn the_limit_is_what_the_refractory_period_allows() {
    let dt = 0.1;
    let rate = |current: f64, refractory: f64| {
        let mut bench = Bench::new().with_dt(dt);
        let cells = (Lif { refractory: refractory.into(), ..default() }, ConstantCurrent { amplitude: current.into() });
        bench.group("cells", 4, cells);
        warned(&mut bench, 6000)
    };
    // From −65 to −50 mV at 25 nS and 10 ms, 250 pF: 1.5 nA takes 2.9 ms, 100 nA 0.04 ms.
    assert_eq!(rate(1500.0, 2.0), []);
    let warned = rate(1e5, 2.0);
    assert_eq!(warned.len(), 1);
    // 20 refractory steps and the one in which it fires.
    assert!((warned[0].limit_hz - 1000.0 / 2.1).abs() < 1e-9 && warned[0].rate_hz > 470.0, "{warned:?}");
}

#[test]
fn a_burst_and_given_spikes_are_no_runaway() {
    let mut bench = Bench::new();
    let pulses = PulseCurrent { amplitude: 1e5.into(), period: 400.0, width: 60.0, ..default() };
    bench.group("bursting", 5, (Lif { refractory: 0.0.into(), ..default() }, pulses));
    bench.group("given", 5, SpikeTrains { start: 0.0.into(), interval: 1.0.into(), count: 1990.0.into(), ..default() });
    bench.group("random", 5, PoissonNeurons { rate: 990.0.into(), ..default() });
    assert_eq!(warned(&mut bench, 2000), []);
    assert!(bench.world_mut().query::<&Spikes>().iter(bench.world_mut()).all(|spikes| spikes.total() > 100));
}

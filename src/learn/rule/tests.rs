//! Rules by equations against the rules of this crate and plain reckoning.

use rayon::ThreadPoolBuilder;

use super::Rule;
use crate::{checkpoint::Checkpoint, network::Weights, prelude::*, scene::like, value::Value};

fn library(name: &str, own: &[(&str, f64)]) -> Rule {
    let mut bench = Bench::new();
    let mut rule = like::<Rule>(bench.world_mut(), name).unwrap_or_else(|why| panic!("{why}"));
    own.iter().for_each(|(name, x)| _ = rule.parameters.insert((*name).to_owned(), Parameter::from(*x)));
    rule
}

/// Weights after 600 ms of spikes at random at both ends, and what arrives in each iteration, summed with weights that tell the
/// iterations apart.
fn run(rule: impl Bundle, connectivity: impl Bundle, delays: Option<&str>) -> (Vec<f64>, f64) {
    let mut bench = Bench::new();
    let fire = |rate: f64| PoissonNeurons { rate: rate.into(), ..default() };
    let (a, b) = (bench.group("a", 30, fire(40.0)), bench.group("b", 25, fire(30.0)));
    bench.receptor(b, "r", CurrentReceptor { afferent: "X".into(), ..default() });
    let weights = InitialWeights("0.3 + 0.4*uniform()".into());
    let synapses = bench.synapses(a, b, "X", (connectivity, weights, Delays(delays.map(Into::into)), rule));
    let mut arrived = 0.0;
    for k in 0..600 {
        bench.tick();
        arrived += f64::from(k % 7) * bench.get(b, "input").iter().sum::<f64>();
    }
    let Weights(weights) = bench.world_mut().get::<Weights>(synapses).unwrap();
    (weights.iter().map(|w| f64::from(*w)).collect(), arrived)
}

fn compare(text: Rule, native: impl Bundle + Clone) {
    for delays in [None, Some("3"), Some("1 + 40*uniform()")] {
        let rule = || FixedInDegree { in_degree: 12, ..default() };
        let ((text, arrived), (native, native_arrived)) =
            (run(text.clone(), rule(), delays), run(native.clone(), rule(), delays));
        assert!(text.len() == 300 && native.iter().any(|w| (w - 0.5).abs() > 0.2), "{native:?}");
        let far = text.iter().zip(&native).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(far < 2e-5, "{delays:?}: {far}");
        assert!((arrived / native_arrived - 1.0).abs() < 1e-5, "{delays:?}: {arrived} {native_arrived}");
    }
    let all = || AllToAll::default();
    let ((text, _), (native, _)) = (run(text, all(), Some("2")), run(native, all(), Some("2")));
    let far = text.iter().zip(&native).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(text.len() == 750 && far < 2e-5, "{far}");
}

#[test]
fn pairs_are_those_of_the_native_rule() {
    compare(library("pairs", &[]), Stdp::default());
    compare(Rule::default(), Stdp::default());
    let multiplicative = Stdp { mu_plus: 1.0, mu_minus: 1.0, ..default() };
    compare(library("pairs_multiplicative", &[("a_plus", 0.05)]), Stdp { a_plus: 0.05, ..multiplicative });
}

#[test]
fn triplets_and_inhibition_are_those_of_the_native_rules() {
    compare(library("triplets", &[]), TripletStdp { w_max: 1.0, ..default() });
    compare(library("inhibitory", &[]), InhibitoryStdp { eta: 0.01, target_rate: 3.0, tau: 20.0, w_max: 1.0 });
}

/// The efficacy of each spike goes with it, however long it takes.
#[test]
fn synapses_that_tire_are_those_of_the_native_rule() {
    for delays in [None, Some("3"), Some("1 + 9*uniform()")] {
        let rule = || FixedInDegree { in_degree: 12, ..default() };
        let ((weights, text), (_, native)) = (
            run(library("short_term", &[]), rule(), delays),
            run(ShortTermPlasticity::new(0.2, 130.0, 600.0), rule(), delays),
        );
        assert!((text / native - 1.0).abs() < 1e-4 && native > 100.0, "{delays:?}: {text} {native}");
        assert!(weights.iter().all(|w| (0.3..=0.7).contains(w)));
    }
}

/// A synapse that counts, remembers the potential of its target, and holds both in columns that can be recorded.
#[test]
fn synapses_have_variables_and_read_those_of_neurons() {
    let mut bench = Bench::new();
    let source = bench.group("source", 2, SpikeSource::at(vec![vec![1.0, 4.0], vec![4.0]]));
    let target = bench.group("target", 1, Lif { v: "-60".into(), rest: (-60.0).into(), ..default() });
    let rule = Rule {
        model: "n : synapse; seen : synapse; w : bounds 0 3".into(),
        on_pre: "n += 1; seen = v_post; w += n".into(),
        on_post: "".into(),
        initial: [("n", 1.0.into())].into(),
        ..default()
    };
    let group = bench.synapses(source, target, "X", (AllToAll::default(), InitialWeights(0.5.into()), rule));
    bench.ticks(3);
    bench.assert_near(group, "n", &[2.0, 1.0]);
    bench.assert_near(group, "weights", &[2.5, 0.5]);
    bench.ticks(5);
    bench.assert_near(group, "n", &[3.0, 2.0]);
    bench.assert_near(group, "seen", &[-60.0, -60.0]);
    bench.assert_near(group, "weights", &[3.0, 2.5]);
}

#[test]
fn what_is_remembered_goes_on_from_a_checkpoint() {
    Bench::assert_goes_on(60, |bench| {
        let fire = || PoissonNeurons { rate: 100.0.into(), ..default() };
        let (a, b) = (bench.group("a", 9, fire()), bench.group("b", 8, fire()));
        bench.receptor(b, "r", CurrentReceptor { afferent: "X".into(), ..default() });
        let delays = Delays(Some("1 + 5*uniform()".into()));
        let rule = Rule {
            model: "dx/dt = -x/20 : pre; dy/dt = -y/20 : post; n : synapse; w : bounds 0 1".into(),
            on_pre: "w -= 0.01*y; n += x; efficacy = 1/(1 + x); x += 1".into(),
            ..default()
        };
        bench.synapses(
            a,
            b,
            "X",
            (FixedInDegree { in_degree: 4, ..default() }, InitialWeights(0.5.into()), delays, rule),
        );
    });
}

#[test]
fn what_cannot_be_a_rule_is_told_with_its_place() {
    let why = |model: &str, on_pre: &str, on_post: &str| {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 2, Lif::default());
        let rule = Rule { model: model.into(), on_pre: on_pre.into(), on_post: on_post.into(), ..default() };
        bench.try_synapses(cells, cells, "X", (AllToAll::default(), rule)).unwrap_err()
    };
    assert!(why("dx/dt = -x/20", "x += 1", "").contains("say whose it is"));
    assert!(why("dw/dt = -w/20 : synapse", "", "").contains("no spike touches `w`"));
    assert!(why("dw/dt = -w/20 : synapse", "w += 1", "").contains("`w` cannot be solved from spike to spike"));
    assert!(why("dc/dt = -c/20 : synapse", "", "").contains("no spike touches `c`"));
    assert!(why("dc/dt = -c^2/20 : synapse", "c += 1", "").contains("say `every`"));
    assert!(why("dc/dt = -c/20 + x : synapse; x : pre", "c += 1", "").contains("say `every`"));
    assert!(why("dw/dt = 1 : pre", "", "").contains("the weight is the synapse's"));
    assert!(why("dx/dt = -x/20 : pre", "x += 1; w -= x", "").contains("as it was before the spike"));
    assert!(why("dx/dt = -x/20 : pre", "", "x += 1").contains("of the other end"));
    assert!(why("dx/dt = -x/20 : pre", "q += 1", "").contains("no variable of the rule"));
    assert!(why("dx/dt = -x/tua : pre", "x += 1", "").contains("nothing is named `tua`"));
    assert!(why("dx/dt = -x/20 + xi : pre", "x += 1", "").contains("no noise"));
    assert!(why("w : bounds 0 t", "w += 1", "").contains("numbers that never change"));
}

fn rule(model: &str, on_pre: &str, on_post: &str) -> Rule {
    Rule { model: model.into(), on_pre: on_pre.into(), on_post: on_post.into(), parameters: [].into(), ..default() }
}

fn poisson(rate: f64) -> PoissonNeurons {
    PoissonNeurons { rate: rate.into(), ..default() }
}

/// From spike to spike as step by step: c' = (b − c)/τ, whether an event changes it or only reads it.
#[test]
fn what_is_linear_is_solved_from_spike_to_spike() {
    let connected = |bench: &mut Bench, every: f64, all: bool| {
        let (a, b) = (bench.group("a", 30, poisson(20.0)), bench.group("b", 25, poisson(15.0)));
        let model = "dc/dt = (b - c)/40 : synapse; de/dt = -e/7 : synapse; n : synapse; w : bounds 0 9";
        let text = Rule {
            every,
            parameters: [("b".to_owned(), 0.3.into())].into(),
            ..rule(model, "w += c; c += 1; n += 1", "e += c; w += 0.01*e")
        };
        let weights = || InitialWeights("0.1*uniform()".into());
        let delays = Delays(Some("1 + 12*uniform()".into()));
        let initial = || [("c", Value::from("0.01*i + j"))].into();
        match all {
            true => bench.synapses(
                a,
                b,
                "X",
                (AllToAll::default(), weights(), Delays(Some(3.0.into())), Rule { initial: initial(), ..text }),
            ),
            false => {
                let sparse = FixedInDegree { in_degree: 9, ..default() };
                bench.synapses(a, b, "X", (sparse, weights(), delays, Rule { initial: initial(), ..text }))
            }
        }
    };
    for all in [true, false] {
        let run = |every: f64| {
            let mut bench = Bench::new();
            let group = connected(&mut bench, every, all);
            bench.ticks(400);
            (bench.get(group, "weights"), bench.get(group, "n"))
        };
        let ((lazy, seen), (stepped, _)) = (run(0.0), run(1.0));
        assert!(seen.iter().sum::<f64>() > 1000.0 && lazy.iter().any(|w| *w > 3.0));
        let far = lazy.iter().zip(&stepped).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(far < 2e-4, "{all}: {far}");
    }
    Bench::assert_goes_on(50, |bench| _ = connected(bench, 0.0, false));
    Bench::assert_goes_on(50, |bench| _ = connected(bench, 5.0, false));
}

/// Eligibility that waits for dopamine of the target, every millisecond, against the native rule, which is exact.
#[test]
fn eligibility_that_waits_for_a_reward_is_that_of_the_native_rule() {
    let run = |rule: &dyn Fn(&mut Bench, Entity, Entity) -> Entity| {
        let mut bench = Bench::new();
        let a = bench.group("a", 30, poisson(20.0));
        let b = bench.group("b", 25, (poisson(15.0), Dopamine { tau: 100.0, ..default() }));
        bench.set(b, "dopamine", &(0..25).map(|i| 0.02 * f64::from(i)).collect::<Vec<_>>());
        let group = rule(&mut bench, a, b);
        bench.ticks(600);
        bench.get(group, "weights")
    };
    let sparse =
        || (FixedInDegree { in_degree: 12, ..default() }, InitialWeights(1.0.into()), Delays(Some(2.0.into())));
    let native = run(&|bench, a, b| {
        let own = RewardStdp { a_plus: 0.3, a_minus: 0.1, tau_c: 150.0, ..default() };
        bench.synapses(a, b, "X", (sparse(), own))
    });
    let text = run(&|bench, a, b| {
        let model = "dx/dt = -x/20 : pre; dy/dt = -y/20 : post
            dc/dt = -c/150 : synapse; dw/dt = c*dopamine_post : synapse, bounds 0 4";
        let own = Rule { every: 1.0, ..rule(model, "c -= 0.1*y; x += 1", "c += 0.3*x; y += 1") };
        bench.synapses(a, b, "X", (sparse(), own))
    });
    let spread = native.iter().map(|w| (w - 1.0).abs()).fold(0.0, f64::max);
    let far = native.iter().zip(&text).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(spread > 0.5 && far < 0.03 * spread, "{spread} {far}");
}

/// Filtered potentials of the target, and its potential as it is: against a loop in double precision.
#[test]
fn variables_of_an_end_follow_their_neurons() {
    let mut bench = Bench::new().with_dt(0.5);
    let source = bench.group("source", 1, SpikeSource::at(vec![vec![5.0, 20.0]]));
    let target =
        bench.group("target", 1, (Lif { v: "-60".into(), ..default() }, ConstantCurrent { amplitude: 300.0.into() }));
    let model = "dx/dt = -x/15 : pre; du/dt = (v_post - u)/10 : post
        dw/dt = 1e-3*x*max(v_post + 62, 0)*max(u + 63, 0) : synapse, bounds 0 5";
    let own = Rule {
        every: 0.5,
        initial: [("u", (-60.0).into())].into(),
        ..rule(model, "w -= 0.01*max(u + 65, 0); x += 1", "")
    };
    let group = bench.synapses(
        source,
        target,
        "X",
        (AllToAll::default(), InitialWeights(1.0.into()), Delays(Some(0.5.into())), own),
    );
    let (mut x, mut u, mut w, mut sent) = (0.0, -60.0, 1.0, false);
    for _ in 0..100 {
        bench.tick();
        let v = bench.get(target, "v")[0];
        // The trace as it was when the spike that is there now was fired.
        let seen_before = x;
        x *= f64::exp(-0.5 / 15.0);
        u = v + (u - v) * f64::exp(-0.5 / 10.0);
        if sent {
            w -= 0.01 * (u + 65.0).max(0.0);
        }
        w = (w + 0.5 * 1e-3 * seen_before * (v + 62.0).max(0.0) * (u + 63.0).max(0.0)).clamp(0.0, 5.0);
        sent = !bench.spikes(source).is_empty();
        if sent {
            x += 1.0;
        }
        // Source traces are seen as long ago as the axon is long.
        let found = bench.get(group, "weights")[0];
        assert!((found - w).abs() < 0.02 * (1.0 + w), "{found} {w}");
    }
    assert!((w - 1.0).abs() > 0.1);
}

/// Jumps of 1 and 2 of the calcium at spikes, of M. Graupner & N. Brunel, PNAS 109:3991 (2012), in steps of 0.1 ms against the closed
/// form of times above thresholds.
#[test]
fn a_calcium_rule_moves_as_long_as_it_is_above_its_thresholds() {
    let run = |apart: f64| {
        let mut bench = Bench::new().with_dt(0.1);
        let times = |shift: f64| (0..10).map(|k| 50.0 + 200.0 * f64::from(k) + shift).collect::<Vec<f64>>();
        let a = bench.group("a", 1, SpikeSource::at(vec![times(0.0)]));
        let b = bench.group("b", 1, SpikeSource::at(vec![times(apart)]));
        let model = "dc/dt = -c/20 : synapse
            drho/dt = (321.808*(1 - rho)*(c > 1.3) - 200*rho*(c > 1))/150e3 : synapse";
        let own = Rule { every: 0.1, initial: [("rho", 0.5.into())].into(), ..rule(model, "c += 1", "c += 2") };
        let delays = Delays(Some(0.1.into()));
        let group = bench.synapses(a, b, "X", (AllToAll::default(), delays, own));
        bench.ticks(22_000);
        bench.get(group, "rho")[0]
    };
    // Times above a threshold after jumps of 1 and 2, the other one some time later.
    let above = |apart: f64, threshold: f64| {
        let (first, second) = if apart > 0.0 { (1.0, 2.0) } else { (2.0, 1.0) };
        let until = |c: f64| 20.0 * f64::ln(c / threshold).max(0.0);
        let there = first * f64::exp(-apart.abs() / 20.0);
        until(first).min(apart.abs()) + until(there + second)
    };
    for apart in [-30.0, -8.0, 9.0, 35.0] {
        let (up, down) = (321.808 * above(apart, 1.3) / 150e3, 200.0 * above(apart, 1.0) / 150e3);
        // Of ten pairs, as if both went on at a mean rate.
        let (target, rate) = (up / (up + down), up + down);
        let expected = target + (0.5 - target) * f64::exp(-10.0 * rate);
        let found = run(apart);
        assert!((found - expected).abs() < 0.01, "{apart}: {found} {expected}");
    }
}

/// White noise of synapses has the variance of theory, and each its own.
#[test]
fn noise_of_synapses_is_white() {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 120, Spikes::default());
    let own = Rule { every: 2.0, ..rule("ds/dt = -s/30 + 0.4*xi : synapse", "", "") };
    let group = bench.synapses(cells, cells, "X", (AllToAll::default(), own));
    bench.ticks(400);
    let s = bench.get(group, "s");
    let n = s.len() as f64;
    let (mean, square) = (s.iter().sum::<f64>() / n, s.iter().map(|s| s * s).sum::<f64>() / n);
    let variance = 0.16 * 30.0 / 2.0;
    assert!(
        mean.abs() < 5.0 * (variance / n).sqrt() && (square / variance - 1.0).abs() < 0.05,
        "{mean} {square} {variance}"
    );
}

/// A parameter of each synapse is a variable that nothing changes; a factor is of a group of one.
#[test]
fn synapses_have_parameters_of_their_own_and_a_third_factor() {
    let mut bench = Bench::new();
    let a = bench.group("a", 3, SpikeSource::at(vec![vec![2.0], vec![2.0], vec![4.0]]));
    let b = bench.group("b", 2, Spikes::default());
    let critic = Equations { model: "dr/dt = 0.5".into(), ..default() };
    bench.group("critic", 1, critic);
    let own = Rule {
        initial: [("gain", Value::from("1 + i + 10*j"))].into(),
        factors: crate::network::NamedTexts([("reward".to_owned(), "critic.r".to_owned())].into()),
        ..rule("gain : synapse", "w += gain*reward", "")
    };
    let group = bench.synapses(a, b, "X", (AllToAll::default(), InitialWeights(0.0.into()), own));
    bench.ticks(8);
    bench.assert_near(group, "gain", &[1.0, 11.0, 2.0, 12.0, 3.0, 13.0]);
    let weights = bench.get(group, "weights");
    let reward = weights[0];
    assert!(reward > 0.9 && reward < 3.1, "{weights:?}");
    for (w, gain) in weights.iter().zip([1.0, 11.0, 2.0, 12.0]) {
        assert!((w - gain * reward).abs() < 1e-4, "{weights:?}");
    }
    // Two iterations later it is by 1 more.
    assert!((weights[4] / 3.0 - reward - 1.0).abs() < 1e-4, "{weights:?}");
    let mut refused = |address: &str| {
        let factors = crate::network::NamedTexts([("reward".to_owned(), address.to_owned())].into());
        let own = Rule { factors, ..rule("w", "w += reward", "") };
        bench.try_synapses(a, b, "Y", (AllToAll::default(), own)).unwrap_err()
    };
    assert!(refused("b.spikes").contains("a factor is of a group of one"));
    assert!(refused("critic.q").contains("no such variable"));
    assert!(refused("critics.r").contains("no group is named or tagged `critics`"));
}

/// Synapses in several blocks, on one thread and on three.
#[test]
fn bits_do_not_depend_on_threads() {
    let state = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let mut bench = Bench::new();
            let (a, b) = (bench.group("a", 400, poisson(100.0)), bench.group("b", 20_000, poisson(30.0)));
            let sparse = FixedInDegree { in_degree: 20, ..default() };
            let model =
                "dx/dt = -x/20 : pre; dy/dt = -y/20 : post; dc/dt = -c/9 : synapse; ds/dt = 0.1*xi - s/5 : synapse";
            let own = Rule { every: 3.0, ..rule(model, "c += y; w -= 0.01*c; x += 1", "w += 0.01*x*(1 + s); y += 1") };
            let delays = Delays(Some("1 + 12*uniform()".into()));
            bench.synapses(a, b, "X", (sparse, InitialWeights("uniform()".into()), delays, own));
            bench.ticks(30);
            Checkpoint::take(bench.world_mut()).expect("a state")
        })
    };
    assert_eq!(state(3).first_difference(&state(1)), None);
}

/// While synapses are rewired, as the native rule does: traces go on, new synapses begin.
#[test]
fn rewired_synapses_are_followed() {
    let run = |rule: &dyn Fn(&mut Bench, Entity, Entity) -> Entity| {
        let mut bench = Bench::new();
        let (a, b) = (bench.group("a", 60, poisson(40.0)), bench.group("b", 40, poisson(30.0)));
        let group = rule(&mut bench, a, b);
        bench.ticks(300);
        (bench.get(group, "weights"), group, bench)
    };
    let common = |delays: Option<&str>| {
        let prune = StructuralPlasticity { interval: 25.0, threshold: 0.4, probability: 0.3, weight: 0.5, ..default() };
        (
            FixedInDegree { in_degree: 12, ..default() },
            InitialWeights("0.3 + 0.4*uniform()".into()),
            Delays(delays.map(Into::into)),
            prune,
        )
    };
    for delays in [None, Some("1 + 9*uniform()")] {
        let (native, ..) = run(&|bench, a, b| bench.synapses(a, b, "X", (common(delays), Stdp::default())));
        let (text, group, bench) = run(&|bench, a, b| {
            let model = "dx/dt = -x/20 : pre; dy/dt = -y/20 : post; n : synapse; w : bounds 0 1";
            let own = Rule {
                initial: [("n", 7.0.into())].into(),
                ..rule(model, "w -= 0.0105*y; n += 1; x += 1", "w += 0.01*x; y += 1")
            };
            bench.synapses(a, b, "X", (common(delays), own))
        });
        let far = native.iter().zip(&text).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(far < 1e-4, "{delays:?}: {far}");
        let n = bench.get(group, "n");
        assert!(n.iter().all(|n| *n >= 7.0), "{n:?}");
    }
}

/// Each rule of the library runs, changes weights, and says where it is from.
#[test]
fn every_rule_of_the_library_runs() {
    let mut bench = Bench::new();
    let behaviours = bench.world_mut().resource::<crate::network::Behaviours>().clone();
    let all: Vec<crate::scene::Ready> = behaviours.named("Rule").flat_map(crate::scene::library).collect();
    assert!(all.len() >= 10);
    for ready in all {
        assert!(ready.about.contains("(1") || ready.about.contains("(2"), "{}: a year", ready.name);
        let mut bench = Bench::new();
        let a = bench.group("a", 30, poisson(30.0));
        let b = bench.group(
            "b",
            20,
            (Lif::default(), Dopamine::default(), UniformNoise { high: 700.0.into(), ..default() }),
        );
        bench.set(b, "dopamine", &[1.0; 20]);
        let weights = InitialWeights(0.5.into());
        let own = library(&ready.name, &[]);
        let tires = own.on_pre.0.contains("efficacy");
        let group = bench.synapses(a, b, "X", (FixedInDegree { in_degree: 10, ..default() }, weights, own));
        bench.ticks(500);
        assert!(bench.spike_count(b) > 20);
        let weights = bench.get(group, "weights");
        assert!(tires || weights.iter().any(|w| (w - 0.5).abs() > 1e-6), "{}", ready.name);
    }
}

/// Pairs once a second at which calcium stays above its thresholds: where the target fires 10 ms after the source (13.7 ms of which the
/// axon takes) synapses grow, where it fires 20 ms before they shrink. M. Graupner & N. Brunel, PNAS 109:3991 (2012), figure 2, DP.
#[test]
fn the_calcium_rule_has_the_window_of_its_paper() {
    let after = |apart: f64| {
        let mut bench = Bench::new();
        let times = |shift: f64| (0..60).map(|k| 100.0 + 1000.0 * f64::from(k) + shift).collect::<Vec<f64>>();
        let a = bench.group("a", 20, SpikeSource::at(vec![times(0.0); 20]));
        let b = bench.group("b", 20, SpikeSource::at(vec![times(apart); 20]));
        let own = library("calcium", &[]);
        let delays = Delays(Some(14.0.into()));
        let group = bench.synapses(a, b, "X", (AllToAll::default(), InitialWeights(0.5.into()), delays, own));
        bench.ticks(60_100);
        let weights = bench.get(group, "weights");
        weights.iter().sum::<f64>() / weights.len() as f64
    };
    let (causal, acausal, far) = (after(10.0), after(-20.0), after(120.0));
    assert!(causal > 0.53 && acausal < 0.45, "{causal} {acausal}");
    // Far apart each spike of the target alone is above: down more than up, or the other way, but less than when together.
    assert!((far - 0.5).abs() < (causal - 0.5).max(0.5 - acausal), "{far}");
}

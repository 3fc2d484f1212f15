//! Rules by equations against the rules of this crate and plain reckoning.

use super::Rule;
use crate::{network::Weights, prelude::*, scene::like};

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
    assert!(why("dw/dt = -w/20 : synapse", "", "").contains("at spikes alone"));
    assert!(why("dc/dt = -c/20 : synapse", "", "").contains("no equation of its own"));
    assert!(why("dx/dt = -x/20 : pre", "x += 1; w -= x", "").contains("as it was before the spike"));
    assert!(why("dx/dt = -x/20 : pre", "", "x += 1").contains("of the other end"));
    assert!(why("dx/dt = -x/20 : pre", "q += 1", "").contains("no variable of the rule"));
    assert!(why("dx/dt = -x/tua : pre", "x += 1", "").contains("nothing is named `tua`"));
    assert!(why("dx/dt = -x/20 + xi : pre", "x += 1", "").contains("no noise"));
    assert!(why("w : bounds 0 t", "w += 1", "").contains("numbers that never change"));
}

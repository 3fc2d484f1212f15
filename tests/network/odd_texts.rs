//! Equations that users write and nobody means: constants beyond all numbers, names that mean something else, noises that come and go.

use cortecs::{
    assemble::{build, check},
    checkpoint::{Checkpoint, Fit},
    prelude::*,
    scene::Scene,
};

/// A bench with the network of a scene, and its groups, then its synapses.
fn built(text: &str) -> Result<(Bench, Vec<Entity>), String> {
    let mut bench = Bench::new();
    let scene = Scene::from_text(bench.world_mut(), text).map_err(|faults| faults.to_string())?;
    let network = build(bench.world_mut(), &scene).map_err(|faults| faults.to_string())?;
    Ok((bench, network.groups.into_iter().chain(network.synapses).collect()))
}

/// Why a check refuses it.
#[track_caller]
fn refused(text: &str) -> String {
    let mut bench = Bench::new();
    match Scene::from_text(bench.world_mut(), text) {
        Err(faults) => faults.to_string(),
        Ok(scene) => check(bench.world_mut(), &scene).map(drop).expect_err("a fault").to_string(),
    }
}

fn cells(size: usize, of: &str) -> String {
    format!("(dt: 0.1, groups: {{\"cells\": (size: {size}, behaviours: [Equations({of})])}})")
}

/// A rule between groups whose neurons fire once, at 10 and 20 ms.
fn rule(rest: &str, of: &str) -> String {
    format!(
        "(dt: 0.1, {rest} groups: {{\"critic\": (size: 1, behaviours: [Equations(model: \"dr/dt = 1\")]),
            \"a\": (size: 1, behaviours: [SpikeSource(times: [[10]])]), \"b\": (size: 1, behaviours: [SpikeSource(times: [[20]])])}},
        synapses: [(name: \"p\", from: \"a\", to: \"b\", unheard: true, connectivity: OneToOne(), weights: 0.5, behaviours: [Rule({of})])])"
    )
}

#[test]
fn coefficients_that_are_no_numbers_are_told() {
    for (size, of) in [
        (1, "model: \"dv/dt = -v/tau\", parameters: {\"tau\": 0}"),
        (2, "model: \"dv/dt = -v/tau; dw/dt = v\", parameters: {\"tau\": 0}"),
        (2, "model: \"dv/dt = -v/tau + xi\", parameters: {\"tau\": 0}"),
        (2, "model: \"dv/dt = -v/tau\", method: ExponentialEuler, parameters: {\"tau\": 0}"),
        (3, "model: \"dv/dt = -v/tau; dw/dt = v\", parameters: {\"tau\": \"i - 1\"}"),
        (2, "model: \"dv/dt = v*1e5; dw/dt = v\""),
        (2, "model: \"dv/dt = w + xi*1e200; dw/dt = -v\""),
    ] {
        let why = refused(&cells(size, of));
        assert!(why.contains("are no finite numbers: is a time constant 0?"), "{of}: {why}");
    }
    let receptor =
        "(groups: {\"a\": (size: 2, behaviours: [Lif()], receptors: {\"r\": EquationsReceptor(afferent: \"S\",
        model: \"ds/dt = -s/tau; dq/dt = s - q\", parameters: {\"tau\": 0})})})";
    assert!(refused(receptor).contains("are no finite numbers"));
    for model in ["dx/dt = -x/tau : pre; dz/dt = x - z : pre; w", "dc/dt = -c/tau : synapse; w"] {
        let of = format!("model: \"{model}\", on_pre: \"w += 0.1\", parameters: {{\"tau\": 0}}");
        refused(&rule("", &of));
    }
    // Set while the network runs it changes nothing.
    let text =
        "(dt: 0.1, groups: {\"cells\": (size: 2, behaviours: [Equations(model: \"dv/dt = (1 - v)/tau; dw/dt = v\",
        parameters: {\"tau\": 10})])}, switches: [(at: 1, set: {\"cells.Equations.parameters.tau\": 0})])";
    assert!(refused(text).contains("are no finite numbers"));
}

/// As many as a text may have are read in no time: 250 took 15 s, and more for ever.
#[test]
fn many_linear_variables_are_not_solved_together() {
    let model: Vec<String> = (0..200).map(|k| format!("dx{k}/dt = -x{k}/10")).collect();
    let began = std::time::Instant::now();
    built(&cells(1, &format!("model: \"{}\"", model.join("; ")))).map(drop).unwrap();
    assert!(began.elapsed().as_secs() < 20);
}

/// Held for an iteration, noise of the intensity 2 moves v by the same numbers as Euler's: σ √(τ/2) = 4.47.
#[test]
fn noise_that_is_taken_once_is_noise_by_any_method() {
    for method in ["Auto", "Exact", "Euler"] {
        let of = format!("model: \"noise = 2*xi : once; dv/dt = -v/10 + noise\", method: {method}");
        let (mut bench, all) = built(&cells(4000, &of)).unwrap();
        bench.ticks(500);
        let v = bench.get(all[0], "v");
        let sd = (v.iter().map(|v| v * v).sum::<f64>() / v.len() as f64).sqrt();
        // Four standard errors of 4000.
        assert!((sd - 4.47).abs() < 0.2, "{method}: {sd}");
    }
}

/// A time of the world is a number for all, whose quotient is that of IEEE 754: floor(t/49) is 1 at 49.
#[test]
fn quotients_of_time_are_exact() {
    for period in [49, 98, 103] {
        let of = format!("model: \"n = floor(t/{period}); v\", spike: \"n > v\", reset: \"v = n\"");
        let text = cells(1, &of).replace("dt: 0.1", "dt: 1");
        let (mut bench, all) = built(&text).unwrap();
        bench.ticks(period);
        assert_eq!(bench.spike_count(all[0]), 0, "{period}");
        bench.tick();
        assert_eq!(bench.spike_count(all[0]), 1, "{period}");
    }
}

#[test]
fn a_condition_becomes_true_when_time_makes_it_so() {
    // sin(t) falls below 0 once in 2π ms: 15.9 times in 100 ms, and once more at the start where it is 0.
    let of = "model: \"dv/dt = -v/10\", spike: \"v > sin(t)\", when: Becomes";
    let (mut bench, all) = built(&cells(1, of)).unwrap();
    bench.ticks(1000);
    assert_eq!(bench.spike_count(all[0]), 16);
    let why = refused(&cells(1, "model: \"dv/dt = -v/10 + input\", spike: \"input > 3\", when: Becomes"));
    assert!(why.contains("goes by variables, parameters and `t`"), "{why}");
}

#[test]
fn names_that_mean_something_else_are_refused() {
    for (of, why) in [
        ("model: \"w : bound 0 1\", on_pre: \"w += 1\"", "is `bounds` meant?"),
        ("model: \"w : bounds 0 1, bounds 0 2\", on_pre: \"w += 1\"", "given once"),
        ("model: \"w : bounds 1 0\", on_pre: \"w += 1\"", "the lower bound of `w`, 1, must be below the upper one, 0"),
        (
            "model: \"w : bounds 0 0.2\", on_pre: \"w += 1\"",
            "a weight of 0.5 is not within the bounds of its rule, 0 and 0.2",
        ),
        ("model: \"x; held : pre\", on_pre: \"w += 1\"", ""),
        (
            "model: \"w\", on_pre: \"w = k\", parameters: {\"k\": 1}, factors: {\"k\": \"critic.r\"}",
            "`k` is a parameter, too",
        ),
        ("model: \"w\", on_pre: \"w = t\", parameters: {\"t\": 1}", "`t` has a meaning of its own in rules"),
        ("model: \"w\", on_pre: \"w += 1\", parameters: {\"efficacy\": 1}", "`efficacy` has a meaning of its own"),
        ("model: \"dx/dt = -x : pre; w\", on_pre: \"w += x\", parameters: {\"x\": 1}", "`x` is said by the rule"),
    ] {
        let said = refused(&rule("", of));
        assert!(said.contains(why), "{of}: {said}");
    }
    for (of, why) in [
        ("model: \"dv/dt = -v/10 : mV held\"", "is `held` meant?"),
        ("model: \"dv/dt = -v/10 : heldd\"", "is `held` meant?"),
        ("model: \"dv/dt = -v/10 : mV; held\"", "`held` stands behind a colon"),
        ("model: \"dv/dt = h; h = 3\", sums: {\"h\": (of: \"v\", over: \"S\")}", "it is no name of a sum"),
        ("model: \"dv/dt = -v/10\", units: {\"u\": \"mV\"}", "nothing in the equations is named `u`"),
        ("model: \"dv/dt = t\", arrivals: {\"t\": \"S\"}", "choose another name for the sum"),
    ] {
        let said = refused(&cells(1, of));
        assert!(said.contains(why), "{of}: {said}");
    }
    let receptor =
        "(groups: {\"a\": (size: 2, behaviours: [Lif()], receptors: {\"r\": EquationsReceptor(afferent: \"S\",
        model: \"ds/dt = -s/v\", parameters: {\"v\": 5})})})";
    assert!(refused(receptor).contains("`v` is the potential of the neuron in a receptor"));
}

/// What only a refractory time or another parameter uses is used; all that nothing uses are named.
#[test]
fn parameters_that_nothing_uses_are_told() {
    let warnings = |of: &str| {
        let mut bench = Bench::new();
        let scene = Scene::from_text(bench.world_mut(), &cells(2, of)).unwrap_or_else(|faults| panic!("{faults}"));
        let network = build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
        network.plan.warnings.iter().map(|warning| format!("{warning:?}")).collect::<Vec<_>>().concat()
    };
    let used = "model: \"dv/dt = -v/tau\", spike: \"v > 1\", refractory: \"r\", initial: {\"v\": \"e\"},
        parameters: {\"tau\": \"5*k\", \"k\": 2, \"r\": 3, \"e\": 0.5}";
    assert_eq!(warnings(used), "");
    let idle = warnings("model: \"dv/dt = -v/10\", parameters: {\"b\": 1, \"a\": 2}");
    assert!(idle.contains("no equation uses `a`, `b`"), "{idle}");
}

#[test]
fn comments_and_quotations_hold_what_they_like() {
    built(&cells(1, "model: \"\ndv/dt = (1   # rate: per ms; or so\n  + 2)\n\"")).map(drop).unwrap();
    // A file that there is not, by its whole name.
    let said = refused(&cells(1, "model: \"dv/dt = timed('a;b:c#d.npy', 1)\""));
    assert!(said.contains("a;b:c#d.npy"), "{said}");
    // A stroke that ends no quotation.
    let (mut bench, all) = built(&cells(1, "model: \"v' = (w); w' = (1) : mV\"")).unwrap();
    bench.ticks(10);
    assert!(bench.get(all[0], "w")[0] > 0.9);
}

/// A factor is that of its group, whatever constants the scene has; what spikes of a side do is nothing where nothing is said.
#[test]
fn a_rule_has_what_is_written() {
    let of = "model: \"w\", on_pre: \"w = reward\", factors: {\"reward\": \"critic.r\"}";
    let (mut bench, all) = built(&rule("constants: {\"reward\": 0.7},", of)).unwrap();
    bench.ticks(150);
    let w = bench.get(all[3], "weights")[0];
    assert!((w - 10.0).abs() < 0.3, "{w}");
    let (mut bench, all) = built(&rule("", "model: \"dx/dt = -x/20 : pre; w\", on_pre: \"x += 1\"")).unwrap();
    bench.ticks(300);
    assert_eq!(bench.get(all[3], "weights"), [0.5]);
    // Without a text it is that of pairs.
    let both = ["", "like: \"pairs\""].map(|of| {
        let (mut bench, all) = built(&rule("", of)).unwrap();
        bench.ticks(300);
        bench.get(all[3], "weights")[0]
    });
    assert!(both[0] == both[1] && both[0] > 0.5, "{both:?}");
}

/// Noise that is switched off and on goes on with other numbers than it began with, and from a checkpoint as without.
#[test]
fn noise_that_comes_again_does_not_repeat_itself() {
    let neurons = |[first, second, third]: [u8; 3], method: &str| {
        format!(
            "(dt: 0.1, groups: {{\"b\": (size: 10, behaviours: [Equations(model: \"dv/dt = -v/10 + sig*xi\", parameters: {{\"sig\": {first}}},
                method: {method})])}}, switches: [(at: 20, set: {{\"b.Equations.parameters.sig\": {second}}}),
                (at: 40, set: {{\"b.Equations.parameters.sig\": {third}}})])"
        )
    };
    let synapses =
        "(dt: 0.1, groups: {\"a\": (size: 5, behaviours: [PoissonNeurons()]), \"b\": (size: 5, behaviours: [Lif()])},
        synapses: [(name: \"p\", from: \"a\", to: \"b\", unheard: true, connectivity: AllToAll(), weights: 0,
            behaviours: [Rule(model: \"dw/dt = -w/10 + sig*xi\", every: 0.1, parameters: {\"sig\": 1})])],
        switches: [(at: 20, set: {\"p.Rule.parameters.sig\": 0}), (at: 40, set: {\"p.Rule.parameters.sig\": 1})])";
    for (text, variable) in [
        (neurons([1, 0, 1], "Auto"), "v"),
        (neurons([0, 1, 0], "Auto"), "v"),
        (neurons([1, 0, 1], "Heun"), "v"),
        (synapses.to_owned(), "weights"),
    ] {
        let of = |bench: &mut Bench, all: &[Entity]| bench.get(*all.last().unwrap(), variable);
        let (mut bench, all) = built(&text).unwrap();
        let mut steps = Vec::new();
        let mut before = of(&mut bench, &all);
        for _ in 0..600 {
            bench.tick();
            let now = of(&mut bench, &all);
            // What noise did in the iteration, but for what decays in it.
            steps.push(
                now.iter().zip(&before).map(|(now, before)| now - before * (-0.01_f64).exp()).collect::<Vec<_>>(),
            );
            before = now;
        }
        let [first, third] = [&steps[..200], &steps[400..600]].map(<[Vec<f64>]>::concat);
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let correlation = product(&first, &third) / (product(&first, &first) * product(&third, &third)).sqrt();
        // Of zeros there is none.
        assert!(correlation.is_nan() || correlation.abs() < 0.3, "{text}: {correlation}");
        for at in [100, 200, 300, 400, 500] {
            let (mut whole, all) = built(&text).unwrap();
            whole.ticks(at);
            let checkpoint = Checkpoint::take_changes(whole.world_mut()).unwrap();
            let (mut other, there) = built(&text).unwrap();
            checkpoint.restore(other.world_mut(), Fit::Exactly).unwrap();
            whole.ticks(600 - at);
            other.ticks(600 - at);
            assert_eq!(of(&mut whole, &all), of(&mut other, &there), "{text} from {at}");
        }
    }
}

#[test]
fn rewired_rules_and_rules_of_other_variables_are_saved_and_refused() {
    let text = |model: &str| {
        format!(
            "(dt: 0.5, groups: {{\"a\": (size: 30, behaviours: [PoissonNeurons(rate: 50)]), \"b\": (size: 10, behaviours: [Lif()],
                receptors: {{\"r\": CurrentReceptor(afferent: \"S\")}})}}, synapses: [(name: \"p\", from: \"a\", to: \"b\", tags: [\"S\"],
                connectivity: FixedInDegree(in_degree: 4), weights: 0.01, behaviours: [Rule({model}),
                StructuralPlasticity(interval: 20, threshold: 0.02)])])"
        )
    };
    for of in [
        "like: \"pairs\"",
        "like: \"short_term\"",
        "model: \"dw/dt = -w/100\", every: 1",
        "model: \"c : synapse; w\", on_pre: \"c += 1\"",
    ] {
        let (mut bench, all) = built(&text(of)).unwrap();
        bench.ticks(40);
        let checkpoint = Checkpoint::take_changes(bench.world_mut()).unwrap();
        let (mut other, _) = built(&text(of)).unwrap();
        checkpoint.restore(other.world_mut(), Fit::Exactly).unwrap();
        for bench in [&mut bench, &mut other] {
            bench.ticks(40);
        }
        assert_eq!(bench.get(*all.last().unwrap(), "weights"), other.get(*all.last().unwrap(), "weights"), "{of}");
    }
    let plain =
        |model: &str| text(model).replace(",\n                StructuralPlasticity(interval: 20, threshold: 0.02)", "");
    let [one, two] = ["dx/dt = -x/20 : pre; w", "dx/dt = -x/20 : pre; dq/dt = -q : pre; w"]
        .map(|model| plain(&format!("model: \"{model}\", on_pre: \"x += 1\", on_post: \"w -= 0.001*x\"")));
    let (mut bench, _) = built(&one).unwrap();
    bench.ticks(40);
    let checkpoint = Checkpoint::take_changes(bench.world_mut()).unwrap();
    let (mut other, _) = built(&two).unwrap();
    let why = checkpoint.restore(other.world_mut(), Fit::Variant { noise: None }).map(drop).unwrap_err().to_string();
    assert!(why.contains("the rule has other variables"), "{why}");
}

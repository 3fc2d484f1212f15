//! What can hardly be meant, and what only shows when values are tried: said by `check` as by whoever builds.

use super::{complaints, says, warns};

#[test]
fn a_group_with_two_neuron_models() {
    says(
        r#"(
    definitions: {"cell": (behaviours: [Izhikevich()])},
    groups: {"a": (like: "cell", size: 1, behaviours: [Lif()])},
)"#,
        r#"
error: `a` has two neuron models, `Izhikevich` and `Lif`: both would move its state
 --> scene:3:56
2 |     definitions: {"cell": (behaviours: [Izhikevich()])},
  |                                         ---------- the other one
3 |     groups: {"a": (like: "cell", size: 1, behaviours: [Lif()])},
  |                                                        ^^^
  = note: a group has one; `switches: [(at: 0, off: …)]` lets another one wait for its turn"#,
    );
}

#[test]
fn of_two_models_one_may_wait_for_its_turn() {
    warns(
        r#"(
    groups: {"a": (size: 1, behaviours: [Izhikevich(), Lif()])},
    switches: [(at: 0, off: "a.Lif"), (at: 500, on: "a.Lif", off: "a.Izhikevich")],
)"#,
        "",
    );
}

#[test]
fn every_pair_of_models_is_refused() {
    let models = [
        "Izhikevich",
        "Izhikevich2007",
        "Lif",
        "ExponentialIf",
        "AdEx",
        "HodgkinHuxley",
        "TraubMiles",
        "FitzHughNagumo",
        "RateUnit",
        "PoissonNeurons",
        "SpikeSource",
        "SpikeTrains",
    ];
    for (k, one) in models.iter().enumerate() {
        for other in &models[k + 1..] {
            let scene = format!("(groups: {{\"a\": (size: 1, behaviours: [{one}(), {other}()])}})");
            let said = complaints(&scene).to_string();
            assert!(said.contains(&format!("has two neuron models, `{one}` and `{other}`")), "{said}");
        }
    }
}

#[test]
fn synapses_that_no_receptor_hears() {
    let scene = |more: &str| {
        format!(
            r#"(
    groups: {{
        "a": (size: 2, behaviours: [PoissonNeurons()]),
        "b": (size: 2, behaviours: [Lif()], receptors: {{"r": CurrentReceptor(afferent: "GABA")}}),
    }},
    synapses: [
        (name: "e", from: "a", to: "b", tags: ["GABA"], connectivity: AllToAll()),
        (name: "i", from: "a", to: "b", tags: ["GABBA"], connectivity: AllToAll(){more}),
    ],
)"#
        )
    };
    for more in ["", ", behaviours: [Stdp()]"] {
        warns(
            &scene(more),
            r#"
warning: no receptor of `b` hears `i`: its spikes do nothing
 --> scene:8:47
  |                                               ^^^^^^^^^
  = note: `unheard: true` of the synapses says that this is meant
  = help: did you mean the tag `GABA`?"#,
        );
    }
    warns(&scene(", unheard: true"), "");
    // Where there are no receptors at all, learning or being recorded is reason enough.
    let pair = |more: &str, recorders: &str| {
        let cells = "groups: {\"a\": (size: 2, behaviours: [Izhikevich()])}";
        let synapses = format!("(name: \"s\", from: \"a\", to: \"a\", connectivity: AllToAll(){more})");
        format!("({cells}, synapses: [{synapses}], recorders: [{recorders}])")
    };
    warns(&pair(", behaviours: [Stdp()]", ""), "");
    warns(&pair("", "WeightRecorder(of: [\"s\"])"), "");
    warns(
        &pair("", ""),
        "\nwarning: no receptor of `a` hears `s`: its spikes do nothing\n  = note: `a` has no receptors",
    );
}

#[test]
fn conductances_below_zero() {
    let scene = |receptor: &str, weights: &str, more: &str| {
        format!(
            r#"(
    groups: {{
        "in": (size: 2, behaviours: [PoissonNeurons()]),
        "out": (size: 2, behaviours: [Lif(){more}], receptors: {{"gaba": {receptor}}}),
    }},
    synapses: [(from: "in", to: "out", tags: ["I"], weights: {weights}, connectivity: AllToAll())],
)"#
        )
    };
    let conductance = "ExponentialReceptor(afferent: \"I\", reversal: -80)";
    warns(
        &scene(conductance, "-10", ""),
        r#"
warning: weights of -10 make the conductance of `out.gaba` negative
 --> scene:6:62
  |                                                              ^^^
  = note: in `in_out`"#,
    );
    for (receptor, weights, more, warnings) in [
        (conductance, "10", "", 0),
        ("ExponentialReceptor(afferent: \"I\")", "-10", "", 0),
        ("AlphaReceptor(afferent: \"I\", reversal: 0, gain: -1)", "-10", "", 0),
        ("AlphaReceptor(afferent: \"I\", reversal: 0, gain: -1)", "10", "", 1),
        ("BiexponentialReceptor(afferent: \"I\", reversal: 0)", "\"normal(0, 1)\"", "", 1),
        ("NmdaReceptor(afferent: \"I\")", "\"i - 1\"", "", 1),
        (conductance, "10", ", PoissonInput(weight: -2, receptor: \"gaba\")", 1),
        (conductance, "10", ", PoissonInput(weight: 2, receptor: \"gaba\")", 0),
    ] {
        let text = scene(receptor, weights, more);
        let mut bench = cortecs::prelude::Bench::new();
        let world = bench.world_mut();
        let read = cortecs::scene::Scene::from_text(world, &text).unwrap_or_else(|faults| panic!("{faults}"));
        let plan = cortecs::assemble::check(world, &read).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(plan.warnings.len(), warnings, "{receptor} {weights} {more}: {}", plan.warnings);
    }
}

#[test]
fn constants_that_hide_something_or_are_hidden() {
    warns(
        r#"(
    constants: {"n": 2000, "c": 40, "k": 2, "j": 1, "pi": 3},
    groups: {
        "a": (size: "n / 1000", behaviours: [Lif(v: "n / 100 + k")]),
        "b": (size: 2, behaviours: [Lif(v: "c", c: 250)], receptors: {"r": CurrentReceptor(afferent: "X")}),
        "c": (size: 2, behaviours: [Lif(v: "c", c: "c")]),
    },
    synapses: [(from: "a", to: "b", tags: ["X"], weights: "j + pi", connectivity: AllToAll())],
)"#,
        r#"
warning: `n` is the constant here, and hides the `n` that every expression knows
 --> scene:4:54
  |                                                      ^
warning: `c` is the field or draw of that name here, and hides the constant `c`
 --> scene:5:45
  |                                             ^
warning: `j` is the constant here, and hides the `j` that every expression knows
 --> scene:8:60
  |                                                            ^
warning: `pi` is 3.14159…, and hides the constant `pi`
 --> scene:8:64
  |                                                                ^^"#,
    );
}

/// What single precision would lose is told, with what to do; in double precision there is nothing to tell.
#[test]
fn what_single_precision_loses() {
    let learning = |rule: &str, weight: f64| {
        format!(
            "(dt: 0.1, groups: {{\"a\": (size: 3, behaviours: [Lif(), Dopamine()])}}, synapses: [(from: \"a\", to: \"a\", \
             weights: {weight}, connectivity: AllToAll(), behaviours: [{rule}])])"
        )
    };
    for (scene, why) in [
        ("(dt: 0.001, groups: {\"a\": (size: 3, behaviours: [FitzHughNagumo()])})".to_owned(), ""),
        ("(dt: 0.001, groups: {\"a\": (size: 3, behaviours: [Izhikevich()])})".to_owned(), ""),
        ("(dt: 0.001, groups: {\"a\": (size: 3, behaviours: [Lif()])})".to_owned(), ""),
        (learning("Stdp(w_max: 200, a_plus: 1e-5)", 100.0), ""),
        (learning("Stdp()", 0.5), ""),
        (learning("RewardStdp()", 0.5), ""),
        (learning("RewardStdp(tau_c: 1e6)", 0.5), "a decay with 1000000 ms is off by up to 60 %"),
    ] {
        let mut bench = cortecs::prelude::Bench::new();
        let world = bench.world_mut();
        let read = cortecs::scene::Scene::from_text(world, &scene).unwrap_or_else(|faults| panic!("{faults}"));
        let told = cortecs::assemble::check(world, &read).unwrap_or_else(|faults| panic!("{faults}")).warnings;
        let expected = usize::from(!why.is_empty() && cfg!(not(feature = "f64")));
        assert!(told.len() == expected && (expected == 0 || told.to_string().contains(why)), "{scene}: {told}");
    }
}

/// Ranges, relations and bounds show when parameters are sampled: `check` samples as `run` does.
#[test]
fn what_shows_when_values_are_tried() {
    let cells = |behaviours: &str| format!("(dt: 0.1, groups: {{\"a\": (size: 502, behaviours: [{behaviours}])}})");
    let learning = |weights: &str, rule: &str| {
        format!(
            "(groups: {{\"a\": (size: 30, behaviours: [Izhikevich(), Dopamine()])}}, synapses: [(from: \"a\", to: \"a\", \
             weights: {weights}, connectivity: FixedInDegree(in_degree: 5), behaviours: [{rule}])])"
        )
    };
    for (scene, why) in [
        (cells("Lif(threshold: -70)"), "must be below `threshold`; -65 is not below -70"),
        (cells("Lif(tau: \"normal(20, 200)\")"), "must be above 0; member "),
        (cells("Lif(refractory: -1)"), "must be 0 to 10 million iterations, not -1"),
        (cells("AdEx(reset: 30)"), "must be below `cutoff`"),
        (cells("Lif(v: 1e39)"), "member 0 gets 1e39, which is infinite in f32"),
        (
            cells("PoissonNeurons(rate: \"20 * i\")"),
            "must be 0 to 10000 Hz, a spike in every step of 0.1 ms; member 501",
        ),
        (cells("PoissonNeurons(rate: 10001)"), "must be 0 to 10000 Hz"),
        (cells("SpikeTrains(interval: 0.05)"), "two spikes of neuron 0 in iteration"),
        (cells("Lif(), OrnsteinUhlenbeck(tau: \"i - 5\")"), "must be above 0; member 0 gets -5"),
        (cells("Lif(), PoissonInput(rate: -1)"), "must be 0 or more, not -1"),
        (learning("2", "Stdp()"), "a weight of 2 is not within the bounds of its rule, 0 and 1"),
        (learning("\"uniform(0, 3)\"", "TripletStdp(w_max: 2)"), "is not within the bounds of its rule, 0 and 2"),
        (learning("-1", "VoltageStdp()"), "is not within the bounds of its rule"),
        (learning("1e39", "Normalization()"), "member 0 gets 1e39, which is infinite in f32"),
        (learning("\"1 / (i - 29)\"", "Stdp()"), "which is not a finite number"),
    ] {
        let why = if cfg!(feature = "f64") && why.contains("f32") { continue } else { why };
        assert!(complaints(&scene).to_string().contains(why), "{scene}: {}", complaints(&scene));
    }
}

#[test]
fn inputs_of_a_group_without_a_model() {
    warns(
        r#"(
    groups: {"a": (size: 2, behaviours: [ConstantCurrent(amplitude: 3)])},
)"#,
        r#"
warning: `a` has no neuron model: nothing comes of its input
 --> scene:2:42
  = note: nor is anything of it recorded"#,
    );
    // Whoever records its input has a use for it.
    warns(
        r#"(
    groups: {"a": (size: 2, behaviours: [ConstantCurrent(amplitude: 3)])},
    recorders: [VariableRecorder(of: ["a.input"])],
)"#,
        "",
    );
}

#[test]
fn what_begins_when_the_run_has_ended() {
    warns(
        r#"(
    dt: 0.5,
    iterations: 100,
    groups: {"a": (size: 2, behaviours: [Lif(), PulseCurrent(amplitude: 3, start: 50)])},
    switches: [(at: 60, off: ["a.PulseCurrent"])],
    recorders: [SpikeRecorder(of: ["a"], from: 100)],
)"#,
        r#"
warning: `PulseCurrent` of `a` acts from iteration 100 on, but the run ends after 100
 --> scene:4:83
warning: what is switched here is so from iteration 120 on, but the run ends after 100
 --> scene:5:21
warning: `SpikeRecorder` records from iteration 100 on, but the run ends after 100
 --> scene:6:48"#,
    );
    // A bin that never fills.
    warns(
        r#"(
    dt: 0.5,
    iterations: 100,
    groups: {"a": (size: 2, behaviours: [Lif()])},
    recorders: [RateRecorder(of: ["a"], bin: 51), RateRecorder(of: ["a"], bin: 50)],
)"#,
        r#"
warning: `RateRecorder` records nothing: the run ends after 100 iterations, before its first bin is full
 --> scene:5:46"#,
    );
    // The last iteration counts.
    warns(
        r#"(
    dt: 0.5,
    iterations: 100,
    groups: {"a": (size: 2, behaviours: [Lif(), PulseCurrent(amplitude: 3, start: 49.5)])},
    switches: [(at: 49.5, off: ["a.PulseCurrent"])],
    recorders: [SpikeRecorder(of: ["a"], from: 99)],
)"#,
        "",
    );
}

#[test]
fn spike_sources_with_fewer_lists_than_neurons() {
    warns(
        r#"(
    groups: {"a": (size: 5, behaviours: [SpikeSource(times: [[1.0]])])},
    recorders: [SpikeRecorder(of: ["a"])],
)"#,
        r#"
warning: 1 of 5 neurons have a list of times; the others never fire
 --> scene:2:61"#,
    );
}

//! Switches that lead nowhere, and expressions inside of larger values.

use super::says;

#[test]
fn switches_without_a_time_or_an_address() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Lif()])},
    switches: [(on: "cells.Lif"), (at: 10), (at: -1, off: "cells.Lif"), (when: 3, at: 3, on: [])],
)"#,
        r#"
error: a switch needs the field `at`, a time in ms
 --> scene:3:16
error: a switch needs the field `on` or `off`, addresses of behaviours: `"PLASTIC.Stdp"`; or `set`, fields of behaviours; or `values`, variables
 --> scene:3:35
error: a switch has no field `when`
 --> scene:3:74"#,
    );
}

#[test]
fn what_is_switched_on_and_off_at_once() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Lif(), NormalNoise()])},
    switches: [(at: 10, on: ["cells.Lif", "cells.NormalNoise"], off: "cells.NormalNoise")],
)"#,
        r#"
error: `cells.NormalNoise` is switched on and off at once
 --> scene:3:70"#,
    );
}

#[test]
fn switches_of_what_is_not_there() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Lif()])},
    synapses: [(from: "cells", to: "cells", tags: "S", connectivity: AllToAll(), behaviours: [Stdp()])],
    switches: [
        (at: -1, off: "cells.Lif"),
        (at: 1, off: ["cells.Lif", "S.Sdtp"]),
        (at: 2, on: "cell.Lif"),
        (at: 3, on: "S.AllToAll"),
    ],
)"#,
        r#"
error: something is switched at a time of 0 ms or later, not at -1 ms
 --> scene:5:14
error: `S.Sdtp`: no such behaviour there
 --> scene:6:39
6 |         (at: 1, off: ["cells.Lif", "S.Sdtp"]),
  |                                       ^^^^
error: no group is named or tagged `cell`
 --> scene:7:22
error: `S.AllToAll` makes synapses before the run, and cannot be switched in it
 --> scene:8:21"#,
    );
}

#[test]
fn expressions_inside_of_larger_values() {
    says(
        r#"(
    constants: {"half": 1.5},
    groups: {
        "a": (size: 4, behaviours: [Replay(file: "x.npy", blocks: [(from: "2 * half", until: "hal * 4")])]),
        "b": (size: 4, behaviours: [Replay(file: "x.npy", blocks: [(from: 1.5)])]),
        "c": (size: 4, behaviours: [Replay(file: "x.npy", blocks: [(from: "-half")])]),
    },
)"#,
        r#"
error: nothing is named `hal` here
 --> scene:4:94
  = help: did you mean `half`?
error: expected a whole number, found `1.5`
 --> scene:5:75
error: `-half` is -1.5, which cannot stand here
 --> scene:6:75"#,
    );
}

/// Neurons 1 to 3 of 4, by constants.
#[test]
fn they_are_evaluated() {
    let mut bench = cortecs::prelude::Bench::new();
    let text = r#"(
        constants: {"half": 1.5},
        groups: {"cells": (size: 4, behaviours: [Lif()])},
        recorders: [VariableRecorder(of: "cells.v", neurons: Range("half / 1.5", "2 * half + 1"))],
    )"#;
    let scene = cortecs::scene::Scene::from_text(bench.world_mut(), text).unwrap();
    let plan = cortecs::assemble::check(bench.world_mut(), &scene).unwrap();
    assert_eq!(plan.recorded_bytes(), 1000 * 3 * size_of::<cortecs::prelude::Real>() as u64);
}

/// Fields that are set at a time: that they are there, can be changed, and would be within their range.
#[test]
fn fields_that_cannot_be_set() {
    let told = |set: &str| {
        let scene = format!(
            "(groups: {{\"cells\": (size: 4, behaviours: [Lif(), UniformNoise()])}}, switches: [(at: 5, set: {{{set}}})])"
        );
        super::complaints(&scene).to_string()
    };
    for (set, why) in [
        ("\"cells.Lif.tau\": -2", "cells: Lif.tau: must be above 0, not -2"),
        ("\"cells.Lif.tau\": \"20 ms\"", "units are not written"),
        ("\"cells.Lif.tua\": 20", "`Lif` has no field `tua`"),
        ("\"cells.Lfi.tau\": 20", "nothing is named `Lfi`"),
        ("\"cell.Lif.tau\": 20", "no group is named or tagged `cell`"),
        ("\"cells.Izhikevich.a\": 0.1", "`cells.Izhikevich`: no such behaviour there"),
        ("\"cells.tau\": 20", "`cells.tau` is no field of a behaviour"),
        ("\"cells.Lif.v\": -60", "cannot be changed while a network runs: it is where a variable starts"),
        ("\"cells.UniformNoise.high\": \"1 / (i - 2)\"", "which is not a finite number"),
    ] {
        assert!(told(set).contains(why), "{set}: {}", told(set));
    }
}

/// Variables that are given values at a time: that they are there, and hold numbers; the same of what is tried before there are any.
#[test]
fn values_that_cannot_be_given() {
    let told = |values: &str| {
        let scene = format!(
            "(groups: {{\"cells\": (size: 4, behaviours: [Lif()])}}, \
             synapses: [(from: \"cells\", to: \"cells\", tags: [\"s\"], unheard: true, connectivity: AllToAll())], \
             switches: [(at: 5, values: [({values})])])"
        );
        super::complaints(&scene).to_string()
    };
    for (values, why) in [
        ("of: \"cells.w\", value: 1", "`cells.w`: no such variable"),
        ("of: \"cell.v\", value: 1", "no group is named or tagged `cell`"),
        ("of: \"cells.fired\", value: 1", "`Inject` and `SpikeSource` let neurons fire"),
        ("of: \"s.weights\", value: 1", "only variables of neurons and receptors"),
        ("of: \"cells.v\", value: \"v + w\"", "nothing is named `w`"),
        ("of: \"cells.v\", value: \"1 / (i - 2)\"", "which is not a finite number"),
        ("of: \"cells.v\", value: 1, neurons: List([4])", "there is no index 4 among 4"),
        ("of: \"cells.v\", value: 1, until: 5", "until a time after `at`"),
        ("of: \"cells.v\", value: 1, until: 1e9", "100 000 at most"),
        ("of: \"cells.v\"", "it needs `of`, the address of a variable, and `value`"),
        ("of: \"cells.v\", value: 1, neuron: 3", "has no field `neuron`"),
    ] {
        assert!(told(values).contains(why), "{values}: {}", told(values));
    }
}

//! Values of the wrong type, and numbers that make no sense.

use super::says;

#[test]
fn wrong_types_of_the_scene() {
    says(
        r#"(
    title: 5,
    dt: "x",
    iterations: 2.5,
    seed: -1,
    groups: {"cells": (size: 4)},
)"#,
        r#"
error: expected a text in quotes
 --> scene:2:12
2 |     title: 5,
  |            ^ this is a number
error: expected a number
 --> scene:3:9
3 |     dt: "x",
  |         ^^^ this is a text
error: expected a whole number, found `2.5`
 --> scene:4:17
4 |     iterations: 2.5,
  |                 ^^^
error: `-1` is too small here
 --> scene:5:11
5 |     seed: -1,
  |           ^^"#,
    );
}

#[test]
fn a_seed_beyond_64_bits() {
    says(
        r#"(
    seed: 18446744073709551616,
    groups: {"cells": (size: 4)},
)"#,
        r#"
error: `18446744073709551616` is too large here
 --> scene:2:11
2 |     seed: 18446744073709551616,
  |           ^^^^^^^^^^^^^^^^^^^^"#,
    );
}

#[test]
fn a_whole_number_that_is_a_word() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(v_steps: "two")],
)})"#,
        r#"
error: expected a whole number
 --> scene:3:38
3 |     behaviours: [Izhikevich(v_steps: "two")],
  |                                      ^^^^^ this is a text
  = note: the field `v_steps` takes: whole number"#,
    );
}

#[test]
fn a_value_that_is_a_list() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(a: [0.1])],
)})"#,
        r#"
error: expected a number, or an expression in quotes
 --> scene:3:32
3 |     behaviours: [Izhikevich(a: [0.1])],
  |                                ^ this is a list"#,
    );
}

#[test]
fn an_expression_without_quotes() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(v: uniform(-70, -60))],
)})"#,
        r#"
error: expected a number, or an expression in quotes
 --> scene:3:32
3 |     behaviours: [Izhikevich(v: uniform(-70, -60))],
  |                                ^^^^^^^ this is a tuple"#,
    );
}

#[test]
fn a_word_where_one_of_several_is_needed() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Replay(file: "x.npy", at_end: Stop)],
)})"#,
        r#"
error: unknown variant `Stop`, expected one of `Fail`, `Silence`, `Repeat`
 --> scene:3:48
3 |     behaviours: [Replay(file: "x.npy", at_end: Stop)],
  |                                                ^^^^ this is a bare name
  = note: the field `at_end` takes: Fail | Silence | Repeat"#,
    );
}

#[test]
fn a_list_of_tags_without_quotes() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    tags: x,
)})"#,
        r#"
error: expected a list, written `[…]`
 --> scene:3:11
3 |     tags: x,
  |           ^ this is a bare name"#,
    );
}

#[test]
fn sizes_below_one() {
    says(
        r#"(groups: {
    "a": (size: 0),
    "b": (size: -4),
    "c": (size: (5, 0)),
})"#,
        r#"
error: a size is at least 1, not 0
 --> scene:2:17
2 |     "a": (size: 0),
  |                 ^
error: a size is at least 1, not -4
 --> scene:3:17
3 |     "b": (size: -4),
  |                 ^^
error: a size is at least 1, not 0
 --> scene:4:21
4 |     "c": (size: (5, 0)),
  |                     ^"#,
    );
}

#[test]
fn sizes_that_are_no_whole_numbers() {
    says(
        r#"(groups: {
    "a": (size: 2.5),
    "b": (size: 1e3),
    "c": (size: 1e999),
    "d": (size: "many"),
    "e": (size: (1, 2, 3, 4)),
})"#,
        r#"
error: expected a whole number, found `2.5`
 --> scene:2:17
2 |     "a": (size: 2.5),
  |                 ^^^
error: expected a whole number, found `1e3`
 --> scene:3:17
3 |     "b": (size: 1e3),
  |                 ^^^
error: expected a whole number, found `1e999`
 --> scene:4:17
4 |     "c": (size: 1e999),
  |                 ^^^^^
error: expected a whole number
 --> scene:5:17
5 |     "d": (size: "many"),
  |                 ^^^^^^ this is a text
error: expected a size: 800, a grid (25, 32) or (10, 10, 8), found a tuple
 --> scene:6:17
6 |     "e": (size: (1, 2, 3, 4)),
  |                 ^^^^^^^^^^^^"#,
    );
}

#[test]
fn a_size_beyond_32_bits() {
    says(
        r#"(groups: {
    "cells": (size: (100000, 100000)),
})"#,
        r#"
error: `cells`: a group has 1 to 4294967295 neurons
 --> scene:2:21
2 |     "cells": (size: (100000, 100000)),
  |                     ^^^^^^^^^^^^^^^^"#,
    );
}

#[test]
fn no_size() {
    says(
        r#"(groups: {
    "cells": (),
})"#,
        r#"
error: the group `cells` needs the field `size`
 --> scene:2:5
2 |     "cells": (),
  |     ^^^^^^^"#,
    );
}

#[test]
fn a_negative_step() {
    says(
        r#"(
    dt: -0.1,
    groups: {"cells": (size: 4)},
)"#,
        r#"
error: dt must be finite and above zero, not -0.1
 --> scene:2:9
2 |     dt: -0.1,
  |         ^^^^"#,
    );
}

#[test]
fn a_step_of_zero() {
    says(
        r#"(
    dt: 0,
    groups: {"cells": (size: 4)},
)"#,
        r#"
error: dt must be finite and above zero, not 0.0
 --> scene:2:9
2 |     dt: 0,
  |         ^"#,
    );
}

#[test]
#[cfg(not(feature = "f64"))]
fn a_step_that_is_infinite_in_32_bits() {
    says(
        r#"(
    dt: 1e300,
    groups: {"cells": (size: 4)},
)"#,
        r#"
error: dt must be finite and above zero, not 1e300
 --> scene:2:9
2 |     dt: 1e300,
  |         ^^^^^"#,
    );
}

#[test]
fn a_scene_without_groups() {
    says(
        "(dt: 1)",
        r#"
error: a scene needs at least one neuron group
 --> scene:1:1
1 | (dt: 1)
  | ^
  = note: `groups: {"cells": (size: 100)}`"#,
    );
}

#[test]
fn an_empty_text() {
    says(
        "",
        r#"
error: the text is empty
 --> scene:1:1
1 |
  | ^"#,
    );
}

#[test]
fn a_scene_that_is_a_list() {
    says(
        "[1, 2]",
        r#"
error: expected a scene, written `(title: …)`, found a list
 --> scene:1:1
1 | [1, 2]
  | ^^^^^^"#,
    );
}

#[test]
fn a_scene_with_a_name() {
    says(
        r#"Scene(groups: {"cells": (size: 1)})"#,
        r#"
error: a scene is written without a name, `(title: …)`
 --> scene:1:1
1 | Scene(groups: {"cells": (size: 1)})
  | ^^^^^"#,
    );
}

#[test]
fn groups_as_a_list() {
    says(
        "(
    groups: [(size: 4)],
)",
        r#"
error: expected neuron groups, written `{"name": …}`, found a list
 --> scene:2:13
2 |     groups: [(size: 4)],
  |             ^^^^^^^^^^^"#,
    );
}

#[test]
fn a_behaviour_with_bare_arguments() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [NormalNoise(5)],
)})"#,
        r#"
error: expected a behaviour of neuron groups, written `Name(field: value)`, found a tuple
 --> scene:3:18
3 |     behaviours: [NormalNoise(5)],
  |                  ^^^^^^^^^^^^^^"#,
    );
}

#[test]
fn a_behaviour_in_quotes() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: ["NormalNoise"],
)})"#,
        r#"
error: expected a behaviour of neuron groups, written `Name(field: value)`, found a text
 --> scene:3:18
3 |     behaviours: ["NormalNoise"],
  |                  ^^^^^^^^^^^^^"#,
    );
}

#[test]
fn a_bracket_that_is_never_closed() {
    says(
        r#"(groups: {"cells": (size: 4)}"#,
        r#"
error: expected a comma or a closing bracket
 --> scene:1:30
1 | (groups: {"cells": (size: 4)}
  | -                            ^"#,
    );
}

#[test]
fn synapses_that_lack_everything() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    synapses: [()],
)"#,
        r#"
error: a group of synapses needs the field `connectivity`
 --> scene:3:16
3 |     synapses: [()],
  |                ^^
  = note: the rules are AllToAll, OneToOne, FixedProbability…
error: a group of synapses needs the field `from`
 --> scene:3:16
3 |     synapses: [()],
  |                ^^
error: a group of synapses needs the field `to`
 --> scene:3:16
3 |     synapses: [()],
  |                ^^"#,
    );
}

#[test]
fn windows_and_selections() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    recorders: [
        VariableRecorder(of: "cells.v", every: 0),
        VariableRecorder(of: "cells.v", from: 10, until: 5),
        VariableRecorder(of: "cells.v", neurons: Range(0, 5)),
        VariableRecorder(of: "cells.v", neurons: List([])),
        VariableRecorder(of: []),
    ],
)"#,
        r#"
error: 0 is no distance between iterations; 1 records all
 --> scene:4:48
4 |         VariableRecorder(of: "cells.v", every: 0),
  |                                                ^
  = note: in `recorders`
error: the window ends before it begins
 --> scene:5:58
5 |         VariableRecorder(of: "cells.v", from: 10, until: 5),
  |                                                          ^
  = note: in `recorders`
error: there is no index 4 among 4 (they count from 0)
 --> scene:6:50
6 |         VariableRecorder(of: "cells.v", neurons: Range(0, 5)),
  |                                                  ^^^^^^^^^^^
  = note: in `recorders`
error: nothing is selected
 --> scene:7:50
7 |         VariableRecorder(of: "cells.v", neurons: List([])),
  |                                                  ^^^^^^^^
  = note: in `recorders`
error: nothing to record is named
 --> scene:8:30
8 |         VariableRecorder(of: []),
  |                              ^^
  = note: in `recorders`"#,
    );
}

#[test]
fn times_that_do_not_ascend() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [StepCurrent(times: [2, 1], amplitudes: [1, 2])],
)})"#,
        r#"
error: times must ascend, but 2 is followed by 1
 --> scene:3:37
3 |     behaviours: [StepCurrent(times: [2, 1], amplitudes: [1, 2])],
  |                                     ^^^^^^
  = note: in `cells`"#,
    );
}

#[test]
fn more_times_than_amplitudes() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [StepCurrent(times: [1, 2], amplitudes: [1])],
)})"#,
        r#"
error: 2 times and 1 amplitudes; there must be as many of both
 --> scene:3:57
3 |     behaviours: [StepCurrent(times: [1, 2], amplitudes: [1])],
  |                                                         ^^^
  = note: in `cells`"#,
    );
}

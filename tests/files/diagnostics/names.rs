//! Names that nobody knows, names that are taken, names that cannot be names.

use super::says;

#[test]
fn a_misspelt_behaviour() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevic(a: 0.1)],
)})"#,
        r#"
error: nothing is named `Izhikevic` where a behaviour of neuron groups is expected
 --> scene:3:18
3 |     behaviours: [Izhikevic(a: 0.1)],
  |                  ^^^^^^^^^
help: did you mean `Izhikevich`?"#,
    );
}

#[test]
fn a_behaviour_like_no_other() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Foo],
)})"#,
        r#"
error: nothing is named `Foo` where a behaviour of neuron groups is expected
 --> scene:3:18
3 |     behaviours: [Foo],
  |                  ^^^
  = note: the known names are `PoissonInput`, …"#,
    );
}

#[test]
fn a_misspelt_field_of_a_behaviour() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(v_step: 2)],
)})"#,
        r#"
error: `Izhikevich` has no field `v_step`
 --> scene:3:29
3 |     behaviours: [Izhikevich(v_step: 2)],
  |                             ^^^^^^
help: did you mean `v_steps`?"#,
    );
}

#[test]
fn a_field_that_a_behaviour_does_not_have() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [ConstantCurrent(colour: 0)],
)})"#,
        r#"
error: `ConstantCurrent` has no field `colour`
 --> scene:3:34
3 |     behaviours: [ConstantCurrent(colour: 0)],
  |                                  ^^^^^^
  = note: the known fields are `amplitude`"#,
    );
}

#[test]
fn a_misspelt_field_of_a_group() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    tagz: ["a"],
)})"#,
        r#"
error: a group has no field `tagz`
 --> scene:3:5
3 |     tagz: ["a"],
  |     ^^^^
help: did you mean `tags`?"#,
    );
}

#[test]
fn a_misspelt_field_of_a_scene() {
    says(
        r#"(
    iteration: 5,
    groups: {"cells": (size: 4)},
)"#,
        r#"
error: a scene has no field `iteration`
 --> scene:2:5
2 |     iteration: 5,
  |     ^^^^^^^^^
help: did you mean `iterations`?"#,
    );
}

#[test]
fn groups_that_do_not_exist() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    synapses: [(
        from: "cels",
        to: "other",
        connectivity: AllToAll(),
    )],
)"#,
        r#"
error: no neuron group is named or tagged `cels`
 --> scene:4:15
4 |         from: "cels",
  |               ^^^^^^
help: did you mean `cells`?
error: no neuron group is named or tagged `other`
 --> scene:5:13
5 |         to: "other",
  |             ^^^^^^^
  = note: the known groups are `cells`"#,
    );
}

#[test]
fn a_variable_that_does_not_exist() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    recorders: [VariableRecorder(of: ["cells.w"])],
)"#,
        r#"
error: `cells.w`: no such variable
 --> scene:3:46
3 |     recorders: [VariableRecorder(of: ["cells.w"])],
  |                                              ^
  = note: the known variables are `v`, `input`, `fired`, `u`
  = note: in `recorders`"#,
    );
}

#[test]
fn a_group_of_a_tag_that_lacks_the_variable() {
    says(
        r#"(
    groups: {
        "a": (size: 4, tags: ["cells"], behaviours: [Izhikevich()]),
        "b": (size: 4, tags: ["cells"], behaviours: [Lif()]),
    },
    recorders: [VariableRecorder(of: ["cells.u"])],
)"#,
        r#"
error: `cells.u`: no such variable in `b`
 --> scene:6:46
6 |     recorders: [VariableRecorder(of: ["cells.u"])],
  |                                              ^"#,
    );
}

#[test]
fn a_receptor_that_does_not_exist() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    recorders: [VariableRecorder(of: ["cells.ampa.arriving"])],
)"#,
        r#"
error: `cells` has no receptor named `ampa`
 --> scene:3:46
3 |     recorders: [VariableRecorder(of: ["cells.ampa.arriving"])],
  |                                              ^^^^
  = note: there are no receptors
  = note: in `recorders`"#,
    );
}

#[test]
fn a_group_to_record_that_does_not_exist() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    recorders: [SpikeRecorder(of: ["cell"])],
)"#,
        r#"
error: no group is named or tagged `cell`
 --> scene:3:37
3 |     recorders: [SpikeRecorder(of: ["cell"])],
  |                                     ^^^^
  = note: in `recorders`
help: did you mean `cells`?"#,
    );
}

#[test]
fn words_that_are_no_address() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    recorders: [VariableRecorder(of: ["v"])],
)"#,
        r#"
error: `v` is no address; write group.variable or group.receptor.variable
 --> scene:3:38
3 |     recorders: [VariableRecorder(of: ["v"])],
  |                                      ^^^^^
  = note: in `recorders`"#,
    );
}

#[test]
fn spikes_of_a_variable() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    recorders: [SpikeRecorder(of: ["cells.v"])],
)"#,
        r#"
error: `cells.v` is no group: spikes are recorded of groups, by name or tag
 --> scene:3:35
3 |     recorders: [SpikeRecorder(of: ["cells.v"])],
  |                                   ^^^^^^^^^^^
  = note: in `recorders`"#,
    );
}

#[test]
fn two_groups_of_one_name() {
    says(
        r#"(groups: {
    "cells": (size: 4),
    "cells": (size: 5),
})"#,
        r#"
error: the key `cells` is given twice
 --> scene:3:5
  |     ------- first given here
3 |     "cells": (size: 5),
  |     ^^^^^^^ again here"#,
    );
}

#[test]
fn two_receptors_of_one_name() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    receptors: {"a": CurrentReceptor(), "a": CurrentReceptor()},
)})"#,
        r#"
error: the key `a` is given twice
 --> scene:3:41
3 |     receptors: {"a": CurrentReceptor(), "a": CurrentReceptor()},
  |                 --- first given here    ^^^ again here"#,
    );
}

#[test]
fn a_behaviour_twice() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [NormalNoise(sd: 1), NormalNoise(sd: 2)],
)})"#,
        r#"
error: a group has `NormalNoise` once at most
 --> scene:3:38
3 |     behaviours: [NormalNoise(sd: 1), NormalNoise(sd: 2)],
  |                  -----------         ^^^^^^^^^^^ again here
  |                  first here"#,
    );
}

#[test]
fn a_behaviour_of_synapses_twice() {
    says(
        r#"(groups: {"cells": (size: 4, behaviours: [Izhikevich()])}, synapses: [
    (from: "cells", to: "cells", connectivity: AllToAll(), unheard: true,
        behaviours: [Stdp(a_plus: 0), Stdp(a_minus: 0)]),
])"#,
        r#"
error: synapses have `Stdp` once at most
 --> scene:3:39
3 |         behaviours: [Stdp(a_plus: 0), Stdp(a_minus: 0)]),
  |                      ---- first here  ^^^^ again here"#,
    );
}

#[test]
fn two_synapse_groups_of_one_name() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    synapses: [
        (name: "s", from: "cells", to: "cells", connectivity: AllToAll()),
        (name: "s", from: "cells", to: "cells", connectivity: AllToAll()),
    ],
)"#,
        r#"
error: the synapse group `s` has a name that is taken
 --> scene:5:16
5 |         (name: "s", from: "cells", to: "cells", connectivity: AllToAll()),
  |                ^^^"#,
    );
}

#[test]
fn two_synapse_groups_without_a_name() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    synapses: [
        (from: "cells", to: "cells", connectivity: AllToAll()),
        (from: "cells", to: "cells", connectivity: AllToAll()),
    ],
)"#,
        r#"
error: two synapse groups are called `cells_cells`
 --> scene:5:16
5 |         (from: "cells", to: "cells", connectivity: AllToAll()),
  |                ^^^^^^^
  = note: the field `name` tells them apart"#,
    );
}

#[test]
fn synapses_that_would_be_called_like_a_group() {
    says(
        r#"(
    groups: {
        "a": (size: 4, behaviours: [Izhikevich()]),
        "a_a": (size: 4),
    },
    synapses: [(from: "a", to: "a", connectivity: AllToAll())],
)"#,
        r#"
error: the synapse group `a_a` would have the name of a neuron group
 --> scene:6:23
6 |     synapses: [(from: "a", to: "a", connectivity: AllToAll())],
  |                       ^^^
  = note: the field `name` gives it another"#,
    );
}

#[test]
fn names_with_forbidden_characters() {
    says(
        r#"(groups: {
    "a b": (size: 1),
    "../x": (size: 1),
    "": (size: 1),
    "fine": (size: 1, tags: ["x/y"]),
    "also-fine": (size: 1, receptors: {"r/s": CurrentReceptor()}),
})"#,
        r#"
error: `a b` is no name for the group
 --> scene:2:5
2 |     "a b": (size: 1),
  |     ^^^^^
  = note: names and tags consist of letters, digits, `_` and `-`: they stand in addresses and file names
error: `../x` is no name for the group
 --> scene:3:5
3 |     "../x": (size: 1),
  |     ^^^^^^
  = note: names and tags consist of letters, digits, `_` and `-`: they stand in addresses and file names
error: `` is no name for the group
 --> scene:4:5
4 |     "": (size: 1),
  |     ^^
  = note: names and tags consist of letters, digits, `_` and `-`: they stand in addresses and file names
error: `x/y` is no tag
 --> scene:5:29
5 |     "fine": (size: 1, tags: ["x/y"]),
  |                             ^^^^^^^
  = note: names and tags consist of letters, digits, `_` and `-`: they stand in addresses and file names
error: `r/s` is no name for the receptor
 --> scene:6:40
6 |     "also-fine": (size: 1, receptors: {"r/s": CurrentReceptor()}),
  |                                        ^^^^^
  = note: names and tags consist of letters, digits, `_` and `-`: they stand in addresses and file names"#,
    );
}

#[test]
fn a_draw_that_no_expression_could_name() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    draws: {"r-s": 3},
)})"#,
        r#"
error: `r-s` is no name for a draw
 --> scene:3:13
3 |     draws: {"r-s": 3},
  |             ^^^^^
  = note: expressions use it by name: letters, digits and `_`, with a letter first"#,
    );
}

#[test]
fn a_connectivity_rule_as_a_behaviour() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [AllToAll()],
)})"#,
        r#"
error: `AllToAll` is a connectivity rule, not a behaviour of neuron groups
 --> scene:3:18
3 |     behaviours: [AllToAll()],
  |                  ^^^^^^^^"#,
    );
}

#[test]
fn behaviours_where_others_belong() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    recorders: [AllToAll()],
    synapses: [(from: "cells", to: "cells", connectivity: Izhikevich())],
)"#,
        r#"
error: `AllToAll` is a connectivity rule, not a recorder
 --> scene:3:17
3 |     recorders: [AllToAll()],
  |                 ^^^^^^^^
error: `Izhikevich` is a behaviour of neuron groups, not a connectivity rule
 --> scene:4:59
4 |     synapses: [(from: "cells", to: "cells", connectivity: Izhikevich())],
  |                                                           ^^^^^^^^^^"#,
    );
}

#[test]
fn a_behaviour_as_a_receptor() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    receptors: {"r": Izhikevich()},
)})"#,
        r#"
error: `Izhikevich` is a behaviour of neuron groups, not a receptor
 --> scene:3:22
3 |     receptors: {"r": Izhikevich()},
  |                      ^^^^^^^^^^"#,
    );
}

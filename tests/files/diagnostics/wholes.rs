//! What is wrong with a scene as a whole: definitions, listeners, sources, several faults at once.

use super::says;

#[test]
fn a_definition_that_does_not_exist() {
    says(
        r#"(
    definitions: {"cell": (size: 1)},
    groups: {"cells": (like: "cel")},
)"#,
        r#"
error: there is no definition `cel`
 --> scene:3:30
3 |     groups: {"cells": (like: "cel")},
  |                              ^^^^^
help: did you mean `cell`?"#,
    );
}

#[test]
fn definitions_that_are_like_each_other() {
    says(
        r#"(
    definitions: {
        "a": (like: "b", size: 1),
        "b": (like: "a"),
    },
    groups: {"cells": (like: "a")},
)"#,
        r#"
error: the definition `a` is like itself
 --> scene:4:21
4 |         "b": (like: "a"),
  |                     ^^^"#,
    );
}

#[test]
fn an_unused_definition_that_is_like_itself() {
    says(
        r#"(
    definitions: {"a": (like: "a")},
    groups: {"cells": (size: 4)},
)"#,
        r#"
error: the definition `a` is like itself
 --> scene:2:31
2 |     definitions: {"a": (like: "a")},
  |                               ^^^"#,
    );
}

#[test]
fn faults_in_an_unused_definition() {
    says(
        r#"(
    definitions: {"a": (
        foo: 1,
        behaviours: [NormalNoise(sdd: 1)],
        like: "b",
    )},
    groups: {"cells": (size: 4)},
)"#,
        r#"
error: a definition has no field `foo`
 --> scene:3:9
3 |         foo: 1,
  |         ^^^
  = note: the known fields are `size`, `spacing`, `like`, `tags`, `draws`, `behaviours`, `receptors`, `compartments`
error: `NormalNoise` has no field `sdd`
 --> scene:4:34
4 |         behaviours: [NormalNoise(sdd: 1)],
  |                                  ^^^
help: did you mean `sd`?
error: there is no definition `b`
 --> scene:5:15
5 |         like: "b",
  |               ^^^
  = note: the known definitions are `a`"#,
    );
}

#[test]
fn a_fault_in_a_definition_is_told_once() {
    says(
        r#"(
    definitions: {"cell": (
        size: 4,
        behaviours: [Izhikevich(c: "1 +")],
    )},
    groups: {"one": (like: "cell"), "two": (like: "cell")},
)"#,
        r#"
error: expected a number, a name or `(`, found the end
 --> scene:4:40
4 |         behaviours: [Izhikevich(c: "1 +")],
  |                                        ^
  = note: in `one`
  = note: in `two`"#,
    );
}

#[test]
fn a_misspelt_tag_of_a_receptor() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()], receptors: {
        "r": CurrentReceptor(afferent: "GLUTAMAT"),
    })},
    synapses: [(from: "cells", to: "cells", tags: ["GLUTAMATE"], connectivity: AllToAll())],
)"#,
        r#"
error: `cells.r` listens to `GLUTAMAT`, but no afferent synapse group has that tag or name
 --> scene:3:40
3 |         "r": CurrentReceptor(afferent: "GLUTAMAT"),
  |                                        ^^^^^^^^^^
help: did you mean `GLUTAMATE`?"#,
    );
}

#[test]
fn a_receptor_to_which_nothing_leads() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    receptors: {"r": CurrentReceptor(afferent: "GABA")},
)})"#,
        r#"
error: `cells.r` listens to `GABA`, but no afferent synapse group has that tag or name
 --> scene:3:48
3 |     receptors: {"r": CurrentReceptor(afferent: "GABA")},
  |                                                ^^^^^^
  = note: no synapse group leads to its group"#,
    );
}

#[test]
fn a_receptor_without_a_tag() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    receptors: {"r": CurrentReceptor()},
)})"#,
        r#"
error: `cells.r` listens to nothing
 --> scene:3:22
3 |     receptors: {"r": CurrentReceptor()},
  |                      ^^^^^^^^^^^^^^^
  = note: the field `afferent` is the tag or name of the synapse groups that it listens to"#,
    );
}

#[test]
fn a_source_that_never_fires() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [NormalNoise()])},
    synapses: [(from: "cells", to: "cells", connectivity: AllToAll())],
)"#,
        r#"
error: `cells` never fires: no behaviour of it is a neuron model
 --> scene:3:23
3 |     synapses: [(from: "cells", to: "cells", connectivity: AllToAll())],
  |                       ^^^^^^^"#,
    );
}

#[test]
fn spikes_of_a_group_that_never_fires() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [NormalNoise()])},
    recorders: [SpikeRecorder(of: "cells")],
)"#,
        r#"
error: `cells` never fires: no behaviour of it is a neuron model
 --> scene:3:35
3 |     recorders: [SpikeRecorder(of: "cells")],
  |                                   ^^^^^^^
  = note: in `recorders`"#,
    );
}

#[test]
fn several_faults_of_the_text() {
    says(
        r#"(
    seeed: 1,
    groups: {"cells": (size: 4, behaviours: [
        NormalNois(),
        Izhikevich(v_step: 1),
    ])},
    recorders: [SpikRecorder()],
)"#,
        r#"
error: a scene has no field `seeed`
 --> scene:2:5
2 |     seeed: 1,
  |     ^^^^^
help: did you mean `seed`?
error: nothing is named `NormalNois` where a behaviour of neuron groups is expected
 --> scene:4:9
4 |         NormalNois(),
  |         ^^^^^^^^^^
help: did you mean `NormalNoise`?
error: `Izhikevich` has no field `v_step`
 --> scene:5:20
5 |         Izhikevich(v_step: 1),
  |                    ^^^^^^
help: did you mean `v_steps`?
error: nothing is named `SpikRecorder` where a recorder is expected
 --> scene:7:17
7 |     recorders: [SpikRecorder()],
  |                 ^^^^^^^^^^^^
help: did you mean `SpikeRecorder`?"#,
    );
}

#[test]
fn several_faults_of_the_network() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [
        Izhikevich(a: "q"),
    ])},
    synapses: [
        (from: "cels", to: "cells", connectivity: AllToAll()),
    ],
    recorders: [SpikeRecorder(of: ["sells"])],
)"#,
        r#"
error: nothing is named `q` here
 --> scene:3:24
3 |         Izhikevich(a: "q"),
  |                        ^
  = note: the known names are `dt`, `i`, `n`, `x`, `y`, `z`, `pi`
  = note: in `cells`
error: no neuron group is named or tagged `cels`
 --> scene:6:16
6 |         (from: "cels", to: "cells", connectivity: AllToAll()),
  |                ^^^^^^
help: did you mean `cells`?
error: no group is named or tagged `sells`
 --> scene:8:37
8 |     recorders: [SpikeRecorder(of: ["sells"])],
  |                                     ^^^^^
  = note: in `recorders`
help: did you mean `cells`?"#,
    );
}

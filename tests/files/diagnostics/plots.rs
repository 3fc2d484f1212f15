//! What a scene says of its pictures, before anything runs for them.

use super::says;

#[test]
fn a_window_that_is_reversed_or_empty() {
    for (window, wrong) in [("(600, 400)", "from 600 to 400 ms is reversed"), ("(50, 50)", "from 50 to 50 ms is empty")]
    {
        let scene = format!("(\n    groups: {{\"cells\": (size: 4)}},\n    plots: (raster: (window: {window})),\n)");
        let carets = "^".repeat(window.len());
        says(
            &scene,
            &format!(
                "
error: a window {wrong}
 --> scene:3:30
3 |     plots: (raster: (window: {window})),
  |                              {carets}
  = note: from where to where, in ms: `(400, 600)`"
            ),
        );
    }
}

#[test]
fn a_window_before_the_beginning() {
    says(
        r#"(
    groups: {"cells": (size: 4)},
    plots: (raster: (window: (-5, 400))),
)"#,
        r#"
error: a window is finite and begins at 0 or later, not from -5 to 400 ms
 --> scene:3:30
3 |     plots: (raster: (window: (-5, 400))),
  |                              ^^^^^^^^^"#,
    );
}

#[test]
fn a_window_that_is_one_number() {
    says(
        r#"(
    groups: {"cells": (size: 4)},
    plots: (raster: (window: 400)),
)"#,
        r#"
error: expected a window in ms, from where to where: (400, 600), found a number
 --> scene:3:30
3 |     plots: (raster: (window: 400)),
  |                              ^^^"#,
    );
}

#[test]
fn no_neurons_no_bin_and_no_such_group_at_once() {
    says(
        r#"(
    groups: {"cells": (size: 4)},
    plots: (raster: (
        neurons: 0,
        bin: -1,
        colours: ["cells", "excitatory"],
    )),
)"#,
        r#"
error: a raster of no neurons shows nothing
 --> scene:4:18
4 |         neurons: 0,
  |                  ^
  = note: without `neurons` it shows all
error: a bin is finite and above zero, not -1 ms
 --> scene:5:14
5 |         bin: -1,
  |              ^^
error: no group is named or tagged `excitatory`
 --> scene:6:18
6 |         colours: ["cells", "excitatory"],
  |                  ^^^^^^^^^^^^^^^^^^^^^^^"#,
    );
}

#[test]
fn fields_that_there_are_not() {
    says(
        r#"(
    groups: {"cells": (size: 4)},
    plots: (raster: (windows: (400, 600)), spectrum: ()),
)"#,
        r#"
error: `raster` has no field `windows`
 --> scene:3:22
3 |     plots: (raster: (windows: (400, 600)), spectrum: ()),
  |                      ^^^^^^^
error: `plots` has no field `spectrum`
 --> scene:3:44
3 |     plots: (raster: (windows: (400, 600)), spectrum: ()),
  |                                            ^^^^^^^^"#,
    );
}

#[test]
fn a_number_that_is_none() {
    says(
        r#"(
    groups: {"cells": (size: 4)},
    plots: (raster: (neurons: 2.5)),
)"#,
        r#"
error: expected a whole number, found `2.5`
 --> scene:3:31
3 |     plots: (raster: (neurons: 2.5)),
  |                               ^^^"#,
    );
}

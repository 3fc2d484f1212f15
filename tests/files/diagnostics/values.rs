//! Expressions and numbers: the caret stands inside the expression.

use cortecs::{network::Behaviours, prelude::*, scene::describe::describe};

use super::{complaints, says};

#[test]
fn an_expression_that_ends_too_early() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(c: "1 + ")],
)})"#,
        r#"
error: expected a number, a name or `(`, found the end
 --> scene:3:37
3 |     behaviours: [Izhikevich(c: "1 + ")],
  |                                     ^
  = note: in `cells`"#,
    );
}

#[test]
fn a_character_that_is_no_operator() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(c: "3 $ 4")],
)})"#,
        r#"
error: expected an operator or the end of the expression, found `$`
 --> scene:3:35
3 |     behaviours: [Izhikevich(c: "3 $ 4")],
  |                                   ^
  = note: in `cells`"#,
    );
}

#[test]
fn a_parenthesis_that_is_never_closed() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(c: "2 * (3 + 4")],
)})"#,
        r#"
error: expected `)`, found the end
 --> scene:3:43
3 |     behaviours: [Izhikevich(c: "2 * (3 + 4")],
  |                                           ^
  = note: in `cells`"#,
    );
}

#[test]
fn an_unknown_name_in_an_expression() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(c: "-65 + 15 * q^2")],
)})"#,
        r#"
error: nothing is named `q` here
 --> scene:3:44
3 |     behaviours: [Izhikevich(c: "-65 + 15 * q^2")],
  |                                            ^
  = note: the known names are `a`, `b`, `dt`, `i`, `n`, `x`, `y`, `z`, `pi`
  = note: in `cells`"#,
    );
}

#[test]
fn a_misspelt_draw() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    draws: {"rand": "uniform()"},
    behaviours: [Izhikevich(c: "-65 + 15 * ran^2")],
)})"#,
        r#"
error: nothing is named `ran` here
 --> scene:4:44
4 |     behaviours: [Izhikevich(c: "-65 + 15 * ran^2")],
  |                                            ^^^
  = note: in `cells`
help: did you mean `rand`?"#,
    );
}

#[test]
fn a_misspelt_function() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(c: "-65 + unifrom(0, 1)")],
)})"#,
        r#"
error: no value function is named `unifrom`
 --> scene:3:39
3 |     behaviours: [Izhikevich(c: "-65 + unifrom(0, 1)")],
  |                                       ^^^^^^^
  = note: in `cells`
help: did you mean `uniform`?"#,
    );
}

#[test]
fn an_unknown_function() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(c: "f(1)")],
)})"#,
        r#"
error: no value function is named `f`
 --> scene:3:33
3 |     behaviours: [Izhikevich(c: "f(1)")],
  |                                 ^
  = note: the known functions are `uniform`, `normal`, …
  = note: in `cells`"#,
    );
}

#[test]
fn too_many_arguments() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(c: "-65 + uniform(0, 1, 2)")],
)})"#,
        r#"
error: `uniform` takes other arguments: uniform(low, high)
 --> scene:3:39
3 |     behaviours: [Izhikevich(c: "-65 + uniform(0, 1, 2)")],
  |                                       ^^^^^^^^^^^^^^^^
  = note: in `cells`"#,
    );
}

#[test]
fn a_name_behind_other_letters() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(c: "µ + 1")],
)})"#,
        r#"
error: nothing is named `µ` here
 --> scene:3:33
3 |     behaviours: [Izhikevich(c: "µ + 1")],
  |                                 ^
  = note: the known names are `a`, `b`, `dt`, `i`, `n`, `x`, `y`, `z`, `pi`
  = note: in `cells`"#,
    );
}

#[test]
fn an_unknown_name_in_weights() {
    says(
        r#"(
    groups: {"cells": (size: 4, behaviours: [Izhikevich()])},
    synapses: [(
        from: "cells", to: "cells", connectivity: AllToAll(),
        weights: "uniform(0, n)",
    )],
)"#,
        r#"
error: nothing is named `n` here
 --> scene:5:30
5 |         weights: "uniform(0, n)",
  |                              ^
  = note: the known names are `dt`, `i`, `j`, `distance`, `dx`, `dy`, `dz`, `pi`
  = note: in `cells_cells`"#,
    );
}

#[test]
fn a_number_that_is_not_finite() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(a: 1e999)],
)})"#,
        r#"
error: member 0 gets inf, which is not a finite number
 --> scene:3:32
3 |     behaviours: [Izhikevich(a: 1e999)],
  |                                ^^^^^
  = note: in `cells`"#,
    );
}

#[test]
fn an_expression_that_is_not_finite_for_one_neuron() {
    says(
        r#"(groups: {"cells": (
    size: 4,
    behaviours: [Izhikevich(c: "1 / (i - 2)")],
)})"#,
        r#"
error: member 2 gets inf, which is not a finite number
 --> scene:3:32
3 |     behaviours: [Izhikevich(c: "1 / (i - 2)")],
  |                                ^^^^^^^^^^^^^
  = note: in `cells`"#,
    );
}

/// Every range that `list` shows is the one that is tried, in whatever a scene may name.
#[test]
fn what_is_listed_as_out_of_range_is_refused() {
    let mut bench = Bench::new();
    let behaviours = bench.world_mut().resource::<Behaviours>().clone();
    let mut tried = 0;
    for entry in describe(bench.world_mut()) {
        let model = behaviours.named(&entry.name).any(|behaviour| behaviour.model);
        for parameter in &entry.parameters {
            let range = parameter.range.split(", below").next().unwrap_or_default();
            if range.is_empty() || range == "finite" {
                continue;
            }
            let number = if range.starts_with('1') { "0" } else { "-1" };
            let (wrong, field) = (&entry.name, format!("{}: {number}", parameter.name));
            let cells = if model { "" } else { "Lif(), " };
            let dopamine = if wrong == "Dopamine" { "" } else { "Dopamine(), " };
            let [own, receptors, rule] = match entry.section {
                "behaviours of neuron groups" => [format!("{wrong}({field})"), String::new(), String::new()],
                "receptors" => [String::new(), format!("\"r\": {wrong}(afferent: \"s\", {field})"), String::new()],
                "behaviours of synapses" => [String::new(), String::new(), format!("{wrong}({field})")],
                _ => continue,
            };
            let connectivity =
                if rule.starts_with("Structural") { "FixedTotalNumber(number: 2)" } else { "AllToAll()" };
            let scene = format!(
                r#"(groups: {{
                    "a": (size: 2, behaviours: [{cells}{dopamine}{own}], receptors: {{{receptors}}}),
                    "b": (size: 2, behaviours: [PoissonNeurons()]),
                }}, synapses: [
                    (from: "b", to: "a", tags: ["s"], connectivity: {connectivity}, behaviours: [{rule}]),
                ])"#
            );
            let said = complaints(&scene).to_string();
            assert!(said.contains(&format!("error: must be {range}, not {number}")), "{wrong}.{field}: {said}");
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

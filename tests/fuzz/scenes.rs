//! Scenes of what the registry knows, with values that nobody means well in the places where values stand.

use cortecs::{
    prelude::*,
    scene::describe::{Entry, ParameterEntry, describe},
};

use crate::choices::Choices;

/// Values that stand at the edges, for whatever they are put to; the first is the most harmless.
const VALUES: [&str; 62] = [
    "1",
    "0",
    "2",
    "5",
    "-1",
    "0.5",
    "1.5",
    "10",
    "100",
    "255",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "1000000000000000000",
    "1e-45",
    "1e-300",
    "1e38",
    "1e39",
    "1e300",
    "1e999",
    "-1e999",
    "NaN",
    "inf",
    "-inf",
    "-0.0",
    "\"0/0\"",
    "\"1/0\"",
    "\"i\"",
    "\"i - 1\"",
    "\"uniform(0, 1)\"",
    "\"normal(0, 1)\"",
    "\"uniform(-1e300, 1e300)\"",
    "\"normal(1, 1e38)\"",
    "\"x + y\"",
    "\"d\"",
    "\"c\"",
    "\"array('ok.npy')\"",
    "\"array('ok.npz', 'a')\"",
    "\"array('../x')\"",
    "\"1e38 * i\"",
    "\"\"",
    "\"a.v\"",
    "[\"a.v\", \"b.fired\"]",
    "[\"a\"]",
    "[\"S\"]",
    "[\"S.weights\"]",
    "[]",
    "[[1, 2], [3]]",
    "[1, 2, 3]",
    "(1, 2)",
    "(0, 0)",
    "true",
    "false",
    "None",
    "\"S\"",
    "Range(0, 5)",
    "Where(\"i < 3\")",
    "\"ok.csv\"",
    "\"ok.png\"",
];

const SIZES: [&str; 10] = ["10", "1", "2", "3", "(3, 2)", "(2, 2, 2)", "300", "5000", "1000000000000000000", "\"c\""];

/// What scenes are made of.
#[derive(Debug)]
pub struct Known {
    entries: Vec<Entry>,
}

impl Known {
    pub fn new() -> Self {
        Self { entries: describe(Bench::new().world_mut()) }
    }

    /// The scene that some numbers stand for.
    pub fn scene(&self, numbers: &[u16]) -> String {
        let mut choices = Choices::new(numbers);
        let mut text = String::from("(");
        for (field, values) in [("dt", &VALUES[..24]), ("iterations", &VALUES[..16]), ("seed", &VALUES[..16])] {
            if choices.writes() {
                text += &format!("{field}: {}, ", choices.of(values));
            }
        }
        text += "constants: {\"c\": 3}, groups: {";
        for name in ["a", "b"] {
            text += &self.group(name, &mut choices);
        }
        text += "}, synapses: [";
        for name in ["S", "T"] {
            if !choices.once_in(3) {
                text += &self.synapses(name, &mut choices);
            }
        }
        text += "], recorders: [";
        for _ in 0..choices.below(3) {
            text += &self.one(&mut choices, "recorders");
        }
        text += "]";
        if choices.once_in(4) {
            text += &format!(
                ", switches: [(at: {}, off: [\"a.{}\"])]",
                choices.of(&VALUES[..28]),
                self.named(&mut choices, "behaviours of neuron groups")
            );
        }
        text + ")"
    }

    fn group(&self, name: &str, choices: &mut Choices<'_>) -> String {
        let mut text = format!("\"{name}\": (size: {}, ", choices.of(&SIZES));
        if choices.once_in(6) {
            text += &format!("draws: {{\"d\": {}}}, spacing: {}, ", choices.of(&VALUES), choices.of(&VALUES));
        }
        text += "behaviours: [";
        for _ in 0..1 + choices.below(3) {
            text += &self.one(choices, "behaviours of neuron groups");
        }
        text += "], receptors: {";
        if choices.once_in(2) {
            text += &format!("\"r\": {}", self.one(choices, "receptors"));
        }
        text + "}), "
    }

    fn synapses(&self, name: &str, choices: &mut Choices<'_>) -> String {
        let mut text = format!("(from: \"{}\", to: \"{}\", ", choices.of(&["a", "b"]), choices.of(&["a", "b"]));
        text +=
            &format!("name: \"{name}\", tags: [\"TAG\"], connectivity: {}", self.one(choices, "connectivity rules"));
        for field in ["weights", "delays", "sources", "targets"] {
            if choices.writes() {
                text += &format!("{field}: {}, ", choices.of(&VALUES));
            }
        }
        text += "behaviours: [";
        for _ in 0..choices.below(3) {
            text += &self.one(choices, "behaviours of synapses");
        }
        text + "]), "
    }

    fn named(&self, choices: &mut Choices<'_>, section: &str) -> &str {
        let of: Vec<&Entry> = self.entries.iter().filter(|entry| entry.section == section).collect();
        &of[choices.below(of.len())].name
    }

    /// Something of a section, with some of its fields.
    fn one(&self, choices: &mut Choices<'_>, section: &str) -> String {
        let of: Vec<&Entry> = self.entries.iter().filter(|entry| entry.section == section).collect();
        let entry = of[choices.below(of.len())];
        let mut text = format!("{}(", entry.name);
        for parameter in &entry.parameters {
            // What listens and what records does nothing without an address that exists.
            let likely = match parameter.name.as_str() {
                "afferent" => Some("\"TAG\""),
                "of" => Some(choices.of(&["[\"a.v\"]", "[\"a\"]", "[\"S.weights\"]", "[\"S\"]", "[\"b.input\"]"])),
                _ => None,
            };
            match likely {
                Some(likely) if !choices.writes() => text += &format!("{}: {likely}, ", parameter.name),
                _ if choices.writes() => text += &format!("{}: {}, ", parameter.name, value(parameter, choices)),
                _ => {}
            }
        }
        text + "), "
    }
}

/// Something to write for a parameter: mostly of the kind that it takes.
fn value(parameter: &ParameterEntry, choices: &mut Choices<'_>) -> String {
    if choices.once_in(4) && !parameter.default.is_empty() {
        return parameter.default.clone();
    }
    // A choice of names: `All | Range(…)`.
    let names: Vec<&str> =
        parameter.takes.split(" | ").filter(|name| name.chars().all(char::is_alphanumeric)).collect();
    if parameter.takes.contains(" | ") && !names.is_empty() && choices.once_in(2) {
        return names[choices.below(names.len())].to_owned();
    }
    choices.of(&VALUES).to_owned()
}

//! What somebody does to a network that runs, as it is written in a scene.

use serde::{Deserialize, Serialize};

/// Something that is done to a network between two iterations: an entry of the `switches` of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Intervention {
    /// A behaviour is switched on or off: `excitatory.UniformNoise`.
    Switch {
        /// Where it is.
        address: String,
        /// Whether it is on from now on.
        on: bool,
    },
    /// A field of a behaviour becomes another: `excitatory.UniformNoise.high`.
    Set {
        /// The behaviour's address and the field's name.
        field: String,
        /// The value as it is typed: a number, an expression with or without quotes, any RON.
        value: String,
    },
    /// A variable of neurons gets other values: `excitatory.v`.
    Values {
        /// The variable's address.
        variable: String,
        /// The value as it is typed.
        value: String,
        /// The neurons; `None` for all.
        neurons: Option<Vec<u32>>,
        /// For how long (ms) it is given, before each iteration anew: a pulse; `None` for once.
        ms: Option<f64>,
    },
}

impl Intervention {
    /// A behaviour is switched on or off.
    pub fn switch(address: impl Into<String>, on: bool) -> Self {
        Self::Switch { address: address.into(), on }
    }

    /// A field becomes another.
    pub fn set(field: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Set { field: field.into(), value: value.into() }
    }

    /// A variable gets other values.
    pub fn values(variable: impl Into<String>, value: impl Into<String>, neurons: Option<Vec<u32>>) -> Self {
        Self::Values { variable: variable.into(), value: value.into(), neurons, ms: None }
    }

    /// A variable of neurons is held at a value for some time (ms): a voltage clamp, or silence where that is low.
    pub fn held(variable: impl Into<String>, value: impl Into<String>, neurons: Option<Vec<u32>>, ms: f64) -> Self {
        Self::Values { variable: variable.into(), value: value.into(), neurons, ms: Some(ms) }
    }

    /// Neurons get a current for some time (ms), in the unit of their model's input.
    pub fn pulse(group: &str, current: f64, neurons: Vec<u32>, ms: f64) -> Self {
        Self::held(format!("{group}.input"), current.to_string(), Some(neurons), ms)
    }

    /// What is touched: a behaviour, a field, a variable.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Switch { address, .. } => address,
            Self::Set { field, .. } => field,
            Self::Values { variable, .. } => variable,
        }
    }

    /// The entry of `switches` at a time (ms).
    #[must_use]
    pub fn entry(&self, at: f64) -> String {
        match self {
            Self::Switch { address, on } => {
                format!("(at: {at}, {}: {})", if *on { "on" } else { "off" }, quoted(address))
            }
            Self::Set { field, value } => format!("(at: {at}, set: {{{}: {}}})", quoted(field), written(value)),
            Self::Values { variable, value, neurons, ms } => {
                let until = ms.map(|ms| format!(", until: {}", at + ms)).unwrap_or_default();
                let neurons = neurons.as_ref().map(|list| format!(", neurons: List({list:?})")).unwrap_or_default();
                let (of, value) = (quoted(variable), written(value));
                format!("(at: {at}, values: [(of: {of}, value: {value}{until}{neurons})])")
            }
        }
    }

    /// What the last of several in one iteration makes of those before it: the field that it sets.
    pub(super) fn replaces(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::Set { field, .. }, Self::Set { field: known, .. }) => field == known,
            (Self::Switch { address, .. }, Self::Switch { address: known, .. }) => address == known,
            _ => false,
        }
    }
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A value as RON: what is none by its looks, as an expression, is put into quotes.
fn written(value: &str) -> String {
    let value = value.trim();
    let begins = value.chars().next();
    let is_ron = value.parse::<f64>().is_ok_and(f64::is_finite)
        || matches!(value, "true" | "false")
        || begins.is_some_and(|first| "\"[({".contains(first) && !value.ends_with(|end: char| end.is_alphanumeric()))
            && !is_expression_in_brackets(value)
        || is_variant(value);
    if is_ron { value.to_owned() } else { quoted(value) }
}

/// A variant of a choice: `Sigmoid`, `List([1])`; names in capitals alone are of constants.
fn is_variant(value: &str) -> bool {
    let name = value.split_once('(').map_or(value, |(name, _)| name);
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_') && name.contains(char::is_lowercase);
    is_name && name.starts_with(char::is_uppercase) && (name == value || value.ends_with(')'))
}

/// An expression that begins with a bracket: `(1 + 2) * i`.
fn is_expression_in_brackets(value: &str) -> bool {
    let closes = value.find(')').is_some_and(|at| at + 1 < value.len());
    value.starts_with('(') && (closes || !value.contains([',', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_written_as_a_scene_has_it() {
        for (typed, expected) in [
            ("25", "25"),
            ("-1e-3", "-1e-3"),
            ("uniform(0, 1)", "\"uniform(0, 1)\""),
            ("\"v + 1\"", "\"v + 1\""),
            ("(1 + i) * 2", "\"(1 + i) * 2\""),
            ("(1 + i)", "\"(1 + i)\""),
            ("[1, 2]", "[1, 2]"),
            ("true", "true"),
            ("Sigmoid", "Sigmoid"),
            ("List([1])", "List([1])"),
            ("E_L + 5", "\"E_L + 5\""),
            ("A * 2", "\"A * 2\""),
            ("A", "\"A\""),
        ] {
            assert_eq!(written(typed), expected);
        }
        let pulse = Intervention::pulse("cells", 20.0, vec![3, 5], 12.5);
        let entry = r#"(at: 100.5, values: [(of: "cells.input", value: 20, until: 113, neurons: List([3, 5]))])"#;
        assert_eq!(pulse.entry(100.5), entry);
    }
}

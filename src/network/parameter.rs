//! Parameters of behaviours: a value as it was written, and the number or numbers that it became.

use std::collections::BTreeMap;

use bevy_reflect::prelude::*;

use super::receptor::Afferent;
use crate::{
    numeric::{
        Column, Real,
        real::{real, wide},
    },
    value::{Array, Members, Value},
};

/// A parameter of a behaviour: one number for the whole group, or one per neuron.
///
/// Written as a number, an expression or an array; sampled when the behaviour is prepared.
#[derive(Clone, Debug, Default, Reflect, serde::Deserialize)]
#[reflect(opaque, Clone, Debug, Default, Deserialize)]
#[serde(from = "Value")]
pub struct Parameter {
    value: Value,
    /// One number per neuron; empty as long as `value` is a number for all.
    each: Column<Real>,
}

/// The initial value of a variable of the same name; the field of a behaviour that has state. `dendrite_v` is that of the variable
/// `v` of the compartment `dendrite`.
#[derive(Clone, Debug, Default, PartialEq, Reflect, serde::Deserialize)]
#[reflect(opaque, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Initial(pub Value);

/// The initial values of variables, by their names.
#[derive(Clone, Debug, Default, PartialEq, Reflect, serde::Deserialize)]
#[reflect(opaque, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct InitialValues(pub BTreeMap<String, Value>);

/// Names for what arrives at neurons in an iteration: the tags or names of the synapse groups that it comes through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect, serde::Deserialize)]
#[reflect(opaque, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Arrivals(pub BTreeMap<String, Afferent>);

/// A sum over the synapses of a neuron: their weights times what their sources are at.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumOver {
    /// A variable of the sources, or an expression of several.
    pub of: EquationText,
    /// The tag or name of the synapse groups.
    pub over: Afferent,
}

/// Names for sums over synapses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect, serde::Deserialize)]
#[reflect(opaque, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Sums(pub BTreeMap<String, SumOver>);

/// Texts by name: the addresses of variables, units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect, serde::Deserialize)]
#[reflect(opaque, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct NamedTexts(pub BTreeMap<String, String>);

impl<const N: usize> From<[(&str, Value); N]> for InitialValues {
    fn from(named: [(&str, Value); N]) -> Self {
        Self(named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// The text of equations, which is read before a network runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect, serde::Deserialize)]
#[reflect(opaque, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct EquationText(pub String);

impl From<&str> for EquationText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl<T: Into<Value>> From<T> for Parameter {
    fn from(value: T) -> Self {
        Self { value: value.into(), each: Column::default() }
    }
}

impl<T: Into<Value>> From<T> for Initial {
    fn from(value: T) -> Self {
        Self(value.into())
    }
}

impl Parameter {
    /// The value as it was written.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The one number for all neurons, unless they differ.
    #[must_use]
    pub fn uniform(&self) -> Option<Real> {
        match self.value {
            Value::Number(number) if self.each.is_empty() => Some(real(number)),
            _ => None,
        }
    }

    /// The number of neuron `i`; zero for a neuron that was never sampled.
    #[inline]
    #[must_use]
    pub fn at(&self, i: usize) -> Real {
        self.uniform().or_else(|| self.each.get(i).copied()).unwrap_or_default()
    }

    /// The least and the greatest number of so many neurons.
    #[must_use]
    pub fn range(&self, members: usize) -> [f64; 2] {
        let members = if self.uniform().is_some() { 1 } else { members };
        let numbers = (0..members).map(|i| wide(self.at(i)));
        numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], x| [least.min(x), most.max(x)])
    }

    /// Whether a number for each of `members` is at hand.
    pub(super) fn is_sampled(&self, members: usize) -> bool {
        self.value.is_number() || self.each.len() == members
    }

    /// The numbers that were sampled, of so many members.
    pub(super) fn members(&self, members: usize) -> Members {
        Members::Each((0..members).map(|i| wide(self.at(i))).collect())
    }

    /// A parameter that is known in numbers, one for each neuron.
    pub(crate) fn of(numbers: &[f64]) -> Self {
        match numbers {
            [first, rest @ ..] if rest.iter().all(|x| x == first) => Self::from(*first),
            _ => {
                let mut each = Column::default();
                each.refill(numbers.iter().map(|x| real(*x)));
                let array = Array { shape: vec![numbers.len()], data: numbers.to_vec() };
                Self { value: Value::from(array), each }
            }
        }
    }

    pub(super) fn store(&mut self, numbers: &Members, members: usize) {
        match numbers {
            // A constant expression, such as "2 * 10", is a number like any other.
            Members::Uniform(number) => *self = Self::from(*number),
            Members::Each(_) => self.each.refill((0..members).map(|i| real(numbers.at(i)))),
        }
    }
}

//! Parameters of behaviours: a value as it was written, and the number or numbers that it became.

use bevy_reflect::prelude::*;

use crate::{
    numeric::{
        Column, Real,
        blocks::Cut,
        real::{real, wide},
    },
    value::{Members, Value},
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

/// The initial value of a variable of the same name; the field of a behaviour that has state.
#[derive(Clone, Debug, Default, PartialEq, Reflect, serde::Deserialize)]
#[reflect(opaque, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Initial(pub Value);

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

    pub(super) fn store(&mut self, numbers: &Members, members: usize) {
        match numbers {
            // A constant expression, such as "2 * 10", is a number like any other.
            Members::Uniform(number) => *self = Self::from(*number),
            Members::Each(_) => self.each.refill((0..members).map(|i| real(numbers.at(i)))),
        }
    }

    /// Spells a number for all out as one for each.
    pub(super) fn spread(&mut self, members: usize) {
        if let Some(number) = self.uniform() {
            self.each.resize(number, members);
        }
    }
}

/// Parameters of one kernel: all of them uniform, or all of them columns.
///
/// Two cases instead of 2^N, so that a kernel is compiled twice: with its parameters in registers, and with columns
/// beside those of its state.
#[derive(Clone, Copy)]
pub enum Parameters<'a, const N: usize> {
    /// A number for the whole group.
    Uniform([Real; N]),
    /// A number for each neuron.
    Each([&'a [Real]; N]),
}

impl<'a, const N: usize> Parameters<'a, N> {
    /// The parameters of a prepared behaviour.
    ///
    /// Preparation leaves all parameters of a behaviour in one of the two cases. A mixture is only left by code that
    /// replaced one of them since; the group then rests (columns of length zero) until it is prepared again.
    #[inline]
    #[must_use]
    pub fn of(parameters: [&'a Parameter; N]) -> Self {
        if parameters.iter().all(|parameter| parameter.uniform().is_some()) {
            Self::Uniform(parameters.map(|parameter| parameter.at(0)))
        } else {
            Self::Each(parameters.map(|parameter| &parameter.each[..]))
        }
    }
}

impl<const N: usize> Cut for Parameters<'_, N> {
    #[inline]
    fn cut(self, at: usize) -> (Self, Self) {
        match self {
            Self::Uniform(_) => (self, self),
            Self::Each(columns) => (
                Self::Each(columns.map(|column| &column[..at.min(column.len())])),
                Self::Each(columns.map(|column| &column[at.min(column.len())..])),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_uniform_together_or_columns_together() {
        let (mut a, mut b) = (Parameter::from(2.0), Parameter::from("i"));
        assert!(matches!(Parameters::of([&a, &a]), Parameters::Uniform([x, y]) if x == 2.0 && y == 2.0));
        b.store(&Members::Each(vec![0.0, 1.0, 2.0]), 3);
        a.spread(3);
        let Parameters::Each([x, y]) = Parameters::of([&a, &b]) else { panic!("columns") };
        assert_eq!((x, y), (&[2.0, 2.0, 2.0][..], &[0.0, 1.0, 2.0][..]));
    }
}

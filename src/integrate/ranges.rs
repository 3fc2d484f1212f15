//! Ranges that several models demand of their parameters.

use crate::{
    network::{Parameter, Preparation, PrepareError},
    numeric::real::wide,
};

/// A field of a model, by name.
pub(super) type Field<'a> = (&'static str, &'a Parameter);

/// Each must be above zero.
pub(super) fn positive(preparation: &Preparation<'_>, fields: &[Field<'_>]) -> Result<(), PrepareError> {
    let holds = |x: f64| x > 0.0 && x.is_finite();
    fields.iter().try_for_each(|&(name, parameter)| preparation.check(name, parameter, holds, "above 0"))
}

/// Each must be zero or above.
pub(super) fn not_negative(preparation: &Preparation<'_>, fields: &[Field<'_>]) -> Result<(), PrepareError> {
    let holds = |x: f64| x >= 0.0 && x.is_finite();
    fields.iter().try_for_each(|&(name, parameter)| preparation.check(name, parameter, holds, "0 or more"))
}

/// Each must be a number.
pub(super) fn finite(preparation: &Preparation<'_>, fields: &[Field<'_>]) -> Result<(), PrepareError> {
    fields.iter().try_for_each(|&(name, parameter)| preparation.check(name, parameter, f64::is_finite, "finite"))
}

/// `lower` must be below `upper` in every neuron.
pub(super) fn below(preparation: &Preparation<'_>, lower: Field<'_>, upper: Field<'_>) -> Result<(), PrepareError> {
    let uniform = lower.1.uniform().is_some() && upper.1.uniform().is_some();
    let members = if uniform { 1 } else { preparation.members() };
    let mut pairs = (0..members).map(|i| (wide(lower.1.at(i)), wide(upper.1.at(i))));
    match pairs.find(|(low, high)| low >= high) {
        None => Ok(()),
        Some((low, high)) => {
            Err(preparation.error(Some(lower.0), format!("must be below `{}`; {low} is not below {high}", upper.0)))
        }
    }
}

/// The steps that a method takes in an iteration.
pub(super) fn steps(preparation: &Preparation<'_>, steps: u32) -> Result<(), PrepareError> {
    match steps {
        1..=1000 => Ok(()),
        _ => Err(preparation.error(Some("steps"), "1 to 1000 steps can be taken in an iteration")),
    }
}

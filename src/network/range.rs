//! The ranges of fields, and relations between them, as attributes: checked whenever a behaviour is prepared or one of its
//! fields is changed, with one wording, and listed.

use bevy_reflect::{NamedField, PartialReflect, Reflect, ReflectRef, TypeInfo, structs::Struct};

use super::{
    fault::PrepareError,
    fields::{number, parameter},
    parameter::Parameter,
    preparation::Preparation,
};
use crate::numeric::{Real, real::wide};

/// The range of a field that holds a number or a [`Parameter`], be it optional: `#[reflect(@Range::ABOVE_ZERO)]`.
///
/// ```
/// use cortecs::{network::Range, prelude::*};
///
/// #[derive(Component, Reflect, Clone, Default)]
/// #[require(V)]
/// struct Leak {
///     #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
///     tau: Parameter,
/// }
/// impl Behaviour for Leak {
///     fn plugin(_: &mut App) {}
/// }
///
/// let mut bench = Bench::new();
/// bench.app_mut().register_behaviour::<Leak>();
/// let error = bench.try_group("cells", 3, Leak { tau: "1 - i".into() }).unwrap_err();
/// assert_eq!(error, "cells: Leak.tau: must be above 0; member 1 gets 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Reflect)]
pub struct Range {
    /// The least number.
    pub least: f64,
    /// The greatest number.
    pub most: f64,
    /// Whether the least itself is out of it.
    pub above: bool,
}

/// The greatest number that is finite in the precision of the state.
const FINITE: f64 = wide(Real::MAX);

impl Range {
    /// Numbers that are finite in the precision of the state.
    pub const FINITE: Self = Self::between(-FINITE, FINITE);
    /// Finite numbers above 0.
    pub const ABOVE_ZERO: Self = Self { above: true, ..Self::NOT_NEGATIVE };
    /// Finite numbers from 0 on.
    pub const NOT_NEGATIVE: Self = Self::between(0.0, f64::MAX);
    /// Numbers above 0, and infinity: the time constant of what never decays.
    pub const ABOVE_ZERO_OR_INFINITE: Self = Self { most: f64::INFINITY, ..Self::ABOVE_ZERO };
    /// Numbers from 1 on.
    pub const ONE_OR_MORE: Self = Self { least: 1.0, ..Self::NOT_NEGATIVE };
    /// Above 0, at most 1.
    pub const PROBABILITY: Self = Self { above: true, ..Self::SHARE };
    /// From 0 to 1.
    pub const SHARE: Self = Self::between(0.0, 1.0);
    /// Steps of a method in an iteration.
    pub const STEPS: Self = Self::between(1.0, 1000.0);

    /// From the least to the greatest.
    #[must_use]
    pub const fn between(least: f64, most: f64) -> Self {
        Self { least, most, above: false }
    }

    /// Whether a number is in it.
    #[must_use]
    pub fn holds(&self, x: f64) -> bool {
        (x > self.least || x == self.least && !self.above) && x <= self.most
    }

    /// In words: "must be …".
    #[must_use]
    pub fn in_words(&self) -> String {
        let Self { least, most, above } = *self;
        match (above, most >= FINITE) {
            (_, true) if least == -FINITE => "finite".to_owned(),
            (true, true) => format!("above {least}"),
            (false, true) => format!("{least} or more"),
            (true, false) => format!("above {least}, at most {most}"),
            (false, false) => format!("{least} to {most}"),
        }
    }
}

/// The field that a field must be below, neuron by neuron: `#[reflect(@Below("threshold"))]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub struct Below(pub &'static str);

/// What a field must be, in words; empty if nothing is said.
#[must_use]
pub fn in_words(field: &NamedField) -> String {
    let range = field.get_attribute::<Range>().map(Range::in_words);
    let below = field.get_attribute::<Below>().map(|Below(other)| format!("below `{other}`"));
    range.into_iter().chain(below).collect::<Vec<_>>().join(", ")
}

/// Checks the fields that hold plain numbers.
pub(super) fn check_numbers(preparation: &Preparation<'_>, behaviour: &dyn PartialReflect) -> Result<(), PrepareError> {
    each(behaviour, |named, field, _| {
        let Some((range, x)) = named.get_attribute::<Range>().zip(number(field)) else { return Ok(()) };
        if range.holds(x) {
            return Ok(());
        }
        Err(preparation.error(Some(named.name()), format!("must be {}, not {x}", range.in_words())))
    })
}

/// Checks the fields that hold parameters, which were sampled.
pub(super) fn check_parameters(
    preparation: &Preparation<'_>,
    behaviour: &dyn PartialReflect,
) -> Result<(), PrepareError> {
    each(behaviour, |named, field, fields| {
        let Some(parameter) = parameter(field) else { return Ok(()) };
        if let Some(range) = named.get_attribute::<Range>() {
            preparation.check(named.name(), parameter, |x| range.holds(x), &range.in_words())?;
        }
        match named
            .get_attribute::<Below>()
            .and_then(|Below(other)| Some((other, self::parameter(fields.field(other)?)?)))
        {
            Some((other, upper)) => check_below(preparation, (named.name(), parameter), (other, upper)),
            None => Ok(()),
        }
    })
}

/// `lower` must be below `upper` in every neuron.
fn check_below(
    preparation: &Preparation<'_>,
    lower: (&'static str, &Parameter),
    upper: (&str, &Parameter),
) -> Result<(), PrepareError> {
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

/// Goes through the fields of a behaviour that are described.
fn each(
    behaviour: &dyn PartialReflect,
    mut check: impl FnMut(&'static NamedField, &dyn PartialReflect, &dyn Struct) -> Result<(), PrepareError>,
) -> Result<(), PrepareError> {
    let (Some(TypeInfo::Struct(info)), ReflectRef::Struct(fields)) =
        (behaviour.get_represented_type_info(), behaviour.reflect_ref())
    else {
        return Ok(());
    };
    info.iter().try_for_each(|named| match fields.field(named.name()) {
        Some(field) => check(named, field, fields),
        None => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn ranges_hold_what_their_words_say() {
        let infinity = f64::INFINITY;
        for (range, words, inside, outside) in [
            (Range::FINITE, "finite", [-1e38, 0.0, 1e38], [f64::NAN, infinity, -infinity]),
            (Range::ABOVE_ZERO, "above 0", [5e-324, 1.0, 1e38], [0.0, -1.0, infinity]),
            (Range::NOT_NEGATIVE, "0 or more", [0.0, -0.0, 1e38], [-5e-324, f64::NAN, infinity]),
            (Range::SHARE, "0 to 1", [0.0, 0.5, 1.0], [-5e-324, f64::NAN, 1.1]),
            (Range::ABOVE_ZERO_OR_INFINITE, "above 0", [5e-324, 1.0, infinity], [0.0, -1.0, f64::NAN]),
            (Range::STEPS, "1 to 1000", [1.0, 2.5, 1000.0], [0.0, 1000.5, f64::NAN]),
            (
                Range { above: true, ..Range::between(0.0, 1.0) },
                "above 0, at most 1",
                [0.1, 0.5, 1.0],
                [0.0, 1.1, f64::NAN],
            ),
        ] {
            assert_eq!(range.in_words(), words);
            assert!(inside.iter().all(|&x| range.holds(x)), "{words}");
            assert!(!outside.iter().any(|&x| range.holds(x)), "{words}");
        }
    }
}

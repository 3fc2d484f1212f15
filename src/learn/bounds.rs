//! Bounds of weights, and ranges that rules demand of their constants.

use crate::{
    network::{Preparation, PrepareError},
    numeric::{Real, real::real},
};

/// The least and the greatest weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub least: Real,
    pub most: Real,
}

impl Bounds {
    pub fn new([least, most]: [f64; 2]) -> Self {
        Self { least: real(least), most: real(most) }
    }

    /// The nearest weight that is allowed.
    #[inline(always)]
    pub fn hold(&self, w: Real) -> Real {
        // Comparisons that hold for no number that is none, so that such a weight becomes the least.
        let w = if w > self.least { w } else { self.least };
        if w < self.most { w } else { self.most }
    }
}

/// A field, by name.
type Field = (&'static str, f64);

/// The least weight is below the greatest.
pub(super) fn check(preparation: &Preparation<'_>, [least, most]: [f64; 2]) -> Result<(), PrepareError> {
    finite(preparation, &[("w_min", least), ("w_max", most)])?;
    // In the precision of weights, so that the width is a number to divide by.
    if real(least) < real(most) {
        return Ok(());
    }
    Err(preparation.error(Some("w_max"), format!("must be above w_min, {least}, not {most}")))
}

pub(super) fn finite(preparation: &Preparation<'_>, fields: &[Field]) -> Result<(), PrepareError> {
    check_all(preparation, fields, |x| real(x).is_finite(), "finite")
}

pub(super) fn positive(preparation: &Preparation<'_>, fields: &[Field]) -> Result<(), PrepareError> {
    check_all(preparation, fields, |x| x.is_finite() && x > 0.0, "above 0")
}

pub(super) fn not_negative(preparation: &Preparation<'_>, fields: &[Field]) -> Result<(), PrepareError> {
    check_all(preparation, fields, |x| x.is_finite() && x >= 0.0, "0 or more")
}

fn check_all(
    preparation: &Preparation<'_>,
    fields: &[Field],
    holds: impl Fn(f64) -> bool,
    what: &str,
) -> Result<(), PrepareError> {
    match fields.iter().find(|(_, x)| !holds(*x)) {
        Some((name, x)) => Err(preparation.error(Some(name), format!("must be {what}, not {x}"))),
        None => Ok(()),
    }
}

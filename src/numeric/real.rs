//! The precision of state: `f32`, or `f64` with the crate feature of that name.

/// The number type of every state column, weight and input.
#[cfg(not(feature = "f64"))]
pub type Real = f32;
/// The number type of every state column, weight and input.
#[cfg(feature = "f64")]
pub type Real = f64;

/// The name of [`Real`], as reports state it: `f32` or `f64`.
pub const PRECISION: &str = if size_of::<Real>() == 8 { "f64" } else { "f32" };

/// Whether [`Real`] is single precision, which drops what double precision keeps.
pub const IS_SINGLE: bool = size_of::<Real>() < size_of::<f64>();

/// Rounds a value of a scene to the precision of the simulation.
#[inline(always)]
#[must_use]
pub const fn real(x: f64) -> Real {
    x as Real
}

/// Widens a state value to the precision of reports.
///
/// A cast where [`Real`] is `f32`, nothing where it is `f64`.
#[inline(always)]
#[must_use]
#[expect(clippy::allow_attributes, reason = "the cast is only trivial with the feature f64")]
pub const fn wide(x: Real) -> f64 {
    #[allow(clippy::unnecessary_cast)]
    {
        x as f64
    }
}

/// A number and its rest below the last place after a change that is smaller than the number.
///
/// What the sum drops is the rest, to be handed to the next change (W. Kahan, Commun. ACM 8:40, 1965): changes of less than half
/// a unit in the last place, which alone would be lost, add up.
#[inline(always)]
#[must_use]
pub fn moved(x: Real, rest: Real, change: Real) -> (Real, Real) {
    let whole = change + rest;
    let sum = x + whole;
    (sum, whole - (sum - x))
}

/// Zero for what has decayed to nothing: without it, what nothing reaches would end among the denormal numbers, which
/// take a processor a hundred times as long.
#[inline(always)]
#[must_use]
pub fn or_zero(x: Real) -> Real {
    if x.abs() < 1e-30 { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_below_the_last_place_add_up() {
        let (mut x, mut rest): (Real, Real) = (-50.0, 0.0);
        for _ in 0..1_000_000 {
            (x, rest) = moved(x, rest, 1e-7);
        }
        assert!((wide(x) + 49.9).abs() < 1e-5, "{x}");
    }
}

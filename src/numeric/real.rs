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

/// A number after a change; what the sum drops is kept, and added to the next change.
#[inline(always)]
#[must_use]
pub fn moved_by(x: Real, rest: &mut Real, change: Real) -> Real {
    let (sum, left) = moved(x, *rest, change);
    *rest = left;
    sum
}

/// The cube root of a number that is not negative, to 0.2 %, in a few operations that run on many numbers at once: a third of
/// the exponent by whole numbers, and a step of Newton's method.
#[inline(always)]
#[must_use]
pub fn rough_cbrt(x: Real) -> Real {
    // The places of the exponent and what makes the error of both sides of a power of eight the same.
    #[cfg(not(feature = "f64"))]
    let first = Real::from_bits(x.to_bits() / 3 + 0x2a51_19f2);
    #[cfg(feature = "f64")]
    let first = Real::from_bits(x.to_bits() / 3 + 0x2a9f_7893_782d_a1ce);
    (2.0 * first + x / (first * first)) * (1.0 / 3.0)
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
    fn rough_cube_roots_are_right_to_a_few_thousandths() {
        for power in -30..38 {
            for part in [1.0, 1.3, 2.0, 4.0, 7.9] {
                let x = part * 10f64.powi(power);
                let error = wide(rough_cbrt(real(x))) / x.cbrt() - 1.0;
                assert!(error.abs() < 2e-3, "{x}: {error}");
            }
        }
        assert!(rough_cbrt(0.0) < 1e-9);
    }

    #[test]
    fn changes_below_the_last_place_add_up() {
        let (mut x, mut rest): (Real, Real) = (-50.0, 0.0);
        for _ in 0..1_000_000 {
            (x, rest) = moved(x, rest, 1e-7);
        }
        assert!((wide(x) + 49.9).abs() < 1e-5, "{x}");
    }
}

//! The precision of state: `f32`, or `f64` with the crate feature of that name.

/// The number type of every state column, weight and input.
#[cfg(not(feature = "f64"))]
pub type Real = f32;
/// The number type of every state column, weight and input.
#[cfg(feature = "f64")]
pub type Real = f64;

/// The name of [`Real`], as reports state it: `f32` or `f64`.
pub const PRECISION: &str = if size_of::<Real>() == 8 { "f64" } else { "f32" };

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

/// Zero for what has decayed to nothing: without it, what nothing reaches would end among the denormal numbers, which
/// take a processor a hundred times as long.
#[inline(always)]
#[must_use]
pub fn or_zero(x: Real) -> Real {
    if x.abs() < 1e-30 { 0.0 } else { x }
}

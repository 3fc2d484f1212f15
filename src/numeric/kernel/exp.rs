//! The exponential function, from plain arithmetic that vectorises and gives the same bits on every instruction set.
//!
//! ```text
//! exp(x) = 2^n · exp(r),   n = round(x / ln 2),   r = x − n ln 2,   |r| ≤ ln 2 / 2
//! exp(x) − 1 = 2^n · (exp(r) − 1) + (2^n − 1)
//! ```
//! In `f32` exp(r) is the polynomial of `expf` in S. L. Moshier's Cephes library (relative error 2e-7 in all); in `f64`
//! its Taylor polynomial to the 13th power, whose remainder, r^14 / 14! ≤ 4e-18, is below a rounding.

use crate::numeric::Real;

/// 1/13!, 1/12!, … 1/2!
#[cfg(feature = "f64")]
const TAYLOR: [f64; 12] = [
    1.605_904_383_682_161_3e-10,
    2.087_675_698_786_81e-9,
    2.505_210_838_544_172e-8,
    2.755_731_922_398_589e-7,
    2.755_731_922_398_589_3e-6,
    2.480_158_730_158_73e-5,
    1.984_126_984_126_984e-4,
    1.388_888_888_888_889e-3,
    8.333_333_333_333_333e-3,
    4.166_666_666_666_666_4e-2,
    1.666_666_666_666_666_6e-1,
    0.5,
];

/// The polynomial of some coefficients, that of the highest power first.
#[inline(always)]
fn polynomial<const N: usize>(coefficients: &[Real; N], x: Real) -> Real {
    let mut p = coefficients[0];
    for coefficient in &coefficients[1..] {
        p = p * x + coefficient;
    }
    p
}

/// The exponential of `x`; held within exp(±87) in `f32` and exp(±708) in `f64`, so that it is never infinite or zero.
#[inline(always)]
#[must_use]
pub fn exp(x: Real) -> Real {
    let (fraction, power) = parts(x);
    (fraction + 1.0) * power
}

/// exp(x) − 1, exact to a few roundings near zero too, where the difference of [`exp`] and 1 has lost its digits: a step
/// of 0.1 ms is 0.005 of a membrane's time constant.
#[inline(always)]
#[must_use]
pub fn exp_m1(x: Real) -> Real {
    let (fraction, power) = parts(x);
    fraction * power + (power - 1.0)
}

/// Below this magnitude [`mean_exp`] is a polynomial.
const NEAR: Real = 0.5;

/// (exp(x) − 1) / x, the mean of the exponential function between 0 and `x`: what a step covers of a relaxation, in
/// parts of what it would cover at its first speed. For an `x` below 87 (`f32`) or 708 (`f64`) in magnitude.
#[inline(always)]
#[must_use]
pub fn mean_exp(x: Real) -> Real {
    if x.abs() < NEAR { mean_exp_near_zero(x) } else { exp_m1(x) / x }
}

/// [`mean_exp`] where it [is](is_near_zero) a polynomial, to the same bits: half the time, and no division.
#[cfg(not(feature = "f64"))]
#[inline(always)]
#[must_use]
pub fn mean_exp_near_zero(x: Real) -> Real {
    /// 1/8!, 1/7!, … 1/2!: the remainder, x^8 / 9!, is 1e-8 at most.
    const P: [f32; 7] =
        [2.480_158_7e-5, 1.984_127e-4, 1.388_888_9e-3, 8.333_334e-3, 4.166_666_7e-2, 1.666_666_7e-1, 0.5];
    polynomial(&P, x) * x + 1.0
}

/// [`mean_exp`] where it [is](is_near_zero) a polynomial, to the same bits: half the time, and no division.
#[cfg(feature = "f64")]
#[inline(always)]
#[must_use]
pub fn mean_exp_near_zero(x: Real) -> Real {
    /// 1/15!, 1/14!, before those of `TAYLOR`: the remainder, x^15 / 16!, is 2e-18 at most.
    const P: [f64; 2] = [7.647_163_731_819_816e-13, 1.147_074_559_772_972_5e-11];
    let mut p = polynomial(&P, x);
    for coefficient in TAYLOR {
        p = p * x + coefficient;
    }
    p * x + 1.0
}

/// Whether [`mean_exp`] is a polynomial at every number that is no farther from zero than `x`.
#[inline(always)]
#[must_use]
pub fn is_near_zero(x: Real) -> bool {
    // A little less than what would do, for the roundings of who estimates `x`.
    x.abs() < 0.99 * NEAR
}

/// The greatest magnitude in a column; 0 of none, and what is no number where there is such a one.
#[inline(always)]
#[must_use]
pub fn greatest(column: &[Real]) -> Real {
    // By their bits, among which a number that is none is the greatest: maxima of numbers are not vectorised.
    Real::from_bits(column.iter().fold(0, |most, x| x.abs().to_bits().max(most)))
}

/// exp(r) − 1 and 2^n, for an `x` held within ±87.
#[cfg(not(feature = "f64"))]
#[inline(always)]
fn parts(x: Real) -> (Real, Real) {
    const P: [f32; 6] = [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    /// Adding and subtracting 1.5 · 2^23 rounds to a whole number, and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    // Comparisons rather than `clamp`, which keeps the loop around from being vectorised.
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 87.0 { 87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts, the first exact in few bits.
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let p = polynomial(&P, r);
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    (p * (r * r) + r, power)
}

/// exp(r) − 1 and 2^n, for an `x` held within ±708.
#[cfg(feature = "f64")]
#[inline(always)]
fn parts(x: Real) -> (Real, Real) {
    /// Adding and subtracting 1.5 · 2^52 rounds to a whole number, and leaves it in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let x = if x < -708.0 { -708.0 } else { x };
    let x = if x > 708.0 { 708.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 6.931_471_803_691_238e-1 - n * 1.908_214_929_270_587_7e-10;
    let p = polynomial(&TAYLOR, r);
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    (p * (r * r) + r, power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::real::{real, wide};

    #[test]
    fn agrees_with_the_exact_function_over_its_range() {
        let bound = 3.0 * wide(Real::EPSILON);
        for k in -80_000..=80_000 {
            let x: Real = real(f64::from(k) / 1000.0);
            let exact = wide(x).exp();
            assert!((wide(exp(x)) - exact).abs() < bound * exact, "exp({x})");
        }
    }

    #[test]
    fn less_one_agrees_to_its_last_digits_near_zero() {
        let bound = 4.0 * wide(Real::EPSILON);
        for k in -80_000..=80_000 {
            for scale in [1e-3, 1e-6, 1e-9] {
                let x: Real = real(f64::from(k) * scale);
                let exact = wide(x).exp_m1();
                assert!((wide(exp_m1(x)) - exact).abs() <= bound * exact.abs(), "exp_m1({x})");
            }
        }
    }

    #[test]
    fn the_mean_agrees_with_the_exact_function_near_zero_and_far_from_it() {
        let bound = 6.0 * wide(Real::EPSILON);
        for k in -80_000..=80_000 {
            for scale in [1e-3, 2e-5, 1e-5, 1e-9] {
                let x: Real = real(f64::from(k) * scale);
                let exact = if x == 0.0 { 1.0 } else { wide(x).exp_m1() / wide(x) };
                assert!((wide(mean_exp(x)) - exact).abs() <= bound * exact, "mean_exp({x})");
            }
        }
    }

    #[test]
    fn a_column_is_near_zero_only_if_all_of_it_is() {
        let near = [-0.4, 0.3, -0.0, 0.48];
        assert!(is_near_zero(greatest(&near)) && greatest(&near) == 0.48 && greatest(&[]) == 0.0);
        for far in [0.6, -0.6, Real::INFINITY, Real::NAN] {
            assert!(!is_near_zero(greatest(&[0.1, far, 0.2])), "{far}");
        }
        assert!(near.iter().all(|&x| mean_exp(x) == mean_exp_near_zero(x)));
    }

    #[test]
    fn stays_finite_and_positive_beyond_it() {
        for x in [-1e30, -1000.0, 1000.0, 1e30] {
            let y = exp(real(x));
            assert!(y.is_finite() && y > 0.0, "exp({x}) = {y}");
        }
    }
}

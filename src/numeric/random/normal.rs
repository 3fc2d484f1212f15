//! Standard normal numbers by the method of Box & Muller (Ann. Math. Stat. 29:610, 1958), from plain arithmetic
//! that vectorises and gives the same bits on every instruction set.
//!
//! ```text
//! n1 = sqrt(−2 ln u) cos(2π w),   n2 = sqrt(−2 ln u) sin(2π w)
//! ```
//! The logarithm and the turn are polynomials, within two units in the last place. The tails end at 5.8 standard
//! deviations in `f32`, as 24 bits of u allow, and at 8.5 in `f64`.

use crate::numeric::{
    Real, dispatch,
    vector_rng::{LANES, VectorRng},
};

/// Two standard normal numbers of each lane: the cosines, then the sines.
#[cfg(not(feature = "f64"))]
#[inline(always)]
pub fn next_pair(lanes: &mut VectorRng) -> [[Real; LANES]; 2] {
    let (u, w) = (lanes.next_words(), lanes.next_words());
    let mut pair = [[0.0; LANES]; 2];
    for lane in 0..LANES {
        // (0, 1]: the logarithm of zero never arises.
        let u = (((u[lane] >> 8) + 1) as i32) as f32 * (1.0 / 16_777_216.0);
        let radius = (-2.0 * ln(u)).max(0.0).sqrt();
        let (cos, sin) = turn(w[lane]);
        pair[0][lane] = radius * cos;
        pair[1][lane] = radius * sin;
    }
    pair
}

/// Two standard normal numbers of each lane: the cosines, then the sines.
#[cfg(feature = "f64")]
#[inline(always)]
pub fn next_pair(lanes: &mut VectorRng) -> [[Real; LANES]; 2] {
    let (u, w) = (lanes.next_uniforms(), lanes.next_uniforms());
    let mut pair = [[0.0; LANES]; 2];
    for lane in 0..LANES {
        let [cos, sin] = box_muller(u[lane], w[lane]);
        (pair[0][lane], pair[1][lane]) = (cos, sin);
    }
    pair
}

/// Two standard normal numbers from two uniform ones of [0, 1), in double precision: for what is drawn once.
#[inline(always)]
#[must_use]
pub fn box_muller(u: f64, w: f64) -> [f64; 2] {
    let radius = (-2.0 * ln_wide(1.0 - u)).max(0.0).sqrt();
    let (cos, sin) = turn_wide(w);
    [radius * cos, radius * sin]
}

/// Turns each uniform number of [0, 1) in `u` into a standard normal one, with the help of another in `w`.
pub fn normals(u: &mut [f64], w: &[f64]) {
    dispatch(
        #[inline(always)]
        || {
            for (u, w) in u.iter_mut().zip(w) {
                *u = box_muller(*u, *w)[0];
            }
        },
    );
}

/// Natural logarithm of a normal number 0 < x ≤ 1: exponent, and the rational approximation of `log` in Sun's fdlibm on
/// [sqrt(1/2), sqrt(2)).
#[inline(always)]
fn ln_wide(x: f64) -> f64 {
    const SQRT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
    const L: [f64; 7] = [
        1.479_819_860_511_658_6e-1,
        1.531_383_769_920_937_3e-1,
        1.818_357_216_161_805e-1,
        2.222_219_843_214_978_4e-1,
        2.857_142_874_366_239e-1,
        3.999_999_999_940_942e-1,
        6.666_666_666_666_735e-1,
    ];
    let bits = x.to_bits().wrapping_sub(SQRT_HALF);
    // The exponent by the bits of 2^52 + exponent: there is no conversion in vector lanes before AVX-512.
    let exponent = f64::from_bits((bits.wrapping_add(2048 << 52) >> 52) | 0x4330_0000_0000_0000);
    let exponent = exponent - (4_503_599_627_370_496.0 + 2048.0);
    let f = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) + SQRT_HALF) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut r = L[0];
    for coefficient in &L[1..] {
        r = r * z + coefficient;
    }
    let half = 0.5 * f * f;
    exponent * 6.931_471_803_691_238e-1 - ((half - (s * (half + r * z) + exponent * 1.908_214_929_270_587_7e-10)) - f)
}

/// Cosine and sine of a full turn times `w`: the quarter, and the polynomials of `sin` and `cos` in Sun's fdlibm on
/// |x| ≤ π/4.
#[inline(always)]
fn turn_wide(w: f64) -> (f64, f64) {
    /// Adding and subtracting 1.5 · 2^52 rounds to a whole number, and leaves it in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const S: [f64; 6] = [
        1.589_690_995_211_55e-10,
        -2.505_076_025_340_686_3e-8,
        2.755_731_370_707_006_8e-6,
        -1.984_126_982_985_795e-4,
        8.333_333_333_322_49e-3,
        -1.666_666_666_666_663_2e-1,
    ];
    const C: [f64; 6] = [
        -1.135_964_755_778_819_5e-11,
        2.087_572_321_298_175e-9,
        -2.755_731_435_139_066_3e-7,
        2.480_158_728_947_673e-5,
        -1.388_888_888_887_411e-3,
        4.166_666_666_666_66e-2,
    ];
    let shifted = 4.0 * w + ROUND;
    let quarter = shifted.to_bits();
    let x = (4.0 * w - (shifted - ROUND)) * std::f64::consts::FRAC_PI_2;
    let z = x * x;
    let (mut sin, mut cos) = (S[0], C[0]);
    for (s, c) in S[1..].iter().zip(&C[1..]) {
        (sin, cos) = (sin * z + s, cos * z + c);
    }
    let (sin, cos) = (x + x * z * sin, 1.0 - 0.5 * z + z * z * cos);
    let (c, s) = if quarter & 1 == 0 { (cos, sin) } else { (sin, cos) };
    let c = if (quarter + 1) & 2 == 0 { c } else { -c };
    let s = if quarter & 2 == 0 { s } else { -s };
    (c, s)
}

/// Natural logarithm of a normal number x > 0: exponent, and a polynomial on [sqrt(1/2), sqrt(2)).
///
/// The coefficients are those of `logf` in S. L. Moshier's Cephes library.
#[cfg(not(feature = "f64"))]
#[inline(always)]
fn ln(x: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3F35_04F3;
    const P: [f32; 9] = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    let bits = x.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = ((bits as i32) >> 23) as f32;
    let m = f32::from_bits((bits & 0x007F_FFFF) + SQRT_HALF) - 1.0;
    let mut p = P[0];
    for coefficient in &P[1..] {
        p = p * m + coefficient;
    }
    let square = m * m;
    // ln 2 in two parts, the first exact in few bits.
    (m + (p * m * square - exponent * 2.121_944_4e-4 - 0.5 * square)) + exponent * 0.693_359_4
}

/// Cosine and sine of a full turn times `word` / 2^32: the quarter, and polynomials on |x| ≤ π/4.
///
/// The coefficients are those of `sinf` and `cosf` in S. L. Moshier's Cephes library.
#[cfg(not(feature = "f64"))]
#[inline(always)]
fn turn(word: u32) -> (f32, f32) {
    let quarter = word.wrapping_add(1 << 29) >> 30;
    let x = (word.wrapping_sub(quarter << 30) as i32) as f32 * (std::f32::consts::TAU / 4_294_967_296.0);
    let x2 = x * x;
    let sin = x + x * x2 * (-1.666_665_5e-1 + x2 * (8.332_161e-3 + x2 * -1.951_529_6e-4));
    let cos = 1.0 - 0.5 * x2 + x2 * x2 * (4.166_664_6e-2 + x2 * (-1.388_731_6e-3 + x2 * 2.443_315_7e-5));
    let (c, s) = if quarter & 1 == 0 { (cos, sin) } else { (sin, cos) };
    let c = if (quarter + 1) & 2 == 0 { c } else { -c };
    let s = if quarter & 2 == 0 { s } else { -s };
    (c, s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{real::wide, stream::Stream};

    #[cfg(not(feature = "f64"))]
    #[test]
    fn polynomials_agree_with_the_exact_functions() {
        for k in 1..=100_000_u32 {
            let x = k as f32 / 100_000.0;
            // Two units in the last place.
            let exact = f64::from(x).ln();
            assert!((f64::from(ln(x)) - exact).abs() < 2e-7 * exact.abs().max(1.0), "ln({x})");
            let word = k.wrapping_mul(42_949);
            let angle = std::f64::consts::TAU * f64::from(word) / 4_294_967_296.0;
            let (cos, sin) = turn(word);
            assert!((f64::from(cos) - angle.cos()).abs() < 2e-7, "cos({angle})");
            assert!((f64::from(sin) - angle.sin()).abs() < 2e-7, "sin({angle})");
        }
    }

    #[test]
    fn wide_polynomials_agree_with_the_exact_functions() {
        for k in 1..=100_000_u32 {
            let x = f64::from(k) / 100_000.0;
            assert!((ln_wide(x) - x.ln()).abs() < 5e-16 * x.ln().abs().max(0.5), "ln({x})");
            let angle = std::f64::consts::TAU * x;
            let (cos, sin) = turn_wide(x);
            assert!((cos - angle.cos()).abs() < 1e-15, "cos({angle})");
            assert!((sin - angle.sin()).abs() < 1e-15, "sin({angle})");
        }
        // The smallest number that 1 − u of a uniform number can be.
        let x = 1.0 / 9_007_199_254_740_992.0;
        assert!((ln_wide(x) - x.ln()).abs() < 1e-14);
    }

    /// Moments against those of the normal distribution, within five standard errors.
    #[test]
    fn moments_and_tails_are_those_of_the_normal_distribution() {
        let mut lanes = VectorRng::new(Stream::new(11, &["normal"]), 0);
        let rounds = 20_000;
        let n = (rounds * 2 * LANES) as f64;
        let mut sums = [0.0; 4];
        let mut beyond_two = 0.0;
        for _ in 0..rounds {
            for x in next_pair(&mut lanes).as_flattened() {
                let x = wide(*x);
                sums = [sums[0] + x, sums[1] + x * x, sums[2] + x.powi(3), sums[3] + x.powi(4)];
                beyond_two += f64::from(x.abs() > 2.0);
            }
        }
        // Variances of x, x², x³, x⁴ under the normal distribution: 1, 2, 15, 96.
        for ((sum, expected), variance) in sums.iter().zip([0.0, 1.0, 0.0, 3.0]).zip([1.0, 2.0, 15.0, 96.0_f64]) {
            assert!((sum / n - expected).abs() < 5.0 * (variance / n).sqrt(), "{sum} {expected}");
        }
        let p: f64 = 0.045_500_26; // 2 (1 − Φ(2))
        assert!((beyond_two / n - p).abs() < 5.0 * (p * (1.0 - p) / n).sqrt());
    }
}

//! Standard normal numbers by the method of Box & Muller (Ann. Math. Stat. 29:610, 1958), from plain arithmetic
//! that vectorises and gives the same bits on every instruction set.
//!
//! ```text
//! n1 = sqrt(−2 ln u) cos(2π w),   n2 = sqrt(−2 ln u) sin(2π w)
//! ```
//! In `f32` the logarithm and the turn are polynomials (within two units in the last place; the tails end at 5.8 standard
//! deviations, as 24 bits of u allow). In `f64` they are those of the crate `libm`, portable and exact to an ulp.

use super::{
    Real,
    lanes::{LANES, Lanes},
};

/// Two standard normal numbers of each lane: the cosines, then the sines.
#[cfg(not(feature = "f64"))]
#[inline(always)]
pub fn next_pair(lanes: &mut Lanes) -> [[Real; LANES]; 2] {
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
pub fn next_pair(lanes: &mut Lanes) -> [[Real; LANES]; 2] {
    let (u, w) = (lanes.next_uniforms(), lanes.next_uniforms());
    let mut pair = [[0.0; LANES]; 2];
    for lane in 0..LANES {
        [pair[0][lane], pair[1][lane]] = box_muller(u[lane], w[lane]);
    }
    pair
}

/// Two standard normal numbers from two uniform ones of [0, 1), in double precision: for what is drawn once.
#[must_use]
pub fn box_muller(u: f64, w: f64) -> [f64; 2] {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - u));
    let (sin, cos) = libm::sincos(std::f64::consts::TAU * w);
    [radius * cos, radius * sin]
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

    /// Moments against those of the normal distribution, within five standard errors.
    #[test]
    fn moments_and_tails_are_those_of_the_normal_distribution() {
        let mut lanes = Lanes::new(Stream::new(11, &["normal"]), 0);
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

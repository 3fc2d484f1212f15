//! Times (ms) on the grid of iterations: numbers such as 0.15 and 0.1 are taken for the decimals that they were written as.

/// So far from a whole or half step a time may lie and still be there: far above what the rounding of a quotient of
/// 10^9 steps amounts to (3e-7), far below what anybody writes.
const NEAR: f64 = 1e-6;

/// A time in steps of `dt`; whole and half steps are met exactly.
///
/// 0.15 / 0.1 is 1.5 and 0.3 / 0.1 is 3, though the quotients of the nearest binary numbers lie below.
#[must_use]
pub fn steps(time: f64, dt: f64) -> f64 {
    let quotient = time / dt;
    let nearest = 0.5 * libm::round(2.0 * quotient);
    // From 10^9 steps on, the rounding of the quotient and of a sum of two times.
    let near = f64::max(NEAR, 4.0 * f64::EPSILON * quotient.abs());
    if (quotient - nearest).abs() <= near { nearest } else { quotient }
}

/// The number of steps that a time rounds to, half a step away from zero.
#[must_use]
pub fn rounded(time: f64, dt: f64) -> f64 {
    libm::round(steps(time, dt))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_steps_are_rounded_alike_whatever_their_binary_digits() {
        for k in 0..2000 {
            let half = format!("{}.{}5", k / 10, k % 10).parse().unwrap();
            assert_eq!(rounded(half, 0.1), f64::from(k + 1), "{half}");
        }
        assert_eq!(rounded(-0.25, 0.1), -3.0);
        assert_eq!(rounded(0.149_999, 0.1), 1.0);
    }

    proptest! {
        #[test]
        fn decimal_times_are_met_exactly(k in 1_u64..2_000_000_000, thousandths in 1_u64..2000) {
            // Whole numbers are the independent reckoning: k steps of so many thousandths of a millisecond.
            let (dt, total) = (thousandths as f64 / 1000.0, k * thousandths);
            let time: f64 = format!("{}.{:03}", total / 1000, total % 1000).parse().unwrap();
            prop_assert_eq!(steps(time, dt), k as f64);
            // A sum of two has its own rounding.
            let first = total / 3;
            let sum = first as f64 / 1000.0 + (total - first) as f64 / 1000.0;
            prop_assert_eq!(steps(sum, dt), k as f64);
        }

        #[test]
        fn what_lies_between_steps_stays_there(k in 0_u64..100_000_000, part in 0.001_f64..0.499) {
            let found = steps((k as f64 + part) * 0.1, 0.1);
            prop_assert!(found.floor() == k as f64 && found.ceil() == (k + 1) as f64, "{}", found);
        }
    }
}

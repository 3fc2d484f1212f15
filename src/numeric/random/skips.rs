//! Which of many independent events of a small probability come, at a cost for each that comes, not for each that might.
//!
//! ```text
//! P(the next one is the k-th from here) = (1 − p)^k p      k = ⌊E / −ln(1 − p)⌋, E exponentially distributed
//! ```
//! L. Devroye, *Non-Uniform Random Variate Generation* (1986), chapter X.2. As nothing is remembered of what did not come, a walk may
//! begin anew wherever the probability changes.

use crate::numeric::{Real, real::real, vector_rng::VectorRng};

/// A draw takes as much time as so many neurons of a pass that draws a number for each.
const DRAW: usize = 64;

/// Whether walking from event to event among `places` of probability `p` each takes less time than a number for each place.
#[must_use]
pub fn pays(places: usize, p: Real) -> bool {
    places as Real * (1.0 - p * DRAW as Real) > DRAW as Real
}

/// Calls `take` with the places below `places` at which events come that have the probability `p` at each, and with a number of
/// [0, 1) by which some of them may be left out.
pub fn events(lanes: &mut VectorRng, places: usize, p: Real, take: &mut dyn FnMut(usize, Real)) {
    let hazard = -libm::log1p(-f64::from(p));
    if hazard <= 0.0 {
        return;
    }
    let mut place = 0.0;
    loop {
        let [low, high, thin, ..] = lanes.next_words();
        let bits = u64::from(high) << 21 | u64::from(low) >> 11;
        // From 2^-53 to 1, so that no distance is infinite.
        let exponential = -libm::log((bits + 1) as f64 * (1.0 / 9_007_199_254_740_992.0));
        place += libm::floor(exponential / hazard);
        if place >= places as f64 {
            return;
        }
        take(place as usize, (thin >> 8) as Real * real(1.0 / 16_777_216.0));
        place += 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::stream::Stream;

    fn lanes() -> VectorRng {
        VectorRng::new(Stream::new(7, &["skips"]), 0)
    }

    /// Numbers of events in walks of 50 places against the binomial distribution: chi-square, and each place as often as others.
    #[test]
    fn events_are_independent_and_as_likely_everywhere() {
        const PLACES: usize = 50;
        const WALKS: usize = 200_000;
        let p = 0.04_f64;
        let (mut of_place, mut of_number, mut pairs) = ([0_u32; PLACES], [0_u32; 9], 0_u32);
        let mut lanes = lanes();
        for _ in 0..WALKS {
            let (mut number, mut last) = (0, usize::MAX);
            events(&mut lanes, PLACES, p as Real, &mut |place, _| {
                of_place[place] += 1;
                pairs += u32::from(place == last.wrapping_add(1) && last != usize::MAX);
                (number, last) = (number + 1, place);
            });
            of_number[number.min(8)] += 1;
        }
        let mut chance: f64 = (1.0 - p).powi(PLACES as i32);
        let mut left = 1.0;
        let mut square = 0.0;
        for (k, &found) in of_number.iter().enumerate() {
            let expected = WALKS as f64 * if k < 8 { chance } else { left };
            square += (f64::from(found) - expected).powi(2) / expected;
            left -= chance;
            chance *= (PLACES - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
        }
        // Of eight degrees of freedom, one of ten thousand is above 31.8; of 49, one of ten thousand above 94.
        assert!(square < 31.8, "{square}");
        let expected = WALKS as f64 * p;
        let square: f64 = of_place.iter().map(|&n| (f64::from(n) - expected).powi(2) / (expected * (1.0 - p))).sum();
        assert!(square < 94.0, "{square}");
        // Neighbours are independent.
        let expected = WALKS as f64 * 49.0 * p * p;
        assert!((f64::from(pairs) - expected).abs() < 4.0 * expected.sqrt(), "{pairs} pairs, expected {expected}");
    }

    #[test]
    fn rare_events_come_as_often_as_they_should_and_impossible_ones_never() {
        let mut lanes = lanes();
        let (mut number, mut below) = (0_u32, 0_u32);
        for _ in 0..100_000 {
            events(&mut lanes, 2048, 1e-5, &mut |_, thin| {
                number += 1;
                below += u32::from(thin < 0.25);
            });
            events(&mut lanes, 2048, 0.0, &mut |_, _| panic!("an impossible event"));
        }
        assert!((f64::from(number) - 2048.0).abs() < 4.0 * 2048_f64.sqrt(), "{number}");
        assert!((f64::from(below) - 512.0).abs() < 4.0 * 512_f64.sqrt(), "{below}");
        assert!(pays(1000, 0.001) && !pays(20, 0.001) && !pays(1000, 0.1));
    }
}

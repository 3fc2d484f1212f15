//! Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy
//! as 1, 2, 3" (SC 2011): the n-th number of a stream without the numbers before it.
//!
//! For what is drawn once: initial values and weights. Noise of every iteration comes from [`crate::numeric::vector_rng`].

use crate::numeric::{dispatch, stream::Stream};

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The four words at `counter` under `key`.
#[inline]
#[must_use]
pub fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let p = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let q = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        let [high_p, high_q] = [(p >> 32) as u32, (q >> 32) as u32];
        counter = [high_q ^ counter[1] ^ key[0], q as u32, high_p ^ counter[3] ^ key[1], p as u32];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// Two independent numbers of [0, 1) with 53 bits each: the pair of member `index` in `stream`.
#[inline]
#[must_use]
pub fn uniform_pair(stream: Stream, index: u64) -> [f64; 2] {
    let [low, high] = stream.domain();
    let counter = [index as u32, (index >> 32) as u32, low, high];
    let [a, b, c, d] = philox4x32(counter, stream.key());
    [unit(a, b), unit(c, d)]
}

/// Members whose words are computed side by side.
const ABREAST: usize = 16;

/// The pairs of many members, as [`uniform_pair`] gives them: the first numbers to `u`, the second ones to `w`.
pub fn uniform_pairs(stream: Stream, key: impl Fn(usize) -> u64, u: &mut [f64], w: &mut [f64]) {
    let mut keys = [0; ABREAST];
    for (part, (u, w)) in u.chunks_mut(ABREAST).zip(w.chunks_mut(ABREAST)).enumerate() {
        let members = u.len();
        keys[..members].iter_mut().enumerate().for_each(|(k, own)| *own = key(part * ABREAST + k));
        let mut pairs = [[0.0; ABREAST]; 2];
        dispatch(
            #[inline(always)]
            || pairs_abreast(stream, &keys, &mut pairs),
        );
        u.copy_from_slice(&pairs[0][..members]);
        w.copy_from_slice(&pairs[1][..members]);
    }
}

/// [`philox4x32`] for members side by side, which the compiler keeps in vector lanes.
#[inline(always)]
fn pairs_abreast(stream: Stream, keys: &[u64; ABREAST], pairs: &mut [[f64; ABREAST]; 2]) {
    let ([low, high], mut key) = (stream.domain(), stream.key());
    let (mut a, mut b, mut c, mut d) = ([0_u64; ABREAST], [0_u64; ABREAST], [0_u64; ABREAST], [0_u64; ABREAST]);
    for lane in 0..ABREAST {
        (a[lane], b[lane]) = (keys[lane] & 0xFFFF_FFFF, keys[lane] >> 32);
        (c[lane], d[lane]) = (low.into(), high.into());
    }
    for _ in 0..ROUNDS {
        for lane in 0..ABREAST {
            let (p, q) = (a[lane] * u64::from(MULTIPLIERS[0]), c[lane] * u64::from(MULTIPLIERS[1]));
            (a[lane], b[lane], c[lane], d[lane]) = (
                (q >> 32) ^ b[lane] ^ u64::from(key[0]),
                q & 0xFFFF_FFFF,
                (p >> 32) ^ d[lane] ^ u64::from(key[1]),
                p & 0xFFFF_FFFF,
            );
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    for lane in 0..ABREAST {
        pairs[0][lane] = (((b[lane] << 32) | a[lane]) >> 11) as f64 * (1.0 / (1_u64 << 53) as f64);
        pairs[1][lane] = (((d[lane] << 32) | c[lane]) >> 11) as f64 * (1.0 / (1_u64 << 53) as f64);
    }
}

/// 53 bits of two words as a number of [0, 1).
#[inline(always)]
fn unit(low: u32, high: u32) -> f64 {
    let bits = u64::from(high) << 32 | u64::from(low);
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that come with the authors' Random123 library (`kat_vectors`, philox4x32 10).
    #[test]
    fn gives_the_published_known_answers() {
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn many_members_get_the_pairs_that_each_gets_alone() {
        let stream = Stream::new(3, &["test"]);
        let key = |k: usize| (k as u64) << 33 | 5;
        let (mut u, mut w) = (vec![0.0; 37], vec![0.0; 37]);
        uniform_pairs(stream, key, &mut u, &mut w);
        assert!((0..37).all(|k| uniform_pair(stream, key(k)) == [u[k], w[k]]));
    }

    #[test]
    fn pairs_are_uniform_and_independent() {
        let stream = Stream::new(7, &["test"]);
        let n = 100_000;
        let (mut mean, mut product) = ([0.0; 2], 0.0);
        for i in 0..n {
            let [a, b] = uniform_pair(stream, i);
            assert!((0.0..1.0).contains(&a) && (0.0..1.0).contains(&b));
            mean = [mean[0] + a, mean[1] + b];
            product += (a - 0.5) * (b - 0.5);
        }
        // Five standard errors: sqrt(1/12 / n) for a mean, 1/12 / sqrt(n) for the covariance.
        let n = n as f64;
        assert!(mean.iter().all(|m| (m / n - 0.5).abs() < 5.0 * (1.0 / 12.0 / n).sqrt()));
        assert!((product / n).abs() < 5.0 / 12.0 / n.sqrt());
    }
}

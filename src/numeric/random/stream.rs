//! Names of random streams: whoever draws says for whom and what for, and gets its own numbers.
//!
//! A key depends on the scene's seed and on names only, so that reordering groups or adding a recorder changes
//! no number of anybody else.

use hmac_sha256::Hash;

/// The key of a random stream: 128 bits of SHA-256 over the seed and the path of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream([u32; 4]);

impl Stream {
    /// The stream of `path`, such as `["excitatory", "UniformNoise"]`, under `seed`.
    #[must_use]
    pub fn new(seed: u64, path: &[&str]) -> Self {
        let mut hash = Hash::new();
        hash.update(seed.to_le_bytes());
        for name in path {
            // The length keeps ["ab", "c"] apart from ["a", "bc"].
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name.as_bytes());
        }
        let digest = hash.finalize();
        let mut key = [0; 4];
        for (word, bytes) in key.iter_mut().zip(digest.chunks_exact(4)) {
            *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        Self(key)
    }

    /// The stream of an event of many: what is drawn in an iteration and in no other.
    #[must_use]
    pub fn of_event(self, number: u64) -> Self {
        let words = self.0.map(|word| format!("{word:08x}"));
        Self::new(number, &words.each_ref().map(String::as_str))
    }

    /// The 64-bit key of a counter-based generator.
    #[must_use]
    pub const fn key(self) -> [u32; 2] {
        [self.0[0], self.0[1]]
    }

    /// The 64 bits that a counter-based generator mixes into its counter, beside the key.
    #[must_use]
    pub const fn domain(self) -> [u32; 2] {
        [self.0[2], self.0[3]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_streams_of_their_own() {
        let [one, other] = ["a", "b"].map(|name| Stream::new(1, &[name]));
        let all = [one, one.of_event(0), one.of_event(1), other.of_event(0), one.of_event(1).of_event(0)];
        assert!((0..5).all(|i| all[..i].iter().all(|known| *known != all[i])));
        assert_eq!(one.of_event(7), one.of_event(7));
    }

    #[test]
    fn seed_names_and_their_boundaries_matter() {
        let streams = [
            Stream::new(1, &["ab", "c"]),
            Stream::new(1, &["a", "bc"]),
            Stream::new(1, &["abc"]),
            Stream::new(2, &["abc"]),
        ];
        for (i, a) in streams.iter().enumerate() {
            assert!(streams[..i].iter().all(|b| a != b));
        }
    }
}

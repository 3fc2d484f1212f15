//! Numbers at random, for spikes and bare rows.

use cortecs::numeric::{stream::Stream, words::Words};
use rand::Rng;

/// Random words, the same in every run.
pub fn words(number: u32) -> Words {
    Words::new(Stream::new(1, &["bench"]), number)
}

/// A number below `end`.
pub fn below(words: &mut Words, end: usize) -> usize {
    ((u64::from(words.next_u32()) * end as u64) >> 32) as usize
}

/// `count` different numbers below `end`, ascending.
pub fn choice(words: &mut Words, count: usize, end: usize) -> Vec<u32> {
    let mut left = count;
    let chosen = (0..end as u32).filter(|&i| {
        let take = below(words, end - i as usize) < left;
        left -= usize::from(take);
        take
    });
    chosen.collect()
}

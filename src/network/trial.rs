//! Trying a connectivity rule before it makes its synapses: those of some targets tell whether values can be evaluated at
//! pairs that there will be, and about how many there are.

use super::{endpoints::Endpoints, endpoints::Rule};
use crate::value::Pairs;

/// Synapses at which values are tried.
const TRIED: usize = 1 << 13;

/// Neurons that are looked at, at least: where their numbers differ between the middle of a sheet and its border, few are
/// not like all.
const LEAST_NEURONS: usize = 64;

/// Pairs of neurons that are looked at, at most: a second.
const MOST_PAIRS: usize = 1 << 24;

/// Some of the synapses that a rule makes.
#[derive(Default)]
pub(super) struct Found {
    /// The first of them.
    pub pairs: Pairs,
    /// How many there seem to be in all.
    pub estimate: u64,
}

impl Found {
    /// Has a rule make the synapses of some neurons, spread over all.
    ///
    /// # Errors
    /// What the rule says.
    pub fn of(rule: &dyn Rule, sides: &Endpoints) -> Result<Self, String> {
        let by_source = rule.is_by_source();
        let (own, other) = (sides.pair.targets, sides.pair.sources);
        let (own, other) = if by_source { (other, own) } else { (own, other) };
        let (mut all, mut found, mut looked) = (Self::default(), 0, 0);
        for neuron in spread(own) {
            let mut of_neuron: u32 = 0;
            let mut take = |s, t| {
                if all.pairs.keys.len() < TRIED {
                    all.pairs.push(sides.source(s) as u32, sides.target(t) as u32, of_neuron);
                }
                of_neuron += 1;
            };
            match by_source {
                true => rule.generate_from(sides, neuron, &mut take),
                false => rule.generate(sides, neuron..neuron + 1, &mut take)?,
            }
            found += of_neuron as usize;
            looked += 1;
            let seen = looked * other;
            let enough = found >= TRIED && (looked >= LEAST_NEURONS || seen > MOST_PAIRS / 16);
            if enough || seen > MOST_PAIRS {
                break;
            }
        }
        all.estimate = libm::round(found as f64 * own as f64 / looked.max(1) as f64) as u64;
        Ok(all)
    }
}

/// All numbers below `n`, the first few of which lie as far apart as the last: multiples of a number that has no factor in
/// common with `n`, near its golden section.
fn spread(n: usize) -> impl Iterator<Item = usize> {
    let common = |mut a: usize, mut b: usize| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let near = (n as f64 * 0.618_034) as usize;
    let step = (near.max(1)..).find(|&step| common(step, n) == 1).unwrap_or(1);
    (0..n).scan(n / 2, move |place, _| Some(std::mem::replace(place, (*place + step) % n)))
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn all_numbers_come_and_the_first_are_spread() {
        for n in [1, 2, 3, 10, 64, 1000, 4097] {
            let mut all: Vec<usize> = spread(n).collect();
            if n > 500 {
                // Sixteen of them leave no gap of a fifth.
                let mut first = all[..16].to_vec();
                first.sort_unstable();
                assert!(first.windows(2).all(|pair| pair[1] - pair[0] < n / 5), "{first:?}");
            }
            all.sort_unstable();
            assert_eq!(all, (0..n).collect::<Vec<_>>());
        }
        assert_eq!(spread(0).count(), 0);
    }
}

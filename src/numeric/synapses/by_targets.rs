//! The order of synapses in which those of a stretch of targets lie together, however rows are cut: that in which several processes
//! that share them can keep what belongs to each.

use std::ops::Range;

use crate::numeric::{blocks::BLOCK, rows::Rows};

impl Rows {
    /// How many synapses lead to each stretch of [`BLOCK`] targets.
    #[must_use]
    pub fn counts_by_targets(&self) -> Vec<u64> {
        let mut counts = vec![0; (self.blocks.len() * self.coding.width()).div_ceil(BLOCK)];
        for block in 0..self.blocks.len() {
            self.stretches(block).for_each(|stretch| counts[stretch] += 1);
        }
        counts
    }

    /// The places of each block of rows, and the order in which they lie by stretches of [`BLOCK`] targets, from the first place of the
    /// block; `None` where they lie so.
    pub fn by_targets(&self) -> impl Iterator<Item = (Range<usize>, Option<Vec<u32>>)> + '_ {
        self.blocks.iter().enumerate().map(|(b, block)| {
            let places = block.start..block.start + block.len();
            let several = self.coding.width() > BLOCK;
            (places, if several { self.order(b) } else { None })
        })
    }

    fn order(&self, block: usize) -> Option<Vec<u32>> {
        let first = block * self.coding.width() / BLOCK;
        let mut starts = vec![0_u32; self.coding.width() / BLOCK + 1];
        self.stretches(block).for_each(|stretch| starts[stretch - first + 1] += 1);
        if starts.iter().filter(|&&count| count > 0).count() < 2 {
            return None;
        }
        for k in 1..starts.len() {
            starts[k] += starts[k - 1];
        }
        let mut order = vec![0; self.blocks[block].len()];
        for (place, stretch) in (0..).zip(self.stretches(block)) {
            let next = &mut starts[stretch - first];
            order[*next as usize] = place;
            *next += 1;
        }
        Some(order)
    }

    /// The stretch of targets to which each synapse of a block leads.
    fn stretches(&self, block: usize) -> impl Iterator<Item = usize> + '_ {
        let (own, first) = (&self.blocks[block], block * self.coding.width());
        let codes = self.codes.all();
        (own.start..own.start + own.len()).map(move |place| (first + self.coding.target(codes.at(place))) / BLOCK)
    }

    /// A sum over all synapses, in whatever order, that others do not have.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        // Steele, Lea & Flood (2014): SplitMix64, its mixing of 64 bits.
        let mix = |x: u64| {
            let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ x >> 31
        };
        let golden = 0x9e37_79b9_7f4a_7c15_u64;
        let of = |ends: u64, delay: u32| mix(ends.wrapping_add(golden.wrapping_mul(u64::from(delay) + 1)));
        self.iter().fold(0, |sum: u64, synapse| {
            sum.wrapping_add(of(u64::from(synapse.source) << 32 | u64::from(synapse.target), synapse.delay))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::rows::{
        Synapse,
        tests::{built, shape},
    };

    /// Targets in stretches, and within each the order of the rows: also where one process knows some stretches only.
    #[test]
    fn what_leads_to_a_stretch_lies_together_whoever_has_the_rest() {
        let synapse = |k: u32| Synapse { source: k % 7, target: k * 7919 % 20_000, delay: 5 };
        let all: Vec<Synapse> = (0..9000).map(synapse).collect();
        let mut sorted = all.clone();
        sorted.sort_by_key(|synapse| synapse.source);
        let shape = shape(7, 20_000, Some(5), 1300);
        let listed = |rows: &Rows| -> Vec<Synapse> {
            let own: Vec<Synapse> = rows.iter().collect();
            let of_block = |(places, order): (Range<usize>, Option<Vec<u32>>)| match order {
                None => own[places].to_vec(),
                Some(order) => order.iter().map(|&k| own[places.start + k as usize]).collect(),
            };
            rows.by_targets().flat_map(of_block).collect()
        };
        let (rows, _) = built(&shape, &sorted);
        let whole = listed(&rows);
        assert!(whole.is_sorted_by_key(|synapse| synapse.target as usize / BLOCK));
        assert_eq!(whole.len(), all.len());
        let counts = rows.counts_by_targets();
        assert!((0..).zip(&counts).all(|(stretch, &count)| {
            whole.iter().filter(|synapse| synapse.target as usize / BLOCK == stretch).count() as u64 == count
        }));
        let parts = [0..3 * BLOCK, 3 * BLOCK..4 * BLOCK, 4 * BLOCK..20_000].map(|own| {
            let of_own: Vec<Synapse> =
                sorted.iter().filter(|synapse| own.contains(&(synapse.target as usize))).copied().collect();
            built(&shape, &of_own).0
        });
        assert_eq!(parts.iter().flat_map(listed).collect::<Vec<_>>(), whole);
        assert_eq!(parts.iter().fold(0_u64, |sum, rows| sum.wrapping_add(rows.fingerprint())), rows.fingerprint());
        let mut other = sorted;
        other[17].target ^= 1;
        assert_ne!(built(&shape, &other).0.fingerprint(), rows.fingerprint());
    }
}

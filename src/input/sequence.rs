//! The order in which the rows of an array are presented: blocks of rows, each in the order of the array or shuffled.

use std::sync::Arc;

use bevy_reflect::prelude::*;

use crate::numeric::{philox::uniform_pair, stream::Stream};

/// Rows that are presented one after another, each once in every round.
#[derive(Reflect, Clone, Debug, PartialEq, Eq)]
#[reflect(Default)]
pub struct Block {
    /// The name, by which recorders tell blocks apart.
    pub name: String,
    /// The first row.
    pub from: u64,
    /// The first row that does not belong to it any more; `None` for all to the end.
    pub until: Option<u64>,
    /// How often each row is presented.
    pub rounds: u64,
    /// The order of the rows in a round.
    pub order: Order,
}

/// The order of rows in a round.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[reflect(Default)]
#[non_exhaustive]
pub enum Order {
    /// That of the array.
    #[default]
    Given,
    /// Another one in every round, which the seed decides.
    Shuffled,
}

impl Default for Block {
    fn default() -> Self {
        Self { name: String::new(), from: 0, until: None, rounds: 1, order: Order::Given }
    }
}

/// Presentations that are laid out at most: 16 bytes each.
const MOST: u64 = 1 << 28;

/// A sequence of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sequence {
    /// All rows, one after another.
    All(usize),
    /// The row of each presentation, and its block.
    Blocks(Arc<[(u32, u32)]>),
}

impl Default for Sequence {
    fn default() -> Self {
        Self::All(0)
    }
}

impl Sequence {
    /// Lays out blocks of an array of so many rows; without any, all rows are presented as they are. `stream` gives the
    /// random numbers of a purpose.
    ///
    /// # Errors
    /// A block is empty or leads beyond the array.
    pub fn new(blocks: &[Block], rows: usize, stream: impl Fn(&str) -> Stream) -> Result<Self, String> {
        if blocks.is_empty() {
            return Ok(Self::All(rows));
        }
        let ranges: Vec<_> = blocks.iter().map(|block| block.range(rows as u64)).collect::<Result<_, _>>()?;
        let presented =
            ranges.iter().zip(blocks).map(|(range, block)| (range.end - range.start) * block.rounds.min(MOST));
        if presented.fold(0, u64::saturating_add) > MOST {
            return Err(format!("there are more than {MOST} presentations"));
        }
        let mut sequence = Vec::new();
        for (number, (block, range)) in (0..).zip(blocks.iter().zip(ranges)) {
            for round in 0..block.rounds {
                let mut order: Vec<u32> = range.clone().map(|row| row as u32).collect();
                if block.order == Order::Shuffled {
                    shuffle(&mut order, stream(&format!("order of block {number}, round {round}")));
                }
                sequence.extend(order.into_iter().map(|row| (row, number)));
            }
        }
        Ok(Self::Blocks(sequence.into()))
    }

    /// How many presentations there are.
    #[must_use]
    pub fn presentations(&self) -> usize {
        match self {
            Self::All(rows) => *rows,
            Self::Blocks(sequence) => sequence.len(),
        }
    }

    /// The row and the block of a presentation.
    #[must_use]
    pub fn at(&self, presentation: usize) -> Option<(u32, u32)> {
        match self {
            Self::All(rows) => (presentation < *rows).then_some((presentation as u32, 0)),
            Self::Blocks(sequence) => sequence.get(presentation).copied(),
        }
    }
}

impl Block {
    fn range(&self, rows: u64) -> Result<std::ops::Range<u64>, String> {
        let Self { name, from, rounds, .. } = self;
        let until = self.until.unwrap_or(rows);
        if *from >= until || *rounds == 0 {
            return Err(format!("the block `{name}` is empty: {rounds} rounds of rows from {from} to before {until}"));
        }
        if until > rows {
            return Err(format!("the block `{name}` ends before row {until}, but the array has {rows} rows"));
        }
        Ok(*from..until)
    }
}

/// R. Fisher & F. Yates, in the form of R. Durstenfeld, Commun. ACM 7:420 (1964).
fn shuffle(order: &mut [u32], stream: Stream) {
    for last in (1..order.len()).rev() {
        let [u, _] = uniform_pair(stream, last as u64);
        // u < 1 by 2^-53, far less than a part in 2^32.
        order.swap(last, (u * (last + 1) as f64) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(blocks: &[Block], rows: usize, seed: u64) -> Vec<(u32, u32)> {
        let sequence = Sequence::new(blocks, rows, |purpose| Stream::new(seed, &[purpose])).unwrap();
        (0..sequence.presentations()).map(|k| sequence.at(k).unwrap()).collect()
    }

    #[test]
    fn blocks_follow_one_another_with_each_row_once_in_a_round() {
        assert_eq!(laid_out(&[], 3, 1), [(0, 0), (1, 0), (2, 0)]);
        let given = Block { from: 1, until: Some(3), rounds: 2, ..Block::default() };
        let shuffled = Block { from: 2, rounds: 2, order: Order::Shuffled, ..Block::default() };
        let all = laid_out(&[given, shuffled], 52, 1);
        assert_eq!(all[..4], [(1, 0), (2, 0), (1, 0), (2, 0)]);
        let rounds: Vec<Vec<u32>> =
            all[4..].chunks(50).map(|round| round.iter().map(|(row, _)| *row).collect()).collect();
        assert_eq!(rounds.len(), 2);
        assert!(all[4..].iter().all(|(_, block)| *block == 1) && rounds[0] != rounds[1]);
        for mut round in rounds {
            assert!(!round.is_sorted());
            round.sort_unstable();
            assert!(round.into_iter().eq(2..52));
        }
    }

    #[test]
    fn every_order_is_equally_likely() {
        let block = Block { rounds: 6000, order: Order::Shuffled, ..Block::default() };
        let mut counts = std::collections::BTreeMap::new();
        for round in laid_out(&[block], 3, 7).chunks(3) {
            *counts.entry(round.to_vec()).or_insert(0) += 1;
        }
        // 1000 ± 29 each; within five standard errors.
        assert!(counts.len() == 6 && counts.values().all(|count| (856..1144).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_seed_decides() {
        let block = [Block { order: Order::Shuffled, ..Block::default() }];
        assert_eq!(laid_out(&block, 40, 3), laid_out(&block, 40, 3));
        assert_ne!(laid_out(&block, 40, 3), laid_out(&block, 40, 4));
    }

    #[test]
    fn blocks_that_are_empty_or_lead_beyond_the_array_are_refused() {
        let error = |block: Block| {
            Sequence::new(&[Block { name: "b".into(), ..block }], 10, |purpose| Stream::new(1, &[purpose])).unwrap_err()
        };
        let empty = "the block `b` is empty: ";
        assert_eq!(
            error(Block { from: 10, ..Block::default() }),
            format!("{empty}1 rounds of rows from 10 to before 10")
        );
        assert_eq!(
            error(Block { rounds: 0, ..Block::default() }),
            format!("{empty}0 rounds of rows from 0 to before 10")
        );
        let beyond = error(Block { until: Some(11), ..Block::default() });
        assert_eq!(beyond, "the block `b` ends before row 11, but the array has 10 rows");
        assert!(error(Block { rounds: u64::MAX, ..Block::default() }).starts_with("there are more than"));
    }
}

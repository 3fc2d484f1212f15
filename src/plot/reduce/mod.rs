//! From streams of any length to summaries of the size of a picture. Pure: no files, no drawing.

mod cells;
mod columns;
mod course;
mod means;
mod quantiles;
mod rate;
mod summary;

pub(super) use cells::Cells;
pub(super) use columns::Columns;
pub(super) use course::Course;
pub(super) use means::Means;
pub(super) use rate::RateBins;
pub(super) use summary::{Extremes, Summariser, Summary};

/// At most `count` indices below `size`, evenly spread: the middles of equal shares.
pub(super) fn spread(count: usize, size: usize) -> Vec<usize> {
    let count = count.min(size);
    let middle = |nth| ((2 * nth + 1) as u128 * size as u128 / (2 * count) as u128) as usize;
    (0..count).map(middle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_indices_are_spread_evenly() {
        assert_eq!(spread(3, 800), [133, 400, 666]);
        assert_eq!(spread(3, 3), [0, 1, 2]);
        assert_eq!(spread(3, 2), [0, 1]);
        assert_eq!(spread(3, 1), [0]);
        assert_eq!(spread(0, 5), [0; 0]);
    }
}

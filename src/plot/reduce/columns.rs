//! Which picture column a row of a recording falls into.

use std::ops::Range;

/// Rows shared out over at most so many columns, as evenly as possible; every column has at least one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::plot) struct Columns {
    rows: usize,
    count: usize,
}

impl Columns {
    pub(in crate::plot) fn new(rows: usize, at_most: usize) -> Self {
        Self { rows, count: rows.min(at_most) }
    }

    pub(in crate::plot) fn count(self) -> usize {
        self.count
    }

    /// Whether a column may stand for more than one row.
    pub(in crate::plot) fn reduces(self) -> bool {
        self.count < self.rows
    }

    /// The rows of a column.
    pub(in crate::plot) fn rows_of(self, column: usize) -> Range<usize> {
        let start = |column: usize| {
            let share = column as u128 * self.rows as u128 / self.count.max(1) as u128;
            share as usize
        };
        start(column)..start(column + 1)
    }

    /// The middle of a column, in rows: 0.5 for a column of rows 0 and 1.
    pub(in crate::plot) fn middle(self, column: usize) -> f64 {
        let rows = self.rows_of(column);
        (rows.start + rows.end - 1) as f64 / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_cover_all_rows_without_overlap() {
        for (rows, at_most) in [(1, 10), (10, 10), (11, 10), (99, 10), (1000, 7)] {
            let columns = Columns::new(rows, at_most);
            let mut next = 0;
            for column in 0..columns.count() {
                let range = columns.rows_of(column);
                assert_eq!(range.start, next);
                assert!(!range.is_empty());
                next = range.end;
            }
            assert_eq!(next, rows);
            assert_eq!(columns.reduces(), rows > at_most);
        }
    }

    #[test]
    fn the_middle_lies_between_first_and_last_row() {
        let columns = Columns::new(9, 3);
        assert_eq!([0, 1, 2].map(|column| columns.middle(column)), [1.0, 4.0, 7.0]);
        assert_eq!(Columns::new(4, 2).middle(1), 2.5);
    }
}

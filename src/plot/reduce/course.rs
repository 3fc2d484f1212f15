//! Histograms after one another as an image: rows added up over the columns, and bins over the rows of a picture.

use super::columns::Columns;

/// The shares of values in bins over time.
#[derive(Debug, Clone)]
pub(in crate::plot) struct Course {
    columns: Columns,
    /// Bins that are recorded, and those that the picture has.
    bins: usize,
    cells: usize,
    /// Rows so far, and the column that the next belongs to.
    pushed: usize,
    column: usize,
    /// By column, and in it by cell from the lowest on; and all values of a column, those outside the bins too.
    sums: Vec<f64>,
    totals: Vec<f64>,
}

impl Course {
    /// Of so many rows, of so many bins each, at most `most` columns and cells.
    pub(in crate::plot) fn new(rows: usize, bins: usize, most: [usize; 2]) -> Self {
        let columns = Columns::new(rows, most[0]);
        let cells = bins.div_ceil(bins.div_ceil(most[1].max(1)).max(1));
        let (sums, totals) = (vec![0.0; columns.count() * cells], vec![0.0; columns.count()]);
        Self { columns, bins, cells, pushed: 0, column: 0, sums, totals }
    }

    /// Takes the next row: the counts below the bins, in each, and above.
    pub(in crate::plot) fn push(&mut self, row: &[f64]) {
        while self.column + 1 < self.columns.count() && self.pushed >= self.columns.rows_of(self.column).end {
            self.column += 1;
        }
        self.pushed += 1;
        let column = self.column;
        let own = self.sums.get_mut(column * self.cells..(column + 1) * self.cells).unwrap_or_default();
        for (bin, count) in row.iter().skip(1).take(self.bins).enumerate() {
            if let Some(sum) = own.get_mut(bin * self.cells / self.bins) {
                *sum += count;
            }
        }
        if let Some(total) = self.totals.get_mut(column) {
            *total += row.iter().sum::<f64>();
        }
    }

    /// Columns and cells.
    pub(in crate::plot) fn size(&self) -> [usize; 2] {
        [self.columns.count(), self.cells]
    }

    /// The share of the values in each cell, from the highest to the lowest; not a number where there are none.
    pub(in crate::plot) fn shares(&self) -> Vec<f64> {
        let share = |cell: usize, column: usize| {
            let sum = self.sums[column * self.cells + cell];
            if sum > 0.0 { sum / self.totals[column] } else { f64::NAN }
        };
        (0..self.cells).rev().flat_map(|cell| (0..self.totals.len()).map(move |c| share(cell, c))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_all_values_of_a_column() {
        // Six rows in three columns, four bins in two cells; two values below, and one above.
        let mut course = Course::new(6, 4, [3, 2]);
        for row in
            [[2, 4, 0, 0, 2, 0], [0, 0, 4, 0, 4, 0], [0, 8, 0, 0, 0, 0], [0, 8, 0, 0, 0, 0], [0, 0, 0, 0, 7, 1], [0; 6]]
        {
            course.push(&row.map(f64::from));
        }
        assert_eq!(course.size(), [3, 2]);
        let shares = course.shares();
        assert_eq!(shares[..1], [6.0 / 16.0], "the upper cell comes first");
        assert_eq!(shares[3..5], [8.0 / 16.0, 1.0]);
        assert_eq!(shares[2], 7.0 / 8.0);
        assert!(shares[1].is_nan() && shares[5].is_nan());
    }
}

//! Numbers at the points of a matrix as means over the cells of a picture, whatever the size of the matrix.

/// Means over the cells that rows and columns of a matrix are cut into.
#[derive(Debug, Clone)]
pub(in crate::plot) struct Means {
    /// Rows and columns of the matrix.
    sizes: [usize; 2],
    /// Rows and columns of cells.
    cells: [usize; 2],
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl Means {
    /// Cells of as many rows and columns each as are needed to have at most `most` rows and columns of them.
    pub(in crate::plot) fn new(sizes: [usize; 2], most: [usize; 2]) -> Self {
        let cells = [0, 1].map(|side| cells(sizes[side], most[side]));
        let number = cells[0] * cells[1];
        Self { sizes, cells, sums: vec![0.0; number], counts: vec![0; number] }
    }

    /// Takes a number at a row and a column; those outside the matrix are told by `false`.
    pub(in crate::plot) fn add(&mut self, row: usize, column: usize, value: f64) -> bool {
        if row >= self.sizes[0] || column >= self.sizes[1] {
            return false;
        }
        let cell =
            |index: usize, side: usize| (index as u128 * self.cells[side] as u128 / self.sizes[side] as u128) as usize;
        let place = cell(row, 0) * self.cells[1] + cell(column, 1);
        self.sums[place] += value;
        self.counts[place] = self.counts[place].saturating_add(1);
        true
    }

    /// Rows and columns of cells.
    pub(in crate::plot) fn cells(&self) -> [usize; 2] {
        self.cells
    }

    /// The most rows and columns of the matrix that a cell has.
    pub(in crate::plot) fn of(&self) -> [usize; 2] {
        [0, 1].map(|side| self.sizes[side].div_ceil(self.cells[side].max(1)))
    }

    /// The mean in each cell, row by row; not a number where there is none.
    pub(in crate::plot) fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.sums.iter().zip(&self.counts).map(|(sum, &count)| sum / f64::from(count))
    }
}

fn cells(size: usize, most: usize) -> usize {
    match size.div_ceil(most.max(1)) {
        0 => 0,
        each => size.div_ceil(each),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_matrix_is_itself() {
        let mut means = Means::new([2, 3], [10, 10]);
        assert!(means.add(0, 2, 4.0) && means.add(1, 0, -1.0) && means.add(1, 0, 2.0));
        assert!(!means.add(2, 0, 1.0) && !means.add(0, 3, 1.0));
        assert_eq!((means.cells(), means.of()), ([2, 3], [1, 1]));
        let values: Vec<f64> = means.values().collect();
        assert_eq!((values[2], values[3]), (4.0, 0.5));
        assert_eq!(values.iter().filter(|value| value.is_nan()).count(), 4);
    }

    /// Of 1000 × 7 numbers i + j, cells of 10 × 1: the mean of ten numbers after one another.
    #[test]
    fn a_large_matrix_is_means() {
        let mut means = Means::new([1000, 7], [120, 120]);
        (0..7000).for_each(|k| assert!(means.add(k / 7, k % 7, (k / 7 + k % 7) as f64)));
        assert_eq!((means.cells(), means.of()), ([112, 7], [9, 1]));
        let mut tens = Means::new([1000, 7], [100, 7]);
        (0..7000).for_each(|k| assert!(tens.add(k / 7, k % 7, (k / 7 + k % 7) as f64)));
        let expected = (0..700).map(|cell| 4.5 + f64::from(cell / 7 * 10 + cell % 7));
        assert!(tens.values().eq(expected));
        // Nothing is lost where cells differ in size.
        let total: u32 = means.counts.iter().sum();
        assert_eq!(total, 7000);
    }
}

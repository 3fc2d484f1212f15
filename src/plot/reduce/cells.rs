//! Spikes of one group as occupied cells of a picture: whatever their number, none is lost and the marks are bounded.

/// A grid of cells over the iterations of a run and the neurons of a group.
#[derive(Debug)]
pub(in crate::plot) struct Cells {
    iterations: u64,
    neurons: u64,
    columns: usize,
    rows: usize,
    occupied: Vec<bool>,
}

/// Neighbouring occupied cells of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::plot) struct Run {
    pub(in crate::plot) row: usize,
    pub(in crate::plot) column: usize,
    pub(in crate::plot) length: usize,
}

impl Cells {
    /// At most `columns` × `rows` cells, fewer where there are not so many iterations or neurons; both at least 1.
    pub(in crate::plot) fn new(iterations: u64, neurons: u64, columns: usize, rows: usize) -> Self {
        let at_most = |n: u64, cells: usize| n.clamp(1, cells.max(1) as u64) as usize;
        let (columns, rows) = (at_most(iterations, columns), at_most(neurons, rows));
        Self { iterations, neurons, columns, rows, occupied: vec![false; columns * rows] }
    }

    pub(in crate::plot) fn columns(&self) -> usize {
        self.columns
    }

    pub(in crate::plot) fn rows(&self) -> usize {
        self.rows
    }

    /// Occupies the cell of a spike; one outside the grid's iterations or neurons is not taken, and told by `false`.
    pub(in crate::plot) fn mark(&mut self, iteration: u64, neuron: u64) -> bool {
        let cell = |index: u64, of: u64, cells: usize| (index as u128 * cells as u128 / of as u128) as usize;
        if iteration >= self.iterations || neuron >= self.neurons {
            return false;
        }
        let row = cell(neuron, self.neurons, self.rows);
        let column = cell(iteration, self.iterations, self.columns);
        let occupied = self.occupied.get_mut(row * self.columns + column);
        occupied.map(|cell| *cell = true).is_some()
    }

    /// The occupied cells, row by row, neighbours merged.
    pub(in crate::plot) fn runs(&self) -> impl Iterator<Item = Run> {
        let rows = self.occupied.chunks(self.columns).enumerate();
        rows.flat_map(|(row, cells)| {
            let mut column = 0;
            cells.chunk_by(|a, b| a == b).filter_map(move |same| {
                let start = column;
                column += same.len();
                (same.first() == Some(&true)).then_some(Run { row, column: start, length: same.len() })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(cells: &Cells, column: usize, row: usize) -> bool {
        let inside = |run: &Run| run.column <= column && column < run.column + run.length;
        cells.runs().any(|run| run.row == row && inside(&run))
    }

    #[test]
    fn no_spike_is_lost() {
        // Alone on the grid, each spike leaves exactly one run, in its share of the columns and rows.
        for (iteration, neuron) in [(0, 0), (999_999, 0), (0, 776), (999_999, 776), (123_456, 78)] {
            let mut cells = Cells::new(1_000_000, 777, 100, 7);
            assert!(cells.mark(iteration, neuron));
            let (column, row) = (iteration as usize / 10_000, neuron as usize / 111);
            assert_eq!(cells.runs().collect::<Vec<_>>(), [Run { row, column, length: 1 }]);
        }
    }

    #[test]
    fn a_grid_finer_than_the_data_keeps_one_cell_per_sample() {
        let mut cells = Cells::new(5, 3, 1000, 1000);
        assert_eq!((cells.columns(), cells.rows()), (5, 3));
        assert!(cells.mark(4, 2) && cells.mark(1, 2));
        assert!(covered(&cells, 4, 2) && covered(&cells, 1, 2));
        assert_eq!(cells.runs().count(), 2);
    }

    #[test]
    fn neighbours_are_one_run() {
        let mut cells = Cells::new(10, 2, 10, 2);
        for iteration in [2, 3, 4, 9] {
            cells.mark(iteration, 0);
        }
        cells.mark(0, 1);
        let run = |row, column, length| Run { row, column, length };
        assert_eq!(cells.runs().collect::<Vec<_>>(), [run(0, 2, 3), run(0, 9, 1), run(1, 0, 1)]);
    }

    #[test]
    fn a_spike_outside_is_told() {
        let mut cells = Cells::new(10, 2, 10, 2);
        assert!(!cells.mark(10, 0));
        assert!(!cells.mark(0, 2));
        assert!(!Cells::new(10, 0, 10, 2).mark(0, 0), "a group of nobody");
        assert_eq!(cells.runs().count(), 0);
    }
}

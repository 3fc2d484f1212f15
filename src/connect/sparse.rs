//! The arrays of a sparse matrix as SciPy's `save_npz` writes them, each held to what its format promises.

use super::edges::Listed;
use crate::value::Array;

/// The names of the two arrays that say where the entries are.
///
/// # Errors
/// A text: the format is none that is read.
pub(super) fn places(format: &str) -> Result<[&'static str; 2], String> {
    match format {
        "coo" => Ok(["row", "col"]),
        "csr" | "csc" | "bsr" => Ok(["indptr", "indices"]),
        other => Err(format!("a sparse matrix of the format `{other}`; csr, csc, coo and bsr are read")),
    }
}

/// The arrays of a file.
pub(super) struct Sparse<'a> {
    pub format: &'a str,
    pub shape: &'a Array,
    pub data: &'a Array,
    /// Those that [`places`] names.
    pub places: [&'a Array; 2],
}

impl Sparse<'_> {
    /// The shape of the matrix, and its entries. What is written down as 0 is no entry, as in a dense matrix; what is
    /// written twice is two synapses, whose weights act as their sum.
    ///
    /// # Errors
    /// A text: the arrays are no matrix of the format.
    pub fn entries(&self) -> Result<([usize; 2], Listed), String> {
        let shape = whole(self.shape, "shape", u32::MAX as usize)?;
        let &[rows, columns] = &shape[..] else {
            return Err(format!("shape has {} numbers instead of 2", shape.len()));
        };
        let axes = if self.format == "bsr" { 3 } else { 1 };
        if self.data.shape.len() != axes {
            return Err(format!(
                "data has the shape {:?}, which none of the format {} has",
                self.data.shape, self.format
            ));
        }
        let entries = match self.format {
            "coo" => self.coordinates(rows, columns),
            "csr" => self.compressed(rows, columns).map(Compressed::entries),
            "csc" => self.compressed(columns, rows).map(|lines| lines.entries().transposed()),
            _ => self.blocks(rows, columns),
        };
        Ok(([rows, columns], entries?.without_zeros()))
    }

    fn coordinates(&self, rows: usize, columns: usize) -> Result<Listed, String> {
        let (row, column) = (whole(self.places[0], "row", rows)?, whole(self.places[1], "col", columns)?);
        let [n, m, values] = [row.len(), column.len(), self.data.data.len()];
        if n != values || m != values {
            return Err(format!("{values} entries in data, but {n} in row and {m} in col"));
        }
        Ok(listed(row, column, self.data.data.clone()))
    }

    /// `lines` of `length` places.
    fn compressed(&self, lines: usize, length: usize) -> Result<Compressed, String> {
        let starts = whole(self.places[0], "indptr", usize::MAX)?;
        let across = whole(self.places[1], "indices", length)?;
        if starts.len() != lines + 1 {
            return Err(format!("indptr has {} numbers instead of {}", starts.len(), lines + 1));
        }
        if starts[0] != 0 {
            return Err(format!("indptr begins with {} instead of 0", starts[0]));
        }
        if let Some(k) = starts.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(format!("indptr falls from {} to {} at {}", starts[k], starts[k + 1], k + 1));
        }
        let (end, places, values) = (starts[lines], across.len(), self.data.shape.first().copied().unwrap_or(0));
        if end != places || end != values {
            return Err(format!("indptr ends at {end}, but there are {places} indices and {values} entries in data"));
        }
        Ok(Compressed { starts, across, values: self.data.data.clone() })
    }

    /// Blocks of equal shape instead of entries.
    fn blocks(&self, rows: usize, columns: usize) -> Result<Listed, String> {
        let [_, high, wide] = self.data.shape[..] else { return Ok(Listed::default()) };
        if high == 0 || wide == 0 || !rows.is_multiple_of(high) || !columns.is_multiple_of(wide) {
            return Err(format!("blocks of {high} × {wide} do not fill a matrix of {rows} × {columns}"));
        }
        let blocks = self.compressed(rows / high, columns / wide)?;
        let corners: Vec<_> = blocks.lines().into_iter().zip(&blocks.across).collect();
        let place = |k: usize| {
            let ((line, across), within) = (corners[k / (high * wide)], k % (high * wide));
            (line * high + within / wide, across * wide + within % wide)
        };
        let (row, column) = (0..blocks.values.len()).map(place).unzip();
        Ok(listed(row, column, blocks.values))
    }
}

/// Entries of lines that lie one behind the other: of rows (CSR) or of columns (CSC).
struct Compressed {
    /// Where the entries of each line begin; one more for the end.
    starts: Vec<usize>,
    /// The place of each entry in its line.
    across: Vec<usize>,
    values: Vec<f64>,
}

impl Compressed {
    /// The line of each entry.
    fn lines(&self) -> Vec<usize> {
        let lines = self.starts.windows(2).enumerate();
        lines.flat_map(|(line, pair)| std::iter::repeat_n(line, pair[1] - pair[0])).collect()
    }

    fn entries(self) -> Listed {
        listed(self.lines(), self.across, self.values)
    }
}

fn listed(sources: Vec<usize>, targets: Vec<usize>, weights: Vec<f64>) -> Listed {
    let narrow = |indices: Vec<usize>| indices.into_iter().map(|index| index as u32).collect();
    Listed { sources: narrow(sources), targets: narrow(targets), weights: Some(weights), delays: None }
}

/// The whole numbers of an array, each below `end`.
fn whole(array: &Array, name: &str, end: usize) -> Result<Vec<usize>, String> {
    let number = |(k, &number): (usize, &f64)| {
        if number.fract() != 0.0 || !(0.0..end as f64).contains(&number) {
            return Err(match end {
                usize::MAX => format!("{name}[{k}] is {number}, which is no index"),
                _ => format!("{name}[{k}] is {number}, which is no whole number from 0 below {end}"),
            });
        }
        Ok(number as usize)
    };
    array.data.iter().enumerate().map(number).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An array of a file: its name, shape and numbers.
    type Named = (&'static str, Vec<usize>, Vec<f64>);

    fn flat(name: &'static str, numbers: &[f64]) -> Named {
        (name, vec![numbers.len()], numbers.to_vec())
    }

    fn read(format: &str, file: &[Named]) -> Result<([usize; 2], Listed), String> {
        let array = |name: &str| {
            let (_, shape, data) = file.iter().find(|(own, ..)| *own == name).unwrap();
            Array { shape: shape.clone(), data: data.clone() }
        };
        let [first, second] = places(format)?;
        let (shape, data) = (&array("shape"), &array("data"));
        Sparse { format, shape, data, places: [&array(first), &array(second)] }.entries()
    }

    /// [[1, 0, 2], [0, 3, 0]]
    fn csr() -> Vec<Named> {
        vec![
            flat("shape", &[2.0, 3.0]),
            flat("indptr", &[0.0, 2.0, 3.0]),
            flat("indices", &[0.0, 2.0, 1.0]),
            flat("data", &[1.0, 2.0, 3.0]),
        ]
    }

    fn with(mut file: Vec<Named>, name: &'static str, numbers: &[f64]) -> Vec<Named> {
        file.retain(|(own, ..)| *own != name);
        file.push(flat(name, numbers));
        file
    }

    #[test]
    fn pointers_indices_and_shapes_that_break_their_promise_are_refused() {
        let nan = f64::NAN;
        for (name, numbers, why) in [
            ("indptr", &[1.0, 2.0, 3.0][..], "indptr begins with 1 instead of 0"),
            ("indptr", &[], "indptr has 0 numbers instead of 3"),
            ("indptr", &[0.0, 3.0], "indptr has 2 numbers instead of 3"),
            ("indptr", &[0.0, 2.0, 3.0, 3.0], "indptr has 4 numbers instead of 3"),
            ("indptr", &[0.0, 3.0, 2.0], "indptr falls from 3 to 2 at 2"),
            ("indptr", &[0.0, 2.0, 4.0], "indptr ends at 4, but there are 3 indices and 3 entries in data"),
            ("indptr", &[0.0, 2.0, 2.0], "indptr ends at 2, but there are 3 indices and 3 entries in data"),
            ("indptr", &[0.0, 0.5, 3.0], "indptr[1] is 0.5, which is no index"),
            ("indptr", &[0.0, -1.0, 3.0], "indptr[1] is -1, which is no index"),
            ("indices", &[0.0, 3.0, 1.0], "indices[1] is 3, which is no whole number from 0 below 3"),
            ("indices", &[0.0, 2.0, nan], "indices[2] is NaN, which is no whole number from 0 below 3"),
            ("indices", &[0.0, 2.0], "indptr ends at 3, but there are 2 indices and 3 entries in data"),
            ("data", &[1.0, 2.0], "indptr ends at 3, but there are 3 indices and 2 entries in data"),
            ("shape", &[2.0], "shape has 1 numbers instead of 2"),
            ("shape", &[-2.0, 3.0], "shape[0] is -2, which is no whole number from 0 below 4294967295"),
            ("shape", &[3.0, 3.0], "indptr has 3 numbers instead of 4"),
        ] {
            assert_eq!(read("csr", &with(csr(), name, numbers)).unwrap_err(), why);
        }
        assert_eq!(read("csr", &csr()).unwrap().1.targets, [0, 2, 1]);
        let other = read("dia", &csr()).unwrap_err();
        assert_eq!(other, "a sparse matrix of the format `dia`; csr, csc, coo and bsr are read");
        let mut square = csr();
        square[3].1 = vec![3, 1];
        assert!(read("csr", &square).unwrap_err().contains("data has the shape [3, 1]"));
        let coo = vec![flat("shape", &[2.0, 3.0]), flat("data", &[1.0]), flat("row", &[0.0])];
        let short = read("coo", &with(coo.clone(), "col", &[])).unwrap_err();
        assert_eq!(short, "1 entries in data, but 1 in row and 0 in col");
        let beyond = read("coo", &with(coo, "col", &[3.0])).unwrap_err();
        assert_eq!(beyond, "col[0] is 3, which is no whole number from 0 below 3");
    }

    #[test]
    fn blocks_fill_their_matrix() {
        let bsr = |shape: &[f64], blocks: [usize; 3]| {
            let data = ("data", blocks.to_vec(), vec![1.0; blocks.iter().product()]);
            let pointers = [flat("indptr", &[0.0, 1.0]), flat("indices", &[0.0])];
            read("bsr", &[vec![flat("shape", shape), data], pointers.to_vec()].concat())
        };
        assert!(bsr(&[2.0, 3.0], [1, 2, 3]).is_ok());
        for (shape, blocks) in [([2.0, 4.0], [1, 2, 3]), ([3.0, 3.0], [1, 2, 3]), ([2.0, 3.0], [1, 0, 3])] {
            assert!(bsr(&shape, blocks).unwrap_err().contains("do not fill a matrix"));
        }
    }

    proptest! {
        /// The same matrix in each format, written here cell by cell, is the same list of cells.
        #[test]
        fn formats_of_one_matrix_agree(
            (high, wide) in (1..3_usize, 1..4_usize),
            (rows, columns) in (0..4_usize, 0..4_usize),
            cells in prop::collection::vec(-2..3_i32, 0..144),
        ) {
            let (rows, columns) = (rows * high, columns * wide);
            let cell = |i: usize, j: usize| cells.get(i * columns + j).map_or(0.0, |&w| f64::from(w.max(0)));
            let places: Vec<_> = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).collect();
            let mut expected: Vec<_> = places.iter().map(|&(i, j)| (i as u32, j as u32, cell(i, j))).collect();
            expected.retain(|cell| cell.2 != 0.0);

            let float = |numbers: &[usize]| numbers.iter().map(|&k| k as f64).collect::<Vec<_>>();
            let shape = flat("shape", &float(&[rows, columns]));
            // What is not zero, and a written zero here and there.
            let kept = |i: usize, j: usize| cell(i, j) != 0.0 || (i + j).is_multiple_of(3);
            let compressed = |lines: usize, length: usize, at: &dyn Fn(usize, usize) -> (usize, usize)| {
                let (mut ends, mut indices, mut data) = (vec![0], vec![], vec![]);
                for line in 0..lines {
                    for k in (0..length).filter(|&k| kept(at(line, k).0, at(line, k).1)) {
                        indices.push(k);
                        data.push(cell(at(line, k).0, at(line, k).1));
                    }
                    ends.push(indices.len());
                }
                vec![flat("indptr", &float(&ends)), flat("indices", &float(&indices)), flat("data", &data)]
            };
            let coo: Vec<_> = places.iter().copied().filter(|&(i, j)| kept(i, j)).collect();
            let (row, column): (Vec<_>, Vec<_>) = coo.iter().copied().unzip();
            let data: Vec<f64> = coo.iter().map(|&(i, j)| cell(i, j)).collect();
            let (mut ends, mut indices, mut blocks) = (vec![0], vec![], vec![]);
            for i in (0..rows).step_by(high) {
                for j in (0..columns).step_by(wide) {
                    indices.push(j / wide);
                    (i..i + high).for_each(|i| blocks.extend((j..j + wide).map(|j| cell(i, j))));
                }
                ends.push(indices.len());
            }
            let blocks = ("data", vec![indices.len(), high, wide], blocks);
            for (format, arrays) in [
                ("csr", compressed(rows, columns, &|i, j| (i, j))),
                ("csc", compressed(columns, rows, &|j, i| (i, j))),
                ("coo", vec![flat("row", &float(&row)), flat("col", &float(&column)), flat("data", &data)]),
                ("bsr", vec![flat("indptr", &float(&ends)), flat("indices", &float(&indices)), blocks]),
            ] {
                let (found_shape, listed) = read(format, &[vec![shape.clone()], arrays].concat()).unwrap();
                let weights = listed.weights.unwrap();
                let cells = listed.sources.iter().zip(&listed.targets).zip(&weights);
                let mut found: Vec<_> = cells.map(|((&i, &j), &w)| (i, j, w)).collect();
                found.sort_by_key(|cell| (cell.0, cell.1));
                prop_assert_eq!((found_shape, &found), ([rows, columns], &expected), "{}", format);
            }
        }
    }
}

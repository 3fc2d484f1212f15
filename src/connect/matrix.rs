//! Connectivity from a matrix: dense, of NumPy's, or sparse, as SciPy's `save_npz` writes it.

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    edges::{Edges, Listed},
    sparse::{self, Sparse},
};
use crate::{
    behaviour,
    network::{Behaviour, Extent, Kind, Pair, Preparation, PrepareError, connect::connect, endpoints::endpoints},
    value::Array,
};

behaviour! {
    /// A synapse for every entry of a matrix that is not zero, whose value is a factor on the synapse group's weights.
    pub struct Matrix {
        /// A `.npy` file, or a `.npz` file: of arrays, or of one sparse matrix (`scipy.sparse.save_npz`: CSR, CSC, COO or BSR).
        pub file: String,
        /// The array's name in a `.npz` file of arrays.
        pub key: String,
        /// Whether rows are targets (W[target, source], as in many papers) instead of sources.
        pub rows_are_targets: bool,
        #[reflect(ignore)]
        edges: Option<Arc<Edges>>,
    }
}

impl Matrix {
    /// The matrix of a file.
    #[must_use]
    pub fn of(file: &str) -> Self {
        Self { file: file.to_owned(), ..Self::default() }
    }
}

impl Behaviour for Matrix {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let sides = endpoints(preparation)?;
        if self.edges.is_none() {
            let Pair { sources, targets, .. } = sides.pair;
            let expected = if self.rows_are_targets { [targets, sources] } else { [sources, targets] };
            let mut entries = self.entries(preparation, expected)?;
            if self.rows_are_targets {
                std::mem::swap(&mut entries.sources, &mut entries.targets);
            }
            let fault = |(k, why): (usize, String)| {
                let (i, j) = (entries.sources[k], entries.targets[k]);
                preparation.error(Some("file"), format!("{}, entry from {i} to {j}: {why}", self.file))
            };
            entries.check(sources, targets).map_err(fault)?;
            self.edges = Some(Arc::new(entries.sorted(&sides)));
        }
        match &self.edges {
            Some(edges) => connect(preparation, sides, Arc::clone(edges)),
            None => Ok(()),
        }
    }

    fn extent(&self, pair: Pair) -> Extent {
        Extent::sparse(pair, self.edges.as_ref().map_or(0, |edges| edges.sources.len() as u64))
    }
}

impl Matrix {
    /// The entries that are not zero, rows as sources.
    fn entries(&self, preparation: &Preparation<'_>, expected: [usize; 2]) -> Result<Listed, PrepareError> {
        if self.file.is_empty() {
            return Err(preparation.error(Some("file"), "no file is named"));
        }
        let sparse = self.key.is_empty() && self.file.to_lowercase().ends_with(".npz");
        let (shape, entries) = if sparse {
            let part = |name: &str| preparation.array("file", &self.file, Some(name));
            let fault = |why: String| preparation.error(Some("file"), format!("{}: {why}", self.file));
            let format: String = part("format")?.data.iter().map(|&byte| char::from(byte as u8)).collect();
            let format = format.trim_end_matches('\0');
            let [first, second] = sparse::places(format).map_err(fault)?;
            let (shape, data, first, second) = (part("shape")?, part("data")?, part(first)?, part(second)?);
            let arrays = Sparse { format, shape: &shape, data: &data, places: [&first, &second] };
            let (shape, entries) = arrays.entries().map_err(fault)?;
            (shape.to_vec(), entries)
        } else {
            let key = (!self.key.is_empty()).then_some(self.key.as_str());
            let array = preparation.array("file", &self.file, key)?;
            (array.shape.clone(), dense(&array))
        };
        if shape != expected {
            let why = format!("the matrix has the shape {shape:?}; {expected:?} is needed");
            return Err(preparation.error(Some("file"), why));
        }
        Ok(entries)
    }
}

fn dense(array: &Array) -> Listed {
    let row = array.shape.last().copied().unwrap_or(1).max(1);
    let mut entries = Listed { weights: Some(Vec::new()), ..Listed::default() };
    for (k, &value) in array.data.iter().enumerate().filter(|(_, value)| **value != 0.0) {
        entries.sources.push((k / row) as u32);
        entries.targets.push((k % row) as u32);
        entries.weights.get_or_insert_default().push(value);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::Matrix;
    use crate::{
        network::ArrayFolder,
        npy::{Dtype, Writer},
        prelude::*,
    };

    /// What arrives at three targets when both sources fire, from a matrix that was written by `write`.
    fn arriving(file: &str, rows_are_targets: bool, write: impl Fn(&std::path::Path)) -> Result<Vec<f64>, String> {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join(file));
        let mut bench = Bench::new();
        bench.world_mut().insert_resource(ArrayFolder::at(folder.path()));
        let (a, b) = (bench.group("a", 2, Spikes::default()), bench.group("b", 3, ()));
        bench.receptor(b, "r", CurrentReceptor { afferent: "X".into(), ..default() });
        bench.try_synapses(a, b, "X", Matrix { rows_are_targets, ..Matrix::of(file) })?;
        bench.set(a, "fired", &[1.0, 1.0]);
        bench.ticks(1);
        Ok(bench.get(b, "input"))
    }

    fn dense(rows: &[&[f64]]) -> impl Fn(&std::path::Path) {
        move |path| {
            let mut file = Writer::create(path, Dtype::F64, &[rows[0].len()]).unwrap();
            file.append(bytemuck::cast_slice(&rows.concat())).unwrap();
            file.flush().unwrap();
        }
    }

    #[test]
    fn entries_of_a_dense_matrix_are_synapses() {
        let rows = dense(&[&[0.0, 1.0, 2.0], &[4.0, 0.0, 8.0]]);
        assert_eq!(arriving("w.npy", false, rows).unwrap(), [4.0, 1.0, 10.0]);
        let columns = dense(&[&[0.0, 4.0], &[1.0, 0.0], &[2.0, 8.0]]);
        assert_eq!(arriving("w.npy", true, columns).unwrap(), [4.0, 1.0, 10.0]);
    }

    #[test]
    fn other_shapes_and_what_is_no_number_are_refused() {
        let error = arriving("w.npy", false, dense(&[&[1.0, 1.0]])).unwrap_err();
        assert!(error.contains("the matrix has the shape [1, 2]; [2, 3] is needed"), "{error}");
        let error = arriving("w.npy", false, dense(&[&[0.0, 1.0, 0.0], &[f64::NAN, 0.0, 0.0]])).unwrap_err();
        assert!(error.contains("entry from 1 to 0: the weight is NaN"), "{error}");
    }
}

//! Noise of synapses: of each stretch of targets a random stream, from which its synapses draw in their order, so that it does not
//! matter who else there is.

use std::ops::Range;

use rayon::prelude::*;

use crate::{
    network::Layout,
    numeric::{Column, Real, blocks::BLOCK, normal, rows::Rows, vector_rng::VectorRng},
};

/// A standard normal number for each synapse, in the order of weights; of dense ones for those onto own targets. `streams` has one
/// stream for each stretch of targets.
pub(super) fn normals(streams: &mut [VectorRng], layout: &Layout, own: &Range<usize>) -> Column<Real> {
    match layout {
        Layout::Sparse(rows) => of_rows(streams, rows),
        Layout::Dense { sources, targets, .. } => of_dense(streams, [*sources, *targets], own),
    }
}

fn of_rows(streams: &mut [VectorRng], rows: &Rows) -> Column<Real> {
    let counts = rows.counts_by_targets();
    let drawn: Vec<Column<Real>> = streams
        .par_iter_mut()
        .zip(counts)
        .map(|(stream, number)| stream.column(number as usize, normal::next_pair))
        .collect();
    let mut drawn = drawn.iter().flat_map(|numbers| numbers.iter().copied());
    let mut all = Column::filled(0.0, rows.len());
    for (places, order) in rows.by_targets() {
        let own = &mut all[places];
        match order {
            None => own.iter_mut().zip(&mut drawn).for_each(|(x, drawn)| *x = drawn),
            Some(order) => order.iter().zip(&mut drawn).for_each(|(&place, drawn)| own[place as usize] = drawn),
        }
    }
    all
}

fn of_dense(streams: &mut [VectorRng], [sources, targets]: [usize; 2], own: &Range<usize>) -> Column<Real> {
    let mut all = Column::filled(0.0, sources * targets);
    for (stretch, stream) in streams.iter_mut().enumerate() {
        let part = own.start.max(stretch * BLOCK)..own.end.min((stretch + 1) * BLOCK).min(targets);
        if part.is_empty() {
            continue;
        }
        let drawn = stream.column(sources * part.len(), normal::next_pair);
        for (row, drawn) in all.chunks_exact_mut(targets).zip(drawn.chunks_exact(part.len())) {
            row[part.clone()].copy_from_slice(drawn);
        }
    }
    all
}

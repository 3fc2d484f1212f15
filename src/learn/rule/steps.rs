//! Steps of all synapses, as equations of their own take them once in an interval: in blocks, which threads share.

use rayon::prelude::*;

use super::gather::{From, Reads, fetch};
use crate::{
    equations::{Event, Read},
    numeric::{
        Column, Real,
        blocks::BLOCK,
        normal,
        rows::Synapse,
        threads::{attend, is_alone},
        vector_rng::VectorRng,
    },
};

/// Synapses from which threads are called.
const WORTH_SHARING: usize = 1 << 14;

/// What steps run on: weights and variables, and random streams, of each noise one per block.
pub(super) type On<'a> = (Vec<&'a mut [Real]>, &'a mut [VectorRng]);

/// A block of synapses: the first, its columns, its streams.
type Block<'a> = (usize, Vec<&'a mut [Real]>, Vec<&'a mut VectorRng>);

/// A step. `ends` are those of all synapses where something of neurons is read; `is_there` says which places have a synapse.
pub(super) fn step(
    event: &Event,
    reads: &Reads<'_>,
    ends: &[Synapse],
    (columns, streams): On<'_>,
    is_there: &(dyn Fn(usize) -> bool + Sync),
) {
    let all = columns.first().map_or(0, |weights| weights.len());
    if columns.iter().any(|column| column.len() != all) {
        return;
    }
    let number = all.div_ceil(BLOCK);
    let mut blocks: Vec<Block<'_>> = (0..number).map(|k| (k * BLOCK, Vec::new(), Vec::new())).collect();
    for column in columns {
        blocks.iter_mut().zip(column.chunks_mut(BLOCK)).for_each(|((_, own, _), part)| own.push(part));
    }
    for of_noise in streams.chunks_mut(number.max(1)) {
        blocks.iter_mut().zip(of_noise).for_each(|((.., own), stream)| own.push(stream));
    }
    let run = |block: Block<'_>| step_block(event, reads, ends, block, is_there);
    if all >= WORTH_SHARING && rayon::current_num_threads() > 1 && !is_alone() {
        attend();
        blocks.into_par_iter().for_each(run);
    } else {
        blocks.into_iter().for_each(run);
    }
}

fn step_block(
    event: &Event,
    reads: &Reads<'_>,
    ends: &[Synapse],
    (first, mut columns, streams): Block<'_>,
    is_there: &(dyn Fn(usize) -> bool + Sync),
) {
    let n = columns.first().map_or(0, |weights| weights.len());
    let here = ends.get(first..first + n).unwrap_or_default();
    let mut streams = streams.into_iter();
    let read: Vec<Column<Real>> = event
        .reads
        .iter()
        .zip(&reads.from)
        .map(|(read, from)| match (read, streams.len()) {
            (Read::Normal, 1..) => streams.next().map(|stream| stream.column(n, normal::next_pair)).unwrap_or_default(),
            _ => gathered(from, reads, here, n),
        })
        .collect();
    let inputs: Vec<&[Real]> = read.iter().map(|column| &column[..]).collect();
    let none: Vec<(usize, Vec<Real>)> = (0..n)
        .filter(|k| !is_there(first + k))
        .map(|k| (k, columns.iter().map(|column| column[k]).collect()))
        .collect();
    event.lowered.program.run_unmarked(&mut columns, &inputs, event.lowered.lines(), n);
    for (k, before) in none {
        columns.iter_mut().zip(before).for_each(|(column, x)| column[k] = x);
    }
}

/// What synapses read of their neurons.
fn gathered(from: &From<'_>, reads: &Reads<'_>, ends: &[Synapse], n: usize) -> Column<Real> {
    let mut numbers = Column::filled(0.0, n);
    let list = |of: &dyn Fn(&Synapse) -> u32| -> Vec<u32> { ends.iter().map(of).collect() };
    match from {
        From::All(x) => numbers.fill(*x),
        From::Since => {}
        From::Sources(of) => fetch(&mut numbers, of, &list(&|one| reads.slot(one.source, one.delay))),
        From::OfSource(of) => fetch(&mut numbers, of, &list(&|one| one.source)),
        From::OfTarget(of) => fetch(&mut numbers, of, &list(&|one| one.target)),
    }
    numbers
}

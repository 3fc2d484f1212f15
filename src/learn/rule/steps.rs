//! Steps of all synapses, as equations of their own take them once in an interval: in blocks, which threads share.

use rayon::prelude::*;

use super::gather::{From, Reads, fetch};
use crate::{
    equations::{Event, Read},
    numeric::{
        Column, Real,
        blocks::BLOCK,
        rows::Synapse,
        threads::{attend, is_alone},
    },
};

/// Synapses from which threads are called.
const WORTH_SHARING: usize = 1 << 14;

/// What steps run on: weights and variables, and what each noise is at each synapse.
pub(super) type On<'a> = (Vec<&'a mut [Real]>, &'a [Column<Real>]);

/// A block of synapses: the first, and its columns.
type Block<'a> = (usize, Vec<&'a mut [Real]>);

/// A step. `ends` are those of all synapses where something of neurons is read; `is_there` says which places have a synapse.
pub(super) fn step(
    event: &Event,
    reads: &Reads<'_>,
    ends: &[Synapse],
    (columns, noises): On<'_>,
    is_there: &(dyn Fn(usize) -> bool + Sync),
) {
    let all = columns.first().map_or(0, |weights| weights.len());
    if columns.iter().any(|column| column.len() != all) {
        return;
    }
    let number = all.div_ceil(BLOCK);
    let mut blocks: Vec<Block<'_>> = (0..number).map(|k| (k * BLOCK, Vec::new())).collect();
    for column in columns {
        blocks.iter_mut().zip(column.chunks_mut(BLOCK)).for_each(|((_, own), part)| own.push(part));
    }
    let run = |block: Block<'_>| step_block(event, (reads, noises), ends, block, is_there);
    if all >= WORTH_SHARING && rayon::current_num_threads() > 1 && !is_alone() {
        attend();
        blocks.into_par_iter().for_each(run);
    } else {
        blocks.into_iter().for_each(run);
    }
}

fn step_block(
    event: &Event,
    (reads, noises): (&Reads<'_>, &[Column<Real>]),
    ends: &[Synapse],
    (first, mut columns): Block<'_>,
    is_there: &(dyn Fn(usize) -> bool + Sync),
) {
    let n = columns.first().map_or(0, |weights| weights.len());
    let here = ends.get(first..first + n).unwrap_or_default();
    let mut noises = noises.iter();
    let mut noise_at = |read: &Read| match read {
        Read::Normal => noises.next().and_then(|noise| noise.get(first..first + n)),
        _ => None,
    };
    let noise: Vec<Option<&[Real]>> = event.reads.iter().map(&mut noise_at).collect();
    let read: Vec<Column<Real>> = noise
        .iter()
        .zip(&reads.from)
        .map(|(noise, from)| if noise.is_some() { Column::default() } else { gathered(from, reads, here, n) })
        .collect();
    let inputs: Vec<&[Real]> = noise.iter().zip(&read).map(|(noise, column)| noise.unwrap_or(column)).collect();
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

//! Delivery: the spikes of the last iteration walk their rows of weights into the sums of the receptors that listen.
//!
//! ```text
//! arriving[j] += Σ weight[i][j]   over the neurons i that fired, in ascending order
//! ```
//! Work is proportional to spikes. Targets are cut into fixed blocks, so that threads share a delivery without
//! atomics and every target adds in the same order whatever their number.

use bevy_app::App;
use bevy_ecs::prelude::*;

use crate::{
    network::{
        Afferents, Arriving, Layout, Listens, ReceptorOf, Source, Spikes, Synapses, Tags, Weights,
        receptor::{WiringChanged, heard},
    },
    numeric::{Real, dispatch},
    schedule::{AddToStage, Stage},
};

/// Targets in a block: 16 KB of sums (`f32`) stay in the first-level cache beside the rows that stream through.
const TARGETS: usize = 4096;

/// Weights added in one iteration from which threads are woken: about 20 µs of work.
const WORTH_SHARING: usize = 1 << 17;

pub(super) fn plugin(app: &mut App) {
    app.add_stage_system(Stage::Input, "delivery", deliver);
}

/// Adds the weights of all spikes to the receptors.
///
/// Where synapse groups came or went since the last iteration, receptors are joined to them first; in the same system,
/// since another one would cost 30 ns of every iteration.
fn deliver(
    mut changed: ResMut<WiringChanged>,
    mut receptors: Query<(&ReceptorOf, &mut Listens, &mut Arriving)>,
    afferents: Query<&Afferents>,
    tags: Query<(&Tags, Option<&Name>)>,
    synapses: Query<(&Source, &Synapses, &Weights)>,
    sources: Query<&Spikes>,
) {
    let changed = changed.0 && std::mem::take(&mut changed.0);
    for (group, mut listens, mut arriving) in &mut receptors {
        if changed {
            listens.synapses =
                afferents.get(group.0).map(|all| heard(&listens.afferent, all, &tags)).unwrap_or_default();
        }

        for (source, synapses, weights) in listens.synapses.iter().filter_map(|&group| synapses.get(group).ok()) {
            let Ok(spikes) = sources.get(source.0) else { continue };
            if spikes.neurons().is_empty() {
                continue;
            }
            match synapses.layout {
                Some(Layout::Dense { targets, .. }) => {
                    deliver_dense(&mut arriving.sums, &weights.0, targets, spikes.neurons());
                    arriving.any = true;
                }
                None => {}
            }
        }
    }
}

/// Adds the rows of `weights` (each `targets` long) that belong to `spikes` to `sums`.
pub fn deliver_dense(sums: &mut [Real], weights: &[Real], targets: usize, spikes: &[u32]) {
    let block = |first: usize, sums: &mut [Real]| {
        dispatch(
            #[inline(always)]
            || add_rows(sums, weights, first, targets, spikes),
        );
    };
    if spikes.len() * targets < WORTH_SHARING || targets <= TARGETS || rayon::current_num_threads() == 1 {
        sums.chunks_mut(TARGETS).enumerate().for_each(|(i, sums)| block(i * TARGETS, sums));
    } else {
        use rayon::prelude::*;
        sums.par_chunks_mut(TARGETS).enumerate().for_each(|(i, sums)| block(i * TARGETS, sums));
    }
}

/// Adds the part of each spike's row that starts at target `first`.
#[inline(always)]
fn add_rows(sums: &mut [Real], weights: &[Real], first: usize, targets: usize, spikes: &[u32]) {
    let rest = add_by::<8>(sums, weights, first, targets, spikes);
    let rest = add_by::<4>(sums, weights, first, targets, rest);
    let rest = add_by::<2>(sums, weights, first, targets, rest);
    add_by::<1>(sums, weights, first, targets, rest);
}

/// Adds `ROWS` rows in one pass over the targets, as long as there are as many; returns the spikes that are left.
///
/// Several rows a pass spare the loads and stores of the sums, which share two ports with the loads of the weights.
#[inline(always)]
fn add_by<'s, const ROWS: usize>(
    sums: &mut [Real],
    weights: &[Real],
    first: usize,
    targets: usize,
    spikes: &'s [u32],
) -> &'s [u32] {
    let len = sums.len();
    let (groups, rest) = spikes.as_chunks::<ROWS>();
    for group in groups {
        let mut rows: [&[Real]; ROWS] = [&[]; ROWS];
        for (row, &spike) in rows.iter_mut().zip(group) {
            let start = spike as usize * targets + first;
            // A row is only missing where a column was cut while the network ran.
            let Some(found) = weights.get(start..start + len) else { return rest };
            *row = found;
        }
        for j in 0..len {
            let mut sum = sums[j];
            for row in rows {
                sum += row[j];
            }
            sums[j] = sum;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every target's sum is that of a plain loop over the spikes in ascending order, bit for bit, however many rows
    /// a pass takes and whether threads share the work.
    #[test]
    fn rows_add_up_in_ascending_order_of_the_sources() {
        for (sources, targets) in [(7, 5), (30, TARGETS + 3), (40, 3 * TARGETS)] {
            let weights: Vec<Real> = (0..sources * targets).map(|k| ((k * 7919) % 1013) as Real / 1013.0).collect();
            let spikes: Vec<u32> = (0..sources as u32).filter(|i| i % 5 != 2).collect();
            let mut sums = vec![0.25; targets];
            let mut expected = sums.clone();
            deliver_dense(&mut sums, &weights, targets, &spikes);
            for &i in &spikes {
                for (sum, weight) in expected.iter_mut().zip(&weights[i as usize * targets..]) {
                    *sum += weight;
                }
            }
            assert_eq!(sums, expected);
        }
    }
}

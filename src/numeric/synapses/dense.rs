//! Dense synapses: rows of weights, one for each source, added to the sums of their targets.

use crate::numeric::{Real, dispatch};

/// Sums of dense targets that are worked on in one go: 16 KB (`f32`) stay in the first-level cache beside the rows that
/// stream through.
const TARGETS: usize = 4096;

/// Adds the rows of `weights` that belong to `spikes` to `sums`, whose first target is `first` in rows of `targets`.
pub fn add(
    sums: &mut [Real],
    weights: &[Real],
    (first, targets): (usize, usize),
    spikes: &[u32],
    efficacies: Option<&[Real]>,
) {
    if let Some(efficacies) = efficacies {
        for (&spike, efficacy) in spikes.iter().zip(efficacies) {
            let row = weights.iter().skip(spike as usize * targets + first);
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += efficacy * weight);
        }
        return;
    }
    for (part, sums) in sums.chunks_mut(TARGETS).enumerate() {
        dispatch(
            #[inline(always)]
            || add_rows(sums, weights, first + part * TARGETS, targets, spikes),
        );
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
    /// a pass takes.
    #[test]
    fn rows_add_up_in_ascending_order_of_the_sources() {
        for (sources, targets) in [(7, 5), (30, TARGETS + 3), (40, 3 * TARGETS)] {
            let weights: Vec<Real> = (0..sources * targets).map(|k| ((k * 7919) % 1013) as Real / 1013.0).collect();
            let spikes: Vec<u32> = (0..sources as u32).filter(|i| i % 5 != 2).collect();
            let mut sums = vec![0.25; targets];
            let mut expected = sums.clone();
            add(&mut sums, &weights, (0, targets), &spikes, None);
            for &i in &spikes {
                for (sum, weight) in expected.iter_mut().zip(&weights[i as usize * targets..]) {
                    *sum += weight;
                }
            }
            assert_eq!(sums, expected);
        }
    }
}

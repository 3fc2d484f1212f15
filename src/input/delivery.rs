//! The start of an iteration: the input is cleared, and the spikes of the last iteration walk their rows of weights into the sums of the receptors that listen.
//!
//! ```text
//! arriving[j] += Σ weight[i][j]   over the neurons i that fired, in ascending order
//! ```
//! Work is proportional to spikes. Targets are cut into fixed blocks, so that threads share a delivery without
//! atomics and every target adds in the same order whatever their number.

use bevy_app::App;
use bevy_ecs::{prelude::*, relationship::RelationshipTarget, system::SystemParam};

use crate::{
    network::{
        Afferents, Arriving, Conductance, Input, Jump, Layout, Listens, ReceptorOf, Source, Spikes, Synapses, Tags,
        Weights,
        receptor::{WiringChanged, hears},
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

/// Where the spikes of a group go: its synapse groups, each with a receptor that listens to it.
struct Route {
    source: Entity,
    to: Vec<(Entity, Entity)>,
}

/// Clears the input and adds the weights of all spikes to the receptors.
///
/// One system, since another one would cost 30 ns of every iteration; and by source, since mostly a small group is
/// silent and nothing else has to be looked up for it.
fn deliver(
    mut inputs: Query<(&mut Input, Option<&mut Conductance>, Option<&mut Jump>)>,
    mut routes: Local<Vec<Route>>,
    mut changed: ResMut<WiringChanged>,
    wiring: Wiring,
    mut receptors: Query<&mut Arriving>,
    synapses: Query<(&Synapses, &Weights)>,
    sources: Query<&Spikes>,
) {
    for (mut input, conductance, jump) in &mut inputs {
        input.0.fill(0.0);
        if let Some(mut conductance) = conductance.filter(|conductance| conductance.used) {
            conductance.sum.fill(0.0);
        }
        if let Some(mut jump) = jump.filter(|jump| jump.used) {
            jump.sum.fill(0.0);
        }
    }
    if changed.0 {
        changed.0 = false;
        *routes = wiring.routes();
    }
    for route in &*routes {
        let Ok(spikes) = sources.get(route.source) else { continue };
        if spikes.neurons().is_empty() {
            continue;
        }
        for &(group, receptor) in &route.to {
            let (Ok((synapses, weights)), Ok(mut arriving)) = (synapses.get(group), receptors.get_mut(receptor)) else {
                continue;
            };
            if let Some(Layout::Dense { targets, .. }) = synapses.layout {
                deliver_dense(&mut arriving.sums, &weights.0, targets, spikes.neurons());
                arriving.any = true;
            }
        }
    }
}

/// What routes are derived from.
#[derive(SystemParam)]
struct Wiring<'w, 's> {
    receptors: Query<'w, 's, (Entity, &'static ReceptorOf, &'static Listens)>,
    afferents: Query<'w, 's, &'static Afferents>,
    synapses: Query<'w, 's, (&'static Source, &'static Tags, Option<&'static Name>)>,
    names: Query<'w, 's, &'static Name>,
}

impl Wiring<'_, '_> {
    /// The routes, in an order that names decide, as sums of floating-point numbers follow it.
    fn routes(&self) -> Vec<Route> {
        let name = |entity| self.names.get(entity).map_or("", Name::as_str);
        let mut links = Vec::new();
        for (receptor, of, listens) in &self.receptors {
            for group in self.afferents.get(of.0).into_iter().flat_map(RelationshipTarget::iter) {
                if let Ok((source, tags, own)) = self.synapses.get(group)
                    && hears(listens, tags, own)
                {
                    links.push((source.0, group, receptor));
                }
            }
        }
        links.sort_by_key(|&(source, group, receptor)| (name(source), name(group), name(receptor), source, group));
        let mut routes: Vec<Route> = Vec::new();
        for (source, group, receptor) in links {
            match routes.last_mut() {
                Some(route) if route.source == source => route.to.push((group, receptor)),
                _ => routes.push(Route { source, to: vec![(group, receptor)] }),
            }
        }
        routes
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

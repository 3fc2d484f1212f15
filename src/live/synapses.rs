//! What is seen of synapses: those of one neuron, the weights of a group.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    network::{Layout, Synapses, Weights},
    numeric::{Real, real::wide, rows::Synapse},
};

/// Synapses of a neuron that are shown in each direction, of each group: those with the greatest weights.
const MOST: usize = 4096;

/// Bins of a histogram of weights.
const BINS: usize = 60;

/// Rows and columns of a matrix of weights, at most.
const CELLS: usize = 80;

/// One synapse of a neuron that is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Partner {
    /// The synapse group, by its place in the outline.
    pub synapses: u32,
    /// The neuron at the other end.
    pub neuron: u32,
    /// The weight.
    pub weight: f32,
}

/// The synapses of a neuron.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Partners {
    /// The neuron: group, index.
    pub of: (u32, u32),
    /// Those that reach it, by group and source.
    pub afferent: Vec<Partner>,
    /// Those that leave it, by group and target.
    pub efferent: Vec<Partner>,
}

/// The weights of a synapse group at a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightsView {
    /// The group, by its place in the outline.
    pub synapses: u32,
    /// The iterations that are done.
    pub iteration: u64,
    /// Synapses.
    pub number: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation.
    pub deviation: f64,
    /// The edges of the histogram: least and greatest weight.
    pub range: [f32; 2],
    /// How many lie in each of equal bins of the range.
    pub counts: Vec<u64>,
    /// Rows (sources) and columns (targets) of the matrix.
    pub shape: [usize; 2],
    /// Mean weights of the synapses between stretches of sources and of targets, row after row; not a number where there are none.
    pub matrix: Vec<f32>,
    /// The mean of what weights have changed by since they were looked at first; of those that come and go nothing.
    pub change: Option<f64>,
}

fn of(world: &World, synapses: Entity) -> Option<(&Layout, &[Real])> {
    let layout = world.get::<Synapses>(synapses)?.layout.as_ref()?;
    Some((layout, &world.get::<Weights>(synapses)?.0[..]))
}

impl Partners {
    /// Those of a neuron, of all synapse groups with the places of their ends.
    pub(super) fn look(world: &World, neuron: (u32, u32), groups: &[(Entity, [u32; 2])]) -> Self {
        let mut found = Self { of: neuron, ..Self::default() };
        for (&(entity, [source, target]), place) in groups.iter().zip(0..) {
            let Some((layout, weights)) = of(world, entity) else { continue };
            let partner = |k: usize, neuron: u32| {
                let weight = weights.get(k).map_or(0.0, |&weight| wide(weight) as f32);
                Partner { synapses: place, neuron, weight }
            };
            if target == neuron.0 {
                let own = layout.of_target(neuron.1).map(|(k, Synapse { source, .. })| partner(k, source));
                found.afferent.extend(strongest(own.collect()));
            }
            if source == neuron.0 {
                let own = layout.of_source(neuron.1).map(|(k, Synapse { target, .. })| partner(k, target));
                found.efferent.extend(strongest(own.collect()));
            }
        }
        found
    }
}

/// Those with the greatest weights, as many as are shown, by neuron.
fn strongest(mut partners: Vec<Partner>) -> Vec<Partner> {
    if partners.len() > MOST {
        partners.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        partners.truncate(MOST);
    }
    partners.sort_by_key(|partner| partner.neuron);
    partners
}

impl WeightsView {
    /// Those of a synapse group between groups of so many neurons; `first` are the weights as they were looked at first.
    pub(super) fn look(
        world: &World,
        (place, entity): (u32, Entity),
        sizes: [usize; 2],
        first: &mut Vec<f32>,
    ) -> Option<Self> {
        let (layout, weights) = of(world, entity)?;
        let weight = |k: usize| weights.get(k).map_or(0.0, |&weight| wide(weight));
        let shape = sizes.map(|size| size.clamp(1, CELLS));
        let (mut number, mut sum, mut squares) = (0_u64, 0.0, 0.0);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut cells = vec![(0.0, 0_u32); shape[0] * shape[1]];
        // Weights follow one another in the order of their synapses; dense ones have places for those that are not there.
        let places = (0..weights.len()).filter(|&k| layout.has(k));
        for (k, synapse) in places.clone().zip(layout.synapses()) {
            let own = weight(k);
            (number, sum, squares) = (number + 1, sum + own, squares + own * own);
            (least, most) = (least.min(own), most.max(own));
            let cell = |neuron: u32, axis: usize| neuron as usize * shape[axis] / sizes[axis].max(1);
            if let Some(cell) = cells.get_mut(cell(synapse.source, 0) * shape[1] + cell(synapse.target, 1)) {
                *cell = (cell.0 + own, cell.1 + 1);
            }
        }
        let mut counts = vec![0; BINS];
        let scale = BINS as f64 / (most - least).max(1e-12);
        for k in places.clone() {
            counts[(((weight(k) - least) * scale) as usize).min(BINS - 1)] += 1;
        }
        if first.is_empty() {
            first.extend(weights.iter().map(|&weight| wide(weight) as f32));
        }
        let moved = |k: usize| f64::from((weight(k) as f32 - first[k]).abs());
        let mean = if number > 0 { sum / number as f64 } else { 0.0 };
        let change =
            (first.len() == weights.len() && number > 0).then(|| places.map(moved).sum::<f64>() / number as f64);
        let deviation = if number > 0 { (squares / number as f64 - mean * mean).max(0.0).sqrt() } else { 0.0 };
        let range = if number > 0 { [least as f32, most as f32] } else { [0.0; 2] };
        let matrix = cells.into_iter().map(|(sum, number)| (sum / f64::from(number)) as f32).collect();
        Some(Self { synapses: place, iteration: 0, number, mean, deviation, range, counts, shape, matrix, change })
    }
}

//! The raster: spikes of all groups over one neuron axis, and the population rates under it.
//!
//! Here the recordings are read into the cells and bins that the picture has; `page` says how many those are, and draws.

mod page;

use super::manifest::{Manifest, Recording};
use super::reduce::{Cells, RateBins};
use super::spikes::{CHUNK, open};
use super::{Fault, Folder, PlotError};
use page::Page;

/// A spike recording as a stripe of the neuron axis.
struct Layer<'a> {
    recording: &'a Recording,
    neurons: u64,
    /// Index of its first neuron on the common axis.
    base: u64,
    events: u64,
}

/// What a layer's file held.
struct Spikes {
    cells: Cells,
    rate: RateBins,
}

/// Draws `raster`, unless no spikes were recorded.
pub(super) fn draw(manifest: &Manifest, folder: &mut Folder) -> Result<(), PlotError> {
    let mut layers = Vec::new();
    for recording in manifest.spikes() {
        match open(manifest, folder, recording) {
            Ok((neurons, reader)) => layers.push(Layer { recording, neurons, base: 0, events: reader.rows() as u64 }),
            Err(fault) => folder.leave_out(&recording.file, fault),
        }
    }
    // A file that turns out to be faulty leaves the picture, whose stripes are then shared out again.
    while !layers.is_empty() {
        stack(&mut layers);
        let page = Page::new(manifest, &layers);
        let spikes: Result<Vec<_>, _> = layers
            .iter()
            .enumerate()
            .map(|(place, layer)| read(manifest, folder, layer, &page).map_err(|fault| (place, fault)))
            .collect();
        match spikes {
            Ok(spikes) => return folder.save(&page.paint(&layers, &spikes), "raster"),
            Err((place, fault)) => {
                let layer = layers.remove(place);
                folder.leave_out(&layer.recording.file, fault);
            }
        }
    }
    Ok(())
}

fn stack(layers: &mut [Layer]) {
    let mut base = 0u64;
    for layer in layers {
        layer.base = base;
        base = base.saturating_add(layer.neurons);
    }
}

fn read(manifest: &Manifest, folder: &Folder, layer: &Layer, page: &Page) -> Result<Spikes, Fault> {
    let (neurons, mut reader) = open(manifest, folder, layer.recording)?;
    let iterations = manifest.iterations;
    let mut spikes = page.blank(layer);
    let mut events = Vec::new();
    while reader.read_rows(CHUNK, &mut events)? > 0 {
        for &[iteration, neuron] in events.as_chunks::<2>().0 {
            if iteration < 0.0 || iteration >= iterations as f64 {
                return Err(Fault::Iteration { iteration, iterations });
            }
            if neuron < 0.0 || !spikes.cells.mark(iteration as u64, neuron as u64) {
                return Err(Fault::Neuron { neuron, size: neurons });
            }
            spikes.rate.count(iteration as u64);
        }
    }
    Ok(spikes)
}

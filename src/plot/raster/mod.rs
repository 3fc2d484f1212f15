//! The raster: spikes of all groups over one neuron axis, and the population rates under it.
//!
//! Here the recordings are read into the cells and bins that the picture has; `page` says how many those are, and draws,
//! `rates` below it; `sample` chooses neurons where a scene asks for some of all.

mod page;
mod rates;
mod sample;

use std::ops::Range;

use super::reduce::{Cells, RateBins};
use super::run::{Recording, Run};
use super::spikes::{CHUNK, open};
use super::{Fault, Pictures, PlotError};
use page::Page;
use sample::Sample;

/// A spike recording as a stripe of the neuron axis.
struct Layer<'a> {
    recording: &'a Recording,
    neurons: u64,
    sample: Sample,
    /// Index of its first shown neuron on the common axis.
    base: u64,
    events: u64,
}

/// What a layer's file held.
struct Spikes {
    window: Range<u64>,
    cells: Cells,
    rate: RateBins,
    shown: u64,
}

impl Spikes {
    /// Takes a spike, which may be of a time or a neuron that is not shown.
    fn take(&mut self, sample: &Sample, iteration: u64, neuron: u64) {
        if !self.window.contains(&iteration) {
            return;
        }
        self.rate.count(iteration);
        if let Some(place) = sample.place(neuron) {
            self.cells.mark(iteration - self.window.start, place);
            self.shown += 1;
        }
    }
}

/// Draws `raster`, unless no spikes were recorded.
pub(super) fn draw(run: &Run, pictures: &mut Pictures) -> Result<(), PlotError> {
    let mut layers = Vec::new();
    for recording in run.spikes() {
        match open(run, recording) {
            Ok(_) if recording.first >= run.iterations => {
                pictures.leave_out(&recording.file, Fault::Late { first: recording.first, iterations: run.iterations });
            }
            Ok((neurons, reader)) => {
                let events = reader.rows() as u64;
                layers.push(Layer { recording, neurons, sample: Sample::all(neurons), base: 0, events });
            }
            Err(fault) => pictures.leave_out(&recording.file, fault),
        }
    }
    // A file that turns out to be faulty leaves the picture, whose stripes are then shared out again.
    while !layers.is_empty() {
        stack(run, &mut layers);
        let page = Page::new(run, &layers);
        let spikes: Result<Vec<_>, _> = layers
            .iter()
            .enumerate()
            .map(|(place, layer)| read(run, layer, &page).map_err(|fault| (place, fault)))
            .collect();
        match spikes {
            Ok(spikes) => return pictures.save(&page.paint(&layers, &spikes), "raster"),
            Err((place, fault)) => {
                let layer = layers.remove(place);
                pictures.leave_out(&layer.recording.file, fault);
            }
        }
    }
    Ok(())
}

fn stack(run: &Run, layers: &mut [Layer]) {
    let groups: Vec<_> = layers.iter().map(|layer| (layer.recording, layer.neurons)).collect();
    let samples = Sample::share_out(run.plotting.raster.neurons, &groups);
    let mut base = 0u64;
    for (layer, sample) in layers.iter_mut().zip(samples) {
        layer.base = base;
        base = base.saturating_add(sample.shown());
        layer.sample = sample;
    }
}

fn read(run: &Run, layer: &Layer, page: &Page) -> Result<Spikes, Fault> {
    let (neurons, mut reader) = open(run, layer.recording)?;
    let iterations = run.iterations;
    let mut spikes = page.blank(layer);
    let mut events = Vec::new();
    while reader.read_rows(CHUNK, &mut events)? > 0 {
        for &[iteration, neuron] in events.as_chunks::<2>().0 {
            if !(0.0..iterations as f64).contains(&iteration) {
                return Err(Fault::Iteration { iteration, iterations });
            }
            if neuron < 0.0 || neuron as u64 >= neurons {
                return Err(Fault::Neuron { neuron, size: neurons });
            }
            spikes.take(&layer.sample, iteration as u64, neuron as u64);
        }
    }
    Ok(spikes)
}

//! The page of the raster: stripes of the neuron axis, the groups' names beside them, the rates below.

use super::{Layer, Spikes};
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Colour, Mark, WIDTH, shortened, width_of};
use crate::plot::manifest::Manifest;
use crate::plot::panel::{BOTTOM_ROOM, LARGE, LEFT_ROOM, MARGIN, MEDIUM, Panel, SMALL, counted, time_unit};
use crate::plot::reduce::{Cells, RateBins};

const TOP: f64 = 76.0;
const GAP: f64 = 44.0;
const RATE_HEIGHT: f64 = 120.0;
/// Cells are half a unit wide and high: a pixel of the PNG.
const CELL: f64 = 0.5;
/// A mark is at least this large, so that a single spike is seen, and a tick of at most that height in a group of few.
const MARK: (f64, f64) = (1.1, 14.0);
/// Where more than this share of the cells is occupied, marks keep to their cells, lest the picture fill up.
const CROWDED: f64 = 0.1;

/// The two panels of the picture.
pub(super) struct Page<'a> {
    manifest: &'a Manifest,
    raster: Panel,
    /// Top of the rate panel, whose vertical axis is known only when the spikes are counted.
    rate_top: f64,
    bin: u64,
    unit: (&'static str, f64),
}

impl<'a> Page<'a> {
    pub(super) fn new(manifest: &'a Manifest, layers: &[Layer]) -> Self {
        let neurons = layers.iter().map(|layer| layer.neurons as f64).sum::<f64>();
        let names = layers.iter().map(|layer| width_of(&layer.recording.group, MEDIUM));
        let right_room = names.fold(0.0, f64::max).min(150.0) + 24.0;
        let unit = time_unit(manifest.duration());
        let time = Axis::exact(0.0, manifest.duration() / unit.1, 8);
        // A handful of neurons fill less of the page.
        let height = (neurons * 26.0).clamp(90.0, 400.0);
        let raster = Panel {
            left: LEFT_ROOM,
            top: TOP,
            width: (WIDTH - LEFT_ROOM - right_room).floor(),
            height,
            x: time,
            y: neuron_axis(neurons),
        };
        let events = layers.iter().map(|layer| layer.events).sum::<u64>();
        let per_layer = events / layers.len().max(1) as u64;
        Self {
            manifest,
            rate_top: raster.bottom() + GAP,
            raster,
            bin: RateBins::width_for(manifest.iterations, per_layer),
            unit,
        }
    }

    /// Cells and bins of a layer without spikes yet.
    pub(super) fn blank(&self, layer: &Layer) -> Spikes {
        let iterations = self.manifest.iterations;
        let columns = (self.raster.width / CELL) as usize;
        let rows = (self.stripe(layer).height / CELL) as usize;
        Spikes {
            cells: Cells::new(iterations, layer.neurons, columns, rows),
            rate: RateBins::new(layer.recording.first, iterations, self.bin),
        }
    }

    fn stripe(&self, layer: &Layer) -> Stripe {
        // On the grid of cells, so that they are pixels of the PNG and not smeared over two.
        let snapped = |y: f64| (y / CELL).round() * CELL;
        let edge = |neuron: f64| snapped(self.raster.at(0.0, neuron - 0.5).1);
        let bottom = edge(layer.base as f64);
        Stripe { bottom, height: bottom - edge(layer.base as f64 + layer.neurons as f64) }
    }

    pub(super) fn paint(&self, layers: &[Layer], spikes: &[Spikes]) -> Canvas {
        let mut canvas = Canvas::new(self.rate_top + RATE_HEIGHT + BOTTOM_ROOM);
        let title = shortened(&self.manifest.title, LARGE, WIDTH - 2.0 * MARGIN);
        canvas.text((MARGIN, 26.0), &title, LARGE, Align::Left, Colour::BLACK);
        let events = layers.iter().map(|layer| layer.events).sum();
        let neurons = layers.iter().map(|layer| layer.neurons).fold(0, u64::saturating_add);
        let facts = format!("{} of {}", counted(events, "spike"), counted(neurons, "neuron"));
        canvas.text((MARGIN, 44.0), &facts, MEDIUM, Align::Left, Colour::GREY);
        // Under the marks, so that the frame hides no spike of the first iterations.
        self.raster.frame(&mut canvas, ("neuron", ""), None);
        let least = if crowded(spikes) { CELL } else { MARK.0 };
        for (layer, spikes) in layers.iter().zip(spikes) {
            self.paint_stripe(&mut canvas, layer, &spikes.cells, least);
        }
        self.paint_names(&mut canvas, layers);
        self.paint_rates(&mut canvas, layers, spikes);
        canvas
    }

    fn paint_stripe(&self, canvas: &mut Canvas, layer: &Layer, cells: &Cells, least: f64) {
        let stripe = self.stripe(layer);
        if layer.base > 0 {
            let boundary = vec![(self.raster.left, stripe.bottom), (self.raster.right(), stripe.bottom)];
            canvas.line(boundary, Colour::PALE, 0.8);
        }
        let step = (self.raster.width / cells.columns() as f64, stripe.height / cells.rows() as f64);
        let slender = if step.1 > 2.0 { 0.8 } else { 1.0 };
        let height = (step.1 * slender).clamp(least, MARK.1);
        let wider = (least - step.0).max(0.0);
        let marks: Vec<Mark> = cells
            .runs()
            .map(|run| {
                let left = self.raster.left + run.column as f64 * step.0 - wider / 2.0;
                let middle = stripe.bottom - (run.row as f64 + 0.5) * step.1;
                [left, middle - height / 2.0, run.length as f64 * step.0 + wider, height]
            })
            .collect();
        canvas.marks(&marks, height, self.manifest.colour(&layer.recording.group));
    }

    /// The groups' names beside their stripes, moved apart where stripes are thin; names that find no room are left out.
    fn paint_names(&self, canvas: &mut Canvas, layers: &[Layer]) {
        let room = WIDTH - self.raster.right() - 14.0;
        let mut free = self.raster.bottom() + 4.0;
        for layer in layers {
            let stripe = self.stripe(layer);
            let baseline = (stripe.bottom - stripe.height / 2.0 + 4.0).min(free);
            if baseline < self.raster.top + 4.0 {
                break;
            }
            free = baseline - 14.0;
            let name = shortened(&layer.recording.group, MEDIUM, room);
            let colour = self.manifest.colour(&layer.recording.group);
            canvas.text((self.raster.right() + 10.0, baseline), &name, MEDIUM, Align::Left, colour);
        }
    }

    fn paint_rates(&self, canvas: &mut Canvas, layers: &[Layer], spikes: &[Spikes]) {
        let dt = self.manifest.dt;
        let curves: Vec<Vec<(f64, f64)>> = layers
            .iter()
            .zip(spikes)
            .map(|(layer, spikes)| {
                let recorded = layer.recording.neurons.as_ref();
                let neurons = recorded.map_or(layer.neurons, |list| list.len() as u64);
                let rates = spikes.rate.rates(neurons.max(1), dt);
                rates.map(|(middle, rate)| (middle * dt / self.unit.1, rate)).collect()
            })
            .collect();
        let panel = Panel {
            left: self.raster.left,
            top: self.rate_top,
            width: self.raster.width,
            height: RATE_HEIGHT,
            x: self.raster.x.clone(),
            y: Axis::from_zero(curves.iter().flatten().map(|&(_, rate)| rate), 4),
        };
        for (layer, curve) in layers.iter().zip(&curves) {
            panel.curve(canvas, curve, self.manifest.colour(&layer.recording.group), 1.2);
        }
        panel.frame(canvas, ("rate", "Hz"), Some(self.unit.0));
        let bin = format!("population rate in bins of {} ms", trimmed(self.bin as f64 * dt));
        canvas.text((panel.right(), panel.top - 11.0), &bin, SMALL, Align::Right, Colour::GREY);
    }
}

struct Stripe {
    bottom: f64,
    height: f64,
}

fn crowded(spikes: &[Spikes]) -> bool {
    let cells = |spikes: &Spikes| spikes.cells.columns() * spikes.cells.rows();
    let all: usize = spikes.iter().map(cells).sum();
    let runs = spikes.iter().flat_map(|spikes| spikes.cells.runs());
    let occupied: usize = runs.map(|run| run.length).sum();
    occupied as f64 > CROWDED * all as f64
}

/// From half a neuron below the first to half a neuron above the last, so that every mark is inside.
fn neuron_axis(neurons: f64) -> Axis {
    let target = if neurons < 6.0 { neurons.max(1.0) as usize } else { 6 };
    Axis::exact(-0.5, neurons.max(1.0) - 0.5, target)
}

/// At most six decimals, without the zeros that rounding of binary fractions leaves.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bin_widths_are_written_without_noise() {
        assert_eq!(trimmed(3.0 * 0.1), "0.3");
        assert_eq!(trimmed(20.0), "20");
    }

    #[test]
    fn few_neurons_are_marked_one_by_one() {
        let labels: Vec<_> = neuron_axis(3.0).labels().map(|(_, text)| text).collect();
        assert_eq!(labels, ["0", "1", "2"]);
    }
}

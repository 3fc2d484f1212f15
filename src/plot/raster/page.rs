//! The page of the raster: stripes of the neuron axis, the groups' names beside them, the rates below.

use std::ops::Range;

use super::rates::Rates;
use super::{Layer, Spikes};
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Colour, Mark, WIDTH, shortened, width_of};
use crate::plot::panel::{
    BOTTOM_ROOM, HAIRLINE, LARGE, LEFT_ROOM, MARGIN, MEDIUM, Panel, SMALL, counted, grouped, time_unit,
};
use crate::plot::reduce::{Cells, RateBins};
use crate::plot::run::Run;

const TOP: f64 = 76.0;
const GAP: f64 = 44.0;
/// Cells are half a unit wide and high: a pixel of the PNG.
const CELL: f64 = 0.5;
/// A mark is at least this large, so that a single spike is seen, and a tick of at most that height in a group of few.
const MARK: (f64, f64) = (1.1, 14.0);
/// Where more than this share of the cells is occupied, marks keep to their cells, lest the picture fill up.
const CROWDED: f64 = 0.1;
/// From one name, or one index, to the next below.
const LINE: f64 = 14.0;
const INDEX: f64 = 34.0;
/// Names are so wide at most; and the raster is so high at most, where many groups have names.
const WIDEST_NAME: f64 = 280.0;
const HIGHEST: f64 = 1400.0;
/// Where less than this share is, marks may be larger.
const SPARSE: (f64, f64) = (0.004, 1.7);

/// The panels of the picture.
pub(super) struct Page<'a> {
    run: &'a Run,
    raster: Panel,
    /// The iterations that are shown.
    window: Range<u64>,
    /// Iterations of a bin of the rates.
    bin: u64,
    unit: (&'static str, f64),
}

impl<'a> Page<'a> {
    pub(super) fn new(run: &'a Run, layers: &[Layer]) -> Self {
        let neurons = layers.iter().map(|layer| layer.sample.shown() as f64).sum::<f64>();
        let names = layers.iter().map(|layer| width_of(&layer.recording.group, MEDIUM));
        let right_room = names.fold(0.0, f64::max).min(WIDEST_NAME) + 24.0;
        let window = run.raster_window();
        let unit = time_unit(window.end as f64 * run.dt);
        let [from, to] = [window.start, window.end].map(|iteration| iteration as f64 * run.dt / unit.1);
        let raster = Panel {
            left: LEFT_ROOM,
            top: TOP,
            width: (WIDTH - LEFT_ROOM - right_room).floor(),
            // A handful of neurons fill less of the page.
            height: (neurons * 26.0).clamp(90.0, 400.0).max((layers.len() as f64 * LINE).min(HIGHEST)),
            x: Axis::exact(from, to, 8),
            y: neuron_axis(neurons),
        };
        Self { run, raster, bin: bin_of(run, layers, &window), window, unit }
    }

    /// Cells and bins of a layer without spikes yet.
    pub(super) fn blank(&self, layer: &Layer) -> Spikes {
        let columns = (self.raster.width / CELL) as usize;
        let rows = (self.stripe(layer).height / CELL) as usize;
        let recorded = self.recorded(layer);
        Spikes {
            window: self.window.clone(),
            cells: Cells::new(self.window.end - self.window.start, layer.sample.shown(), columns, rows),
            rate: RateBins::new(recorded.start, recorded.end, self.bin),
            shown: 0,
        }
    }

    fn stripe(&self, layer: &Layer) -> Stripe {
        // On the grid of cells, so that they are pixels of the PNG and not smeared over two.
        let snapped = |y: f64| (y / CELL).round() * CELL;
        let edge = |neuron: f64| snapped(self.raster.at(0.0, neuron - 0.5).1);
        let top = edge(layer.base as f64);
        Stripe { top, height: edge(layer.base as f64 + layer.sample.shown() as f64) - top }
    }

    pub(super) fn paint(&self, layers: &[Layer], spikes: &[Spikes]) -> Canvas {
        let rates = Rates::new(self.run, layers, spikes, self.unit);
        let mut canvas = Canvas::new(self.raster.bottom() + GAP + rates.height() + BOTTOM_ROOM);
        let title = shortened(&self.run.title, LARGE, WIDTH - 2.0 * MARGIN);
        canvas.text((MARGIN, 26.0), &title, LARGE, Align::Left, Colour::BLACK);
        let facts = facts(layers, spikes) + &self.recorded_time(layers) + &self.unnamed(layers);
        canvas.text((MARGIN, 44.0), &facts, MEDIUM, Align::Left, Colour::GREY);
        layers.iter().for_each(|layer| self.shade_unrecorded(&mut canvas, layer));
        // Under the marks, so that the frame hides no spike of the first iterations.
        self.raster.frame(&mut canvas, ("neuron", ""), None);
        layers.iter().fold(0.0, |free, layer| self.paint_indices(&mut canvas, layer, free));
        let least = match occupied(spikes) {
            share if share > CROWDED => CELL,
            share if share < SPARSE.0 => SPARSE.1,
            _ => MARK.0,
        };
        for (layer, spikes) in layers.iter().zip(spikes) {
            self.paint_stripe(&mut canvas, layer, &spikes.cells, least);
        }
        self.paint_names(&mut canvas, layers);
        let bin = trimmed(self.bin as f64 * self.run.dt);
        rates.paint(&mut canvas, &self.raster, GAP, &format!("population rate in bins of {bin} ms"));
        canvas
    }

    /// From when to when a layer was recorded, within what is shown.
    fn recorded(&self, layer: &Layer) -> Range<u64> {
        let Range { start, end } = self.window;
        let (first, until) = (layer.recording.first, layer.recording.until.unwrap_or(end));
        first.clamp(start, end)..until.clamp(start, end)
    }

    /// `, recorded from 500 to 1500 ms`, where that is not all that is shown and the same for all layers.
    fn recorded_time(&self, layers: &[Layer]) -> String {
        let Some(first) = layers.first().map(|layer| self.recorded(layer)) else { return String::new() };
        if first == self.window || layers.iter().any(|layer| self.recorded(layer) != first) {
            return String::new();
        }
        let [from, to] = [first.start, first.end].map(|iteration| trimmed(iteration as f64 * self.run.dt));
        format!(", recorded from {from} to {to} ms")
    }

    /// Time in which nothing was recorded is no silence.
    fn shade_unrecorded(&self, canvas: &mut Canvas, layer: &Layer) {
        let (stripe, recorded) = (self.stripe(layer), self.recorded(layer));
        let x = |iteration: u64| self.raster.at(iteration as f64 * self.run.dt / self.unit.1, 0.0).0;
        for gap in [self.window.start..recorded.start, recorded.end..self.window.end] {
            if !gap.is_empty() {
                let (left, right, bottom) = (x(gap.start), x(gap.end), stripe.top + stripe.height);
                let outline = [(left, stripe.top), (right, stripe.top), (right, bottom), (left, bottom)];
                canvas.area(&outline, Colour::PALE.shade(0.6));
            }
        }
    }

    fn paint_stripe(&self, canvas: &mut Canvas, layer: &Layer, cells: &Cells, least: f64) {
        let stripe = self.stripe(layer);
        if layer.base > 0 {
            let boundary = vec![(self.raster.left, stripe.top), (self.raster.right(), stripe.top)];
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
                let middle = stripe.top + (run.row as f64 + 0.5) * step.1;
                [left, middle - height / 2.0, run.length as f64 * step.0 + wider, height]
            })
            .collect();
        canvas.marks(&marks, height, self.run.colour(&layer.recording.group));
    }

    /// The indices that neurons have in their group, from where the axis is free on; returns where it is free then.
    fn paint_indices(&self, canvas: &mut Canvas, layer: &Layer, mut free: f64) -> f64 {
        let stripe = self.stripe(layer);
        let bottom = stripe.top + stripe.height;
        for (neuron, place) in layer.sample.marked((stripe.height / INDEX).ceil() as usize) {
            let (_, y) = self.raster.at(0.0, layer.base as f64 + place);
            // Below the last one the first index of the next group needs room.
            let is_last = bottom > self.raster.bottom() - 1.0;
            if y >= free && (is_last || bottom - y > LINE || place < 1.0) {
                canvas.line(vec![(self.raster.left - 4.0, y), (self.raster.left, y)], Colour::BLACK, HAIRLINE);
                let beside = (self.raster.left - 7.0, y + 4.0);
                canvas.text(beside, &neuron.to_string(), SMALL, Align::Right, Colour::BLACK);
                free = y + LINE - 1.0;
            }
        }
        free
    }

    /// Groups from one whose name is written to the next: 1, unless there are more than have room.
    fn named(&self, layers: &[Layer]) -> usize {
        let room = (self.raster.height / LINE).max(1.0) as usize;
        layers.len().div_ceil(room).max(1)
    }

    /// Says that not all names are written.
    fn unnamed(&self, layers: &[Layer]) -> String {
        match self.named(layers) {
            1 => String::new(),
            each => format!("; one in {each} of the {} groups is named", layers.len()),
        }
    }

    /// The groups' names beside their stripes; where stripes are thin, apart from them, with a line from each to its own.
    fn paint_names(&self, canvas: &mut Canvas, layers: &[Layer]) {
        let layers: Vec<_> = layers.iter().step_by(self.named(layers)).collect();
        let middle = |layer: &&Layer| self.stripe(layer).top + self.stripe(layer).height / 2.0;
        let wanted: Vec<f64> = layers.iter().map(middle).collect();
        let places = apart(&wanted, LINE, self.raster.bottom());
        let (edge, room) = (self.raster.right(), WIDTH - self.raster.right() - 14.0);
        for ((layer, wanted), place) in layers.into_iter().zip(wanted).zip(places) {
            let colour = self.run.colour(&layer.recording.group);
            if (wanted - place).abs() > 2.0 {
                canvas.line(vec![(edge + 1.0, wanted), (edge + 8.0, place)], colour, HAIRLINE);
            }
            let name = shortened(&layer.recording.group, MEDIUM, room);
            canvas.text((edge + 10.0, place + 4.0), &name, MEDIUM, Align::Left, colour);
        }
    }
}

/// Ascending heights, moved apart so that there is `least` between them, and none is below `bottom`.
fn apart(wanted: &[f64], least: f64, bottom: f64) -> Vec<f64> {
    let mut places = wanted.to_vec();
    for nth in 1..places.len() {
        places[nth] = places[nth].max(places[nth - 1] + least);
    }
    let mut limit = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - least;
    }
    places
}

/// Iterations of a bin: as asked for, or as many as the spikes of the window fill, as far as the file's number tells.
fn bin_of(run: &Run, layers: &[Layer], window: &Range<u64>) -> u64 {
    let iterations = window.end - window.start;
    if let Some(ms) = run.plotting.raster.bin {
        return RateBins::width_of(ms / run.dt, iterations);
    }
    let events = layers.iter().map(|layer| layer.events).sum::<u64>();
    let per_layer = events / layers.len().max(1) as u64;
    let share = iterations as f64 / (run.iterations - run.first_iteration) as f64;
    RateBins::width_for(iterations, (per_layer as f64 * share) as u64)
}

/// `1000 spikes of 50 of 12 500 neurons`.
fn facts(layers: &[Layer], spikes: &[Spikes]) -> String {
    let sum = |f: &dyn Fn(&Layer) -> u64| layers.iter().map(f).fold(0, u64::saturating_add);
    let (shown, neurons) = (sum(&|layer| layer.sample.shown()), sum(&|layer| layer.neurons));
    let some = if shown < neurons { format!("{} of ", grouped(shown)) } else { String::new() };
    let spikes = spikes.iter().map(|spikes| spikes.shown).sum();
    format!("{} of {some}{}", counted(spikes, "spike"), counted(neurons, "neuron"))
}

struct Stripe {
    top: f64,
    height: f64,
}

/// The share of the cells that is occupied.
fn occupied(spikes: &[Spikes]) -> f64 {
    let cells = |spikes: &Spikes| spikes.cells.columns() * spikes.cells.rows();
    let all: usize = spikes.iter().map(cells).sum();
    let runs = spikes.iter().flat_map(|spikes| spikes.cells.runs());
    let occupied: usize = runs.map(|run| run.length).sum();
    occupied as f64 / all.max(1) as f64
}

/// From half a neuron above the first to half a neuron below the last, so that every mark is inside. Downwards, so that
/// groups stand in the order in which they are listed and read. Unmarked, as each group has indices of its own.
fn neuron_axis(neurons: f64) -> Axis {
    Axis::exact(-0.5, neurons.max(1.0) - 0.5, 1).downwards().unmarked()
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
    fn names_are_moved_apart_and_stay_on_the_page() {
        assert_eq!(apart(&[10.0, 12.0, 50.0, 99.0, 100.0], 14.0, 100.0), [10.0, 24.0, 50.0, 86.0, 100.0]);
        assert_eq!(apart(&[90.0, 95.0, 99.0], 14.0, 100.0), [72.0, 86.0, 100.0]);
    }
}

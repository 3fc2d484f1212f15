//! The rates under the raster: a panel for each group, since curves of groups that are driven alike hide one another.

use super::{Layer, Spikes};
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Colour, WIDTH, shortened};
use crate::plot::panel::{MEDIUM, Panel, SMALL};
use crate::plot::run::Run;
use crate::plot::steps::Steps;

/// Most panels; more groups share them, neighbours with neighbours.
const MOST: usize = 12;
/// Height of all panels together, and the most and the least of one.
const ALTOGETHER: f64 = 200.0;
const HIGHEST: f64 = 120.0;
const LOWEST: f64 = 30.0;
/// Between panels.
const GAP: f64 = 14.0;

/// The rate of a group.
struct Rate<'a> {
    name: &'a str,
    colour: Colour,
    steps: Steps,
}

/// The rates of all groups.
pub(super) struct Rates<'a> {
    rates: Vec<Rate<'a>>,
    time: &'static str,
}

impl<'a> Rates<'a> {
    pub(super) fn new(run: &Run, layers: &[Layer<'a>], spikes: &[Spikes], (time, unit): (&'static str, f64)) -> Self {
        let rate = |(layer, spikes): (&Layer<'a>, &Spikes)| {
            let recording = layer.recording;
            let neurons = recording.neurons.as_ref().map_or(layer.neurons, |list| list.len() as u64);
            let (first, width, heights) = spikes.rate.rates(neurons.max(1), run.dt);
            let time = |iterations: u64| iterations as f64 * run.dt / unit;
            let steps = Steps { low: time(first), width: time(width), heights };
            Rate { name: &recording.group, colour: run.colour(&recording.group), steps }
        };
        Self { rates: layers.iter().zip(spikes).map(rate).collect(), time }
    }

    /// Groups of a panel.
    fn together(&self) -> usize {
        self.rates.len().div_ceil(MOST).max(1)
    }

    fn panels(&self) -> f64 {
        self.rates.len().div_ceil(self.together()) as f64
    }

    fn panel_height(&self) -> f64 {
        (ALTOGETHER / self.panels().max(1.0)).clamp(LOWEST, HIGHEST)
    }

    /// Height of all panels with what is between them.
    pub(super) fn height(&self) -> f64 {
        self.panels() * (self.panel_height() + GAP) - GAP
    }

    /// Draws the panels `gap` below the raster, whose time axis they share.
    pub(super) fn paint(&self, canvas: &mut Canvas, raster: &Panel, gap: f64, caption: &str) {
        let height = self.panel_height();
        let mut top = raster.bottom() + gap;
        canvas.text((raster.right(), top - 11.0), caption, SMALL, Align::Right, Colour::GREY);
        let last = self.rates.len().saturating_sub(1) / self.together();
        for (nth, rates) in self.rates.chunks(self.together()).enumerate() {
            let heights = rates.iter().flat_map(|rate| rate.steps.heights.iter().copied());
            let panel = Panel {
                left: raster.left,
                top,
                width: raster.width,
                height,
                x: raster.x.clone(),
                y: Axis::from_zero(heights, if height < 50.0 { 2 } else { 4 }),
            };
            paint_rates(canvas, &panel, rates);
            let label = if nth == 0 { ("rate", "Hz") } else { ("", "") };
            panel.frame(canvas, label, (nth == last).then_some(self.time));
            top += height + GAP;
        }
    }
}

/// A filled histogram, with an outline that makes bins visible which are narrower than a pixel; outlines alone where there
/// are several.
fn paint_rates(canvas: &mut Canvas, panel: &Panel, rates: &[Rate]) {
    for rate in rates {
        if rates.len() == 1 {
            rate.steps.fill(canvas, panel, rate.colour);
        }
        rate.steps.line(canvas, panel, rate.colour, if rates.len() == 1 { 0.4 } else { 1.0 });
    }
    let room = WIDTH - panel.right() - 14.0;
    let mut beside = |name: &str, line: f64, colour: Colour| {
        let place = (panel.right() + 10.0, panel.top + panel.height / 2.0 + 4.0 + line);
        canvas.text(place, &shortened(name, MEDIUM, room), MEDIUM, Align::Left, colour);
    };
    match rates {
        [] => {}
        [rate] => beside(rate.name, 0.0, rate.colour),
        [first, .., last] => {
            // Neighbours of the raster: all that lies between two names.
            beside(&format!("{} …", first.name), -6.0, first.colour);
            beside(last.name, 6.0, last.colour);
        }
    }
}

//! The weights of a synapse group: how they are distributed, who is joined to whom, and how they have changed.

use egui::{ComboBox, Ui};
use egui_plot::{Bar, BarChart, Line, PlotPoints};

use super::{
    super::{
        Seen,
        colours::{Colours, scaled},
    },
    canvas::Canvas,
    label, plot,
};
use crate::live::WeightsView;

/// One synapse group's weights.
#[derive(Default)]
pub struct Weights {
    /// The synapse group that was chosen.
    chosen: Option<u32>,
    log: bool,
    canvas: Canvas,
}

impl Weights {
    /// The same, to be drawn elsewhere.
    pub fn again(&self) -> Self {
        Self { chosen: self.chosen, log: self.log, ..Self::default() }
    }

    /// The synapse group that is looked at.
    pub fn wanted(&self, seen: &Seen) -> Option<u32> {
        (!seen.outline.synapses.is_empty()).then(|| self.place(seen))
    }

    /// The place of the synapse group: the first that learns, where nobody has chosen.
    fn place(&self, seen: &Seen) -> u32 {
        let learns = |name: &str| seen.behaviours.iter().any(|one| one.group.is_none() && one.at == name);
        let first = || seen.outline.synapses.iter().position(|synapses| learns(&synapses.name));
        self.chosen.unwrap_or_else(|| first().unwrap_or_default() as u32)
    }

    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen) {
        let mut place = self.place(seen);
        let Some(chosen) = seen.outline.synapses.get(place as usize) else {
            ui.label("there are no synapses");
            return;
        };
        ui.horizontal_wrapped(|ui| {
            ComboBox::from_id_salt("synapses whose weights are shown").selected_text(&chosen.name).show_ui(ui, |ui| {
                for (nth, synapses) in (0..).zip(&seen.outline.synapses) {
                    ui.selectable_value(&mut place, nth, &synapses.name);
                }
            });
            ui.checkbox(&mut self.log, "log counts");
            if let Some(now) = now(seen, place) {
                let change = now
                    .change
                    .map(|change| format!(", {change:.4} away from where they were at first"))
                    .unwrap_or_default();
                ui.label(format!("{} weights, {:.4} ± {:.4}{change}", now.number, now.mean, now.deviation));
            }
        });
        if place != self.place(seen) {
            self.chosen = Some(place);
        }
        let Some(now) = now(seen, place) else {
            ui.label(if seen.outline.recorded {
                "what was recorded shows no weights here: `cortecs plot` draws them"
            } else {
                "…"
            });
            return;
        };
        let height = ui.available_height().max(100.0) - 8.0;
        ui.horizontal_top(|ui| {
            let wide = (ui.available_width() - height - 30.0).max(200.0) / 2.0;
            ui.vertical(|ui| histogram(ui, now, self.log, [wide, height]));
            ui.vertical(|ui| course(ui, seen, [wide, height]));
            ui.vertical(|ui| {
                let (pixels, [least, most]) = scaled(&now.matrix);
                let size = [now.shape[1], now.shape[0]];
                let fits = (height - 20.0) * size[0] as f32 / size[1].max(1) as f32;
                let response = self.canvas.show(ui, "matrix", size, pixels, fits.min(height - 20.0).max(20.0));
                let name = format!("rows: sources, {least:.3} to {most:.3}");
                label(&response, &name);
                ui.small(name);
            });
        });
    }
}

/// The weights of a synapse group as they are now.
fn now(seen: &Seen, place: u32) -> Option<&WeightsView> {
    seen.weights.back().filter(|weights| weights.synapses == place)
}

fn histogram(ui: &mut Ui, now: &WeightsView, log: bool, [wide, height]: [f32; 2]) {
    let colour = Colours::of(ui).group(0);
    let [least, most] = now.range.map(f64::from);
    // Weights that are all alike have a bar that can be seen.
    let span = if most > least { most - least } else { least.abs().max(1.0) };
    let width = span / now.counts.len().max(1) as f64;
    let height_of = |count: u64| if log { (count as f64 + 1.0).log10() } else { count as f64 };
    let bar = |(k, &count): (usize, &u64)| Bar::new(least + (k as f64 + 0.5) * width, height_of(count)).width(width);
    let bars: Vec<Bar> = now.counts.iter().enumerate().map(bar).collect();
    let counts = if log { "log10 (synapses + 1)" } else { "synapses" };
    let shown = plot("weights", "weight", counts).width(wide).height(height).show(ui, |plot| {
        plot.bar_chart(BarChart::new("weights", bars).color(colour));
    });
    label(&shown.response, format!("{} weights from {least:.3} to {most:.3}", now.number));
}

/// Mean, and mean ± standard deviation, over the time in which they were looked at.
fn course(ui: &mut Ui, seen: &Seen, [wide, height]: [f32; 2]) {
    let colour = Colours::of(ui).group(0);
    let shown = plot("course of weights", "ms", "mean ± sd").width(wide).height(height).show(ui, |plot| {
        for (name, sign, width) in [("mean", 0.0, 1.6), ("mean + sd", 1.0, 0.7), ("mean − sd", -1.0, 0.7)] {
            let point = |weights: &WeightsView| {
                [weights.iteration as f64 * seen.outline.dt, weights.mean + sign * weights.deviation]
            };
            let points: Vec<[f64; 2]> = seen.weights.iter().map(point).collect();
            plot.line(Line::new(name, PlotPoints::from(points)).color(colour).width(width));
        }
    });
    label(&shown.response, "course of the weights");
}

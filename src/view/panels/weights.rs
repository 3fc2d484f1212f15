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
    synapses: u32,
    log: bool,
    canvas: Canvas,
}

impl Weights {
    /// The same, to be drawn elsewhere.
    pub fn again(&self) -> Self {
        Self { synapses: self.synapses, log: self.log, ..Self::default() }
    }

    /// The synapse group that is looked at.
    pub fn wanted(&self, seen: &Seen) -> Option<u32> {
        (!seen.outline.synapses.is_empty()).then_some(self.synapses)
    }

    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen) {
        let Some(chosen) = seen.outline.synapses.get(self.synapses as usize) else {
            ui.label("there are no synapses");
            return;
        };
        ui.horizontal_wrapped(|ui| {
            ComboBox::from_id_salt("synapses whose weights are shown").selected_text(&chosen.name).show_ui(ui, |ui| {
                for (place, synapses) in (0..).zip(&seen.outline.synapses) {
                    ui.selectable_value(&mut self.synapses, place, &synapses.name);
                }
            });
            ui.checkbox(&mut self.log, "log counts");
            if let Some(now) = self.now(seen) {
                let change = now
                    .change
                    .map(|change| format!(", {change:.4} away from where they were at first"))
                    .unwrap_or_default();
                ui.label(format!("{} weights, {:.4} ± {:.4}{change}", now.number, now.mean, now.deviation));
            }
        });
        let Some(now) = self.now(seen) else {
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

    fn now<'a>(&self, seen: &'a Seen) -> Option<&'a WeightsView> {
        seen.weights.back().filter(|weights| weights.synapses == self.synapses)
    }
}

fn histogram(ui: &mut Ui, now: &WeightsView, log: bool, [wide, height]: [f32; 2]) {
    let colour = Colours::of(ui).group(0);
    let [least, most] = now.range.map(f64::from);
    let width = (most - least).max(1e-9) / now.counts.len().max(1) as f64;
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

//! Where the time of an iteration goes.

use egui::{Grid, ProgressBar, ScrollArea, Ui};

use super::super::Seen;

/// Times of stages and behaviours.
#[derive(Default)]
pub struct Cost;

impl Cost {
    #[expect(clippy::unused_self, reason = "a panel as the others are")]
    pub fn ui(&self, ui: &mut Ui, seen: &Seen) {
        if seen.costs.is_empty() {
            ui.label("…");
            return;
        }
        let total: f64 = seen.costs.iter().map(|cost| cost.microseconds).sum();
        let real = seen.outline.dt * 1e3 / total.max(1e-9);
        ui.label(format!("{total:.2} µs an iteration: {real:.1} × real time while nothing else is done"));
        let mut costs: Vec<_> = seen.costs.iter().collect();
        costs.sort_by(|a, b| b.microseconds.total_cmp(&a.microseconds));
        ScrollArea::vertical().show(ui, |ui| {
            Grid::new("costs").striped(true).spacing([18.0, 3.0]).show(ui, |ui| {
                for cost in costs {
                    ui.label(&cost.stage);
                    ui.label(&cost.name);
                    ui.label(format!("{:.2} µs", cost.microseconds));
                    let part = (cost.microseconds / total.max(1e-9)) as f32;
                    ui.add(ProgressBar::new(part).desired_width(220.0).text(format!("{:.0} %", 100.0 * part)));
                    ui.end_row();
                }
            });
        });
    }
}

//! What the spikes of the last seconds say: the numbers of `report.json` for each group, spectra, autocorrelations, intervals.

use egui::{Align2, DragValue, Grid, Ui};
use egui_plot::{Legend, Line, PlotPoint, PlotPoints, Text, VLine};

use super::{
    super::{Seen, colours::Colours},
    label, plot,
};
use crate::statistics::{Findings, SpikeStatistics, Stretch, written};

/// Between two evaluations (s).
const ANEW: f64 = 0.5;

/// Upper ends of the bands of rhythms (Hz).
const BANDS: [(&str, f64); 5] = [("δ", 4.0), ("θ", 8.0), ("α", 13.0), ("β", 30.0), ("γ", 100.0)];

/// Statistics of the last stretch of time.
pub struct Rhythm {
    /// The stretch (ms).
    span: f64,
    findings: Vec<Option<Findings>>,
    /// Iteration, span and time (s) of the last evaluation.
    at: (u64, f64, f64),
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { span: 2000.0, findings: Vec::new(), at: (u64::MAX, 0.0, 0.0) }
    }
}

impl Rhythm {
    /// A row of numbers for each group.
    pub fn statistics(&mut self, ui: &mut Ui, seen: &Seen) {
        self.choose(ui, seen);
        Grid::new("statistics").striped(true).spacing([18.0, 4.0]).show(ui, |ui| {
            for (name, words) in [
                ("group", ""),
                ("rate (Hz)", "mean ± standard deviation over neurons"),
                ("silent", "neurons that did not fire"),
                ("CV", "of intervals, over neurons with five or more"),
                ("LV", "local variation of the same (Shinomoto et al. 2003)"),
                ("Fano", "of counts in windows of 100 ms"),
                ("correlation", "of counts in bins of 5 ms, pairs of 100 neurons"),
                ("peak (Hz)", "of the spectrum of the population rate"),
            ] {
                ui.strong(name).on_hover_text(words);
            }
            ui.end_row();
            for (place, group) in seen.outline.groups.iter().enumerate() {
                ui.colored_label(Colours::of(ui).group(place), &group.name);
                let Some(Some(found)) = self.findings.get(place) else {
                    ui.end_row();
                    continue;
                };
                let of = &found.summary;
                ui.label(format!("{} ± {}", written(of.rate_hz, 2), written(of.rate_deviation_hz, 2)));
                ui.label(format!("{} of {}", of.silent, of.neurons));
                for (number, decimals) in [(of.cv, 2), (of.lv, 2), (of.fano, 2), (of.correlation, 3), (of.peak_hz, 1)] {
                    ui.label(written(number, decimals));
                }
                ui.end_row();
            }
        });
    }

    /// Spectra, autocorrelations and intervals.
    pub fn spectrum(&mut self, ui: &mut Ui, seen: &Seen) {
        self.choose(ui, seen);
        let (wide, height) = (ui.available_width() / 2.0 - 8.0, ui.available_height().max(100.0) - 8.0);
        let colours = Colours::of(ui);
        let found = |place: usize| self.findings.get(place).and_then(Option::as_ref);
        let groups: Vec<(usize, &str)> = seen.outline.groups.iter().map(|group| &*group.name).enumerate().collect();
        ui.horizontal_top(|ui| {
            let spectra =
                plot("spectrum", "Hz", "log10 power (Hz)").width(wide).height(height).legend(Legend::default());
            let peak = |found: &Findings| {
                found.spectrum.as_ref().map(|own| own.power.iter().skip(1).copied().fold(1e-12, f64::max))
            };
            let top = (0..groups.len()).filter_map(found).filter_map(peak).fold(1.0, f64::max).log10();
            let shown = spectra.show(ui, |plot| {
                for (name, end) in BANDS {
                    plot.vline(VLine::new("", end).color(colours.faint()).width(0.5));
                    plot.text(Text::new("", PlotPoint::new(end, top), name).anchor(Align2::RIGHT_BOTTOM));
                }
                for &(place, name) in &groups {
                    let Some(spectrum) = found(place).and_then(|found| found.spectrum.as_ref()) else { continue };
                    let point = |(k, power): (usize, &f64)| [k as f64 * spectrum.step_hz, power.max(1e-12).log10()];
                    let to = (150.0 / spectrum.step_hz) as usize;
                    let points: Vec<[f64; 2]> = spectrum.power.iter().enumerate().skip(1).take(to).map(point).collect();
                    plot.line(Line::new(name.to_owned(), PlotPoints::from(points)).color(colours.group(place)));
                }
            });
            let peaks: Vec<String> = groups
                .iter()
                .map(|&(place, name)| {
                    let peak = found(place).and_then(|found| found.summary.peak_hz);
                    format!("{name} {} Hz", written(peak, 1))
                })
                .collect();
            label(&shown.response, format!("Spectra of population rates, peaks at {}", peaks.join(", ")));
            let lags = plot("autocorrelation", "lag (ms)", "autocorrelation").width(wide).height(height);
            let shown = lags.show(ui, |plot| {
                for &(place, name) in &groups {
                    let Some(found) = found(place).and_then(|found| found.autocorrelation.as_ref()) else { continue };
                    let point = |(k, value): (usize, &f64)| [k as f64 * found.step_ms, *value];
                    let points: Vec<[f64; 2]> = found.values.iter().enumerate().skip(1).map(point).collect();
                    plot.line(Line::new(name.to_owned(), PlotPoints::from(points)).color(colours.group(place)));
                }
            });
            label(&shown.response, "Autocorrelations of population rates");
        });
    }

    fn choose(&mut self, ui: &mut Ui, seen: &Seen) {
        ui.horizontal(|ui| {
            ui.add(DragValue::new(&mut self.span).range(100.0..=10_000.0).speed(20.0).prefix("last ").suffix(" ms"));
            ui.small("as in report.json; spectra need a second");
        });
        let time = ui.input(|input| input.time);
        let (iteration, span, before) = self.at;
        let changed = iteration != seen.iteration || span != self.span;
        if changed && (time - before >= ANEW || self.findings.is_empty() || seen.paused) {
            self.findings = find(seen, self.span);
            self.at = (seen.iteration, self.span, time);
        }
    }
}

/// What the spikes of each group say in the last stretch (ms).
fn find(seen: &Seen, span: f64) -> Vec<Option<Findings>> {
    let dt = seen.outline.dt;
    let first = ((seen.now() - span).max(seen.outline.first as f64 * dt) / dt).round() as u64;
    let first = first.max(seen.since);
    let stretch = Stretch { first, end: seen.iteration, dt };
    let mut all: Vec<_> = (0..seen.outline.groups.len() as u32)
        .map(|group| SpikeStatistics::new(seen.place(group)[1], None, stretch).ok())
        .collect();
    for (iteration, group, neuron) in seen.spikes_from(first as f64 * dt) {
        if let Some(Some(own)) = all.get_mut(group as usize) {
            // Spikes before the stretch are left out, and there are none after it.
            let _ = own.push_rows(&[iteration as f64, f64::from(neuron)]);
        }
    }
    all.into_iter().map(|own| own.map(SpikeStatistics::finish)).collect()
}

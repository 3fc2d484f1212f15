//! One neuron: traces of its variables, its spikes, what is done to it alone.

use eframe::egui::{Color32, DragValue, Ui};
use egui_plot::{Line, PlotPoints};

use super::{super::Seen, Selected, label, raster::time_plot};
use crate::live::{Command, Intervention, Probe};

/// The neuron that is looked at.
pub struct Neuron {
    variable: String,
    current: f64,
    ms: f64,
    value: f64,
}

impl Default for Neuron {
    fn default() -> Self {
        Self { variable: "v".into(), current: 20.0, ms: 10.0, value: 0.0 }
    }
}

impl Neuron {
    /// The trace that is shown.
    pub fn wanted(&self, (group, neuron): Selected) -> Vec<Probe> {
        vec![Probe { group, neuron, variable: self.variable.clone() }]
    }

    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, (group, neuron): Selected, out: &mut Vec<Command>) {
        let Some(outline) = seen.outline.groups.get(group as usize) else { return };
        let spikes = seen.spikes.iter().filter(|spike| (spike.1, spike.2) == (group, neuron)).count();
        ui.horizontal_wrapped(|ui| {
            ui.strong(format!("{}[{neuron}]", outline.name));
            ui.label(format!("{spikes} spikes in the last second"));
            for (name, unit) in &outline.variables {
                let text = if unit.is_empty() { name.clone() } else { format!("{name} ({unit})") };
                ui.selectable_value(&mut self.variable, name.clone(), text);
            }
            ui.separator();
            ui.add(DragValue::new(&mut self.current).speed(0.5));
            ui.label("for");
            ui.add(DragValue::new(&mut self.ms).speed(0.5).range(0.1..=1e4).suffix(" ms"));
            if ui.button("Inject").on_hover_text("a current pulse into this neuron, in the unit of its model").clicked()
            {
                let pulse = Intervention::pulse(&outline.name, self.current, vec![neuron], self.ms);
                out.push(Command::Do(pulse));
            }
            ui.separator();
            ui.add(DragValue::new(&mut self.value).speed(0.5));
            if ui.button(format!("Set {}", self.variable)).clicked() {
                let address = format!("{}.{}", outline.name, self.variable);
                let values = Intervention::values(address, self.value.to_string(), Some(vec![neuron]));
                out.push(Command::Do(values));
            }
        });
        let dt = seen.outline.dt;
        let [begin, end] = seen.times();
        let name = format!("{} of {}[{neuron}]", self.variable, outline.name);
        let shown = time_plot("neuron").height(ui.available_height().max(80.0)).x_axis_label("ms").show(ui, |plot| {
            plot.set_plot_bounds_x(begin..=end);
            if let Some((_, trace)) = seen.traces.first() {
                let points: Vec<[f64; 2]> =
                    trace.iter().map(|(iteration, value)| [(iteration + 1) as f64 * dt, f64::from(*value)]).collect();
                let line = Line::new(name.clone(), PlotPoints::from(thinned(&points, 2000)));
                plot.line(line.color(Color32::from_rgb(80, 255, 120)).width(1.2));
            }
        });
        label(&shown.response, name);
    }
}

/// Points of which no more are left than can be seen: the least and the greatest of each stretch.
fn thinned(points: &[[f64; 2]], most: usize) -> Vec<[f64; 2]> {
    let stretch = points.len().div_ceil((most / 2).max(1)).max(1);
    if stretch == 1 {
        return points.to_vec();
    }
    let by_value = |a: &&[f64; 2], b: &&[f64; 2]| a[1].total_cmp(&b[1]);
    let ends = |stretch: &[[f64; 2]]| {
        let ends = [stretch.iter().min_by(by_value), stretch.iter().max_by(by_value)];
        let mut ends: Vec<[f64; 2]> = ends.into_iter().flatten().copied().collect();
        ends.sort_by(|a, b| a[0].total_cmp(&b[0]));
        ends
    };
    points.chunks(stretch).flat_map(ends).collect()
}

#[cfg(test)]
mod tests {
    use super::thinned;

    #[test]
    fn peaks_survive() {
        let mut points: Vec<[f64; 2]> = (0..100_000).map(|k| [f64::from(k), 0.0]).collect();
        (points[777][1], points[778][1]) = (30.0, -80.0);
        let thin = thinned(&points, 2000);
        assert!(thin.len() <= 2000 && thin.contains(&[777.0, 30.0]) && thin.contains(&[778.0, -80.0]));
    }
}

//! Some neurons: traces of their variables, their spikes, what is done to the one that is selected.

use egui::{ComboBox, DragValue, Ui};
use egui_plot::{Line, PlotPoints, Points};

use super::{
    super::{Seen, colours::Colours},
    Selected, label,
    raster::time_plot,
};
use crate::{
    live::{Command, GroupOutline, Intervention, Probe},
    statistics::coefficient_of_variation,
};

/// Spikes of all neurons that are looked through at each frame: half a millisecond.
const QUICK: usize = 400_000;

/// Neurons that are shown beside the selected one.
const PINNED: usize = 7;

/// The neurons that are looked at.
#[derive(Clone)]
pub struct Neuron {
    variable: String,
    pinned: Vec<Selected>,
    current: f64,
    ms: f64,
    value: String,
}

impl Default for Neuron {
    fn default() -> Self {
        Self { variable: "v".into(), pinned: Vec::new(), current: 20.0, ms: 10.0, value: "-65".into() }
    }
}

impl Neuron {
    /// The traces that are shown: that of the selected neuron first.
    pub fn wanted(&self, seen: &Seen, selected: Selected) -> Vec<Probe> {
        let all = [selected].into_iter().chain(self.pinned.iter().copied().filter(|pinned| *pinned != selected));
        let known = |group: u32| {
            let variables = seen.outline.groups.get(group as usize).map(|group| &group.variables);
            variables.is_some_and(|known| known.iter().any(|(name, _)| *name == self.variable))
        };
        let probe = |(group, neuron)| Probe { group, neuron, variable: self.variable.clone() };
        all.filter(|(group, _)| known(*group)).map(probe).collect()
    }

    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, selected: Selected, span: f64, out: &mut Vec<Command>) {
        let Some(outline) = seen.outline.groups.get(selected.0 as usize) else { return };
        ui.horizontal_wrapped(|ui| {
            self.choose(ui, seen, selected, outline);
            if seen.outline.steerable {
                ui.separator();
                self.touch(ui, outline, selected.1, out);
            }
        });
        self.traces(ui, seen, selected, span);
    }

    fn choose(&mut self, ui: &mut Ui, seen: &Seen, selected: Selected, outline: &GroupOutline) {
        ui.strong(format!("{}[{}]", outline.name, selected.1));
        ui.label(intervals(seen, selected));
        ComboBox::from_id_salt("variable of the neuron").selected_text(&self.variable).show_ui(ui, |ui| {
            for (name, unit) in &outline.variables {
                let text = if unit.is_empty() { name.clone() } else { format!("{name} ({unit})") };
                ui.selectable_value(&mut self.variable, name.clone(), text);
            }
        });
        let mut pinned = self.pinned.contains(&selected);
        if ui.toggle_value(&mut pinned, "📌 pin").on_hover_text("shows it beside others").changed() {
            self.pinned.retain(|one| *one != selected);
            if pinned {
                self.pinned.truncate(PINNED - 1);
                self.pinned.push(selected);
            }
        }
        if !self.pinned.is_empty() && ui.button("unpin all").clicked() {
            self.pinned.clear();
        }
    }

    fn touch(&mut self, ui: &mut Ui, outline: &GroupOutline, neuron: u32, out: &mut Vec<Command>) {
        ui.add(DragValue::new(&mut self.current).speed(0.5));
        ui.label("for");
        ui.add(DragValue::new(&mut self.ms).speed(0.5).range(0.1..=1e4).suffix(" ms"));
        let words = "a current pulse into this neuron, in the unit of its model";
        if ui.button("Inject").on_hover_text(words).clicked() {
            out.push(Command::Do(Intervention::pulse(&outline.name, self.current, vec![neuron], self.ms)));
        }
        ui.separator();
        ui.add(egui::TextEdit::singleline(&mut self.value).desired_width(60.0).hint_text("value"));
        let address = format!("{}.{}", outline.name, self.variable);
        if ui.button(format!("Set {}", self.variable)).on_hover_text("once: a number or an expression").clicked() {
            out.push(Command::Do(Intervention::values(&address, &self.value, Some(vec![neuron]))));
        }
        if ui.button("Hold").on_hover_text(format!("for {} ms: a clamp", self.ms)).clicked() {
            out.push(Command::Do(Intervention::held(address, &self.value, Some(vec![neuron]), self.ms)));
        }
    }

    fn traces(&self, ui: &mut Ui, seen: &Seen, selected: Selected, span: f64) {
        let (colours, dt, [begin, end]) = (Colours::of(ui), seen.outline.dt, seen.times(span));
        let name = |probe: &Probe| {
            let group = seen.outline.groups.get(probe.group as usize).map_or("", |group| &group.name);
            format!("{} of {group}[{}]", probe.variable, probe.neuron)
        };
        let unit = seen.outline.groups.get(selected.0 as usize).and_then(|group| {
            group.variables.iter().find(|(name, _)| *name == self.variable).map(|(_, unit)| unit.clone())
        });
        let plot = time_plot("neuron", "ms", &unit.unwrap_or_default()).height(ui.available_height().max(80.0));
        let shown = plot.show(ui, |plot| {
            plot.set_plot_bounds_x(begin..=end);
            for (k, (probe, trace)) in seen.traces.iter().enumerate() {
                let first = trace.partition_point(|(iteration, _)| (iteration + 1) as f64 * dt < begin);
                // What is no number has no place; a line to it would never end.
                let points: Vec<[f64; 2]> = trace
                    .range(first..)
                    .filter(|(_, value)| value.is_finite())
                    .map(|(iteration, value)| [(iteration + 1) as f64 * dt, f64::from(*value)])
                    .collect();
                let top = points.iter().map(|point| point[1]).fold(f64::MIN, f64::max);
                let colour = if k == 0 { colours.selected() } else { colours.group(k) };
                // Told by the line as well as by its colour.
                let width = if k == 0 { 1.6 } else { 0.7 };
                let line = Line::new(name(probe), PlotPoints::from(thinned(&points, 2000)));
                plot.line(line.color(colour).width(width));
                if k == 0 && !points.is_empty() {
                    let fired = seen.spikes_from(begin).filter(|spike| (spike.1, spike.2) == selected);
                    let ticks: Vec<[f64; 2]> = fired.map(|spike| [(spike.0 + 1) as f64 * dt, top]).collect();
                    plot.points(Points::new("spikes", ticks).color(colours.touch()).radius(2.0));
                }
            }
        });
        let names: Vec<String> = seen.traces.iter().map(|(probe, _)| name(probe)).collect();
        let names = if names.is_empty() { format!("no trace of {}", self.variable) } else { names.join(", ") };
        label(&shown.response, names);
    }
}

/// The rate of a neuron and how even its intervals are, in the time that is remembered and quickly looked through.
fn intervals(seen: &Seen, selected: Selected) -> String {
    let first = seen.spikes.len().saturating_sub(QUICK);
    let since = seen.spikes.get(first).filter(|_| first > 0).map_or(seen.since, |spike| spike.0);
    let own = seen.spikes.range(first..).filter(|spike| (spike.1, spike.2) == selected);
    let times: Vec<f64> = own.map(|spike| spike.0 as f64 * seen.outline.dt).collect();
    let intervals: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let seconds = seen.iteration.saturating_sub(since).max(1) as f64 * seen.outline.dt / 1e3;
    let rate = format!("{:.1} Hz in {seconds:.1} s", times.len() as f64 / seconds);
    let mean = intervals.iter().sum::<f64>() / intervals.len().max(1) as f64;
    match coefficient_of_variation(&intervals) {
        Some(cv) => format!("{rate}, intervals {mean:.1} ms, CV {cv:.2}"),
        None => rate,
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

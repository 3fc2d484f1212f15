//! Groups as pictures: each neuron at its place, coloured by a variable; who has just fired flashes.

use std::collections::HashMap;

use egui::{Color32, ComboBox, Ui};

use super::{
    super::{
        Seen,
        colours::{Colours, mixed, scaled},
    },
    Selected,
    canvas::{Canvas, grid},
    label,
};
use crate::live::{Command, Intervention, Snapshot};

/// The height of a group's picture at most.
const TALLEST: f32 = 300.0;

/// How long a spike is seen to fade (ms).
const FLASH: f64 = 8.0;

/// Pictures of all groups.
#[derive(Default)]
pub struct Groups {
    canvases: HashMap<u32, Canvas>,
    /// The variable of each group that is shown, if it is not the first.
    variables: HashMap<u32, String>,
}

impl Groups {
    /// The same, to be drawn elsewhere.
    pub fn again(&self) -> Self {
        Self { variables: self.variables.clone(), ..Self::default() }
    }

    /// The columns that are shown.
    pub fn wanted(&self, seen: &Seen) -> Vec<(u32, String)> {
        let groups = seen.outline.groups.iter().zip(0..);
        groups.filter_map(|(group, place)| Some((place, self.variable(place, &group.variables)?.to_owned()))).collect()
    }

    /// Shows them; the neuron that was clicked.
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, selected: Selected, out: &mut Vec<Command>) -> Option<Selected> {
        let mut clicked = None;
        for (place, group) in (0..).zip(&seen.outline.groups) {
            let wanted = self.variables.get(&place);
            let of_it = |column: &&Snapshot| column.group == place && wanted.is_none_or(|own| *own == column.variable);
            let column = seen.columns.iter().find(of_it);
            ui.horizontal_wrapped(|ui| {
                ui.colored_label(Colours::of(ui).group(place as usize), "⏺");
                if ui.selectable_label(selected.0 == place, egui::RichText::new(&group.name).strong()).clicked() {
                    clicked = Some((place, if selected.0 == place { selected.1 } else { 0 }));
                }
                ui.label(format!("{} neurons", seen.place(place)[1]));
                self.choice(ui, place, &group.variables);
            });
            if let Some(neuron) = self.picture(ui, seen, (place, column), selected, out) {
                clicked = Some((place, neuron));
            }
            ui.add_space(6.0);
        }
        clicked
    }

    /// The variable that colours a group: the potential, where nobody has chosen.
    fn variable<'a>(&'a self, place: u32, variables: &'a [(String, String)]) -> Option<&'a str> {
        let names = || variables.iter().map(|(name, _)| &**name);
        let chosen = self.variables.get(&place).map(String::as_str);
        chosen.or_else(|| names().find(|name| *name == "v")).or_else(|| names().next())
    }

    /// Lets somebody choose another.
    fn choice(&mut self, ui: &mut Ui, place: u32, variables: &[(String, String)]) {
        let Some(mut chosen) = self.variable(place, variables).map(str::to_owned) else { return };
        let before = chosen.clone();
        ComboBox::from_id_salt(("variable of", place)).selected_text(&chosen).show_ui(ui, |ui| {
            variables.iter().for_each(|(name, _)| _ = ui.selectable_value(&mut chosen, name.clone(), name));
        });
        if chosen != before {
            self.variables.insert(place, chosen);
        }
    }

    fn picture(
        &mut self,
        ui: &mut Ui,
        seen: &Seen,
        (place, column): (u32, Option<&Snapshot>),
        selected: Selected,
        out: &mut Vec<Command>,
    ) -> Option<u32> {
        let group = &seen.outline.groups[place as usize];
        let neurons = seen.place(place)[1];
        let (mut pixels, [least, most]) = match column {
            Some(column) => scaled(&column.values),
            None => (vec![Color32::from_gray(40); neurons], [0.0; 2]),
        };
        flash(seen, place, &mut pixels);
        let size = grid(group.shape);
        let canvas = self.canvases.entry(place).or_default();
        let wide = ui.available_width().min(260.0).min(TALLEST * size[0] as f32 / size[1].max(1) as f32);
        let response = canvas.show(ui, &group.name, size, pixels, wide);
        let text = column.map(|column| {
            let unit = group.variables.iter().find(|(name, _)| *name == column.variable).map_or("", |(_, unit)| unit);
            format!("{} {least:.1} to {most:.1} {unit}", column.variable)
        });
        let text = text.unwrap_or_else(|| "spikes".to_owned());
        label(&response, format!("{}: {text}", group.name));
        ui.small(text);
        if selected.0 == place {
            canvas.mark(ui, &response, selected.1 as usize);
        }
        let neuron = |at| canvas.cell(&response, at).filter(|neuron| *neuron < neurons);
        if let Some(under) = neuron(response.hover_pos()) {
            let value = column.and_then(|column| column.values.get(under)).map(|value| format!(" = {value:.3}"));
            let variable = column.map_or("", |column| &column.variable);
            response.clone().on_hover_text_at_pointer(format!(
                "{}[{under}] {variable}{}",
                group.name,
                value.unwrap_or_default()
            ));
        }
        if seen.outline.steerable {
            let at = selected.1;
            response.context_menu(|ui| touch(ui, &group.name, (selected.0 == place).then_some(at), column, least, out));
        }
        let clicked = response.clicked() || response.secondary_clicked();
        neuron(response.interact_pointer_pos().filter(|_| clicked)).map(|neuron| neuron as u32)
    }
}

/// Who has just fired is white, and fades.
fn flash(seen: &Seen, place: u32, pixels: &mut [Color32]) {
    for (iteration, group, neuron) in seen.spikes_from(seen.now() - FLASH) {
        if let Some(pixel) = pixels.get_mut(neuron as usize).filter(|_| group == place) {
            let age = (seen.now() - (iteration + 1) as f64 * seen.outline.dt) / FLASH;
            *pixel = mixed(Color32::WHITE, *pixel, age as f32);
        }
    }
}

/// What can be done to the neuron that was clicked, or to all of its group.
fn touch(ui: &mut Ui, group: &str, neuron: Option<u32>, column: Option<&Snapshot>, least: f32, out: &mut Vec<Command>) {
    for neurons in [neuron.map(|neuron| vec![neuron]), None] {
        let whom = neurons.as_ref().map_or(format!("all of {group}"), |list| format!("{group}[{}]", list[0]));
        ui.menu_button(whom, |ui| {
            if ui.button("stimulate: 20 for 10 ms").clicked() {
                out.push(Command::Do(Intervention::held(format!("{group}.input"), "20", neurons.clone(), 10.0)));
                ui.close();
            }
            let variable = column.map(|column| format!("{group}.{}", column.variable));
            let Some(variable) = variable else { return };
            if ui.button(format!("silence: {variable} held at {least:.1} for 50 ms")).clicked() {
                out.push(Command::Do(Intervention::held(variable, least.to_string(), neurons.clone(), 50.0)));
                ui.close();
            }
        });
    }
}

//! The behaviours of the selected group, on or off, and their fields.

use std::collections::HashMap;

use eframe::egui::{Color32, DragValue, RichText, TextEdit, Ui};

use super::super::Seen;
use crate::live::{BehaviourView, Command, FieldView, Intervention};

/// Fields, and what is being typed into them.
#[derive(Default)]
pub struct Parameters {
    typed: HashMap<String, String>,
}

impl Parameters {
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, group: u32, out: &mut Vec<Command>) {
        let of_group = |one: &&BehaviourView| one.group == Some(group);
        let own: Vec<&BehaviourView> = seen.behaviours.iter().filter(of_group).collect();
        own.into_iter().for_each(|one| self.behaviour(ui, one, out));
        let rules: Vec<&BehaviourView> = seen.behaviours.iter().filter(|one| one.group.is_none()).collect();
        if !rules.is_empty() {
            ui.separator();
            ui.strong("synapses");
            rules.into_iter().for_each(|one| self.behaviour(ui, one, out));
        }
    }

    fn behaviour(&mut self, ui: &mut Ui, one: &BehaviourView, out: &mut Vec<Command>) {
        let address = one.address();
        ui.horizontal(|ui| {
            let mut on = one.on;
            if ui.checkbox(&mut on, RichText::new(&address).strong()).on_hover_text(&one.docs).changed() {
                out.push(Command::Do(Intervention::switch(address.clone(), on)));
            }
        });
        for field in one.fields.iter().filter(|field| field.fixed.is_none()) {
            ui.horizontal(|ui| {
                ui.add_space(18.0);
                let range = if field.range.is_empty() { String::new() } else { format!(" ({})", field.range) };
                ui.label(&field.name).on_hover_text(format!("{}{range}", field.docs));
                if let Some(value) = self.field(ui, &format!("{address}.{}", field.name), field) {
                    out.push(Command::Do(Intervention::set(format!("{address}.{}", field.name), value)));
                }
                ui.label(RichText::new(&field.unit).color(Color32::GRAY));
            });
        }
    }

    /// The value that a field is to have from now on.
    fn field(&mut self, ui: &mut Ui, address: &str, field: &FieldView) -> Option<String> {
        if let Ok(mut truth) = field.value.parse::<bool>() {
            return ui.checkbox(&mut truth, "").changed().then(|| truth.to_string());
        }
        if let (Ok(mut number), false) = (field.value.parse::<f64>(), self.typed.contains_key(address)) {
            let speed = (0.01 * number.abs()).max(1e-3);
            let response = ui.add(DragValue::new(&mut number).speed(speed).max_decimals(6));
            if response.secondary_clicked() {
                self.typed.insert(address.to_owned(), field.value.clone());
            }
            let response = response.on_hover_text("drag, click to type; right click for an expression");
            return response.changed().then(|| number.to_string());
        }
        let typed = self.typed.entry(address.to_owned()).or_insert_with(|| field.value.clone());
        let response = ui.add(TextEdit::singleline(typed).desired_width(150.0));
        if !response.lost_focus() {
            return None;
        }
        self.typed.remove(address).filter(|typed| *typed != field.value)
    }
}

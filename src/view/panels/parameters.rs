//! The behaviours of the selected group, on or off, and their fields; what was refused, at the field.

use std::collections::HashMap;

use egui::{DragValue, RichText, TextEdit, Ui};

use super::super::{Seen, colours::Colours};
use crate::live::{BehaviourView, Command, FieldView, Intervention};

/// Fields, and what is being typed into them.
#[derive(Default)]
pub struct Parameters {
    typed: HashMap<String, String>,
    /// What was asked for last, and how many messages there were then.
    asked: Option<(String, u64)>,
    /// Why what was asked for was refused, by address.
    refused: HashMap<String, String>,
}

impl Parameters {
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, group: u32, out: &mut Vec<Command>) {
        self.hear(seen);
        let of_group = |one: &&BehaviourView| one.group == Some(group);
        let own: Vec<&BehaviourView> = seen.behaviours.iter().filter(of_group).collect();
        if seen.behaviours.is_empty() {
            ui.label(if seen.outline.recorded { "what was recorded says nothing of parameters" } else { "…" });
        }
        own.into_iter().for_each(|one| self.behaviour(ui, seen, one, out));
        let rules: Vec<&BehaviourView> = seen.behaviours.iter().filter(|one| one.group.is_none()).collect();
        if !rules.is_empty() {
            ui.separator();
            ui.strong("synapses");
            rules.into_iter().for_each(|one| self.behaviour(ui, seen, one, out));
        }
    }

    /// What was told just after something was asked for is the answer to it.
    fn hear(&mut self, seen: &Seen) {
        let Some((address, before)) = &self.asked else { return };
        if seen.messages > *before {
            let told = seen.told.back().cloned().unwrap_or_default();
            self.refused.insert(address.clone(), told);
            self.asked = None;
        } else if seen.log.last().is_some_and(|last| last.intervention.address() == address) {
            self.asked = None;
        }
    }

    fn ask(&mut self, seen: &Seen, intervention: Intervention, out: &mut Vec<Command>) {
        self.refused.remove(intervention.address());
        self.asked = Some((intervention.address().to_owned(), seen.messages));
        out.push(Command::Do(intervention));
    }

    fn behaviour(&mut self, ui: &mut Ui, seen: &Seen, one: &BehaviourView, out: &mut Vec<Command>) {
        let address = one.address();
        ui.horizontal(|ui| {
            let mut on = one.on;
            let switch =
                ui.add_enabled(seen.outline.steerable, egui::Checkbox::new(&mut on, RichText::new(&address).strong()));
            if switch.on_hover_text(&one.docs).changed() {
                self.ask(seen, Intervention::switch(address.clone(), on), out);
            }
        });
        self.refusal(ui, &address);
        for field in one.fields.iter().filter(|field| field.fixed.is_none()) {
            let address = format!("{address}.{}", field.name);
            ui.horizontal(|ui| {
                ui.add_space(18.0);
                if let Some(value) = self.name_and_value(ui, seen, &address, field) {
                    self.ask(seen, Intervention::set(address.clone(), value), out);
                }
            });
            self.refusal(ui, &address);
        }
    }

    fn refusal(&mut self, ui: &mut Ui, address: &str) {
        if let Some(why) = self.refused.get(address) {
            let words =
                why.lines().map(|line| line.trim_matches(['│', '╭', '╰', '|', ' '])).find(|line| !line.is_empty());
            ui.colored_label(Colours::of(ui).fault(), words.unwrap_or_default()).on_hover_text(why);
        }
    }

    /// Shows a field; the value that it is to have from now on.
    fn name_and_value(&mut self, ui: &mut Ui, seen: &Seen, address: &str, field: &FieldView) -> Option<String> {
        let first = seen.first.get(address).filter(|first| **first != field.value);
        let range = if field.range.is_empty() { String::new() } else { format!("\n{}", field.range) };
        let was = first.map(|first| format!("\nin the scene: {first}; double click sets it back")).unwrap_or_default();
        let name = RichText::new(&field.name);
        let name = if first.is_some() { name.color(Colours::of(ui).touch()).italics() } else { name };
        let name = ui.add(egui::Label::new(name).sense(egui::Sense::click()));
        let back = name.double_clicked().then(|| first.cloned()).flatten();
        name.on_hover_text(format!("{}{range}{was}", field.docs));
        let set = ui.add_enabled_ui(seen.outline.steerable, |ui| self.value(ui, address, field)).inner;
        ui.label(RichText::new(&field.unit).weak());
        back.or(set)
    }

    /// The value that a field is to have from now on.
    fn value(&mut self, ui: &mut Ui, address: &str, field: &FieldView) -> Option<String> {
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
            response.widget_info(|| egui::WidgetInfo::drag_value(true, number));
            return response.changed().then(|| number.to_string());
        }
        let typed = self.typed.entry(address.to_owned()).or_insert_with(|| field.value.clone());
        let response = ui.add(TextEdit::singleline(typed).desired_width(150.0));
        if !response.lost_focus() {
            // What is not typed just now follows the network.
            if !response.has_focus() && *typed != field.value && field.value.parse::<f64>().is_err() {
                field.value.clone_into(typed);
            }
            return None;
        }
        self.typed.remove(address).filter(|typed| *typed != field.value)
    }
}

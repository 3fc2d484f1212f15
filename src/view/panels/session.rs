//! What was done, and when: undone, noted, saved as a scene.

use eframe::egui::{Color32, Ui};

use super::super::Seen;
use crate::live::Command;

/// The log of a session.
#[derive(Default)]
pub struct Session {
    note: String,
}

impl Session {
    /// Shows it; whether it is to be saved.
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) -> bool {
        let mut save = false;
        ui.horizontal(|ui| {
            save = ui
                .button("💾 Save as scene")
                .on_hover_text("a scene that gives the same bytes when it is run")
                .clicked();
            if ui.add_enabled(!seen.log.is_empty(), eframe::egui::Button::new("↶ Undo")).clicked() {
                out.push(Command::Undo);
            }
            let typed = ui.text_edit_singleline(&mut self.note).on_hover_text("a note on what was done last");
            if typed.lost_focus() && !self.note.is_empty() {
                out.push(Command::Note(std::mem::take(&mut self.note)));
            }
        });
        for logged in seen.log.iter().rev() {
            let time = logged.iteration as f64 * seen.outline.dt;
            let is_to_come = logged.iteration > seen.iteration;
            let text = format!("{} {}", logged.intervention.entry(time), logged.note);
            let row = ui.selectable_label(false, text).on_hover_text("go there");
            if row.clicked() {
                out.push(Command::GoTo(logged.iteration));
            }
            if is_to_come {
                row.on_hover_text("still to come");
            }
        }
        for told in seen.told.iter().rev().take(5) {
            ui.colored_label(Color32::from_rgb(240, 120, 90), told);
        }
        save
    }
}

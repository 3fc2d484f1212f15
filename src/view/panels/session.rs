//! What was done, and when: undone, noted, compared, saved as a scene; other futures.

use egui::{Button, Ui};

use super::super::{Seen, colours::Colours};
use crate::live::Command;

/// The log of a session.
#[derive(Default)]
pub struct Session {
    note: String,
}

impl Session {
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) {
        ui.horizontal_wrapped(|ui| self.controls(ui, seen, out));
        if seen.log.is_empty() {
            ui.label("nothing was done so far: the scene is the experiment");
        }
        for logged in seen.log.iter().rev() {
            let time = logged.iteration as f64 * seen.outline.dt;
            let note = if logged.note.is_empty() { String::new() } else { format!("   // {}", logged.note) };
            let to_come = if logged.iteration > seen.iteration { "   (still to come)" } else { "" };
            let row = ui.selectable_label(false, format!("{}{note}{to_come}", logged.intervention.entry(time)));
            if row.on_hover_text("go there").clicked() && seen.outline.goes_back {
                out.push(Command::GoTo(logged.iteration));
            }
        }
        for (place, branch) in seen.branches.iter().enumerate().rev() {
            let (end, done) = (branch.end as f64 * seen.outline.dt, branch.log.len());
            let row = ui.button(format!("🔀 another future: {done} interventions, until {end:.1} ms"));
            if row.on_hover_text("go on with it; the one of now is kept").clicked() {
                out.push(Command::Branch(place));
            }
        }
        for told in seen.told.iter().rev().take(8) {
            ui.colored_label(Colours::of(ui).fault(), told);
        }
    }

    fn controls(&mut self, ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) {
        let back = seen.outline.goes_back && !seen.outline.recorded;
        let undo = ui.add_enabled(back && !seen.log.is_empty(), Button::new("↶ Undo"));
        if undo
            .on_hover_text("what was done last has never been: the network is where it would be without it")
            .clicked()
        {
            out.push(Command::Undo);
        }
        let mut compares = seen.twin.is_some();
        let words = "runs the network without what was done beside it: its rates are thin lines";
        let compare = ui.add_enabled(back, Button::selectable(compares, "⚖ Compare with the unchanged twin"));
        if compare.on_hover_text(words).clicked() {
            compares = !compares;
            out.push(Command::Compare(compares));
        }
        if seen.outline.steerable && !seen.log.is_empty() {
            let field = egui::TextEdit::singleline(&mut self.note)
                .hint_text("a note on what was done last")
                .desired_width(260.0);
            if ui.add(field).lost_focus() && !self.note.is_empty() {
                out.push(Command::Note(std::mem::take(&mut self.note)));
            }
        }
    }
}

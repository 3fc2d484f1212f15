//! Run and pause, steps, speed, time.

use eframe::egui::{Button, DragValue, Key, Slider, Ui};

use super::super::Seen;
use crate::live::{Command, Speed};

/// Controls of the run.
pub struct Transport {
    speed: f64,
    max: bool,
    to: u64,
}

impl Transport {
    pub fn new(speed: Speed) -> Self {
        match speed {
            Speed::Times(times) => Self { speed: times, max: false, to: 0 },
            Speed::Max => Self { speed: 1.0, max: true, to: 0 },
        }
    }

    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) {
        let typing = ui.ctx().egui_wants_keyboard_input();
        let key = |ui: &Ui, key: Key| !typing && ui.input(|input| input.key_pressed(key));
        ui.horizontal_wrapped(|ui| {
            let toggle = ui.button(if seen.paused { "▶ Run" } else { "⏸ Pause" }).on_hover_text("space").clicked();
            if toggle || key(ui, Key::Space) {
                out.push(if seen.paused { Command::Run } else { Command::Pause });
            }
            let step = ui.add_enabled(seen.paused, Button::new("⏭ Step")).on_hover_text("→, with shift ten").clicked();
            if step || seen.paused && key(ui, Key::ArrowRight) {
                out.push(Command::Step(if ui.input(|input| input.modifiers.shift) { 10 } else { 1 }));
            }
            if ui
                .button("⏮ Restart")
                .on_hover_text("R: back to the beginning, with all that was done to come again")
                .clicked()
                || key(ui, Key::R)
            {
                out.push(Command::GoTo(0));
            }
            ui.separator();
            let slider = Slider::new(&mut self.speed, 0.001..=100.0).logarithmic(true).text("× real time");
            let moved = ui.add_enabled(!self.max, slider).changed();
            if ui.toggle_value(&mut self.max, "max").changed() || moved {
                out.push(Command::Speed(if self.max { Speed::Max } else { Speed::Times(self.speed) }));
            }
            ui.separator();
            ui.add(DragValue::new(&mut self.to).prefix("iteration "));
            if ui.button("Go").on_hover_text("before or after now; what was done until then is done again").clicked() {
                out.push(Command::GoTo(self.to));
            }
            ui.separator();
            let dt = seen.outline.dt;
            let time = seen.iteration as f64 * dt;
            ui.monospace(format!(
                "t = {time:9.1} ms  {:8.0} it/s  {:.2} × real time",
                seen.speed,
                seen.speed * dt / 1e3
            ));
            if seen.dropped > 0 {
                ui.label(format!("{} spikes not shown", seen.dropped));
            }
        });
    }
}

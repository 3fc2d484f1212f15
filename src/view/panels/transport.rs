//! Run and pause, steps, speed, time.

use egui::{Button, DragValue, Key, Modifiers, Slider, Ui};

use super::super::{Seen, colours::Colours};
use crate::live::{Command, Speed};

/// Controls of the run.
pub struct Transport {
    speed: f64,
    max: bool,
    to: u64,
}

impl Transport {
    pub const fn new(speed: Speed) -> Self {
        match speed {
            Speed::Times(times) => Self { speed: times, max: false, to: 0 },
            Speed::Max => Self { speed: 1.0, max: true, to: 0 },
        }
    }

    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) {
        let may = (seen.outline.steerable || seen.outline.goes_back) && !seen.ended;
        ui.add_enabled_ui(may, |ui| {
            ui.horizontal_wrapped(|ui| {
                self.run(ui, seen, out);
                ui.separator();
                self.pace(ui, out);
                ui.separator();
                self.leap(ui, seen, out);
            });
        });
        ui.horizontal_wrapped(|ui| {
            if seen.outline.goes_back && !seen.ended {
                time_line(ui, seen, out);
            }
            state(ui, seen);
        });
    }

    fn run(&self, ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) {
        let toggle = ui.button(if seen.paused { "▶ Run" } else { "⏸ Pause" }).on_hover_text("space").clicked();
        if toggle || pressed(ui, Key::Space) {
            out.push(if seen.paused { Command::Run } else { Command::Pause });
        }
        let step = ui.add_enabled(seen.paused, Button::new("⏭ Step")).on_hover_text("→, with shift ten").clicked();
        if step || seen.paused && pressed(ui, Key::ArrowRight) {
            out.push(Command::Step(if ui.input(|input| input.modifiers.shift) { 10 } else { 1 }));
        }
        if !seen.outline.goes_back {
            return;
        }
        let back = ui
            .add_enabled(seen.iteration > seen.outline.first, Button::new("⏴ Back"))
            .on_hover_text("←, with shift ten");
        if back.clicked() || seen.paused && pressed(ui, Key::ArrowLeft) {
            let steps = if ui.input(|input| input.modifiers.shift) { 10 } else { 1 };
            out.push(Command::GoTo(seen.iteration.saturating_sub(steps).max(seen.outline.first)));
        }
        let restart =
            ui.button("⏮ Restart").on_hover_text("R: back to the beginning, with all that was done to come again");
        if restart.clicked() || pressed(ui, Key::R) {
            out.push(Command::GoTo(seen.outline.first));
        }
    }

    fn pace(&mut self, ui: &mut Ui, out: &mut Vec<Command>) {
        let slider = Slider::new(&mut self.speed, 0.001..=100.0).logarithmic(true).text("× real time");
        let mut changed = ui.add_enabled(!self.max, slider).on_hover_text("[ and ]").changed();
        changed |= ui.toggle_value(&mut self.max, "max").on_hover_text("as fast as it goes").changed();
        for (key, factor) in [(Key::OpenBracket, 0.5), (Key::CloseBracket, 2.0)] {
            if pressed(ui, key) {
                (self.speed, self.max, changed) = ((self.speed * factor).clamp(0.001, 100.0), false, true);
            }
        }
        if changed {
            out.push(Command::Speed(if self.max { Speed::Max } else { Speed::Times(self.speed) }));
        }
    }

    fn leap(&mut self, ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) {
        ui.add(DragValue::new(&mut self.to).prefix("iteration "));
        let words = if seen.outline.goes_back {
            "before or after now; what was done until then is done again"
        } else {
            "later than now"
        };
        if ui.button("Go").on_hover_text(words).clicked() {
            out.push(Command::GoTo(self.to));
        }
    }
}

/// Whether a key was pressed that no field of text wants.
pub fn pressed(ui: &Ui, key: Key) -> bool {
    let typing = ui.ctx().egui_wants_keyboard_input();
    !typing && ui.input(|input| input.key_pressed(key) && !input.modifiers.contains(Modifiers::COMMAND))
}

/// All time that there is, to be dragged; what was done as marks on it.
fn time_line(ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) {
    let dt = seen.outline.dt;
    let (first, last) = (seen.outline.first as f64 * dt, seen.furthest.max(seen.iteration).max(1) as f64 * dt);
    let mut at = seen.now();
    ui.spacing_mut().slider_width = (0.55 * ui.available_width()).max(120.0);
    let slider = ui.add(Slider::new(&mut at, first..=last).show_value(false));
    let name = format!("time line, {:.1} of {last:.1} ms", seen.now());
    slider.widget_info(|| egui::WidgetInfo::slider(true, seen.now(), name.clone()));
    let rail = slider.rect.shrink2(egui::vec2(8.0, 0.0));
    for logged in &seen.log {
        let part = ((logged.iteration as f64 * dt - first) / (last - first).max(1e-9)) as f32;
        let x = rail.left() + part.clamp(0.0, 1.0) * rail.width();
        ui.painter().vline(x, rail.top()..=rail.top() + 5.0, (2.0, Colours::of(ui).touch()));
    }
    if slider.changed() {
        out.push(Command::GoTo((at / dt).round() as u64));
    }
}

/// Where it stands, and how fast.
fn state(ui: &mut Ui, seen: &Seen) {
    let dt = seen.outline.dt;
    ui.monospace(format!("t = {:.1} ms", seen.now()));
    if seen.speed > 0.0 && !seen.paused {
        ui.monospace(format!("{:.0} it/s  {:.2} × real time", seen.speed, seen.speed * dt / 1e3));
    }
    if seen.dropped > 0 {
        ui.label(format!("{} spikes not shown", seen.dropped));
    }
    if let Some(last) = seen.told.back() {
        ui.colored_label(Colours::of(ui).fault(), format!("⚠ {}", last.lines().next().unwrap_or_default()))
            .on_hover_text(last);
    }
}

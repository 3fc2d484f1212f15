//! All panels side by side, one selection for all of them.

use egui::{CentralPanel, Key, Panel, ScrollArea, Ui};
use serde::{Deserialize, Serialize};

use super::{
    Seen,
    panels::{Cost, Groups, Neuron, Parameters, Raster, Rhythm, Selected, Session, Synapses, Transport, Weights},
};
use crate::live::{Command, Speed, Wanted};

/// What is shown below the raster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Tab {
    /// Traces of the selected neuron.
    #[default]
    Neuron,
    /// The synapses of the selected neuron.
    Synapses,
    /// The weights of a synapse group.
    Weights,
    /// Numbers of all groups.
    Statistics,
    /// Spectra and autocorrelations.
    Spectrum,
    /// Where the time goes.
    Cost,
    /// What was done.
    Session,
}

impl Tab {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Neuron, Self::Synapses, Self::Weights, Self::Statistics, Self::Spectrum, Self::Cost, Self::Session];
}

/// What is shown and how: kept for each user.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Layout {
    /// What is shown below the raster.
    pub tab: Tab,
    /// Whether groups are shown as pictures, on the left.
    pub groups: bool,
    /// Whether behaviours and their fields are shown, on the right.
    pub parameters: bool,
    /// Whether the ground is dark.
    pub dark: bool,
    /// The stretch of time that the raster shows (ms).
    pub span: f64,
}

impl Default for Layout {
    fn default() -> Self {
        Self { tab: Tab::Neuron, groups: true, parameters: true, dark: true, span: 1000.0 }
    }
}

/// What somebody asks of the window itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asks {
    /// The session is to be saved as a scene.
    pub save: bool,
    /// A picture is to be made.
    pub picture: bool,
}

/// All panels.
pub struct Panels {
    /// What is shown and how.
    pub layout: Layout,
    transport: Transport,
    raster: Raster,
    groups: Groups,
    neuron: Neuron,
    synapses: Synapses,
    weights: Weights,
    rhythm: Rhythm,
    cost: Cost,
    parameters: Parameters,
    session: Session,
    selected: Selected,
    wanted: Wanted,
}

impl Panels {
    /// Of a network that runs at a speed.
    #[must_use]
    pub fn new(speed: Speed) -> Self {
        Self {
            layout: Layout::default(),
            transport: Transport::new(speed),
            raster: Raster::default(),
            groups: Groups::default(),
            neuron: Neuron::default(),
            synapses: Synapses::default(),
            weights: Weights::default(),
            rhythm: Rhythm::default(),
            cost: Cost,
            parameters: Parameters::default(),
            session: Session::default(),
            selected: (0, 0),
            wanted: Wanted::default(),
        }
    }

    /// The same panels once more, to be drawn elsewhere.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            layout: self.layout,
            raster: self.raster.again(),
            groups: self.groups.again(),
            neuron: self.neuron.clone(),
            weights: self.weights.again(),
            selected: self.selected,
            ..Self::new(Speed::Max)
        }
    }

    /// Asks anew for what is to be seen.
    pub(super) fn forget_wishes(&mut self) {
        self.wanted = Wanted::default();
    }

    /// The neuron that is selected: the place of its group, its index.
    #[must_use]
    pub const fn selected(&self) -> (u32, u32) {
        self.selected
    }

    /// Selects a neuron.
    pub const fn select(&mut self, neuron: (u32, u32)) {
        self.selected = neuron;
    }

    /// Shows everything of what was seen; what was asked for.
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) -> Asks {
        let mut asks = Asks::default();
        let mut clicked = None;
        self.keys(ui, seen, out);
        Panel::top("transport").show(ui, |ui| {
            self.transport.ui(ui, seen, out);
            ui.horizontal_wrapped(|ui| self.menu(ui, seen, &mut asks));
        });
        if self.layout.groups {
            Panel::left("groups").default_size(280.0).show(ui, |ui| {
                ScrollArea::vertical().show(ui, |ui| clicked = self.groups.ui(ui, seen, self.selected, out));
            });
        }
        if self.layout.parameters {
            Panel::right("parameters").default_size(330.0).show(ui, |ui| {
                ScrollArea::vertical().show(ui, |ui| self.parameters.ui(ui, seen, self.selected.0, out));
            });
        }
        CentralPanel::default().show(ui, |ui| {
            self.raster.span = self.layout.span;
            let height = 0.6 * ui.available_height();
            clicked = self.raster.ui(ui, seen, self.selected, height).or(clicked);
            self.layout.span = self.raster.span;
            ui.separator();
            clicked = self.below(ui, seen, out).or(clicked);
        });
        self.selected = clicked.unwrap_or(self.selected);
        let wanted = self.wanted(seen);
        if wanted != self.wanted {
            self.wanted = wanted.clone();
            out.push(Command::Want(wanted));
        }
        asks
    }

    /// What the panels that are open need to see.
    fn wanted(&self, seen: &Seen) -> Wanted {
        let Layout { tab, groups, .. } = self.layout;
        Wanted {
            columns: if groups { self.groups.wanted(seen) } else { Vec::new() },
            probes: if tab == Tab::Neuron { self.neuron.wanted(seen, self.selected) } else { Vec::new() },
            partners: (tab == Tab::Synapses).then_some(self.selected),
            weights: if tab == Tab::Weights { self.weights.wanted(seen) } else { None },
            costs: tab == Tab::Cost,
        }
    }

    fn keys(&mut self, ui: &Ui, seen: &Seen, out: &mut Vec<Command>) {
        const KEYS: [Key; 7] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];
        let pressed = |key| super::panels::pressed(ui, key);
        for (key, tab) in KEYS.into_iter().zip(Tab::ALL) {
            if pressed(key) {
                self.layout.tab = tab;
            }
        }
        if pressed(Key::U) && !seen.log.is_empty() && seen.outline.goes_back {
            out.push(Command::Undo);
        }
        let neurons = seen.place(self.selected.0)[1] as u32;
        for (key, step) in [(Key::ArrowDown, 1), (Key::ArrowUp, -1)] {
            if pressed(key) && neurons > 0 {
                self.selected.1 = (i64::from(self.selected.1) + step).rem_euclid(i64::from(neurons)) as u32;
            }
        }
    }

    fn menu(&mut self, ui: &mut Ui, seen: &Seen, asks: &mut Asks) {
        let save = ui.button("💾 Save as scene").on_hover_text("a scene that gives the same bytes when it is run");
        asks.save = save.clicked();
        let picture = ui
            .button("📷 Picture")
            .on_hover_text("what is shown as a PNG, which opens as the experiment that it shows");
        asks.picture = picture.clicked();
        ui.separator();
        ui.toggle_value(&mut self.layout.groups, "groups");
        ui.toggle_value(&mut self.layout.parameters, "parameters");
        if ui.selectable_label(false, if self.layout.dark { "☀ light" } else { "🌙 dark" }).clicked() {
            self.layout.dark = !self.layout.dark;
        }
        if ui.button("reset layout").clicked() {
            self.layout = Layout { dark: self.layout.dark, ..Layout::default() };
            ui.ctx().memory_mut(egui::Memory::reset_areas);
        }
        ui.separator();
        ui.weak(&seen.outline.title);
        ui.menu_button("keys", |ui| {
            for line in [
                "space: run, pause",
                "→ ←: step, with shift ten",
                "R: restart",
                "[ ]: half, double speed",
                "↑ ↓: neuron before, after",
                "1 … 7: tabs",
                "U: undo",
            ] {
                ui.label(line);
            }
        });
    }

    /// The tab below the raster; the neuron that was clicked.
    fn below(&mut self, ui: &mut Ui, seen: &Seen, out: &mut Vec<Command>) -> Option<Selected> {
        ui.horizontal_wrapped(|ui| {
            for (tab, key) in Tab::ALL.into_iter().zip(1..) {
                let count = if tab == Tab::Session && !seen.log.is_empty() {
                    format!(" ({})", seen.log.len())
                } else {
                    String::new()
                };
                ui.selectable_value(&mut self.layout.tab, tab, format!("{tab:?}{count}"))
                    .on_hover_text(format!("key {key}"));
            }
        });
        match self.layout.tab {
            Tab::Neuron => self.neuron.ui(ui, seen, self.selected, self.layout.span, out),
            Tab::Synapses => return self.synapses.ui(ui, seen, self.selected),
            Tab::Weights => self.weights.ui(ui, seen),
            Tab::Statistics => self.rhythm.statistics(ui, seen),
            Tab::Spectrum => self.rhythm.spectrum(ui, seen),
            Tab::Cost => self.cost.ui(ui, seen),
            Tab::Session => _ = ScrollArea::vertical().show(ui, |ui| self.session.ui(ui, seen, out)),
        }
        None
    }
}

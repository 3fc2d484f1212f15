//! The window: panels side by side, one selection for all of them.

use std::path::PathBuf;

use eframe::egui::{self, CentralPanel, Panel, ScrollArea, Ui};

use super::{
    Seen,
    panels::{Groups, Neuron, Parameters, Raster, Selected, Session, Transport},
};
use crate::live::{Command, Live, Speed, Wanted};

/// A window on a network, wherever that runs.
pub struct Window {
    live: Live,
    seen: Seen,
    transport: Transport,
    raster: Raster,
    groups: Groups,
    neuron: Neuron,
    parameters: Parameters,
    session: Session,
    selected: Selected,
    wanted: Wanted,
    /// Where the session is saved as a scene.
    saved_as: PathBuf,
}

impl Window {
    /// On a network that runs at a speed; a session is saved at a path.
    #[must_use]
    pub fn new(live: Live, speed: Speed, saved_as: PathBuf) -> Self {
        let seen = Seen::of(live.outline().clone());
        Self {
            live,
            seen,
            transport: Transport::new(speed),
            raster: Raster::default(),
            groups: Groups::default(),
            neuron: Neuron::default(),
            parameters: Parameters::default(),
            session: Session::default(),
            selected: (0, 0),
            wanted: Wanted::default(),
            saved_as,
        }
    }

    /// The network.
    #[must_use]
    pub const fn live(&self) -> &Live {
        &self.live
    }

    /// What was seen.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Shows everything, and sends what was asked for.
    pub fn ui(&mut self, ui: &mut Ui) {
        if let Some(frame) = self.live.take() {
            self.seen.take_in(frame);
        }
        let mut out = Vec::new();
        let (mut clicked, mut saves) = (None, false);
        Panel::top("transport").show(ui, |ui| self.transport.ui(ui, &self.seen, &mut out));
        Panel::left("groups").default_size(280.0).show(ui, |ui| {
            ScrollArea::vertical().show(ui, |ui| clicked = self.groups.ui(ui, &self.seen, self.selected));
        });
        Panel::right("parameters").default_size(330.0).show(ui, |ui| {
            ScrollArea::vertical().show(ui, |ui| {
                self.parameters.ui(ui, &self.seen, self.selected.0, &mut out);
                ui.separator();
                ui.strong("session");
                saves = self.session.ui(ui, &self.seen, &mut out);
            });
        });
        CentralPanel::default().show(ui, |ui| {
            let height = ui.available_height();
            clicked = self.raster.ui(ui, &self.seen, 0.66 * height).or(clicked);
            self.neuron.ui(ui, &self.seen, self.selected, &mut out);
        });
        self.selected = clicked.unwrap_or(self.selected);
        if saves {
            self.save();
        }
        let wanted = Wanted { columns: self.groups.wanted(&self.seen), probes: self.neuron.wanted(self.selected) };
        if wanted != self.wanted {
            self.wanted = wanted.clone();
            out.push(Command::Want(wanted));
        }
        out.into_iter().for_each(|command| _ = self.live.send(command));
    }

    fn save(&mut self) {
        let saved = self.live.scene().map(|scene| {
            let scene = scene.map_err(|error| error.to_string())?;
            std::fs::write(&self.saved_as, scene.text()).map_err(|error| error.to_string())
        });
        let path = self.saved_as.display();
        let told = match saved {
            Some(Ok(())) => format!("saved as {path}: `cortecs run {path}` gives the same"),
            Some(Err(error)) => format!("{path} cannot be written: {error}"),
            None => "the network has ended".to_owned(),
        };
        self.seen.told.push_back(told);
    }
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        Self::ui(self, ui);
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(16));
    }
}

/// Opens a window, and returns when it is closed.
///
/// # Errors
/// There is no display, or nothing can be drawn on it.
pub fn show(title: &str, window: Window) -> Result<(), eframe::Error> {
    let viewport = egui::ViewportBuilder::default().with_inner_size([1280.0, 800.0]).with_title(title);
    let options = eframe::NativeOptions { viewport, renderer: eframe::Renderer::Glow, ..Default::default() };
    eframe::run_native(
        "cortecs",
        options,
        Box::new(|context| {
            context.egui_ctx.set_theme(egui::Theme::Dark);
            Ok(Box::new(window))
        }),
    )
}

//! The window: panels on a source of frames; what they ask for is sent there, sessions and pictures are saved.

use std::path::PathBuf;

use egui::Ui;

use super::{Asks, Caption, Panels, Picture, Seen, Still, write_png};
use crate::live::{Source, Speed};

/// A window on a network, wherever that runs.
pub struct Window {
    source: Box<dyn Source>,
    seen: Seen,
    panels: Panels,
    /// Where the session is saved as a scene, and pictures beside it.
    saved_as: PathBuf,
    dark: Option<bool>,
}

impl Window {
    /// On a network that runs at a speed; a session is saved at a path.
    #[must_use]
    pub fn new(source: Box<dyn Source>, speed: Speed, saved_as: PathBuf) -> Self {
        let seen = Seen::of(source.outline().clone());
        Self { source, seen, panels: Panels::new(speed), saved_as, dark: None }
    }

    /// Where frames come from.
    pub fn source(&mut self) -> &mut dyn Source {
        &mut *self.source
    }

    /// What was seen.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The panels.
    pub const fn panels(&mut self) -> &mut Panels {
        &mut self.panels
    }

    /// Shows everything, and sends what was asked for.
    pub fn ui(&mut self, ui: &mut Ui) {
        let dark = self.panels.layout.dark;
        if self.dark != Some(dark) {
            self.dark = Some(dark);
            ui.ctx().set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
        }
        while let Some(frame) = self.source.take() {
            self.seen.take_in(frame);
        }
        let mut out = Vec::new();
        let asks = self.panels.ui(ui, &self.seen, &mut out);
        out.into_iter().for_each(|command| _ = self.source.send(command));
        self.answer(asks);
    }

    fn answer(&mut self, asks: Asks) {
        if asks.save {
            self.save();
        }
        if asks.picture {
            self.picture();
        }
    }

    fn save(&mut self) {
        let path = self.saved_as.display();
        let saved = self.source.scene().map_err(|error| error.to_string());
        let saved = saved.and_then(|scene| {
            std::fs::write(&self.saved_as, scene.text()).map_err(|error| format!("`{path}` cannot be written: {error}"))
        });
        self.seen.tell(match saved {
            Ok(()) => format!("saved: `cortecs run {path}` gives the same"),
            Err(error) => error,
        });
    }

    /// What is shown, as a picture that opens as the experiment that it shows.
    fn picture(&mut self) {
        let path = self.saved_as.with_extension(format!("{}.png", self.seen.iteration));
        let scene = self.source.scene().ok().map(|scene| (scene.name().to_owned(), scene.text().to_owned()));
        let caption = Caption::of(&self.seen, scene.as_ref().map(|(_, text)| &**text));
        let mut still = Still::new([1280, 800], self.panels.again());
        let image = still.draw(&self.seen, &caption, &mut Vec::new());
        let picture = Picture { image, scene, iteration: self.seen.iteration };
        self.seen.tell(match write_png(&path, &picture) {
            Ok(()) => format!("saved: `cortecs view {}` shows it again", path.display()),
            Err(error) => format!("`{}` cannot be written: {error}", path.display()),
        });
    }
}

#[cfg(feature = "view")]
impl eframe::App for Window {
    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        Self::ui(self, ui);
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(16));
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, LAYOUT, &self.panels.layout);
    }
}

/// What the layout is kept as.
#[cfg(feature = "view")]
const LAYOUT: &str = "layout";

/// Opens a window, and returns when it is closed. Its layout is kept for the user.
///
/// # Errors
/// There is no display, or nothing can be drawn on it.
#[cfg(feature = "view")]
pub fn show(title: &str, mut window: Window) -> Result<(), eframe::Error> {
    let viewport = egui::ViewportBuilder::default().with_inner_size([1280.0, 800.0]).with_title(title);
    let options = eframe::NativeOptions { viewport, renderer: eframe::Renderer::Glow, ..Default::default() };
    let begin = |context: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        if let Some(layout) = context.storage.and_then(|storage| eframe::get_value(storage, LAYOUT)) {
            window.panels.layout = layout;
        }
        Ok(Box::new(window))
    };
    eframe::run_native("cortecs", options, Box::new(begin))
}

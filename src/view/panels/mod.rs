//! What is shown: one file for each panel.

mod groups;
mod neuron;
mod parameters;
mod raster;
mod session;
mod transport;

pub(super) use groups::Groups;
pub(super) use neuron::Neuron;
pub(super) use parameters::Parameters;
pub(super) use raster::Raster;
pub(super) use session::Session;
pub(super) use transport::Transport;

/// The neuron that all panels show: its group and its index.
pub(super) type Selected = (u32, u32);

/// Says to screen readers and tests what a canvas shows.
pub(super) fn label(response: &eframe::egui::Response, text: impl ToString) {
    let text = text.to_string();
    response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::WidgetType::Image, true, text.clone()));
}

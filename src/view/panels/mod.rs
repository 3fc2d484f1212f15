//! What is shown: one file for each panel. Each is a function of `&mut egui::Ui` on what was [`Seen`](super::Seen), and answers with
//! commands.

mod canvas;
mod cost;
mod groups;
mod neuron;
mod parameters;
mod raster;
mod rhythm;
mod session;
mod synapses;
mod transport;
mod weights;

use egui_plot::{AxisHints, Plot};

pub(super) use cost::Cost;
pub(super) use groups::Groups;
pub(super) use neuron::Neuron;
pub(super) use parameters::Parameters;
pub(super) use raster::Raster;
pub(super) use rhythm::Rhythm;
pub(super) use session::Session;
pub(super) use synapses::Synapses;
pub(super) use transport::{Transport, pressed};
pub(super) use weights::Weights;

/// The neuron that all panels show: its group and its index.
pub(super) type Selected = (u32, u32);

/// A plot with names at its axes, and numbers wherever there is room for them.
pub(super) fn plot<'a>(name: &str, x: &str, y: &str) -> Plot<'a> {
    let axis = |axis: AxisHints<'a>, name: &str, room: [f32; 2]| {
        vec![axis.label(name.to_owned()).label_spacing(egui::Rangef::new(room[0], room[1]))]
    };
    Plot::new(name.to_owned())
        .allow_scroll(false)
        .custom_x_axes(axis(AxisHints::new_x(), x, [30.0, 40.0]))
        .custom_y_axes(axis(AxisHints::new_y().min_thickness(48.0), y, [10.0, 14.0]))
}

/// Says to screen readers and tests what a canvas shows.
pub(super) fn label(response: &egui::Response, text: impl ToString) {
    let text = text.to_string();
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, text.clone()));
}

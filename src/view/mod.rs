//! A window on a network that runs: what is shown of it, and what hands do to it. Panels are functions of `&mut egui::Ui` on what was
//! [`Seen`]; they know no world and no thread, and answer with commands.
#![forbid(unsafe_code)]

mod colours;
mod panels;
mod seen;
#[cfg(test)]
mod tests;
mod window;

pub use eframe::egui;
pub use seen::Seen;
pub use window::{Window, show};

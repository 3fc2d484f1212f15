//! Windows on networks: what is shown of them, and what hands do to them. [`Panels`] are functions of `&mut egui::Ui` on what was
//! [`Seen`]; they know no world and no thread, and answer with commands. Feature `panels` has them for any host of egui, as
//! [`Watch`] in a Bevy application, and draws pictures of them without a display; feature `view` opens a window of its own.
#![forbid(unsafe_code)]

mod colours;
mod layout;
mod panels;
mod picture;
mod rasteriser;
mod seen;
#[cfg(test)]
mod tests;
mod watch;
mod window;

pub use egui;
pub use layout::{Asks, Layout, Panels, Tab};
pub use picture::{Caption, Picture, Still, read_png, write_png};
pub use seen::Seen;
pub use watch::{Watch, WatchPlugin};
pub use window::Window;
#[cfg(feature = "view")]
pub use window::show;

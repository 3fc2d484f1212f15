//! Scenes: a network as checked plain data, read from text or built in code. Knows the registry of behaviours, never
//! a behaviour by name; turning a scene into entities is the matter of `build`.
#![forbid(unsafe_code)]

mod attach;
mod constant;
pub mod describe;
mod form;
mod group;
mod library;
mod model;
mod nested;
mod plots;
mod profile;
mod read;
mod reader;
mod set;
mod spans;

pub use library::{Ready, library, like};
pub use model::{Attached, GroupScene, Scene, SwitchScene, SynapseScene, ValuesScene};
pub use plots::{Plots, RasterPlot};
pub use profile::{Over, ProfileCurve, ProfilePlot, Show};
pub use read::{open, read};
pub use set::set;
pub use spans::Spans;

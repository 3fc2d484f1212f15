//! The crate as a dependency: in a Bevy application, and of a crate with behaviours of its own.

mod afternoon;
mod births;
mod conformance;
mod downstream;
mod editing;
mod embedding;
#[cfg(feature = "inspect")]
mod inspecting;
mod strangers;

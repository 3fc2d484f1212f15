//! A network under somebody's hands: it runs, is looked at and touched, and every touch is kept, so that a session is an
//! experiment: its scene gives the same bytes when it is run again, and any moment of it can be gone back to.
//!
//! [`Experiment`] is the network with its log, run by whoever holds it; [`Live`] runs one on a thread of its own, at a pace, takes
//! [`Command`]s and gives [`Frame`]s. Knows no window: what a panel shows, it has seen in frames.
//!
//! ```
//! use cortecs::{live::{Experiment, Intervention}, text::Document};
//!
//! let scene = r#"(
//!     dt: 0.5,
//!     groups: {"cells": (size: 10, behaviours: [Izhikevich(), UniformNoise(low: 0, high: 10)])},
//! )"#;
//! let mut experiment = Experiment::new(Document::parse("scene", scene)?, None, |_| ())?;
//! experiment.run(400)?;
//! experiment.intervene(&Intervention::set("cells.UniformNoise.high", "25"))?;
//! experiment.run(400)?;
//! let saved = experiment.scene()?;
//! assert!(saved.text().contains(r#"(at: 200, set: {"cells.UniformNoise.high": 25})"#));
//! // Back to a moment before, and on from there as it was.
//! let end = experiment.state()?;
//! experiment.go_to(100)?;
//! experiment.run(700)?;
//! assert_eq!(experiment.state()?.first_difference(&end), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod experiment;
mod frame;
mod history;
mod intervention;
mod session;
mod tap;
#[cfg(test)]
mod tests;

pub use experiment::{Experiment, LiveError, Logged};
pub use frame::{BehaviourView, FieldView, Frame, GroupOutline, Outline, Snapshot, Trace, Wanted};
pub use intervention::Intervention;
pub use session::{Command, Live, Speed};
pub use tap::{Probe, Seen};

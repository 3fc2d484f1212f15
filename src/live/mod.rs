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

mod course;
mod experiment;
mod frame;
mod handshake;
mod history;
mod intervention;
mod log;
mod look;
mod offhand;
mod outline;
mod pace;
mod port;
#[cfg(feature = "output")]
mod recorded;
mod remote;
mod session;
mod source;
mod synapses;
mod tap;
#[cfg(test)]
mod tests;
mod watched;
mod wire;

pub use experiment::{Experiment, LiveError};
pub use frame::{Branch, Cost, Frame, Snapshot, Trace, Wanted};
pub use intervention::Intervention;
pub use log::{Logged, Touch};
pub use look::Look;
pub use offhand::Offhand;
pub use outline::{BehaviourView, FieldView, GroupOutline, Outline, SynapseOutline};
pub use port::Port;
#[cfg(feature = "output")]
pub use recorded::Recorded;
pub use remote::Remote;
pub use session::{Command, Live, Speed};
pub use source::Source;
pub use synapses::{Partner, Partners, WeightsView};
pub use tap::{Probe, Seen, plugin};
pub use watched::Watched;

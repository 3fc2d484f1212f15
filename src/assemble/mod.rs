//! From a scene to entities: what it means for the network as a whole, spawning, preparation, and the memory that all this
//! needs, stated before it is taken. Knows no connectivity rule by name.
#![forbid(unsafe_code)]

mod background;
mod faults;
mod futile;
mod meaning;
mod network;
mod plan;
mod profiles;
mod shadows;
mod spawn;
mod switches;
mod validate;

pub(crate) use background::begin_at;
pub use background::{Building, build_in_background, take_in_built};
pub(crate) use network::build_at;
pub use network::{Network, build, check, in_words};
pub use plan::{GroupPlan, Plan, RecordingPlan, SynapsePlan};
#[cfg(feature = "live")]
pub(crate) use switches::{check_switches, switch_anew, switch_more};

//! Checkpoints: the state of a network as bytes, so that it goes on elsewhere, or later, as if nothing had happened.
//!
//! A checkpoint file holds what has changed since the scene was built, and checksums of what has not: it is restored into a
//! network that was built from the same scene. A [`Checkpoint`] in memory holds all of it. Either is of all networks of a world, as
//! they have one clock. Knows the network; what a component keeps, only the component knows
//! ([`State`](crate::network::State)).
//!
//! ```
//! use cortecs::{checkpoint::{Checkpoint, Fit}, prelude::*};
//!
//! let mut bench = Bench::new();
//! let cells = bench.group("cells", 10, (Izhikevich::default(), UniformNoise { high: 20.0.into(), ..default() }));
//! bench.ticks(50);
//! let checkpoint = Checkpoint::take(bench.world_mut())?;
//! bench.ticks(50);
//! let first = bench.get(cells, "v");
//! checkpoint.restore(bench.world_mut(), Fit::Exactly)?;
//! bench.ticks(50);
//! assert_eq!(bench.get(cells, "v"), first);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod error;
mod file;
mod form;
mod parts;
mod restore;
mod save;

pub use error::{CheckpointError, CheckpointFileError};
pub use file::{CHECKPOINT, CheckpointFile, open, write};
pub use form::{Header, Run};
pub use restore::{Fit, Restored};

use std::io::Cursor;

use bevy_ecs::prelude::*;

use crate::network::Ranks;

/// The state of a network as a value.
#[derive(Clone, Debug)]
pub struct Checkpoint(Vec<u8>);

impl Checkpoint {
    /// The state of the network in `world`, which does not change by it.
    ///
    /// # Errors
    /// A part of it has no name by which it could be found again; or ranks share it, of which each knows its own synapses.
    pub fn take(world: &mut World) -> Result<Self, CheckpointError> {
        if world.contains_resource::<Ranks>() {
            return Err(CheckpointError::Shared);
        }
        let mut bytes = Vec::new();
        save::save(world, None, save::Extent::Whole, &mut bytes)?;
        Ok(Self(bytes))
    }

    /// What has changed of it since it was built, and checksums of the rest: smaller, and restored only where that rest is as it was
    /// built. Of ranks that share a network all take it at the same time, and rank 0 gets it, for any number of ranks; the others get
    /// nothing.
    ///
    /// # Errors
    /// A part of it has no name by which it could be found again.
    pub fn take_changes(world: &mut World) -> Result<Self, CheckpointError> {
        let mut bytes = Vec::new();
        save::save(world, None, save::Extent::Changes, &mut bytes)?;
        Ok(Self(bytes))
    }

    /// A checkpoint from bytes, which are looked at when it is restored.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes: what a checkpoint file holds.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// It is none, or one of another version.
    pub fn header(&self) -> Result<Header, CheckpointError> {
        form::read_header(&mut &self.0[..])
    }

    /// The first part that is not as in another checkpoint, in words.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<String> {
        form::first_difference(&mut &self.0[..], &mut &other.0[..])
    }

    /// Gives the network in `world` the state. Recordings in memory lose what was recorded since.
    ///
    /// # Errors
    /// It is damaged, or of another network; nothing has changed then.
    pub fn restore(&self, world: &mut World, fit: Fit) -> Result<Restored, CheckpointError> {
        restore::restore(world, &mut Cursor::new(&self.0), fit)
    }
}

//! Saving: every part of the network to bytes, one after another, so that nothing but the bytes ever takes room.

use std::io::Write;

use bevy_ecs::prelude::*;

use super::{
    error::CheckpointError,
    form::{Digest, Head, Header, Run, write_block, write_end, write_header},
    parts::{births, parts, seeds, words},
};
use crate::{
    network::Clock,
    numeric::{Archive, ArchiveError, real::PRECISION},
};

/// What is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// What has changed since the scene was built; of what has not, checksums.
    Changes,
    /// All of it.
    Whole,
}

/// Writes the state of the network in `world`.
pub(super) fn save(
    world: &mut World,
    run: Option<Run>,
    extent: Extent,
    to: &mut dyn Write,
) -> Result<(), CheckpointError> {
    let clock = world.get_resource::<Clock>().copied().unwrap_or_default();
    let (seeds, births) = (seeds(world), births(world));
    let (dt, iteration) = (clock.dt, clock.iteration);
    write_header(&Header { precision: PRECISION.into(), dt, iteration, seeds, births, run }, to)?;
    let parts = parts(world)?;
    for (key, part) in &parts {
        // Once to measure and once to write: a head comes first, and a copy of 10⁸ weights would take as much room again.
        let unsaved = |why| match why {
            ArchiveError::Io(error) => CheckpointError::Io(error),
            why => CheckpointError::Unsaved { part: words(key), why },
        };
        let mut digest = Digest::default();
        part.persist(world, &mut Archive::save(&mut digest)).map_err(unsaved)?;
        let (entity, component) = key.clone();
        let head = Head {
            entity,
            part: component,
            recording: part.is_recording(world),
            on: part.is_on(world),
            as_built: extent == Extent::Changes && part.is_as_built(world),
            bytes: digest.bytes,
            crc: digest.crc(),
        };
        write_block(&head, to)?;
        if !head.as_built {
            part.persist(world, &mut Archive::save(to)).map_err(unsaved)?;
        }
    }
    write_end(parts.len() as u64, to)
}

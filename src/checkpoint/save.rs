//! Saving: every part of the network to bytes, one after another, so that nothing but the bytes ever takes room. Ranks that share
//! a network do it together, and rank 0 writes what one process would write.

use std::io::{self, Write};

use bevy_ecs::prelude::*;

use super::{
    error::CheckpointError,
    form::{Head, Header, Run, write_block, write_end, write_header},
    parts::{Part, births, parts, seeds, words},
};
use crate::{
    network::{Clock, Ranks},
    numeric::{Archive, ArchiveError, Digest, real::PRECISION},
};

/// What is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// What has changed since the scene was built; of what has not, checksums.
    Changes,
    /// All of it.
    Whole,
}

/// Writes the state of the network in `world`; of several ranks, each of which saves it at the same time, at rank 0.
pub(super) fn save(
    world: &mut World,
    run: Option<Run>,
    extent: Extent,
    to: &mut dyn Write,
) -> Result<(), CheckpointError> {
    let mut to = Lasting { to, failed: None, is_for_others: !Ranks::keeps(world.get_resource::<Ranks>()) };
    let clock = world.get_resource::<Clock>().copied().unwrap_or_default();
    let (seeds, births) = (seeds(world), births(world));
    let (dt, iteration) = (clock.dt, clock.iteration);
    write_header(&Header { precision: PRECISION.into(), dt, iteration, seeds, births, run }, &mut to)?;
    let parts = parts(world)?;
    let mut in_order: Vec<_> = parts.iter().collect();
    let first = |part: &Part| !part.are_synapses(world);
    in_order.sort_by(|(a, one), (b, other)| a.0.cmp(&b.0).then_with(|| first(one).cmp(&first(other))));
    for part in in_order {
        save_part(world, part, extent, &mut to)?;
    }
    write_end(parts.len() as u64, &mut to)?;
    to.failed.map_or(Ok(()), |error| Err(CheckpointError::Io(error)))
}

fn save_part(
    world: &mut World,
    (key, part): (&(String, String), &Part),
    extent: Extent,
    to: &mut dyn Write,
) -> Result<(), CheckpointError> {
    let unsaved = |why| match why {
        ArchiveError::Io(error) => CheckpointError::Io(error),
        why => CheckpointError::Unsaved { part: words(key), why },
    };
    let as_built = extent == Extent::Changes && part.is_as_built(world);
    // Once to measure and once to write: a head comes first, and a copy of 10⁸ weights would take as much room again.
    let (bytes, crc) = if as_built {
        part.built(world).map_err(unsaved)?
    } else {
        let mut digest = Digest::default();
        part.persist(world, &mut Archive::digest(&mut digest)).map_err(unsaved)?;
        (digest.bytes(), digest.crc())
    };
    let (entity, component) = key.clone();
    let (recording, on) = (part.is_recording(world), part.is_on(world));
    write_block(&Head { entity, part: component, recording, on, as_built, bytes, crc }, to)?;
    if !as_built {
        part.persist(world, &mut Archive::save(to)).map_err(unsaved)?;
    }
    Ok(())
}

/// Takes bytes to the end: other ranks would wait for one that stops where its disk is full.
struct Lasting<'a> {
    to: &'a mut dyn Write,
    failed: Option<io::Error>,
    /// Another rank writes them.
    is_for_others: bool,
}

impl Write for Lasting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let (false, None) = (self.is_for_others, &self.failed) {
            self.failed = self.to.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

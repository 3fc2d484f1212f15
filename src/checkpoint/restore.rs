//! Restoring: the whole checkpoint is read and compared with the network before anything changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read, Seek},
};

use bevy_ecs::prelude::*;

use super::{
    error::CheckpointError,
    form::{Head, Header, Summed, in_words, read_block, read_end, read_header},
    parts::{Part, PartKind, Parts, parts, seeds, set_births, words},
};
use crate::{
    network::{Clock, Given, Ranks, Switches, Synapses, Weights, receptor::WiringChanged, state::stable_name_of},
    numeric::{Archive, ArchiveError, Digest, rows::Rows},
};

/// Which networks a checkpoint may be restored in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fit {
    /// One of the same scene and seed: it goes on as if nothing had happened.
    Exactly,
    /// A variant: what the checkpoint does not know starts as the scene has it, what the network does not have is left out,
    /// and what the scene makes, such as weights that nobody learns, is as the scene has it now. Recordings begin with the
    /// iteration to come.
    Variant {
        /// A number, if the noise of behaviours is to go on otherwise than it would: it decides how.
        noise: Option<u64>,
    },
}

/// What was restored.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Restored {
    /// What the checkpoint says of itself.
    pub header: Header,
    /// Of a variant: parts of the network that the checkpoint does not know.
    pub fresh: Vec<String>,
    /// Of a variant: parts of the checkpoint that the network does not have.
    pub left_out: Vec<String>,
}

/// Gives the network in `world` the state that was saved.
pub(super) fn restore(world: &mut World, from: &mut (impl Read + Seek), fit: Fit) -> Result<Restored, CheckpointError> {
    let start = from.stream_position()?;
    let parts = parts(world)?;
    let built = built_of_ranks(world, &parts)?;
    let mut reading =
        Reading { world, parts: &parts, built, fit, changes: false, other_synapses: BTreeSet::new(), found: None };
    let checked = reading.read(from)?;
    from.seek(io::SeekFrom::Start(start))?;
    switch(reading.world, &parts, &checked.heads);
    reading.changes = true;
    let restored = reading.read(from)?;
    let iteration = restored.header.iteration;
    if let Some(mut clock) = world.get_resource_mut::<Clock>() {
        clock.iteration = iteration;
    }
    set_births(world, &restored.header.births);
    // From before the first iteration there are no lists as old as delays, and no rings.
    world.get_resource_or_init::<WiringChanged>().note();
    Switches::go_on_before(world, iteration);
    Given::end_run(world);
    Ok(Restored { header: restored.header, fresh: restored.fresh, left_out: restored.left_out })
}

/// Digests of what a scene makes.
type Built = BTreeMap<(String, String), (u64, u32)>;

/// Of ranks that share a network: the digests of all that a scene makes, which they make together before each reads for itself.
fn built_of_ranks(world: &mut World, parts: &Parts) -> Result<Built, CheckpointError> {
    let mut built = Built::new();
    if !world.contains_resource::<Ranks>() {
        return Ok(built);
    }
    for (key, part) in parts {
        if part.may_stay(world) {
            let digest = part.built(world).map_err(|why| CheckpointError::Other { part: words(key), why })?;
            built.insert(key.clone(), digest);
        }
    }
    Ok(built)
}

/// Behaviours are on or off as they were, before they get what they keep.
fn switch(world: &mut World, parts: &Parts, heads: &[Head]) {
    for head in heads {
        let Some(Part { entity, kind: PartKind::Behaviour(entry) }) = parts.get(&key(head)) else { continue };
        if let (Some(on), Ok(mut entity)) = (head.on, world.get_entity_mut(*entity)) {
            entry.switch(&mut entity, on);
        }
    }
    world.flush();
}

fn key(head: &Head) -> (String, String) {
    (head.entity.clone(), head.part.clone())
}

/// One way through a checkpoint.
struct Reading<'a> {
    world: &'a mut World,
    parts: &'a Parts,
    built: Built,
    fit: Fit,
    /// Whether the network is to change, or only to be compared.
    changes: bool,
    /// Synapse groups whose synapses the scene makes otherwise than it did.
    other_synapses: BTreeSet<String>,
    /// The synapses of a group that were looked at last, and are not yet there.
    found: Option<(Entity, Rows)>,
}

/// What was read.
struct Content {
    header: Header,
    heads: Vec<Head>,
    fresh: Vec<String>,
    left_out: Vec<String>,
}

impl Reading<'_> {
    fn read(&mut self, from: &mut dyn Read) -> Result<Content, CheckpointError> {
        let header = read_header(from)?;
        self.compare(&header)?;
        let (mut heads, mut left_out, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        while let Some(head) = read_block::<Head>(from, "the head of a part")? {
            let anew = head.recording && self.fit != Fit::Exactly;
            let part = self.parts.get(&key(&head)).filter(|_| !anew).cloned();
            if part.is_none() && !anew {
                left_out.push(head.in_words());
            }
            self.part(&head, part, from)?;
            seen.insert(key(&head));
            heads.push(head);
        }
        read_end(heads.len() as u64, from)?;
        // Learnt weights belong to the synapses that they were learnt at.
        let weights = stable_name_of::<Weights>();
        let learnt = |head: &&Head| !head.as_built && head.part == weights;
        if let Some(head) = heads.iter().filter(learnt).find(|head| self.other_synapses.contains(&head.entity)) {
            return Err(CheckpointError::Changed(in_words(&head.entity, &stable_name_of::<Synapses>())));
        }
        let anew = |part: &Part| self.fit != Fit::Exactly && part.is_recording(self.world);
        let fresh = self.parts.iter().filter(|(key, part)| !seen.contains(*key) && !anew(part));
        // A behaviour says more than the columns that come with it.
        let (columns, others): (Vec<_>, Vec<_>) = fresh.partition(|(_, part)| matches!(part.kind, PartKind::State(_)));
        let fresh: Vec<String> = others.into_iter().chain(columns).map(|(key, _)| words(key)).collect();
        match (self.fit, fresh.first(), left_out.first()) {
            (Fit::Exactly, Some(fresh), _) => Err(CheckpointError::Missing(fresh.clone())),
            (Fit::Exactly, None, Some(left_out)) => Err(CheckpointError::Unknown(left_out.clone())),
            // A variant that has nothing of it is another network.
            _ if !seen.iter().any(|key| self.parts.contains_key(key)) => Err(CheckpointError::Another),
            _ => Ok(Content { header, heads, fresh, left_out }),
        }
    }

    const fn noise(&self) -> Option<u64> {
        match self.fit {
            Fit::Exactly => None,
            Fit::Variant { noise } => noise,
        }
    }

    /// Whether the checkpoint and the network have the same time, and the same chance.
    fn compare(&mut self, header: &Header) -> Result<(), CheckpointError> {
        let own = self.world.get_resource::<Clock>().copied().unwrap_or_default().dt;
        if header.dt != own {
            return Err(CheckpointError::Step { found: header.dt, own });
        }
        let own = seeds(self.world);
        if self.fit == Fit::Exactly && header.seeds != own {
            return Err(CheckpointError::Seed { found: header.seeds.clone(), own });
        }
        Ok(())
    }

    /// Reads the bytes of a part, for the part of the network that is its own, if there is one.
    fn part(&mut self, head: &Head, part: Option<Part>, from: &mut dyn Read) -> Result<(), CheckpointError> {
        if head.as_built {
            return part.map_or(Ok(()), |part| self.compare_built(head, &part));
        }
        let mut summed = Summed { from: &mut from.take(head.bytes), digest: Digest::default() };
        let fits = match part {
            None => Ok(()),
            Some(part) => {
                let make = if self.changes { Archive::restore } else { Archive::check };
                let mut archive = make(&mut summed, head.bytes).with_noise(self.noise());
                part.persist_after(self.world, &mut archive, &mut self.found).and_then(|()| archive.end())
            }
        };
        // To the end, so that damage is not taken for another network.
        io::copy(&mut summed, &mut io::sink())?;
        if summed.digest.bytes() < head.bytes {
            return Err(CheckpointError::CutOff);
        }
        if summed.digest.crc() != head.crc {
            return Err(CheckpointError::Damaged(head.in_words()));
        }
        fits.map_err(|why| CheckpointError::Other { part: head.in_words(), why })
    }

    /// What the scene has made must be as it was.
    fn compare_built(&mut self, head: &Head, part: &Part) -> Result<(), CheckpointError> {
        let are_synapses = head.part == stable_name_of::<Synapses>();
        if self.changes || (self.fit != Fit::Exactly && !are_synapses) {
            return Ok(());
        }
        let other = |why: ArchiveError| CheckpointError::Other { part: head.in_words(), why };
        let built = match self.built.get(&key(head)) {
            Some(built) => *built,
            None => part.built(self.world).map_err(other)?,
        };
        let same = built == (head.bytes, head.crc);
        match self.fit {
            _ if same => Ok(()),
            Fit::Exactly => Err(CheckpointError::Changed(head.in_words())),
            Fit::Variant { .. } => {
                self.other_synapses.insert(head.entity.clone());
                Ok(())
            }
        }
    }
}

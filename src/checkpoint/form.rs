//! The bytes of a checkpoint.
//!
//! ```text
//! file    = "cortecs" 0x1a, version, header, part*, end
//! version = length (u16), UTF-8
//! header  = block
//! part    = block (its head), bytes as many as the head says
//! block   = length (u32, not 0), postcard, CRC-32 of that
//! end     = 0 (u32), number of parts (u64)
//! ```
//! All numbers are little-endian. Each part has its CRC-32 in its head.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::error::CheckpointError;
use crate::numeric::{Digest, real::PRECISION};

const MAGIC: [u8; 8] = *b"cortecs\x1a";
/// The version of this crate, and of what stands in files since.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (form 4)");

/// The longest block: a header holds the text of a scene.
const LONGEST: u32 = 1 << 28;

/// What a checkpoint says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// `f32` or `f64`.
    pub precision: String,
    /// The step (ms).
    pub dt: f64,
    /// Iterations that were done.
    pub iteration: u64,
    /// The seeds of its networks, in the order in which they were made; of what is part of none, where there is no network.
    pub seeds: Vec<u64>,
    /// The iterations at which they began, in the same order.
    pub births: Vec<u64>,
    /// The run that it was taken in, if it was one of the command line.
    pub run: Option<Run>,
}

/// A run of the command line: enough of it to go on with nothing else at hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The scene's file, as it was named.
    pub scene_file: String,
    /// The folder that the files which it names are in; absolute.
    pub folder: String,
    /// The scene's text, with all that was set on the command line.
    pub scene: String,
    /// What was set on the command line.
    pub settings: Vec<String>,
    /// The iteration with which the run began: not 0, where it began from another checkpoint.
    pub first: u64,
    /// The files that its network was built from: name, length (bytes) and CRC-32.
    pub files: Vec<(String, u64, u32)>,
    /// How often its state was to be saved, as it was typed.
    pub checkpoint_every: Option<String>,
    /// Whether it was to go on without recordings, where they could not be written.
    pub goes_on_without: bool,
    /// The checkpoint that it began from, if it did.
    pub from: Option<String>,
    /// The number by which its noise went on otherwise from there.
    pub noise_seed: Option<u64>,
    /// When the run began (UTC, RFC 3339).
    pub started: String,
    /// Wall time (s) of its iterations so far.
    pub wall_s: f64,
    /// The iterations before which it was gone on with.
    pub resumed: Vec<u64>,
    /// The iteration with which its recordings ended, as they could not be written any more.
    pub recordings_end: Option<u64>,
    /// The spikes of each group before it began, where it began from another checkpoint.
    pub before: Vec<u64>,
}

/// The head of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The entity: `excitatory`.
    pub entity: String,
    /// The component.
    pub part: String,
    /// Whether it belongs to a recording.
    pub recording: bool,
    /// Of a behaviour, whether it was on.
    pub on: Option<bool>,
    /// Whether it was as its scene had made it: there is a checksum, but no bytes follow.
    pub as_built: bool,
    /// Its length.
    pub bytes: u64,
    pub crc: u32,
}

impl Head {
    /// In words, for messages.
    pub fn in_words(&self) -> String {
        in_words(&self.entity, &self.part)
    }
}

/// A part in words: `excitatory` (`V`).
pub(super) fn in_words(entity: &str, part: &str) -> String {
    format!("`{entity}` (`{part}`)")
}

pub(super) fn write_header(header: &Header, to: &mut dyn Write) -> Result<(), CheckpointError> {
    to.write_all(&MAGIC)?;
    to.write_all(&(VERSION.len() as u16).to_le_bytes())?;
    to.write_all(VERSION.as_bytes())?;
    write_block(header, to)
}

pub(super) fn read_header(from: &mut dyn Read) -> Result<Header, CheckpointError> {
    let magic: [u8; MAGIC.len()] = array(from).map_err(|error| match error {
        CheckpointError::CutOff => CheckpointError::Foreign,
        other => other,
    })?;
    if magic != MAGIC {
        return Err(CheckpointError::Foreign);
    }
    let mut version = vec![0; usize::from(u16::from_le_bytes(array(from)?))];
    from.read_exact(&mut version)?;
    if version != VERSION.as_bytes() {
        let found = String::from_utf8_lossy(&version).escape_debug().take(40).collect();
        return Err(CheckpointError::Version { found, own: VERSION });
    }
    let header: Header = read_block(from, "its header")?.ok_or(CheckpointError::CutOff)?;
    if header.precision == PRECISION {
        Ok(header)
    } else {
        Err(CheckpointError::Precision { found: header.precision, own: PRECISION })
    }
}

pub(super) fn write_block(value: &impl Serialize, to: &mut dyn Write) -> Result<(), CheckpointError> {
    let bytes = postcard::to_allocvec(value).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or_else(|| io::Error::other("the text of the scene is too long"))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&bytes)?;
    Ok(to.write_all(&crc32fast::hash(&bytes).to_le_bytes())?)
}

/// The next block; `None` at the end.
pub(super) fn read_block<T: DeserializeOwned>(from: &mut dyn Read, what: &str) -> Result<Option<T>, CheckpointError> {
    let damaged = || CheckpointError::Damaged(what.to_owned());
    let length = u32::from_le_bytes(array(from)?);
    if length == 0 {
        return Ok(None);
    }
    if length > LONGEST {
        return Err(damaged());
    }
    let mut bytes = Vec::new();
    if from.take(length.into()).read_to_end(&mut bytes)? < length as usize {
        return Err(CheckpointError::CutOff);
    }
    let crc = u32::from_le_bytes(array(from)?);
    if crc32fast::hash(&bytes) != crc {
        return Err(damaged());
    }
    match postcard::take_from_bytes(&bytes) {
        Ok((value, [])) => Ok(Some(value)),
        _ => Err(damaged()),
    }
}

pub(super) fn write_end(parts: u64, to: &mut dyn Write) -> Result<(), CheckpointError> {
    to.write_all(&0_u32.to_le_bytes())?;
    Ok(to.write_all(&parts.to_le_bytes())?)
}

/// Sees that nothing was left out, and that nothing follows.
pub(super) fn read_end(parts: u64, from: &mut dyn Read) -> Result<(), CheckpointError> {
    let counted = u64::from_le_bytes(array(from)?);
    let follows = from.read(&mut [0])? > 0;
    if counted == parts && !follows { Ok(()) } else { Err(CheckpointError::Damaged("the number of its parts".into())) }
}

/// The first part, in words, whose head is not the same in two checkpoints.
pub(super) fn first_difference(one: &mut dyn Read, other: &mut dyn Read) -> Option<String> {
    let headers = [read_header(one).ok(), read_header(other).ok()];
    if headers[0].is_none() || headers[0] != headers[1] {
        return Some("the header".into());
    }
    loop {
        match (next_head(one), next_head(other)) {
            (None, None) => return None,
            (Some(one), Some(other)) if one == other => {}
            (one, other) => return one.or(other).map(|head| head.in_words()),
        }
    }
}

/// The head of the next part, which is skipped.
fn next_head(from: &mut dyn Read) -> Option<Head> {
    let head = read_block::<Head>(from, "").ok().flatten()?;
    let bytes = if head.as_built { 0 } else { head.bytes };
    let skipped = io::copy(&mut from.take(bytes), &mut io::sink()).ok()?;
    (skipped == bytes).then_some(head)
}

fn array<const N: usize>(from: &mut dyn Read) -> Result<[u8; N], CheckpointError> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Sums up what is read.
pub(super) struct Summed<'a> {
    pub from: &'a mut dyn Read,
    pub digest: Digest,
}

impl Read for Summed<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(bytes)?;
        self.digest.write_all(&bytes[..read])?;
        Ok(read)
    }
}

//! Why a checkpoint cannot be made or used.

use std::{io, path::PathBuf};

use crate::numeric::ArchiveError;

/// A checkpoint cannot be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Other bytes.
    #[error("it is no checkpoint of cortecs")]
    Foreign,
    /// A variant has none of its groups.
    #[error("it is of another network: nothing in it belongs to a group of this one")]
    Another,
    /// Another version of this crate.
    #[error("it was written by cortecs {found}, and this is {own}: another version may do other things with it")]
    Version {
        /// The version that wrote it.
        found: String,
        /// This one.
        own: &'static str,
    },
    /// Numbers of another precision.
    #[error("its numbers are {found}, and those of this program {own}")]
    Precision {
        /// Its own: `f32`.
        found: String,
        /// Those of this program.
        own: &'static str,
    },
    /// The bytes end too early.
    #[error("it is cut off: bytes are missing at its end")]
    CutOff,
    /// Bytes have changed.
    #[error("it is damaged: {0} does not agree with its checksum")]
    Damaged(String),
    /// Bytes that cannot be read or written.
    #[error(transparent)]
    Io(io::Error),
    /// Another step.
    #[error("it was made in steps of {found} ms, and those of the network are {own} ms")]
    Step {
        /// Its own (ms).
        found: f64,
        /// Those of the network (ms).
        own: f64,
    },
    /// Other random numbers.
    #[error("it was made with the seed {}, and that of the network is {}", in_words(.found), in_words(.own))]
    Seed {
        /// Its own.
        found: Vec<u64>,
        /// Those of the networks.
        own: Vec<u64>,
    },
    /// A part of the network that it says nothing of.
    #[error("it is of another network: it has no {0}")]
    Missing(String),
    /// It says something of what is not there.
    #[error("it is of another network, with {0}")]
    Unknown(String),
    /// A part has another form.
    #[error("it is of another network: {part}: {why}")]
    Other {
        /// The part.
        part: String,
        /// What is different.
        why: ArchiveError,
    },
    /// A part that the scene makes has become another one.
    #[error("{0} is not what it was: the scene, or a file that it names, has changed since")]
    Changed(String),
    /// A part of the network cannot be found again.
    #[error("an entity with {0} has no name, by which it would be found again")]
    Nameless(String),
    /// Ranks share the network.
    #[error("ranks share the network: none of them has all of it")]
    Shared,
    /// Two parts have one name.
    #[error("two entities are called `{0}`: they could not be told apart")]
    Twins(String),
    /// A value that cannot be written.
    #[error("{part} cannot be saved: {why}")]
    Unsaved {
        /// The part.
        part: String,
        /// Why.
        why: ArchiveError,
    },
}

fn in_words(seeds: &[u64]) -> String {
    seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

impl From<io::Error> for CheckpointError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::CutOff } else { Self::Io(error) }
    }
}

/// A checkpoint file cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFileError {
    /// It cannot be written.
    #[error("the checkpoint `{}` cannot be written: {why}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        why: CheckpointError,
    },
    /// It cannot be used.
    #[error("the checkpoint `{}` cannot be used: {why}", .path.display())]
    Use {
        /// The file.
        path: PathBuf,
        /// Why.
        why: CheckpointError,
    },
}

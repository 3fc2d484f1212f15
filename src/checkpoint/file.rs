//! Checkpoint files: whole ones, or none. A new one takes the place of the old one only when all of it is on the disk.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::Path,
};

use bevy_ecs::prelude::*;

use super::{
    error::{CheckpointError, CheckpointFileError},
    form::{Header, Run, read_header},
    restore::{Fit, Restored, restore},
    save::{Extent, save},
};
use crate::{
    disk::{self, Writing},
    files,
    network::Ranks,
};

/// The name of the checkpoint in a run folder.
pub const CHECKPOINT: &str = "checkpoint";

/// Between two calls of the system: a part may be a few bytes or a gigabyte.
const BUFFER: usize = 1 << 18;

/// Writes the state of the network in `world` to a file, in the place of one that is there. Of ranks that share a network rank 0 does,
/// while the others [give their parts](super::Checkpoint::take_changes).
///
/// # Errors
/// The file system refuses, and what was there is still there; or the network cannot be saved.
pub fn write(world: &mut World, run: Option<Run>, path: &Path) -> Result<(), CheckpointFileError> {
    let mut begun = false;
    let fill = |file: Writing| -> Result<(), CheckpointError> {
        begun = true;
        let mut file = BufWriter::with_capacity(BUFFER, file);
        save(world, run, Extent::Changes, &mut file)?;
        file.flush()?;
        Ok(file.get_ref().sync()?)
    };
    let written = disk::replace(path, fill).and_then(|()| Ok(disk::sync_folder(path)?));
    if !begun && world.contains_resource::<Ranks>() {
        // Others wait with what they have, wherever it goes.
        drop(save(world, None, Extent::Changes, &mut io::sink()));
    }
    written.map_err(|why| CheckpointFileError::Write { path: path.to_owned(), why })
}

/// A checkpoint file that was opened.
#[derive(Debug)]
pub struct CheckpointFile {
    file: BufReader<File>,
    header: Header,
}

/// Opens a checkpoint file and reads its header.
///
/// # Errors
/// It cannot be read, is none, or one of another version or precision.
pub fn open(path: &Path) -> Result<CheckpointFile, CheckpointFileError> {
    let failed = |why| CheckpointFileError::Use { path: path.to_owned(), why };
    let file = files::open(path).map_err(|error| failed(CheckpointError::Io(error)))?;
    let mut file = BufReader::with_capacity(BUFFER, file);
    let header = read_header(&mut file).map_err(failed)?;
    Ok(CheckpointFile { file, header })
}

impl CheckpointFile {
    /// What it says of itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Gives the network in `world` the state.
    ///
    /// # Errors
    /// It is damaged, or of another network; nothing has changed then.
    pub fn restore(&mut self, world: &mut World, fit: Fit) -> Result<Restored, CheckpointError> {
        io::Seek::rewind(&mut self.file)?;
        restore(world, &mut self.file, fit)
    }
}

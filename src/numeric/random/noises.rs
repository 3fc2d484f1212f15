//! The random streams of equations, which have as many noises as they like, and more or fewer when a parameter is changed: of each
//! noise one stream for each block. A noise that comes again goes on where it stopped.

use super::{stream::Stream, vector_rng::VectorRng};
use crate::numeric::{Archive, ArchiveError};

/// Noises, at most.
const MOST: usize = 4096;

/// The random streams of some noises.
#[derive(Clone, Debug, Default)]
pub struct Noises {
    stream: Option<Stream>,
    blocks: usize,
    /// Of those that there are, and behind them of those that there were.
    streams: Vec<VectorRng>,
}

impl Noises {
    /// So many noises, each of so many blocks.
    #[must_use]
    pub fn of(stream: Stream, blocks: usize, noises: usize) -> Self {
        let mut of = Self { stream: Some(stream), blocks, streams: Vec::new() };
        of.have(noises);
        of
    }

    /// Has so many noises at least.
    fn have(&mut self, noises: usize) {
        let known = self.streams.len() / self.blocks.max(1);
        let Some(stream) = self.stream else { return };
        let more = (known..noises).flat_map(|noise| VectorRng::for_blocks(stream.of_event(noise as u64), self.blocks));
        self.streams.extend(more);
    }

    /// Goes on where others stopped, be they more or fewer.
    pub fn go_on(&mut self, before: &mut Self) {
        if before.blocks == self.blocks && before.stream == self.stream {
            let own = self.streams.len() / self.blocks.max(1);
            std::mem::swap(&mut self.streams, &mut before.streams);
            self.have(own);
        }
    }

    /// The streams of each noise, block by block.
    pub fn each(&mut self) -> std::slice::ChunksMut<'_, VectorRng> {
        self.streams.chunks_mut(self.blocks.max(1))
    }

    /// Goes through the streams; there may have been more noises when they were saved, or fewer.
    ///
    /// # Errors
    /// What was saved does not fit.
    pub fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let here = (self.streams.len() / self.blocks.max(1)) as u64;
        let saved = archive.through(&here)?.unwrap_or(here) as usize;
        if saved > MOST || (saved > 0 && self.stream.is_none()) {
            return Err(ArchiveError::Form);
        }
        let mut found = self.clone();
        found.streams.truncate(saved * self.blocks);
        found.have(saved);
        archive.streams(&mut found.streams)?;
        if archive.restores() {
            found.have(here as usize);
            *self = found;
        }
        Ok(())
    }
}

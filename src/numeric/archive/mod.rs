//! Archives: state on its way to bytes and back. One function of a type goes through what it keeps, whichever way.
//!
//! Where ranks share a network, what is saved is what one process would save: all of them go through it together, and rank 0 writes.
//! So any number of them restores it, each for itself.

mod bytes;
mod digest;
mod members;
mod source;
mod sparse;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};

use bytemuck::Pod;
use serde::{Serialize, de::DeserializeOwned};

use self::source::Source;
use super::{Column, rows::Rows, vector_rng::VectorRng};

pub use digest::Digest;
pub use members::{Members, Shared};

/// Where state is written to, or read from.
pub struct Archive<'a> {
    way: Way<'a>,
    noise: Option<u64>,
    members: Members,
}

enum Way<'a> {
    Save(&'a mut dyn Write),
    Digest(&'a mut Digest),
    /// Of what a scene makes: all ranks have the digest.
    Compare(&'a mut Digest),
    /// Nothing is saved: what belongs to other ranks gives its memory back.
    Release,
    /// As restoring, but nothing changes: what does not fit is found before anything was touched.
    Check(Source<'a>),
    Restore(Source<'a>),
}

/// State cannot be saved or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// There are more or fewer numbers than here.
    #[error("{there} values were saved, and there are {here}")]
    Length {
        /// Here.
        here: u64,
        /// In the archive.
        there: u64,
    },
    /// The archive ends before all was read, or goes on after it.
    #[error("it was saved in another form")]
    Form,
    /// A value that cannot be one.
    #[error("it was saved in another form: {0}")]
    Value(#[from] postcard::Error),
    /// What was saved cannot be here.
    #[error("{0}")]
    Refused(String),
    /// Bytes cannot be written or read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<'a> Archive<'a> {
    /// An archive that takes state.
    pub fn save(to: &'a mut dyn Write) -> Self {
        Self::on(Way::Save(to))
    }

    /// An archive that takes no more than the digest of what [`save`](Self::save) would write.
    pub fn digest(digest: &'a mut Digest) -> Self {
        Self::on(Way::Digest(digest))
    }

    /// An archive that takes the digest of what a scene makes, by which it is compared: every rank has it, and of synapses it does not
    /// matter how they lie.
    pub fn compare(digest: &'a mut Digest) -> Self {
        Self::on(Way::Compare(digest))
    }

    /// An archive that looks whether the state in the next `bytes` bytes would fit, and changes nothing.
    pub fn check(from: &'a mut dyn Read, bytes: u64) -> Self {
        Self::on(Way::Check(Source { from, left: bytes }))
    }

    /// An archive that gives state back, from the next `bytes` bytes.
    pub fn restore(from: &'a mut dyn Read, bytes: u64) -> Self {
        Self::on(Way::Restore(Source { from, left: bytes }))
    }

    /// An archive that saves nothing, and has numbers of members that are other ranks' give back their memory.
    #[must_use]
    pub fn release() -> Self {
        Self::on(Way::Release)
    }

    fn on(way: Way<'a>) -> Self {
        Self { way, noise: None, members: Members::default() }
    }

    /// What it goes through belongs to these members from now on; returns those before.
    pub const fn of(&mut self, members: Members) -> Members {
        std::mem::replace(&mut self.members, members)
    }

    /// Lets random streams, once they are restored, go on otherwise than they would; the number decides how.
    #[must_use]
    pub const fn with_noise(mut self, noise: Option<u64>) -> Self {
        self.noise = noise;
        self
    }

    /// Whether what is gone through gets new values: what is derived from them is then to be derived again.
    #[must_use]
    pub const fn restores(&self) -> bool {
        matches!(self.way, Way::Restore(_))
    }

    /// Whether what is gone through is only compared.
    #[must_use]
    pub const fn compares(&self) -> bool {
        matches!(self.way, Way::Compare(_))
    }

    /// Sees that nothing is left.
    ///
    /// # Errors
    /// Something is, or cannot be written.
    pub fn end(self) -> Result<(), ArchiveError> {
        match self.way {
            Way::Check(source) | Way::Restore(source) if source.left > 0 => Err(ArchiveError::Form),
            _ => Ok(()),
        }
    }

    /// A value of any form.
    ///
    /// # Errors
    /// It cannot be saved, or is none.
    pub fn value<T: Serialize + DeserializeOwned>(&mut self, value: &mut T) -> Result<(), ArchiveError> {
        if let Some(found) = self.through(&*value)?
            && self.restores()
        {
            *value = found;
        }
        Ok(())
    }

    /// A value that decides what follows: the one that was saved, be it to be restored or only looked at; `None` while this
    /// one is saved.
    ///
    /// # Errors
    /// It cannot be saved, or is none.
    pub fn through<T: Serialize + DeserializeOwned>(&mut self, value: &T) -> Result<Option<T>, ArchiveError> {
        if self.takes() {
            self.give(&postcard::to_allocvec(value)?)?;
        }
        if self.takes() || self.releases() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.source()?.list(&mut bytes)?;
        match postcard::take_from_bytes(&bytes)? {
            (found, []) => Ok(Some(found)),
            _ => Err(ArchiveError::Form),
        }
    }

    /// Whether something holds for any of the members: what is saved, or was, be it to be restored or only looked at.
    ///
    /// # Errors
    /// It cannot be saved, or is none.
    pub fn any(&mut self, holds: bool) -> Result<bool, ArchiveError> {
        let anywhere = match &self.members.shared {
            Some(shared) if self.takes() => shared.exchange.all_numbers(&[u64::from(holds)]).concat().contains(&1),
            _ => holds,
        };
        Ok(self.through(&anywhere)?.unwrap_or(anywhere))
    }

    /// The same, of a truth that is restored.
    ///
    /// # Errors
    /// It cannot be saved, or is none.
    pub fn any_of(&mut self, holds: &mut bool) -> Result<(), ArchiveError> {
        let found = self.any(*holds)?;
        if self.restores() {
            *holds = found;
        }
        Ok(())
    }

    /// Things of which each rank knows some: those of all that are not alike, in order.
    ///
    /// # Errors
    /// They cannot be saved.
    pub fn union<T: Serialize + DeserializeOwned + Ord>(&self, own: Vec<T>) -> Result<Vec<T>, ArchiveError> {
        let mut all = match &self.members.shared {
            Some(shared) if self.takes() => shared.union(&own)?,
            _ => own,
        };
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Numbers, as many as there are: one for each member.
    ///
    /// # Errors
    /// As many were not saved.
    pub fn column<T: Pod>(&mut self, numbers: &mut [T]) -> Result<(), ArchiveError> {
        self.members(bytemuck::cast_slice_mut(numbers), size_of::<T>())
    }

    /// Numbers, one for each member, that are made of what is gone through: they are not saved.
    pub fn derived<T: Pod>(&self, numbers: &mut [T]) {
        self.let_go(bytemuck::cast_slice_mut(numbers), self.tiles(None, size_of::<T>()).as_ref());
    }

    /// Numbers, as many as were saved, that are the same at every rank.
    ///
    /// # Errors
    /// They cannot be saved or read.
    pub fn list<T: Pod>(&mut self, numbers: &mut Vec<T>) -> Result<(), ArchiveError> {
        if self.saves((bytemuck::cast_slice(numbers), size_of::<T>()), None)? {
            return Ok(());
        }
        let restores = self.restores();
        let source = self.source()?;
        if restores { source.list(numbers) } else { source.skip_list::<T>() }
    }

    /// A column whose length is state too, with a number for each neuron, or rows of them; returns that length.
    ///
    /// # Errors
    /// It cannot be saved or read.
    pub fn whole<T: Pod>(&mut self, column: &mut Column<T>) -> Result<usize, ArchiveError> {
        self.tiled(column, None)
    }

    /// The same, with rows of blocks of so many neurons one after another.
    ///
    /// # Errors
    /// It cannot be saved or read.
    pub fn tiled<T: Pod>(&mut self, column: &mut Column<T>, width: Option<usize>) -> Result<usize, ArchiveError> {
        let Some(length) = self.length_of_tiled(bytemuck::cast_slice_mut(column), size_of::<T>(), width)? else {
            return Ok(column.len());
        };
        if self.restores() {
            column.resize(T::zeroed(), length);
            self.source()?.fill(bytemuck::cast_slice_mut(column))?;
        }
        Ok(length)
    }

    /// Random streams, as many as there are.
    ///
    /// # Errors
    /// As many were not saved.
    pub fn streams(&mut self, streams: &mut [VectorRng]) -> Result<(), ArchiveError> {
        let unit = streams.first_mut().map_or(0, |first| first.words_mut().len());
        if let (true, Some(shared)) = (self.takes(), self.members.shared.clone()) {
            let own: Vec<u32> = streams.iter_mut().flat_map(|lanes| lanes.words_mut().to_vec()).collect();
            let each = unit * size_of::<u32>();
            let all = shared.of_all(bytemuck::cast_slice(&own), &shared.streams(each), self.compares())?;
            return all.chunks(each.max(1)).try_for_each(|words| self.saves((words, size_of::<u32>()), None).map(drop));
        }
        streams
            .iter_mut()
            .try_for_each(|lanes| self.fixed(bytemuck::cast_slice_mut(lanes.words_mut()), size_of::<u32>(), None))?;
        if let (Some(noise), true) = (self.noise, self.restores()) {
            streams.iter_mut().for_each(|lanes| lanes.branch(noise));
        }
        Ok(())
    }

    /// What synapses there are, which is only [compared](Self::compares).
    pub(crate) fn synapses(&mut self, rows: &Rows) -> Result<(), ArchiveError> {
        let own = [rows.len() as u64, rows.fingerprint()];
        let all =
            self.members.shared.as_ref().map_or_else(|| vec![own.to_vec()], |shared| shared.exchange.all_numbers(&own));
        let sum = |k: usize| all.iter().filter_map(|own| own.get(k)).fold(0_u64, |sum, own| sum.wrapping_add(*own));
        self.give(bytemuck::cast_slice(&[sum(0), sum(1)]))
    }
}

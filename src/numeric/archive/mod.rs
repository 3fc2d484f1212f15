//! Archives: state on its way to bytes and back. One function of a type goes through what it keeps, whichever way.

use std::io::{self, Read, Write};

use bytemuck::Pod;
use serde::{Serialize, de::DeserializeOwned};

use super::{Column, vector_rng::VectorRng};

/// Where state is written to, or read from.
pub struct Archive<'a> {
    way: Way<'a>,
    noise: Option<u64>,
}

enum Way<'a> {
    Save(&'a mut dyn Write),
    /// As restoring, but nothing changes: what does not fit is found before anything was touched.
    Check(Source<'a>),
    Restore(Source<'a>),
}

/// Bytes to come, and how many: no length that they claim makes anybody reserve more.
struct Source<'a> {
    from: &'a mut dyn Read,
    left: u64,
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
        Self { way: Way::Save(to), noise: None }
    }

    /// An archive that looks whether the state in the next `bytes` bytes would fit, and changes nothing.
    pub fn check(from: &'a mut dyn Read, bytes: u64) -> Self {
        Self { way: Way::Check(Source { from, left: bytes }), noise: None }
    }

    /// An archive that gives state back, from the next `bytes` bytes.
    pub fn restore(from: &'a mut dyn Read, bytes: u64) -> Self {
        Self { way: Way::Restore(Source { from, left: bytes }), noise: None }
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
        if let Way::Save(to) = &mut self.way {
            let bytes = postcard::to_allocvec(value)?;
            to.write_all(&(bytes.len() as u64).to_le_bytes())?;
            to.write_all(&bytes)?;
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.source()?.list(&mut bytes)?;
        match postcard::take_from_bytes(&bytes)? {
            (found, []) => Ok(Some(found)),
            _ => Err(ArchiveError::Form),
        }
    }

    /// Numbers, as many as there are: one for each member.
    ///
    /// # Errors
    /// As many were not saved.
    pub fn column<T: Pod>(&mut self, numbers: &mut [T]) -> Result<(), ArchiveError> {
        let here = numbers.len() as u64;
        if self.saves(numbers)? {
            return Ok(());
        }
        let restores = self.restores();
        let source = self.source()?;
        let there = source.length(size_of::<T>())?;
        if here != there {
            return Err(ArchiveError::Length { here, there });
        }
        if restores { source.fill(bytemuck::cast_slice_mut(numbers)) } else { source.skip(size_of_val(numbers) as u64) }
    }

    /// Numbers, as many as were saved.
    ///
    /// # Errors
    /// They cannot be saved or read.
    pub fn list<T: Pod>(&mut self, numbers: &mut Vec<T>) -> Result<(), ArchiveError> {
        if self.saves(numbers)? {
            return Ok(());
        }
        let restores = self.restores();
        let source = self.source()?;
        if restores { source.list(numbers) } else { source.skip_list::<T>() }
    }

    /// A column whose length is state too; returns that length.
    ///
    /// # Errors
    /// It cannot be saved or read.
    pub fn whole<T: Pod>(&mut self, column: &mut Column<T>) -> Result<usize, ArchiveError> {
        if self.saves(column)? {
            return Ok(column.len());
        }
        let restores = self.restores();
        let source = self.source()?;
        let length = source.length(size_of::<T>())?;
        if restores {
            column.resize(T::zeroed(), length as usize);
            source.fill(bytemuck::cast_slice_mut(column))?;
        } else {
            source.skip(length * size_of::<T>() as u64)?;
        }
        Ok(length as usize)
    }

    /// Random streams, as many as there are.
    ///
    /// # Errors
    /// As many were not saved.
    pub fn streams(&mut self, streams: &mut [VectorRng]) -> Result<(), ArchiveError> {
        streams.iter_mut().try_for_each(|lanes| self.column(lanes.words_mut()))?;
        if let (Some(noise), true) = (self.noise, self.restores()) {
            streams.iter_mut().for_each(|lanes| lanes.branch(noise));
        }
        Ok(())
    }

    /// Whether numbers were saved, since that is the way.
    fn saves<T: Pod>(&mut self, numbers: &[T]) -> Result<bool, ArchiveError> {
        let Way::Save(to) = &mut self.way else { return Ok(false) };
        to.write_all(&(numbers.len() as u64).to_le_bytes())?;
        to.write_all(bytemuck::cast_slice(numbers))?;
        Ok(true)
    }

    const fn source(&mut self) -> Result<&mut Source<'a>, ArchiveError> {
        match &mut self.way {
            Way::Save(_) => Err(ArchiveError::Form),
            Way::Check(source) | Way::Restore(source) => Ok(source),
        }
    }
}

impl Source<'_> {
    fn take(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        self.left = self.left.checked_sub(bytes).ok_or(ArchiveError::Form)?;
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ArchiveError> {
        self.take(bytes.len() as u64)?;
        Ok(self.from.read_exact(bytes)?)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        self.take(bytes)?;
        let skipped = io::copy(&mut self.from.take(bytes), &mut io::sink())?;
        if skipped == bytes { Ok(()) } else { Err(ArchiveError::Form) }
    }

    /// The length of what follows, for which there are bytes.
    fn length(&mut self, each: usize) -> Result<u64, ArchiveError> {
        let mut bytes = [0; size_of::<u64>()];
        self.fill(&mut bytes)?;
        let length = u64::from_le_bytes(bytes);
        let fits = length.checked_mul(each as u64).is_some_and(|bytes| bytes <= self.left);
        if fits { Ok(length) } else { Err(ArchiveError::Form) }
    }

    fn list<T: Pod>(&mut self, numbers: &mut Vec<T>) -> Result<(), ArchiveError> {
        let length = self.length(size_of::<T>())?;
        numbers.clear();
        numbers.resize(length as usize, T::zeroed());
        self.fill(bytemuck::cast_slice_mut(numbers))
    }

    fn skip_list<T: Pod>(&mut self) -> Result<(), ArchiveError> {
        let length = self.length(size_of::<T>())?;
        self.skip(length * size_of::<T>() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::stream::Stream;

    #[derive(Clone, Debug, PartialEq)]
    struct Kept {
        name: Option<String>,
        members: Vec<f32>,
        list: Vec<u32>,
        column: Vec<f64>,
        streams: Vec<VectorRng>,
    }

    impl Kept {
        fn new(start: u32, length: usize) -> Self {
            let mut streams = VectorRng::for_blocks(Stream::new(1, &["kept"]), 2);
            for _ in 0..start {
                streams[1].next_words();
            }
            Self {
                name: Some(format!("{start}")),
                members: vec![start as f32; 3],
                list: (start..start + length as u32).collect(),
                column: vec![f64::from(start); length],
                streams,
            }
        }

        fn keep(&mut self, mut archive: Archive<'_>) -> Result<(), ArchiveError> {
            archive.value(&mut self.name)?;
            archive.column(&mut self.members)?;
            archive.list(&mut self.list)?;
            let mut column = Column::from(&self.column[..]);
            archive.whole(&mut column)?;
            self.column = column.to_vec();
            archive.streams(&mut self.streams)?;
            archive.end()
        }

        fn saved(&self) -> Vec<u8> {
            let mut bytes = Vec::new();
            self.clone().keep(Archive::save(&mut bytes)).unwrap();
            bytes
        }
    }

    #[test]
    fn what_was_saved_comes_back_whatever_its_length_and_a_check_changes_nothing() {
        let (one, mut other) = (Kept::new(7, 5), Kept::new(2, 0));
        let (bytes, before) = (one.saved(), other.clone());
        other.keep(Archive::check(&mut &bytes[..], bytes.len() as u64)).unwrap();
        assert_eq!(other, before);
        other.keep(Archive::restore(&mut &bytes[..], bytes.len() as u64)).unwrap();
        assert_eq!(other, one);
    }

    #[test]
    fn streams_go_on_otherwise_if_they_are_to() {
        let one = Kept::new(7, 5);
        let bytes = one.saved();
        let restored = |noise| {
            let mut other = Kept::new(2, 0);
            other.keep(Archive::restore(&mut &bytes[..], bytes.len() as u64).with_noise(noise)).unwrap();
            other
        };
        assert_eq!(restored(None), one);
        let others = [1, 2].map(|noise| restored(Some(noise)));
        assert_eq!(others[0], restored(Some(1)));
        let all = [&one, &others[0], &others[1]].map(|kept| kept.streams.clone()).concat();
        assert!((0..6).all(|i| all[..i].iter().all(|known| *known != all[i])));
        assert_eq!(Kept { streams: one.streams.clone(), ..others[0].clone() }, one);
    }

    #[test]
    fn bytes_that_are_cut_go_on_or_lie_about_lengths_are_refused() {
        let bytes = Kept::new(7, 5).saved();
        let read = |bytes: &[u8]| Kept::new(1, 1).keep(Archive::restore(&mut &bytes[..], bytes.len() as u64));
        assert!((0..bytes.len()).all(|cut| read(&bytes[..cut]).is_err()));
        assert!(matches!(read(&[&bytes[..], &[0]].concat()), Err(ArchiveError::Form)));
        for at in 0..bytes.len() - 8 {
            let mut lying = bytes.clone();
            lying[at..at + 8].fill(0xff);
            // An error or other numbers, but no memory beyond what there are bytes for.
            let _ = read(&lying);
        }
        let mut short = Kept::new(1, 1);
        short.members.pop();
        let error = short.keep(Archive::check(&mut &bytes[..], bytes.len() as u64)).unwrap_err();
        assert_eq!(error.to_string(), "3 values were saved, and there are 2");
    }
}

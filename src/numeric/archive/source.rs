//! Bytes that an archive reads.

use std::io::{self, Read};

use bytemuck::Pod;

use super::ArchiveError;

/// Bytes to come, and how many: no length that they claim makes anybody reserve more.
pub(super) struct Source<'a> {
    pub from: &'a mut dyn Read,
    pub left: u64,
}

impl Source<'_> {
    pub fn take(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        self.left = self.left.checked_sub(bytes).ok_or(ArchiveError::Form)?;
        Ok(())
    }

    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ArchiveError> {
        self.take(bytes.len() as u64)?;
        Ok(self.from.read_exact(bytes)?)
    }

    pub fn skip(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        self.take(bytes)?;
        let skipped = io::copy(&mut self.from.take(bytes), &mut io::sink())?;
        if skipped == bytes { Ok(()) } else { Err(ArchiveError::Form) }
    }

    /// The length of what follows, for which there are bytes.
    pub fn length(&mut self, each: usize) -> Result<u64, ArchiveError> {
        let mut bytes = [0; size_of::<u64>()];
        self.fill(&mut bytes)?;
        let length = u64::from_le_bytes(bytes);
        let fits = length.checked_mul(each as u64).is_some_and(|bytes| bytes <= self.left);
        if fits { Ok(length) } else { Err(ArchiveError::Form) }
    }

    pub fn list<T: Pod>(&mut self, numbers: &mut Vec<T>) -> Result<(), ArchiveError> {
        let length = self.length(size_of::<T>())?;
        numbers.clear();
        numbers.resize(length as usize, T::zeroed());
        self.fill(bytemuck::cast_slice_mut(numbers))
    }

    pub fn skip_list<T: Pod>(&mut self) -> Result<(), ArchiveError> {
        let length = self.length(size_of::<T>())?;
        self.skip(length * size_of::<T>() as u64)
    }
}

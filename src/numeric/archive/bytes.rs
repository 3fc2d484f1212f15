//! Numbers in archives as bytes, `each` of them so many: what happens to them does not depend on their type, and is compiled once.

use std::io::Write;

use super::{Archive, ArchiveError, Way, members::Tiles, source::Source};
use crate::numeric::pages::release;

impl<'a> Archive<'a> {
    /// Numbers, one for each member.
    pub(super) fn members(&mut self, numbers: &mut [u8], each: usize) -> Result<(), ArchiveError> {
        // What not all synapse groups need some have not.
        let present = self.members.present;
        if let Some(rows) = self.members.rows.take_if(|_| numbers.is_empty() || numbers.len() == each * present) {
            let gone = self.of_synapses(&rows, numbers, each);
            self.members.rows = Some(rows);
            return gone;
        }
        let tiles = self.tiles(None, each);
        self.fixed(numbers, each, tiles)
    }

    /// The length of a column that was saved, which is to be restored or was looked at; `None` where this one is saved.
    pub(super) fn length_of_tiled(
        &mut self,
        numbers: &mut [u8],
        each: usize,
        width: Option<usize>,
    ) -> Result<Option<usize>, ArchiveError> {
        let tiles = self.tiles(width, each);
        self.let_go(numbers, tiles.as_ref());
        if self.saves((numbers, each), tiles)? {
            return Ok(None);
        }
        let restores = self.restores();
        let source = self.source()?;
        let length = source.length(each)?;
        if !restores {
            source.skip(length * each as u64)?;
        }
        Ok(Some(length as usize))
    }

    pub(super) fn tiles(&self, width: Option<usize>, each: usize) -> Option<Tiles> {
        self.members.shared.as_ref().map(|shared| shared.tiles(width, each))
    }

    /// Numbers, as many as there are.
    pub(super) fn fixed(&mut self, numbers: &mut [u8], each: usize, tiles: Option<Tiles>) -> Result<(), ArchiveError> {
        self.let_go(numbers, tiles.as_ref());
        if self.saves((numbers, each), tiles)? {
            return Ok(());
        }
        let restores = self.restores();
        let source = self.source()?;
        let (here, there) = ((numbers.len() / each) as u64, source.length(each)?);
        if here != there {
            return Err(ArchiveError::Length { here, there });
        }
        if restores { source.fill(numbers) } else { source.skip(numbers.len() as u64) }
    }

    pub(super) const fn releases(&self) -> bool {
        matches!(self.way, Way::Release)
    }

    /// Gives back the memory of other ranks' numbers, if that is the way.
    pub(super) fn let_go(&self, numbers: &mut [u8], tiles: Option<&Tiles>) {
        if let (Way::Release, Some(tiles)) = (&self.way, tiles) {
            tiles.others(numbers.len()).for_each(|others| release(&mut numbers[others]));
        }
    }

    /// Whether state is saved, be it only for a digest.
    pub(super) const fn takes(&self) -> bool {
        matches!(self.way, Way::Save(_) | Way::Digest(_) | Way::Compare(_))
    }

    /// Saves bytes behind their number.
    pub(super) fn give(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.write(&(bytes.len() as u64).to_le_bytes())?;
        self.write(bytes)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        match &mut self.way {
            Way::Save(to) => Ok(to.write_all(bytes)?),
            Way::Digest(digest) | Way::Compare(digest) => Ok(digest.write_all(bytes)?),
            Way::Check(_) | Way::Restore(_) | Way::Release => Err(ArchiveError::Form),
        }
    }

    /// Whether nothing is to be read, since numbers were saved, or are not; those that lie so with those of other ranks.
    pub(super) fn saves(
        &mut self,
        (numbers, each): (&[u8], usize),
        tiles: Option<Tiles>,
    ) -> Result<bool, ArchiveError> {
        if !self.takes() {
            return Ok(self.releases());
        }
        let all = match (&self.members.shared, tiles) {
            (Some(shared), Some(tiles)) => shared.of_all(numbers, &tiles, self.compares())?,
            _ => numbers.into(),
        };
        self.write(&((all.len() / each) as u64).to_le_bytes())?;
        self.write(&all)?;
        Ok(true)
    }

    pub(super) const fn source(&mut self) -> Result<&mut Source<'a>, ArchiveError> {
        match &mut self.way {
            Way::Check(source) | Way::Restore(source) => Ok(source),
            _ => Err(ArchiveError::Form),
        }
    }
}

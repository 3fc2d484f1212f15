//! Whose numbers an archive takes: of neurons that ranks share, each of which knows its own, and of sparse synapses. What is
//! written is what one process would write that has them all.

use std::{borrow::Cow, ops::Range, sync::Arc};

use bytemuck::Pod;
use serde::{Serialize, de::DeserializeOwned};

use super::ArchiveError;
use crate::numeric::{
    blocks::BLOCK,
    exchange::{Exchange, Gathered},
    rows::Rows,
};

/// The members of what an archive goes through.
#[derive(Default)]
pub struct Members {
    /// The neurons to which they belong, where ranks share those.
    pub shared: Option<Shared>,
    /// They are sparse synapses.
    pub rows: Option<Rows>,
    /// How many synapses there are here, of which there may be more or fewer as long as those that were saved are looked at.
    pub present: usize,
}

/// Neurons that ranks share.
#[derive(Clone)]
pub struct Shared {
    /// The ranks.
    pub exchange: Arc<dyn Exchange>,
    /// Those that are this rank's.
    pub own: Range<usize>,
    /// How many there are.
    pub of: usize,
}

/// How numbers of members lie: row after row, in blocks of so many members one after another.
#[derive(Clone)]
pub(super) struct Tiles {
    /// Members of a block.
    pub width: usize,
    /// Bytes of a member that lie together.
    pub each: usize,
    /// How many members there are.
    pub of: usize,
    /// Those that are this rank's.
    pub own: Range<usize>,
}

impl Tiles {
    /// The rows of so many bytes; `None` where they do not lie so.
    fn rows(&self, bytes: usize) -> Option<usize> {
        let row = self.width * self.of.div_ceil(self.width.max(1)) * self.each;
        (row > 0 && bytes.is_multiple_of(row)).then(|| bytes / row)
    }

    /// Which of so many bytes are other ranks'; none if they do not lie so.
    pub fn others(&self, bytes: usize) -> impl Iterator<Item = Range<usize>> {
        let rows = self.rows(bytes);
        let own = rows.into_iter().flat_map(|rows| self.places(self.own.clone(), rows));
        let own = own.chain(rows.map(|_| bytes..bytes)).filter(move |own| !own.is_empty() || own.start == bytes);
        own.scan(0, |end, own| {
            let others = *end..own.start;
            *end = own.end;
            Some(others)
        })
    }

    /// Where the numbers of some members lie.
    fn places(&self, own: Range<usize>, rows: usize) -> impl Iterator<Item = Range<usize>> {
        let Self { width, each, .. } = *self;
        let blocks = own.start / width..own.end.div_ceil(width);
        blocks.flat_map(move |block| {
            let first = block * width;
            let part = own.start.max(first) - first..own.end.min(first + width) - first;
            let row = move |k: usize| (block * rows + k) * width;
            (0..rows).map(move |k| (row(k) + part.start) * each..(row(k) + part.end) * each)
        })
    }
}

impl Shared {
    /// One number of so many bytes for each neuron in a row, in blocks of so many neurons; all in one without a width.
    pub(super) fn tiles(&self, width: Option<usize>, each: usize) -> Tiles {
        Tiles { width: width.unwrap_or(self.of), each, of: self.of, own: self.own.clone() }
    }

    /// So many bytes for each block of random streams.
    pub(super) fn streams(&self, each: usize) -> Tiles {
        let [of, start, end] = [self.of, self.own.start, self.own.end].map(|neurons| neurons.div_ceil(BLOCK));
        Tiles { width: of, each, of, own: start..end }
    }

    /// What every rank gives.
    pub(super) fn union<T: Serialize + DeserializeOwned>(&self, own: &[T]) -> Result<Vec<T>, ArchiveError> {
        let (bytes, mut all) = (postcard::to_allocvec(own)?, Gathered::default());
        self.exchange.all_gather(&bytemuck::pod_collect_to_vec(&bytes), &mut all);
        let mut things = Vec::new();
        for words in all.by_rank() {
            things.extend(postcard::take_from_bytes::<Vec<T>>(bytemuck::cast_slice(words))?.0);
        }
        Ok(things)
    }

    /// Numbers of neurons, one of each or rows of them, with those of each neuron from the rank that knows them; nothing but at rank 0.
    #[must_use]
    pub fn whole<T: Pod>(&self, numbers: &[T]) -> Option<Vec<T>> {
        let (tiles, bytes) = (self.tiles(None, size_of::<T>()), bytemuck::cast_slice(numbers));
        let whole = self.put_together(bytes, bytes.len(), &tiles, tiles.rows(bytes.len())?, false);
        (self.exchange.rank() == 0).then(|| bytemuck::pod_collect_to_vec(&whole))
    }

    /// Bytes with those of each member from the rank that knows them: at rank 0, or everywhere. What does not lie so is the
    /// same at every rank.
    pub(super) fn of_all<'n>(
        &self,
        numbers: &'n [u8],
        tiles: &Tiles,
        everywhere: bool,
    ) -> Result<Cow<'n, [u8]>, ArchiveError> {
        let lengths = self.exchange.all_numbers(&[numbers.len() as u64]).concat();
        let length = lengths.iter().max().map_or(0, |&length| length as usize);
        // Of what not all of them need some have none.
        if lengths.iter().any(|&other| other != 0 && other != length as u64) {
            return Err(ArchiveError::Refused("ranks have different numbers of values".into()));
        }
        let Some(rows) = tiles.rows(length) else { return Ok(Cow::Borrowed(numbers)) };
        Ok(Cow::Owned(self.put_together(numbers, length, tiles, rows, everywhere)))
    }

    fn put_together(&self, numbers: &[u8], length: usize, tiles: &Tiles, rows: usize, everywhere: bool) -> Vec<u8> {
        let mut all = Gathered::default();
        let own = words(tiles, rows, numbers);
        match everywhere {
            true => self.exchange.all_gather(&own, &mut all),
            false => self.exchange.gather(&own, &mut all),
        }
        if all.ends.is_empty() {
            return Vec::new();
        }
        let mut whole = numbers.to_vec();
        whole.resize(length, 0);
        for words in all.by_rank() {
            place(tiles, rows, words, &mut whole);
        }
        whole
    }
}

/// Words before the numbers of a rank: the first and the last of its members.
const HEAD: usize = 4;

/// The numbers of this rank's members.
fn words(tiles: &Tiles, rows: usize, numbers: &[u8]) -> Vec<u32> {
    let own = if numbers.is_empty() { 0..0 } else { tiles.own.clone() };
    let mut bytes: Vec<u8> = bytemuck::cast_slice(&[own.start as u64, own.end as u64]).to_vec();
    let parts = tiles.places(own, rows).filter_map(|places| numbers.get(places));
    parts.for_each(|part| bytes.extend_from_slice(part));
    bytemuck::pod_collect_to_vec(&bytes)
}

/// Puts the numbers of a rank in their places.
fn place(tiles: &Tiles, rows: usize, words: &[u32], whole: &mut [u8]) {
    let Some((head, words)) = words.split_at_checked(HEAD) else { return };
    let [start, end] = bytemuck::pod_read_unaligned::<[u64; 2]>(bytemuck::cast_slice(head)).map(|end| end as usize);
    let mut bytes: &[u8] = bytemuck::cast_slice(words);
    for places in tiles.places(start..end, rows) {
        let Some(to) = whole.get_mut(places) else { return };
        let (part, behind) = bytes.split_at(to.len().min(bytes.len()));
        to[..part.len()].copy_from_slice(part);
        bytes = behind;
    }
}

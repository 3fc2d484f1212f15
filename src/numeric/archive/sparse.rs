//! Numbers of sparse synapses in archives, in stretches of targets, so that whoever has those of some finds what belongs to them.
//!
//! ```text
//! numbers = stretches (u64), synapses of each (u64), numbers of the first, of the second, …
//! ```
//! Synapses themselves are two numbers of 32 bits each: the source; and the delay (16 bits) before the target within its stretch.

use std::{borrow::Cow, io::Write, ops::Range};

use super::{Archive, ArchiveError, Digest, Shared, Way};
use crate::numeric::{
    blocks::BLOCK,
    rows::{Rows, Synapse},
};

/// Bytes of a synapse.
const SYNAPSE: usize = size_of::<[u32; 2]>();

/// Bits of a target within its stretch.
const TARGET: u32 = BLOCK.trailing_zeros();

impl Archive<'_> {
    /// Goes through numbers of synapses, one for each or none.
    pub(super) fn of_synapses(&mut self, rows: &Rows, numbers: &mut [u8], each: usize) -> Result<(), ArchiveError> {
        // All of them lead to own neurons.
        if self.releases() {
            return Ok(());
        }
        let counts = rows.counts_by_targets();
        if self.takes() {
            let counts = if numbers.is_empty() { vec![0; counts.len()] } else { counts };
            self.save_synapses(rows, counts, (&*numbers, each))
        } else {
            self.read_synapses(rows, &counts, (numbers, each))
        }
    }

    /// Goes through synapses that may not be those of the scene: those that were saved, and lead to own neurons; `None` where these
    /// are saved.
    ///
    /// # Errors
    /// They cannot be saved or read.
    pub(in crate::numeric) fn listed(&mut self, rows: &Rows) -> Result<Option<Vec<Synapse>>, ArchiveError> {
        if self.releases() {
            return Ok(None);
        }
        let stretches = rows.counts_by_targets();
        if self.takes() {
            let words = |all: Synapse| [all.source, (all.delay << TARGET) | (all.target % BLOCK as u32)];
            let own: Vec<[u32; 2]> = rows.iter().map(words).collect();
            self.save_synapses(rows, stretches, (bytemuck::cast_slice(&own), SYNAPSE))?;
            return Ok(None);
        }
        let (own, there) = (self.own_stretches(stretches.len()), self.counts(stretches.len())?);
        let source = self.source()?;
        source.skip(bytes_of(&there, 0..own.start, SYNAPSE))?;
        let bytes = bytes_of(&there, own.clone(), SYNAPSE);
        // No number that is claimed makes anybody reserve more than there is.
        if bytes > source.left {
            return Err(ArchiveError::Form);
        }
        let mut words = vec![[0_u32; 2]; bytes as usize / SYNAPSE];
        source.fill(bytemuck::cast_slice_mut(&mut words))?;
        source.skip(bytes_of(&there, own.end..there.len(), SYNAPSE))?;
        let stretches = own.flat_map(|stretch| std::iter::repeat_n(stretch, there[stretch] as usize));
        let synapse = |([source, ends], stretch): ([u32; 2], usize)| Synapse {
            source,
            target: (stretch * BLOCK) as u32 + ends % BLOCK as u32,
            delay: ends >> TARGET,
        };
        Ok(Some(words.into_iter().zip(stretches).map(synapse).collect()))
    }

    /// The synapses that were saved are looked at, and numbers behind them are theirs.
    pub(in crate::numeric) fn find(&mut self, rows: Rows) {
        self.members.rows = Some(rows);
    }

    /// The stretches of targets, of so many, that are this rank's.
    fn own_stretches(&self, stretches: usize) -> Range<usize> {
        self.members.shared.as_ref().map_or(0..stretches, Shared::stretches)
    }

    /// The synapses that were saved of each of so many stretches.
    fn counts(&mut self, stretches: usize) -> Result<Vec<u64>, ArchiveError> {
        let mut bytes: Vec<u8> = Vec::new();
        self.source()?.list(&mut bytes)?;
        let counts: Vec<u64> = bytemuck::pod_collect_to_vec(&bytes);
        if bytes.len() == stretches * size_of::<u64>() { Ok(counts) } else { Err(ArchiveError::Form) }
    }

    fn save_synapses(
        &mut self,
        rows: &Rows,
        counts: Vec<u64>,
        (numbers, each): (&[u8], usize),
    ) -> Result<(), ArchiveError> {
        let Some(shared) = self.members.shared.clone() else {
            self.give(bytemuck::cast_slice(&counts))?;
            return parts(rows, numbers, each).try_for_each(|part| self.write(&part));
        };
        let mut all = vec![0; counts.len()];
        for counts in shared.exchange.all_numbers(&counts) {
            all.iter_mut().zip(counts).for_each(|(all, own)| *all += own);
        }
        self.give(bytemuck::cast_slice(&all))?;
        match &mut self.way {
            Way::Save(to) => write_all(&shared, parts(rows, numbers, each), *to),
            Way::Digest(digest) | Way::Compare(digest) => follow_all(&shared, parts(rows, numbers, each), digest),
            Way::Check(_) | Way::Restore(_) | Way::Release => Err(ArchiveError::Form),
        }
    }

    fn read_synapses(
        &mut self,
        rows: &Rows,
        counts: &[u64],
        (numbers, each): (&mut [u8], usize),
    ) -> Result<(), ArchiveError> {
        let (own, there) = (self.own_stretches(counts.len()), self.counts(counts.len())?);
        let (restores, present) = (self.restores(), self.members.present);
        let source = self.source()?;
        let of_own = there.get(own.clone()).unwrap_or_default();
        // Some have none of a column.
        let are_none = numbers.is_empty() && of_own.iter().all(|&count| count == 0);
        let are_these = (!numbers.is_empty() || present == 0) && Some(of_own) == counts.get(own.clone());
        if !are_none && !are_these {
            let (here, there) = ((numbers.len() / each) as u64, bytes_of(&there, own, 1));
            let moved = || ArchiveError::Refused("its synapses lead to other neurons".into());
            return Err(if here == there { moved() } else { ArchiveError::Length { here, there } });
        }
        source.skip(bytes_of(&there, 0..own.start, each))?;
        if !restores {
            source.skip(bytes_of(&there, own.clone(), each))?;
        } else if !numbers.is_empty() {
            for (places, order) in rows.by_targets() {
                let own = &mut numbers[each * places.start..each * places.end];
                let Some(order) = order else {
                    source.fill(own)?;
                    continue;
                };
                let mut part = vec![0; own.len()];
                source.fill(&mut part)?;
                for (&k, number) in order.iter().zip(part.chunks_exact(each)) {
                    own[each * k as usize..][..each].copy_from_slice(number);
                }
            }
        }
        source.skip(bytes_of(&there, own.end..there.len(), each))
    }
}

/// The bytes of the numbers of some stretches.
fn bytes_of(counts: &[u64], stretches: Range<usize>, each: usize) -> u64 {
    let sum = counts.get(stretches).unwrap_or_default().iter().fold(0_u64, |sum, &count| sum.saturating_add(count));
    sum.saturating_mul(each as u64)
}

impl Shared {
    /// The stretches of targets that are this rank's.
    fn stretches(&self) -> Range<usize> {
        self.own.start / BLOCK..self.own.end.div_ceil(BLOCK)
    }
}

/// The numbers by stretches of targets.
fn parts<'a>(rows: &'a Rows, numbers: &'a [u8], each: usize) -> impl Iterator<Item = Cow<'a, [u8]>> + 'a {
    rows.by_targets().filter_map(move |(places, order)| {
        let own = numbers.get(each * places.start..each * places.end)?;
        Some(match (order, each) {
            (None, _) => Cow::Borrowed(own),
            (Some(order), 4) => Cow::Owned(ordered::<4>(own, &order)),
            (Some(order), 8) => Cow::Owned(ordered::<8>(own, &order)),
            (Some(order), _) => order.iter().flat_map(|&k| &own[each * k as usize..][..each]).copied().collect(),
        })
    })
}

/// Numbers of so many bytes in another order.
fn ordered<const EACH: usize>(numbers: &[u8], order: &[u32]) -> Vec<u8> {
    let (numbers, _) = numbers.as_chunks::<EACH>();
    order.iter().map(|&k| numbers[k as usize]).collect::<Vec<_>>().into_flattened()
}

/// As rank 0: writes the numbers of all ranks, one after another.
fn write_all<'a>(
    shared: &Shared,
    parts: impl Iterator<Item = Cow<'a, [u8]>>,
    to: &mut dyn Write,
) -> Result<(), ArchiveError> {
    let mut own: Vec<u8> = Vec::new();
    parts.for_each(|part| own.extend_from_slice(&part));
    let mut words = bytemuck::cast::<u64, [u32; 2]>(own.len() as u64).to_vec();
    words.extend(bytemuck::pod_collect_to_vec::<u8, u32>(&own));
    let mut written = Ok(());
    shared.exchange.gather_in_turn(&words, &mut |words| {
        let Some((length, words)) = words.split_first_chunk::<2>() else { return };
        let (length, bytes): (_, &[u8]) = (bytemuck::cast::<_, u64>(*length), bytemuck::cast_slice(words));
        let own = bytes.get(..length as usize).unwrap_or_default();
        if written.is_ok() {
            written = to.write_all(own);
        }
    });
    Ok(written?)
}

/// Follows the numbers of all ranks, one after another, each of which sums up its own.
fn follow_all<'a>(
    shared: &Shared,
    parts: impl Iterator<Item = Cow<'a, [u8]>>,
    digest: &mut Digest,
) -> Result<(), ArchiveError> {
    let mut own = Digest::default();
    for part in parts {
        own.write_all(&part)?;
    }
    for of_rank in shared.exchange.all_numbers(&[own.bytes(), own.crc().into()]) {
        if let [bytes, crc] = of_rank[..] {
            digest.follow(bytes, crc as u32);
        }
    }
    Ok(())
}

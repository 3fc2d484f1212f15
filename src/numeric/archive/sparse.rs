//! Numbers of sparse synapses in archives, in stretches of targets, so that whoever has those of some finds what belongs to them.
//!
//! ```text
//! numbers = stretches (u64), synapses of each (u64), numbers of the first, of the second, …
//! ```

use std::{borrow::Cow, io::Write, ops::Range};

use super::{Archive, ArchiveError, Digest, Shared, Way};
use crate::numeric::{blocks::BLOCK, rows::Rows};

impl Archive<'_> {
    /// Goes through numbers of synapses, one for each or none.
    pub(super) fn of_synapses(&mut self, rows: &Rows, numbers: &mut [u8], each: usize) -> Result<(), ArchiveError> {
        // All of them lead to own neurons.
        if self.releases() {
            return Ok(());
        }
        let counts = rows.counts_by_targets();
        let counts = if numbers.is_empty() { vec![0; counts.len()] } else { counts };
        if self.takes() {
            self.save_synapses(rows, counts, (&*numbers, each))
        } else {
            self.read_synapses(rows, &counts, (numbers, each))
        }
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
        let own = self.members.shared.as_ref().map_or(0..counts.len(), Shared::stretches);
        let restores = self.restores();
        let source = self.source()?;
        let mut bytes: Vec<u8> = Vec::new();
        source.list(&mut bytes)?;
        if bytes.len() != size_of_val(counts) {
            return Err(ArchiveError::Form);
        }
        let there: Vec<u64> = bytemuck::pod_collect_to_vec(&bytes);
        let sum = |stretches: Range<usize>| {
            let counts = there.get(stretches).unwrap_or_default().iter();
            counts.fold(0_u64, |sum, &count| sum.saturating_add(count))
        };
        if there.get(own.clone()) != counts.get(own.clone()) {
            let (here, there) = ((numbers.len() / each) as u64, sum(own));
            let moved = || ArchiveError::Refused("its synapses lead to other neurons".into());
            return Err(if here == there { moved() } else { ArchiveError::Length { here, there } });
        }
        let skip = |stretches| sum(stretches).saturating_mul(each as u64);
        source.skip(skip(0..own.start))?;
        if !restores {
            source.skip(numbers.len() as u64)?;
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
        source.skip(skip(own.end..there.len()))
    }
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

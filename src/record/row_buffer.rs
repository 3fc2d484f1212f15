//! Rows of bytes, kept in memory or handed on to a sink whenever a buffer is full.

use std::io;

use crate::numeric::{ArchiveError, Real};

#[cfg(target_endian = "big")]
compile_error!("recordings are written as they lie in memory, and their format is little-endian");

/// Bytes that are gathered before a sink gets them: large enough that a write costs little beside the copy, small
/// enough that hundreds of recordings need no memory worth mentioning.
const BUFFER: usize = 1 << 18;

/// The type of the numbers in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dtype {
    /// Numbers in the precision of the simulation.
    Real,
    /// Truth values, one byte each.
    Bool,
    /// Iterations, neurons, numbers of spikes, delays: whole numbers, 32 bits each.
    Whole,
    /// Counts, 64 bits each.
    Count,
}

impl Dtype {
    /// Bytes of a number.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Real => size_of::<Real>(),
            Self::Bool => 1,
            Self::Whole => 4,
            Self::Count => 8,
        }
    }
}

/// Where rows go when they leave memory.
pub trait Sink: Send + Sync {
    /// Takes rows, or the next part of a long one, and gives an empty buffer for what follows.
    ///
    /// # Errors
    /// They cannot be kept; the run stops.
    fn append(&mut self, rows: Vec<u8>) -> io::Result<Vec<u8>>;
}

/// Rows that were recorded.
#[derive(Default)]
pub struct RowBuffer {
    bytes: Vec<u8>,
    rows: u64,
    /// Bytes that are kept without a sink, and those of a row.
    bound: Option<(usize, usize)>,
    sink: Option<Box<dyn Sink>>,
}

impl RowBuffer {
    /// Rows recorded so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The rows that are in memory: all of them, unless there is a sink, a [bound](Self::keep), or the first ones were recorded
    /// before the network was restored elsewhere. They are the newest ones.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Keeps about so many bytes while there is no sink: what is older is forgotten, half of it at a time.
    pub fn keep(&mut self, bytes: usize, row_bytes: usize) {
        self.bound = Some((bytes, row_bytes.max(1)));
    }

    /// Forgets the oldest rows if there are too many.
    #[cold]
    fn forget(&mut self, bound: usize, row: usize) {
        let kept = (bound / 2 / row).max(1) * row;
        let gone = self.bytes.len().saturating_sub(kept);
        self.bytes.drain(..gone - gone % row);
    }

    /// From now on rows go to `sink`, those in memory first.
    ///
    /// # Errors
    /// The sink refuses them.
    pub fn attach(&mut self, sink: Box<dyn Sink>) -> io::Result<()> {
        self.sink = Some(sink);
        self.drain()
    }

    /// Adds `rows` rows.
    ///
    /// # Errors
    /// The sink refuses them.
    #[inline]
    pub fn append(&mut self, rows: u64, bytes: &[u8]) -> io::Result<()> {
        self.rows += rows;
        self.append_part(bytes)?;
        match self.bound {
            Some((bound, row)) if self.sink.is_none() && self.bytes.len() > bound => self.forget(bound, row),
            _ => {}
        }
        Ok(())
    }

    /// Adds a part of a row, which the next [`append`](Self::append) ends.
    ///
    /// A row that is longer than the buffer, such as the weights of 10⁸ synapses, leaves memory piece by piece.
    ///
    /// # Errors
    /// The sink refuses it.
    #[inline]
    pub fn append_part(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.sink.is_none() || self.bytes.len() + bytes.len() < BUFFER {
            self.bytes.extend_from_slice(bytes);
            return Ok(());
        }
        for piece in bytes.chunks(BUFFER) {
            self.bytes.extend_from_slice(piece);
            if self.bytes.len() >= BUFFER {
                self.drain()?;
            }
        }
        Ok(())
    }

    /// Goes back (or on) to `rows` rows, of which memory keeps those that it has: the network has been given the state in
    /// which it was.
    pub(super) fn cut(&mut self, rows: u64, row_bytes: usize) -> Result<(), ArchiveError> {
        if rows == self.rows {
            return Ok(());
        }
        if self.sink.is_some() {
            return Err(ArchiveError::Refused("rows that are on their way to a file cannot be taken back".into()));
        }
        let undone = self.rows.saturating_sub(rows).saturating_mul(row_bytes as u64);
        let kept = if rows > self.rows { 0 } else { (self.bytes.len() as u64).saturating_sub(undone) };
        self.bytes.truncate(kept as usize);
        self.rows = rows;
        Ok(())
    }

    /// Hands everything to the sink. Nothing happens without one.
    ///
    /// # Errors
    /// The sink refuses.
    pub fn drain(&mut self) -> io::Result<()> {
        let Some(sink) = &mut self.sink else { return Ok(()) };
        if !self.bytes.is_empty() {
            self.bytes = sink.append(std::mem::take(&mut self.bytes))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What a sink was given, and the length of each piece.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>, Arc<Mutex<Vec<usize>>>);

    impl Sink for Kept {
        fn append(&mut self, rows: Vec<u8>) -> io::Result<Vec<u8>> {
            self.0.lock().unwrap().extend_from_slice(&rows);
            self.1.lock().unwrap().push(rows.len());
            Ok(Vec::new())
        }
    }

    #[test]
    fn a_row_longer_than_the_buffer_leaves_piece_by_piece() {
        let (mut rows, kept) = (RowBuffer::default(), Kept::default());
        rows.attach(Box::new(kept.clone())).unwrap();
        let row: Vec<u8> = (0..5 * BUFFER + 3).map(|k| (k % 251) as u8).collect();
        let (start, rest) = row.split_at(100);
        rows.append_part(start).unwrap();
        rows.append(1, rest).unwrap();
        assert!(rows.bytes().len() < BUFFER && rows.rows() == 1);
        assert!(kept.1.lock().unwrap().iter().all(|&piece| piece < 2 * BUFFER));
        rows.drain().unwrap();
        assert!(*kept.0.lock().unwrap() == row);
    }

    #[test]
    fn a_tape_with_a_sink_holds_no_more_than_its_buffer_and_loses_nothing() {
        let (mut rows, kept) = (RowBuffer::default(), Kept::default());
        let row: Vec<u8> = (0..=255).collect();
        rows.append(1, &row).unwrap();
        rows.attach(Box::new(kept.clone())).unwrap();
        for _ in 1..5000 {
            rows.append(1, &row).unwrap();
            assert!(rows.bytes().len() < BUFFER + row.len());
        }
        rows.drain().unwrap();
        assert_eq!(rows.rows(), 5000);
        assert_eq!(*kept.0.lock().unwrap(), row.repeat(5000));
    }
}

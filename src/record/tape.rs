//! A tape: rows of bytes, kept in memory or handed on to a sink whenever a buffer is full.

use std::io;

use crate::numeric::Real;

#[cfg(target_endian = "big")]
compile_error!("recordings are written as they lie in memory, and their format is little-endian");

/// Bytes that are gathered before a sink gets them: large enough that a write costs little beside the copy, small
/// enough that hundreds of recordings need no memory worth mentioning.
const BUFFER: usize = 1 << 18;

/// The type of the numbers on a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// Numbers in the precision of the simulation.
    Real,
    /// Truth values, one byte each.
    Bool,
    /// Pairs of iteration and neuron, 32 bits each.
    Event,
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
            Self::Event => 4,
            Self::Count => 8,
        }
    }
}

/// Where rows go when they leave memory.
pub trait Sink: Send + Sync {
    /// Takes whole rows, and gives an empty buffer for the next ones.
    ///
    /// # Errors
    /// They cannot be kept; the run stops.
    fn append(&mut self, rows: Vec<u8>) -> io::Result<Vec<u8>>;

    /// Makes sure that all rows so far can be read by others.
    ///
    /// # Errors
    /// They cannot be kept.
    fn flush(&mut self) -> io::Result<()>;
}

/// Rows that were recorded.
#[derive(Default)]
pub struct Tape {
    bytes: Vec<u8>,
    rows: u64,
    sink: Option<Box<dyn Sink>>,
}

impl Tape {
    /// Rows recorded so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The rows that are in memory: all of them, unless there is a sink.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
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
        self.bytes.extend_from_slice(bytes);
        self.rows += rows;
        if self.sink.is_some() && self.bytes.len() >= BUFFER { self.drain() } else { Ok(()) }
    }

    /// Hands everything to the sink and lets it make that readable. Nothing happens without a sink.
    ///
    /// # Errors
    /// The sink refuses.
    pub fn flush(&mut self) -> io::Result<()> {
        self.drain()?;
        self.sink.as_mut().map_or(Ok(()), |sink| sink.flush())
    }

    fn drain(&mut self) -> io::Result<()> {
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

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Sink for Kept {
        fn append(&mut self, rows: Vec<u8>) -> io::Result<Vec<u8>> {
            self.0.lock().unwrap().extend_from_slice(&rows);
            Ok(Vec::new())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_tape_with_a_sink_holds_no_more_than_its_buffer_and_loses_nothing() {
        let (mut tape, kept) = (Tape::default(), Kept::default());
        let row: Vec<u8> = (0..=255).collect();
        tape.append(1, &row).unwrap();
        tape.attach(Box::new(kept.clone())).unwrap();
        for _ in 1..5000 {
            tape.append(1, &row).unwrap();
            assert!(tape.bytes().len() < BUFFER + row.len());
        }
        tape.flush().unwrap();
        assert_eq!(tape.rows(), 5000);
        assert_eq!(*kept.0.lock().unwrap(), row.repeat(5000));
    }
}

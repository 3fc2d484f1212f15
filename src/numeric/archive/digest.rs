//! Length and checksum of bytes, as far as they have come.

use std::io::{self, Write};

/// Counts bytes and sums them up (CRC-32).
#[derive(Clone, Debug, Default)]
pub struct Digest {
    bytes: u64,
    hasher: crc32fast::Hasher,
}

impl Digest {
    /// How many bytes have come.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Their checksum.
    #[must_use]
    pub fn crc(&self) -> u32 {
        self.hasher.clone().finalize()
    }

    /// Goes on as if so many bytes had come, of which somebody else has made the checksum.
    pub fn follow(&mut self, bytes: u64, crc: u32) {
        self.hasher.combine(&crc32fast::Hasher::new_with_initial_len(crc, bytes));
        self.bytes += bytes;
    }
}

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

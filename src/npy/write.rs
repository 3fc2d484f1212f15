//! Writing `.npy` row by row. The file is a sound array after every flush, so a run that dies leaves what it had flushed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::dtype::elements;
use super::{Dtype, NpyError, header};
use crate::disk::{self, Writing};

/// A `.npy` file that grows along its first axis.
///
/// Dropped without [`finish`](Self::finish) it keeps the rows of the last [`flush`](Self::flush).
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: BufWriter<Writing>,
    dtype: Dtype,
    row_shape: Vec<usize>,
    row_bytes: usize,
    bytes: u64,
    /// Rows of no elements, which no bytes tell.
    empty_rows: u64,
}

impl Writer {
    /// Creates (or replaces) a file of no rows yet. An empty `row_shape` makes an array of one axis.
    ///
    /// # Errors
    /// [`NpyError::Io`], or [`NpyError::TooLarge`] for a row that no memory holds.
    pub fn create(path: &Path, dtype: Dtype, row_shape: &[usize]) -> Result<Self, NpyError> {
        Self::over(disk::create(path).map_err(NpyError::io(path))?, path, dtype, row_shape, 0)
    }

    /// Goes on with a file of which `rows` rows are kept and those behind them are cut off.
    ///
    /// # Errors
    /// [`NpyError::Io`]; [`NpyError::Other`] for a file of other numbers or rows; [`NpyError::Truncated`] where there are
    /// fewer rows.
    pub fn reopen(path: &Path, dtype: Dtype, row_shape: &[usize], rows: u64) -> Result<Self, NpyError> {
        let (file, header, bytes) = Self::opened(path, dtype, row_shape, rows)?;
        // The header first: it must not count what is cut off.
        let mut writer = Self::over(file, path, dtype, row_shape, bytes)?;
        writer.file.get_ref().set_len(header + bytes).map_err(NpyError::io(path))?;
        writer.file.seek(SeekFrom::End(0)).map_err(NpyError::io(path))?;
        Ok(writer)
    }

    /// Sees that [`reopen`](Self::reopen) will succeed, and changes nothing.
    ///
    /// # Errors
    /// Those of [`reopen`](Self::reopen).
    pub fn can_reopen(path: &Path, dtype: Dtype, row_shape: &[usize], rows: u64) -> Result<(), NpyError> {
        Self::opened(path, dtype, row_shape, rows).map(drop)
    }

    /// A file, the length of its header, and that of the rows that are to be kept.
    fn opened(path: &Path, dtype: Dtype, row_shape: &[usize], rows: u64) -> Result<(Writing, u64, u64), NpyError> {
        let file = File::open(path).map_err(NpyError::io(path))?;
        let there = header::Header::read(&mut BufReader::new(file), path)?;
        let own = header::write(dtype, rows, row_shape).len() as u64;
        let shape = there.shape.get(1..).unwrap_or_default();
        if there.dtype != dtype || there.big_endian || shape != row_shape || there.length != own {
            return Err(NpyError::Other { path: path.to_path_buf() });
        }
        let file = disk::reopen(path).map_err(NpyError::io(path))?;
        let found = file.length().map_err(NpyError::io(path))?.saturating_sub(own);
        let bytes = (Self::row_bytes(path, dtype, row_shape)? as u64).saturating_mul(rows);
        if found < bytes {
            return Err(NpyError::Truncated { path: path.to_path_buf(), expected: bytes, found });
        }
        Ok((file, own, bytes))
    }

    fn row_bytes(path: &Path, dtype: Dtype, row_shape: &[usize]) -> Result<usize, NpyError> {
        let bytes = elements(row_shape).and_then(|count| count.checked_mul(dtype.size()));
        bytes.ok_or_else(|| NpyError::TooLarge { path: path.to_path_buf(), shape: row_shape.to_vec() })
    }

    fn over(file: Writing, path: &Path, dtype: Dtype, row_shape: &[usize], bytes: u64) -> Result<Self, NpyError> {
        let mut writer = Self {
            path: path.to_path_buf(),
            file: BufWriter::new(file),
            dtype,
            row_shape: row_shape.to_vec(),
            row_bytes: Self::row_bytes(path, dtype, row_shape)?,
            bytes,
            empty_rows: 0,
        };
        writer.flush()?;
        Ok(writer)
    }

    /// Whole rows appended so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.bytes.checked_div(self.row_bytes as u64).unwrap_or(self.empty_rows)
    }

    /// Says how many rows there are of a file whose rows have no elements: none of them is appended.
    pub fn count_empty_rows(&mut self, rows: u64) {
        self.empty_rows = rows;
    }

    /// Appends whole rows: their elements' bytes, little-endian, last axis fastest.
    ///
    /// # Errors
    /// [`NpyError::PartialRow`], with nothing written, unless `bytes` are a whole number of rows; [`NpyError::Io`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), NpyError> {
        if bytes.len().checked_rem(self.row_bytes).unwrap_or(bytes.len()) != 0 {
            return Err(NpyError::PartialRow {
                path: self.path.clone(),
                bytes: bytes.len(),
                row_bytes: self.row_bytes,
            });
        }
        self.append_part(bytes)
    }

    /// Appends bytes of rows that are too long to be handed over at once; a row counts once it is whole.
    ///
    /// # Errors
    /// [`NpyError::Io`].
    pub fn append_part(&mut self, bytes: &[u8]) -> Result<(), NpyError> {
        self.file.write_all(bytes).map_err(NpyError::io(&self.path))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Hands all rows to the operating system, then the header that counts them: whoever opens the file at any moment
    /// finds a sound array.
    ///
    /// # Errors
    /// [`NpyError::Io`].
    pub fn flush(&mut self) -> Result<(), NpyError> {
        self.settle(false).map_err(NpyError::io(&self.path))
    }

    /// As [`flush`](Self::flush), and waits until the rows are on the disk before the header counts them: it is so after
    /// the power has failed, too.
    ///
    /// # Errors
    /// [`NpyError::Io`].
    pub fn secure(&mut self) -> Result<(), NpyError> {
        self.settle(true).map_err(NpyError::io(&self.path))
    }

    fn settle(&mut self, durable: bool) -> io::Result<()> {
        self.file.flush()?;
        if durable {
            self.file.get_ref().sync()?;
        }
        // A file that was removed can be written to, and nobody will ever find what is in it.
        if !self.path.try_exists()? {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the file has been removed"));
        }
        let header = header::write(self.dtype, self.rows(), &self.row_shape);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    /// Gives up a file that cannot be written any more, but for its first rows: what was not written whole is cut off, as far as
    /// the disk lets that be done.
    pub fn give_up(self, rows: u64) {
        let header = header::write(self.dtype, rows, &self.row_shape);
        let end = header.len() as u64 + rows * self.row_bytes as u64;
        // Without what still waits in the buffer.
        let (mut file, _) = self.file.into_parts();
        // The header first: it must not count what is cut off. An error changes nothing of the one that has been told.
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&header)).and_then(|()| file.set_len(end));
    }

    /// Flushes and returns the number of rows.
    ///
    /// # Errors
    /// [`NpyError::Io`].
    pub fn finish(mut self) -> Result<u64, NpyError> {
        self.flush()?;
        Ok(self.rows())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::{Reader, load};

    fn le(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn file(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("cortecs-{}-{name}.npy", std::process::id()))
    }

    #[test]
    fn a_file_is_sound_after_each_flush() {
        let path = file("flushed");
        let mut writer = Writer::create(&path, Dtype::F32, &[2]).unwrap();
        assert_eq!(load(&path).unwrap().shape, [0, 2]);
        writer.append(&le(&[1.0, 2.0])).unwrap();
        writer.flush().unwrap();
        assert_eq!(load(&path).unwrap().data, [1.0, 2.0]);
        writer.append(&le(&[3.0, 4.0, 5.0, 6.0])).unwrap();
        let before = load(&path).unwrap();
        assert_eq!(before.shape, [1, 2], "unflushed rows are not promised");
        assert_eq!(writer.finish().unwrap(), 3);
        let array = load(&path).unwrap();
        assert_eq!(array.shape, [3, 2]);
        assert_eq!(array.data, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn more_rows_than_the_buffer_holds_arrive_in_order() {
        let path = file("long");
        let mut writer = Writer::create(&path, Dtype::U32, &[]).unwrap();
        for value in 0..10_000u32 {
            writer.append(&value.to_le_bytes()).unwrap();
            if value % 777 == 0 {
                writer.flush().unwrap();
            }
        }
        assert_eq!(writer.finish().unwrap(), 10_000);
        let mut reader = Reader::open(&path).unwrap();
        assert_eq!((reader.rows(), reader.row_len()), (10_000, 1));
        let mut values = Vec::new();
        reader.read_rows(usize::MAX, &mut values).unwrap();
        assert!(values.iter().enumerate().all(|(i, &v)| v == i as f64));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_row_in_parts_counts_once_it_is_whole() {
        let path = file("parts");
        let mut writer = Writer::create(&path, Dtype::U8, &[3]).unwrap();
        for part in [&[1, 2][..], &[3, 4], &[5]] {
            writer.append_part(part).unwrap();
        }
        writer.flush().unwrap();
        assert_eq!((writer.rows(), load(&path).unwrap().data), (1, vec![1.0, 2.0, 3.0]));
        writer.append_part(&[6]).unwrap();
        assert_eq!(writer.finish().unwrap(), 2);
        assert_eq!(load(&path).unwrap().data, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn part_of_a_row_is_refused() {
        let path = file("partial");
        let mut writer = Writer::create(&path, Dtype::F32, &[3]).unwrap();
        let refused = writer.append(&[0; 13]);
        assert!(matches!(refused, Err(NpyError::PartialRow { bytes: 13, row_bytes: 12, .. })));
        assert_eq!(writer.finish().unwrap(), 0);
        std::fs::remove_file(path).unwrap();
    }
}

//! Writing `.npy` row by row. The file is a sound array after every flush, so a run that dies leaves what it had flushed.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::dtype::elements;
use super::{Dtype, NpyError, header};

/// A `.npy` file that grows along its first axis.
///
/// Dropped without [`finish`](Self::finish) it keeps the rows of the last [`flush`](Self::flush).
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    dtype: Dtype,
    row_shape: Vec<usize>,
    row_bytes: usize,
    bytes: u64,
}

impl Writer {
    /// Creates (or replaces) a file of no rows yet. An empty `row_shape` makes an array of one axis.
    ///
    /// # Errors
    /// [`NpyError::Io`], or [`NpyError::TooLarge`] for a row that no memory holds.
    pub fn create(path: &Path, dtype: Dtype, row_shape: &[usize]) -> Result<Self, NpyError> {
        let row_bytes = elements(row_shape)
            .and_then(|count| count.checked_mul(dtype.size()))
            .ok_or_else(|| NpyError::TooLarge { path: path.to_path_buf(), shape: row_shape.to_vec() })?;
        let file = File::create(path).map_err(NpyError::io(path))?;
        let mut writer = Self {
            path: path.to_path_buf(),
            file: BufWriter::new(file),
            dtype,
            row_shape: row_shape.to_vec(),
            row_bytes,
            bytes: 0,
        };
        writer.flush()?;
        Ok(writer)
    }

    /// Whole rows appended so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        // Rows of no elements cannot be told apart, so none are counted.
        self.bytes.checked_div(self.row_bytes as u64).unwrap_or(0)
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
        let header = header::write(self.dtype, self.rows(), &self.row_shape);
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.write_all(&header))
            .and_then(|()| self.file.seek(SeekFrom::End(0)))
            .map_err(NpyError::io(&self.path))?;
        Ok(())
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

//! Reading `.npy`: whole arrays, and rows of files that may be larger than memory.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::header::Header;
use super::{Array, Dtype, NpyError};
use crate::files;

/// Bytes decoded in one go; small enough to stay in the second-level cache.
const CHUNK: usize = 1 << 16;

/// Reads a whole `.npy` file. Fortran order is turned to C order.
///
/// # Errors
/// Everything in [`NpyError`] that concerns reading. Memory is taken only for data that the file really holds.
pub fn load(path: &Path) -> Result<Array, NpyError> {
    let (mut source, header) = open(path)?;
    let count = header.data_bytes(path)? / header.dtype.size() as u64;
    read_array(&mut source, &header, count as usize, path)
}

/// Opens the file and checks that it holds what its header promises.
fn open(path: &Path) -> Result<(BufReader<File>, Header), NpyError> {
    let file = files::open(path).map_err(NpyError::io(path))?;
    let length = file.metadata().map_err(NpyError::io(path))?.len();
    let mut source = BufReader::new(file);
    let header = Header::read(&mut source, path)?;
    let expected = header.data_bytes(path)?;
    let found = length.saturating_sub(header.length);
    if found < expected {
        return Err(truncated(path, expected, found));
    }
    Ok((source, header))
}

/// Reads all data after a header, into an array with room for `sure` elements: those known to be there. Behind a
/// decompressor that is none, and the array grows as data arrive, whatever the header promises.
pub(super) fn read_array(source: &mut impl Read, header: &Header, sure: usize, path: &Path) -> Result<Array, NpyError> {
    let expected = header.data_bytes(path)?;
    let (mut data, mut bytes, mut found) = (Vec::new(), vec![0; CHUNK], 0);
    let too_large = || NpyError::TooLarge { path: path.to_path_buf(), shape: header.shape.clone() };
    let elements = expected / header.dtype.size() as u64;
    // Twice where the order is changed.
    let held = elements.saturating_mul(if header.fortran { 16 } else { 8 });
    if !files::fits_memory(held) || data.try_reserve_exact(sure).is_err() {
        return Err(too_large());
    }
    while found < expected {
        let wanted = (expected - found).min(CHUNK as u64) as usize;
        let chunk = bytes.get_mut(..wanted).unwrap_or_default();
        let filled = fill(source, chunk, path)?;
        data.try_reserve(filled / header.dtype.size()).map_err(|_| too_large())?;
        header.dtype.decode(header.big_endian, &chunk[..filled], &mut data);
        found += filled as u64;
        if filled < wanted {
            return Err(truncated(path, expected, found));
        }
    }
    if header.fortran && !data.is_empty() {
        data = to_c_order(&data, &header.shape);
    }
    Array::new(header.shape.clone(), data)
}

/// Reads until `chunk` is full or the source ends; returns the bytes read.
fn fill(source: &mut impl Read, chunk: &mut [u8], path: &Path) -> Result<usize, NpyError> {
    let mut filled = 0;
    while filled < chunk.len() {
        match source.read(&mut chunk[filled..]) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(NpyError::io(path)(error)),
        }
    }
    Ok(filled)
}

fn truncated(path: &Path, expected: u64, found: u64) -> NpyError {
    NpyError::Truncated { path: path.to_path_buf(), expected, found }
}

/// Elements stored first axis fastest, given back last axis fastest.
fn to_c_order(data: &[f64], shape: &[usize]) -> Vec<f64> {
    let strides: Vec<usize> = shape.iter().scan(1, |stride, &n| Some(std::mem::replace(stride, *stride * n))).collect();
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    let mut out = Vec::with_capacity(data.len());
    while out.len() < data.len() {
        out.push(data[at]);
        // Count up like an odometer, last axis first, and keep `at` in step.
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    out
}

/// Walks a `.npy` file in C order along its first axis, holding only the rows asked for.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    source: BufReader<File>,
    header: Header,
    row_len: usize,
    next: usize,
    bytes: Vec<u8>,
}

impl Reader {
    /// Opens a file at its first row.
    ///
    /// # Errors
    /// As [`load`]; also [`NpyError::FortranOrder`] for a file of two or more axes in that order, and
    /// [`NpyError::NoRows`] for a scalar.
    pub fn open(path: &Path) -> Result<Self, NpyError> {
        let (source, header) = open(path)?;
        let Some((_, row_shape)) = header.shape.split_first() else {
            return Err(NpyError::NoRows { path: path.to_path_buf() });
        };
        if header.fortran && !row_shape.is_empty() {
            return Err(NpyError::FortranOrder { path: path.to_path_buf() });
        }
        let row_len = row_length(&header, path)?;
        Ok(Self { path: path.to_path_buf(), source, header, row_len, next: 0, bytes: Vec::new() })
    }

    /// Length of each axis; at least one.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// Type of the elements in the file.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.header.dtype
    }

    /// Length of the first axis.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.header.shape.first().copied().unwrap_or_default()
    }

    /// Elements of one row: the product of the axes after the first; 1 for an array of one axis.
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.row_len
    }

    /// The same file as one axis of single elements, from the first on: for rows that no memory is to hold.
    ///
    /// # Errors
    /// [`NpyError::Io`].
    pub fn flattened(mut self) -> Result<Self, NpyError> {
        self.header.shape = vec![self.rows() * self.row_len];
        self.row_len = 1;
        self.seek_row(0)?;
        Ok(self)
    }

    /// Clears `out` and fills it with the next rows: `rows` of them or as many as are left. Returns how many; 0 at the end.
    ///
    /// # Errors
    /// [`NpyError::Io`] or, if the file has shrunk since it was opened, [`NpyError::Truncated`].
    pub fn read_rows(&mut self, rows: usize, out: &mut Vec<f64>) -> Result<usize, NpyError> {
        out.clear();
        let rows = rows.min(self.rows() - self.next);
        let mut left = rows * self.row_len * self.header.dtype.size();
        while left > 0 {
            self.bytes.resize(left.min(CHUNK), 0);
            let filled = fill(&mut self.source, &mut self.bytes, &self.path)?;
            if filled < self.bytes.len() {
                return Err(self.shrunk());
            }
            self.header.dtype.decode(self.header.big_endian, &self.bytes, out);
            left -= filled;
        }
        self.next += rows;
        Ok(rows)
    }

    /// Goes to `row` (from 0), which the next [`read_rows`](Self::read_rows) starts at; the number of rows is the end.
    ///
    /// # Errors
    /// [`NpyError::NoSuchRow`] past the end, or [`NpyError::Io`].
    pub fn seek_row(&mut self, row: usize) -> Result<(), NpyError> {
        if row > self.rows() {
            return Err(NpyError::NoSuchRow { path: self.path.clone(), row, rows: self.rows() });
        }
        // No overflow: `open` found this many bytes in the file (or the rows are empty).
        let offset = (row * self.row_len * self.header.dtype.size()) as u64;
        self.source.seek(SeekFrom::Start(self.header.length + offset)).map_err(NpyError::io(&self.path))?;
        self.next = row;
        Ok(())
    }

    fn shrunk(&self) -> NpyError {
        let length = self.source.get_ref().metadata().map_or(0, |file| file.len());
        let expected = self.header.data_bytes(&self.path).unwrap_or(u64::MAX);
        truncated(&self.path, expected, length.saturating_sub(self.header.length))
    }
}

/// Elements of a row; an array without rows may state a row that no memory holds.
fn row_length(header: &Header, path: &Path) -> Result<usize, NpyError> {
    let row = Header { shape: header.shape.get(1..).unwrap_or_default().to_vec(), ..header.clone() };
    let bytes = row.data_bytes(path)?;
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX) / header.dtype.size())
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

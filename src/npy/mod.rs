//! NumPy's array files: reading `.npy` and `.npz`, streaming both ways through `.npy`.
//!
//! Values come out as `f64` whatever the file holds. What the numbers mean is the business of the rooms that ask for them.

#![forbid(unsafe_code)]

mod dtype;
mod header;
#[cfg(feature = "formats")]
mod npz;
mod read;
mod write;

use std::io;
use std::path::{Path, PathBuf};

pub use dtype::Dtype;
#[cfg(feature = "formats")]
pub use npz::load_from_npz;
pub use read::{Reader, load};
pub use write::Writer;

/// An array in row-major (C) order.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Length of each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements, last axis fastest; as many as the product of `shape`. 64-bit integers beyond 2⁵³ are rounded.
    pub data: Vec<f64>,
}

impl Array {
    /// An array of `shape` over `data`.
    ///
    /// # Errors
    /// [`NpyError::Shape`] if the product of `shape` is not the number of elements.
    pub fn new(shape: Vec<usize>, data: Vec<f64>) -> Result<Self, NpyError> {
        if dtype::elements(&shape) == Some(data.len()) {
            Ok(Self { shape, data })
        } else {
            Err(NpyError::Shape { shape, found: data.len() })
        }
    }
}

/// Archives are refused: reading them takes the feature `formats`.
///
/// # Errors
/// [`NpyError::Archive`].
#[cfg(not(feature = "formats"))]
pub fn load_from_npz(path: &Path, _: &str) -> Result<Array, NpyError> {
    Err(NpyError::Archive { path: path.to_path_buf(), source: crate::files::REFUSAL.into() })
}

/// Why an array could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not start as a `.npy` file does.
    #[error("{}: not a .npy file", path.display())]
    NotNpy {
        /// The file, for an archive with the name of its member.
        path: PathBuf,
    },
    /// A version of the format after 3.
    #[error("{}: version {major} of the .npy format is unknown (known: 1 to 3)", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The major version that it states.
        major: u8,
    },
    /// The header is not the dictionary that the format asks for.
    #[error("{}: malformed header: {fault}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// The elements are no real numbers: Python objects, records, text, dates, complex or half-precision numbers.
    #[error("{}: elements of type {descr} are not supported (supported: bool, integers, float32, float64)", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The type as the file states it; `|O` is a pickled object, a list of pairs is a record.
        descr: String,
    },
    /// The file ends before the array does.
    #[error("{}: truncated: the header promises {expected} bytes of data, the file holds {found}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes of data by the header's shape and type.
        expected: u64,
        /// Bytes of data that are there.
        found: u64,
    },
    /// The shape's bytes do not fit a 64-bit number.
    #[error("{}: no memory holds an array of shape {shape:?}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The shape that it states.
        shape: Vec<usize>,
    },
    /// Rows of a file in Fortran order are not contiguous, so they cannot be streamed; [`load`] reads such a file.
    #[error("{}: in Fortran order, which cannot be read row by row", path.display())]
    FortranOrder {
        /// The file.
        path: PathBuf,
    },
    /// A scalar has no first axis to walk along.
    #[error("{}: a scalar, which has no rows", path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
    },
    /// A file that is to be gone on with has other numbers, or rows of another shape.
    #[error("{}: a recording of something else", path.display())]
    Other {
        /// The file.
        path: PathBuf,
    },
    /// A row after the last one was asked for.
    #[error("{}: row {row} of {rows}", path.display())]
    NoSuchRow {
        /// The file.
        path: PathBuf,
        /// The row asked for, from 0.
        row: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// The archive has no member of that name.
    #[error("{}: no array {key:?}; there are: {}", path.display(), keys.join(", "))]
    NoSuchKey {
        /// The archive.
        path: PathBuf,
        /// The name asked for.
        key: String,
        /// The names of the arrays in the archive.
        keys: Vec<String>,
    },
    /// The file is not a sound zip archive, or this build reads none.
    #[error("{}: {source}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A member of the archive is packed by a method other than *stored* and *deflate*.
    #[error("{}: compressed by method {method}, of which only stored and deflate are supported", path.display())]
    Compression {
        /// The archive and the member.
        path: PathBuf,
        /// The method's name or number in the zip format.
        method: String,
    },
    /// A member of an archive goes on where its array ends.
    #[error("{}: more data than the header promises", path.display())]
    Surplus {
        /// The archive and the member.
        path: PathBuf,
    },
    /// The product of a shape is not the number of elements.
    #[error("shape {shape:?} does not hold {found} elements")]
    Shape {
        /// The shape.
        shape: Vec<usize>,
        /// The number of elements given.
        found: usize,
    },
    /// Bytes to be written are not a whole number of rows.
    #[error("{}: {bytes} bytes are not a whole number of rows of {row_bytes}", path.display())]
    PartialRow {
        /// The file.
        path: PathBuf,
        /// The bytes given.
        bytes: usize,
        /// Bytes of one row.
        row_bytes: usize,
    },
}

impl NpyError {
    /// For `map_err`: an error of the operating system with the file that it concerns.
    fn io(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_path_buf(), source }
    }
}

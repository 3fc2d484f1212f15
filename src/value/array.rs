//! Arrays as values: where they come from is somebody else's matter ([`ArraySource`]).

use std::{fmt, sync::Arc};

pub use crate::npy::Array;

/// Whoever can fetch the array that an expression names.
pub trait ArraySource: Sync {
    /// The array of `file`, and in an archive of several that of `key`.
    ///
    /// # Errors
    /// A text that says why not.
    fn load(&self, file: &str, key: Option<&str>) -> Result<Arc<Array>, String>;
}

/// No arrays: for values that are only numbers.
pub struct NoArrays;

impl ArraySource for NoArrays {
    fn load(&self, file: &str, _: Option<&str>) -> Result<Arc<Array>, String> {
        Err(format!("`{file}` cannot be read: this network was given no folder to read files from"))
    }
}

/// An array whose shape is not that of the members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeMismatch {
    /// The shape of the array.
    pub found: Vec<usize>,
    /// The shape of what it was meant for.
    pub expected: Vec<usize>,
}

impl std::error::Error for ShapeMismatch {}

impl fmt::Display for ShapeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected: usize = self.expected.iter().product();
        let words = |shape: &[usize]| {
            let axes: Vec<_> = shape.iter().map(ToString::to_string).collect();
            axes.join(" × ")
        };
        write!(f, "the array has the shape {}, but {expected} values", words(&self.found))?;
        if self.expected.len() > 1 {
            write!(f, " ({})", words(&self.expected))?;
        }
        f.write_str(" are needed")
    }
}

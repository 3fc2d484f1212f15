//! A column: one variable of all members of a group, contiguous and aligned to a cache line.

use std::ops::{Deref, DerefMut};

use aligned_vec::{AVec, ConstAlign};

use super::pages::prefer_large;

/// The values of one variable, one per member, aligned to 64 bytes.
///
/// Reads and writes as a slice. The alignment lets a 512-bit load take one cache line instead of two.
#[derive(Debug)]
pub struct Column<T>(AVec<T, ConstAlign<64>>);

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self(AVec::new(64))
    }
}

impl<T: Clone> Clone for Column<T> {
    fn clone(&self) -> Self {
        Self::from(&self[..])
    }
}

impl<T> Column<T> {
    /// Room for `len` members, in large pages if they are many.
    fn with_room(len: usize) -> Self {
        let column = Self(AVec::with_capacity(64, len));
        prefer_large(column.0.as_ptr(), len * size_of::<T>());
        column
    }
}

impl<T: Clone> Column<T> {
    /// A column of `len` copies of `value`.
    pub fn filled(value: T, len: usize) -> Self {
        let mut column = Self::with_room(len);
        column.0.resize(len, value);
        column
    }

    /// Cuts or lengthens the column to `len`, new members being `value`.
    pub fn resize(&mut self, value: T, len: usize) {
        self.0.resize(len, value);
    }

    /// Replaces the column's values by those of an iterator.
    pub fn refill(&mut self, values: impl IntoIterator<Item = T>) {
        self.0.clear();
        for value in values {
            self.0.push(value);
        }
    }
}

impl<T: Clone> From<&[T]> for Column<T> {
    fn from(values: &[T]) -> Self {
        let mut column = Self::with_room(values.len());
        column.0.extend_from_slice(values);
        column
    }
}

impl<T> Deref for Column<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Column<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_start_on_a_cache_line() {
        for len in [1, 7, 800] {
            let column = Column::filled(1.0_f32, len);
            assert_eq!(column.as_ptr().align_offset(64), 0);
            assert_eq!(column.len(), len);
        }
    }
}

//! Columns of codes, of 16 bits each where they suffice, else of 32.

use std::ops::Range;

use super::prefetch::{prefetch, prefetch_all};
use crate::numeric::{Column, coding::Coding};

/// The codes of all synapses of a group.
#[derive(Clone, Debug)]
pub enum Codes {
    /// Of 16 bits.
    Short(Column<u16>),
    /// Of 32 bits.
    Long(Column<u32>),
}

impl Default for Codes {
    fn default() -> Self {
        Self::Short(Column::default())
    }
}

/// Codes that lie side by side.
#[derive(Clone, Copy, Debug)]
pub enum CodeSlice<'a> {
    /// Of 16 bits.
    Short(&'a [u16]),
    /// Of 32 bits.
    Long(&'a [u32]),
}

impl Default for CodeSlice<'_> {
    fn default() -> Self {
        Self::Short(&[])
    }
}

/// The same, to be written.
pub enum CodeSliceMut<'a> {
    /// Of 16 bits.
    Short(&'a mut [u16]),
    /// Of 32 bits.
    Long(&'a mut [u32]),
}

/// Does the same with codes of either length, which are called `$codes`.
macro_rules! either {
    ($kind:ident: $self:expr, $codes:ident => $work:expr) => {
        match $self {
            $kind::Short($codes) => $work,
            $kind::Long($codes) => $work,
        }
    };
}

impl Codes {
    /// So many codes, which are zero.
    pub fn zero(coding: Coding, number: usize) -> Self {
        if coding.is_short() { Self::Short(Column::filled(0, number)) } else { Self::Long(Column::filled(0, number)) }
    }

    /// The number of codes.
    pub fn len(&self) -> usize {
        either!(Self: self, codes => codes.len())
    }

    /// All of them.
    pub fn all(&self) -> CodeSlice<'_> {
        match self {
            Self::Short(codes) => CodeSlice::Short(codes),
            Self::Long(codes) => CodeSlice::Long(codes),
        }
    }

    /// All of them, to be written.
    pub fn all_mut(&mut self) -> CodeSliceMut<'_> {
        match self {
            Self::Short(codes) => CodeSliceMut::Short(codes),
            Self::Long(codes) => CodeSliceMut::Long(codes),
        }
    }
}

impl<'a> CodeSlice<'a> {
    /// The number of codes.
    #[inline]
    pub fn len(self) -> usize {
        either!(Self: self, codes => codes.len())
    }

    /// The code at a place.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn at(self, place: usize) -> u32 {
        match self {
            Self::Short(codes) => u32::from(codes[place]),
            Self::Long(codes) => codes[place],
        }
    }

    /// Some of them, if they are there.
    #[inline]
    pub fn get(self, range: Range<usize>) -> Option<Self> {
        match self {
            Self::Short(codes) => codes.get(range).map(Self::Short),
            Self::Long(codes) => codes.get(range).map(Self::Long),
        }
    }

    /// Calls `each` with every code and what stands beside it.
    #[inline(always)]
    pub fn zip_each<T>(self, others: impl IntoIterator<Item = T>, mut each: impl FnMut(u32, T)) {
        match self {
            Self::Short(codes) => {
                codes.iter().zip(others).for_each(|(&code, other)| each(u32::from(code), other));
            }
            Self::Long(codes) => codes.iter().zip(others).for_each(|(&code, other)| each(code, other)),
        }
    }

    /// The first that is not `below`, of codes of which the first ones are.
    pub fn partition_point(self, below: impl Fn(u32) -> bool) -> usize {
        match self {
            Self::Short(codes) => codes.partition_point(|&code| below(u32::from(code))),
            Self::Long(codes) => codes.partition_point(|&code| below(code)),
        }
    }

    /// Whether they ascend.
    pub fn is_sorted(self) -> bool {
        either!(Self: self, codes => codes.is_sorted())
    }

    /// Fetches the cache line of one of them, if it is there.
    #[inline(always)]
    pub fn prefetch(self, place: usize) {
        either!(Self: self, codes => prefetch(codes, place));
    }

    /// Fetches all of them.
    #[inline(always)]
    pub fn prefetch_all(self) {
        either!(Self: self, codes => prefetch_all(codes));
    }
}

impl<'a> CodeSliceMut<'a> {
    /// The first ones, and the others.
    pub fn split_at(self, at: usize) -> (Self, Self) {
        match self {
            Self::Short(codes) => {
                let (head, tail) = codes.split_at_mut(at);
                (Self::Short(head), Self::Short(tail))
            }
            Self::Long(codes) => {
                let (head, tail) = codes.split_at_mut(at);
                (Self::Long(head), Self::Long(tail))
            }
        }
    }

    /// Writes the code at a place.
    #[inline]
    pub fn set(&mut self, place: usize, code: u32) {
        match self {
            Self::Short(codes) => codes[place] = code as u16,
            Self::Long(codes) => codes[place] = code,
        }
    }

    /// To be read.
    pub fn view(&self) -> CodeSlice<'_> {
        match self {
            Self::Short(codes) => CodeSlice::Short(codes),
            Self::Long(codes) => CodeSlice::Long(codes),
        }
    }
}

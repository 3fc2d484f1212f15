//! The columns that programs of equations read, cut with their neurons for threads and blocks.

use crate::{
    equations::Source,
    numeric::{Real, blocks::Cut},
};

/// A column that a program reads.
#[derive(Clone, Copy)]
pub(super) enum Read<'a> {
    /// One that is at hand.
    Column(&'a [Real]),
    /// Numbers of a source that come with each block: drawn, or held by whom the program writes to.
    Of(Source),
}

impl Cut for Read<'_> {
    fn cut(self, at: usize) -> (Self, Self) {
        match self {
            Self::Column(numbers) => {
                let (head, tail) = numbers.cut(at);
                (Self::Column(head), Self::Column(tail))
            }
            Self::Of(_) => (self, self),
        }
    }
}

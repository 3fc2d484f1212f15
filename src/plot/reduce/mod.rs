//! From streams of any length to summaries of the size of a picture. Pure: no files, no drawing.

mod cells;
mod columns;
mod quantiles;
mod rate;
mod summary;

pub(super) use cells::Cells;
pub(super) use columns::Columns;
pub(super) use rate::RateBins;
pub(super) use summary::{Extremes, Summariser, Summary};

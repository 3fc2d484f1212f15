//! Synapses in memory: dense and sparse rows, cut by blocks of targets, and the loops that add them up.

mod by_targets;
mod codes;
pub mod coding;
pub mod dense;
mod graded;
mod offsets;
pub mod pieces;
pub mod placing;
pub(crate) mod prefetch;
pub mod replace;
pub mod row_blocks;
pub mod rows;
mod starts;
mod walk;

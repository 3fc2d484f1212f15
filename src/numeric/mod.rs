//! Numbers without an ECS: precision, columns, and in rooms of their own random numbers, synapses in memory, threads and what
//! kernels are made of.
//!
//! The only room in which `unsafe` may appear: in [`instruction_set`], in a prefetch and in advice on pages.

pub mod archive;
pub mod column;
pub mod grid;
pub mod kernel;
mod pages;
pub mod parallel;
pub mod random;
pub mod real;
pub mod synapses;

pub use archive::{Archive, ArchiveError};
pub use column::Column;
pub use kernel::{
    carried,
    exp::{self, exp, exp_m1, mean_exp},
    instruction_set::{self, InstructionSet, dispatch, rarely},
    marks,
};
pub use parallel::{blocks, pass, shares, threads};
pub use random::{lanes, normal, philox, poisson, stream, words};
pub use real::Real;
pub use synapses::{coding, dense, exchange, pieces, row_blocks, rows};

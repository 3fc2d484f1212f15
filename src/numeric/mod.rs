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
    flags,
    instruction_set::{self, InstructionSet, dispatch, rarely},
};
pub use parallel::{blocks, pass, shares, threads};
pub use random::{normal, philox, poisson, stream, vector_rng, words};
pub use real::Real;
pub use synapses::{coding, dense, pieces, replace, row_blocks, rows};

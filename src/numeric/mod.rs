//! Numbers without an ECS: precision, columns, and in rooms of their own random numbers, synapses in memory, threads and what
//! kernels are made of.
//!
//! The only room in which `unsafe` may appear: in [`instruction_set`], in what runs a program, in a prefetch and in advice on pages.

mod archive;
mod column;
pub(crate) mod grid;
mod kernel;
mod pages;
mod parallel;
pub(crate) mod program;
mod random;
pub mod real;
mod synapses;

pub use archive::{Archive, ArchiveError, Digest, Members, Shared};
pub use column::Column;
pub(crate) use kernel::flags;
pub use kernel::{
    carried,
    exp::{self, exp, exp_m1, mean_exp},
    instruction_set::{self, InstructionSet, dispatch, rarely},
};
pub(crate) use parallel::threads;
pub use parallel::{blocks, exchange, pass, shares};
pub(crate) use random::{noises::Noises, philox, skips};
pub use random::{stream, vector_rng};
pub use real::Real;
pub(crate) use synapses::{coding, dense, pieces, placing, prefetch, replace, row_blocks, rows};

// For benchmarks.
#[doc(hidden)]
pub use random::{normal, poisson, words};

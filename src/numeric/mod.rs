//! Numbers without an ECS: precision, columns, instruction sets, random numbers, parallel blocks.
//!
//! The only room in which `unsafe` may appear: in [`instruction_set`], in a prefetch and in advice on pages.

pub mod archive;
pub mod blocks;
pub mod carried;
pub mod coding;
pub mod column;
pub mod dense;
pub mod exchange;
pub mod exp;
pub mod grid;
pub mod instruction_set;
pub mod lanes;
pub mod marks;
pub mod normal;
mod pages;
pub mod pass;
pub mod philox;
pub mod pieces;
pub mod poisson;
pub mod portions;
mod prefetch;
pub mod real;
pub mod row_blocks;
pub mod rows;
pub mod stream;
pub mod threads;
pub mod words;

pub use archive::{Archive, ArchiveError};
pub use column::Column;
pub use exp::{exp, exp_m1, mean_exp};
pub use instruction_set::{InstructionSet, dispatch, rarely};
pub use real::Real;

//! The work of an iteration on several threads: blocks, shares of groups, passes. No result depends on how many there are.

pub mod blocks;
pub mod exchange;
pub mod pass;
pub mod shares;
pub mod threads;

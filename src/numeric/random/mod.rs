//! Random numbers: streams by name, what is drawn once (Philox) and in every iteration (xoshiro in lanes), distributions.

pub(crate) mod noises;
pub mod normal;
pub mod philox;
pub mod poisson;
pub mod skips;
pub mod stream;
pub mod vector_rng;
pub mod words;

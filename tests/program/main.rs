//! The program `cortecs`, run as its users run it.

mod cli;
mod hostile;
mod interruption;
mod pairing;
mod soak;
mod soundness;
mod watched;

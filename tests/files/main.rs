//! What is read from files and written to them: scenes and what is said of wrong ones, checkpoints.

mod checkpoint;
mod diagnostics;

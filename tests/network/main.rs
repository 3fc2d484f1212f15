//! What networks compute: against closed forms, published figures and independent programs, on any number of threads.

mod connectivity;
mod determinism;
mod drives;
mod equations;
mod exactness;
mod faults;
mod golden;
mod learning;
mod odd_texts;
mod precision;
mod published;
mod reference;
mod scenes;
mod sharing;
mod statistics;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by a test that forces an instruction set, which is one for the whole process.
fn instruction_sets() -> MutexGuard<'static, ()> {
    static FORCED: Mutex<()> = Mutex::new(());
    FORCED.lock().unwrap_or_else(PoisonError::into_inner)
}

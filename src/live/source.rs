//! Where what is seen comes from: a network on a thread, on another machine, or as it was recorded.

use super::{Command, Frame, LiveError, Outline};
use crate::text::Document;

/// Something that can be looked at.
pub trait Source {
    /// What it is, and what can be asked of it.
    fn outline(&self) -> &Outline;

    /// What is new since the last time; nothing if nothing is. Never waits.
    fn take(&mut self) -> Option<Frame>;

    /// Asks something of it; whether it is there to hear it.
    fn send(&mut self, command: Command) -> bool;

    /// The scene with everything that was done.
    ///
    /// # Errors
    /// There is none.
    fn scene(&mut self) -> Result<Document, LiveError>;
}

//! What went wrong inside the loop or while a behaviour was prepared. Whoever drives the loop looks here after
//! each tick; nothing in the loop panics or prints.

use bevy_ecs::prelude::*;

/// The failures since they were last taken.
#[derive(Resource, Default, Debug)]
pub struct Failures(Vec<Failure>);

/// A failure: who, and why.
#[derive(Debug, thiserror::Error)]
#[error("{who}: {why}")]
pub struct Failure {
    /// The group and the behaviour.
    pub who: String,
    /// The reason.
    pub why: Box<dyn std::error::Error + Send + Sync>,
}

impl Failures {
    /// Notes a failure.
    pub fn push(&mut self, who: impl Into<String>, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) {
        self.0.push(Failure { who: who.into(), why: why.into() });
    }

    /// Whether all is well.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The failures so far, which are then forgotten.
    pub fn take(&mut self) -> Vec<Failure> {
        std::mem::take(&mut self.0)
    }

    /// The failures so far.
    #[must_use]
    pub fn as_slice(&self) -> &[Failure] {
        &self.0
    }
}

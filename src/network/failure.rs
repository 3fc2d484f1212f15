//! What went wrong inside the loop or while a behaviour was prepared. Whoever drives the loop looks here after
//! each tick; nothing in the loop panics or prints.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use bevy_ecs::prelude::*;

/// The failures since they were last taken.
#[derive(Resource, Default, Debug)]
pub struct Failures {
    list: Vec<Failure>,
    /// Whether there are any: the loop looks before every iteration, and to look a resource up takes 10 ns.
    any: Arc<AtomicBool>,
}

/// A failure: who, and why.
#[derive(Debug, thiserror::Error)]
#[error("{who}: {why}")]
pub struct Failure {
    /// The group and the behaviour.
    pub who: String,
    /// Where it happened; `None` where it is of no group, receptor or synapse group.
    pub entity: Option<Entity>,
    /// The reason.
    pub why: Box<dyn std::error::Error + Send + Sync>,
}

impl Failures {
    /// Notes a failure.
    pub fn push(&mut self, who: impl Into<String>, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) {
        self.note(None, who.into(), why.into());
    }

    /// Notes a failure at an entity: whoever drives networks knows which of them has failed.
    pub fn push_at(
        &mut self,
        entity: Entity,
        who: impl Into<String>,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) {
        self.note(Some(entity), who.into(), why.into());
    }

    /// Takes back failures that were taken.
    pub(crate) fn put_back(&mut self, failures: impl IntoIterator<Item = Failure>) {
        self.list.extend(failures);
        self.any.store(!self.list.is_empty(), Relaxed);
    }

    fn note(&mut self, entity: Option<Entity>, who: String, why: Box<dyn std::error::Error + Send + Sync>) {
        self.list.push(Failure { who, entity, why });
        self.any.store(true, Relaxed);
    }

    /// Whether all is well.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The failures so far, which are then forgotten.
    pub fn take(&mut self) -> Vec<Failure> {
        self.any.store(false, Relaxed);
        std::mem::take(&mut self.list)
    }

    /// The failures so far.
    #[must_use]
    pub fn as_slice(&self) -> &[Failure] {
        &self.list
    }

    /// Whether there are failures, for as long as this resource stays.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        self.any.clone()
    }
}

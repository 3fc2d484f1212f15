//! Why a behaviour cannot be prepared.

use bevy_ecs::prelude::*;

use super::address::AddressError;
use crate::value::ValueError;

/// A behaviour that cannot be prepared.
#[derive(Debug, thiserror::Error)]
#[error("{behaviour}{}: {fault}", .field.as_ref().map(|field| format!(".{field}")).unwrap_or_default())]
pub struct PrepareError {
    /// The behaviour.
    pub behaviour: &'static str,
    /// The field that is to blame, if one is.
    pub field: Option<String>,
    /// The fault.
    pub fault: Box<PrepareFault>,
}

/// What preparation has warned of, by entity and behaviour; there while a scene is tried.
#[derive(Resource, Default)]
pub struct Told(pub Vec<(Entity, &'static str, PrepareError)>);

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareFault {
    /// A value.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// An address that leads nowhere.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The entity lacks what the behaviour needs.
    #[error("{0}")]
    Other(String),
}

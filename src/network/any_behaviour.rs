//! A behaviour whose type is not known, and the table by which it is found at an entity. What does not depend on its type
//! (preparation, switching, checkpoints, plans) goes through here, so that it is compiled once and not for every behaviour.

use std::any::Any;

use bevy_ecs::{component::ComponentId, prelude::*, world::EntityMut};
use bevy_reflect::Reflect;

use super::{
    behaviour::Behaviour,
    extent::{Extent, Pair, Size},
    fault::PrepareError,
    preparation::Preparation,
};
use crate::numeric::{Archive, ArchiveError};

/// The methods of a [`Behaviour`], and what its component type is needed for.
pub(super) trait AnyBehaviour: Reflect {
    fn compartments(&self) -> Vec<String>;
    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError>;
    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError>;
    fn extent(&self, pair: Pair) -> Extent;
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError>;
    fn memory(&self, size: Size) -> u64;
    fn copy(&self) -> Box<dyn AnyBehaviour>;
    /// Exchanges two values of one type; nothing happens to those of two.
    fn swap(&mut self, other: &mut dyn AnyBehaviour);
    fn attach(self: Box<Self>, entity: &mut EntityWorldMut<'_>);
}

impl<T: Behaviour> AnyBehaviour for T {
    fn compartments(&self) -> Vec<String> {
        Behaviour::compartments(self)
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        Behaviour::prepare(self, preparation)
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        Behaviour::complete(self, preparation)
    }

    fn extent(&self, pair: Pair) -> Extent {
        Behaviour::extent(self, pair)
    }

    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        Behaviour::persist(self, archive)
    }

    fn memory(&self, size: Size) -> u64 {
        Behaviour::memory(self, size)
    }

    fn copy(&self) -> Box<dyn AnyBehaviour> {
        Box::new(self.clone())
    }

    fn swap(&mut self, other: &mut dyn AnyBehaviour) {
        if let Some(other) = (other as &mut dyn Any).downcast_mut() {
            std::mem::swap(self, other);
        }
    }

    fn attach(self: Box<Self>, entity: &mut EntityWorldMut<'_>) {
        entity.insert(*self);
    }
}

/// What takes the type of a behaviour to be found.
#[derive(Clone, Copy)]
pub(super) struct Access {
    pub id: ComponentId,
    pub default: fn() -> Box<dyn AnyBehaviour>,
    /// The behaviour that a value is, if it is of this type.
    pub of_value: fn(&dyn Reflect) -> Option<&dyn AnyBehaviour>,
    pub get: for<'w> fn(EntityRef<'w>) -> Option<&'w dyn AnyBehaviour>,
    pub get_mut: for<'a> fn(&'a mut EntityMut<'_>) -> Option<Mut<'a, dyn AnyBehaviour>>,
}

impl Access {
    pub fn of<T: Behaviour>(id: ComponentId) -> Self {
        Self {
            id,
            default: || Box::new(T::default()),
            of_value: |value| value.downcast_ref::<T>().map(|value| value as _),
            get: |entity| entity.get::<T>().map(|here| here as _),
            get_mut: |entity| entity.get_mut::<T>().map(|here| here.map_unchanged(|here| here as _)),
        }
    }
}

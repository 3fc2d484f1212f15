//! The registry of behaviours: everything that scenes and listings need to know of them.

use std::any::TypeId;

use bevy_ecs::{component::ComponentId, prelude::*, world::EntityMut};
use bevy_reflect::{PartialReflect, Reflect, TypeInfo, structs::StructInfo};

use super::{
    any_behaviour::{Access, AnyBehaviour},
    behaviour::{Behaviour, Kind},
    extent::{Extent, Pair, Size},
    switched_off,
};
use crate::numeric::{Archive, ArchiveError};

/// A registered behaviour.
#[derive(Clone, Copy)]
pub struct BehaviourEntry {
    /// The type.
    pub type_id: TypeId,
    /// The name in scenes: the type's own.
    pub name: &'static str,
    /// The full path of the type.
    pub path: &'static str,
    /// What it is attached to.
    pub kind: Kind,
    /// Whether it is a neuron model, of which a group has one.
    pub model: bool,
    /// Values of it that scenes may be like.
    pub library: &'static str,
    /// Its fields.
    pub fields: &'static StructInfo,
    pub(super) access: Access,
}

impl BehaviourEntry {
    pub(super) fn of<T: Behaviour>(id: ComponentId) -> Self {
        let fields = fields(T::type_info());
        let path = fields.type_path_table();
        Self {
            type_id: TypeId::of::<T>(),
            name: path.short_path(),
            path: path.path(),
            kind: T::KIND,
            model: T::MODEL,
            library: T::LIBRARY,
            fields,
            access: Access::of::<T>(id),
        }
    }

    /// The component that it is.
    #[must_use]
    pub const fn component(&self) -> ComponentId {
        self.access.id
    }

    /// A value with all defaults.
    #[must_use]
    pub fn default_value(&self) -> Box<dyn Reflect> {
        (self.access.default)()
    }

    /// Attaches a copy of a value to an entity; nothing happens if it is not of the behaviour's type.
    pub fn insert(&self, entity: &mut EntityWorldMut<'_>, value: &dyn Reflect) {
        if let Some(value) = (self.access.of_value)(value) {
            value.copy().attach(entity);
        }
    }

    /// Whether it is attached to an entity, switched on or off.
    #[must_use]
    pub fn is_on(&self, entity: EntityRef<'_>) -> Option<bool> {
        switched_off::is_on(entity, self.access.id)
    }

    /// Switches it on or off at an entity that has it; says whether there was a change.
    pub fn switch(&self, entity: &mut EntityWorldMut<'_>, on: bool) -> bool {
        switched_off::switch_one(entity, &self.access, on)
    }

    /// The compartments, besides the soma, of cells that have it, be it on or off.
    #[must_use]
    pub fn compartments(&self, entity: EntityRef<'_>) -> Vec<String> {
        switched_off::read(entity, &self.access, AnyBehaviour::compartments).unwrap_or_default()
    }

    /// The extent of the synapse group which it makes.
    #[must_use]
    pub fn extent(&self, entity: EntityRef<'_>, pair: Pair) -> Option<Extent> {
        self.at(entity).map(|rule| rule.extent(pair))
    }

    /// The memory (bytes) that it will need there besides columns.
    #[must_use]
    pub fn memory(&self, entity: EntityRef<'_>, size: Size) -> u64 {
        self.at(entity).map_or(0, |behaviour| behaviour.memory(size))
    }

    /// Goes through what it keeps at an entity, be it on or off.
    ///
    /// # Errors
    /// What was saved does not fit.
    pub fn persist(&self, entity: &mut EntityMut<'_>, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        switched_off::with(entity, &self.access, |behaviour| behaviour.persist(archive)).unwrap_or(Ok(()))
    }

    /// Its value at an entity that has it, switched on.
    #[must_use]
    pub fn value<'w>(&self, entity: EntityRef<'w>) -> Option<&'w dyn Reflect> {
        self.at(entity).map(|behaviour| behaviour as &dyn Reflect)
    }

    fn at<'w>(&self, entity: EntityRef<'w>) -> Option<&'w dyn AnyBehaviour> {
        (self.access.get)(entity)
    }

    /// The documentation of the type, trimmed.
    #[must_use]
    pub fn docs(&self) -> &'static str {
        self.fields.docs().unwrap_or_default().trim()
    }
}

/// All registered behaviours, in the order in which they were registered.
#[derive(Resource, Clone, Default)]
pub struct Behaviours(pub(super) Vec<BehaviourEntry>);

impl Behaviours {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &BehaviourEntry> {
        self.0.iter()
    }

    /// Those of a name; more than one where two crates chose the same.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &BehaviourEntry> {
        self.0.iter().filter(move |entry| entry.name == name)
    }

    /// The entry of a value's type.
    #[must_use]
    pub fn of_value(&self, value: &dyn PartialReflect) -> Option<&BehaviourEntry> {
        let id = value.get_represented_type_info()?.type_id();
        self.0.iter().find(|entry| entry.type_id == id)
    }
}

fn fields(info: &'static TypeInfo) -> &'static StructInfo {
    match info {
        TypeInfo::Struct(fields) => fields,
        other => panic!("a behaviour is a struct with named fields: {}", other.type_path()),
    }
}

//! The registry of behaviours: everything that scenes and listings need to know of them.

use std::any::TypeId;

use bevy_app::App;
use bevy_ecs::{prelude::*, world::EntityMut};
use bevy_reflect::{PartialReflect, Reflect, TypeInfo, structs::StructInfo};

use super::{
    behaviour::{Behaviour, Kind},
    preparation::{Depth, Extent, Pair, PrepareError, Size},
    prepare::{self, on_insert},
    resting, state,
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
    /// Its fields.
    pub fields: &'static StructInfo,
    /// A value with all defaults.
    pub default: fn() -> Box<dyn Reflect>,
    /// Attaches a copy of a value, which must be of the behaviour's type, to an entity.
    pub insert: fn(&mut EntityWorldMut<'_>, &dyn Reflect),
    /// Whether it is attached to an entity, switched on or off.
    pub is_on: fn(EntityRef<'_>) -> Option<bool>,
    /// Switches it on or off at an entity that has it; says whether there was a change.
    pub switch: fn(&mut EntityWorldMut<'_>, bool) -> bool,
    /// Prepares it at an entity.
    pub prepare: fn(&mut World, Entity, Depth) -> Result<(), PrepareError>,
    /// The extent of the synapse group which it makes.
    pub extent: fn(EntityRef<'_>, Pair) -> Option<Extent>,
    /// The memory (bytes) that it will need there besides columns.
    pub memory: fn(EntityRef<'_>, Size) -> u64,
    pub(super) keep: fn(&mut EntityMut<'_>, &mut Archive<'_>) -> Result<(), ArchiveError>,
}

impl BehaviourEntry {
    fn of<T: Behaviour>() -> Self {
        let TypeInfo::Struct(fields) = T::type_info() else {
            unreachable!("`register_behaviour` lets structs with named fields pass only");
        };
        Self {
            type_id: TypeId::of::<T>(),
            name: fields.type_path_table().short_path(),
            path: fields.type_path_table().path(),
            kind: T::KIND,
            fields,
            default: || Box::new(T::default()),
            insert: |entity, value| {
                if let Some(value) = value.downcast_ref::<T>() {
                    entity.insert(value.clone());
                }
            },
            is_on: resting::is_on::<T>,
            switch: resting::switch_one::<T>,
            prepare: prepare::prepare::<T>,
            extent: |entity, pair| entity.get::<T>().map(|rule| rule.extent(pair)),
            memory: |entity, size| entity.get::<T>().map_or(0, |behaviour| behaviour.memory(size)),
            keep: state::keep_behaviour::<T>,
        }
    }

    /// The documentation of the type, trimmed.
    #[must_use]
    pub fn docs(&self) -> &'static str {
        self.fields.docs().unwrap_or_default().trim()
    }
}

/// All registered behaviours, in the order in which they were registered.
#[derive(Resource, Clone, Default)]
pub struct Behaviours(Vec<BehaviourEntry>);

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

/// Registers behaviours in an app.
pub trait RegisterBehaviour {
    /// Makes `T` known to scenes by its type name, and adds its systems.
    ///
    /// All that a downstream crate calls. Once is enough, more do no harm.
    ///
    /// # Panics
    /// `T` is not a struct with named fields (or none).
    fn register_behaviour<T: Behaviour>(&mut self) -> &mut Self;
}

impl RegisterBehaviour for App {
    fn register_behaviour<T: Behaviour>(&mut self) -> &mut Self {
        assert!(
            matches!(T::type_info(), TypeInfo::Struct(_)),
            "a behaviour is a struct with named fields: {}",
            T::type_info().type_path()
        );
        let entry = BehaviourEntry::of::<T>();
        let mut behaviours = self.world_mut().get_resource_or_init::<Behaviours>();
        if behaviours.0.iter().any(|known| known.type_id == entry.type_id) {
            return self;
        }
        behaviours.0.push(entry);
        self.register_type::<T>().add_observer(on_insert::<T>);
        T::plugin(self);
        self
    }
}

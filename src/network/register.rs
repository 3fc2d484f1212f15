//! Making a behaviour known: its entry, its systems, and that it is prepared wherever it is inserted.

use bevy_app::App;
use bevy_ecs::prelude::*;
#[cfg(feature = "inspect")]
use bevy_reflect::std_traits::ReflectDefault;

use super::{
    behaviour::Behaviour,
    prepare,
    registry::{BehaviourEntry, Behaviours},
};

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
        let entry = BehaviourEntry::of::<T>(self.world_mut().register_component::<T>());
        if enter(self.world_mut(), entry) {
            self.register_type::<T>();
            #[cfg(feature = "inspect")]
            self.register_type_data::<T, ReflectComponent>().register_type_data::<T, ReflectDefault>();
            T::plugin(self);
        }
        self
    }
}

/// Adds a behaviour to those that are known; whether it is new.
fn enter(world: &mut World, entry: BehaviourEntry) -> bool {
    let mut behaviours = world.get_resource_or_init::<Behaviours>();
    let is_new = behaviours.0.iter().all(|known| known.access.id != entry.access.id);
    if is_new {
        behaviours.0.push(entry);
        prepare::when_inserted(world, entry);
    }
    is_new
}

//! Columns have as many members as their entity has, whoever brought them.

use bevy_ecs::{
    lifecycle::HookContext,
    prelude::*,
    world::{DeferredWorld, EntityMut},
};

use super::{
    shape::shape,
    state::{self, StateEntry},
    variable::{Variable, VariableEntry, Variables, enter},
};

/// Gives all columns of an entity the size that its shape asks for.
pub fn resize_columns(world: &mut World, entity: Entity) {
    let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
    let members = shape(world, entity).iter().product();
    if let Ok(mut entity) = world.get_entity_mut(entity) {
        variables.resize(&mut EntityMut::from(&mut entity), members);
    }
}

/// Registers a variable whose component somebody has and nobody has registered: without, it would stay without members. For
/// [`variable!`](crate::variable), as a hook.
pub fn register_late<T: Variable>(world: DeferredWorld<'_>, context: HookContext) {
    let id = context.component_id;
    register(world, context, || (StateEntry::of::<T>(id), VariableEntry::of::<T>(id)));
}

/// Whatever the type is, so that this is compiled once.
fn register(mut world: DeferredWorld<'_>, context: HookContext, entries: impl FnOnce() -> (StateEntry, VariableEntry)) {
    if world.get_resource::<Variables>().is_none_or(|variables| variables.know(context.component_id)) {
        return;
    }
    let entries = entries();
    enter_late(&mut world, context.entity, entries);
}

fn enter_late(world: &mut DeferredWorld<'_>, entity: Entity, (state, variable): (StateEntry, VariableEntry)) {
    world.commands().queue(move |world: &mut World| {
        state::enter(world, state);
        enter(world, variable);
        resize_columns(world, entity);
    });
}

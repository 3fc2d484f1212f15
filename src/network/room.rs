//! Columns have as many members as their entity has, whoever brought them.

use bevy_ecs::{lifecycle::HookContext, prelude::*, world::DeferredWorld};

use super::{
    shape::shape,
    state,
    variable::{Variable, VariableEntry, Variables, enter},
};

/// Gives all columns of an entity the size that its shape asks for.
pub fn resize_columns(world: &mut World, entity: Entity) {
    let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
    let members = shape(world, entity).iter().product();
    if let Ok(mut entity) = world.get_entity_mut(entity) {
        variables.resize(&mut entity, members);
    }
}

/// Registers a variable whose component somebody has and nobody has registered: without, it would stay without members. For
/// [`variable!`](crate::variable), as a hook.
pub fn register_late<T: Variable>(mut world: DeferredWorld<'_>, context: HookContext) {
    let known = |variables: &Variables| variables.know(context.component_id);
    if !world.get_resource::<Variables>().is_none_or(known) {
        world.commands().queue(move |world: &mut World| {
            state::enter::<T>(world, context.component_id);
            enter(world, VariableEntry::of::<T>(context.component_id));
            resize_columns(world, context.entity);
        });
    }
}

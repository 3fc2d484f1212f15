//! Preparation: what happens when a behaviour is attached to an entity. Columns get their size, parameters and
//! initial values are sampled, each from a random stream that its names alone decide.

use std::marker::PhantomData;

use bevy_app::App;
use bevy_ecs::{error::BevyError, prelude::*};

use super::{
    behaviour::{Behaviour, Kind},
    failure::Failures,
    group::NeuronGroup,
    preparation::{Depth, Preparation, PrepareError, path_of, shape},
    sample::sample_fields,
    sides::Sides,
    soundness::Soundness,
    synapse::Synapses,
    variable::Variables,
};

/// Marks an entity at which `T` was prepared, so that initial values are given once.
#[derive(Component)]
struct Prepared<T>(PhantomData<fn() -> T>);

/// While it exists, behaviours that are attached are not prepared: whoever spawns a whole network does it later, in
/// one go, and takes the errors.
#[derive(Resource, Default)]
pub struct Unprepared;

pub(super) fn plugin(app: &mut App) {
    app.add_observer(|insert: On<Insert<NeuronGroup>>, mut commands: Commands| {
        let entity = insert.entity;
        commands.queue(move |world: &mut World| {
            // Whether a value may be infinite is told by the state at the start.
            if let Some(mut soundness) = world.get_resource_mut::<Soundness>() {
                soundness.look_soon();
            }
            if world.get_resource::<Unprepared>().is_none() {
                resize_columns(world, entity);
            }
        });
    });
}

/// Gives all columns of an entity the size that its shape asks for.
pub fn resize_columns(world: &mut World, entity: Entity) {
    let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
    let members = shape(world, entity).iter().product();
    if let Ok(mut entity) = world.get_entity_mut(entity) {
        variables.resize(&mut entity, members);
    }
}

/// Prepares a behaviour when it is attached, or comes back from being switched off.
pub(super) fn on_insert<T: Behaviour>(insert: On<Insert<T>>, mut commands: Commands) {
    let entity = insert.entity;
    commands.queue(move |world: &mut World| -> Result<(), BevyError> {
        if world.get_resource::<Unprepared>().is_some() || world.get::<T>(entity).is_none() {
            return Ok(());
        }
        prepare::<T>(world, entity, Depth::Whole).map_err(|error| {
            let who = path_of(world, entity);
            if let Ok(mut entity) = world.get_entity_mut(entity) {
                entity.remove::<T>();
            }
            let text = format!("{who}: {error}");
            world.get_resource_or_init::<Failures>().push(who, error);
            BevyError::error(text)
        })
    });
}

/// Prepares the behaviour `T` of an entity, if it has one.
///
/// A second time, parameters are sampled anew where that is needed; initial values are not.
pub(super) fn prepare<T: Behaviour>(world: &mut World, entity: Entity, depth: Depth) -> Result<(), PrepareError> {
    let name = T::type_info().type_path_table().short_path();
    // Taken out for the while, so that it can be changed with the world at hand; no hook sees it go.
    let Some(mut behaviour) = world.get_mut::<T>(entity).map(|mut here| std::mem::take(&mut *here)) else {
        return Ok(());
    };
    let first = world.get::<Prepared<T>>(entity).is_none();
    let mut preparation = Preparation { world, entity, behaviour: name, depth, first };
    let outcome = behaviour
        .prepare(&mut preparation)
        .map(|()| {
            if depth == Depth::Whole {
                resize_columns(preparation.world, entity);
            }
        })
        .and_then(|()| sample_fields(&mut preparation, behaviour.as_partial_reflect_mut()))
        .and_then(|()| if depth == Depth::Whole { behaviour.complete(&mut preparation) } else { Ok(()) });
    if let Some(mut here) = world.get_mut::<T>(entity) {
        *here = behaviour;
    }
    outcome?;
    if depth == Depth::Trial && T::KIND == Kind::Connectivity {
        plan_synapses::<T>(world, entity);
    }
    if depth == Depth::Whole && first {
        world.entity_mut(entity).insert(Prepared::<T>(PhantomData));
    }
    Ok(())
}

/// Notes the shape that a rule's weights will have, for those who want to record them.
fn plan_synapses<T: Behaviour>(world: &mut World, entity: Entity) {
    let Ok(Some(Sides { pair, .. })) = Sides::of(world, entity) else { return };
    let Some(extent) = world.get::<T>(entity).map(|rule| rule.extent(pair)) else { return };
    if let Some(mut synapses) = world.get_mut::<Synapses>(entity) {
        let number = usize::try_from(extent.synapses).unwrap_or(usize::MAX);
        synapses.planned = if extent.dense { vec![pair.sources, pair.targets] } else { vec![number] };
        synapses.expected = number;
    }
}

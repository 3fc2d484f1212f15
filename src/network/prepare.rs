//! Preparation: what happens when a behaviour is attached to an entity. Columns get their size, parameters and
//! initial values are sampled, each from a random stream that its names alone decide.

use bevy_app::App;
use bevy_ecs::{component::ComponentId, error::BevyError, prelude::*, world::EntityMut};

use super::{
    any_behaviour::AnyBehaviour,
    behaviour::Kind,
    endpoints::Endpoints,
    failure::Failures,
    fault::PrepareError,
    group::NeuronGroup,
    preparation::{Depth, Preparation},
    range,
    registry::BehaviourEntry,
    sample::sample_fields,
    shape::{path_of, shape},
    soundness::Soundness,
    synapse::Synapses,
    variable::Variables,
};

/// The behaviours that were prepared at an entity, so that initial values are given once.
#[derive(Component, Default)]
struct Prepared(Vec<ComponentId>);

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
pub(super) fn when_inserted(world: &mut World, entry: BehaviourEntry) {
    let observer = Observer::new(move |insert: On<Insert<()>>, mut commands: Commands| {
        let entity = insert.entity;
        commands.queue(move |world: &mut World| prepare_inserted(world, entity, &entry));
    });
    world.spawn(observer.with_component(entry.access.id));
}

fn prepare_inserted(world: &mut World, entity: Entity, entry: &BehaviourEntry) -> Result<(), BevyError> {
    let is_there = world.get_entity(entity).is_ok_and(|entity| entity.contains_id(entry.access.id));
    if world.get_resource::<Unprepared>().is_some() || !is_there {
        return Ok(());
    }
    prepare(world, entity, entry, Depth::Whole).map_err(|error| {
        let who = path_of(world, entity);
        if let Ok(mut entity) = world.get_entity_mut(entity) {
            entity.remove_by_id(entry.access.id);
        }
        let text = format!("{who}: {error}");
        world.get_resource_or_init::<Failures>().push(who, error);
        BevyError::error(text)
    })
}

impl BehaviourEntry {
    /// Prepares it at an entity, if that has it.
    ///
    /// # Errors
    /// What was written cannot be carried out.
    pub fn prepare(&self, world: &mut World, entity: Entity, depth: Depth) -> Result<(), PrepareError> {
        prepare(world, entity, self, depth)
    }
}

/// Prepares a behaviour of an entity, if it has it.
///
/// A second time, parameters are sampled anew where that is needed; initial values are not.
pub(super) fn prepare(
    world: &mut World,
    entity: Entity,
    entry: &BehaviourEntry,
    depth: Depth,
) -> Result<(), PrepareError> {
    // Taken out for the while, so that it can be changed with the world at hand; no hook sees it go.
    let mut behaviour = (entry.access.default)();
    if !exchange(world, entity, entry, &mut *behaviour) {
        return Ok(());
    }
    let first = !world.get::<Prepared>(entity).is_some_and(|prepared| prepared.0.contains(&entry.access.id));
    let mut preparation = Preparation { world, entity, behaviour: entry.name, depth, first, sampled: Vec::new() };
    let outcome = prepare_taken_out(&mut preparation, &mut *behaviour);
    let extent = (entry.kind == Kind::Connectivity && depth == Depth::Trial).then_some(&*behaviour);
    if let (Some(rule), Ok(())) = (extent, &outcome) {
        plan_synapses(world, entity, rule);
    }
    exchange(world, entity, entry, &mut *behaviour);
    outcome?;
    if let (Depth::Whole, true, Ok(mut entity)) = (depth, first, world.get_entity_mut(entity)) {
        entity.entry::<Prepared>().or_default().into_mut().0.push(entry.access.id);
    }
    Ok(())
}

/// Exchanges a behaviour of an entity with a value of its type; whether it has one.
fn exchange(world: &mut World, entity: Entity, entry: &BehaviourEntry, value: &mut dyn AnyBehaviour) -> bool {
    let Ok(mut entity) = world.get_entity_mut(entity) else { return false };
    let mut entity = EntityMut::from(&mut entity);
    let here = (entry.access.get_mut)(&mut entity);
    here.map(|mut here| here.swap(value)).is_some()
}

pub(super) fn prepare_taken_out(
    preparation: &mut Preparation<'_>,
    behaviour: &mut dyn AnyBehaviour,
) -> Result<(), PrepareError> {
    range::check_numbers(preparation, behaviour.as_partial_reflect())?;
    behaviour.prepare(preparation)?;
    if preparation.depth == Depth::Whole {
        resize_columns(preparation.world, preparation.entity);
        return sample_and_complete(preparation, behaviour);
    }
    sample_and_complete(preparation, &mut *behaviour.copy())
}

fn sample_and_complete(
    preparation: &mut Preparation<'_>,
    behaviour: &mut dyn AnyBehaviour,
) -> Result<(), PrepareError> {
    sample_fields(preparation, behaviour.as_partial_reflect_mut())?;
    range::check_parameters(preparation, behaviour.as_partial_reflect())?;
    behaviour.complete(preparation)
}

/// Notes the shape that a rule's weights will have, for those who want to record them.
fn plan_synapses(world: &mut World, entity: Entity, rule: &dyn AnyBehaviour) {
    let Ok(Some(Endpoints { pair, .. })) = Endpoints::of(world, entity) else { return };
    let extent = rule.extent(pair);
    if let Some(mut synapses) = world.get_mut::<Synapses>(entity) {
        let number = usize::try_from(extent.synapses).unwrap_or(usize::MAX);
        synapses.planned = if extent.dense { vec![pair.sources, pair.targets] } else { vec![number] };
        synapses.expected = number;
    }
}

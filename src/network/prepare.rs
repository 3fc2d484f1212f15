//! Preparation: what happens when a behaviour is attached to an entity. Columns get their size, parameters and
//! initial values are sampled, each from a random stream that its names alone decide.

use std::{collections::HashSet, error::Error};

use bevy_app::App;
use bevy_ecs::{
    component::ComponentId,
    error::BevyError,
    lifecycle::HookContext,
    prelude::*,
    world::{DeferredWorld, EntityMut},
};

use super::{
    any_behaviour::AnyBehaviour,
    behaviour::Kind,
    columns::Input,
    compartment::{self, CompartmentOf, compartments_of, receptors_of, sites_of},
    endpoints::Endpoints,
    failure::Failures,
    fault::{PrepareError, PrepareFault},
    group::NeuronGroup,
    preparation::{Depth, Preparation},
    range,
    receptor::ReceptorOf,
    registry::{BehaviourEntry, Behaviours},
    room::resize_columns,
    sample::sample_fields,
    shape::{path_of, shape},
    soundness::Soundness,
    synapse::{Source, Synapses, Target},
};

/// The behaviours that were prepared at an entity, and for how many members, so that initial values are given once.
#[derive(Component, Default)]
struct Prepared(Vec<(ComponentId, usize)>);

impl Prepared {
    fn members(&self, behaviour: ComponentId) -> Option<usize> {
        self.0.iter().find(|(known, _)| *known == behaviour).map(|(_, members)| *members)
    }
}

/// While it exists, behaviours that are attached are not prepared: whoever spawns a whole network does it later, in
/// one go, and takes the errors.
#[derive(Resource, Default)]
pub struct Unprepared;

pub(super) fn plugin(app: &mut App) {
    // A hook, which comes before all observers: what they prepare goes by the name.
    let name = |mut world: DeferredWorld<'_>, context: HookContext| {
        world.commands().queue(move |world: &mut World| name_group(world, context.entity));
    };
    app.world_mut().register_component_hooks::<NeuronGroup>().on_add(name);
    app.add_observer(|insert: On<Insert<NeuronGroup>>, mut commands: Commands| {
        let entity = insert.entity;
        commands.queue(move |world: &mut World| {
            // Whether a value may be infinite is told by the state at the start.
            if let Some(mut soundness) = world.get_resource_mut::<Soundness>() {
                soundness.look_soon();
            }
            if world.get_resource::<Unprepared>().is_none() {
                take_shape(world, entity);
            }
        });
    });
}

/// Gives a group without a name one that no other has: random streams, checkpoints and messages go by it.
fn name_group(world: &mut World, group: Entity) {
    if !world.get_entity(group).is_ok_and(|group| !group.contains::<Name>()) {
        return;
    }
    let mut names = world.query_filtered::<&Name, With<NeuronGroup>>();
    let known: HashSet<String> = names.iter(world).map(|name| name.as_str().to_owned()).collect();
    let free = (1..).map(|number| format!("group{number}")).find(|name| !known.contains(name));
    if let (Some(name), Ok(mut group)) = (free, world.get_entity_mut(group)) {
        group.insert(Name::new(name));
    }
}

/// Notes what failed at an entity, by its path.
pub(super) fn tell(world: &mut World, entity: Entity, why: impl Into<Box<dyn Error + Send + Sync>>) {
    let who = path_of(world, entity);
    world.get_resource_or_init::<Failures>().push_at(entity, who, why);
}

/// Has a group and its receptors take the shape of the group: neurons that are new get parameters and initial values as if
/// they had been there from the start.
fn take_shape(world: &mut World, group: Entity) {
    let mut synapses = world.query::<(Option<&Name>, &Source, &Target, &Synapses)>();
    let made = synapses
        .iter(world)
        .filter(|(_, source, target, synapses)| [source.0, target.0].contains(&group) && synapses.layout.is_some());
    let made: Vec<String> = made.map(|(name, ..)| name.map_or("", Name::as_str).to_owned()).collect();
    let before = world.get::<Input>(group).map_or(0, |input| input.0.len());
    let members: usize = shape(world, group).iter().product();
    if let (Some(synapses), true) = (made.first(), before > 0 && before != members) {
        let why = format!(
            "its synapses `{synapses}` are made for {before} neurons and not for {members}: despawn them first"
        );
        tell(world, group, why);
        return;
    }
    let all: Vec<Entity> = sites_of(world, group).chain(receptors_of(world, group)).collect();
    let behaviours = world.get_resource::<Behaviours>().cloned().unwrap_or_default();
    for entity in all {
        resize_columns(world, entity);
        let prepared = world.get::<Prepared>(entity).map(|prepared| prepared.0.clone()).unwrap_or_default();
        for entry in
            behaviours.iter().filter(|entry| prepared.iter().any(|(id, of)| *id == entry.access.id && *of != members))
        {
            if let Err(error) = prepare(world, entity, entry, Depth::Whole) {
                tell(world, entity, error);
            }
        }
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
        world.get_resource_or_init::<Failures>().push_at(entity, who, error);
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
    has_its_place(world, entity, entry)?;
    if entry.model {
        compartment::settle(world, entity, &compartments_named(world, entity)).map_err(|why| refused(entry, why))?;
        compartments_of(world, entity)
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|one| resize_if_whole(world, one, depth));
    }
    // Taken out for the while, so that it can be changed with the world at hand; no hook sees it go.
    let mut behaviour = (entry.access.default)();
    if !exchange(world, entity, entry, &mut *behaviour) {
        return Ok(());
    }
    let before = world.get::<Prepared>(entity).and_then(|prepared| prepared.members(entry.access.id));
    let (first, begun) = (before.is_none(), before.unwrap_or_default());
    let mut preparation =
        Preparation { world, entity, behaviour: entry.name, depth, first, begun, sampled: Vec::new() };
    let outcome = prepare_taken_out(&mut preparation, &mut *behaviour);
    let extent = (entry.kind == Kind::Connectivity && depth == Depth::Trial).then_some(&*behaviour);
    if let (Some(rule), Ok(())) = (extent, &outcome) {
        plan_synapses(world, entity, rule);
    }
    exchange(world, entity, entry, &mut *behaviour);
    outcome?;
    let members = shape(world, entity).iter().product();
    if let (Depth::Whole, Ok(mut entity)) = (depth, world.get_entity_mut(entity)) {
        let mut prepared = entity.entry::<Prepared>().or_default().into_mut();
        prepared.0.retain(|(known, _)| *known != entry.access.id);
        prepared.0.push((entry.access.id, members));
    }
    Ok(())
}

/// Whether a behaviour stands where those of its kind do: elsewhere its systems would never find it, or find one neuron.
fn has_its_place(world: &World, entity: Entity, entry: &BehaviourEntry) -> Result<(), PrepareError> {
    let Ok(here) = world.get_entity(entity) else { return Ok(()) };
    let needs = match entry.kind {
        _ if !entry.is_on(here).unwrap_or(false) => None,
        Kind::Neurons if here.contains::<CompartmentOf>() && !entry.model => None,
        Kind::Neurons if !here.contains::<NeuronGroup>() => Some("a `NeuronGroup`"),
        Kind::Receptor if !here.contains::<ReceptorOf>() => Some("`ReceptorOf` a neuron group"),
        Kind::Connectivity | Kind::Synapses if !(here.contains::<Source>() && here.contains::<Target>()) => {
            Some("a `SynapseGroup` with its `Source` and its `Target`")
        }
        _ => None,
    };
    let Some(needs) = needs else { return Ok(()) };
    let why = format!("{} stands on an entity that has no such place: insert {needs} with it", entry.kind.in_words());
    Err(refused(entry, why))
}

/// The compartments that the models of a group name, be they on or off.
fn compartments_named(world: &World, group: Entity) -> Vec<String> {
    let (Some(behaviours), Ok(here)) = (world.get_resource::<Behaviours>(), world.get_entity(group)) else {
        return Vec::new();
    };
    let mut names: Vec<String> = Vec::new();
    for name in behaviours.iter().filter(|entry| entry.model).flat_map(|entry| entry.compartments(here)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn refused(entry: &BehaviourEntry, why: String) -> PrepareError {
    PrepareError { behaviour: entry.name, field: None, fault: Box::new(PrepareFault::Other(why)) }
}

fn resize_if_whole(world: &mut World, entity: Entity, depth: Depth) {
    if depth == Depth::Whole {
        resize_columns(world, entity);
    }
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

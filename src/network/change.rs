//! Changing a field of a behaviour while a network runs: tried on a copy, which takes the place of the behaviour if it is as it
//! must be. Random streams go on, and initial values are not given again.

use std::{fmt, sync::Arc};

use bevy_ecs::{prelude::*, world::EntityMut};
use bevy_reflect::{PartialReflect, Reflect, ReflectMut, ReflectRef};

use super::{
    address::AddressError,
    any_behaviour::AnyBehaviour,
    bearers::bearers,
    behaviour::Kind,
    fault::PrepareError,
    parameter::{Arrivals, EquationText, Initial, InitialValues, Sums},
    preparation::{Depth, Preparation},
    prepare::prepare_taken_out,
    receptor::Afferent,
    registry::BehaviourEntry,
    shape::path_of,
    switched_off,
};

/// What a field is to be: a behaviour of which the field is taken.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The name of the field; of one of several that have names, with its own behind it: `parameters.tau`.
    pub field: String,
    /// A behaviour of the type that is changed, whose field it is.
    pub of: Arc<dyn Reflect>,
}

/// Why a field is not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The address leads nowhere.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The behaviour has no such field.
    #[error("`{behaviour}` has no field `{field}`")]
    NoField {
        /// The behaviour.
        behaviour: &'static str,
        /// What was asked for.
        field: String,
    },
    /// The field acts before the network runs, and not after.
    #[error("`{behaviour}.{field}` cannot be changed while a network runs: {why}")]
    Fixed {
        /// The behaviour.
        behaviour: &'static str,
        /// The field.
        field: String,
        /// Why not.
        why: &'static str,
    },
    /// The behaviour would not be as it must.
    #[error("{who}: {error}")]
    Refused {
        /// Whose behaviour.
        who: String,
        /// Why not.
        error: PrepareError,
    },
}

/// Changes a field of a behaviour wherever `address` leads: `excitatory.UniformNoise`, as for [`switch`](super::switch()), be it on
/// or off. Within a network, or, given none, in the whole world. Returns how many were changed.
///
/// A value may be an expression; those that were sampled before are not drawn again. `value` is a behaviour of which the field
/// is taken:
///
/// ```
/// # use cortecs::{network::change, prelude::*};
/// let mut bench = Bench::new();
/// let cells = bench.group("cells", 2, ConstantCurrent { amplitude: 2.0.into() });
/// let more = ConstantCurrent { amplitude: "3 + i".into() };
/// change(bench.world_mut(), None, "cells.ConstantCurrent", "amplitude", &more)?;
/// bench.tick();
/// assert_eq!(bench.get(cells, "input"), [3.0, 4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The address leads nowhere, there is no such field, it cannot be changed or would be out of its range: then nothing is changed.
pub fn change(
    world: &mut World,
    network: Option<Entity>,
    address: &str,
    field: &str,
    value: &dyn Reflect,
) -> Result<usize, ChangeError> {
    change_and_keep(world, network, address, (field, value)).map(|before| before.len())
}

/// A field as it was before it was changed.
#[derive(Clone)]
pub(super) struct Before {
    entity: Entity,
    entry: BehaviourEntry,
    setting: Setting,
}

impl fmt::Debug for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}: {:?}", self.entry.name, self.entity, self.setting)
    }
}

impl Before {
    /// Whether both are of one field.
    pub fn is_of(&self, other: &Self) -> bool {
        let same = self.entity == other.entity && self.entry.component() == other.entry.component();
        same && self.setting.field == other.setting.field
    }

    /// Changes the field back.
    pub fn restore(self, world: &mut World) -> Result<(), ChangeError> {
        let Setting { field, of } = self.setting;
        let changed = changed(world, self.entity, &self.entry, (&field, &*of), Depth::Whole)?;
        if let Some(mut behaviour) = changed {
            put(world, self.entity, &self.entry, &mut *behaviour);
        }
        Ok(())
    }
}

/// As [`change`]; returns what was there before.
pub(super) fn change_and_keep(
    world: &mut World,
    network: Option<Entity>,
    address: &str,
    (field, value): (&str, &dyn Reflect),
) -> Result<Vec<Before>, ChangeError> {
    let changed = tried(world, network, address, (field, value), Depth::Whole)?;
    let put_one = |(entity, entry, mut behaviour): Changed| {
        put(world, entity, &entry, &mut *behaviour);
        // Exchanged: it is the one that was there.
        let of: Box<dyn Reflect> = behaviour;
        Before { entity, entry, setting: Setting { field: field.to_owned(), of: Arc::from(of) } }
    };
    Ok(changed.into_iter().map(put_one).collect())
}

/// Says whether a change could be made, and makes none.
///
/// # Errors
/// Those of [`change`].
pub(crate) fn check(
    world: &mut World,
    network: Option<Entity>,
    address: &str,
    field: &str,
    value: &dyn Reflect,
) -> Result<(), ChangeError> {
    tried(world, network, address, (field, value), Depth::Trial).map(drop)
}

/// Why a field of a kind of behaviour acts only before a network runs, if it does.
pub(crate) fn fixed(kind: Kind, field: &dyn PartialReflect) -> Option<&'static str> {
    if kind == Kind::Connectivity {
        return Some("synapses are made before");
    }
    if kind == Kind::Recorder {
        return Some("what is recorded is decided before");
    }
    if field.try_downcast_ref::<Initial>().is_some() || field.try_downcast_ref::<InitialValues>().is_some() {
        return Some("it is where a variable starts");
    }
    if field.try_downcast_ref::<EquationText>().is_some() {
        return Some("equations are read before");
    }
    let listens = field.try_downcast_ref::<Afferent>().is_some()
        || field.try_downcast_ref::<Arrivals>().is_some()
        || field.try_downcast_ref::<Sums>().is_some();
    listens.then_some("who listens to whom is decided before")
}

/// A behaviour of an entity as it would be.
type Changed = (Entity, BehaviourEntry, Box<dyn AnyBehaviour>);

/// The behaviours that an address leads to, changed; none of the world is.
fn tried(
    world: &mut World,
    network: Option<Entity>,
    address: &str,
    (field, value): (&str, &dyn Reflect),
    depth: Depth,
) -> Result<Vec<Changed>, ChangeError> {
    let bearers = bearers(world, network, address)?;
    let mut try_one = |&(entity, entry): &(Entity, BehaviourEntry)| {
        let one = changed(world, entity, &entry, (field, value), depth).transpose()?;
        Some(one.map(|behaviour| (entity, entry, behaviour)))
    };
    let changed: Result<Vec<_>, _> = bearers.iter().filter_map(&mut try_one).collect();
    if depth == Depth::Trial || changed.is_err() {
        bearers.iter().for_each(|(entity, entry)| tell_again(world, *entity, entry, depth));
    }
    changed
}

/// Has a behaviour that stays as it is tell others again what a changed copy may have told them while it was tried: receptors
/// the time constant of their membrane.
fn tell_again(world: &mut World, entity: Entity, entry: &BehaviourEntry, depth: Depth) {
    if let Some(mut copy) = copy(world, entity, entry) {
        // It was prepared when it came.
        let _ = prepare_copy(world, entity, entry, &mut *copy, depth);
    }
}

/// The behaviour of an entity, if it has it, with another field.
fn changed(
    world: &mut World,
    entity: Entity,
    entry: &BehaviourEntry,
    (field, value): (&str, &dyn Reflect),
    depth: Depth,
) -> Result<Option<Box<dyn AnyBehaviour>>, ChangeError> {
    let Some(mut copy) = copy(world, entity, entry) else { return Ok(None) };
    set(entry, &mut *copy, (field, value))?;
    match prepare_copy(world, entity, entry, &mut *copy, depth) {
        Ok(()) => Ok(Some(copy)),
        Err(error) => Err(ChangeError::Refused { who: path_of(world, entity), error }),
    }
}

/// A copy of a behaviour of an entity, be it on or off.
fn copy(world: &mut World, entity: Entity, entry: &BehaviourEntry) -> Option<Box<dyn AnyBehaviour>> {
    let mut here = world.get_entity_mut(entity).ok()?;
    switched_off::with(&mut EntityMut::from(&mut here), &entry.access, |behaviour| behaviour.copy())
}

fn prepare_copy(
    world: &mut World,
    entity: Entity,
    entry: &BehaviourEntry,
    copy: &mut dyn AnyBehaviour,
    depth: Depth,
) -> Result<(), PrepareError> {
    let behaviour = entry.name;
    prepare_taken_out(
        &mut Preparation { world, entity, behaviour, depth, first: false, begun: usize::MAX, sampled: Vec::new() },
        copy,
    )
}

/// Gives a behaviour the field of another one.
fn set(
    entry: &BehaviourEntry,
    behaviour: &mut dyn AnyBehaviour,
    (field, value): (&str, &dyn Reflect),
) -> Result<(), ChangeError> {
    let none = || ChangeError::NoField { behaviour: entry.name, field: field.to_owned() };
    let ReflectRef::Struct(of) = value.reflect_ref() else { return Err(none()) };
    let ReflectMut::Struct(fields) = behaviour.as_partial_reflect_mut().reflect_mut() else { return Err(none()) };
    let (name, key) = field.split_once('.').map_or((field, None), |(name, key)| (name, Some(key)));
    let (Some(new), Some(own)) = (of.field(name), fields.field_mut(name)) else { return Err(none()) };
    let refused = |why| ChangeError::Fixed { behaviour: entry.name, field: field.to_owned(), why };
    if let Some(why) = fixed(entry.kind, new) {
        return Err(refused(why));
    }
    let (new, own) = match key {
        None => (new, own),
        Some(key) => named(new, own, &key.to_owned()).ok_or_else(none)?,
    };
    // A whole one: applied to a list, a shorter one would leave its end.
    let whole = new.reflect_clone().ok().and_then(|new| own.try_as_reflect_mut()?.set(new).ok());
    match whole {
        Some(()) => Ok(()),
        None => own.try_apply(new).map_err(|_| refused("its type cannot be copied")),
    }
}

/// What stands under a name in two maps: `tau` of `parameters.tau`.
fn named<'a>(
    new: &'a dyn PartialReflect,
    own: &'a mut dyn PartialReflect,
    key: &String,
) -> Option<(&'a dyn PartialReflect, &'a mut dyn PartialReflect)> {
    let (ReflectRef::Map(new), ReflectMut::Map(own)) = (new.reflect_ref(), own.reflect_mut()) else { return None };
    Some((new.get(key)?, own.get_mut(key)?))
}

/// Puts a behaviour in the place of that of its type, be it on or off.
fn put(world: &mut World, entity: Entity, entry: &BehaviourEntry, behaviour: &mut dyn AnyBehaviour) {
    let Ok(mut here) = world.get_entity_mut(entity) else { return };
    let mut here = EntityMut::from(&mut here);
    if let Some(mut own) = (entry.access.get_mut)(&mut here) {
        own.swap(behaviour);
        return;
    }
    switched_off::with(&mut here, &entry.access, |own| own.swap(behaviour));
}

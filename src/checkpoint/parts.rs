//! The parts of a network that have state, each under a name by which it is found again.

use std::collections::BTreeMap;

use bevy_ecs::{
    entity_disabling::Disabled,
    prelude::*,
    world::{EntityMut, EntityRef},
};

use super::{error::CheckpointError, form::in_words};
use crate::{
    network::{
        BehaviourEntry, Behaviours, Layout, NeuronGroup, Origin, Ranks, Seed, States, Synapses, Target,
        membership::network_of,
        ranks::shared_of,
        rest::{begin_at, birth},
        room::resize_columns,
        shape::path_of,
        state::{StateEntry, stable_name},
    },
    numeric::{Archive, ArchiveError, Digest, Members, rows::Rows},
    record::{Recording, Recordings},
};

/// A part of a network.
#[derive(Clone)]
pub(super) struct Part {
    pub entity: Entity,
    pub kind: PartKind,
}

#[derive(Clone)]
pub(super) enum PartKind {
    State(StateEntry),
    Behaviour(BehaviourEntry),
}

/// The parts of a network by their names: of the entity, and of the component.
pub(super) type Parts = BTreeMap<(String, String), Part>;

impl Part {
    /// Of a behaviour, whether it is on.
    pub fn is_on(&self, world: &World) -> Option<bool> {
        match &self.kind {
            PartKind::State(_) => None,
            PartKind::Behaviour(entry) => world.get_entity(self.entity).ok().and_then(|entity| entry.is_on(entity)),
        }
    }

    /// Whether it is as its scene has made it, at every rank.
    pub fn is_as_built(&self, world: &World) -> bool {
        let states = world.get_resource::<States>();
        let (PartKind::State(entry), Some(states)) = (&self.kind, states) else { return false };
        states.may_stay(entry)
            && !Ranks::any(world.get_resource::<Ranks>(), !states.is_as_built(world, self.entity, entry))
    }

    /// Whether it belongs to a recording.
    pub fn is_recording(&self, world: &World) -> bool {
        world.get::<Recording>(self.entity).is_some() || world.get::<Recordings>(self.entity).is_some()
    }

    pub fn persist(&self, world: &mut World, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        self.persist_after(world, archive, &mut None)
    }

    /// The same, after the synapses of a group have been looked at, which are `found` and not yet there: what follows is theirs.
    pub fn persist_after(
        &self,
        world: &mut World,
        archive: &mut Archive<'_>,
        found: &mut Option<(Entity, Rows)>,
    ) -> Result<(), ArchiveError> {
        let (shared, are_synapses) = (shared_of(world, self.entity), self.are_synapses(world));
        let Ok(mut entity) = world.get_entity_mut(self.entity) else { return Ok(()) };
        let mut entity = EntityMut::from(&mut entity);
        if are_synapses {
            archive.of(Members { shared, ..Members::default() });
            let gone = self.go_through(&mut entity, archive);
            *found = archive.of(Members::default()).rows.map(|rows| (self.entity, rows));
            if found.as_ref().is_some_and(|(_, rows)| self.lead_beyond(world, rows)) {
                return Err(ArchiveError::Form);
            }
            if archive.restores() {
                // There may be others onto the neurons of this rank than before.
                resize_columns(world, self.entity);
            }
            return gone;
        }
        // For as long as what else they have is gone through, and looks at nothing but itself.
        let mut own = entity.get_mut::<Synapses>().and_then(take_rows);
        let present = own.as_ref().map_or(0, Rows::len);
        let mut found = found.as_mut().filter(|(of, _)| *of == self.entity).map(|(_, rows)| rows);
        let rows = found.as_deref_mut().map(std::mem::take).or_else(|| own.take());
        archive.of(Members { shared, rows, present });
        let gone = self.go_through(&mut entity, archive);
        let rows = archive.of(Members::default()).rows;
        match found {
            Some(found) => *found = rows.unwrap_or_default(),
            None => own = rows,
        }
        if let (Some(rows), Some(mut synapses)) = (own, entity.get_mut::<Synapses>()) {
            synapses.bypass_change_detection().layout = Some(Layout::Sparse(rows));
        }
        gone
    }

    /// Whether some synapses lead to neurons that the group of targets does not have.
    fn lead_beyond(&self, world: &World, rows: &Rows) -> bool {
        let targets = world.get::<Target>(self.entity).and_then(|target| world.get::<NeuronGroup>(target.0));
        let targets = targets.map_or(0, NeuronGroup::size);
        rows.iter().any(|synapse| synapse.target as usize >= targets)
    }

    fn go_through(&self, entity: &mut EntityMut<'_>, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        match &self.kind {
            PartKind::State(entry) => entry.persist(entity, archive),
            PartKind::Behaviour(entry) => entry.persist(entity, archive),
        }
    }

    /// The digest of what its scene has made, by which it is compared; all ranks ask for the same.
    pub fn built(&self, world: &mut World) -> Result<(u64, u32), ArchiveError> {
        let PartKind::State(entry) = &self.kind else { return Err(ArchiveError::Form) };
        let is_as_built = self.is_as_built(world);
        if let (true, Some(known)) = (is_as_built, States::digest_of_built(world, self.entity, entry)) {
            return Ok(known);
        }
        let mut digest = Digest::default();
        self.persist(world, &mut Archive::compare(&mut digest))?;
        let digest = (digest.bytes(), digest.crc());
        if is_as_built {
            States::note_digest(world, self.entity, entry, digest);
        }
        Ok(digest)
    }

    /// Whether it may be left out where it is as its scene has made it.
    pub fn may_stay(&self, world: &World) -> bool {
        let states = world.get_resource::<States>();
        matches!((&self.kind, states), (PartKind::State(entry), Some(states)) if states.may_stay(entry))
    }

    /// Whether it is what synapses there are, which is gone through before what belongs to them.
    pub fn are_synapses(&self, world: &World) -> bool {
        matches!(&self.kind, PartKind::State(entry) if entry.is_of::<Synapses>(world))
    }
}

/// Takes the rows of sparse synapses out of their place.
fn take_rows(mut synapses: Mut<'_, Synapses>) -> Option<Rows> {
    match synapses.bypass_change_detection().layout.take() {
        Some(Layout::Sparse(rows)) => Some(rows),
        other => {
            synapses.bypass_change_detection().layout = other;
            None
        }
    }
}

/// Finds them all.
pub(super) fn parts(world: &mut World) -> Result<Parts, CheckpointError> {
    let states = world.get_resource::<States>().cloned().unwrap_or_default();
    let behaviours = world.get_resource::<Behaviours>().cloned().unwrap_or_default();
    let mut entities: Vec<Entity> =
        world.query_filtered::<EntityRef, Allow<Disabled>>().iter(world).map(|entity| entity.id()).collect();
    entities.sort_unstable();
    let mut numbers = BTreeMap::new();
    let networks = networks(world);
    let mut parts = Parts::new();
    for entity in entities {
        let Ok(at) = world.get_entity(entity) else { continue };
        let own_states = states.iter().filter(|entry| entry.is_at(at));
        let own_behaviours = behaviours.iter().filter(|entry| entry.is_on(at).is_some());
        let own: Vec<(String, PartKind)> = own_states
            .map(|entry| (entry.name.to_string(), PartKind::State(entry.clone())))
            .chain(own_behaviours.map(|entry| (stable_name(entry.path), PartKind::Behaviour(*entry))))
            .collect();
        let Some((first, _)) = own.first() else { continue };
        let name = name(world, at, &mut numbers);
        if name.is_empty() {
            return Err(CheckpointError::Nameless(first.clone()));
        }
        let name = match networks.iter().position(|network| network_of(world, entity) == Some(*network)) {
            Some(number) if networks.len() > 1 => format!("network {}: {name}", number + 1),
            _ => name,
        };
        for (component, kind) in own {
            let key = (name.clone(), component);
            if parts.insert(key, Part { entity, kind }).is_some() {
                return Err(CheckpointError::Twins(name));
            }
        }
    }
    Ok(parts)
}

/// The networks of a world, in the order in which they were made.
fn networks(world: &mut World) -> Vec<Entity> {
    let mut networks: Vec<Entity> =
        world.query_filtered::<Entity, (With<Origin>, Allow<Disabled>)>().iter(world).collect();
    networks.sort_unstable();
    networks
}

/// When the networks began.
pub(super) fn births(world: &mut World) -> Vec<u64> {
    networks(world).into_iter().map(|network| birth(world, network)).collect()
}

/// Has the networks have begun then, if there are as many.
pub(super) fn set_births(world: &mut World, births: &[u64]) {
    let networks = networks(world);
    if networks.len() == births.len() {
        networks.into_iter().zip(births).for_each(|(network, birth)| begin_at(world, network, *birth));
    }
}

/// The seeds of the networks; of what is part of none, where there is no network.
pub(super) fn seeds(world: &mut World) -> Vec<u64> {
    let of_networks = networks(world).into_iter().filter_map(|network| world.get::<Origin>(network));
    let seeds: Vec<u64> = of_networks.map(|origin| origin.seed.0).collect();
    let own = || vec![world.get_resource::<Seed>().copied().unwrap_or_default().0];
    if seeds.is_empty() { own() } else { seeds }
}

/// The name of an entity. Recorders and recordings have none of their own: they are told apart by what they record, and by
/// the order in which they were made.
fn name(world: &World, entity: EntityRef<'_>, numbers: &mut BTreeMap<String, usize>) -> String {
    let name = match entity.get::<Recording>() {
        Some(recording) => format!("recording of {}.{}", recording.group, recording.what()),
        None if entity.contains::<Recordings>() => "recorder".to_owned(),
        None => return path_of(world, entity.id()),
    };
    let number = numbers.entry(name.clone()).or_insert(0);
    *number += 1;
    format!("{name}, {number}")
}

/// A part in words, for messages.
pub(super) fn words((entity, part): &(String, String)) -> String {
    in_words(entity, part)
}

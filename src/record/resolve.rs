//! What a recorder asks for becomes recordings, one for each group and variable.

use std::collections::HashSet;

use bevy_ecs::prelude::*;

use super::{
    Dtype, Recording, RowBuffer, Selection,
    recording::{Content, Listed, RecordedBy, Window, next_place, recorded_shape},
};
use crate::network::{
    Address, AddressError, Preparation, PrepareError, Spikes, VariableEntry, Variables, View, address::groups,
    shape::path_of, variable::VariableInfo,
};

/// What a recorder asks for, to be resolved into recordings.
pub(super) struct Request<'a> {
    /// Addresses of variables.
    pub of: &'a [String],
    /// Which members.
    pub neurons: &'a Selection,
    /// When.
    pub window: Window,
}

/// Turns addresses into recordings, one for each entity and variable, and returns them.
pub(super) fn resolve(
    preparation: &mut Preparation<'_>,
    request: &Request<'_>,
    content: impl Fn(&World, Entity, &str) -> Option<(Content, VariableInfo)>,
) -> Result<Vec<Entity>, PrepareError> {
    if request.of.is_empty() {
        return Err(preparation.error(Some("of"), "nothing to record is named"));
    }
    if request.window.every == 0 {
        return Err(preparation.error(Some("every"), "0 is no distance between iterations; 1 records all"));
    }
    if request.window.from >= request.window.until {
        return Err(preparation.error(Some("until"), "the window ends before it begins"));
    }
    let mut recordings = Vec::new();
    // A group that is found by its name and by a tag is recorded once.
    let mut asked = HashSet::new();
    for text in request.of {
        let address: Address = text.parse().map_err(|error| preparation.address_error("of", error))?;
        let network = preparation.network();
        let entities = address.entities(preparation.world(), network);
        let entities = entities.map_err(|error| preparation.address_error("of", error))?;
        for entity in entities {
            if !asked.insert((entity, address.last.clone())) {
                continue;
            }
            let Some((content, info)) = content(preparation.world(), entity, &address.last) else {
                return Err(no_variable(preparation, entity, &address));
            };
            recordings.push(recording(preparation, request, entity, content, info)?);
        }
    }
    let recorder = preparation.entity();
    let mut spawn = |recording| preparation.world().spawn((recording, RecordedBy(recorder))).id();
    Ok(recordings.into_iter().map(&mut spawn).collect())
}

fn recording(
    preparation: &mut Preparation<'_>,
    request: &Request<'_>,
    entity: Entity,
    content: Content,
    info: VariableInfo,
) -> Result<Recording, PrepareError> {
    let shape = recorded_shape(preparation.world(), entity, content);
    let size: usize = shape.iter().product();
    let purpose = [preparation.behaviour(), &request.of.join(" ")];
    let members = request.neurons.of(preparation.world(), entity, &purpose);
    let members = members.map_err(|fault| preparation.fault("neurons", fault))?;
    let row_shape = match (content, &members) {
        (Content::Spikes, _) => vec![2],
        (Content::Rate | Content::Measured | Content::Snapshots(Listed::Always), _) => vec![],
        (Content::Synapses(_), _) => vec![3],
        (Content::Presentations, _) => vec![4],
        // Those below and above the bins have their own.
        (Content::Histogram(_, bins), _) => vec![bins.count as usize + 2],
        (
            Content::Variable(..) | Content::Expression | Content::Responses | Content::Snapshots(Listed::Once),
            Some(members),
        ) => vec![members.len()],
        (Content::Variable(..) | Content::Expression | Content::Responses | Content::Snapshots(Listed::Once), None) => {
            shape.clone()
        }
    };
    let observed = match content {
        Content::Spikes | Content::Rate => members.as_ref().map(|members| marked(members, size)),
        _ => None,
    };
    let group = path_of(preparation.world(), entity);
    let (window, rows) = (request.window, RowBuffer::default());
    let place = next_place(preparation.world());
    let birth = preparation.component().copied().unwrap_or_default();
    Ok(Recording {
        group,
        source: entity,
        info,
        content,
        window,
        birth,
        place,
        members,
        shape,
        observed,
        row_shape,
        rows,
    })
}

fn marked(members: &[u32], size: usize) -> Vec<bool> {
    let mut marked = vec![false; size];
    for &member in members {
        if let Some(mark) = marked.get_mut(member as usize) {
            *mark = true;
        }
    }
    marked
}

/// The variable `name` of an entity, the type of its values, and what it is.
pub(super) fn find(world: &World, entity: Entity, name: &str) -> Option<(VariableEntry, Dtype, VariableInfo)> {
    let variables = world.get_resource::<Variables>()?;
    let entity = world.get_entity(entity).ok()?;
    let entry = variables.find(entity, name)?;
    let info = variables.of(entity).into_iter().find(|info| info.name == name)?;
    let dtype = match entry.view(entity, name)? {
        View::Real(_) => Dtype::Real,
        View::Bool(_) => Dtype::Bool,
    };
    Some((entry, dtype, info))
}

/// Turns names and tags of groups that fire into recordings of `content`.
pub(super) fn resolve_firing(
    preparation: &mut Preparation<'_>,
    request: &Request<'_>,
    content: Content,
    info: &VariableInfo,
) -> Result<Vec<Entity>, PrepareError> {
    for name in request.of {
        check_group(preparation, name)?;
    }
    let of: Vec<String> = request.of.iter().map(|group| format!("{group}.{}", info.name)).collect();
    resolve(preparation, &Request { of: &of, ..*request }, |_, _, _| Some((content, info.clone())))
}

/// Spikes are recorded of groups that fire.
fn check_group(preparation: &mut Preparation<'_>, name: &str) -> Result<(), PrepareError> {
    if name.contains('.') {
        let why = format!("`{name}` is no group: spikes are recorded of groups, by name or tag");
        return Err(preparation.error(Some("of"), why));
    }
    let network = preparation.network();
    let groups = groups(preparation.world(), network, name).map_err(|error| preparation.address_error("of", error))?;
    match groups.into_iter().find(|&group| preparation.world().get::<Spikes>(group).is_none()) {
        Some(silent) => {
            let who = path_of(preparation.world(), silent);
            Err(preparation.error(Some("of"), format!("`{who}` never fires: no behaviour of it is a neuron model")))
        }
        None => Ok(()),
    }
}

fn no_variable(preparation: &mut Preparation<'_>, entity: Entity, address: &Address) -> PrepareError {
    let world = preparation.world();
    let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
    let known = world.get_entity(entity).map(|entity| variables.of(entity)).unwrap_or_default();
    let known = known.into_iter().map(|info| info.name).collect();
    let (address, group) = (address.to_string(), path_of(world, entity));
    let error = AddressError::NoVariable { address, group, known };
    preparation.address_error("of", error)
}

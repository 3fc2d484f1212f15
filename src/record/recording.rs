//! A recording: one variable, or the spikes, of one group, on a tape.

use bevy_ecs::prelude::*;

use super::{Dtype, Selection, Tape};
use crate::{
    network::{
        Address, Preparation, PrepareError, VariableEntry, Variables, View,
        preparation::{path_of, shape},
        variable::VariableInfo,
    },
    numeric::Real,
};

/// One variable, or the spikes, of one group: an entity that a recorder makes for each.
#[derive(Component)]
pub struct Recording {
    /// The group, or group and receptor, by name: `excitatory`, `excitatory.gaba`.
    pub group: String,
    /// The entity that is observed.
    pub source: Entity,
    /// Name, unit and description of the variable; `spikes` for events.
    pub info: VariableInfo,
    /// What the rows are.
    pub content: Content,
    /// When.
    pub window: Window,
    /// The members that are recorded; `None` for all.
    pub members: Option<Vec<u32>>,
    /// The shape of a row: neurons, or sources × targets.
    pub row_shape: Vec<usize>,
    /// The rows.
    pub tape: Tape,
}

/// What the rows of a recording are.
#[derive(Clone, Copy)]
pub enum Content {
    /// The values of a variable, a row per recorded iteration.
    Variable(VariableEntry, Dtype),
    /// A row per spike: iteration and neuron.
    Spikes,
}

/// The iterations that are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first iteration.
    pub from: u64,
    /// The first iteration that is not recorded any more.
    pub until: u64,
    /// One in so many.
    pub every: u64,
}

impl Window {
    /// Whether an iteration is recorded.
    #[inline]
    #[must_use]
    pub const fn contains(&self, iteration: u64) -> bool {
        // Most recordings take every iteration, and a division costs 10 ns.
        self.from <= iteration
            && iteration < self.until
            && (self.every == 1 || (iteration - self.from).is_multiple_of(self.every))
    }

    /// How many of the first `iterations` are recorded.
    #[must_use]
    pub fn rows(&self, iterations: u64) -> u64 {
        self.until.min(iterations).saturating_sub(self.from).div_ceil(self.every)
    }
}

impl Recording {
    /// The name of the variable.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.info.name
    }

    /// The type of the numbers.
    #[must_use]
    pub const fn dtype(&self) -> Dtype {
        match self.content {
            Content::Variable(_, dtype) => dtype,
            Content::Spikes => Dtype::Event,
        }
    }

    /// Bytes of a row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        let bytes = if matches!(self.content, Content::Spikes) { 4 } else { self.info.bytes };
        // Saturates: what does not fit in memory is planned before it is refused.
        self.row_shape.iter().fold(bytes, |bytes, &axis| bytes.saturating_mul(axis))
    }

    /// Takes down the members' values.
    pub(super) fn take(&mut self, view: View<'_>) -> std::io::Result<()> {
        match (&self.members, view) {
            (None, View::Real(values)) => self.tape.append(1, bytemuck::cast_slice(values)),
            (None, View::Bool(values)) => self.tape.append(1, values),
            (Some(members), View::Real(values)) => {
                let chosen: Vec<Real> = members.iter().filter_map(|&i| values.get(i as usize).copied()).collect();
                self.tape.append(1, bytemuck::cast_slice(&chosen))
            }
            (Some(members), View::Bool(values)) => {
                let chosen: Vec<u8> = members.iter().filter_map(|&i| values.get(i as usize).copied()).collect();
                self.tape.append(1, &chosen)
            }
        }
    }

    /// The recorded values in memory, row after row, as a test or a plot reads them.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        let bytes = self.tape.bytes();
        match self.dtype() {
            Dtype::Real => {
                bytemuck::pod_collect_to_vec::<u8, Real>(bytes).into_iter().map(crate::numeric::real::wide).collect()
            }
            Dtype::Bool => bytes.iter().map(|&byte| f64::from(byte)).collect(),
            Dtype::Event => bytemuck::pod_collect_to_vec::<u8, u32>(bytes).into_iter().map(f64::from).collect(),
        }
    }
}

/// What a recorder asks for, to be resolved into recordings.
pub(super) struct Request<'a> {
    /// Addresses of variables.
    pub of: &'a [String],
    /// Which members.
    pub neurons: &'a Selection,
    /// When.
    pub window: Window,
}

/// Turns addresses into recordings, one for each entity and variable.
pub(super) fn resolve(
    preparation: &mut Preparation<'_>,
    request: &Request<'_>,
    content: impl Fn(&World, Entity, &str) -> Option<(Content, VariableInfo)>,
) -> Result<(), PrepareError> {
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
    for text in request.of {
        let address: Address = text.parse().map_err(|error| preparation.address_error("of", error))?;
        let entities = address.entities(preparation.world());
        let entities = entities.map_err(|error| preparation.address_error("of", error))?;
        for entity in entities {
            let Some((content, info)) = content(preparation.world(), entity, &address.last) else {
                return Err(no_variable(preparation, entity, &address));
            };
            recordings.push(recording(preparation, request, entity, content, info)?);
        }
    }
    let recorder = preparation.entity();
    for recording in recordings {
        preparation.world().spawn((recording, RecordedBy(recorder)));
    }
    Ok(())
}

fn recording(
    preparation: &mut Preparation<'_>,
    request: &Request<'_>,
    entity: Entity,
    content: Content,
    info: VariableInfo,
) -> Result<Recording, PrepareError> {
    let shape = shape(preparation.world(), entity);
    let members = request.neurons.of(preparation.world(), entity);
    let members = members.map_err(|fault| preparation.fault("neurons", fault))?;
    let row_shape = match (content, &members) {
        (Content::Spikes, _) => vec![2],
        (_, Some(members)) => vec![members.len()],
        (_, None) => shape,
    };
    let group = path_of(preparation.world(), entity);
    let (window, tape) = (request.window, Tape::default());
    Ok(Recording { group, source: entity, info, content, window, members, row_shape, tape })
}

fn no_variable(preparation: &mut Preparation<'_>, entity: Entity, address: &Address) -> PrepareError {
    let world = preparation.world();
    let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
    let known = world.get_entity(entity).map(|entity| variables.of(entity)).unwrap_or_default();
    let known = known.into_iter().map(|info| info.name).collect();
    let error = crate::network::AddressError::NoVariable { address: address.to_string(), known };
    preparation.address_error("of", error)
}

/// On a recording: the recorder that made it, and with which it goes.
#[derive(Component)]
#[relationship(relationship_target = Recordings)]
pub struct RecordedBy(pub Entity);

/// On a recorder: its recordings.
#[derive(Component, Default)]
#[relationship_target(relationship = RecordedBy, linked_spawn)]
pub struct Recordings(Vec<Entity>);

/// Gives recordings of synapses the shape that these have, now that they exist: before, their number was expected.
///
/// # Errors
/// A recording of members that there are not, and how many there are.
pub fn settle(world: &mut World) -> Result<(), (String, usize)> {
    let mut recordings = world.query::<(Entity, &Recording)>();
    let shapes: Vec<_> =
        recordings.iter(world).map(|(entity, recording)| (entity, shape(world, recording.source))).collect();
    for (entity, shape) in shapes {
        let Some(mut recording) = world.get_mut::<Recording>(entity) else { continue };
        let members = shape.iter().product();
        match &recording.members {
            _ if matches!(recording.content, Content::Spikes) => {}
            None => recording.row_shape = shape,
            Some(chosen) if chosen.iter().all(|&member| (member as usize) < members) => {}
            Some(_) => return Err((format!("{}.{}", recording.group, recording.variable()), members)),
        }
    }
    Ok(())
}

//! A recording: one variable of one group, its spikes, or what a recorder makes of them, as rows.

use std::io;

use bevy_ecs::{prelude::*, relationship::RelationshipTarget};

use super::{Bins, Dtype, RowBuffer};
use crate::{
    network::{
        Birth, Clock, Everywhere, Failures, Layout, State, Synapses, VariableEntry, View, shape::shape,
        variable::VariableInfo,
    },
    numeric::{Archive, ArchiveError, Real, real::wide},
};

/// One variable of one group, its spikes, or what becomes of them: an entity that a recorder makes for each.
#[derive(Component)]
pub struct Recording {
    /// The group, or group and receptor, by name: `excitatory`, `excitatory.gaba`.
    pub group: String,
    /// The entity that is observed.
    pub source: Entity,
    /// Name, unit and description of the variable; `spikes` for events, `rate` for a population rate.
    pub info: VariableInfo,
    /// What the rows are.
    pub content: Content,
    /// When.
    pub window: Window,
    /// When the network of its recorder began, from which its iterations count.
    pub birth: Birth,
    /// How many recordings the world had made before it: those of a scene in its order.
    pub(crate) place: u64,
    /// The members that are recorded; `None` for all.
    pub members: Option<Vec<u32>>,
    /// The shape of the source, whose product is the number of its members.
    pub(super) shape: Vec<usize>,
    /// For spikes: whether each neuron is among them; `None` for all.
    pub(super) observed: Option<Vec<bool>>,
    /// The shape of a row: neurons, or sources × targets.
    pub row_shape: Vec<usize>,
    /// The rows.
    pub rows: RowBuffer,
}

/// How many recordings a world has made.
#[derive(Resource, Default)]
struct Made(u64);

/// The place of the next recording.
pub(super) fn next_place(world: &mut World) -> u64 {
    let mut made = world.get_resource_or_init::<Made>();
    made.0 += 1;
    made.0
}

/// What the rows of a recording are.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Content {
    /// The values of a variable, a row per recorded iteration.
    Variable(VariableEntry, Dtype),
    /// The values of an expression, a row per recorded iteration.
    Expression,
    /// Numbers that a recorder makes of a group, a row per recorded iteration.
    Measured,
    /// A row per spike: iteration and neuron.
    Spikes,
    /// The population rate, a row per bin.
    Rate,
    /// Counts of the values of a variable, a row per recorded iteration.
    Histogram(VariableEntry, Bins),
    /// The weights of synapses: a row per snapshot, or one per weight where snapshots differ in their synapses.
    Snapshots(Listed),
    /// Which synapses the weights of snapshots belong to: source, target and delay, a row each.
    Synapses(Listed),
    /// Spikes of each neuron, a row per presentation.
    Responses,
    /// A row per presentation: first iteration, block, stimulus, class.
    Presentations,
}

impl State for Recording {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.value(&mut self.window.from)?;
        match archive.through(&self.rows.rows())? {
            Some(rows) if archive.restores() => self.rows.cut(rows, self.row_bytes()),
            _ => Ok(()),
        }
    }
}

/// When the synapses are listed to which the weights of snapshots belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listed {
    /// With the first snapshot: they stay the same.
    Once,
    /// With each snapshot.
    Always,
}

impl Content {
    /// The kind, as reports name it.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Variable(..) | Self::Expression => "variable",
            Self::Measured => "measured",
            Self::Spikes => "spikes",
            Self::Rate => "rate",
            Self::Histogram(..) => "histogram",
            Self::Snapshots(_) => "snapshots",
            Self::Synapses(_) => "synapses",
            Self::Responses => "responses",
            Self::Presentations => "presentations",
        }
    }
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
        self.spans(iteration) && (self.every == 1 || (iteration - self.from).is_multiple_of(self.every))
    }

    /// How many of the first `iterations` are recorded.
    #[must_use]
    pub fn rows(&self, iterations: u64) -> u64 {
        self.iterations(iterations).div_ceil(self.every)
    }

    /// How many of the first `iterations` are recorded if the last between its ends always is.
    #[must_use]
    pub fn rows_and_last(&self, iterations: u64) -> u64 {
        let span = self.iterations(iterations);
        span.div_ceil(self.every) + u64::from(span > 0 && !(span - 1).is_multiple_of(self.every))
    }

    /// Whether an iteration is between its ends.
    #[inline]
    #[must_use]
    pub const fn spans(&self, iteration: u64) -> bool {
        self.from <= iteration && iteration < self.until
    }

    /// How many of the first `iterations` are between its ends.
    #[must_use]
    pub fn iterations(&self, iterations: u64) -> u64 {
        self.until.min(iterations).saturating_sub(self.from)
    }
}

impl Recording {
    /// The name of the variable.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.info.name
    }

    /// What is recorded: the variable, and what was made of it. `v`, `spikes`, `rate`, `v.histogram`, `weights.snapshots`.
    #[must_use]
    pub fn what(&self) -> String {
        match self.content {
            Content::Histogram(..) | Content::Snapshots(_) => format!("{}.{}", self.info.name, self.content.kind()),
            _ => self.info.name.clone(),
        }
    }

    /// The type of the numbers.
    #[must_use]
    pub const fn dtype(&self) -> Dtype {
        match self.content {
            Content::Variable(_, dtype) => dtype,
            Content::Spikes | Content::Synapses(_) | Content::Responses | Content::Presentations => Dtype::Whole,
            Content::Rate | Content::Expression | Content::Measured | Content::Snapshots(_) => Dtype::Real,
            Content::Histogram(..) => Dtype::Count,
        }
    }

    /// Bytes of a row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        // Saturates: what does not fit in memory is planned before it is refused.
        self.row_shape.iter().fold(self.dtype().bytes(), |bytes, &axis| bytes.saturating_mul(axis))
    }

    /// Rows of a run of so many iterations; `None` for spikes and presentations, whose number nobody knows before.
    #[must_use]
    pub fn rows(&self, iterations: u64) -> Option<u64> {
        match self.content {
            Content::Spikes | Content::Responses | Content::Presentations => None,
            // A bin is written when it is full.
            Content::Rate => Some(self.window.iterations(iterations) / self.window.every),
            Content::Snapshots(Listed::Once) => Some(self.window.rows_and_last(iterations)),
            Content::Synapses(Listed::Once) => {
                Some(if self.window.iterations(iterations) > 0 { self.members() } else { 0 })
            }
            Content::Snapshots(Listed::Always) | Content::Synapses(Listed::Always) => {
                Some(self.window.rows_and_last(iterations).saturating_mul(self.members()))
            }
            _ => Some(self.window.rows(iterations)),
        }
    }

    /// The members of the source; of synapses that chance makes their expected number, until they exist.
    fn members(&self) -> u64 {
        self.shape.iter().fold(1, |members, &axis| members.saturating_mul(axis as u64))
    }

    /// The iteration of its network `age` before that of the world's clock; `None` before it began.
    pub(super) fn iteration(&self, clock: &Clock, age: u32) -> Option<u64> {
        clock.iteration.checked_sub(u64::from(age))?.checked_sub(self.birth.0)
    }

    /// Whether the spikes of a neuron are recorded.
    #[inline]
    pub(super) fn observes(&self, neuron: u32) -> bool {
        self.observed.as_ref().is_none_or(|observed| observed.get(neuron as usize) == Some(&true))
    }

    /// Takes down a row of numbers, of as many as its shape has.
    ///
    /// # Errors
    /// There are more or fewer, or they cannot be kept.
    pub fn append(&mut self, row: &[Real]) -> io::Result<()> {
        let wanted: usize = self.row_shape.iter().product();
        if row.len() != wanted || self.dtype() != Dtype::Real {
            let why = format!("a row has {wanted} numbers, and there are {}", row.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        self.rows.append(1, bytemuck::cast_slice(row))
    }

    /// Takes down the members' values.
    pub(super) fn take(&mut self, view: View<'_>) -> io::Result<()> {
        match (&self.members, view) {
            (None, View::Real(values)) => self.rows.append(1, bytemuck::cast_slice(values)),
            (None, View::Bool(values)) => self.rows.append(1, values),
            (Some(members), View::Real(values)) => {
                let chosen: Vec<Real> = members.iter().filter_map(|&i| values.get(i as usize).copied()).collect();
                self.rows.append(1, bytemuck::cast_slice(&chosen))
            }
            (Some(members), View::Bool(values)) => {
                let chosen: Vec<u8> = members.iter().filter_map(|&i| values.get(i as usize).copied()).collect();
                self.rows.append(1, &chosen)
            }
        }
    }

    /// The members that are recorded, and their values.
    pub(super) fn chosen<'a>(&'a self, view: View<'a>) -> impl Iterator<Item = (usize, f64)> + 'a {
        let value = move |i: usize| match view {
            View::Real(values) => values.get(i).map(|&value| wide(value)),
            View::Bool(values) => values.get(i).map(|&value| f64::from(value)),
        };
        let count = self.members.as_ref().map_or(view.len(), Vec::len);
        let index = |i: usize| self.members.as_ref().map_or(Some(i), |members| members.get(i).map(|&i| i as usize));
        (0..count).filter_map(index).filter_map(move |i| Some((i, value(i)?)))
    }

    /// The recorded values in memory, row after row, as a test or a plot reads them.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        let bytes = self.rows.bytes();
        match self.dtype() {
            Dtype::Real => bytemuck::pod_collect_to_vec::<u8, Real>(bytes).into_iter().map(wide).collect(),
            Dtype::Bool => bytes.iter().map(|&byte| f64::from(byte)).collect(),
            Dtype::Whole => bytemuck::pod_collect_to_vec::<u8, u32>(bytes).into_iter().map(f64::from).collect(),
            Dtype::Count => bytemuck::pod_collect_to_vec::<u8, u64>(bytes).into_iter().map(|n| n as f64).collect(),
        }
    }
}

/// On a recording: the recorder that made it, and with which it goes.
#[derive(Component)]
#[relationship(relationship_target = Recordings)]
pub struct RecordedBy(pub Entity);

/// On a recorder: its recordings.
#[derive(Component, Default)]
#[relationship_target(relationship = RecordedBy, linked_spawn)]
pub struct Recordings(Vec<Entity>);

/// Lets all recordings begin with an iteration, or later: those of a network that goes on from there have nothing of what was
/// before.
pub fn begin_with(world: &mut World, iteration: u64) {
    for mut recording in world.query::<&mut Recording>().iter_mut(world) {
        let Window { from, every, .. } = recording.window;
        let iteration = iteration.saturating_sub(recording.birth.0);
        // Of snapshots there is one at the start; else in the steps in which they would have been recorded, had they begun where they
        // were to.
        let at_once = matches!(recording.content, Content::Snapshots(_) | Content::Synapses(_));
        let skipped = iteration.saturating_sub(from).div_ceil(every).saturating_mul(every);
        recording.window.from = if at_once { from.max(iteration) } else { from.saturating_add(skipped) };
    }
}

/// Gives recordings of synapses, made by some recorders, the shape that these have, now that they exist: before, their number
/// was expected.
///
/// # Errors
/// A recording of members that there are not, and how many there are.
pub fn settle(world: &mut World, recorders: &[Entity]) -> Result<(), (String, usize)> {
    let shapes: Vec<_> = of_recorders(world, recorders)
        .map(|(entity, recording)| (entity, recorded_shape(world, recording.source, recording.content)))
        .collect();
    for (entity, shape) in shapes {
        let Some(mut recording) = world.get_mut::<Recording>(entity) else { continue };
        let members = shape.iter().product();
        let chosen = recording.members.as_ref();
        if chosen.is_some_and(|chosen| chosen.iter().any(|&member| member as usize >= members)) {
            return Err((format!("{}.{}", recording.group, recording.variable()), members));
        }
        if chosen.is_none() && matches!(recording.content, Content::Variable(..) | Content::Snapshots(Listed::Once)) {
            recording.row_shape.clone_from(&shape);
        }
        recording.shape = shape;
    }
    Ok(())
}

/// The recordings that some recorders have made.
pub fn of_recorders<'a>(world: &'a World, recorders: &'a [Entity]) -> impl Iterator<Item = (Entity, &'a Recording)> {
    let made = recorders.iter().filter_map(|&recorder| world.get::<Recordings>(recorder));
    made.flat_map(RelationshipTarget::iter).filter_map(|entity| Some((entity, world.get(entity)?)))
}

/// The shape of what is recorded of an entity: all its members, or the synapses that there are.
pub(super) fn recorded_shape(world: &World, entity: Entity, content: Content) -> Vec<usize> {
    if let Some(everywhere) = world.get::<Everywhere>(entity)
        && let Some(Layout::Sparse(_)) = world.get::<Synapses>(entity).and_then(|synapses| synapses.layout.as_ref())
    {
        return vec![everywhere.synapses as usize];
    }
    match (content, world.get::<Synapses>(entity)) {
        (Content::Snapshots(_) | Content::Synapses(_), Some(synapses)) => vec![synapses.number()],
        _ => shape(world, entity),
    }
}

/// Lets every recording of some recorders that is due in this iteration take its rows, and notes what fails.
pub fn record_due<'a>(
    recorders: impl Iterator<Item = &'a Recordings>,
    recordings: &mut Query<&mut Recording>,
    clock: &Clock,
    failures: &mut Failures,
    mut take: impl FnMut(Entity, &mut Recording) -> io::Result<()>,
) {
    for entity in recorders.flat_map(RelationshipTarget::iter) {
        let Ok(mut recording) = recordings.get_mut(entity) else { continue };
        if recording.window.contains(clock.since(Some(&recording.birth)).iteration)
            && let Err(error) = take(entity, &mut recording)
        {
            failures.push_at(recording.source, format!("{}.{}", recording.group, recording.what()), error);
        }
    }
}

//! What a behaviour is given when it is prepared, and how it says that it cannot be.

use std::path::{Path, PathBuf};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    address::AddressError,
    clock::{Clock, Seed},
    group::NeuronGroup,
    membership::{Origin, network_of},
    parameter::Parameter,
    receptor::ReceptorOf,
    sample::TRIAL,
    synapse::Synapses,
};
use crate::{
    files::{self, FileError},
    numeric::{coding::BLOCK_TARGETS, real::wide, stream::Stream},
    value::{Array, ArraySource, Function, Functions, Members, ValueError},
};

/// The functions that values may call.
#[derive(Resource, Default)]
pub struct ValueFunctions(pub Functions);

/// Registers value functions in an app.
pub trait RegisterValueFunction {
    /// Makes a function known to the expressions of all scenes; one of the same name is replaced.
    fn register_value_function(&mut self, function: Function) -> &mut Self;
}

impl RegisterValueFunction for App {
    fn register_value_function(&mut self, function: Function) -> &mut Self {
        self.world_mut().get_resource_or_init::<ValueFunctions>().0.register(function);
        self
    }
}

/// Where the files that a scene names are read from: arrays, pictures, lists. The one way to all of them.
#[derive(Resource, Default, Clone, Debug)]
pub struct ArrayFolder {
    /// The folder; `None` refuses all files.
    pub folder: Option<PathBuf>,
    /// Whether files outside the folder are read too; default no.
    pub outside: bool,
    /// The files that were asked for, by their names.
    asked: Arc<Mutex<BTreeSet<String>>>,
}

impl ArrayFolder {
    /// The files in a folder, and outside it too if that is allowed.
    #[must_use]
    pub fn new(folder: Option<PathBuf>, outside: bool) -> Self {
        Self { folder, outside, asked: Arc::default() }
    }

    /// The files that were asked for, by their names.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().map(|asked| asked.iter().cloned().collect()).unwrap_or_default()
    }

    /// The files in a folder, and no others.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self::new(Some(folder.to_owned()), false)
    }

    /// The path of a file, with all symbolic links followed.
    ///
    /// # Errors
    /// A text that says why it is not read: there is no folder, the file does not exist or lies outside.
    pub fn path(&self, file: &str) -> Result<PathBuf, String> {
        if let Ok(mut asked) = self.asked.lock() {
            asked.insert(file.to_owned());
        }
        match &self.folder {
            None => Err(format!("`{file}` cannot be read: this network was given no folder to read files from")),
            Some(folder) if self.outside => Ok(folder.join(file)),
            Some(folder) => files::within(folder, file).map_err(|error: FileError| error.to_string()),
        }
    }
}

impl ArraySource for ArrayFolder {
    fn load(&self, file: &str, key: Option<&str>) -> Result<Arc<Array>, String> {
        let path = self.path(file)?;
        let array = match key {
            Some(key) => crate::npy::load_from_npz(&path, key),
            None => crate::npy::load(&path),
        };
        array.map(Arc::new).map_err(|error| error.to_string())
    }
}

/// How far a preparation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Everything.
    Whole,
    /// Values are evaluated for the first 65 536 members and dropped: says what is wrong, takes some megabytes.
    Trial,
}

/// Names for numbers that values may use: the constants of a scene.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Constants(pub Vec<(String, f64)>);

/// The two sides of a synapse group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Neurons of the source group that take part.
    pub sources: usize,
    /// Neurons of the target group that take part.
    pub targets: usize,
    /// Whether the two are one group.
    pub recurrent: bool,
    /// Whether the synapses are laid out as a matrix if there is one for every pair: all neurons take part, and all
    /// delays are equal.
    pub whole: bool,
    /// Neurons that are sources and targets: none between two groups.
    pub common: usize,
    /// Of a rule that was tried, how many synapses it seems to make, by those of some targets.
    pub estimate: Option<u64>,
}

/// The number of synapses in a group, and the memory that they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Synapses; their expected number where chance decides.
    pub synapses: u64,
    /// Memory (bytes), besides that of the columns that have a number for each, such as weights.
    pub bytes: u64,
    /// Whether there is a weight for every pair.
    pub dense: bool,
}

/// How large an entity is, for a behaviour that says what memory it will need there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Its members: neurons, or what weights there are; the expected number where chance decides.
    pub members: u64,
    /// Of a synapse group, the neurons of its source group.
    pub sources: u64,
    /// Of a synapse group, the neurons of its target group.
    pub targets: u64,
    /// Of a synapse group, whether it has a weight for every pair.
    pub dense: bool,
    /// Of a synapse group, whether all delays are the same.
    pub punctual: bool,
    /// Of a synapse group, the longest delay (steps); of delays that differ, the longest of those that were tried.
    pub longest_delay: u64,
}

impl Extent {
    /// Dense synapses: weights for each pair, and nothing else.
    #[must_use]
    pub const fn dense(synapses: u64) -> Self {
        Self { synapses, bytes: 0, dense: true }
    }

    /// Sparse synapses: a code for each, and an index of the rows.
    #[must_use]
    pub const fn sparse(pair: Pair, synapses: u64) -> Self {
        let rows = (pair.targets.div_ceil(BLOCK_TARGETS) as u64).saturating_mul(pair.sources as u64);
        let each = size_of::<u16>() as u64;
        let bytes = synapses.saturating_mul(each).saturating_add(rows.saturating_mul(4));
        Self { synapses, bytes, dense: false }
    }
}

/// A behaviour that cannot be prepared.
#[derive(Debug, thiserror::Error)]
#[error("{behaviour}{}: {fault}", .field.as_ref().map(|field| format!(".{field}")).unwrap_or_default())]
pub struct PrepareError {
    /// The behaviour.
    pub behaviour: &'static str,
    /// The field that is to blame, if one is.
    pub field: Option<String>,
    /// The fault.
    pub fault: Box<PrepareFault>,
}

/// What preparation has warned of, by entity and behaviour; there while a scene is tried.
#[derive(Resource, Default)]
pub struct Told(pub Vec<(Entity, &'static str, PrepareError)>);

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum PrepareFault {
    /// A value.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// An address that leads nowhere.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The entity lacks what the behaviour needs.
    #[error("{0}")]
    Other(String),
}

/// The entity that a behaviour is prepared at, for `Behaviour::prepare`.
pub struct Preparation<'w> {
    pub(super) world: &'w mut World,
    pub(super) entity: Entity,
    pub(super) behaviour: &'static str,
    pub(super) depth: Depth,
    /// Whether the behaviour was never prepared at this entity.
    pub(super) first: bool,
    /// What was sampled for its fields.
    pub(super) sampled: Vec<(String, Members)>,
}

impl Preparation<'_> {
    /// The entity.
    #[must_use]
    pub const fn entity(&self) -> Entity {
        self.entity
    }

    /// The name of the behaviour.
    #[must_use]
    pub const fn behaviour(&self) -> &'static str {
        self.behaviour
    }

    /// The world.
    pub const fn world(&mut self) -> &mut World {
        self.world
    }

    /// A resource of the world.
    #[must_use]
    pub fn resource<R: Resource>(&self) -> Option<&R> {
        self.world.get_resource()
    }

    /// The clock of the world; one of 1 ms where there is none.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.resource().copied().unwrap_or_default()
    }

    /// A component of the entity.
    #[must_use]
    pub fn component<C: Component>(&self) -> Option<&C> {
        self.world.get(self.entity)
    }

    /// Whether nothing is to be kept and no room to be taken.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        self.depth == Depth::Trial
    }

    /// The shape of the entity: the size of a group, sources × targets of dense synapses.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        shape(self.world, self.entity)
    }

    /// How many members parameters are at hand for: those of the entity, in a trial the first 65 536.
    #[must_use]
    pub fn members(&self) -> usize {
        let members = self.shape().iter().product();
        if self.is_trial() { TRIAL.min(members) } else { members }
    }

    /// The random stream of this behaviour at this entity for a purpose.
    #[must_use]
    pub fn stream(&self, purpose: &str) -> Stream {
        Stream::new(self.seed().0, &[&path_of(self.world, self.entity), self.behaviour, purpose])
    }

    /// The network that the entity is part of, in which its addresses lead somewhere.
    #[must_use]
    pub fn network(&self) -> Option<Entity> {
        network_of(self.world, self.entity)
    }

    /// The seed of its random streams.
    #[must_use]
    pub fn seed(&self) -> Seed {
        Origin::of(self.world, self.entity).seed
    }

    /// Where files are read from.
    #[must_use]
    pub fn folder(&self) -> ArrayFolder {
        Origin::of(self.world, self.entity).folder
    }

    /// The array of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn array(&self, field: &'static str, file: &str, key: Option<&str>) -> Result<Arc<Array>, PrepareError> {
        self.folder().load(file, key).map_err(|why| self.error(Some(field), why))
    }

    /// The path of a file that a field names.
    ///
    /// # Errors
    /// As for [`ArrayFolder::path`].
    pub fn file(&self, field: &'static str, file: &str) -> Result<PathBuf, PrepareError> {
        self.folder().path(file).map_err(|why| self.error(Some(field), why))
    }

    /// Whether the behaviour was never prepared at this entity.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// An address in a field of this behaviour that leads nowhere.
    #[must_use]
    pub fn address_error(&self, field: &'static str, error: AddressError) -> PrepareError {
        self.fault(field, PrepareFault::Address(error))
    }

    /// The numbers that were sampled for a field, in double precision whatever that of the state: for
    /// [`complete`](super::Behaviour::complete). `None` when the behaviour comes back from being switched off.
    #[must_use]
    pub fn sampled(&self, field: &str) -> Option<&Members> {
        self.sampled.iter().rev().find(|(name, _)| name == field).map(|(_, numbers)| numbers)
    }

    /// Says that a sampled parameter is out of its range, if it is for any neuron: "must be `what`".
    ///
    /// # Errors
    /// The first neuron for which `holds` is false.
    pub fn check(
        &self,
        field: &'static str,
        parameter: &Parameter,
        holds: impl Fn(f64) -> bool,
        what: &str,
    ) -> Result<(), PrepareError> {
        self.check_by(field, parameter, &holds, what)
    }

    fn check_by(
        &self,
        field: &'static str,
        parameter: &Parameter,
        holds: &dyn Fn(f64) -> bool,
        what: &str,
    ) -> Result<(), PrepareError> {
        let members = if parameter.uniform().is_some() { 1 } else { self.members() };
        let values = (0..members).map(|i| wide(parameter.at(i)));
        match values.enumerate().find(|(_, value)| !holds(*value)) {
            None => Ok(()),
            Some((_, value)) if members == 1 => Err(self.error(Some(field), format!("must be {what}, not {value}"))),
            Some((i, value)) => Err(self.error(Some(field), format!("must be {what}; member {i} gets {value}"))),
        }
    }

    /// Says that what acts from `start` on has fields that say otherwise: it ends after it has begun.
    ///
    /// # Errors
    /// `start` is no time, or `stop` is none after it.
    pub fn check_window(&self, start: f64, stop: Option<f64>) -> Result<(), PrepareError> {
        if start.is_nan() {
            return Err(self.error(Some("start"), "must be a time, not NaN"));
        }
        match stop {
            Some(stop) if stop.is_nan() || stop <= start => {
                Err(self.error(Some("stop"), format!("must be after `start`, {start} ms, not {stop}")))
            }
            _ => Ok(()),
        }
    }

    /// Says what is seldom meant, to whoever builds a scene; in a trial, so that it is said once.
    pub fn warn(&mut self, field: Option<&'static str>, why: impl Into<String>) {
        let told = self.error(field, why);
        if self.is_trial()
            && let Some(mut all) = self.world.get_resource_mut::<Told>()
        {
            all.0.push((self.entity, self.behaviour, told));
        }
    }

    /// A fault of a field of this behaviour.
    #[must_use]
    pub fn fault(&self, field: &'static str, fault: PrepareFault) -> PrepareError {
        PrepareError { behaviour: self.behaviour, field: Some(field.to_owned()), fault: Box::new(fault) }
    }

    /// An error of this behaviour.
    pub fn error(&self, field: Option<&'static str>, why: impl Into<String>) -> PrepareError {
        PrepareError {
            behaviour: self.behaviour,
            field: field.map(str::to_owned),
            fault: Box::new(PrepareFault::Other(why.into())),
        }
    }
}

/// The shape of an entity's columns.
#[must_use]
pub fn shape(world: &World, entity: Entity) -> Vec<usize> {
    if let Some(of) = world.get::<ReceptorOf>(entity) {
        return shape(world, of.0);
    }
    if let Some(group) = world.get::<NeuronGroup>(entity) {
        return vec![group.size()];
    }
    world.get::<Synapses>(entity).map(|synapses| synapses.planned.clone()).unwrap_or_default()
}

/// The axes of an array with a number for each member, as NumPy has them: height × width of a sheet of neurons, in whose rows x
/// runs fastest; sources × targets.
#[must_use]
pub fn axes(world: &World, entity: Entity) -> Vec<usize> {
    let group = world.get::<ReceptorOf>(entity).map_or(entity, |of| of.0);
    match world.get::<NeuronGroup>(group) {
        Some(NeuronGroup { shape: [width, height, depth], .. }) => match (height, depth) {
            (1, 1) => vec![*width],
            (_, 1) => vec![*height, *width],
            _ => vec![*depth, *height, *width],
        },
        None => shape(world, entity),
    }
}

/// The name of an entity as it enters random streams: `excitatory`, `excitatory.gaba`.
#[must_use]
pub fn path_of(world: &World, entity: Entity) -> String {
    let name = world.get::<Name>(entity).map_or("", Name::as_str);
    match world.get::<ReceptorOf>(entity) {
        Some(of) => format!("{}.{name}", path_of(world, of.0)),
        None => name.to_owned(),
    }
}

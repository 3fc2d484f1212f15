//! What a behaviour is given when it is prepared, and how it says that it cannot be.

use std::{path::PathBuf, sync::Arc};

use bevy_ecs::prelude::*;

use super::{
    address::AddressError,
    clock::{Clock, Seed},
    fault::{PrepareError, PrepareFault, Told},
    membership::{Origin, network_of},
    parameter::Parameter,
    ranks::Ranks,
    shape::{path_of, shape},
    surroundings::ArrayFolder,
};
use crate::{
    numeric::{real::wide, stream::Stream},
    value::{Array, ArraySource, Members},
};

/// Members whose values are evaluated in a trial.
pub(super) const TRIAL: usize = 1 << 16;

/// How far a preparation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Everything.
    Whole,
    /// Values are evaluated for the first 65 536 members and dropped: says what is wrong, takes some megabytes.
    Trial,
}

/// The entity that a behaviour is prepared at, for `Behaviour::prepare`.
pub struct Preparation<'w> {
    pub(super) world: &'w mut World,
    pub(super) entity: Entity,
    pub(super) behaviour: &'static str,
    pub(super) depth: Depth,
    /// Whether the behaviour was never prepared at this entity.
    pub(super) first: bool,
    /// How many members have had their initial values.
    pub(super) begun: usize,
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

    /// For a behaviour that goes by what other ranks know: refuses it where neurons are shared among ranks.
    ///
    /// # Errors
    /// They are, and `why` that does not go together.
    pub fn must_be_alone(&self, field: Option<&'static str>, why: &str) -> Result<(), PrepareError> {
        match self.resource::<Ranks>() {
            None => Ok(()),
            Some(_) => Err(self.error(field, format!("neurons cannot be shared among ranks: {why}"))),
        }
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

    /// The world, to be looked at.
    pub(crate) const fn looked_at(&self) -> &World {
        self.world
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
    pub fn fault(&self, field: impl Into<String>, fault: PrepareFault) -> PrepareError {
        PrepareError { behaviour: self.behaviour, field: Some(field.into()), fault: Box::new(fault) }
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

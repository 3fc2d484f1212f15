//! Sampling: the values in the fields of a behaviour become numbers, one for each member of its entity.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use bevy_ecs::prelude::*;
use bevy_reflect::{PartialReflect, ReflectMut};
use rayon::prelude::*;

use super::{
    clock::Seed,
    group::{Draws, NeuronGroup},
    parameter::{Initial, Parameter},
    preparation::{ArrayFolder, Depth, Preparation, PrepareError, PrepareFault, ValueFunctions, path_of, shape},
    receptor::{Afferent, Listens, ReceptorOf},
    synapse::{InitialWeights, Layout, SynapseGroup, Synapses, Weights},
    variable::Variables,
};
use crate::{
    numeric::{Real, real::real},
    value::{Array, ArraySource, Members, Names, Scope, Value, ValueError},
};

/// Members whose values are evaluated in one go, and in a trial: 0.5 MB of intermediate numbers, however many synapses
/// there are.
const AT_ONCE: usize = 1 << 16;

/// Samples every parameter, initial value and afferent tag among the fields of a behaviour, in their order, so that
/// a value may use the fields before it by name.
pub(super) fn sample_fields(
    preparation: &mut Preparation<'_>,
    behaviour: &mut dyn PartialReflect,
) -> Result<(), PrepareError> {
    let sampler = Sampler::new(preparation)?;
    let whole = preparation.depth == Depth::Whole;
    if whole && preparation.first && preparation.world.get::<SynapseGroup>(preparation.entity).is_some() {
        sampler.sample_weights(preparation)?;
    } else if !whole {
        sampler.try_weights(preparation)?;
    }
    sampler.sample(preparation, behaviour)
}

/// Everything that sampling at one entity needs, copied out of the world.
struct Sampler {
    path: String,
    behaviour: &'static str,
    seed: u64,
    shape: Vec<usize>,
    members: Range<usize>,
    functions: crate::value::Functions,
    arrays: Cached,
    names: KnownNames,
}

impl Sampler {
    fn new(preparation: &Preparation<'_>) -> Result<Self, PrepareError> {
        let (world, entity) = (&*preparation.world, preparation.entity);
        let shape = shape(world, entity);
        let len: usize = shape.iter().product();
        let group = world.get::<ReceptorOf>(entity).map_or(entity, |of| of.0);
        let mut sampler = Self {
            path: path_of(world, entity),
            behaviour: preparation.behaviour,
            seed: world.get_resource::<Seed>().copied().unwrap_or_default().0,
            members: if preparation.is_trial() { 0..len.min(AT_ONCE) } else { 0..len },
            functions: world.get_resource::<ValueFunctions>().map(|f| f.0.clone()).unwrap_or_default(),
            arrays: Cached::new(world.get_resource::<ArrayFolder>().cloned().unwrap_or_default()),
            names: KnownNames::new(&shape, world.get::<NeuronGroup>(group).copied()),
            shape,
        };
        if let Some(draws) = world.get::<Draws>(group) {
            sampler.sample_draws(&path_of(world, group), draws)?;
        }
        Ok(sampler)
    }

    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Draws belong to the group, whatever uses them: their stream names no behaviour.
    fn sample_draws(&mut self, group: &str, draws: &Draws) -> Result<(), PrepareError> {
        for (name, value) in &draws.0 {
            let numbers =
                value.evaluate(&self.scope(&[group, "draws", name]), self.members.clone()).map_err(|error| {
                    PrepareError {
                        behaviour: "draws",
                        field: Some(name.clone()),
                        fault: Box::new(PrepareFault::Value(error)),
                    }
                })?;
            self.names.fields.push((name.clone(), numbers));
        }
        Ok(())
    }

    fn scope<'a>(&'a self, path: &'a [&'a str]) -> Scope<'a> {
        Scope {
            shape: &self.shape,
            seed: self.seed,
            path,
            names: &self.names,
            functions: &self.functions,
            arrays: &self.arrays,
        }
    }

    fn evaluate(&self, field: &str, value: &Value, members: Range<usize>) -> Result<Members, PrepareError> {
        value.evaluate(&self.scope(&[&self.path, self.behaviour, field]), members).map_err(|error| PrepareError {
            behaviour: self.behaviour,
            field: Some(field.to_owned()),
            fault: Box::new(PrepareFault::Value(error)),
        })
    }

    fn sample(
        mut self,
        preparation: &mut Preparation<'_>,
        behaviour: &mut dyn PartialReflect,
    ) -> Result<(), PrepareError> {
        let ReflectMut::Struct(fields) = behaviour.reflect_mut() else { return Ok(()) };
        let (len, whole) = (self.len(), !preparation.is_trial());
        for index in 0..fields.field_len() {
            let name = fields.name_at(index).unwrap_or_default().to_owned();
            let Some(field) = fields.field_at_mut(index) else { continue };
            if let Some(parameter) = as_parameter(field) {
                if parameter.is_sampled(len) && !parameter.value().is_number() {
                    continue; // it comes back from being switched off
                }
                let numbers = self.evaluate(&name, parameter.value(), self.members.clone())?;
                if whole {
                    parameter.store(&numbers, len);
                }
                self.names.fields.push((name, numbers));
            } else if let Some(initial) = field.try_downcast_ref::<Initial>() {
                let numbers = self.evaluate(&name, &initial.0, self.members.clone())?;
                if whole && preparation.first {
                    set_variable(preparation, &name, &numbers, len)?;
                }
                self.names.fields.push((name, numbers));
            } else if let Some(afferent) = field.try_downcast_ref::<Afferent>()
                && let Some(mut listens) = preparation.world.get_mut::<Listens>(preparation.entity)
            {
                listens.0 = afferent.clone();
            }
        }
        if whole {
            spread_together(behaviour, len);
        }
        Ok(())
    }

    fn sample_weights(&self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let (world, entity) = (&mut *preparation.world, preparation.entity);
        let value = world.get::<InitialWeights>(entity).cloned().unwrap_or_default().0;
        let layout = world.get::<Synapses>(entity).and_then(|synapses| synapses.layout.clone());
        let (Some(mut weights), Some(layout)) = (world.get_mut::<Weights>(entity), layout) else { return Ok(()) };
        let path = [self.path.as_str(), "weights"];
        let parts = weights.0.par_chunks_mut(AT_ONCE).enumerate();
        parts.try_for_each(|(part, weights)| {
            let first = part * AT_ONCE;
            let numbers = value.evaluate(&self.scope(&path), first..first + weights.len());
            let numbers = numbers.map_err(weights_error)?;
            weights.iter_mut().enumerate().for_each(|(i, weight)| *weight = real(numbers.at(i)));
            Ok(())
        })?;
        if let Layout::Dense { targets, no_autapses: true, .. } = layout {
            weights.0.iter_mut().step_by(targets + 1).for_each(|weight| *weight = 0.0);
        }
        Ok(())
    }

    fn try_weights(&self, preparation: &Preparation<'_>) -> Result<(), PrepareError> {
        let Some(value) = preparation.world.get::<InitialWeights>(preparation.entity) else { return Ok(()) };
        let path = [self.path.as_str(), "weights"];
        value.0.evaluate(&self.scope(&path), self.members.clone()).map(drop).map_err(weights_error)
    }
}

fn weights_error(error: ValueError) -> PrepareError {
    PrepareError { behaviour: "weights", field: None, fault: Box::new(PrepareFault::Value(error)) }
}

fn set_variable(
    preparation: &mut Preparation<'_>,
    name: &str,
    numbers: &Members,
    len: usize,
) -> Result<(), PrepareError> {
    let variables = preparation.world.get_resource::<Variables>().cloned().unwrap_or_default();
    let mut values = (0..len).map(|i| -> Real { real(numbers.at(i)) });
    let mut entity = preparation.world.entity_mut(preparation.entity);
    if variables.set(&mut entity, name, &mut values) {
        return Ok(());
    }
    let why = format!("there is no variable `{name}` to give an initial value to; is its column registered?");
    Err(PrepareError {
        behaviour: preparation.behaviour,
        field: Some(name.to_owned()),
        fault: Box::new(PrepareFault::Other(why)),
    })
}

/// The parameter in a field, be it one that must or one that may be given.
fn as_parameter(field: &mut dyn PartialReflect) -> Option<&mut Parameter> {
    if field.represents::<Option<Parameter>>() {
        return field.try_downcast_mut::<Option<Parameter>>()?.as_mut();
    }
    field.try_downcast_mut::<Parameter>()
}

/// If one parameter differs between neurons, all of the behaviour become columns: see `Parameters`.
fn spread_together(behaviour: &mut dyn PartialReflect, members: usize) {
    let ReflectMut::Struct(fields) = behaviour.reflect_mut() else { return };
    let mut differ = false;
    for index in 0..fields.field_len() {
        let parameter = fields.field_at_mut(index).and_then(as_parameter);
        differ |= parameter.is_some_and(|parameter| parameter.uniform().is_none());
    }
    for index in 0..fields.field_len() {
        if let Some(parameter) = fields.field_at_mut(index).and_then(as_parameter)
            && differ
        {
            parameter.spread(members);
        }
    }
}

/// The names in reach of an expression: members' indices, positions, draws, and the fields before it.
struct KnownNames {
    group: Option<NeuronGroup>,
    /// Synapses of a row, where the members are synapses.
    row: Option<usize>,
    len: usize,
    fields: Vec<(String, Members)>,
}

impl KnownNames {
    fn new(shape: &[usize], group: Option<NeuronGroup>) -> Self {
        let row = (shape.len() == 2).then(|| shape[1].max(1));
        Self { group, row, len: shape.iter().product(), fields: Vec::new() }
    }
}

impl Names for KnownNames {
    fn get(&self, name: &str, members: Range<usize>) -> Option<Members> {
        if let Some((_, numbers)) = self.fields.iter().rev().find(|(known, _)| known == name) {
            return Some(numbers.clone());
        }
        let each = |number: &dyn Fn(usize) -> f64| Some(Members::Each(members.clone().map(number).collect()));
        match (name, self.row, self.group) {
            ("i", Some(row), _) => each(&|k| (k / row) as f64),
            ("j", Some(row), _) => each(&|k| (k % row) as f64),
            ("i", None, _) => each(&|i| i as f64),
            ("n", None, _) => Some(Members::Uniform(self.len as f64)),
            ("x", None, Some(group)) => each(&|i| group.position(i)[0]),
            ("y", None, Some(group)) => each(&|i| group.position(i)[1]),
            ("z", None, Some(group)) => each(&|i| group.position(i)[2]),
            _ => None,
        }
    }

    fn known(&self) -> Vec<String> {
        let built_in: &[&str] = if self.row.is_some() { &["i", "j"] } else { &["i", "n", "x", "y", "z"] };
        self.fields.iter().map(|(name, _)| name.clone()).chain(built_in.iter().map(|&name| name.to_owned())).collect()
    }
}

/// An array, or why it could not be read.
type Read = Result<Arc<Array>, String>;

/// Arrays, each read once however many blocks of weights use it.
struct Cached {
    folder: ArrayFolder,
    read: Mutex<HashMap<(String, Option<String>), Read>>,
}

impl Cached {
    fn new(folder: ArrayFolder) -> Self {
        Self { folder, read: Mutex::default() }
    }
}

impl ArraySource for Cached {
    fn load(&self, file: &str, key: Option<&str>) -> Result<Arc<Array>, String> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (file.to_owned(), key.map(str::to_owned));
        read.entry(name).or_insert_with(|| self.folder.load(file, key)).clone()
    }
}

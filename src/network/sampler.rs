//! What values may refer to where they are sampled: constants, draws, indices and positions, the fields before them;
//! and the random streams that they draw from.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bevy_ecs::prelude::*;

use super::{
    clock::Clock,
    compartment::group_of,
    fault::{PrepareError, PrepareFault},
    group::{Draws, NeuronGroup},
    membership::Origin,
    selection::Selection,
    shape::{axes, path_of, shape},
    surroundings::{ArrayFolder, ValueFunctions},
    synapse::{Ends, Source, Target},
};
use crate::{
    numeric::{
        Real,
        real::{PRECISION, wide},
    },
    value::{
        Array, ArraySource, Batch, Expression, Formula, Functions, Members, Names, Scope, Value, ValueError,
        bounds::Interval,
    },
};

/// Everything that sampling at one entity needs, copied out of the world.
pub(super) struct Sampler {
    pub path: String,
    pub shape: Vec<usize>,
    /// The step (ms).
    pub dt: f64,
    seed: u64,
    functions: Functions,
    arrays: Cached,
    names: KnownNames,
}

impl Sampler {
    /// The sampler of an entity. `most` bounds the members whose draws are sampled.
    pub fn new(world: &World, entity: Entity, most: usize) -> Result<Self, PrepareError> {
        let shape = axes(world, entity);
        let group = group_of(world, entity);
        let Origin { seed, constants, folder } = Origin::of(world, entity);
        let Some(clock) = world.get_resource::<Clock>() else {
            let fault = PrepareFault::Other("the world has no `Clock`: add `CortecsPlugins`, or insert one".into());
            return Err(PrepareError { behaviour: "Clock", field: None, fault: Box::new(fault) });
        };
        let mut sampler = Self {
            path: path_of(world, entity),
            dt: clock.dt,
            seed: seed.0,
            functions: world.get_resource::<ValueFunctions>().map(|f| f.0.clone()).unwrap_or_default(),
            arrays: Cached::new(folder),
            names: KnownNames::at(world, group, shape.iter().product(), constants.0, clock.dt),
            shape,
        };
        if let Some(draws) = world.get::<Draws>(group) {
            sampler.sample_draws(&path_of(world, group), draws, most)?;
        }
        Ok(sampler)
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Draws belong to the group, whatever uses them: their stream names no behaviour.
    fn sample_draws(&mut self, group: &str, draws: &Draws, most: usize) -> Result<(), PrepareError> {
        for (name, value) in &draws.0 {
            let numbers = self
                .evaluate(&[group, "draws", name], value, 0..self.len().min(most))
                .map_err(|error| value_error("draws", Some(name), error))?;
            self.remember(name, numbers);
        }
        Ok(())
    }

    /// Lets later values use numbers by a name.
    pub fn remember(&mut self, name: &str, numbers: Members) {
        self.names.fields.push((name.to_owned(), numbers));
    }

    /// Bounds of an expression, of which `names` says what it knows; constants are known.
    pub fn bounds(&self, expression: &Expression, names: &dyn Fn(&str) -> Option<Interval>) -> Interval {
        let constant = |name: &str| self.names.constants.iter().find(|(known, _)| known == name).map(|(_, x)| [*x; 2]);
        expression.bounds(&|name| constant(name).or_else(|| names(name)), &self.functions)
    }

    /// The numbers behind a name.
    pub fn numbers<'b>(&self, name: &str, members: impl Into<Batch<'b>>) -> Option<Members> {
        self.names.get(name, members.into())
    }

    /// All names.
    pub fn known(&self) -> Vec<String> {
        self.names.known()
    }

    /// All numbers that have a name.
    pub fn into_remembered(self) -> Vec<(String, Members)> {
        self.names.fields
    }

    /// The numbers of a batch of members, drawn from the stream of `path`.
    pub fn evaluate<'b>(
        &self,
        path: &[&str],
        value: &Value,
        members: impl Into<Batch<'b>>,
    ) -> Result<Members, ValueError> {
        self.evaluate_formula(path, &value.formula()?, members)
    }

    /// The same of a value that was read.
    pub fn evaluate_formula<'b>(
        &self,
        path: &[&str],
        value: &Formula,
        members: impl Into<Batch<'b>>,
    ) -> Result<Members, ValueError> {
        let scope = Scope {
            shape: &self.shape,
            seed: self.seed,
            path,
            names: &self.names,
            functions: &self.functions,
            arrays: &self.arrays,
        };
        let members = members.into();
        let numbers = value.evaluate(&scope, members)?;
        let first = if let Batch::Range(first, _) = members { first } else { 0 };
        numbers.check_within(first, wide(Real::MAX), PRECISION)?;
        Ok(numbers)
    }
}

impl Selection {
    /// The indices of members of `entity`; `None` for all. `purpose` says what for: no other draws the same numbers.
    ///
    /// # Errors
    /// A selection that is empty or leads beyond the group; an expression that cannot be evaluated.
    pub fn of(&self, world: &World, entity: Entity, purpose: &[&str]) -> Result<Option<Vec<u32>>, PrepareFault> {
        let members = shape(world, entity).iter().product();
        let Self::Where(condition) = self else { return self.indices(members).map_err(PrepareFault::Other) };
        let sampler = Sampler::new(world, entity, usize::MAX).map_err(|error| *error.fault)?;
        let key: Vec<&str> = [sampler.path.as_str(), "where"].into_iter().chain(purpose.iter().copied()).collect();
        let holds = sampler.evaluate(&key, &Value::from(condition.as_str()), 0..members)?;
        let chosen: Vec<u32> = (0..members).filter(|&i| holds.at(i) != 0.0).map(|i| i as u32).collect();
        if chosen.is_empty() {
            return Err(PrepareFault::Other(format!("`{condition}` holds for none of {members} members")));
        }
        Ok(Some(chosen))
    }
}

/// A value of `behaviour` that cannot be evaluated.
pub(super) fn value_error(behaviour: &'static str, field: Option<&str>, error: ValueError) -> PrepareError {
    PrepareError { behaviour, field: field.map(str::to_owned), fault: Box::new(PrepareFault::Value(error)) }
}

/// What an expression knows of neurons without anybody having named it, besides the step, `dt`.
pub const OF_NEURONS: &[&str] = &["i", "n", "x", "y", "z"];
/// The same of synapses.
pub const OF_SYNAPSES: &[&str] = &["i", "j", "distance", "dx", "dy", "dz"];

/// The names in reach of an expression.
struct KnownNames {
    space: Space,
    len: usize,
    /// Constants and the step.
    constants: Vec<(String, f64)>,
    /// Draws, and the fields before.
    fields: Vec<(String, Members)>,
}

/// Where members are.
enum Space {
    /// Neurons of a group.
    Group(NeuronGroup),
    /// Synapses from one group to another.
    Between {
        source: NeuronGroup,
        target: NeuronGroup,
        periodic: bool,
    },
    Nowhere,
}

impl KnownNames {
    fn at(world: &World, entity: Entity, len: usize, mut constants: Vec<(String, f64)>, dt: f64) -> Self {
        let group = |entity: Entity| world.get::<NeuronGroup>(entity).copied();
        let ends = world.get::<Source>(entity).zip(world.get::<Target>(entity));
        let between = ends.and_then(|(source, target)| group(source.0).zip(group(target.0)));
        let space = match (group(entity), between) {
            (Some(group), _) => Space::Group(group),
            (None, Some((source, target))) => {
                let periodic = world.get::<Ends>(entity).is_some_and(|ends| ends.periodic);
                Space::Between { source, target, periodic }
            }
            (None, None) => Space::Nowhere,
        };
        constants.push(("dt".into(), dt));
        Self { space, len, constants, fields: Vec::new() }
    }

    /// A number for each neuron of the batch, or for the source and target of each synapse.
    fn of_neurons(&self, name: &str, members: Batch<'_>) -> Option<Members> {
        let Space::Group(group) = self.space else { return None };
        let Batch::Range(start, end) = members else { return None };
        let each = |number: &dyn Fn(usize) -> f64| Some(Members::Each((start..end).map(number).collect()));
        match name {
            "i" => each(&|i| i as f64),
            "n" => Some(Members::Uniform(self.len as f64)),
            "x" => each(&|i| group.position(i)[0]),
            "y" => each(&|i| group.position(i)[1]),
            "z" => each(&|i| group.position(i)[2]),
            _ => None,
        }
    }

    fn of_synapses(&self, name: &str, members: Batch<'_>) -> Option<Members> {
        let Space::Between { source, target, periodic } = self.space else { return None };
        let row = target.size().max(1);
        let each = |number: &dyn Fn(usize, usize) -> f64| {
            Some(Members::Each(match members {
                Batch::Range(start, end) => (start..end).map(|k| number(k / row, k % row)).collect(),
                Batch::Synapses(pairs) => {
                    let ends = pairs.sources.iter().zip(&pairs.targets);
                    ends.map(|(&i, &j)| number(i as usize, j as usize)).collect()
                }
            }))
        };
        let apart = |i: usize, j: usize| target.apart(j, &source, i, periodic);
        match name {
            "i" => each(&|i, _| i as f64),
            "j" => each(&|_, j| j as f64),
            "distance" => each(&|i, j| {
                let [x, y, z] = apart(i, j);
                libm::sqrt(x * x + y * y + z * z)
            }),
            "dx" => each(&|i, j| apart(i, j)[0]),
            "dy" => each(&|i, j| apart(i, j)[1]),
            "dz" => each(&|i, j| apart(i, j)[2]),
            _ => None,
        }
    }
}

impl Names for KnownNames {
    fn get(&self, name: &str, members: Batch<'_>) -> Option<Members> {
        if let Some((_, numbers)) = self.fields.iter().rev().find(|(known, _)| known == name) {
            return Some(numbers.clone());
        }
        if let Some((_, number)) = self.constants.iter().find(|(known, _)| known == name) {
            return Some(Members::Uniform(*number));
        }
        self.of_neurons(name, members).or_else(|| self.of_synapses(name, members))
    }

    fn known(&self) -> Vec<String> {
        let built_in: &[&str] = match self.space {
            Space::Group(_) => OF_NEURONS,
            Space::Between { .. } => OF_SYNAPSES,
            Space::Nowhere => &[],
        };
        let fields = self.fields.iter().map(|(name, _)| name);
        let constants = self.constants.iter().map(|(name, _)| name);
        fields.chain(constants).cloned().chain(built_in.iter().map(|&name| name.to_owned())).collect()
    }
}

/// An array, or why it could not be read.
type Read = Result<Arc<Array>, String>;

/// Arrays, each read once however many batches use it.
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

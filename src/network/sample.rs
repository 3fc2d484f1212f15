//! Sampling: the values in the fields of a behaviour become numbers, one for each member of its entity.

use std::ops::Range;

use bevy_ecs::prelude::*;
use bevy_reflect::{PartialReflect, ReflectRef};

use super::{
    compartment::{Compartments, compartments_of},
    fault::{PrepareError, PrepareFault},
    fields::visit,
    parameter::{Initial, Parameter},
    preparation::{Depth, Preparation, TRIAL},
    receptor::{Afferent, Listens},
    sampler::{Sampler, value_error},
    variable::{Variables, View},
};
use crate::{
    numeric::{Real, real::real},
    value::{Expression, Formula, Members, Value},
};

/// Samples every parameter, initial value and afferent tag among the fields of a behaviour, in their order, so that
/// a value may use the fields before it by name.
pub(super) fn sample_fields(
    preparation: &mut Preparation<'_>,
    behaviour: &mut dyn PartialReflect,
) -> Result<(), PrepareError> {
    let most = if preparation.is_trial() { TRIAL } else { usize::MAX };
    let mut sampler = Sampler::new(preparation.world, preparation.entity, most)?;
    let members = 0..sampler.len().min(most);
    visit(behaviour, "", &mut |field, name| sample(preparation, &mut sampler, field, name, members.clone()))?;
    preparation.sampled = sampler.into_remembered();
    listen(preparation, behaviour);
    Ok(())
}

/// What values may refer to by name at an entity: constants, draws, indices and positions, and the fields that were sampled.
pub(crate) struct Outside {
    sampler: Sampler,
    members: usize,
}

impl Outside {
    /// The numbers behind a name.
    pub fn get(&self, name: &str) -> Option<Members> {
        self.sampler.numbers(name, 0..self.members)
    }

    /// The number behind a name, if it is the same for all.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.sampler.numbers(name, 0..self.members.min(1)) {
            Some(Members::Uniform(x)) => Some(x),
            _ => None,
        }
    }

    /// All names.
    pub fn known(&self) -> Vec<String> {
        self.sampler.known()
    }
}

impl Preparation<'_> {
    /// What values at the entity refer to by name, for [`complete`](super::Behaviour::complete).
    pub(crate) fn outside(&self) -> Result<Outside, PrepareError> {
        let most = if self.is_trial() { TRIAL } else { usize::MAX };
        let mut sampler = Sampler::new(self.world, self.entity, most)?;
        self.sampled.iter().for_each(|(name, numbers)| sampler.remember(name, numbers.clone()));
        Ok(Outside { sampler, members: self.members() })
    }

    /// Gives variables initial values, `field` being the one that they stand in. They may refer to each other, and to
    /// `expressions`, in any order; and to what is `zero` at the start. Returns them.
    pub(crate) fn begin_variables(
        &mut self,
        Outside { mut sampler, members }: Outside,
        (field, values): (&str, &[(String, Value)]),
        expressions: &[(String, Expression)],
        zero: &[&str],
    ) -> Result<Vec<(String, Members)>, PrepareError> {
        let mut begun = Vec::new();
        zero.iter().for_each(|name| sampler.remember(name, Members::Uniform(0.0)));
        let mut open: Vec<(&str, Formula, bool)> = Vec::new();
        let behaviour = self.behaviour;
        let wrong = |name: &str, error| value_error(behaviour, Some(&format!("{field}.{name}")), error);
        for (name, value) in values {
            open.push((name, value.formula().map_err(|error| wrong(name, error))?, true));
        }
        open.extend(expressions.iter().map(|(name, own)| (name.as_str(), Formula::Expression(own.clone()), false)));
        while !open.is_empty() {
            let is_open = |name: &str| open.iter().any(|(of, ..)| *of == name);
            let uses_open = |formula: &Formula| match formula {
                Formula::Expression(expression) => expression.names().iter().any(|(name, _)| is_open(name)),
                _ => false,
            };
            // Where all wait for others, the first says what it misses.
            let place = open.iter().position(|(_, formula, _)| !uses_open(formula));
            let (name, formula, is_variable) = open.remove(place.unwrap_or_default());
            let numbers = sampler.evaluate_formula(&[&sampler.path, behaviour, name], &formula, 0..members);
            let numbers = match numbers {
                Ok(numbers) => numbers,
                // Nobody may ask for it; who does is told that it is not there.
                Err(_) if !is_variable => continue,
                Err(error) => return Err(wrong(name, error)),
            };
            if is_variable && self.depth == Depth::Whole && self.begun < members {
                set_variable(self, name, &numbers, members)?;
            }
            if is_variable {
                begun.push((name.to_owned(), numbers.clone()));
            }
            sampler.remember(name, numbers);
        }
        Ok(begun)
    }
}

/// A receptor hears what its field says.
fn listen(preparation: &mut Preparation<'_>, behaviour: &dyn PartialReflect) {
    let ReflectRef::Struct(fields) = behaviour.reflect_ref() else { return };
    let afferent = fields.iter_fields().find_map(|(_, field)| field.try_downcast_ref::<Afferent>());
    if let Some(afferent) = afferent
        && let Some(mut listens) = preparation.world.get_mut::<Listens>(preparation.entity)
    {
        listens.afferent = afferent.clone();
    }
}

fn sample(
    preparation: &mut Preparation<'_>,
    sampler: &mut Sampler,
    field: &mut dyn PartialReflect,
    name: &str,
    members: Range<usize>,
) -> Result<(), PrepareError> {
    let (len, whole) = (members.len(), preparation.depth == Depth::Whole);
    let evaluate = |sampler: &Sampler, value: &Value| {
        let numbers = sampler.evaluate(&[&sampler.path, preparation.behaviour, name], value, members.clone());
        numbers.map_err(|error| value_error(preparation.behaviour, Some(name), error))
    };
    if let Some(parameter) = as_parameter(field) {
        if parameter.is_sampled(len) && !parameter.value().is_number() {
            // It comes back from being switched off, or another field is changed: values after it may still use it.
            remember(sampler, name, parameter.members(len));
            return Ok(());
        }
        let numbers = evaluate(sampler, parameter.value())?;
        parameter.store(&numbers, len);
        remember(sampler, name, numbers);
    } else if let Some(initial) = field.try_downcast_ref::<Initial>() {
        let numbers = evaluate(sampler, &initial.0)?;
        if whole && preparation.begun < len {
            set_variable(preparation, name, &numbers, len)?;
        }
        remember(sampler, name, numbers);
    }
    Ok(())
}

/// Lets the fields after it use a field: one of a struct in it by its own name, as the fields beside it do.
fn remember(sampler: &mut Sampler, path: &str, numbers: Members) {
    if let Some((_, name)) = path.rsplit_once('.') {
        sampler.remember(name, numbers.clone());
    }
    sampler.remember(path, numbers);
}

/// Where an initial value belongs: `dendrite_v`, or `v_dendrite`, is the variable `v` of the compartment `dendrite`, unless the group
/// has a variable of this name.
fn place_of<'n>(preparation: &Preparation<'_>, field: &'n str) -> (Entity, &'n str) {
    let (world, entity) = (&*preparation.world, preparation.entity);
    let variables = world.get_resource::<Variables>();
    let here = world.get_entity(entity).ok().filter(|_| world.get::<Compartments>(entity).is_some());
    if here.is_some_and(|here| variables.is_some_and(|variables| variables.view(here, field).is_some())) {
        return (entity, field);
    }
    let at = |compartment: Entity| {
        let name = world.get::<Name>(compartment)?.as_str();
        let before = field.strip_prefix(name).and_then(|own| own.strip_prefix('_'));
        let own = before.or_else(|| field.strip_suffix(name).and_then(|own| own.strip_suffix('_')))?;
        Some((compartment, own))
    };
    compartments_of(world, entity).find_map(at).unwrap_or((entity, field))
}

fn set_variable(
    preparation: &mut Preparation<'_>,
    field: &str,
    numbers: &Members,
    len: usize,
) -> Result<(), PrepareError> {
    let (entity, name) = place_of(preparation, field);
    let variables = preparation.world.get_resource::<Variables>().cloned().unwrap_or_default();
    // Those who have begun keep what became of theirs.
    let begun = preparation.begun;
    let kept: Vec<Real> = match preparation.world.get_entity(entity) {
        Ok(entity) if begun > 0 => match variables.view(entity, name) {
            Some(View::Real(values)) => values.iter().copied().take(begun).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let mut values = (0..len).map(|i| -> Real { kept.get(i).copied().unwrap_or_else(|| real(numbers.at(i))) });
    let mut entity = preparation.world.entity_mut(entity);
    if variables.set(&mut entity, name, &mut values) {
        return Ok(());
    }
    let why = format!("there is no variable `{name}` to give an initial value to; is its column registered?");
    Err(PrepareError {
        behaviour: preparation.behaviour,
        field: Some(field.to_owned()),
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

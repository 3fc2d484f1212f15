//! Sampling: the values in the fields of a behaviour become numbers, one for each member of its entity.

use std::ops::Range;

use bevy_reflect::{PartialReflect, ReflectMut};

use super::{
    fault::{PrepareError, PrepareFault},
    parameter::{Initial, Parameter},
    preparation::{Depth, Preparation, TRIAL},
    receptor::{Afferent, Listens},
    sampler::{Sampler, value_error},
    variable::Variables,
};
use crate::{
    numeric::{Real, real::real},
    value::{Members, Value},
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
    let ReflectMut::Struct(fields) = behaviour.reflect_mut() else { return Ok(()) };
    for index in 0..fields.field_len() {
        let name = fields.name_at(index).unwrap_or_default().to_owned();
        if let Some(field) = fields.field_at_mut(index) {
            sample(preparation, &mut sampler, field, &name, members.clone())?;
        }
    }
    preparation.sampled = sampler.into_remembered();
    Ok(())
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
            sampler.remember(name, parameter.members(len));
            return Ok(());
        }
        let numbers = evaluate(sampler, parameter.value())?;
        parameter.store(&numbers, len);
        sampler.remember(name, numbers);
    } else if let Some(initial) = field.try_downcast_ref::<Initial>() {
        let numbers = evaluate(sampler, &initial.0)?;
        if whole && preparation.first {
            set_variable(preparation, name, &numbers, len)?;
        }
        sampler.remember(name, numbers);
    } else if let Some(afferent) = field.try_downcast_ref::<Afferent>()
        && let Some(mut listens) = preparation.world.get_mut::<Listens>(preparation.entity)
    {
        listens.afferent = afferent.clone();
    }
    Ok(())
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

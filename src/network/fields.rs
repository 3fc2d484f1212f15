//! The numbers among the fields of a behaviour, whatever its type is.

use bevy_reflect::{PartialReflect, ReflectMut, ReflectRef};

use super::parameter::{Initial, Parameter};

/// Whether all parameters of a behaviour are the same for all neurons.
pub(super) fn parameters_are_uniform(behaviour: &dyn PartialReflect) -> bool {
    parameters(behaviour, &|parameter| parameter.uniform().is_some())
}

/// Whether all parameters of a behaviour have a number for each of so many members.
pub(super) fn parameters_are_sampled(behaviour: &dyn PartialReflect, members: usize) -> bool {
    parameters(behaviour, &|parameter| parameter.is_sampled(members))
}

/// Whether a behaviour, or what its fields may hold, has parameters: of lists, that are empty by default, nobody knows.
pub(super) fn has_parameters(behaviour: &dyn PartialReflect) -> bool {
    let ReflectRef::Struct(fields) = behaviour.reflect_ref() else { return false };
    fields.iter_fields().any(|(_, field)| {
        is_sampled(field)
            || matches!(field.reflect_ref(), ReflectRef::List(list) if list.is_empty())
            || !parameters(field, &|_| false)
    })
}

/// Whether something holds of all parameters in a value, however deep.
fn parameters(value: &dyn PartialReflect, holds: &dyn Fn(&Parameter) -> bool) -> bool {
    if let Some(parameter) = parameter(value) {
        return holds(parameter);
    }
    match value.reflect_ref() {
        ReflectRef::Struct(fields) => fields.iter_fields().all(|(_, field)| parameters(field, holds)),
        ReflectRef::TupleStruct(fields) => fields.iter_fields().all(|field| parameters(field, holds)),
        ReflectRef::Tuple(fields) => fields.iter_fields().all(|field| parameters(field, holds)),
        // Numbers by the thousand have none among them, as their first one says.
        ReflectRef::List(list) => !list.get(0).is_some_and(may_hold) || list.iter().all(|one| parameters(one, holds)),
        ReflectRef::Array(array) => {
            !array.get(0).is_some_and(may_hold) || array.iter().all(|one| parameters(one, holds))
        }
        ReflectRef::Enum(chosen) => chosen.iter_fields().all(|field| parameters(field.value(), holds)),
        ReflectRef::Map(map) => map.iter().all(|(_, value)| parameters(value, holds)),
        _ => true,
    }
}

/// Whether a value is made of others, or is what is sampled.
fn may_hold(value: &dyn PartialReflect) -> bool {
    is_sampled(value) || !matches!(value.reflect_ref(), ReflectRef::Opaque(_))
}

/// Whether a field is one that is sampled.
pub(super) fn is_sampled(field: &dyn PartialReflect) -> bool {
    field.represents::<Parameter>() || field.represents::<Option<Parameter>>() || field.represents::<Initial>()
}

/// What a visitor makes of a field that is sampled and of its path.
pub(super) type Visit<'a, E> = &'a mut dyn FnMut(&mut dyn PartialReflect, &str) -> Result<(), E>;

/// Visits all fields in a value that are sampled, in their order and however deep: `tau`, `channels.0.conductance`.
pub(super) fn visit<E>(value: &mut dyn PartialReflect, path: &str, to: Visit<'_, E>) -> Result<(), E> {
    if is_sampled(value) {
        return to(value, path);
    }
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value.reflect_mut() {
        ReflectMut::Struct(fields) => {
            for index in 0..fields.field_len() {
                let name = below(fields.name_at(index).unwrap_or_default());
                fields.field_at_mut(index).map_or(Ok(()), |field| visit(field, &name, to))?;
            }
        }
        ReflectMut::TupleStruct(fields) => {
            for index in 0..fields.field_len() {
                let name = below(&index.to_string());
                fields.field_mut(index).map_or(Ok(()), |field| visit(field, &name, to))?;
            }
        }
        ReflectMut::Tuple(fields) => {
            for index in 0..fields.field_len() {
                let name = below(&index.to_string());
                fields.field_mut(index).map_or(Ok(()), |field| visit(field, &name, to))?;
            }
        }
        ReflectMut::List(list) if list.get(0).is_some_and(may_hold) => {
            for index in 0..list.len() {
                let name = below(&index.to_string());
                list.get_mut(index).map_or(Ok(()), |one| visit(one, &name, to))?;
            }
        }
        ReflectMut::Array(array) if array.get(0).is_some_and(may_hold) => {
            for index in 0..array.len() {
                let name = below(&index.to_string());
                array.get_mut(index).map_or(Ok(()), |one| visit(one, &name, to))?;
            }
        }
        ReflectMut::Enum(chosen) => {
            for index in 0..chosen.field_len() {
                let name = chosen.name_at(index).map_or_else(|| index.to_string(), str::to_owned);
                chosen.field_at_mut(index).map_or(Ok(()), |field| visit(field, &below(&name), to))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The number in a field, if it is one and given.
pub(super) fn number(field: &dyn PartialReflect) -> Option<f64> {
    let whole = || field.try_downcast_ref::<u32>().map(|x| f64::from(*x));
    let long = || field.try_downcast_ref::<u64>().map(|x| *x as f64);
    let optional = || field.try_downcast_ref::<Option<f64>>().copied().flatten();
    field.try_downcast_ref::<f64>().copied().or_else(whole).or_else(long).or_else(optional)
}

/// The parameter in a field, if it is one and given.
pub(super) fn parameter(field: &dyn PartialReflect) -> Option<&Parameter> {
    let optional = || field.try_downcast_ref::<Option<Parameter>>().and_then(Option::as_ref);
    field.try_downcast_ref::<Parameter>().or_else(optional)
}

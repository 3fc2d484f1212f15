//! The numbers among the fields of a behaviour, whatever its type is.

use bevy_reflect::{PartialReflect, ReflectRef};

use super::parameter::Parameter;

/// Whether all parameters of a behaviour are the same for all neurons.
pub(super) fn parameters_are_uniform(behaviour: &dyn PartialReflect) -> bool {
    let ReflectRef::Struct(fields) = behaviour.reflect_ref() else { return true };
    fields.iter_fields().filter_map(|(_, field)| parameter(field)).all(|parameter| parameter.uniform().is_some())
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

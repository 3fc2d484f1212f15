//! The numbers among the fields of a behaviour, whatever its type is.

use std::collections::HashSet;

use bevy_reflect::{PartialReflect, ReflectMut, ReflectRef, TypeInfo, enums::VariantInfo, map::Map};

use super::parameter::{Initial, Parameter};
use crate::value::Formula;

/// Whether all parameters of a behaviour are the same for all neurons.
pub(super) fn parameters_are_uniform(behaviour: &dyn PartialReflect) -> bool {
    parameters(behaviour, &|parameter| parameter.uniform().is_some())
}

/// Whether all parameters of a behaviour have a number for each of so many members.
pub(super) fn parameters_are_sampled(behaviour: &dyn PartialReflect, members: usize) -> bool {
    parameters(behaviour, &|parameter| parameter.is_sampled(members))
}

/// Whether something holds of all parameters in a value, however deep.
fn parameters(value: &dyn PartialReflect, holds: &dyn Fn(&Parameter) -> bool) -> bool {
    let holds = &mut |field: &dyn PartialReflect, _: &str| match parameter(field) {
        Some(parameter) if !holds(parameter) => Err(()),
        _ => Ok(()),
    };
    look(value, "", holds).is_ok()
}

/// Whether values of a behaviour's type may hold what is sampled, whatever a value of it holds: lists may be empty, and
/// options and variants chosen otherwise.
pub(super) fn may_have_parameters(behaviour: &dyn PartialReflect) -> bool {
    behaviour.get_represented_type_info().is_some_and(|info| type_may_hold(info, 8))
}

/// The same of a type within others. Types that hold themselves end at a depth.
fn type_may_hold(info: &TypeInfo, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let below = |info: Option<&'static TypeInfo>| info.is_some_and(|info| type_may_hold(info, depth));
    match info {
        TypeInfo::Struct(info) => info.iter().any(|field| below(field.type_info())),
        TypeInfo::TupleStruct(info) => info.iter().any(|field| below(field.type_info())),
        TypeInfo::Tuple(info) => info.iter().any(|field| below(field.type_info())),
        TypeInfo::List(info) => below(info.item_info()),
        TypeInfo::Array(info) => below(info.item_info()),
        TypeInfo::Map(info) => below(info.value_info()),
        TypeInfo::Enum(info) => info.iter().any(|variant| match variant {
            VariantInfo::Struct(variant) => variant.iter().any(|field| below(field.type_info())),
            VariantInfo::Tuple(variant) => variant.iter().any(|field| below(field.type_info())),
            VariantInfo::Unit(_) => false,
        }),
        _ => info.is::<Parameter>() || info.is::<Initial>(),
    }
}

/// Whether a value is made of others, or is what is sampled: of numbers by the thousand the first one says that none is.
fn may_hold(value: Option<&dyn PartialReflect>) -> bool {
    value.is_some_and(|value| is_sampled(value) || !matches!(value.reflect_ref(), ReflectRef::Opaque(_)))
}

/// Whether a field is one that is sampled.
pub(super) fn is_sampled(field: &dyn PartialReflect) -> bool {
    field.represents::<Parameter>() || field.represents::<Option<Parameter>>() || field.represents::<Initial>()
}

/// The keys of a map, in the order of how they are written, which no hashing decides.
fn keys(map: &dyn Map) -> Vec<(String, Box<dyn PartialReflect>)> {
    let written = |key: &dyn PartialReflect| match key.try_downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => format!("{key:?}"),
    };
    let copied =
        |(key, _): (&dyn PartialReflect, _)| Some((written(key), key.reflect_clone().ok()?.into_partial_reflect()));
    let mut keys: Vec<(String, _)> = map.iter().filter_map(copied).collect();
    keys.sort_by(|(one, _), (other, _)| one.cmp(other));
    after_those_they_use(map, keys)
}

/// Parameters by name, so that each comes after those that its expression uses; of those that go in a circle, the first comes.
fn after_those_they_use(
    map: &dyn Map,
    mut keys: Vec<(String, Box<dyn PartialReflect>)>,
) -> Vec<(String, Box<dyn PartialReflect>)> {
    let used = |key: &dyn PartialReflect| -> HashSet<String> {
        let parameter = map.get(key).and_then(|value| value.try_downcast_ref::<Parameter>());
        match parameter.map(|parameter| parameter.value().formula()) {
            Some(Ok(Formula::Expression(expression))) => {
                expression.names().into_iter().map(|(name, _)| name.to_owned()).collect()
            }
            _ => HashSet::new(),
        }
    };
    let mut uses: Vec<HashSet<String>> = keys.iter().map(|(_, key)| used(&**key)).collect();
    if uses.iter().all(HashSet::is_empty) {
        return keys;
    }
    let mut ordered = Vec::with_capacity(keys.len());
    while !keys.is_empty() {
        let waits = |of: &usize| keys.iter().enumerate().any(|(k, (name, _))| k != *of && uses[*of].contains(name));
        let next = (0..keys.len()).find(|k| !waits(k)).unwrap_or_default();
        uses.remove(next);
        ordered.push(keys.remove(next));
    }
    ordered
}

/// A walk over all fields in a value that are sampled, with their paths, in their order and however deep: `tau`,
/// `channels.0.conductance`.
macro_rules! walk {
    ($(#[$docs:meta])* $name:ident(&$($mut:ident)?), $reflect:ident, $Reflect:ident, $at:ident, $field:ident, $get:ident) => {
        $(#[$docs])*
        pub(super) fn $name<E>(
            value: &$($mut)? dyn PartialReflect,
            path: &str,
            to: &mut dyn FnMut(&$($mut)? dyn PartialReflect, &str) -> Result<(), E>,
        ) -> Result<(), E> {
            if is_sampled(value) {
                return to(value, path);
            }
            let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            macro_rules! each {
                ($k:ident of $number:expr, $member:expr, $called:expr) => {
                    for $k in 0..$number {
                        let path = below($called);
                        $member.map_or(Ok(()), |member| $name(member, &path, to))?;
                    }
                };
            }
            match value.$reflect() {
                $Reflect::Struct(of) => each!(k of of.field_len(), of.$at(k), of.name_at(k).unwrap_or_default()),
                $Reflect::TupleStruct(of) => each!(k of of.field_len(), of.$field(k), &k.to_string()),
                $Reflect::Tuple(of) => each!(k of of.field_len(), of.$field(k), &k.to_string()),
                $Reflect::List(of) if may_hold(of.get(0)) => each!(k of of.len(), of.$get(k), &k.to_string()),
                $Reflect::Array(of) if may_hold(of.get(0)) => each!(k of of.len(), of.$get(k), &k.to_string()),
                $Reflect::Enum(of) => {
                    each!(k of of.field_len(), of.$at(k), of.name_at(k).map_or_else(|| k.to_string(), str::to_owned).as_str());
                }
                $Reflect::Map(of) => {
                    for (path, key) in keys(of) {
                        let path = below(&path);
                        of.$get(&*key).map_or(Ok(()), |value| $name(value, &path, to))?;
                    }
                }
                _ => {}
            }
            Ok(())
        }
    };
}

walk! {
    /// Looks at them.
    look(&), reflect_ref, ReflectRef, field_at, field, get
}

walk! {
    /// Lets a visitor change them.
    visit(&mut), reflect_mut, ReflectMut, field_at_mut, field_mut, get_mut
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

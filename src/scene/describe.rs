//! Self-description: everything that a scene may name, from the code's own types, defaults and doc comments.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use bevy_reflect::{NamedField, PartialReflect, Reflect, ReflectRef, TypeInfo, enums::VariantInfo};

use super::{
    form::Form,
    group::GroupForm,
    library::library,
    plots::{PlotsForm, RasterForm},
    profile::{CurveForm, ProfileForm},
    read::{SceneForm, SwitchForm, SynapsesForm, ValuesForm},
};
use crate::{
    network::{
        Afferent, Arrivals, BehaviourEntry, Behaviours, CompartmentOf, EquationText, Initial, InitialValues, Kind,
        NamedTexts, Parameter, Sums, Unit, Units, Variables, range, surroundings::ValueFunctions,
        variable::VariableInfo,
    },
    value::Function,
};

/// Something that a scene may name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Its section: `behaviours of neuron groups`, `receptors`, …
    pub section: &'static str,
    /// Its name.
    pub name: String,
    /// Its documentation, in one line.
    pub docs: String,
    /// Its parameters.
    pub parameters: Vec<ParameterEntry>,
    /// The variables that a group has because of it, with units: `v (mV)`.
    pub variables: Vec<String>,
    /// What its library has, which a scene may be like.
    pub library: Vec<LibraryEntry>,
}

/// What the library of a behaviour has.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LibraryEntry {
    /// Its name.
    pub name: String,
    /// What it is, and where it is from.
    pub about: String,
}

/// A parameter of something that a scene may name.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ParameterEntry {
    /// Its name.
    pub name: String,
    /// What may be written: `value`, `whole number`, `All | Range(…)`.
    pub takes: String,
    /// Its unit; empty if it has none.
    pub unit: String,
    /// What it must be, in words: `above 0`; empty if nothing is said.
    pub range: String,
    /// Its default, as it would be written; empty if it must be given.
    pub default: String,
    /// Its documentation, in one line.
    pub docs: String,
}

/// The sections, in the order in which they are listed.
pub const SECTIONS: [(&str, Of); 7] = [
    ("parts of a scene", Of::Scene),
    ("behaviours of neuron groups", Of::Kind(Kind::Neurons)),
    ("receptors", Of::Kind(Kind::Receptor)),
    ("connectivity rules", Of::Kind(Kind::Connectivity)),
    ("behaviours of synapses", Of::Kind(Kind::Synapses)),
    ("recorders", Of::Kind(Kind::Recorder)),
    ("value functions", Of::Functions),
];

/// Of what a section tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Of {
    /// The parts that every scene has.
    Scene,
    /// Behaviours of a kind.
    Kind(Kind),
    /// What values may call.
    Functions,
}

/// Everything that was registered, by section.
#[must_use]
pub fn describe(world: &World) -> Vec<Entry> {
    let behaviours = world.get_resource::<Behaviours>().cloned().unwrap_or_default();
    let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
    let mut entries = Vec::new();
    for (section, of) in SECTIONS {
        match of {
            Of::Scene => entries.extend(describe_scene(section)),
            Of::Kind(kind) => {
                let of_kind = behaviours.iter().filter(|entry| entry.kind == kind);
                entries.extend(of_kind.map(|entry| describe_behaviour(world, section, entry, &variables)));
            }
            Of::Functions => {
                let functions = world.get_resource::<ValueFunctions>();
                let all = functions.into_iter().flat_map(|functions| functions.0.iter());
                entries.extend(all.map(|function| describe_function(section, function)));
            }
        }
    }
    entries
}

fn describe_scene(section: &'static str) -> [Entry; 9] {
    [
        describe_part::<SceneForm<'_>>(section),
        describe_part::<GroupForm<'_>>(section),
        describe_part::<SynapsesForm<'_>>(section),
        describe_part::<SwitchForm<'_>>(section),
        describe_part::<ValuesForm<'_>>(section),
        describe_part::<PlotsForm<'_>>(section),
        describe_part::<RasterForm<'_>>(section),
        describe_part::<ProfileForm<'_>>(section),
        describe_part::<CurveForm<'_>>(section),
    ]
}

fn describe_part<'a, F: Form<'a>>(section: &'static str) -> Entry {
    let parameters = F::FIELDS.iter().map(|field| ParameterEntry {
        name: field.name.to_owned(),
        takes: field.takes.to_owned(),
        unit: String::new(),
        range: String::new(),
        default: field.default.to_owned(),
        docs: in_one_line(field.docs),
    });
    let parameters = parameters.collect();
    Entry {
        section,
        name: F::NAME.to_owned(),
        docs: in_one_line(F::DOCS),
        parameters,
        variables: Vec::new(),
        library: Vec::new(),
    }
}

fn describe_behaviour(world: &World, section: &'static str, entry: &BehaviourEntry, variables: &Variables) -> Entry {
    let default = entry.default_value();
    let parameters = parameters_of(entry, default.as_partial_reflect());
    let variables = variables_of(world, entry, &*default, variables);
    let library = library(entry).into_iter().map(|ready| LibraryEntry { name: ready.name, about: ready.about });
    let library: Vec<LibraryEntry> = library.collect();
    let mut parameters = parameters;
    if !library.is_empty() {
        let docs = "What it is like: a name of the library below, whose fields it has where none are written".into();
        let like = ParameterEntry { name: "like".into(), takes: "text".into(), docs, ..ParameterEntry::default() };
        parameters.insert(0, like);
    }
    Entry { section, name: entry.name.to_owned(), docs: in_one_line(entry.docs()), parameters, variables, library }
}

/// The parameters of a behaviour; as default stands what they are in a value of it.
pub(crate) fn parameters_of(entry: &BehaviourEntry, value: &dyn PartialReflect) -> Vec<ParameterEntry> {
    let values = match value.reflect_ref() {
        ReflectRef::Struct(values) => Some(values),
        _ => None,
    };
    let parameters = entry.fields.iter().map(|field| {
        let value = values.and_then(|values| values.field(field.name()));
        ParameterEntry {
            name: field.name().to_owned(),
            takes: value.map(takes).unwrap_or_default(),
            unit: field.get_attribute::<Unit>().map(|unit| unit.0.to_owned()).unwrap_or_default(),
            range: range::in_words(field),
            default: value.map(written).unwrap_or_default(),
            docs: in_one_line(field.docs().unwrap_or_default()),
        }
    });
    parameters.collect()
}

/// The variables that come with a behaviour, those of the components that it requires; in the units of a model that counts in
/// its own, which it says where it is attached, be it to nothing.
fn variables_of(world: &World, entry: &BehaviourEntry, default: &dyn Reflect, variables: &Variables) -> Vec<String> {
    let mut nowhere = World::new();
    let mut entity = nowhere.spawn_empty();
    entry.insert(&mut entity, default);
    let own = entity.get::<Units>().map(|units| units.0).unwrap_or_default();
    let compartments = entry.compartments(entity.as_readonly());
    let with_unit = |info: VariableInfo| {
        let own = own.iter().find(|(name, _)| *name == info.name).map(|(_, unit)| *unit);
        match own.unwrap_or(&info.unit) {
            "" => info.name,
            unit => format!("{} ({unit})", info.name),
        }
    };
    let at_compartments = world.components().component_id::<CompartmentOf>().map(|id| variables.with(world, id));
    let at_compartments: Vec<String> = at_compartments.into_iter().flatten().map(&with_unit).collect();
    let of = |compartment: String| at_compartments.iter().map(|own| format!("{compartment}.{own}")).collect::<Vec<_>>();
    let own = variables.with(world, entry.component()).into_iter().map(with_unit);
    own.chain(compartments.into_iter().flat_map(of)).collect()
}

fn describe_function(section: &'static str, function: &Function) -> Entry {
    let parameters = function.parameters.iter().map(|parameter| ParameterEntry {
        name: parameter.name.to_owned(),
        takes: parameter.kind.to_owned(),
        unit: String::new(),
        range: String::new(),
        default: parameter.default.map(|default| default.to_string()).unwrap_or_default(),
        docs: in_one_line(parameter.docs),
    });
    let parameters = parameters.collect();
    Entry {
        section,
        name: function.name.to_owned(),
        docs: in_one_line(function.docs),
        parameters,
        variables: Vec::new(),
        library: Vec::new(),
    }
}

/// Doc comments are broken where lines end.
fn in_one_line(docs: &str) -> String {
    docs.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What may be written for a field, in words.
pub(super) fn takes(value: &dyn PartialReflect) -> String {
    if value.try_downcast_ref::<Parameter>().is_some() {
        return "value".into();
    }
    if value.try_downcast_ref::<Option<Parameter>>().is_some() {
        return "value or None".into();
    }
    if value.try_downcast_ref::<Initial>().is_some() {
        return "initial value".into();
    }
    if value.try_downcast_ref::<Afferent>().is_some() {
        return "tag".into();
    }
    if value.try_downcast_ref::<InitialValues>().is_some() {
        return "{name: initial value}".into();
    }
    if value.try_downcast_ref::<Arrivals>().is_some() {
        return "{name: tag}".into();
    }
    if value.try_downcast_ref::<NamedTexts>().is_some() {
        return "{name: text}".into();
    }
    if value.try_downcast_ref::<Sums>().is_some() {
        return "{name: (of: expression, over: tag)}".into();
    }
    if value.try_downcast_ref::<EquationText>().is_some() {
        return "equations".into();
    }
    if value.try_downcast_ref::<BTreeMap<String, Parameter>>().is_some() {
        return "{name: value}".into();
    }
    value.get_represented_type_info().map(type_in_words).unwrap_or_default()
}

fn type_in_words(info: &'static TypeInfo) -> String {
    match info {
        TypeInfo::List(list) => {
            let item = list.item_info().map(type_in_words);
            format!("list of {}", item.unwrap_or_else(|| list.item_ty().short_path().to_owned()))
        }
        TypeInfo::Enum(all) if all.type_path_table().ident() == Some("Option") => {
            let inner = all.variant("Some").and_then(|some| some.as_tuple_variant().ok()).and_then(|some| {
                let field = some.field_at(0)?;
                Some(field.type_info().map_or_else(|| field.type_path_table().short_path().to_owned(), type_in_words))
            });
            format!("{} or None", inner.unwrap_or_default())
        }
        TypeInfo::Enum(all) => {
            let form = |variant: &VariantInfo| match variant {
                VariantInfo::Unit(unit) => unit.name().to_owned(),
                VariantInfo::Tuple(tuple) => format!("{}(…)", tuple.name()),
                VariantInfo::Struct(fields) => format!("{}(…: …)", fields.name()),
            };
            all.iter().map(form).collect::<Vec<_>>().join(" | ")
        }
        TypeInfo::Struct(fields) => {
            let field = |field: &NamedField| {
                let takes = field.type_info().map(type_in_words);
                format!(
                    "{}: {}",
                    field.name(),
                    takes.unwrap_or_else(|| field.type_path_table().short_path().to_owned())
                )
            };
            format!("({})", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        other => match other.type_path_table().short_path() {
            "f32" | "f64" => "number",
            "u8" | "u16" | "u32" | "u64" | "usize" => "whole number",
            "i8" | "i16" | "i32" | "i64" | "isize" => "whole number, perhaps negative",
            "bool" => "true | false",
            "String" => "text",
            path => path,
        }
        .to_owned(),
    }
}

/// A default as it would be written in a scene.
fn written(value: &dyn PartialReflect) -> String {
    if let Some(parameter) = value.try_downcast_ref::<Parameter>() {
        return parameter.value().to_string();
    }
    if let Some(parameter) = value.try_downcast_ref::<Option<Parameter>>() {
        return parameter.as_ref().map_or_else(|| "None".to_owned(), |given| given.value().to_string());
    }
    if let Some(initial) = value.try_downcast_ref::<Initial>() {
        return initial.0.to_string();
    }
    if let Some(afferent) = value.try_downcast_ref::<Afferent>() {
        return if afferent.0.is_empty() { String::new() } else { format!("{:?}", afferent.0) };
    }
    if let Some(EquationText(text)) = value.try_downcast_ref() {
        return format!("{text:?}");
    }
    let names = [
        value.try_downcast_ref::<InitialValues>().map(|all| all.0.is_empty()),
        value.try_downcast_ref::<Arrivals>().map(|all| all.0.is_empty()),
        value.try_downcast_ref::<Sums>().map(|all| all.0.is_empty()),
        value.try_downcast_ref::<NamedTexts>().map(|all| all.0.is_empty()),
    ];
    if names.contains(&Some(true)) {
        return String::new();
    }
    match value.reflect_ref() {
        ReflectRef::Map(map) if map.is_empty() => String::new(),
        ReflectRef::List(list) => format!("[{}]", list.iter().map(written).collect::<Vec<_>>().join(", ")),
        ReflectRef::Enum(chosen) => {
            let fields: Vec<String> = chosen.iter_fields().map(|field| written(field.value())).collect();
            let name = chosen.variant_name();
            if fields.is_empty() { name.to_owned() } else { format!("{name}({})", fields.join(", ")) }
        }
        _ => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Selection;

    #[test]
    fn what_is_said_of_ends_is_what_a_selection_takes() {
        for field in SynapsesForm::FIELDS.iter().filter(|field| ["sources", "targets"].contains(&field.name)) {
            assert_eq!((field.takes, field.default), (&*takes(&Selection::All), "All"));
        }
    }

    /// A default that is listed is what a scene without the field has.
    #[test]
    fn defaults_of_parts_are_those_of_an_empty_scene() {
        let empty = crate::scene::Scene::new("");
        let told = |name: &str| SceneForm::FIELDS.iter().find(|field| field.name == name).unwrap().default.to_owned();
        let own = [empty.dt.to_string(), empty.iterations.to_string(), empty.seed.to_string()];
        assert_eq!(["dt", "iterations", "seed"].map(told), own);
    }
}

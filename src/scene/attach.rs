//! Reading a behaviour: `Izhikevich(a: 0.1, c: "-65 + 15 * r^2")`, whatever was registered under that name.

use std::{collections::BTreeMap, sync::Arc};

use bevy_reflect::{PartialReflect, Reflect, ReflectFromReflect, ReflectMut};
use serde::de::DeserializeOwned;

use super::{describe::takes, model::Attached, reader::Reader, spans::Spans};
use crate::{
    network::{Arrivals, BehaviourEntry, EquationText, Initial, InitialValues, Kind, NamedTexts, Parameter, Sums},
    text::{self, Diagnostic, Kind as Form, Node},
};

/// The field in which a behaviour names what it is like in its library.
pub(super) const LIKE: &str = "like";

/// Parameters by name.
type Parameters = BTreeMap<String, Parameter>;

/// The names in a map, where they stand, and their values.
fn named(node: &Node) -> Vec<(&str, &Node, &Node)> {
    let Form::Map(entries) = &node.kind else { return Vec::new() };
    entries.iter().filter_map(|(key, value)| Some((key.as_text()?, key, value))).collect()
}

impl Reader<'_> {
    /// The registered behaviour that `node` names, which must be of a kind.
    pub fn behaviour(&mut self, node: &Node, kind: Kind) -> Option<BehaviourEntry> {
        let named = matches!(node.kind, Form::Name(_) | Form::Struct { .. });
        let Some(name) = node.name().filter(|_| named) else {
            self.expected(&format!("{}, written `Name(field: value)`", kind.in_words()), node);
            return None;
        };
        let found: Vec<BehaviourEntry> = self.behaviours.named(name).copied().collect();
        match found[..] {
            [entry] if entry.kind == kind => Some(entry),
            [entry] => {
                let message = format!("`{name}` is {}, not {}", entry.kind.in_words(), kind.in_words());
                self.note(Diagnostic::error(message).at(node.name_span()));
                None
            }
            [] => {
                let known: Vec<&str> =
                    self.behaviours.iter().filter(|entry| entry.kind == kind).map(|entry| entry.name).collect();
                let message = format!("nothing is named `{name}` where {} is expected", kind.in_words());
                let unknown = Diagnostic::error(message).at(node.name_span());
                self.note(unknown.did_you_mean(name, &known, "names"));
                None
            }
            [first, second, ..] => {
                let message = format!("`{name}` may mean {} or {}", first.path, second.path);
                self.note(Diagnostic::error(message).at(node.name_span()));
                None
            }
        }
    }

    /// A behaviour with the fields of `nodes`, of which later ones override earlier ones; what no node sets has its
    /// default.
    pub fn attach(&mut self, entry: &BehaviourEntry, nodes: &[&Node]) -> Attached {
        let mut value = entry.default_value();
        let mut spans = Spans::default();
        for node in nodes {
            spans.0.insert(String::new(), node.name_span());
            if let Some(name) = self.liked(entry, node) {
                match self.like(entry, name.as_text().unwrap_or_default()) {
                    Ok(ready) => value = ready.value,
                    Err(unknown) => self.note(unknown.at(name.span.clone())),
                }
            }
            for field in node.fields() {
                let name = field.name.text.as_str();
                if name == LIKE && !entry.library.is_empty() {
                    continue;
                }
                if entry.fields.field(name).is_none() {
                    let known: Vec<&str> = entry.fields.field_names().to_vec();
                    let message = format!("`{}` has no field `{name}`", entry.name);
                    let unknown = Diagnostic::error(message).at(field.name.span.clone());
                    self.note(unknown.did_you_mean(name, &known, "fields"));
                    continue;
                }
                spans.0.insert(name.to_owned(), field.value.span.clone());
                for (key, _, value) in named(&field.value) {
                    spans.0.insert(format!("{name}.{key}"), value.span.clone());
                }
                if let Err(wrong) = self.set_field(&mut *value, name, &field.value) {
                    self.note(wrong);
                }
            }
        }
        Attached { value, spans }
    }

    /// One behaviour, from one node.
    pub fn attached(&mut self, node: &Node, kind: Kind) -> Option<Attached> {
        let entry = self.behaviour(node, kind)?;
        Some(self.attach(&entry, &[node]))
    }

    /// The behaviours of a list, with their nodes; one that `bearer` has already is told, and left out.
    pub fn once_each<'n>(&mut self, nodes: &'n [Node], kind: Kind, bearer: &str) -> Vec<(BehaviourEntry, &'n Node)> {
        let mut found: Vec<(BehaviourEntry, &Node)> = Vec::new();
        for node in nodes {
            let Some(entry) = self.behaviour(node, kind) else { continue };
            match found.iter().find(|(known, _)| known.type_id == entry.type_id) {
                Some((_, first)) => {
                    let message = format!("{bearer} `{}` once at most", entry.name);
                    let twice = Diagnostic::error(message).at(node.name_span()).label("again here");
                    self.note(twice.also(Node::name_span(first), "first here"));
                }
                None => found.push((entry, node)),
            }
        }
        found
    }

    /// A behaviour of which a field is set, the name of which stands at a node.
    pub fn with_field(
        &mut self,
        entry: &BehaviourEntry,
        (field, key): (&str, &Node),
        node: &Node,
    ) -> Option<Arc<dyn Reflect>> {
        let mut value = entry.default_value();
        if let Some((name, part)) = field.split_once('.').filter(|(name, _)| entry.fields.field(name).is_some()) {
            return self.with_part(entry, (name, part), node);
        }
        if entry.fields.field(field).is_none() {
            let known: Vec<&str> = entry.fields.field_names().to_vec();
            let unknown = Diagnostic::error(format!("`{}` has no field `{field}`", entry.name)).at(key.span.clone());
            self.note(unknown.did_you_mean_text(field, &known, "fields"));
            return None;
        }
        match self.set_field(&mut *value, field, node) {
            Ok(()) => Some(Arc::from(value)),
            Err(wrong) => {
                self.note(wrong);
                None
            }
        }
    }

    /// A behaviour of which one of several numbers that have names is set: `parameters.tau`.
    fn with_part(
        &mut self,
        entry: &BehaviourEntry,
        (name, part): (&str, &str),
        node: &Node,
    ) -> Option<Arc<dyn Reflect>> {
        let mut value = entry.default_value();
        let named = match value.reflect_mut() {
            ReflectMut::Struct(fields) => {
                fields.field_mut(name).and_then(|field| field.try_downcast_mut::<Parameters>())
            }
            _ => None,
        };
        let Some(named) = named else {
            let wrong = format!("`{}.{name}` has no parts that have names", entry.name);
            self.note(Diagnostic::error(wrong).at(node.span.clone()));
            return None;
        };
        match text::read(self.document, node) {
            Ok(parameter) => {
                named.insert(part.to_owned(), parameter);
                Some(Arc::from(value))
            }
            Err(wrong) => {
                self.note(wrong);
                None
            }
        }
    }

    /// Sets a field that holds values by name; those of before stay, if they have other names. `None` for other fields.
    fn set_named(&self, field: &mut dyn Reflect, node: &Node) -> Option<Result<(), Diagnostic>> {
        fn set<T: DeserializeOwned>(
            reader: &Reader<'_>,
            all: &mut BTreeMap<String, T>,
            node: &Node,
        ) -> Result<(), Diagnostic> {
            if !matches!(node.kind, Form::Map(_)) {
                let wrong = Diagnostic::error("expected values by name: {\"name\": value}").at(node.span.clone());
                return Err(wrong);
            }
            let mut seen: Vec<&str> = Vec::new();
            for (name, key, value) in named(node) {
                if seen.contains(&name) {
                    return Err(Diagnostic::error(format!("`{name}` is given twice")).at(key.span.clone()));
                }
                seen.push(name);
                all.insert(name.to_owned(), text::read(reader.document, value)?);
            }
            Ok(())
        }
        if let Some(parameters) = field.downcast_mut::<Parameters>() {
            return Some(set(self, parameters, node));
        }
        if let Some(arrivals) = field.downcast_mut::<Arrivals>() {
            return Some(set(self, &mut arrivals.0, node));
        }
        if let Some(addresses) = field.downcast_mut::<NamedTexts>() {
            return Some(set(self, &mut addresses.0, node));
        }
        if let Some(sums) = field.downcast_mut::<Sums>() {
            return Some(set(self, &mut sums.0, node));
        }
        let initial = field.downcast_mut::<InitialValues>()?;
        Some(set(self, &mut initial.0, node))
    }

    fn set_field(&self, behaviour: &mut dyn Reflect, name: &str, node: &Node) -> Result<(), Diagnostic> {
        let unreadable = || {
            let message = format!("the field `{name}` cannot be set from a scene");
            Diagnostic::error(message).at(node.span.clone()).note("its type is not registered for reflection")
        };
        let ReflectMut::Struct(fields) = behaviour.reflect_mut() else { return Err(unreadable()) };
        let field = fields.field_mut(name).and_then(PartialReflect::try_as_reflect_mut).ok_or_else(unreadable)?;
        // Read as what they are: through reflection an error forgets what was expected and found.
        if let Some(parameter) = field.downcast_mut::<Parameter>() {
            *parameter = text::read(self.document, node)?;
            return Ok(());
        }
        if let Some(parameter) = field.downcast_mut::<Option<Parameter>>() {
            let none = node.name() == Some("None");
            *parameter = if none { None } else { Some(text::read(self.document, node)?) };
            return Ok(());
        }
        if let Some(initial) = field.downcast_mut::<Initial>() {
            *initial = text::read(self.document, node)?;
            return Ok(());
        }
        if let Some(equations) = field.downcast_mut::<EquationText>() {
            *equations = text::read(self.document, node)?;
            return Ok(());
        }
        // As everywhere in a scene, one word alone is a list of words.
        if let (Some(words), Form::Text(word)) = (field.downcast_mut::<Vec<String>>(), &node.kind) {
            *words = vec![word.clone()];
            return Ok(());
        }
        if let Some(done) = self.set_named(field, node) {
            return done;
        }
        let takes = format!("the field `{name}` takes: {}", takes(field.as_partial_reflect()));
        if let Some(done) = self.set_number(field, node) {
            return done.map_err(|wrong| wrong.note(takes));
        }
        let value = self.reflect(field, node).map_err(|wrong| wrong.note(takes))?;
        field.set(value).map_err(|_| unreadable())
    }

    /// Sets a field that is a number, which may be written as an expression of constants; `None` for other fields.
    fn set_number(&self, field: &mut dyn Reflect, node: &Node) -> Option<Result<(), Diagnostic>> {
        fn set<T: DeserializeOwned>(reader: &Reader<'_>, field: &mut T, node: &Node) -> Result<(), Diagnostic> {
            *field = text::read(reader.document, node).or_else(|wrong| reader.number(node, wrong))?;
            Ok(())
        }
        macro_rules! among {
            ($($number:ty),+) => {$(
                if let Some(field) = field.downcast_mut::<$number>() {
                    return matches!(node.kind, Form::Text(_)).then(|| set(self, field, node));
                }
                if let Some(field) = field.downcast_mut::<Option<$number>>() {
                    return matches!(node.kind, Form::Text(_)).then(|| set(self, field.insert(<$number>::default()), node));
                }
            )+};
        }
        among!(f64, f32, u32, u64, usize, i32, i64);
        let numbers = field.downcast_mut::<Vec<f64>>()?;
        let Form::List(elements) = &node.kind else { return None };
        let read = |node| text::read(self.document, node).or_else(|wrong| self.number(node, wrong));
        Some(elements.iter().map(read).collect::<Result<_, _>>().map(|read| *numbers = read))
    }

    /// What a node says of a value of the type that `like` has.
    fn reflect(&self, like: &dyn Reflect, node: &Node) -> Result<Box<dyn Reflect>, Diagnostic> {
        let unreadable = || {
            let message = "this cannot be set from a scene";
            Diagnostic::error(message).at(node.span.clone()).note("its type is not registered for reflection")
        };
        let registration = self.types.get(like.as_any().type_id()).ok_or_else(unreadable)?;
        let written = self.typed(registration, node)?;
        // What was read may be a description of a value; the field holds the value itself.
        let from = registration.data::<ReflectFromReflect>();
        from.and_then(|from| from.from_reflect(&*written)).ok_or_else(unreadable)
    }

    /// A field of a type that is known to reflection, or its default if it is left out or wrong.
    pub fn reflected<T: Reflect + Default>(&mut self, node: Option<&Node>) -> T {
        let Some(node) = node else { return T::default() };
        let default = T::default();
        match self.reflect(&default, node) {
            Ok(value) => value.take().unwrap_or(default),
            Err(wrong) => {
                self.note(wrong.note(format!("expected {}", takes(default.as_partial_reflect()))));
                default
            }
        }
    }
}

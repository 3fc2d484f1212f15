//! The libraries of behaviours: values of them that scenes may be `like`.

use bevy_ecs::prelude::*;
use bevy_ecs::reflect::AppTypeRegistry;

use super::{attach::LIKE, model::Attached, reader::Reader};
use crate::{
    network::{Behaviour, BehaviourEntry, Behaviours},
    text::{Diagnostic, Diagnostics, Document, Node},
};

/// What a library has under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Ready {
    /// The name.
    pub name: String,
    /// What it is, and where it is from.
    pub about: String,
    /// The behaviour as it would stand in a scene.
    pub text: String,
    /// A step (ms) at which it is right.
    pub dt: String,
    /// An input at which something happens.
    pub drive: String,
}

/// The library of a behaviour, if it has one.
fn document(entry: &BehaviourEntry) -> Option<Document> {
    if entry.library.is_empty() {
        return None;
    }
    Document::parse(format!("the library of {}", entry.name), entry.library).ok()
}

fn entries(document: &Document) -> Vec<(&str, &Node)> {
    match &document.root().kind {
        crate::text::Kind::Map(all) => all.iter().filter_map(|(key, value)| Some((key.as_text()?, value))).collect(),
        _ => Vec::new(),
    }
}

/// All that there is in the library of a behaviour.
#[must_use]
pub fn library(entry: &BehaviourEntry) -> Vec<Ready> {
    let Some(document) = document(entry) else { return Vec::new() };
    let text = |node: &Node, field: &str| {
        let found = node.field(field);
        found.map_or("", |node| node.as_text().unwrap_or_else(|| document.slice(&node.span))).to_owned()
    };
    let ready = |(name, node): (&str, &Node)| Ready {
        name: name.to_owned(),
        about: text(node, "about"),
        text: node.field("is").map_or("", |own| document.slice(&own.span)).to_owned(),
        dt: text(node, "dt"),
        drive: text(node, "drive"),
    };
    entries(&document).into_iter().map(ready).collect()
}

/// A behaviour as its library has it under a name: `like::<Equations>(app.world(), "adex")`.
///
/// # Errors
/// There is no such name, or the behaviour is not registered.
pub fn like<B: Behaviour>(world: &World, name: &str) -> Result<B, Diagnostics> {
    let nowhere = |why: String| Diagnostics::without_source().with(Diagnostic::error(why));
    let behaviours = world.get_resource::<Behaviours>().cloned().unwrap_or_default();
    let types = world.get_resource::<AppTypeRegistry>().cloned().unwrap_or_default();
    let types = types.read();
    let entry = behaviours.iter().find(|entry| entry.type_id == std::any::TypeId::of::<B>());
    let entry = entry.ok_or_else(|| nowhere(format!("`{}` is not registered", B::short_type_path())))?;
    let empty = Document::parse("a name", "()")?;
    let reader = Reader {
        document: &empty,
        behaviours: &behaviours,
        types: &types,
        constants: Vec::new(),
        found: empty.diagnostics(),
    };
    let attached = reader.like(entry, name).map_err(|why| Diagnostics::without_source().with(why))?;
    attached.value.take().map_err(|_| nowhere("it is of another type".into()))
}

impl Reader<'_> {
    /// What the library of a behaviour has under a name.
    pub(super) fn like(&self, entry: &BehaviourEntry, name: &str) -> Result<Attached, Diagnostic> {
        let document = document(entry);
        let all = document.as_ref().map(entries).unwrap_or_default();
        let found = all.iter().find(|(known, _)| *known == name).and_then(|(_, node)| node.field("is"));
        let (Some(document), Some(node)) = (&document, found) else {
            let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
            let unknown = Diagnostic::error(format!("no `{}` is named `{name}` in the library", entry.name));
            return Err(unknown.did_you_mean_text(name, &known, "names"));
        };
        let mut reader = Reader {
            document,
            behaviours: self.behaviours,
            types: self.types,
            constants: Vec::new(),
            found: document.diagnostics(),
        };
        let mut attached = reader.attach(entry, &[node]);
        // They are places in the library.
        attached.spans = super::spans::Spans::default();
        reader
            .found
            .into_result(attached)
            .map_err(|faults| Diagnostic::error(format!("the library of `{}` has faults: {faults}", entry.name)))
    }

    /// The name in the field `like` of a behaviour that has a library.
    pub(super) fn liked<'n>(&self, entry: &BehaviourEntry, node: &'n Node) -> Option<&'n Node> {
        node.field(LIKE).filter(|_| !entry.library.is_empty())
    }
}

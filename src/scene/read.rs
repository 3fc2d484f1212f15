//! From text to a scene: everything that can be said of the text alone is said here, all of it in one go.

use std::path::Path;

use bevy_ecs::{prelude::*, reflect::AppTypeRegistry};

use super::{
    model::{Attached, Scene, Spans, SwitchScene, SynapseScene},
    set::set,
    written::Reader,
};
use crate::{
    files,
    network::{Behaviours, Ends, Kind, Setting},
    text::{self, Diagnostic, Diagnostics, Document, Node},
    value::Value,
};

const SCENE: &[&str] = &[
    "title",
    "dt",
    "iterations",
    "seed",
    "constants",
    "definitions",
    "groups",
    "synapses",
    "switches",
    "recorders",
    "plots",
];
const SWITCHES: [&str; 4] = ["at", "on", "off", "set"];
const SYNAPSES: &[&str] = &[
    "name",
    "from",
    "to",
    "sources",
    "targets",
    "periodic",
    "tags",
    "connectivity",
    "weights",
    "delays",
    "behaviours",
    "unheard",
];

/// Reads a scene with the behaviours that `world` knows.
///
/// # Errors
/// All faults of the text that can be found without looking at the network as a whole: unknown fields and
/// behaviours, wrong types, missing fields.
pub fn read(world: &World, document: Document) -> Result<Scene, Diagnostics> {
    let behaviours = world.get_resource::<Behaviours>().cloned().unwrap_or_default();
    let types = world.get_resource::<AppTypeRegistry>().cloned().unwrap_or_default();
    let types = types.read();
    let found = document.diagnostics();
    let mut reader =
        Reader { document: &document, behaviours: &behaviours, types: &types, constants: Vec::new(), found };
    let scene = reader.scene(document.root());
    let scene = reader.found.into_result(scene)?;
    Ok(Scene { document: Some(document), ..scene })
}

/// The text of a scene's file, parsed.
///
/// # Errors
/// The file cannot be read, is not UTF-8, or its text is not RON.
pub fn open(path: &Path) -> Result<Document, Diagnostics> {
    let name = path.display().to_string();
    let text = files::read_text(path, text::LONGEST as u64).map_err(|error| {
        let message = format!("the scene `{name}` cannot be read: {error}");
        Diagnostics::without_source().with(Diagnostic::error(message))
    })?;
    Document::parse(name, text)
}

impl Scene {
    /// Reads a scene from its file, whose folder is where its arrays are.
    ///
    /// # Errors
    /// As for [`open`] and [`read`].
    pub fn from_file(world: &World, path: impl AsRef<Path>) -> Result<Self, Diagnostics> {
        Self::from_file_with(world, path, &[] as &[&str])
    }

    /// The same, with what is set in it, as by `--set`: `groups.excitatory.size=400`. It changes the scene's text, so that
    /// messages and the report show what runs.
    ///
    /// # Errors
    /// As for [`open`], [`set`] and [`read`].
    pub fn from_file_with(
        world: &World,
        path: impl AsRef<Path>,
        assignments: &[impl AsRef<str>],
    ) -> Result<Self, Diagnostics> {
        let path = path.as_ref();
        let scene = Self::from_document_with(world, open(path)?, assignments)?;
        Ok(Self { folder: path.parent().map(Path::to_owned), ..scene })
    }

    /// The same from a text that was parsed. It can read no arrays, unless its `folder` is set.
    ///
    /// # Errors
    /// As for [`set`] and [`read`].
    pub fn from_document_with(
        world: &World,
        document: Document,
        assignments: &[impl AsRef<str>],
    ) -> Result<Self, Diagnostics> {
        let set = |document, assignment: &_| set(&document, AsRef::as_ref(assignment));
        read(world, assignments.iter().try_fold(document, set)?)
    }

    /// Reads a scene from a text. It can read no arrays, unless its `folder` is set.
    ///
    /// # Errors
    /// As for [`read`].
    pub fn from_text(world: &World, text: &str) -> Result<Self, Diagnostics> {
        read(world, Document::parse("scene", text)?)
    }
}

impl<'a> Reader<'a> {
    fn scene(&mut self, root: &'a Node) -> Scene {
        let fields = self.fields(root, "a scene", SCENE);
        let empty = Scene::new("");
        self.constants(fields.get("constants"));
        let mut spans = fields.spans().with_own(root.span.start..root.span.start + 1);
        Scene {
            title: self.value(fields.get("title"), String::new()),
            dt: self.value(fields.get("dt"), empty.dt),
            iterations: self.value(fields.get("iterations"), empty.iterations),
            seed: self.value(fields.get("seed"), empty.seed),
            constants: self.constants.clone(),
            groups: self.groups(fields.get("groups"), fields.get("definitions")),
            synapses: self.synapses(fields.get("synapses")),
            switches: self.switches(fields.get("switches")),
            recorders: self.recorders(fields.get("recorders")),
            plots: self.plots(fields.get("plots"), &mut spans),
            spans,
            folder: None,
            outside_files: false,
            document: None,
        }
    }

    fn synapses(&mut self, node: Option<&'a Node>) -> Vec<SynapseScene> {
        let elements = self.elements(node, "a list of synapses");
        elements.iter().filter_map(|node| self.synapse_group(node)).collect()
    }

    fn synapse_group(&mut self, node: &'a Node) -> Option<SynapseScene> {
        let fields = self.fields(node, "a group of synapses", SYNAPSES);
        let what = "a group of synapses";
        let connectivity = match fields.get("connectivity") {
            Some(rule) => self.attached(rule, Kind::Connectivity),
            None => {
                let message = "a group of synapses needs the field `connectivity`";
                let known: Vec<_> =
                    self.behaviours.iter().filter(|entry| entry.kind == Kind::Connectivity).map(|e| e.name).collect();
                let note = format!("the rules are {}", known.join(", "));
                self.note(Diagnostic::error(message).at(node.span.clone()).note(note));
                None
            }
        };
        let from = self.required_word(&fields, "from", node, what);
        let to = self.required_word(&fields, "to", node, what);
        Some(SynapseScene {
            name: self.value(fields.get("name"), None),
            from,
            to,
            tags: self.words(fields.get("tags")),
            weights: self.number_or_text(fields.get("weights"), Value::Number(1.0)),
            delays: fields.get("delays").map(|delays| self.number_or_text(Some(delays), Value::default())),
            ends: Ends {
                sources: self.reflected(fields.get("sources")),
                targets: self.reflected(fields.get("targets")),
                periodic: self.value(fields.get("periodic"), false),
            },
            behaviours: self
                .elements(fields.get("behaviours"), "a list of behaviours")
                .iter()
                .filter_map(|node| self.attached(node, Kind::Synapses))
                .collect(),
            unheard: self.value(fields.get("unheard"), false),
            spans: fields.spans(),
            connectivity: connectivity?,
        })
    }

    fn switches(&mut self, node: Option<&'a Node>) -> Vec<SwitchScene> {
        let elements = self.elements(node, "a list of switches");
        elements.iter().map(|node| self.switch(node)).collect()
    }

    fn switch(&mut self, node: &'a Node) -> SwitchScene {
        let fields = self.fields(node, "a switch", &SWITCHES);
        let [at, on, off, set] = SWITCHES.map(|name| fields.get(name));
        let mut missing = |what: &str| {
            self.note(Diagnostic::error(format!("a switch needs {what}")).at(node.span.clone()));
        };
        if at.is_none() {
            missing("the field `at`, a time in ms");
        }
        if on.is_none() && off.is_none() && set.is_none() {
            missing(
                "the field `on` or `off`, addresses of behaviours: `\"PLASTIC.Stdp\"`; or `set`, fields of behaviours",
            );
        }
        let mut spans = fields.spans().with_own(node.span.clone());
        SwitchScene {
            at: self.value(at, 0.0),
            on: self.words(on),
            off: self.words(off),
            set: self.settings(set, &mut spans),
            spans,
        }
    }

    /// `{"excitatory.UniformNoise.high": 25}`.
    fn settings(&mut self, node: Option<&'a Node>, spans: &mut Spans) -> Vec<(String, Setting)> {
        let mut settings = Vec::new();
        for (address, key, value) in self.entries(node, "fields of behaviours, by address") {
            if let Some((behaviour, setting)) = self.setting(address, key, value) {
                spans.0.insert(Spans::name_of("set", address), value.span.clone());
                settings.push((behaviour, setting));
            }
        }
        settings
    }

    fn setting(&mut self, address: &str, key: &'a Node, value: &'a Node) -> Option<(String, Setting)> {
        let Some((of, field)) = address.rsplit_once('.').filter(|(of, _)| of.contains('.')) else {
            let message = format!("`{address}` is no field of a behaviour; write group.Behaviour.field");
            self.note(Diagnostic::error(message).at(key.span.clone()));
            return None;
        };
        let name = of.rsplit('.').next().unwrap_or_default();
        let Some(entry) = self.behaviours.named(name).next().copied() else {
            let known: Vec<&str> = self.behaviours.iter().map(|entry| entry.name).collect();
            let unknown = Diagnostic::error(format!("nothing is named `{name}`")).at(key.span.clone());
            self.note(unknown.did_you_mean_text(name, &known, "behaviours"));
            return None;
        };
        let donor = self.with_field(&entry, (field, key), value)?;
        Some((of.to_owned(), Setting { field: field.to_owned(), of: donor }))
    }

    fn recorders(&mut self, node: Option<&'a Node>) -> Vec<Attached> {
        let elements = self.elements(node, "a list of recorders");
        elements.iter().filter_map(|node| self.attached(node, Kind::Recorder)).collect()
    }
}

//! From text to a scene: everything that can be said of the text alone is said here, all of it in one go.

use std::path::Path;

use bevy_ecs::{prelude::*, reflect::AppTypeRegistry};

use super::{
    form::form,
    model::{Attached, Scene, SwitchScene, SynapseScene, ValuesScene},
    reader::Reader,
    set::set,
    spans::Spans,
};
use crate::{
    files,
    network::{Behaviours, Ends, Kind, Poke, Setting},
    text::{self, Diagnostic, Diagnostics, Document, Node},
    value::Value,
};

form! {
    /// A network and its run.
    "scene" as SceneForm {
        /// A title for reports and pictures.
        title: "text",
        /// Length of an iteration, in ms.
        dt: "number" = "1",
        /// Iterations of a run.
        iterations: "whole number" = "1000",
        /// The seed of all random numbers.
        seed: "whole number" = "1",
        /// Names for numbers, which values may use.
        constants: "{name: number}",
        /// Groups by name that other groups are `like`.
        definitions: "{name: group}",
        /// The neuron groups.
        groups: "{name: group}",
        /// The synapse groups.
        synapses: "[synapses]",
        /// What is switched or changed while the network runs.
        switches: "[switch]",
        /// The recorders.
        recorders: "[recorder]",
        /// How the pictures of a run are drawn.
        plots: "plots",
    }
}

form! {
    /// Synapses from each group of a name or tag to each of another.
    "synapses" as SynapsesForm {
        /// Name; otherwise `source_target`.
        name: "text",
        /// Name or tag of the source groups.
        from: "text",
        /// Name or tag of the target groups.
        to: "text",
        /// Which neurons of the source groups take part.
        sources: "All | Range(…) | Stride(…) | List(…) | Where(…)" = "All",
        /// Which neurons of the target groups take part.
        targets: "All | Range(…) | Stride(…) | List(…) | Where(…)" = "All",
        /// Whether grids are closed to rings and tori, for distances between their neurons.
        periodic: "true | false" = "false",
        /// Tags.
        tags: "[text]",
        /// The connectivity rule.
        connectivity: "connectivity rule",
        /// The weights at the start.
        weights: "value" = "1",
        /// The delays, in ms, at least one step; otherwise none.
        delays: "value",
        /// What changes the synapses.
        behaviours: "[behaviour of synapses]",
        /// Whether it is meant that no receptor hears them.
        unheard: "true | false" = "false",
    }
}

form! {
    /// Behaviours that are switched or changed at a time of the run.
    "switch" as SwitchForm {
        /// When, in ms.
        at: "number",
        /// Addresses of behaviours that are switched on: `group.Behaviour`.
        on: "[text]",
        /// Addresses of behaviours that are switched off.
        off: "[text]",
        /// What fields of behaviours become, by address: `group.Behaviour.field`.
        set: "{address: value}",
        /// Variables of neurons that get other values.
        values: "[(of: …, value: …, neurons: …)]",
    }
}

form! {
    /// A variable that gets other values at a time of the run.
    "values" as ValuesForm {
        /// Its address: `group.variable`, `group.receptor.variable`.
        of: "text",
        /// The values; an expression knows the variables as they are: `"v + 5"`.
        value: "value",
        /// Until when (ms) they are given, before each iteration anew: a current pulse. Once by default.
        until: "number",
        /// The neurons that get them.
        neurons: "All | Range(…) | Stride(…) | List(…) | Where(…)" = "All",
    }
}

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
        let fields: SceneForm<'a> = self.form(root, "a scene");
        let empty = Scene::new("");
        self.constants(fields.constants);
        let mut spans = Spans::of(root).with_own(root.span.start..root.span.start + 1);
        Scene {
            title: self.value(fields.title, String::new()),
            dt: self.value(fields.dt, empty.dt),
            iterations: self.value(fields.iterations, empty.iterations),
            seed: self.value(fields.seed, empty.seed),
            constants: self.constants.clone(),
            groups: self.groups(fields.groups, fields.definitions),
            synapses: self.synapses(fields.synapses),
            switches: self.switches(fields.switches),
            recorders: self.recorders(fields.recorders),
            plots: self.plots(fields.plots, &mut spans),
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
        let fields: SynapsesForm<'a> = self.form(node, "a group of synapses");
        let what = "a group of synapses";
        let connectivity = match fields.connectivity {
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
        let elements = self.elements(fields.behaviours, "a list of behaviours");
        let behaviours = self.once_each(elements, Kind::Synapses, "synapses have");
        let from = self.required_word(("from", fields.from), node, what);
        let to = self.required_word(("to", fields.to), node, what);
        Some(SynapseScene {
            name: self.value(fields.name, None),
            from,
            to,
            tags: self.words(fields.tags),
            weights: self.number_or_text(fields.weights, Value::Number(1.0)),
            delays: fields.delays.map(|delays| self.number_or_text(Some(delays), Value::default())),
            ends: Ends {
                sources: self.reflected(fields.sources),
                targets: self.reflected(fields.targets),
                periodic: self.value(fields.periodic, false),
            },
            behaviours: behaviours.iter().map(|(entry, node)| self.attach(entry, &[node])).collect(),
            unheard: self.value(fields.unheard, false),
            spans: Spans::of(node),
            connectivity: connectivity?,
        })
    }

    fn switches(&mut self, node: Option<&'a Node>) -> Vec<SwitchScene> {
        let elements = self.elements(node, "a list of switches");
        elements.iter().map(|node| self.switch(node)).collect()
    }

    fn switch(&mut self, node: &'a Node) -> SwitchScene {
        let SwitchForm { at, on, off, set, values } = self.form(node, "a switch");
        let mut missing = |what: &str| {
            self.note(Diagnostic::error(format!("a switch needs {what}")).at(node.span.clone()));
        };
        if at.is_none() {
            missing("the field `at`, a time in ms");
        }
        if on.is_none() && off.is_none() && set.is_none() && values.is_none() {
            missing(
                "the field `on` or `off`, addresses of behaviours: `\"PLASTIC.Stdp\"`; or `set`, fields of behaviours; or \
                 `values`, variables",
            );
        }
        let mut spans = Spans::of(node).with_own(node.span.clone());
        let ([on, off_words], off_node) = ([self.words(on), self.words(off)], off);
        if let (Some(both), Some(node)) = (on.iter().find(|word| off_words.contains(word)), off_node) {
            let message = format!("`{both}` is switched on and off at once");
            self.note(Diagnostic::error(message).at(node.span.clone()));
        }
        SwitchScene {
            at: self.value(at, 0.0),
            on,
            off: off_words,
            set: self.settings(set, &mut spans),
            values: self.pokes(values, &mut spans),
            spans,
        }
    }

    /// `[(of: "excitatory.v", value: -40, neurons: List([57]))]`.
    fn pokes(&mut self, node: Option<&'a Node>, spans: &mut Spans) -> Vec<ValuesScene> {
        let elements = self.elements(node, "a list of variables that get values");
        let mut pokes = Vec::new();
        for (place, node) in elements.iter().enumerate() {
            let ValuesForm { of, value, until, neurons } = self.form(node, "a variable that gets values");
            let (Some(of), Some(value)) = (of, value) else {
                let message = "it needs `of`, the address of a variable, and `value`";
                self.note(Diagnostic::error(message).at(node.span.clone()));
                continue;
            };
            spans.0.insert(Spans::name_of("values", &place.to_string()), node.span.clone());
            let poke = Poke { value: self.value(Some(value), Value::default()), neurons: self.reflected(neurons) };
            let until = until.map(|until| self.value(Some(until), 0.0));
            pokes.push(ValuesScene { of: self.value(Some(of), String::new()), poke, until });
        }
        pokes
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

    /// The address of a behaviour and what of it is meant: the field behind the last name of a behaviour, or behind the last point.
    fn behaviour_and_field<'t>(&self, address: &'t str) -> Option<(&'t str, &'t str)> {
        let mut points = address.match_indices('.').map(|(at, _)| at);
        let at = |at: &usize| (&address[..*at], &address[at + 1..]);
        let behind_a_behaviour = |point: &usize| {
            let (of, field) = at(point);
            let name = of.rsplit_once('.').map(|(_, name)| name);
            !field.is_empty() && name.is_some_and(|name| self.behaviours.named(name).next().is_some())
        };
        let found = points.rfind(behind_a_behaviour).as_ref().map(at);
        found.or_else(|| address.rsplit_once('.').filter(|(of, _)| of.contains('.')))
    }

    fn setting(&mut self, address: &str, key: &'a Node, value: &'a Node) -> Option<(String, Setting)> {
        let Some((of, field)) = self.behaviour_and_field(address) else {
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

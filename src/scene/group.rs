//! Reading neuron groups, and the definitions that they share.

use std::collections::{BTreeMap, HashSet};

use super::{
    form::form,
    model::{Attached, GroupScene},
    reader::Reader,
    spans::Spans,
};
use crate::{
    network::{BehaviourEntry, Kind, NeuronGroup},
    text::{Diagnostic, Kind as Form, Node},
    value::Value,
};

form! {
    /// A neuron group, or a definition that groups are `like`.
    "group" as GroupForm {
        /// How many neurons, or the grid on which they stand.
        size: "whole number | (width, height) | (width, height, depth)",
        /// Distance of neighbours on the grid, for all axes or for each.
        spacing: "number | (number, …)" = "1",
        /// The definition whose fields it has where it has none of its own.
        like: "text",
        /// Tags, by which synapses, recorders and switches find it.
        tags: "[text]",
        /// Named draws, which its parameters share.
        draws: "{name: value}",
        /// What its neurons do.
        behaviours: "[behaviour of neuron groups]",
        /// How spikes act on its neurons; `"dendrite.nmda"` is a receptor at a compartment.
        receptors: "{name: receptor}",
        /// What stands on the compartments of its cells, beside receptors.
        compartments: "{name: [behaviour of neuron groups]}",
    }
}

/// Definitions by name.
pub(super) type Definitions<'a> = BTreeMap<&'a str, &'a Node>;

/// A group with the definitions that it builds on, the most remote first.
struct Layers<'a>(Vec<(&'a Node, GroupForm<'a>)>);

impl Layers<'_> {
    /// Whether all were found: the most remote one is like nothing else.
    fn are_whole(&self) -> bool {
        self.0.first().is_none_or(|(_, fields)| fields.like.is_none())
    }
}

impl<'a> Reader<'a> {
    /// The neuron groups. A definition has the same form as a group; a group that is `like` it starts from it.
    pub fn groups(&mut self, groups: Option<&'a Node>, definitions: Option<&'a Node>) -> Vec<GroupScene> {
        let definitions: Definitions<'a> =
            self.entries(definitions, "definitions").into_iter().map(|(name, _, node)| (name, node)).collect();
        let mut used = Vec::new();
        let mut read = Vec::new();
        for (name, key, node) in self.entries(groups, "neuron groups") {
            let layers = self.layers(node, "a group", &definitions, &mut used);
            read.push(self.group(name, key, node, &layers));
        }
        for (name, node) in &definitions {
            if !used.contains(name) {
                // Read for its faults alone: they must not hide until somebody uses it.
                let layers = self.layers(node, "a definition", &definitions, &mut Vec::new());
                self.group(name, node, node, &layers);
            }
        }
        read
    }

    fn layers(
        &mut self,
        group: &'a Node,
        what: &str,
        definitions: &Definitions<'a>,
        used: &mut Vec<&'a str>,
    ) -> Layers<'a> {
        let mut layers = Vec::new();
        let mut chain: Vec<&str> = Vec::new();
        let (mut node, mut what) = (group, what);
        loop {
            let fields: GroupForm<'a> = self.form(node, what);
            let like = fields.like;
            layers.push((node, fields));
            let Some(like) = like else { break };
            let name: String = self.value(Some(like), String::new());
            let Some((&name, &next)) = definitions.get_key_value(name.as_str()) else {
                let known: Vec<&str> = definitions.keys().copied().collect();
                let unknown = Diagnostic::error(format!("there is no definition `{name}`")).at(like.span.clone());
                self.note(unknown.did_you_mean_text(&name, &known, "definitions"));
                break;
            };
            if chain.contains(&name) {
                let message = format!("the definition `{name}` is like itself");
                self.note(Diagnostic::error(message).at(like.span.clone()));
                break;
            }
            chain.push(name);
            used.push(name);
            (node, what) = (next, "a definition");
        }
        layers.reverse();
        Layers(layers)
    }

    fn group(&mut self, name: &str, key: &Node, node: &Node, layers: &Layers<'a>) -> GroupScene {
        let mut spans = Spans::default();
        for (node, _) in &layers.0 {
            spans.0.extend(Spans::of(node).0);
        }
        spans.0.insert(String::new(), key.span.clone());
        let is_group = !std::ptr::eq(key, node);
        let size = layers.0.iter().rev().find_map(|(_, fields)| fields.size);
        let shape = match size {
            Some(size) => self.shape(size),
            None if is_group && layers.are_whole() => {
                let message = format!("the group `{name}` needs the field `size`");
                self.note(Diagnostic::error(message).at(key.span.clone()));
                NeuronGroup::new(1)
            }
            None => NeuronGroup::new(1),
        };
        let spacing = layers.0.iter().rev().find_map(|(_, fields)| fields.spacing);
        let spacing = spacing.map_or([1.0; 3], |node| self.spacing(node));
        GroupScene {
            name: name.to_owned(),
            shape: NeuronGroup { spacing, ..shape },
            tags: self.tags(layers),
            draws: self.draws(layers, &mut spans),
            behaviours: self.behaviours(layers),
            receptors: self.receptors(layers, &mut spans),
            compartments: self.compartments(layers, &mut spans),
            spans,
        }
    }

    /// `800`, `(25, 32)` or `(10, 10, 8)`. Whether the numbers make sense is for the build to say.
    fn shape(&mut self, node: &Node) -> NeuronGroup {
        let axes: Vec<Option<usize>> = match &node.kind {
            Form::Number(_) | Form::Text(_) => vec![self.axis(node)],
            Form::Tuple { name: None, items } if (1..=3).contains(&items.len()) => {
                items.iter().map(|item| self.axis(item)).collect()
            }
            _ => {
                self.expected("a size: 800, a grid (25, 32) or (10, 10, 8)", node);
                return NeuronGroup::new(1);
            }
        };
        let axis = |i: usize| axes.get(i).copied().flatten().unwrap_or(1);
        NeuronGroup::with_shape([axis(0), axis(1), axis(2)])
    }

    /// One number for all axes, or one for each.
    fn spacing(&mut self, node: &Node) -> [f64; 3] {
        let spacing: [f64; 3] = match &node.kind {
            Form::Tuple { name: None, items } if (1..=3).contains(&items.len()) => {
                let mut spacing = [1.0; 3];
                items.iter().zip(&mut spacing).for_each(|(item, axis)| *axis = self.value(Some(item), 1.0));
                spacing
            }
            _ => [self.value(Some(node), 1.0); 3],
        };
        if let Some(wrong) = spacing.iter().find(|&&axis| !(axis.is_finite() && axis > 0.0)) {
            let message = format!("a spacing is finite and above zero, not {wrong}");
            self.note(Diagnostic::error(message).at(node.span.clone()));
            return [1.0; 3];
        }
        spacing
    }

    fn axis(&mut self, node: &Node) -> Option<usize> {
        let whole = match node.kind {
            Form::Number(number) if number < 1.0 => {
                let message = format!("a size is at least 1, not {number}");
                self.note(Diagnostic::error(message).at(node.span.clone()));
                return None;
            }
            _ => Some(self.value(Some(node), 0)),
        };
        whole.filter(|&axis| axis > 0)
    }

    fn tags(&mut self, layers: &Layers<'a>) -> Vec<String> {
        let mut tags: Vec<String> = layers.0.iter().flat_map(|(_, fields)| self.words(fields.tags)).collect();
        let mut seen = HashSet::new();
        tags.retain(|tag| seen.insert(tag.clone()));
        tags
    }

    fn draws(&mut self, layers: &Layers<'a>, spans: &mut Spans) -> Vec<(String, Value)> {
        let mut draws: Vec<(String, Value)> = Vec::new();
        for (_, fields) in &layers.0 {
            for (name, key, node) in self.entries(fields.draws, "named draws") {
                spans.0.insert(format!("draws.{name}"), node.span.clone());
                spans.0.insert(Spans::name_of("draws", name), key.span.clone());
                let value = self.number_or_text(Some(node), Value::default());
                draws.retain(|(known, _)| known != name);
                draws.push((name.to_owned(), value));
            }
        }
        draws
    }

    /// The behaviours of all layers; fields of a later layer override those of an earlier one.
    fn behaviours(&mut self, layers: &Layers<'a>) -> Vec<Attached> {
        let mut merged: Vec<(BehaviourEntry, Vec<&Node>)> = Vec::new();
        for (_, fields) in &layers.0 {
            let elements = self.elements(fields.behaviours, "a list of behaviours");
            for (entry, node) in self.once_each(elements, Kind::Neurons, "a group has") {
                match merged.iter_mut().find(|(known, _)| known.type_id == entry.type_id) {
                    Some((_, nodes)) => nodes.push(node),
                    None => merged.push((entry, vec![node])),
                }
            }
        }
        merged.iter().map(|(entry, nodes)| self.attach(entry, nodes)).collect()
    }

    /// What stands on compartments: of a later layer instead of an earlier one.
    fn compartments(&mut self, layers: &Layers<'a>, spans: &mut Spans) -> Vec<(String, Vec<Attached>)> {
        let mut merged: BTreeMap<&str, Vec<Attached>> = BTreeMap::new();
        for (_, fields) in &layers.0 {
            for (name, key, node) in self.entries(fields.compartments, "behaviours of compartments") {
                spans.0.insert(Spans::name_of("compartments", name), key.span.clone());
                let elements = self.elements(Some(node), "a list of behaviours");
                let here = self.once_each(elements, Kind::Neurons, "a compartment has");
                merged.insert(name, here.iter().map(|(entry, node)| self.attach(entry, &[node])).collect());
            }
        }
        merged.into_iter().map(|(name, behaviours)| (name.to_owned(), behaviours)).collect()
    }

    /// The receptors of all layers; a later one of the same name and type overrides fields, of another type replaces.
    fn receptors(&mut self, layers: &Layers<'a>, spans: &mut Spans) -> Vec<(String, Attached)> {
        let mut merged: BTreeMap<&str, (BehaviourEntry, Vec<&Node>)> = BTreeMap::new();
        for (_, fields) in &layers.0 {
            for (name, key, node) in self.entries(fields.receptors, "receptors") {
                spans.0.insert(Spans::name_of("receptors", name), key.span.clone());
                let Some(entry) = self.behaviour(node, Kind::Receptor) else { continue };
                match merged.get_mut(name) {
                    Some((known, nodes)) if known.type_id == entry.type_id => nodes.push(node),
                    _ => {
                        merged.insert(name, (entry, vec![node]));
                    }
                }
            }
        }
        merged.into_iter().map(|(name, (entry, nodes))| (name.to_owned(), self.attach(&entry, &nodes))).collect()
    }
}

//! What was done to a network and when, carried out and written down as a scene.

use std::path::PathBuf;

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Intervention, LiveError};
use crate::{
    assemble::{check_switches, switch_more},
    network::{Clock, Switches},
    scene::{Scene, SwitchScene},
    text::{Diagnostic, Diagnostics, Document, Kind, behind_comma},
};

/// Something that was done, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logged {
    /// Before this iteration.
    pub iteration: u64,
    /// What.
    pub intervention: Intervention,
    /// What somebody has to say about it.
    pub note: String,
}

/// Hands on a network of a host: interventions at once, and what was done.
pub struct Touch {
    network: Entity,
    log: Log,
}

impl Touch {
    /// Hands on a network, of whose scene the constants are known in what is typed.
    #[must_use]
    pub const fn new(network: Entity, scene: Document) -> Self {
        Self { network, log: Log::new(scene, None) }
    }

    /// Does something to it, now.
    ///
    /// # Errors
    /// It leads nowhere, or is out of a range: nothing is changed then.
    pub fn intervene(&mut self, world: &mut World, intervention: &Intervention) -> Result<(), LiveError> {
        let prepared = self.log.prepare(world, self.network, intervention)?;
        self.log.carry_out(world, self.network, &prepared, intervention);
        Ok(())
    }

    /// Says something about what was done last.
    pub fn note(&mut self, text: &str) {
        self.log.note(text);
    }

    /// What was done, in iterations of the world's clock.
    #[must_use]
    pub fn log(&self) -> &[Logged] {
        &self.log.done
    }
}

/// A scene as it was read, the folder of its arrays, and what was done to its network.
#[derive(Clone)]
pub(super) struct Log {
    pub document: Document,
    pub folder: Option<PathBuf>,
    pub done: Vec<Logged>,
}

impl Log {
    pub const fn new(document: Document, folder: Option<PathBuf>) -> Self {
        Self { document, folder, done: Vec::new() }
    }

    /// A document as a scene of this folder; its recorders rest.
    pub fn read(&self, world: &World, document: &Document) -> Result<Scene, Diagnostics> {
        let scene = Scene::from_document_with(world, document.clone(), &[] as &[&str])?;
        Ok(Scene { folder: self.folder.clone(), recorders: Vec::new(), ..scene })
    }

    /// An intervention as it is to be carried out now; refused if it leads nowhere, or out of a range.
    pub fn prepare(&self, world: &mut World, network: Entity, intervention: &Intervention) -> Result<Scene, LiveError> {
        let Clock { iteration, dt, .. } = *world.resource::<Clock>();
        let entry = intervention.entry(iteration as f64 * dt);
        let constants = self.document.root().field("constants").map(|node| self.document.slice(&node.span));
        let constants = constants.map(|own| format!(", constants: {own}")).unwrap_or_default();
        let text = format!("(dt: {dt}, switches: [{entry}]{constants})");
        let document = Document::parse("intervention", text)?;
        let scene = self.read(world, &document)?;
        let acts = |switch: &SwitchScene| switch.on.len() + switch.off.len() + switch.set.len() + switch.values.len();
        if scene.switches.iter().map(acts).sum::<usize>() != 1 {
            let why = Diagnostic::error("one thing is done at a time: this is no value");
            return Err(document.diagnostics().with(why).into());
        }
        check_switches(world, &scene, network)?;
        Ok(scene)
    }

    /// Carries out what was prepared, and notes it.
    pub fn carry_out(&mut self, world: &mut World, network: Entity, prepared: &Scene, intervention: &Intervention) {
        switch_more(world, prepared, network);
        Switches::carry_out(world);
        let now = world.resource::<Clock>().iteration;
        let replaces = |last: &Logged| last.iteration == now && intervention.replaces(&last.intervention);
        if self.done.last().is_some_and(replaces) {
            self.done.pop();
        }
        self.done.push(Logged { iteration: now, intervention: intervention.clone(), note: String::new() });
    }

    /// Says something about what was done last.
    pub fn note(&mut self, text: &str) {
        if let Some(last) = self.done.last_mut() {
            text.clone_into(&mut last.note);
        }
    }

    /// The scene with everything that was done in steps of `dt` (ms), which gives the same bytes when it is run as far. Comments
    /// stay.
    pub fn scene(&self, dt: f64) -> Result<Document, LiveError> {
        if self.done.is_empty() {
            return Ok(self.document.clone());
        }
        let entry = |logged: &Logged| {
            let note = logged.note.replace(|c: char| c.is_control(), " ");
            let note = if note.is_empty() { note } else { format!("   // {note}") };
            format!("        {},{note}\n", logged.intervention.entry(logged.iteration as f64 * dt))
        };
        let entries: String = self.done.iter().map(entry).collect();
        let (root, text) = (self.document.root(), self.document.text());
        let (last, end, added) = match root.field("switches") {
            Some(list) => {
                let Kind::List(own) = &list.kind else { return Ok(self.document.clone()) };
                (own.last().map(|last| last.span.end), list.span.end - 1, format!("{entries}    "))
            }
            None => {
                let last = root.fields().last().map(|last| last.value.span.end);
                (last, root.span.end - 1, format!("    switches: [\n{entries}    ],\n"))
            }
        };
        let comma = if last.is_none_or(|last| behind_comma(text, last).is_some()) { "" } else { "," };
        let last = last.unwrap_or(end);
        // What stands behind the last one, as a comment, stays there.
        let parts = [&text[..last], comma, text[last..end].trim_end(), "\n", &added, &text[end..]];
        Ok(Document::parse(self.document.name(), parts.concat())?)
    }
}

//! A network with all that was done to it: run, touched, taken back, written down as a scene.

use std::path::PathBuf;

use bevy_app::App;
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Intervention,
    frame::{BehaviourView, GroupOutline, Outline, Snapshot, Wanted, behaviours_of},
    history::History,
    tap::{self, Probe, Seen, Tap},
};
use crate::{
    assemble::{Network, build, check_switches, switch_anew, switch_more},
    checkpoint::{Checkpoint, CheckpointError, Fit},
    network::{
        Clock, Failures, Switches,
        compartment::{receptors_of, sites_of},
    },
    scene::{Scene, SwitchScene},
    schedule::run_ticks,
    simulator,
    text::{Diagnostic, Diagnostics, Document, Kind, behind_comma},
};

/// Memory (bytes) for the states that a network can be taken back to, besides the first and the last.
const MEMORY: usize = 256 << 20;

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

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The scene, or what was to be done to it, is wrong.
    #[error(transparent)]
    Wrong(#[from] Diagnostics),
    /// The network has failed.
    #[error("{0}")]
    Failed(String),
    /// Its state could not be kept, or given back.
    #[error(transparent)]
    State(#[from] CheckpointError),
}

/// A network that somebody experiments with. Its scene's recorders rest: what is seen of it is not part of it.
pub struct Experiment {
    app: App,
    network: Network,
    document: Document,
    folder: Option<PathBuf>,
    log: Vec<Logged>,
    history: History,
    wanted: Wanted,
}

impl Experiment {
    /// Builds the network of a scene, whose arrays lie in a folder. `register` makes behaviours of other crates known.
    ///
    /// # Errors
    /// The scene is wrong.
    pub fn new(
        document: Document,
        folder: Option<PathBuf>,
        register: impl FnOnce(&mut App),
    ) -> Result<Self, LiveError> {
        let mut app = simulator();
        tap::plugin(&mut app);
        register(&mut app);
        let scene = Self::read(&app, &document, folder.as_ref())?;
        let network = build(app.world_mut(), &scene)?;
        app.insert_resource(Tap::of(&network.groups));
        let history = History::new(0, Checkpoint::take(app.world_mut())?, MEMORY);
        Ok(Self { app, network, document, folder, log: Vec::new(), history, wanted: Wanted::default() })
    }

    fn read(app: &App, document: &Document, folder: Option<&PathBuf>) -> Result<Scene, Diagnostics> {
        let scene = Scene::from_document_with(app.world(), document.clone(), &[] as &[&str])?;
        Ok(Scene { folder: folder.cloned(), recorders: Vec::new(), ..scene })
    }

    /// What the network is.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let world = self.app.world();
        let groups = self.network.groups.iter().map(|&group| GroupOutline::of(world, group));
        Outline { title: self.document.name().to_owned(), dt: self.dt(), groups: groups.collect() }
    }

    /// Length of an iteration (ms).
    #[must_use]
    pub fn dt(&self) -> f64 {
        self.app.world().resource::<Clock>().dt
    }

    /// The iterations that are done.
    #[must_use]
    pub fn iteration(&self) -> u64 {
        self.app.world().resource::<Clock>().iteration
    }

    /// All that was done so far, and is still to come where time was taken back.
    #[must_use]
    pub fn log(&self) -> &[Logged] {
        &self.log
    }

    /// Runs iterations; returns how many were done.
    ///
    /// # Errors
    /// The network has failed.
    pub fn run(&mut self, iterations: u64) -> Result<u64, LiveError> {
        let done = run_ticks(self.app.world_mut(), iterations);
        // What was removed, as behaviours that were switched, is remembered until then.
        self.app.world_mut().clear_trackers();
        self.failed().map(|()| done)
    }

    fn failed(&mut self) -> Result<(), LiveError> {
        let failures = self.app.world_mut().get_resource_or_init::<Failures>().take();
        let why: Vec<String> = failures.iter().map(ToString::to_string).collect();
        if why.is_empty() { Ok(()) } else { Err(LiveError::Failed(why.join("; "))) }
    }

    /// Does something to the network, now. What was still to come, where time was taken back, is forgotten: there is another future.
    ///
    /// # Errors
    /// It leads nowhere, or is out of a range: nothing is changed then.
    pub fn intervene(&mut self, intervention: &Intervention) -> Result<(), LiveError> {
        let now = self.iteration();
        let entry = intervention.entry(now as f64 * self.dt());
        let constants = self.document.root().field("constants").map(|node| self.document.slice(&node.span));
        let constants = constants.map(|own| format!(", constants: {own}")).unwrap_or_default();
        let text = format!("(dt: {}, switches: [{entry}]{constants})", self.dt());
        let document = Document::parse("intervention", text)?;
        let scene = Self::read(&self.app, &document, self.folder.as_ref())?;
        let acts = |switch: &SwitchScene| switch.on.len() + switch.off.len() + switch.set.len() + switch.values.len();
        if scene.switches.iter().map(acts).sum::<usize>() != 1 {
            let why = Diagnostic::error("one thing is done at a time: this is no value");
            return Err(document.diagnostics().with(why).into());
        }
        check_switches(self.app.world_mut(), &scene, self.network.entity)?;
        let is_future = |logged: &Logged| logged.iteration > now;
        if self.log.iter().any(is_future) {
            self.log.retain(|logged| logged.iteration <= now);
            self.history.forget_after(now);
            self.follow_the_log()?;
        }
        let world = self.app.world_mut();
        switch_more(world, &scene, self.network.entity);
        Switches::carry_out(world);
        let replaced =
            self.log.last().is_some_and(|last| last.iteration == now && intervention.replaces(&last.intervention));
        if replaced {
            self.log.pop();
        }
        self.log.push(Logged { iteration: now, intervention: intervention.clone(), note: String::new() });
        // A state of just now is one from before.
        self.history.forget_after(now.saturating_sub(1));
        self.failed()
    }

    /// Has the network be switched as the scene and the log say, from now on.
    fn follow_the_log(&mut self) -> Result<(), LiveError> {
        let now = self.iteration();
        let scene = Self::read(&self.app, &self.scene()?, self.folder.as_ref())?;
        let world = self.app.world_mut();
        switch_anew(world, &scene, self.network.entity);
        Switches::go_on_before(world, now);
        self.failed()
    }

    /// Says something about what was done last.
    pub fn note(&mut self, text: &str) {
        if let Some(last) = self.log.last_mut() {
            text.clone_into(&mut last.note);
        }
    }

    /// Takes back what was done last, as if it had never been.
    ///
    /// # Errors
    /// As for [`go_to`](Self::go_to).
    pub fn undo(&mut self) -> Result<(), LiveError> {
        let (now, Some(last)) = (self.iteration(), self.log.pop()) else { return Ok(()) };
        self.history.forget_after(last.iteration.saturating_sub(1));
        self.restore(last.iteration.min(now))?;
        self.go_on_to(now)
    }

    /// Keeps the state of now, to be taken back to.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn keep(&mut self) -> Result<(), LiveError> {
        let now = self.iteration();
        // What was done just now would be done once more.
        let is_new = self.log.iter().all(|logged| logged.iteration != now);
        if now > self.history.last() && is_new {
            let state = Checkpoint::take_changes(self.app.world_mut())?;
            self.history.keep(now, state);
        }
        Ok(())
    }

    /// Bounds the memory (bytes) of what can be taken back to; 256 MiB by default.
    pub const fn bound_memory(&mut self, bytes: usize) {
        self.history.bound = bytes;
    }

    /// Goes to an iteration, before or after now; what was done until then is done again.
    ///
    /// # Errors
    /// The network fails on the way.
    pub fn go_to(&mut self, iteration: u64) -> Result<(), LiveError> {
        if iteration < self.iteration() {
            self.restore(iteration)?;
        }
        self.go_on_to(iteration)
    }

    fn go_on_to(&mut self, iteration: u64) -> Result<(), LiveError> {
        let left = iteration.saturating_sub(self.iteration());
        self.run(left)?;
        Ok(())
    }

    /// Goes back to the last state that is kept of an iteration or before it.
    fn restore(&mut self, iteration: u64) -> Result<(), LiveError> {
        let scene = Self::read(&self.app, &self.scene()?, self.folder.as_ref())?;
        let world = self.app.world_mut();
        world.get_resource_or_init::<Failures>().take();
        switch_anew(world, &scene, self.network.entity);
        let (first, (_, before)) = (&self.history.first().1, self.history.before(iteration));
        // What had not changed then since the network was built may have changed since.
        if before.restore(world, Fit::Exactly).is_err() {
            first.restore(world, Fit::Exactly)?;
            before.restore(world, Fit::Exactly)?;
        }
        world.resource_mut::<Tap>().take();
        self.failed()
    }

    /// The scene with everything that was done, which gives the same bytes when it is run as far. Comments stay.
    ///
    /// # Errors
    /// The scene with the log is none.
    pub fn scene(&self) -> Result<Document, LiveError> {
        if self.log.is_empty() {
            return Ok(self.document.clone());
        }
        let entry = |logged: &Logged| {
            let note = logged.note.replace(|c: char| c.is_control(), " ");
            let note = if note.is_empty() { note } else { format!("   // {note}") };
            format!("        {},{note}\n", logged.intervention.entry(logged.iteration as f64 * self.dt()))
        };
        let entries: String = self.log.iter().map(entry).collect();
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

    /// The same network without what was done, at the same iteration, to be compared with.
    ///
    /// # Errors
    /// As for [`new`](Self::new) and [`run`](Self::run).
    pub fn twin(&self, register: impl FnOnce(&mut App)) -> Result<Self, LiveError> {
        let mut twin = Self::new(self.document.clone(), self.folder.clone(), register)?;
        twin.go_on_to(self.iteration())?;
        Ok(twin)
    }

    /// All of its state.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn state(&mut self) -> Result<Checkpoint, LiveError> {
        Ok(Checkpoint::take(self.app.world_mut())?)
    }

    /// Looks at something else from now on. What there is not is not seen.
    pub fn want(&mut self, wanted: Wanted) {
        let entity = |probe: &Probe| self.network.groups.get(probe.group as usize).copied();
        let probes = wanted.probes.iter().filter_map(|probe| Some((entity(probe)?, probe.clone()))).collect();
        self.app.world_mut().resource_mut::<Tap>().probe(probes);
        self.wanted = wanted;
    }

    /// What was seen since the last time.
    pub fn seen(&mut self) -> (Vec<Probe>, Seen) {
        let mut tap = self.app.world_mut().resource_mut::<Tap>();
        (tap.probes.iter().map(|(_, probe)| probe.clone()).collect(), tap.take())
    }

    /// All behaviours as they are: of groups, with what belongs to them, and of synapses.
    #[must_use]
    pub fn behaviours(&self) -> Vec<BehaviourView> {
        let world = self.app.world();
        let of = |entity: Entity, place| behaviours_of(world, entity, place);
        let mut all = Vec::new();
        for (&group, place) in self.network.groups.iter().zip(0..) {
            let own = sites_of(world, group).chain(receptors_of(world, group));
            all.extend(own.flat_map(|entity| of(entity, Some(place))));
        }
        all.extend(self.network.synapses.iter().flat_map(|&synapses| of(synapses, None)));
        all
    }

    /// The columns that are wanted, as they are now.
    #[must_use]
    pub fn columns(&self) -> Vec<Snapshot> {
        let columns = self.wanted.columns.iter();
        let column = |(group, variable): &(u32, String)| {
            let entity = *self.network.groups.get(*group as usize)?;
            Snapshot::of(self.app.world(), (*group, entity), variable)
        };
        columns.filter_map(column).collect()
    }

    /// The world, for whoever knows what to do with it.
    pub fn world(&mut self) -> &mut World {
        self.app.world_mut()
    }
}

//! A network with all that was done to it: run, touched, taken back, gone on with otherwise.

use std::{path::PathBuf, rc::Rc};

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    Intervention, Logged,
    frame::{Branch, Frame, Wanted},
    history::History,
    log::Log,
    look::Look,
    outline::Outline,
    tap::{self, Probe, Seen, Tap},
};
use crate::{
    assemble::{Network, build, switch_anew},
    checkpoint::{Checkpoint, CheckpointError, Fit},
    network::{Clock, Failures, Switches},
    schedule::run_ticks,
    simulator,
    text::{Diagnostics, Document},
};

/// Memory (bytes) for the states that a network can be taken back to, besides the first and the last.
const MEMORY: usize = 256 << 20;

/// Futures that are remembered besides the one that is lived.
const BRANCHES: usize = 20;

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
    look: Look,
    log: Log,
    history: History,
    branches: Vec<Branch>,
    furthest: u64,
    register: Rc<dyn Fn(&mut App)>,
}

impl Experiment {
    /// Builds the network of a scene, whose arrays lie in a folder. `register` makes behaviours of other crates known.
    ///
    /// # Errors
    /// The scene is wrong.
    pub fn new(
        document: Document,
        folder: Option<PathBuf>,
        register: impl Fn(&mut App) + 'static,
    ) -> Result<Self, LiveError> {
        Self::with(Log::new(document, folder), Rc::new(register))
    }

    fn with(log: Log, register: Rc<dyn Fn(&mut App)>) -> Result<Self, LiveError> {
        let mut app = simulator();
        tap::plugin(&mut app);
        register(&mut app);
        let scene = log.read(app.world(), &log.document)?;
        let network = build(app.world_mut(), &scene)?;
        let look = Look::at(app.world_mut(), &network);
        let history = History::new(0, Checkpoint::take(app.world_mut())?, MEMORY);
        Ok(Self { app, network, look, log, history, branches: Vec::new(), furthest: 0, register })
    }

    /// What the network is.
    #[must_use]
    pub fn outline(&self) -> Outline {
        self.look.outline(self.app.world(), self.log.document.name())
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

    /// The furthest iteration that was come to so far, since what was done last.
    #[must_use]
    pub const fn furthest(&self) -> u64 {
        self.furthest
    }

    /// All that was done so far, and is still to come where time was taken back.
    #[must_use]
    pub fn log(&self) -> &[Logged] {
        &self.log.done
    }

    /// Other futures: those that were left for another one.
    #[must_use]
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Runs iterations; returns how many were done.
    ///
    /// # Errors
    /// The network has failed.
    pub fn run(&mut self, iterations: u64) -> Result<u64, LiveError> {
        let done = run_ticks(self.app.world_mut(), iterations);
        // What was removed, as behaviours that were switched, is remembered until then.
        self.app.world_mut().clear_trackers();
        self.furthest = self.furthest.max(self.iteration());
        self.failed().map(|()| done)
    }

    fn failed(&mut self) -> Result<(), LiveError> {
        let failures = self.app.world_mut().get_resource_or_init::<Failures>().take();
        let why: Vec<String> = failures.iter().map(ToString::to_string).collect();
        if why.is_empty() { Ok(()) } else { Err(LiveError::Failed(why.join("; "))) }
    }

    /// Does something to the network, now. What was still to come, where time was taken back, becomes a branch: there is another
    /// future.
    ///
    /// # Errors
    /// It leads nowhere, or is out of a range: nothing is changed then.
    pub fn intervene(&mut self, intervention: &Intervention) -> Result<(), LiveError> {
        let now = self.iteration();
        let prepared = self.log.prepare(self.app.world_mut(), self.network.entity, intervention)?;
        if now < self.furthest {
            self.branch_off();
        }
        let is_future = |logged: &Logged| logged.iteration > now;
        if self.log.done.iter().any(is_future) {
            self.log.done.retain(|logged| logged.iteration <= now);
            self.follow_the_log()?;
        }
        self.log.carry_out(self.app.world_mut(), self.network.entity, &prepared, intervention);
        // A state of just now is one from before.
        self.history.forget_after(now.saturating_sub(1));
        self.furthest = now;
        self.failed()
    }

    /// Remembers the future that is left.
    fn branch_off(&mut self) {
        let branch = Branch { log: self.log.done.clone(), end: self.furthest };
        self.branches.push(branch);
        let over = self.branches.len().saturating_sub(BRANCHES);
        self.branches.drain(..over);
    }

    /// Lives another future, as far as it had come; the own one becomes a branch.
    ///
    /// # Errors
    /// As for [`go_to`](Self::go_to).
    pub fn take_branch(&mut self, place: usize) -> Result<(), LiveError> {
        if place >= self.branches.len() {
            return Ok(());
        }
        let taken = self.branches.remove(place);
        self.branch_off();
        let own = std::mem::replace(&mut self.log.done, taken.log);
        let alike = own.iter().zip(&self.log.done).take_while(|(own, other)| own == other).count();
        let next = [own.get(alike), self.log.done.get(alike)].into_iter().flatten().map(|logged| logged.iteration);
        let fork = next.min().unwrap_or(taken.end).saturating_sub(1);
        self.history.forget_after(fork);
        self.restore(fork)?;
        self.furthest = taken.end;
        self.go_on_to(taken.end)
    }

    /// Has the network be switched as the scene and the log say, from now on.
    fn follow_the_log(&mut self) -> Result<(), LiveError> {
        let now = self.iteration();
        self.set_switches()?;
        Switches::go_on_before(self.app.world_mut(), now);
        self.failed()
    }

    fn set_switches(&mut self) -> Result<(), LiveError> {
        let scene = self.log.read(self.app.world(), &self.scene()?)?;
        switch_anew(self.app.world_mut(), &scene, self.network.entity);
        Ok(())
    }

    /// Says something about what was done last.
    pub fn note(&mut self, text: &str) {
        self.log.note(text);
    }

    /// Takes back what was done last, as if it had never been.
    ///
    /// # Errors
    /// As for [`go_to`](Self::go_to).
    pub fn undo(&mut self) -> Result<(), LiveError> {
        let (now, Some(last)) = (self.iteration(), self.log.done.pop()) else { return Ok(()) };
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
        let is_new = self.log.done.iter().all(|logged| logged.iteration != now);
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
        self.app.world_mut().get_resource_or_init::<Failures>().take();
        self.set_switches()?;
        let world = self.app.world_mut();
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
        self.log.scene(self.dt())
    }

    /// The same network without what was done, at the same iteration, to be compared with.
    ///
    /// # Errors
    /// As for [`new`](Self::new) and [`run`](Self::run).
    pub fn twin(&self) -> Result<Self, LiveError> {
        let log = Log::new(self.log.document.clone(), self.log.folder.clone());
        let mut twin = Self::with(log, self.register.clone())?;
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
        self.look.want(self.app.world_mut(), wanted);
    }

    /// What was seen since the last time.
    pub fn seen(&mut self) -> (Vec<Probe>, Seen) {
        self.look.seen(self.app.world_mut())
    }

    /// What is new since the last time: `anew` all of it, otherwise what changes slowly only now and then. Log, branches, pace and
    /// messages are known to whoever runs it.
    pub fn frame(&mut self, anew: bool) -> Frame {
        let frame = self.look.frame(self.app.world_mut(), anew);
        Frame { furthest: self.furthest, ..frame }
    }

    /// The world, for whoever knows what to do with it.
    pub fn world(&mut self) -> &mut World {
        self.app.world_mut()
    }
}

//! A run that others watch, and may touch: between two stretches of its iterations it is shown, and does what it is asked.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bevy_ecs::prelude::*;

use super::{
    Command, Frame, LiveError, Logged, Look, Port, Speed,
    frame::Wanted,
    log::Log,
    pace::{Measured, Pace},
    port::{Asked, Client, Event, Served},
};
use crate::{assemble::Network, network::Clock, text::Document};

/// Between two frames.
const FRAME: Duration = Duration::from_millis(33);

/// Columns, and probes, that a client can look at: each probe costs some nanoseconds in every iteration.
const MOST_WANTED: usize = 64;

/// A run that is watched by whoever comes to a port.
pub struct Watched {
    look: Look,
    served: Served,
    clients: Vec<(Arc<Client>, Wanted)>,
    log: Log,
    network: Entity,
    steerable: bool,
    paused: bool,
    /// Whether it has not begun, since nobody has come so far.
    waits: bool,
    /// The iteration to run to, where there is one; it rests there.
    until: Option<u64>,
    pace: Pace,
    /// At the last frame.
    measured: Measured,
    told: Vec<String>,
    anew: bool,
    touched: bool,
}

impl Watched {
    /// Opens a network to whoever comes to a port. Its scene and the folder of its arrays are what interventions are noted in.
    /// [`plugin`](super::plugin) must have been added.
    pub fn new(world: &mut World, network: &Network, document: Document, folder: Option<PathBuf>, port: Port) -> Self {
        let look = Look::at(world, network);
        let steerable = port.steerable();
        let mut outline = look.outline(world, document.name());
        (outline.steerable, outline.goes_back) = (steerable, false);
        let iteration = world.resource::<Clock>().iteration;
        Self {
            look,
            served: port.serve(outline),
            clients: Vec::new(),
            log: Log::new(document, folder),
            network: network.entity,
            steerable,
            paused: false,
            waits: false,
            until: None,
            pace: Pace::new(Speed::Max, iteration),
            measured: Measured::new(iteration),
            told: Vec::new(),
            anew: true,
            touched: false,
        }
    }

    /// It rests from the beginning, until somebody who has come lets it run.
    pub const fn begin_paused(&mut self) {
        (self.paused, self.waits) = (self.steerable, self.steerable);
    }

    /// Between two stretches: does what was asked for and shows what is new. Returns how many iterations may be done until the next
    /// time, if not as many as there is time for; none while it rests.
    pub fn turn(&mut self, world: &mut World) -> Option<u64> {
        while let Ok(event) = self.served.inbox.try_recv() {
            self.hear(world, event);
        }
        let before = self.clients.len();
        self.clients.retain(|(client, _)| !client.is_gone());
        if self.clients.len() < before {
            self.want(world);
        }
        if self.waits && self.clients.is_empty() {
            return Some(0);
        }
        if self.clients.is_empty() {
            // Nobody is there who could let it go on.
            (self.paused, self.until, self.pace.speed) = (false, None, Speed::Max);
            // What nobody sees is not kept for those who come later.
            self.look.seen(world);
            return None;
        }
        if self.measured.since().elapsed() >= FRAME {
            self.show(world);
        }
        self.due(world.resource::<Clock>())
    }

    /// What was done to it.
    #[must_use]
    pub fn log(&self) -> &[Logged] {
        &self.log.done
    }

    /// The scene with what was done since this was asked for last, if anything was.
    pub fn touched(&mut self, world: &World) -> Option<Result<Document, LiveError>> {
        std::mem::take(&mut self.touched).then(|| self.log.scene(world.resource::<Clock>().dt))
    }

    fn due(&mut self, clock: &Clock) -> Option<u64> {
        let now = clock.iteration;
        if self.until.is_some_and(|until| now >= until) {
            (self.paused, self.until) = (true, None);
        }
        if self.paused {
            return Some(0);
        }
        let paced = self.pace.goal(clock.dt).map(|goal| goal.saturating_sub(now));
        let left = self.until.map(|until| until - now);
        [paced, left].into_iter().flatten().min()
    }

    fn hear(&mut self, world: &mut World, event: Event) {
        match event {
            Event::Joined(client) => {
                self.clients.push((client, Wanted::default()));
                self.waits = false;
                self.anew = true;
            }
            Event::Asked(client, Asked::Scene) => {
                let scene = self.log.scene(world.resource::<Clock>().dt);
                let scene = scene.map(|scene| (scene.name().to_owned(), scene.text().to_owned()));
                client.answer(scene.map_err(|error| error.to_string()));
            }
            Event::Asked(client, Asked::Command(Command::Want(mut wanted))) => {
                wanted.columns.truncate(MOST_WANTED);
                wanted.probes.truncate(MOST_WANTED);
                if let Some((_, own)) = self.clients.iter_mut().find(|(one, _)| Arc::ptr_eq(one, &client)) {
                    *own = wanted;
                }
                self.want(world);
            }
            Event::Asked(_, Asked::Command(command)) if self.steerable => self.obey(world, command),
            Event::Asked(_, Asked::Command(_)) => self.told.push("the run can only be looked at".into()),
        }
    }

    /// Looks at what all clients want to see.
    fn want(&mut self, world: &mut World) {
        let all = self.clients.iter().fold(Wanted::default(), |all, (_, wanted)| all.and(wanted));
        self.look.want(world, all);
    }

    fn obey(&mut self, world: &mut World, command: Command) {
        let now = world.resource::<Clock>().iteration;
        match command {
            Command::Pause => (self.paused, self.until) = (true, None),
            Command::Run => (self.paused, self.until) = (false, None),
            Command::Step(iterations) => {
                let from = self.until.unwrap_or(now);
                (self.paused, self.until) = (false, Some(from.saturating_add(iterations)));
            }
            Command::GoTo(iteration) if iteration >= now => (self.paused, self.until) = (false, Some(iteration)),
            Command::Speed(speed) => self.pace.speed = speed,
            Command::Note(text) => {
                self.log.note(&text);
                (self.anew, self.touched) = (true, true);
            }
            Command::Do(intervention) => match self.log.prepare(world, self.network, &intervention) {
                Ok(prepared) => {
                    self.log.carry_out(world, self.network, &prepared, &intervention);
                    (self.anew, self.touched) = (true, true);
                }
                Err(error) => self.told.push(error.to_string()),
            },
            _ => self.told.push("what a run has written down cannot be taken back".into()),
        }
        self.pace.restart(now);
    }

    fn show(&mut self, world: &mut World) {
        let speed = self.measured.look(world.resource::<Clock>().iteration);
        let anew = std::mem::take(&mut self.anew);
        let frame = Frame {
            speed,
            paused: self.paused,
            told: std::mem::take(&mut self.told),
            log: anew.then(|| self.log.done.clone()),
            ..self.look.frame(world, anew)
        };
        let Some(((last, _), others)) = self.clients.split_last() else { return };
        others.iter().for_each(|(client, _)| client.show(frame.clone()));
        last.show(frame);
    }
}

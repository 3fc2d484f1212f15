//! The course of an experiment on its thread: commands, a pace, frames.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant},
};

use super::{
    Command, Experiment, LiveError, Speed,
    frame::Frame,
    pace::{Measured, Pace},
};

/// Between two frames.
const FRAME: Duration = Duration::from_millis(16);

/// The longest that iterations take between two looks at commands.
const STRETCH: Duration = Duration::from_millis(4);

/// Between two states that are kept, at the least; and never more than a two-hundredth of the time goes into them.
const KEEP: Duration = Duration::from_secs(1);

pub(super) enum Message {
    Command(Command),
    /// The experiment is lent to somebody for a moment.
    Visit(Box<dyn FnOnce(&mut Experiment) + Send>),
}

/// The course of an experiment.
pub(super) struct Course {
    experiment: Experiment,
    shown: Arc<Mutex<Option<Frame>>>,
    pace: Pace,
    /// The iteration to run to, where there is one; it rests there.
    until: Option<u64>,
    paused: bool,
    /// Iterations that fit a stretch.
    stretch: u64,
    /// At the last frame.
    measured: Measured,
    kept: Instant,
    told: Vec<String>,
    leapt: bool,
    /// Whether more has changed than time.
    anew: bool,
    /// The network without what was done, if it is compared with.
    twin: Option<Experiment>,
}

impl Course {
    pub fn new(experiment: Experiment, speed: Speed, shown: Arc<Mutex<Option<Frame>>>) -> Self {
        let iteration = experiment.iteration();
        Self {
            experiment,
            shown,
            pace: Pace::new(speed, iteration),
            until: None,
            paused: true,
            stretch: 1,
            measured: Measured::new(iteration),
            kept: Instant::now(),
            told: Vec::new(),
            leapt: true,
            anew: true,
            twin: None,
        }
    }

    /// Until nobody sends commands any more.
    pub fn run(mut self, inbox: &Receiver<Message>) {
        self.show();
        loop {
            let due = if self.paused { 0 } else { self.due() };
            let message = match due {
                0 => match inbox.recv_timeout(self.rest()) {
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                    Ok(message) => Some(message),
                },
                _ => match inbox.try_recv() {
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => return,
                    Ok(message) => Some(message),
                },
            };
            match message {
                Some(message) => self.obey(message),
                None if due > 0 => self.advance(due),
                None => {}
            }
            if self.measured.since().elapsed() >= FRAME {
                self.show();
            }
        }
    }

    /// How long it may sleep where nothing is due.
    fn rest(&self) -> Duration {
        if self.paused { Duration::from_millis(50) } else { Duration::from_millis(1) }
    }

    /// Iterations that are due, as many as fit a stretch.
    fn due(&mut self) -> u64 {
        let now = self.experiment.iteration();
        let goal = self.pace.goal(self.experiment.dt());
        let owed = goal.map_or(self.stretch, |goal| goal.saturating_sub(now));
        if owed > self.stretch.saturating_mul(4) {
            // It cannot keep up, and does not try to make up for it.
            self.pace.restart(now);
        }
        let paced = owed.min(self.stretch);
        // What was asked for by its end is there as soon as it can be.
        self.until.map_or(paced, |until| self.stretch.min(until.saturating_sub(now)))
    }

    fn advance(&mut self, due: u64) {
        let began = Instant::now();
        let run = self.experiment.run(due).map(drop).and_then(|()| self.follow());
        if let Err(error) = run {
            self.told.push(error.to_string());
            (self.paused, self.until) = (true, None);
            return;
        }
        let took = began.elapsed().max(Duration::from_nanos(100));
        let fits = (due as f64 * STRETCH.as_secs_f64() / took.as_secs_f64()) as u64;
        self.stretch = fits.clamp(1, self.stretch.saturating_mul(2));
        if self.until.is_some_and(|until| self.experiment.iteration() >= until) {
            (self.paused, self.until) = (true, None);
        }
        if self.kept.elapsed() >= KEEP {
            let began = Instant::now();
            let kept = self.experiment.keep();
            self.tell(kept);
            self.kept = Instant::now() + began.elapsed() * 200;
        }
    }

    /// The twin comes along.
    fn follow(&mut self) -> Result<(), LiveError> {
        let now = self.experiment.iteration();
        self.twin.as_mut().map_or(Ok(()), |twin| twin.go_to(now))
    }

    /// After a leap in time: everything is to be seen anew.
    fn leap(&mut self, outcome: Result<(), LiveError>) {
        let followed = self.follow();
        self.tell(outcome.and(followed));
        (self.leapt, self.anew) = (true, true);
    }

    fn compare(&mut self, compares: bool) -> Result<(), LiveError> {
        self.twin = if compares { Some(self.experiment.twin()?) } else { None };
        Ok(())
    }

    fn tell(&mut self, outcome: Result<(), LiveError>) {
        self.told.extend(outcome.err().map(|error| error.to_string()));
    }

    fn obey(&mut self, message: Message) {
        match message {
            Message::Command(command) => self.do_it(command),
            Message::Visit(work) => work(&mut self.experiment),
        }
    }

    fn do_it(&mut self, command: Command) {
        match command {
            Command::Pause => (self.paused, self.until) = (true, None),
            Command::Run => (self.until, self.paused) = (None, false),
            Command::Step(iterations) => {
                let from = self.until.unwrap_or_else(|| self.experiment.iteration());
                (self.until, self.paused) = (Some(from.saturating_add(iterations)), iterations == 0);
            }
            Command::GoTo(iteration) if iteration < self.experiment.iteration() => {
                let there = self.experiment.go_to(iteration);
                self.leap(there);
                (self.paused, self.until) = (true, None);
            }
            Command::GoTo(iteration) => {
                let is_there = iteration == self.experiment.iteration();
                (self.until, self.paused) = (Some(iteration).filter(|_| !is_there), is_there);
            }
            Command::Speed(speed) => self.pace.speed = speed,
            Command::Want(wanted) => self.experiment.want(wanted),
            Command::Do(intervention) => {
                let done = self.experiment.intervene(&intervention);
                self.tell(done);
                self.anew = true;
            }
            Command::Undo => {
                let undone = self.experiment.undo();
                self.leap(undone);
            }
            Command::Note(text) => {
                self.experiment.note(&text);
                self.anew = true;
            }
            Command::Branch(place) => {
                let taken = self.experiment.take_branch(place);
                self.leap(taken);
                (self.paused, self.until) = (true, None);
            }
            Command::Compare(compares) => {
                let compared = self.compare(compares);
                self.tell(compared);
            }
        }
        self.pace.restart(self.experiment.iteration());
    }

    /// Shows what is new, unless somebody looks just then.
    fn show(&mut self) {
        let Ok(mut shown) = self.shown.try_lock() else { return };
        let iteration = self.experiment.iteration();
        let speed = self.measured.look(iteration);
        let anew = std::mem::take(&mut self.anew);
        let frame = Frame {
            leapt: std::mem::take(&mut self.leapt),
            speed,
            paused: self.paused,
            told: std::mem::take(&mut self.told),
            log: anew.then(|| self.experiment.log().to_vec()),
            branches: anew.then(|| self.experiment.branches().to_vec()),
            twin: self.twin.as_mut().map(|twin| twin.seen().1),
            ..self.experiment.frame(anew)
        };
        frame.join(&mut shown);
    }
}

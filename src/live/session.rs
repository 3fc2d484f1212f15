//! A network on a thread of its own: commands come in between two stretches of iterations, frames go out. It never waits for who
//! looks, and who looks never for it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{
    Experiment, Intervention, LiveError,
    frame::{Frame, Outline, Wanted},
};
use crate::text::Document;

/// Between two frames.
const FRAME: Duration = Duration::from_millis(16);

/// The longest that iterations take between two looks at commands.
const STRETCH: Duration = Duration::from_millis(4);

/// Between two states that are kept, at the least; and never more than a fiftieth of the time goes into them.
const KEEP: Duration = Duration::from_secs(1);

/// Time of the network for time of the wall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Speed {
    /// So many times as fast as life; 0.1 is a tenth.
    Times(f64),
    /// As fast as it goes.
    Max,
}

/// What is asked of a network that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Command {
    /// It rests.
    Pause,
    /// It runs.
    Run,
    /// It runs so many iterations, and rests.
    Step(u64),
    /// It runs to an iteration, before or after now, and rests.
    GoTo(u64),
    /// How fast it runs.
    Speed(Speed),
    /// What is to be seen.
    Want(Wanted),
    /// Something is done to it.
    Do(Intervention),
    /// What was done last is taken back, as if it had never been.
    Undo,
    /// Something is said about what was done last.
    Note(String),
}

/// A network on a thread of its own, which ends when this is dropped.
pub struct Live {
    outline: Outline,
    frame: Arc<Mutex<Option<Frame>>>,
    commands: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Command(Command),
    /// The scene is asked for.
    Scene(Sender<Result<Document, LiveError>>),
    /// The experiment is lent to somebody for a moment.
    Visit(Box<dyn FnOnce(&mut Experiment) + Send>),
}

impl Live {
    /// Builds an experiment on its thread, where it rests.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn start(
        make: impl FnOnce() -> Result<Experiment, LiveError> + Send + 'static,
        speed: Speed,
    ) -> Result<Self, LiveError> {
        let (commands, inbox) = channel();
        let (tell, told) = channel();
        let frame = Arc::new(Mutex::new(None));
        let shown = frame.clone();
        let run = move || match make() {
            Ok(experiment) => {
                let _ = tell.send(Ok(experiment.outline()));
                Course::new(experiment, speed, shown).run(&inbox);
            }
            Err(error) => _ = tell.send(Err(error)),
        };
        let thread = thread::Builder::new().name("cortecs-live".into()).spawn(run);
        let thread = thread.map_err(|error| LiveError::Failed(format!("no thread for the network: {error}")))?;
        let gone = || LiveError::Failed("the thread of the network has ended".into());
        let outline = told.recv().map_err(|_| gone())??;
        Ok(Self { outline, frame, commands: Some(commands), thread: Some(thread) })
    }

    /// What the network is.
    #[must_use]
    pub const fn outline(&self) -> &Outline {
        &self.outline
    }

    /// Asks something of it; whether it is there to hear it.
    pub fn send(&self, command: Command) -> bool {
        self.tell(Message::Command(command))
    }

    fn tell(&self, message: Message) -> bool {
        self.commands.as_ref().is_some_and(|commands| commands.send(message).is_ok())
    }

    /// What is new since the last time; nothing if nothing is.
    #[must_use]
    pub fn take(&self) -> Option<Frame> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The scene with everything that was done.
    #[must_use]
    pub fn scene(&self) -> Option<Result<Document, LiveError>> {
        let (ask, answer) = channel();
        self.tell(Message::Scene(ask));
        answer.recv().ok()
    }

    /// Does something with the experiment on its thread, between two stretches, and waits for what comes of it.
    pub fn visit<T: Send + 'static>(&self, work: impl FnOnce(&mut Experiment) -> T + Send + 'static) -> Option<T> {
        let (ask, answer) = channel();
        let work = move |experiment: &mut Experiment| _ = ask.send(work(experiment));
        self.tell(Message::Visit(Box::new(work)));
        answer.recv().ok()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was told there.
            let _ = thread.join();
        }
    }
}

/// The course of an experiment.
struct Course {
    experiment: Experiment,
    shown: Arc<Mutex<Option<Frame>>>,
    speed: Speed,
    /// The iteration to run to, where there is one; it rests there.
    until: Option<u64>,
    paused: bool,
    /// The iteration and the time that its pace counts from.
    paced: (u64, Instant),
    /// Iterations that fit a stretch.
    stretch: u64,
    /// When and with what iteration the last frame was shown; iterations for a second.
    framed: (Instant, u64, f64),
    kept: Instant,
    told: Vec<String>,
    leapt: bool,
    logged: bool,
    /// Frames since behaviours were shown last: scenes switch them, too.
    frames: u32,
}

impl Course {
    fn new(experiment: Experiment, speed: Speed, shown: Arc<Mutex<Option<Frame>>>) -> Self {
        let (now, iteration) = (Instant::now(), experiment.iteration());
        Self {
            experiment,
            shown,
            speed,
            until: None,
            paused: true,
            paced: (iteration, now),
            stretch: 1,
            framed: (now, iteration, 0.0),
            kept: now,
            told: Vec::new(),
            leapt: true,
            logged: true,
            frames: 0,
        }
    }

    /// Until nobody sends commands any more.
    fn run(mut self, inbox: &Receiver<Message>) {
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
            if self.framed.0.elapsed() >= FRAME {
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
        let paced = match self.speed {
            Speed::Max => self.stretch,
            Speed::Times(times) => {
                let owed = self.paced.1.elapsed().as_secs_f64() * 1e3 * times / self.experiment.dt();
                let owed = self.paced.0.saturating_add(owed as u64).saturating_sub(now);
                if owed > self.stretch.saturating_mul(4) {
                    // It cannot keep up, and does not try to make up for it.
                    self.pace();
                }
                owed.min(self.stretch)
            }
        };
        // What was asked for by its end is there as soon as it can be.
        self.until.map_or(paced, |until| self.stretch.min(until.saturating_sub(now)))
    }

    fn pace(&mut self) {
        self.paced = (self.experiment.iteration(), Instant::now());
    }

    fn advance(&mut self, due: u64) {
        let began = Instant::now();
        if let Err(error) = self.experiment.run(due) {
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
            self.kept = Instant::now() + began.elapsed() * 50;
        }
    }

    fn tell(&mut self, outcome: Result<(), LiveError>) {
        self.told.extend(outcome.err().map(|error| error.to_string()));
    }

    fn obey(&mut self, message: Message) {
        match message {
            Message::Command(command) => self.do_it(command),
            Message::Scene(ask) => _ = ask.send(self.experiment.scene()),
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
                self.tell(there);
                (self.paused, self.until, self.leapt, self.logged) = (true, None, true, true);
            }
            Command::GoTo(iteration) => {
                let is_there = iteration == self.experiment.iteration();
                (self.until, self.paused) = (Some(iteration).filter(|_| !is_there), is_there);
            }
            Command::Speed(speed) => self.speed = speed,
            Command::Want(wanted) => self.experiment.want(wanted),
            Command::Do(intervention) => {
                let done = self.experiment.intervene(&intervention);
                self.tell(done);
                self.logged = true;
            }
            Command::Undo => {
                let undone = self.experiment.undo();
                self.tell(undone);
                (self.leapt, self.logged) = (true, true);
            }
            Command::Note(text) => {
                self.experiment.note(&text);
                self.logged = true;
            }
        }
        self.pace();
    }

    /// Shows what is new, unless somebody looks just then.
    fn show(&mut self) {
        let Ok(mut shown) = self.shown.try_lock() else { return };
        let iteration = self.experiment.iteration();
        let (since, before, speed) = self.framed;
        let seconds = since.elapsed().as_secs_f64();
        // Over half a second or so, as frames are uneven.
        let own = iteration.saturating_sub(before) as f64 / seconds.max(1e-6);
        let speed = speed + (own - speed) * (2.0 * seconds).min(1.0);
        self.framed = (Instant::now(), iteration, speed);
        self.frames += 1;
        let shows = std::mem::take(&mut self.logged) || self.frames >= 30;
        if shows {
            self.frames = 0;
        }
        let (probes, seen) = self.experiment.seen();
        let frame = Frame {
            iteration,
            seen,
            probes,
            leapt: std::mem::take(&mut self.leapt),
            columns: self.experiment.columns(),
            speed,
            paused: self.paused,
            told: std::mem::take(&mut self.told),
            log: shows.then(|| self.experiment.log().to_vec()),
            behaviours: shows.then(|| self.experiment.behaviours()),
        };
        match &mut *shown {
            Some(before) => before.take_in(frame),
            None => *shown = Some(frame),
        }
    }
}

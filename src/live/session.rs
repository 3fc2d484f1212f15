//! A network on a thread of its own: commands come in between two stretches of iterations, frames go out. It never waits for who
//! looks, and who looks never for it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
};

use serde::{Deserialize, Serialize};

use super::{
    Experiment, Intervention, LiveError, Source,
    course::{Course, Message},
    frame::{Frame, Wanted},
    outline::Outline,
};
use crate::text::Document;

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
    /// Another future is lived, by its place among those that were left.
    Branch(usize),
    /// Whether the network is compared with itself without what was done.
    Compare(bool),
}

/// A network on a thread of its own, which ends when this is dropped.
pub struct Live {
    outline: Outline,
    frame: Arc<Mutex<Option<Frame>>>,
    commands: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
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
        self.visit(|experiment| experiment.scene())
    }

    /// Does something with the experiment on its thread, between two stretches, and waits for what comes of it.
    pub fn visit<T: Send + 'static>(&self, work: impl FnOnce(&mut Experiment) -> T + Send + 'static) -> Option<T> {
        let (ask, answer) = channel();
        let work = move |experiment: &mut Experiment| _ = ask.send(work(experiment));
        self.tell(Message::Visit(Box::new(work)));
        answer.recv().ok()
    }
}

impl Source for Live {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn take(&mut self) -> Option<Frame> {
        Self::take(self)
    }

    fn send(&mut self, command: Command) -> bool {
        Self::send(self, command)
    }

    fn scene(&mut self) -> Result<Document, LiveError> {
        Self::scene(self).unwrap_or_else(|| Err(LiveError::Failed("the thread of the network has ended".into())))
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

//! An experiment that goes on only when it is asked to, as a source of frames: for pictures, which show an iteration and no moment.

use super::{Command, Experiment, Frame, LiveError, Outline, Source};
use crate::text::Document;

/// An experiment without a pace.
pub struct Offhand {
    experiment: Experiment,
    outline: Outline,
    told: Vec<String>,
    leapt: bool,
    /// Whether there is something new.
    due: bool,
}

impl Offhand {
    /// As it stands.
    #[must_use]
    pub fn new(experiment: Experiment) -> Self {
        let outline = experiment.outline();
        Self { experiment, outline, told: Vec::new(), leapt: true, due: true }
    }

    fn obey(&mut self, command: Command) -> Result<(), LiveError> {
        let experiment = &mut self.experiment;
        match command {
            Command::Want(wanted) => experiment.want(wanted),
            Command::Step(iterations) => _ = experiment.run(iterations)?,
            Command::GoTo(iteration) => {
                self.leapt |= iteration < experiment.iteration();
                experiment.go_to(iteration)?;
            }
            Command::Do(intervention) => experiment.intervene(&intervention)?,
            Command::Note(text) => experiment.note(&text),
            Command::Undo => {
                self.leapt = true;
                experiment.undo()?;
            }
            Command::Branch(place) => {
                self.leapt = true;
                experiment.take_branch(place)?;
            }
            Command::Pause | Command::Run | Command::Speed(_) | Command::Compare(_) => {}
        }
        Ok(())
    }
}

impl Source for Offhand {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn take(&mut self) -> Option<Frame> {
        if !std::mem::take(&mut self.due) {
            return None;
        }
        Some(Frame {
            leapt: std::mem::take(&mut self.leapt),
            paused: true,
            told: std::mem::take(&mut self.told),
            log: Some(self.experiment.log().to_vec()),
            branches: Some(self.experiment.branches().to_vec()),
            ..self.experiment.frame(true)
        })
    }

    fn send(&mut self, command: Command) -> bool {
        let obeyed = self.obey(command);
        self.told.extend(obeyed.err().map(|error| error.to_string()));
        self.due = true;
        true
    }

    fn scene(&mut self) -> Result<Document, LiveError> {
        self.experiment.scene()
    }
}

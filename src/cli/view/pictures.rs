//! Pictures and films of a network without a window: an iteration is shown as it is at any other time, with equal bytes.

use std::path::Path;

use bevy_app::App;

use super::{
    super::{CliError, say},
    ViewArguments, What,
};
use crate::{
    live::{Command, Experiment, Offhand, Recorded, Source, Speed},
    scene::Scene,
    view::{Caption, Panels, Picture, Seen, Still, write_png},
};

/// Iterations between two looks at what was seen, which is bounded.
const LOOK: u64 = 10_000;

pub(super) fn draw(
    app: &App,
    arguments: &ViewArguments,
    what: What,
    register: impl Fn(&mut App) + 'static,
) -> Result<(), CliError> {
    let (source, last): (Box<dyn Source>, u64) = match what {
        What::Scene(document, folder, at) => {
            let scene = Scene::from_document_with(app.world(), document.clone(), &[] as &[&str])?;
            let last = at.unwrap_or(scene.iterations);
            (Box::new(Offhand::new(Experiment::new(document, folder, register)?)), last)
        }
        What::Folder(path) => {
            let mut recorded = Recorded::open(&path, Speed::Max)?;
            recorded.send(Command::GoTo(u64::MAX));
            let last = recorded.take().map_or(0, |frame| frame.furthest);
            (Box::new(recorded), last)
        }
        What::Port(address) => {
            return Err(CliError::View(format!("pictures are made of scenes and run folders, not of `{address}`")));
        }
    };
    let at = arguments.at.unwrap_or(last);
    if at > last && source.outline().recorded {
        return Err(CliError::View(format!("`--at {at}`: what was recorded ends before iteration {last}")));
    }
    let mut film = Film::new(arguments, source)?;
    if let Some(folder) = &arguments.frames {
        film.frames(folder, arguments.every, at)?;
    }
    match &arguments.picture {
        Some(path) => film.picture(path, at),
        None => Ok(()),
    }
}

/// A source whose pictures are drawn one after another.
struct Film {
    source: Box<dyn Source>,
    seen: Seen,
    still: Still,
    scene: Option<(String, String)>,
}

impl Film {
    fn new(arguments: &ViewArguments, mut source: Box<dyn Source>) -> Result<Self, CliError> {
        let seen = Seen::of(source.outline().clone());
        let mut panels = Panels::new(Speed::Max);
        arguments.set_up(&mut panels, &seen.outline)?;
        let scene = source.scene().ok().map(|scene| (scene.name().to_owned(), scene.text().to_owned()));
        Ok(Self { seen, still: Still::new(arguments.size, panels), scene, source })
    }

    /// Goes to an iteration, and says what is to be seen there before it comes.
    fn go_to(&mut self, at: u64) -> Result<(), CliError> {
        let before = (1024.0 / self.seen.outline.dt.max(1e-9)).ceil() as u64;
        self.advance(at.saturating_sub(before))?;
        let caption = Caption::of(&self.seen, None);
        let mut asked = Vec::new();
        self.still.draw(&self.seen, &caption, &mut asked);
        asked.into_iter().for_each(|command| _ = self.source.send(command));
        self.advance(at)
    }

    fn advance(&mut self, to: u64) -> Result<(), CliError> {
        loop {
            let next = if self.source.outline().recorded { to } else { to.min(self.seen.iteration + LOOK) };
            self.source.send(Command::GoTo(next));
            if let Some(frame) = self.source.take() {
                self.seen.take_in(frame);
            }
            if let Some(told) = self.seen.told.pop_back() {
                return Err(CliError::View(told));
            }
            if self.seen.iteration >= to {
                return Ok(());
            }
        }
    }

    fn picture(&mut self, path: &Path, at: u64) -> Result<(), CliError> {
        if self.seen.iteration != at || at == 0 {
            self.go_to(at)?;
        }
        let caption = Caption::of(&self.seen, self.scene.as_ref().map(|(_, text)| &**text));
        let image = self.still.draw(&self.seen, &caption, &mut Vec::new());
        let picture = Picture { image, scene: self.scene.clone(), iteration: at };
        write_png(path, &picture).map_err(|source| CliError::Write { path: path.to_owned(), source })
    }

    fn frames(&mut self, folder: &Path, every: u64, last: u64) -> Result<(), CliError> {
        std::fs::create_dir_all(folder).map_err(|source| CliError::Write { path: folder.to_owned(), source })?;
        let first = self.seen.outline.first;
        self.go_to(first)?;
        let mut number = 0;
        for at in (first..=last).step_by(every as usize) {
            self.advance(at)?;
            self.picture(&folder.join(format!("{number:06}.png")), at)?;
            number += 1;
        }
        say(&format!("{number} frames in `{}`", folder.display()));
        Ok(())
    }
}

//! The last step of the road: the files of a finished run become pictures. Nothing here knows of the simulation.
//!
//! `reduce` makes picture-sized summaries of files of any length; `raster`, `statistics`, `histogram`, `weights`, `profile` and
//! `variable` compose figures; `canvas`, `axis`, `panel`, `steps`, `heat` and `scale` draw.
//!
//! Drawing is kuva 0.6 at the level of its primitives: one list gives SVG and PNG, with a font of its own, so that a
//! picture looks the same on a server without fonts. Its ready-made line and scatter plots were left aside: marks cannot
//! be merged there (10⁷ spikes are 10⁷ circles), and stacked panels cannot share a column of names. plotters 0.3 has no
//! font: text in a PNG needs one of the system, or a font file to be carried along.

#![forbid(unsafe_code)]

mod axis;
mod canvas;
mod error;
mod heat;
mod histogram;
mod panel;
mod profile;
mod raster;
mod reduce;
mod run;
mod scale;
mod spikes;
mod statistics;
mod steps;
mod variable;
mod weights;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bevy_app::App;
use bevy_ecs::prelude::*;

pub use axis::Axis;
pub use canvas::{Align, Canvas, Colour, Mark};
pub use error::{Fault, PlotError, Undrawn};
pub use panel::Panel;
pub use run::Run;

/// What is drawn of a run: a function that looks for what it can draw, and saves its pictures.
///
/// ```
/// use cortecs::plot::{Align, Canvas, Colour, Pictures, PlotError, Run, draw_with};
///
/// /// How large the groups are, in words.
/// fn sizes(run: &Run, pictures: &mut Pictures) -> Result<(), PlotError> {
///     let mut canvas = Canvas::new(20.0 * (1.0 + run.groups.len() as f64));
///     for (k, group) in run.groups.iter().enumerate() {
///         let text = format!("{}: {} neurons", group.plan.name, group.plan.size);
///         let colour = run.colour(&group.plan.name);
///         canvas.text((20.0, 20.0 * (1.0 + k as f64)), &text, 12, Align::Left, colour);
///     }
///     pictures.save(&canvas, "sizes")
/// }
///
/// let folder = tempfile::tempdir()?;
/// let report = r#"{"dt": 1, "iterations": 9, "groups": [{"name": "cells", "size": 7}],
///     "recordings": [{"file": "cells.mine.npy", "kind": "mine", "group": "cells"}]}"#;
/// std::fs::write(folder.path().join("report.json"), report)?;
/// let Err(PlotError::Undrawn { drawn, undrawn }) = draw_with(folder.path(), &[sizes]) else { panic!() };
/// // The picture is there, and it is said that nobody drew the recording.
/// assert_eq!((drawn.len(), undrawn[0].file.as_str()), (2, "cells.mine.npy"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Plot = fn(&Run, &mut Pictures) -> Result<(), PlotError>;

/// The pictures of every run, in the order in which they are drawn.
const PLOTS: [Plot; 6] =
    [raster::draw, statistics::draw, histogram::draw, weights::draw, profile::draw, variable::draw];

/// Draws the run folder `run`: reads `report.json` and the recordings that it lists, writes each picture as `.png` and
/// `.svg` beside them, and returns the pictures' paths.
///
/// The pictures are `raster` (spikes of all groups, the first at the top, and a panel for the population rate of each; of
/// the window and the neurons that the report names under `plotting`, or of all), `statistics` (what those spikes say, from
/// 10 % of the recording on, 500 ms at most), one per recorded variable, named after it, `rate` for recorded rates, and
/// `v-histogram` for recorded histograms of a variable `v`, `GROUP-weights` for the first and the last snapshot of the weights
/// of a synapse group, `GROUP-fields` for its receptive fields where its sources are a sheet of neurons, and `profiles` of what
/// the report asks for under `plotting`. A recording that profiles are drawn over has no picture of its own. A variable of more
/// than 24 panels continues in `v-2`, `v-3`,
/// and so on, the statistics of more than 8 groups in `statistics-2`. Memory is bounded by the size of the
/// pictures and one stretch of rows, whatever the length of the run.
///
/// # Errors
/// [`PlotError::Undrawn`] if some recordings could not be drawn: all others are drawn first, and their paths are in it.
/// The rest of [`PlotError`] if there was nothing to begin with or a picture could not be written.
pub fn draw(run: &Path) -> Result<Vec<PathBuf>, PlotError> {
    draw_with(run, &[])
}

/// The same, and then what other crates draw.
///
/// # Errors
/// As for [`draw`].
pub fn draw_with(run: &Path, others: &[Plot]) -> Result<Vec<PathBuf>, PlotError> {
    let run = Run::read(run)?;
    let mut pictures = Pictures { folder: run.folder.clone(), ..Pictures::default() };
    for plot in PLOTS.iter().chain(others) {
        plot(&run, &mut pictures)?;
    }
    for recording in run.of_no_known_kind().filter(|recording| !pictures.taken.contains(&recording.file)) {
        let kind = recording.kind.clone();
        pictures.undrawn.push(Undrawn { file: recording.file.clone(), fault: Fault::Kind { kind } });
    }
    match (pictures.drawn, pictures.undrawn) {
        (drawn, undrawn) if undrawn.is_empty() => Ok(drawn),
        (drawn, undrawn) => Err(PlotError::Undrawn { drawn, undrawn }),
    }
}

/// What other crates draw of runs, beside the pictures that every run has.
#[derive(Resource, Clone, Default)]
pub struct Plots(pub Vec<Plot>);

/// Adds plots to an app.
pub trait RegisterPlot {
    /// Lets the command line draw a plot of every run.
    fn register_plot(&mut self, plot: Plot) -> &mut Self;
}

impl RegisterPlot for App {
    fn register_plot(&mut self, plot: Plot) -> &mut Self {
        self.world_mut().get_resource_or_init::<Plots>().0.push(plot);
        self
    }
}

/// The pictures of a run while it is being drawn.
#[derive(Debug, Default)]
pub struct Pictures {
    folder: PathBuf,
    stems: BTreeSet<String>,
    drawn: Vec<PathBuf>,
    undrawn: Vec<Undrawn>,
    /// Files of which somebody has drawn what there is to see.
    taken: BTreeSet<String>,
}

impl Pictures {
    fn is_left_out(&self, file: &str) -> bool {
        self.undrawn.iter().any(|undrawn| undrawn.file == file)
    }

    /// Notes that a recording of a kind that is not of this crate has a picture now.
    pub fn take(&mut self, file: &str) {
        self.taken.insert(file.to_owned());
    }

    /// Notes that a recording cannot be drawn, and why; the others go on.
    pub fn leave_out(&mut self, file: &str, fault: Fault) {
        let file = file.to_owned();
        self.take(&file);
        self.undrawn.push(Undrawn { file, fault });
    }

    /// Writes a picture as `.png` and `.svg`, under a name that is made a file name and is told from others by a number.
    ///
    /// # Errors
    /// The picture could not be encoded or written.
    pub fn save(&mut self, canvas: &Canvas, name: &str) -> Result<(), PlotError> {
        let stem = self.stem(name);
        self.drawn.extend(canvas.save(&self.folder, &stem)?);
        self.stems.insert(stem);
        Ok(())
    }

    /// A file name for the picture of `name`, different from those given out before.
    fn stem(&self, name: &str) -> String {
        let stem = stem_of(name);
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        std::iter::once(stem.clone()).chain(numbered).find(|candidate| !self.stems.contains(candidate)).unwrap_or(stem)
    }
}

/// A name, which may be an expression, as a file name. Of a long one the last word stays, which is what the picture shows:
/// `…-weights`.
fn stem_of(name: &str) -> String {
    const MOST: usize = 60;
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let (start, end) = match name.rfind('-') {
        Some(at) if name.chars().count() > MOST && name[at..].chars().count() < MOST / 2 => name.split_at(at),
        _ => (name, ""),
    };
    let short: String = start.chars().take(MOST - end.chars().count()).chain(end.chars()).collect();
    short.replace(|c| !plain(c), "_")
}

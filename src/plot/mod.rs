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
mod manifest;
mod panel;
mod profile;
mod raster;
mod reduce;
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

pub use error::{Fault, PlotError, Undrawn};
use manifest::Manifest;

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
    let manifest = Manifest::read(run)?;
    let mut folder = Folder { run, stems: BTreeSet::new(), drawn: Vec::new(), undrawn: Vec::new() };
    raster::draw(&manifest, &mut folder)?;
    statistics::draw(&manifest, &mut folder)?;
    histogram::draw(&manifest, &mut folder)?;
    weights::draw(&manifest, &mut folder)?;
    profile::draw(&manifest, &mut folder)?;
    variable::draw(&manifest, &mut folder)?;
    for recording in manifest.of_no_known_kind() {
        let kind = recording.kind.clone();
        folder.leave_out(&recording.file, Fault::Kind { kind });
    }
    match (folder.drawn, folder.undrawn) {
        (drawn, undrawn) if undrawn.is_empty() => Ok(drawn),
        (drawn, undrawn) => Err(PlotError::Undrawn { drawn, undrawn }),
    }
}

/// The run folder while it is being drawn.
struct Folder<'a> {
    run: &'a Path,
    stems: BTreeSet<String>,
    drawn: Vec<PathBuf>,
    undrawn: Vec<Undrawn>,
}

impl Folder<'_> {
    fn is_left_out(&self, file: &str) -> bool {
        self.undrawn.iter().any(|undrawn| undrawn.file == file)
    }

    fn leave_out(&mut self, file: &str, fault: Fault) {
        let file = file.to_owned();
        self.undrawn.push(Undrawn { file, fault });
    }

    fn save(&mut self, canvas: &canvas::Canvas, name: &str) -> Result<(), PlotError> {
        let stem = self.stem(name);
        self.drawn.extend(canvas.save(self.run, &stem)?);
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

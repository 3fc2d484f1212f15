//! A picture per recorded variable: a panel per group with single neurons, the mean, and the 5–95 % band; or the rate.
//!
//! `content` reads and reduces one recording, `page` draws.

mod content;
mod page;

use super::run::Run;
use super::{Pictures, PlotError};
use content::Content;

/// Most panels of one picture.
const PAGE: usize = 24;

/// Draws every variable's picture or pictures.
pub(super) fn draw(run: &Run, pictures: &mut Pictures) -> Result<(), PlotError> {
    for (variable, recordings) in run.variables() {
        for page in recordings.chunks(PAGE) {
            let mut contents = Vec::new();
            for &recording in page {
                match Content::read(run, recording) {
                    Ok(content) => contents.push(content),
                    Err(fault) => pictures.leave_out(&recording.file, fault),
                }
            }
            if !contents.is_empty() {
                let name = if variable.is_empty() { "variable" } else { variable };
                pictures.save(&page::paint(run, &contents), name)?;
            }
        }
    }
    Ok(())
}

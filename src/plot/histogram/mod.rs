//! A picture per variable of which histograms were recorded: a panel per group, and beside it all
//! histograms one after another.
//!
//! `content` adds up the rows of one recording, `page` draws.

mod content;
mod page;

use super::run::Run;
use super::{Pictures, PlotError};
use content::Content;

/// Most panels of one picture.
const PAGE: usize = 24;

/// Draws every variable's picture or pictures.
pub(super) fn draw(run: &Run, pictures: &mut Pictures) -> Result<(), PlotError> {
    for (variable, recordings) in run.histograms() {
        for page in recordings.chunks(PAGE) {
            let mut contents = Vec::new();
            for &recording in page {
                match Content::read(run, recording) {
                    Ok(content) => contents.push(content),
                    Err(fault) => pictures.leave_out(&recording.file, fault),
                }
            }
            if !contents.is_empty() {
                pictures.save(&page::paint(run, &contents), &format!("{variable}-histogram"))?;
            }
        }
    }
    Ok(())
}

//! Pictures of a synapse group of which snapshots were recorded: its matrix at first and at last, and the receptive fields
//! of its targets where its sources are a sheet of neurons.
//!
//! `content` walks over the synapses of a snapshot, `matrix` and `fields` add them up and draw.

mod content;
mod fields;
mod matrix;

use super::run::Run;
use super::{Pictures, PlotError};
use content::Content;

/// Draws every group's pictures.
pub(super) fn draw(run: &Run, pictures: &mut Pictures) -> Result<(), PlotError> {
    for recording in run.snapshots() {
        let pages = Content::new(run, recording).and_then(|content| {
            let fields = fields::Fields::read(run, &content)?;
            Ok((matrix::Matrix::read(&content)?.paint(run), fields.map(|fields| fields.paint(run))))
        });
        match pages {
            Ok((matrix, fields)) => {
                pictures.save(&matrix, &format!("{}-weights", recording.group))?;
                if let Some(fields) = fields {
                    pictures.save(&fields, &format!("{}-fields", recording.group))?;
                }
            }
            Err(fault) => pictures.leave_out(&recording.file, fault),
        }
    }
    Ok(())
}

//! Pictures of a synapse group of which snapshots were recorded: its matrix at first and at last, and the receptive fields
//! of its targets where its sources are a sheet of neurons.
//!
//! `content` walks over the synapses of a snapshot, `matrix` and `fields` add them up and draw.

mod content;
mod fields;
mod matrix;

use super::manifest::Manifest;
use super::{Folder, PlotError};
use content::Content;

/// Draws every group's pictures.
pub(super) fn draw(manifest: &Manifest, folder: &mut Folder) -> Result<(), PlotError> {
    for recording in manifest.snapshots() {
        let pages = Content::new(manifest, folder.run, recording).and_then(|content| {
            let fields = fields::Fields::read(manifest, &content)?;
            Ok((matrix::Matrix::read(&content)?.paint(manifest), fields.map(|fields| fields.paint(manifest))))
        });
        match pages {
            Ok((matrix, fields)) => {
                folder.save(&matrix, &format!("{}-weights", recording.group))?;
                if let Some(fields) = fields {
                    folder.save(&fields, &format!("{}-fields", recording.group))?;
                }
            }
            Err(fault) => folder.leave_out(&recording.file, fault),
        }
    }
    Ok(())
}

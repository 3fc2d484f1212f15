//! What the recorded responses of a run say of the classes of its stimuli, read back from its files.

use std::path::Path;

use serde::Serialize;

use super::report::FileReport;
use crate::{
    npy::{NpyError, load},
    record::Responses,
    statistics::{Assignment, Score},
};

/// How well the class of a stimulus can be told from the responses of a group.
#[derive(Clone, Debug, Serialize)]
pub struct Classification {
    /// The recording of responses, by its name in the run folder.
    pub file: String,
    /// The group that responds.
    pub group: String,
    /// The block of presentations whose responses gave each neuron its class.
    pub assigned_by: String,
    /// The block of presentations whose classes were predicted.
    pub tested_by: String,
    /// How often predictions are right.
    #[serde(flatten)]
    pub score: Score,
}

/// Classes cannot be predicted.
#[derive(Debug, thiserror::Error)]
pub enum ClassificationError {
    /// A file cannot be read.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// The run ended too early.
    #[error("{file}: no presentation of the block `{block}` was recorded to its end")]
    Missing {
        /// The recording of responses.
        file: String,
        /// The block.
        block: String,
    },
    /// The files of a run do not belong together.
    #[error("{file}: the recording says nothing of its presentations")]
    Alone {
        /// The recording of responses.
        file: String,
    },
}

/// The classifications that a run's recorders ask for, in the order of its recordings. Second, why some are missing.
#[must_use]
pub fn classifications(folder: &Path, recordings: &[FileReport]) -> (Vec<Classification>, Vec<ClassificationError>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for file in recordings.iter().filter(|file| file.kind == "responses") {
        let Some(responses) = &file.responses else { continue };
        let (Some(assign), Some(test)) = (responses.assign, responses.test) else { continue };
        match classify(folder, file, (responses, assign, test), recordings) {
            Ok(classification) => found.push(classification),
            Err(error) => missing.push(error),
        }
    }
    (found, missing)
}

/// The columns of a recording of presentations.
const BLOCK: usize = 1;
const CLASS: usize = 3;

fn classify(
    folder: &Path,
    file: &FileReport,
    (responses, assign, test): (&Responses, u32, u32),
    recordings: &[FileReport],
) -> Result<Classification, ClassificationError> {
    let is_own = |other: &&FileReport| other.kind == "presentations" && other.group == responses.to;
    let alone = || ClassificationError::Alone { file: file.file.clone() };
    let presentations = load(&folder.join(&recordings.iter().find(is_own).ok_or_else(alone)?.file))?;
    let counts = load(&folder.join(&file.file))?;
    let &[rows, neurons] = &counts.shape[..] else { return Err(alone()) };
    if neurons == 0 || presentations.shape != [rows, 4] {
        return Err(alone());
    }
    let spikes: Vec<u32> = counts.data.iter().map(|&count| count as u32).collect();
    let of_block = |block: u32| {
        let rows = presentations.data.chunks_exact(4).zip(spikes.chunks_exact(neurons));
        rows.filter(move |(row, _)| row[BLOCK] == f64::from(block)).map(|(row, counts)| (row[CLASS] as u32, counts))
    };
    let name = |block: u32| responses.blocks.get(block as usize).cloned().unwrap_or_default();
    if let Some(missing) = [assign, test].into_iter().find(|&block| of_block(block).next().is_none()) {
        return Err(ClassificationError::Missing { file: file.file.clone(), block: name(missing) });
    }
    let score = Assignment::of(neurons, of_block(assign)).score(of_block(test));
    let (file, group) = (file.file.clone(), file.group.clone());
    Ok(Classification { file, group, assigned_by: name(assign), tested_by: name(test), score })
}

//! What the recorded responses of a run say of the classes of its stimuli, read back from its files.

use std::path::Path;

use serde::Serialize;

use super::listing::FileReport;
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
#[non_exhaustive]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::{Dtype, Writer};

    fn file(folder: &Path, [kind, group]: [&str; 2], columns: usize, rows: &[u32]) -> FileReport {
        let file = format!("{group}.{kind}.npy");
        let mut writer = Writer::create(&folder.join(&file), Dtype::U32, &[columns]).unwrap();
        writer.append(bytemuck::cast_slice(rows)).unwrap();
        writer.flush().unwrap();
        let blocks = ["learning", "labelling", "test"].map(str::to_owned).to_vec();
        FileReport {
            file,
            kind: kind.into(),
            group: group.into(),
            variable: kind.into(),
            unit: String::new(),
            description: String::new(),
            dtype: "<u4".into(),
            row_shape: vec![columns],
            rows: (rows.len() / columns) as u64,
            first: 0,
            every: Some(1),
            synapses: None,
            snapshots: None,
            until: None,
            neurons: None,
            range: None,
            responses: Some(Responses { to: "images".into(), blocks, assign: Some(1), test: Some(2) }),
        }
    }

    /// Presentations of the classes 4 and 6 in three blocks, of which the first must not count.
    const PRESENTATIONS: [[u32; 4]; 6] =
        [[0, 0, 0, 4], [9, 1, 0, 4], [18, 1, 1, 6], [27, 2, 2, 6], [36, 2, 3, 4], [45, 2, 4, 4]];
    const RESPONSES: [[u32; 2]; 6] = [[0, 99], [3, 1], [0, 2], [1, 2], [5, 0], [0, 1]];

    #[test]
    fn one_block_assigns_and_another_is_tested() {
        let folder = tempfile::tempdir().unwrap();
        let shown = file(folder.path(), ["presentations", "images"], 4, PRESENTATIONS.as_flattened());
        let responses = file(folder.path(), ["responses", "cells"], 2, RESPONSES.as_flattened());
        let (found, missing) = classifications(folder.path(), &[responses, shown]);
        assert!(missing.is_empty(), "{missing:?}");
        let [Classification { group, assigned_by, tested_by, score, .. }] = &found[..] else { panic!("{found:?}") };
        assert_eq!((&group[..], &assigned_by[..], &tested_by[..]), ("cells", "labelling", "test"));
        // Neuron 0 is for class 4, neuron 1 for class 6; the last presentation is told wrong.
        assert_eq!((score.assigned, score.tested, score.right), (2, 3, 2));
        assert_eq!(score.confusion, [[1, 1, 0], [0, 1, 0]]);
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let shown = file(folder.path(), ["presentations", "images"], 4, PRESENTATIONS[..3].as_flattened());
        let responses = file(folder.path(), ["responses", "cells"], 2, RESPONSES[..3].as_flattened());
        let told = |recordings: &[FileReport]| {
            let (found, missing) = classifications(folder.path(), recordings);
            assert!(found.is_empty());
            missing.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let late = "cells.responses.npy: no presentation of the block `test` was recorded to its end";
        assert_eq!(told(&[responses.clone(), shown]), [late]);
        assert_eq!(told(&[responses]), ["cells.responses.npy: the recording says nothing of its presentations"]);
    }
}

//! The statistics of a run's spikes, read back from its files in one pass each.

use std::path::Path;

use serde::Serialize;

use super::listing::{FileReport, GroupReport};
use crate::{
    npy::{NpyError, Reader},
    statistics::{SpikeError, SpikeStatistics, Stretch, Summary},
};

/// Spikes read in one go.
const CHUNK: usize = 1 << 14;

/// The statistics of a recording of spikes, without its initial transient: the first 10 %, 500 ms at most.
#[derive(Clone, Debug, Serialize)]
pub struct GroupStatistics {
    /// The recording, by its name in the run folder.
    pub file: String,
    /// The group.
    pub group: String,
    /// What its spikes say.
    #[serde(flatten)]
    pub summary: Summary,
}

/// Spikes cannot be summed up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// Their file cannot be read.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// A row of the file is no spike of the group, or there are too many neurons.
    #[error("{file}: {source}")]
    Spike {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: SpikeError,
    },
}

/// The statistics of all recordings of spikes in a run folder, in the order of the groups; of a run of `iterations` of `dt`
/// ms. Second, why some are missing.
#[must_use]
pub fn spike_statistics(
    folder: &Path,
    groups: &[GroupReport],
    recordings: &[FileReport],
    (iterations, dt): (u64, f64),
) -> (Vec<GroupStatistics>, Vec<StatisticsError>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for group in groups {
        let is_own = |file: &&FileReport| file.kind == "spikes" && file.group == group.plan.name;
        for file in recordings.iter().filter(is_own) {
            let end = file.until.map_or(iterations, |until| until.min(iterations));
            let stretch = Stretch { first: file.first, end, dt }.after_transient();
            match summary(folder, file, group.plan.size, stretch) {
                Ok(summary) => {
                    found.push(GroupStatistics { file: file.file.clone(), group: file.group.clone(), summary });
                }
                Err(error) => missing.push(error),
            }
        }
    }
    (found, missing)
}

fn summary(folder: &Path, file: &FileReport, size: usize, stretch: Stretch) -> Result<Summary, StatisticsError> {
    let mut reader = Reader::open(&folder.join(&file.file))?;
    let wrong = |source| StatisticsError::Spike { file: file.file.clone(), source };
    let mut statistics = SpikeStatistics::new(size, file.members().as_deref(), stretch).map_err(wrong)?;
    let mut rows = Vec::new();
    while reader.read_rows(CHUNK, &mut rows)? > 0 {
        statistics.push_rows(&rows).map_err(wrong)?;
    }
    Ok(statistics.finish().summary)
}

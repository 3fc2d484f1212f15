//! Recordings of spikes as files: checked against the report, to be read by those who draw them.

use super::Fault;
use super::run::{Recording, Run};
use crate::npy::Reader;

/// Spikes read in one go.
pub(super) const CHUNK: usize = 1 << 14;

/// The neurons of the recording's group, and its file.
pub(super) fn open(run: &Run, recording: &Recording) -> Result<(u64, Reader), Fault> {
    let neurons = run.size(&recording.group).ok_or_else(|| Fault::Group { group: recording.group.clone() })?;
    let reader = Reader::open(&run.path(&recording.file))?;
    if reader.shape().len() != 2 || reader.row_len() != 2 {
        return Err(Fault::Shape { found: reader.shape().to_vec(), columns: 2 });
    }
    Ok((neurons, reader))
}

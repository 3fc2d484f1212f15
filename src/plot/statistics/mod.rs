//! The statistics of the recorded spikes: a table, and four panels of each group.

mod curves;
mod page;

use super::run::{Recording, Run};
use super::spikes::{CHUNK, open};
use super::{Fault, Pictures, PlotError};
use crate::statistics::{Findings, SpikeStatistics, Stretch};
use curves::Portrait;

/// Most groups of one picture.
const PAGE: usize = 8;

/// Draws `statistics`, unless no spikes were recorded after the transient.
pub(super) fn draw(run: &Run, pictures: &mut Pictures) -> Result<(), PlotError> {
    let mut portraits = Vec::new();
    for recording in run.spikes() {
        // What the raster could not read is known already.
        if pictures.is_left_out(&recording.file) {
            continue;
        }
        match read(run, recording) {
            Ok(findings) => portraits.push(Portrait { recording, findings }),
            Err(fault) => pictures.leave_out(&recording.file, fault),
        }
    }
    let fired = |page: &&[Portrait]| page.iter().any(|one| one.findings.summary.spikes > 0);
    for page in portraits.chunks(PAGE).filter(fired) {
        pictures.save(&page::paint(run, page), "statistics")?;
    }
    Ok(())
}

fn read(run: &Run, recording: &Recording) -> Result<Findings, Fault> {
    let (size, mut reader) = open(run, recording)?;
    // Spikes are recorded with iterations of 32 bits, whatever a report says.
    let end = recording.until.unwrap_or(u64::MAX).min(run.iterations).min(1 << 32);
    let stretch = Stretch { first: recording.first, end, dt: run.dt }.after_transient();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let mut statistics = SpikeStatistics::new(size, recording.members().as_deref(), stretch)?;
    let mut rows = Vec::new();
    while reader.read_rows(CHUNK, &mut rows)? > 0 {
        statistics.push_rows(&rows)?;
    }
    Ok(statistics.finish())
}

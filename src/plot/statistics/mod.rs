//! The statistics of the recorded spikes: a table, and four panels of each group.

mod curves;
mod page;

use super::manifest::{Manifest, Recording};
use super::spikes::{CHUNK, open};
use super::{Fault, Folder, PlotError};
use crate::statistics::{Findings, SpikeStatistics, Stretch};
use curves::Portrait;

/// Most groups of one picture.
const PAGE: usize = 8;

/// Draws `statistics`, unless no spikes were recorded after the transient.
pub(super) fn draw(manifest: &Manifest, folder: &mut Folder) -> Result<(), PlotError> {
    let mut portraits = Vec::new();
    for recording in manifest.spikes() {
        // What the raster could not read is known already.
        if folder.is_left_out(&recording.file) {
            continue;
        }
        match read(manifest, folder, recording) {
            Ok(findings) => portraits.push(Portrait { recording, findings }),
            Err(fault) => folder.leave_out(&recording.file, fault),
        }
    }
    let fired = |page: &&[Portrait]| page.iter().any(|one| one.findings.summary.spikes > 0);
    for page in portraits.chunks(PAGE).filter(fired) {
        folder.save(&page::paint(manifest, page), "statistics")?;
    }
    Ok(())
}

fn read(manifest: &Manifest, folder: &Folder, recording: &Recording) -> Result<Findings, Fault> {
    let (size, mut reader) = open(manifest, folder, recording)?;
    // Spikes are recorded with iterations of 32 bits, whatever a report says.
    let end = recording.until.unwrap_or(u64::MAX).min(manifest.iterations).min(1 << 32);
    let stretch = Stretch { first: recording.first, end, dt: manifest.dt }.after_transient();
    let neurons = recording.neurons.as_deref();
    // No group has more neurons: their numbers have 32 bits.
    let listed: Option<Vec<u32>> =
        neurons.map(|list| list.iter().filter_map(|&neuron| u32::try_from(neuron).ok()).collect());
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let mut statistics = SpikeStatistics::new(size, listed.as_deref(), stretch)?;
    let mut rows = Vec::new();
    while reader.read_rows(CHUNK, &mut rows)? > 0 {
        statistics.push_rows(&rows)?;
    }
    Ok(statistics.finish())
}

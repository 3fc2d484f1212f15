//! Snapshots of the weights of a synapse group, to be walked over synapse by synapse.

use crate::assemble::SynapsePlan;
use crate::npy::Reader;
use crate::output::SnapshotReport;
use crate::plot::Fault;
use crate::plot::run::{Recording, Run};

/// Synapses read in one go: 8 MiB of numbers.
const CHUNK: usize = 1 << 18;

/// The snapshots of a synapse group.
pub(super) struct Content<'a> {
    pub(super) recording: &'a Recording,
    /// The groups that it joins, and how many neurons they have.
    pub(super) ends: &'a SynapsePlan,
    pub(super) sizes: [usize; 2],
    pub(super) snapshots: &'a [SnapshotReport],
    run: &'a Run,
    list: &'a str,
}

impl<'a> Content<'a> {
    pub(super) fn new(run: &'a Run, recording: &'a Recording) -> Result<Self, Fault> {
        let unlisted = |group: &str| Fault::Group { group: group.to_owned() };
        let ends = run.synapses(&recording.group).ok_or_else(|| unlisted(&recording.group))?;
        let size = |group: &str| run.size(group).map(|size| size as usize).ok_or_else(|| unlisted(group));
        let sizes = [size(&ends.source)?, size(&ends.target)?];
        let snapshots = recording.snapshots.as_deref().unwrap_or_default();
        if snapshots.is_empty() {
            return Err(Fault::Empty);
        }
        let list = recording.synapses.as_deref().ok_or(Fault::Synapses)?;
        Ok(Self { recording, ends, sizes, snapshots, run, list })
    }

    /// The first and the last snapshot, by their places; one where there is no other.
    pub(super) fn outer(&self) -> Vec<usize> {
        let last = self.snapshots.len() - 1;
        if last == 0 { vec![0] } else { vec![0, last] }
    }

    /// Calls `take` with source, target and weight of each synapse of a snapshot.
    pub(super) fn each(&self, snapshot: usize, mut take: impl FnMut(usize, usize, f64)) -> Result<(), Fault> {
        let weights = Reader::open(&self.run.path(&self.recording.file))?;
        let mut list = Reader::open(&self.run.path(self.list))?;
        if list.row_len() != 3 {
            return Err(Fault::Shape { found: list.shape().to_vec(), columns: 3 });
        }
        let before = self.snapshots[..snapshot].iter().fold(0_u64, |sum, one| sum.saturating_add(one.synapses));
        let mut left = self.snapshots[snapshot].synapses as usize;
        // A row per snapshot: then the synapses are always the same.
        let listed = if weights.shape().len() > 1 { 0 } else { before };
        let mut weights = weights.flattened()?;
        weights.seek_row(before as usize)?;
        list.seek_row(listed as usize)?;
        let (mut numbers, mut ends) = (Vec::new(), Vec::new());
        while left > 0 {
            let read = weights.read_rows(left.min(CHUNK), &mut numbers)?;
            if read == 0 || list.read_rows(read, &mut ends)? != read {
                return Err(Fault::Shape { found: list.shape().to_vec(), columns: 3 });
            }
            for (&[source, target, _], &weight) in ends.as_chunks::<3>().0.iter().zip(&numbers) {
                let [source, target] = self.checked([source, target])?;
                take(source, target, weight);
            }
            left -= read;
        }
        Ok(())
    }

    fn checked(&self, ends: [f64; 2]) -> Result<[usize; 2], Fault> {
        for (neuron, size) in ends.into_iter().zip(self.sizes) {
            if !(0.0..size as f64).contains(&neuron) {
                return Err(Fault::Neuron { neuron, size: size as u64 });
            }
        }
        Ok(ends.map(|neuron| neuron as usize))
    }
}

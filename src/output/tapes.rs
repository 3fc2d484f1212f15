//! Tapes to `.npy` files: which recording goes to which file.

use std::{collections::BTreeMap, io, path::Path};

use bevy_ecs::prelude::*;

use super::{
    report::{FileReport, SnapshotReport},
    scribe::Scribe,
};
use crate::{
    network::{Layout, Rewired, Synapses},
    npy::{self, Writer},
    numeric::Real,
    record::{Content, Dtype, Recording, Responses, Snapshots, for_each_part},
};

/// A file cannot be made or written.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// A `.npy` file.
    #[error(transparent)]
    Npy(#[from] npy::NpyError),
    /// The thread that writes.
    #[error("recordings cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// The files of a run, each with the recording that fills it.
#[derive(Default)]
pub struct Files(Vec<(Entity, FileReport)>);

/// Gives every recording of a network a file in `folder`, by group and variable.
///
/// # Errors
/// A file cannot be made.
pub fn attach_files(world: &mut World, folder: &Path) -> Result<Files, TapeError> {
    let mut scribe = Scribe::start()?;
    let mut query = world.query::<(Entity, &mut Recording, Option<&Responses>)>();
    let mut recordings: Vec<_> = query.iter_mut(world).collect();
    let key = |recording: &Recording| (recording.group.clone(), recording.what(), recording.window.from);
    recordings.sort_by_cached_key(|(_, recording, _)| key(recording));
    let mut files = Files::default();
    for (entity, mut recording, responses) in recordings {
        let name = files.free_name(&recording);
        let writer = Writer::create(&folder.join(&name), dtype(recording.dtype()), &recording.row_shape)?;
        recording.tape.attach(Box::new(scribe.take_on(writer)?))?;
        let described = FileReport { responses: responses.cloned(), ..describe(&recording, name) };
        files.0.push((entity, described));
    }
    files.name_lists(world);
    files.write_synapses(world, folder)?;
    Ok(files)
}

impl Files {
    /// `excitatory.v.npy`, and `excitatory.v.2.npy` for a second recording of the same variable.
    fn free_name(&self, recording: &Recording) -> String {
        let stem = format!("{}.{}", recording.group, recording.what());
        let taken = |name: &String| self.0.iter().any(|(_, file)| file.file == *name);
        let numbered = (2_u64..).map(|number| format!("{stem}.{number}.npy"));
        std::iter::once(format!("{stem}.npy")).chain(numbered).find(|name| !taken(name)).unwrap_or(stem)
    }

    /// Says of snapshots which file lists their synapses.
    fn name_lists(&mut self, world: &World) {
        for k in 0..self.0.len() {
            let list = world.get::<Snapshots>(self.0[k].0).and_then(|snapshots| snapshots.list);
            let name = self.0.iter().find(|(entity, _)| Some(*entity) == list).map(|(_, file)| file.file.clone());
            self.0[k].1.synapses = name;
        }
    }

    /// For recorded sparse synapses, which synapse each column of a recording is: `GROUP.synapses.npy`, a row of source,
    /// target and delay (steps) for each. Of synapses that come and go their variables `source` and `target` tell.
    fn write_synapses(&mut self, world: &World, folder: &Path) -> Result<(), TapeError> {
        let mut by_group: BTreeMap<String, (Entity, Vec<usize>)> = BTreeMap::new();
        for (k, (entity, file)) in self.0.iter().enumerate() {
            let Some(recording) = world.get::<Recording>(*entity) else { continue };
            // Where synapses come and go, a list of the first ones would say something wrong of the later ones.
            let stays = world.get::<Rewired>(recording.source).is_none();
            if stays && matches!(recording.content, Content::Variable(..)) {
                by_group.entry(file.group.clone()).or_insert((recording.source, Vec::new())).1.push(k);
            }
        }
        for (group, (source, columns)) in by_group {
            let layout = world.get::<Synapses>(source).and_then(|synapses| synapses.layout.as_ref());
            let Some(layout @ Layout::Sparse(_)) = layout else { continue };
            let name = format!("{group}.synapses.npy");
            if !self.0.iter().any(|(_, file)| file.file == name) {
                let mut writer = Writer::create(&folder.join(&name), npy::Dtype::U32, &[3])?;
                for_each_part(layout, |part| writer.append(bytemuck::cast_slice(part)))?;
                writer.flush()?;
            }
            columns.into_iter().for_each(|k| self.0[k].1.synapses = Some(name.clone()));
        }
        Ok(())
    }

    /// Writes what is still in memory: from here on the files can be read by others.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn flush(&mut self, world: &mut World) -> Result<(), TapeError> {
        for (entity, file) in &mut self.0 {
            let Some(mut recording) = world.get_mut::<Recording>(*entity) else { continue };
            recording.tape.flush()?;
            file.rows = recording.tape.rows();
            let taken = world.get::<Snapshots>(*entity).map(|taken| taken.iterations.iter().zip(&taken.synapses));
            let report = |(&iteration, &synapses)| SnapshotReport { iteration, synapses };
            file.snapshots = taken.map(|taken| taken.map(report).collect());
        }
        Ok(())
    }

    /// What the files are, for a report.
    #[must_use]
    pub fn reports(&self) -> Vec<FileReport> {
        self.0.iter().map(|(_, file)| file.clone()).collect()
    }
}

const fn dtype(recorded: Dtype) -> npy::Dtype {
    match recorded {
        Dtype::Real if size_of::<Real>() == 8 => npy::Dtype::F64,
        Dtype::Real => npy::Dtype::F32,
        Dtype::Bool => npy::Dtype::Bool,
        Dtype::Whole => npy::Dtype::U32,
        Dtype::Count => npy::Dtype::U64,
    }
}

fn describe(recording: &Recording, file: String) -> FileReport {
    FileReport {
        file,
        kind: recording.content.kind().into(),
        group: recording.group.clone(),
        variable: recording.variable().to_owned(),
        unit: recording.info.unit.clone(),
        description: recording.info.docs.clone(),
        dtype: dtype(recording.dtype()).descr().into(),
        row_shape: recording.row_shape.clone(),
        rows: 0,
        first: recording.window.from,
        every: Some(recording.window.every).filter(|&every| every != u64::MAX),
        until: Some(recording.window.until).filter(|&until| until != u64::MAX),
        neurons: recording.members.clone(),
        synapses: None,
        snapshots: None,
        range: match recording.content {
            Content::Histogram(_, bins) => Some([bins.low, bins.high]),
            _ => None,
        },
        responses: None,
    }
}

//! Tapes to `.npy` files: which recording goes to which file.

use std::{collections::BTreeMap, io, path::Path};

use bevy_ecs::prelude::*;

use super::{report::FileReport, scribe::Scribe};
use crate::{
    network::{Layout, Synapses},
    npy::{self, Writer},
    numeric::Real,
    record::{Content, Dtype, Recording},
};

/// Synapses that are written in one go: 800 kB.
const SYNAPSES_AT_ONCE: usize = 1 << 16;

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
    let mut query = world.query::<(Entity, &mut Recording)>();
    let mut recordings: Vec<_> = query.iter_mut(world).collect();
    let key = |recording: &Recording| (recording.group.clone(), recording.what(), recording.window.from);
    recordings.sort_by_cached_key(|(_, recording)| key(recording));
    let mut files = Files::default();
    for (entity, mut recording) in recordings {
        let name = files.free_name(&recording);
        let writer = Writer::create(&folder.join(&name), dtype(recording.dtype()), &recording.row_shape)?;
        recording.tape.attach(Box::new(scribe.take_on(writer)?))?;
        files.0.push((entity, describe(&recording, name)));
    }
    write_synapses(world, folder)?;
    Ok(files)
}

/// For recorded sparse synapses, which synapse each column of a recording is: `GROUP.synapses.npy`, a row of source,
/// target and delay (steps) for each.
fn write_synapses(world: &mut World, folder: &Path) -> Result<(), TapeError> {
    let mut recordings = world.query::<&Recording>();
    let recorded: BTreeMap<&str, Entity> =
        recordings.iter(world).map(|recording| (recording.group.as_str(), recording.source)).collect();
    for (group, entity) in recorded {
        let layout = world.get::<Synapses>(entity).and_then(|synapses| synapses.layout.as_ref());
        let Some(Layout::Sparse(rows)) = layout else { continue };
        let mut writer = Writer::create(&folder.join(format!("{group}.synapses.npy")), npy::Dtype::U32, &[3])?;
        let mut synapses = rows.iter().map(|synapse| [synapse.source, synapse.target, synapse.delay]).peekable();
        while synapses.peek().is_some() {
            let part: Vec<[u32; 3]> = synapses.by_ref().take(SYNAPSES_AT_ONCE).collect();
            writer.append(bytemuck::cast_slice(&part))?;
        }
        writer.flush()?;
    }
    Ok(())
}

impl Files {
    /// `excitatory.v.npy`, and `excitatory.v.2.npy` for a second recording of the same variable.
    fn free_name(&self, recording: &Recording) -> String {
        let stem = format!("{}.{}", recording.group, recording.what());
        let taken = |name: &String| self.0.iter().any(|(_, file)| file.file == *name);
        let numbered = (2_u64..).map(|number| format!("{stem}.{number}.npy"));
        std::iter::once(format!("{stem}.npy")).chain(numbered).find(|name| !taken(name)).unwrap_or(stem)
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
        Dtype::Event => npy::Dtype::U32,
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
        every: recording.window.every,
        until: Some(recording.window.until).filter(|&until| until != u64::MAX),
        neurons: recording.members.clone(),
        range: match recording.content {
            Content::Histogram(_, bins) => Some([bins.low, bins.high]),
            _ => None,
        },
    }
}

//! Row buffers to `.npy` files: which recording goes to which file.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::Path,
};

use bevy_ecs::prelude::*;

use super::{
    listing::{FileReport, SnapshotReport},
    writer_thread::{OnDiskFull, WriterThread},
};
use crate::{
    network::{Clock, Layout, Rewired, Synapses, whole::ListedEverywhere},
    npy::{self, Writer},
    numeric::Real,
    record::{Content, Dtype, Recording, Responses, Snapshots, in_parts},
};

/// A file cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingFileError {
    /// A `.npy` file.
    #[error(transparent)]
    Npy(#[from] npy::NpyError),
    /// The thread that writes.
    #[error("recordings cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// The files of a run, each with the recording that fills it.
pub struct Files {
    files: Vec<(Entity, FileReport)>,
    thread: WriterThread,
    /// The iteration at which they were last whole.
    whole_at: u64,
    /// Why they end there, if they do.
    failure: Option<String>,
}

/// Names of files that are taken, whatever their case: some file systems see none.
type Taken = HashMap<String, u64>;

/// Gives every recording of a network a file in `folder`, by group and variable. Of recordings that have rows already the
/// files are there, and are cut back to them.
///
/// # Errors
/// A file cannot be made, or is not that of the recording.
pub fn attach_files(world: &mut World, folder: &Path, on_full: OnDiskFull) -> Result<Files, RecordingFileError> {
    let mut files = Files { files: Vec::new(), thread: WriterThread::start(on_full)?, whole_at: 0, failure: None };
    let resumed = world.get_resource::<Clock>().is_some_and(|clock| clock.iteration > 0);
    let mut query = world.query::<(Entity, &mut Recording, Option<&Responses>)>();
    let mut recordings: Vec<_> = query.iter_mut(world).collect();
    let key = |recording: &Recording| (recording.group.clone(), recording.what(), recording.place);
    recordings.sort_by_cached_key(|(entity, recording, _)| (key(recording), *entity));
    let mut taken = Taken::new();
    let names: Vec<String> =
        recordings.iter().map(|(_, recording, _)| Files::free_name(&mut taken, recording)).collect();
    let goes_on = |path: &Path, rows: u64| rows > 0 || (resumed && path.is_file());
    // All are looked at before the first is cut.
    for ((_, recording, _), name) in recordings.iter().zip(&names) {
        let (path, rows) = (folder.join(name), recording.rows.rows());
        if goes_on(&path, rows) {
            Writer::can_reopen(&path, dtype(recording.dtype()), &recording.row_shape, rows)?;
        }
    }
    let mut made = Vec::new();
    let open = || -> Result<(), RecordingFileError> {
        for ((entity, mut recording, responses), name) in recordings.into_iter().zip(names) {
            let (path, dtype, rows) = (folder.join(&name), dtype(recording.dtype()), recording.rows.rows());
            let writer = if goes_on(&path, rows) {
                Writer::reopen(&path, dtype, &recording.row_shape, rows)?
            } else {
                made.push(path.clone());
                Writer::create(&path, dtype, &recording.row_shape)?
            };
            recording.rows.attach(Box::new(files.thread.take_on(writer)?))?;
            let described = FileReport { responses: responses.cloned(), rows, ..describe(&recording, name) };
            files.files.push((entity, described));
        }
        Ok(())
    };
    if let Err(error) = open() {
        // A run that has not begun leaves nothing.
        made.iter().for_each(|path| drop(std::fs::remove_file(path)));
        return Err(error);
    }
    files.name_lists(world);
    files.write_synapses(world, folder)?;
    Ok(files)
}

impl Files {
    /// `excitatory.v.npy`, and `excitatory.v.2.npy` for a second recording of the same variable.
    fn free_name(taken: &mut Taken, recording: &Recording) -> String {
        let stem = format!("{}.{}", recording.group, recording.what());
        let first = format!("{stem}.npy");
        let number = taken.get(&first.to_lowercase()).copied();
        let mut numbered = number.unwrap_or_default();
        let mut name = first.clone();
        while taken.contains_key(&name.to_lowercase()) {
            numbered += 1;
            name = format!("{stem}.{numbered}.npy");
        }
        // Where the search for the next of that name goes on.
        taken.insert(first.to_lowercase(), numbered.max(1));
        taken.entry(name.to_lowercase()).or_insert(1);
        name
    }

    /// Says of snapshots which file lists their synapses.
    fn name_lists(&mut self, world: &World) {
        for k in 0..self.files.len() {
            let list = world.get::<Snapshots>(self.files[k].0).and_then(|snapshots| snapshots.list);
            let name = self.files.iter().find(|(entity, _)| Some(*entity) == list).map(|(_, file)| file.file.clone());
            self.files[k].1.synapses = name;
        }
    }

    /// For recorded sparse synapses, which synapse each column of a recording is: `GROUP.synapses.npy`, a row of source,
    /// target and delay (steps) for each. Of synapses that come and go their variables `source` and `target` tell.
    fn write_synapses(&mut self, world: &World, folder: &Path) -> Result<(), RecordingFileError> {
        let mut by_group: BTreeMap<String, (Entity, Vec<usize>)> = BTreeMap::new();
        for (k, (entity, file)) in self.files.iter().enumerate() {
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
            let everywhere = world.get::<ListedEverywhere>(source).map(|list| list.0.iter().copied());
            let name = format!("{group}.synapses.npy");
            if !self.files.iter().any(|(_, file)| file.file == name) {
                let mut writer = Writer::create(&folder.join(&name), npy::Dtype::U32, &[3])?;
                let write = |part: &[[u32; 3]]| writer.append(bytemuck::cast_slice(part));
                match everywhere {
                    Some(all) => in_parts(all, write)?,
                    None => in_parts(layout.synapses(), write)?,
                }
                writer.flush()?;
            }
            columns.into_iter().for_each(|k| self.files[k].1.synapses = Some(name.clone()));
        }
        Ok(())
    }

    /// Writes what is still in memory: from here on the files can be read by others, with `durable` also after the power
    /// has failed.
    ///
    /// # Errors
    /// A file cannot be written, and the run is to stop then.
    pub fn flush(&mut self, world: &mut World, durable: bool) -> Result<(), RecordingFileError> {
        let drain = |(entity, _): &(Entity, FileReport)| {
            world.get_mut::<Recording>(*entity).map_or(Ok(()), |mut recording| recording.rows.drain())
        };
        let drained = self.files.iter().try_for_each(drain);
        for (k, (entity, _)) in self.files.iter().enumerate() {
            if let Some(recording) = world.get::<Recording>(*entity).filter(|recording| recording.row_bytes() == 0) {
                self.thread.count_empty_rows(k, recording.rows.rows());
            }
        }
        let flushed = self.thread.flush(durable);
        for ((entity, file), rows) in self.files.iter_mut().zip(flushed.rows) {
            file.rows = rows;
            let taken = world.get::<Snapshots>(*entity).map(|taken| taken.iterations.iter().zip(&taken.synapses));
            let report = |(&iteration, &synapses)| SnapshotReport { iteration, synapses };
            let listed = |taken: &SnapshotReport| flushed.failure.is_none() || taken.iteration < self.whole_at;
            file.snapshots = taken.map(|taken| taken.map(report).filter(listed).collect());
        }
        let Some(failure) = flushed.failure else {
            self.whole_at = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
            return Ok(drained?);
        };
        for (_, file) in &mut self.files {
            file.until = Some(file.until.map_or(self.whole_at, |until| until.min(self.whole_at)));
        }
        let told = Err(io::Error::other(failure.clone()).into());
        self.failure = Some(failure);
        if self.thread.goes_on() { Ok(()) } else { told }
    }

    /// Whether the run goes on without them.
    #[must_use]
    pub fn may_end(&self) -> bool {
        self.thread.goes_on()
    }

    /// Why recordings ended before the run, and with which iteration.
    #[must_use]
    pub fn ended(&self) -> Option<(&str, u64)> {
        self.failure.as_deref().map(|failure| (failure, self.whole_at))
    }

    /// What the files are, for a report.
    #[must_use]
    pub fn reports(&self) -> Vec<FileReport> {
        self.files.iter().map(|(_, file)| file.clone()).collect()
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
        neurons: recording.members.as_ref().map(|members| members.iter().copied().map(u64::from).collect()),
        synapses: None,
        snapshots: None,
        range: match recording.content {
            Content::Histogram(_, bins) => Some([bins.low, bins.high]),
            _ => None,
        },
        responses: None,
    }
}

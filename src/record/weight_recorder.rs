//! Recording of all weights of synapse groups: snapshots, few and far between, that a sparse matrix is made of.
//!
//! Two recordings for each group: the weights, a row per snapshot and a column per synapse that there is, and the synapses,
//! a row of source, target and delay for each column. Pairs without a synapse have no column, whatever the layout; a pair
//! with several synapses has as many. Synapses that come and go ([`Rewired`]) are listed anew with each snapshot, and both
//! recordings have a row per synapse and snapshot.

use std::{borrow::Cow, io};

use bevy_app::App;
use bevy_ecs::{change_detection::Tick, prelude::*, relationship::RelationshipTarget};

use super::{
    Recording, RowBuffer, Selection,
    recording::{Content, Listed, RecordedBy, Recordings, Window, recorded_shape},
    resolve::{Request, find, resolve},
};
use crate::{
    behaviour,
    network::{
        Behaviour, Clock, Failures, Kind, Layout, Owned, Preparation, PrepareError, Ranks, RegisterState, Rewired,
        State, SynapseGroup, Synapses, Weights, variable::VariableInfo, whole::WholeSynapses,
    },
    numeric::{Archive, ArchiveError, Real, rows::Synapse},
    schedule::{Finish, Stage, add_patient_system},
};

behaviour! {
    /// Records all weights of synapse groups in snapshots, with sources, targets and delays, for a sparse matrix in Python.
    ///
    /// There is a snapshot of the first iteration and of the last, and of one in `every` between them, at its end. The last is
    /// that of the run or before `until`.
    pub struct WeightRecorder {
        /// Names or tags of synapse groups.
        pub of: Vec<String>,
        /// One iteration in so many; `None` takes the first and the last only.
        pub every: Option<u64>,
        /// The first iteration.
        pub from: u64,
        /// The first iteration that is not recorded any more; `None` records to the end.
        pub until: Option<u64>,
    }
}

/// On a recording of snapshots: which there are.
#[derive(Component, Debug, Default)]
pub struct Snapshots {
    /// The iteration of each.
    pub iterations: Vec<u64>,
    /// The number of synapses of each.
    pub synapses: Vec<u64>,
    /// The recording that lists the synapses.
    pub list: Option<Entity>,
    /// Of the synapses that were listed.
    seen: Option<Seen>,
}

/// Synapses, as they were when they were listed.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// When they had last been changed, or looked as if.
    changed: Tick,
    fingerprint: u64,
}

impl State for Snapshots {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.list(&mut self.iterations)?;
        archive.list(&mut self.synapses)?;
        let seen = archive.through(&self.seen.map(|seen| seen.fingerprint))?;
        if let (Some(seen), true) = (seen, archive.restores()) {
            // As if they had been changed since: they are compared once.
            self.seen = seen.map(|fingerprint| Seen { changed: Tick::default(), fingerprint });
        }
        Ok(())
    }
}

impl Behaviour for WeightRecorder {
    const KIND: Kind = Kind::Recorder;

    fn plugin(app: &mut App) {
        add_patient_system::<Self, _>(app.register_state::<Snapshots>(), Stage::Record, record);
        app.add_systems(Finish, record_last);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !preparation.is_first() {
            return Ok(());
        }
        let every = self.every.unwrap_or(u64::MAX);
        let window = Window { from: self.from, until: self.until.unwrap_or(u64::MAX), every };
        let of: Vec<String> = self.of.iter().map(|group| format!("{group}.{}", Weights::NAME)).collect();
        let request = Request { of: &of, neurons: &Selection::All, window };
        let recordings = resolve(preparation, &request, |world, entity, name| {
            world.get::<SynapseGroup>(entity)?;
            let listed = if world.get::<Rewired>(entity).is_some() { Listed::Always } else { Listed::Once };
            find(world, entity, name).map(|(_, _, info)| (Content::Snapshots(listed), info))
        })?;
        recordings.into_iter().for_each(|recording| list(preparation.world(), recording));
        Ok(())
    }
}

/// Makes the recording of the synapses that some snapshots have.
fn list(world: &mut World, snapshots: Entity) {
    let Some(recording) = world.get::<Recording>(snapshots) else { return };
    let Content::Snapshots(listed) = recording.content else { return };
    let content = Content::Synapses(listed);
    let docs = "Synapses: source, target and delay (steps)".into();
    let list = Recording {
        group: recording.group.clone(),
        source: recording.source,
        info: VariableInfo { name: "synapses".into(), unit: String::new(), docs, bytes: 12 },
        content,
        window: recording.window,
        birth: recording.birth,
        place: recording.place,
        members: None,
        shape: recorded_shape(world, recording.source, content),
        observed: None,
        row_shape: vec![3],
        rows: RowBuffer::default(),
    };
    let by = world.get::<RecordedBy>(snapshots).map(|by| RecordedBy(by.0));
    let mut entity = world.spawn(list);
    if let Some(by) = by {
        entity.insert(by);
    }
    let list = Some(entity.id());
    world.entity_mut(snapshots).insert(Snapshots { list, ..Snapshots::default() });
}

/// What a system takes snapshots with.
type Recorders<'w, 's> = (
    Query<'w, 's, &'static Recordings, With<WeightRecorder>>,
    Query<'w, 's, (&'static mut Recording, Option<&'static mut Snapshots>)>,
    Query<'w, 's, (Ref<'static, Synapses>, &'static Weights, Option<&'static Owned>)>,
    Option<Res<'w, Ranks>>,
);

fn record(recorders: Recorders<'_, '_>, clock: Res<Clock>, failures: ResMut<Failures>) {
    let is_due = |window: &Window, now: u64| window.contains(now) || (window.spans(now) && now + 1 == window.until);
    record_if(is_due, recorders, *clock, failures);
}

fn record_last(recorders: Recorders<'_, '_>, clock: Res<Clock>, failures: ResMut<Failures>) {
    if let Some(iteration) = clock.iteration.checked_sub(1) {
        record_if(Window::spans, recorders, Clock { iteration, ..*clock }, failures);
    }
}

fn record_if(
    is_due: impl Fn(&Window, u64) -> bool,
    (recorders, mut recordings, groups, ranks): Recorders<'_, '_>,
    clock: Clock,
    mut failures: ResMut<Failures>,
) {
    for entity in recorders.iter().flat_map(RelationshipTarget::iter) {
        let Ok((mut recording, Some(mut snapshots))) = recordings.get_mut(entity) else { continue };
        let iteration = clock.since(Some(&recording.birth)).iteration;
        if !is_due(&recording.window, iteration) || snapshots.iterations.last() == Some(&iteration) {
            continue;
        }
        let Ok((synapses, weights, own)) = groups.get(recording.source) else { continue };
        let Some(layout) = &synapses.layout else { continue };
        let content = recording.content;
        snapshots.iterations.push(iteration);
        let Some(taken) = Taken::of(ranks.as_deref().zip(own), layout, &weights.0) else { continue };
        snapshots.synapses.push(taken.number());
        let is_new = snapshots
            .follow(content, &taken, synapses.last_changed())
            .and_then(|is_new| taken.weights(&mut recording.rows, content).map(|()| is_new));
        let source = recording.source;
        let who = format!("{}.{}", recording.group, recording.what());
        let listed = match (is_new, snapshots.list) {
            (Ok(true), Some(list)) => {
                recordings.get_mut(list).map_or(Ok(()), |(mut list, _)| taken.synapses(&mut list.rows))
            }
            (taken, _) => taken.map(drop),
        };
        if let Err(error) = listed {
            failures.push_at(source, who, error);
        }
    }
}

impl Snapshots {
    /// Whether the synapses are to be listed with this snapshot; an error if they are not those that were listed once.
    fn follow(&mut self, content: Content, taken: &Taken<'_>, changed: Tick) -> io::Result<bool> {
        if matches!(content, Content::Snapshots(Listed::Always)) {
            return Ok(true);
        }
        if self.seen.is_some_and(|seen| seen.changed == changed) {
            return Ok(false);
        }
        let fingerprint = taken.fingerprint();
        match self.seen.replace(Seen { changed, fingerprint }) {
            None => Ok(true),
            Some(seen) if seen.fingerprint == fingerprint => Ok(false),
            Some(_) => Err(io::Error::other(
                "synapses were made or removed since the first snapshot, and no behaviour of theirs requires `Rewired`",
            )),
        }
    }
}

/// A number that other synapses do not have (Fowler, Noll & Vo's hash, by words).
fn fingerprint(synapses: impl Iterator<Item = Synapse>) -> u64 {
    let mix = |hash: u64, word: u32| (hash ^ u64::from(word)).wrapping_mul(0x0100_0000_01b3);
    synapses.fold(0xcbf2_9ce4_8422_2325, |hash, s| [s.source, s.target, s.delay].into_iter().fold(hash, mix))
}

/// The synapses of a group as they are taken down.
enum Taken<'a> {
    /// In the layout that lies here, with the weights of all ranks.
    Laid(&'a Layout, Cow<'a, [Real]>),
    /// Listed from all ranks.
    Listed(WholeSynapses),
}

impl<'a> Taken<'a> {
    /// Nothing where another rank takes them down.
    fn of(own: Option<(&Ranks, &Owned)>, layout: &'a Layout, weights: &'a [Real]) -> Option<Self> {
        let Some((ranks, own)) = own else { return Some(Self::Laid(layout, Cow::Borrowed(weights))) };
        match *layout {
            Layout::Dense { .. } => Some(Self::Laid(layout, ranks.share(*own).whole(weights)?.into())),
            Layout::Sparse(_) => ranks.synapses(layout, weights).map(Self::Listed),
        }
    }

    fn fingerprint(&self) -> u64 {
        match self {
            Self::Laid(layout, _) => fingerprint(layout.synapses()),
            Self::Listed(whole) => fingerprint(whole.synapses.iter().copied()),
        }
    }

    fn number(&self) -> u64 {
        match self {
            Self::Laid(layout, _) => layout.number() as u64,
            Self::Listed(whole) => whole.synapses.len() as u64,
        }
    }

    /// Appends the weights of all synapses.
    fn weights(&self, rows: &mut RowBuffer, content: Content) -> io::Result<()> {
        match self {
            Self::Laid(Layout::Dense { targets, autapses: false, .. }, weights) => {
                for (i, row) in weights.chunks_exact((*targets).max(1)).enumerate() {
                    let (before, after) = row.split_at(i.min(row.len()));
                    rows.append_part(bytemuck::cast_slice(before))?;
                    rows.append_part(bytemuck::cast_slice(after.get(1..).unwrap_or_default()))?;
                }
            }
            Self::Laid(_, weights) => rows.append_part(bytemuck::cast_slice(weights))?,
            Self::Listed(whole) => rows.append_part(bytemuck::cast_slice(&whole.numbers))?,
        }
        let count = if matches!(content, Content::Snapshots(Listed::Always)) { self.number() } else { 1 };
        rows.append(count, &[])
    }

    /// Appends the synapses, in the order of their weights.
    fn synapses(&self, rows: &mut RowBuffer) -> io::Result<()> {
        let mut write = |part: &[[u32; 3]]| rows.append(part.len() as u64, bytemuck::cast_slice(part));
        match self {
            Self::Laid(layout, _) => in_parts(layout.synapses(), write),
            Self::Listed(whole) => in_parts(whole.synapses.iter().copied(), &mut write),
        }
    }
}

/// Synapses that are listed in one go: 768 kB.
const AT_ONCE: usize = 1 << 16;

/// Hands some synapses to `write`, not all at a time: source, target and delay (steps) of each.
pub fn in_parts<E>(
    synapses: impl Iterator<Item = Synapse>,
    mut write: impl FnMut(&[[u32; 3]]) -> Result<(), E>,
) -> Result<(), E> {
    let mut synapses = synapses.map(|synapse| [synapse.source, synapse.target, synapse.delay]);
    loop {
        let part: Vec<[u32; 3]> = synapses.by_ref().take(AT_ONCE).collect();
        if part.is_empty() {
            return Ok(());
        }
        write(&part)?;
    }
}

#[cfg(test)]
#[path = "weight_recorder_tests.rs"]
mod tests;

//! Recording of spikes: a row of iteration and neuron for every spike.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::{
    Recording, Selection,
    recording::{Content, Recordings, Request, Window, resolve},
};
use crate::{
    network::{
        Behaviour, Clock, Failures, Kind, Preparation, PrepareError, Spikes, address::groups, preparation::path_of,
        variable::VariableInfo,
    },
    schedule::{AddToStage, Stage},
};

/// Records spikes as events: iteration and neuron, in the order in which they happen.
#[derive(Component, Reflect, Clone, Debug, Default)]
pub struct SpikeRecorder {
    /// Names or tags of neuron groups.
    pub of: Vec<String>,
    /// Which neurons: `All`, `Range(0, 10)`, `Stride(100)`, `List([3, 7])`.
    pub neurons: Selection,
    /// The first iteration.
    pub from: u64,
    /// The first iteration that is not recorded any more; `None` records to the end.
    pub until: Option<u64>,
}

impl Behaviour for SpikeRecorder {
    const KIND: Kind = Kind::Recorder;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Record, record);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !preparation.is_first() {
            return Ok(());
        }
        for name in &self.of {
            check_group(preparation, name)?;
        }
        let of: Vec<String> = self.of.iter().map(|group| format!("{group}.spikes")).collect();
        let window = Window { from: self.from, until: self.until.unwrap_or(u64::MAX), every: 1 };
        let request = Request { of: &of, neurons: &self.neurons, window };
        resolve(preparation, &request, |world, entity, _| {
            world.get::<Spikes>(entity)?;
            let docs = "Spikes: iteration and neuron".into();
            Some((Content::Spikes, VariableInfo { name: "spikes".into(), unit: String::new(), docs, bytes: 8 }))
        })
    }
}

/// Spikes are recorded of groups that fire.
fn check_group(preparation: &mut Preparation<'_>, name: &str) -> Result<(), PrepareError> {
    if name.contains('.') {
        let why = format!("`{name}` is no group: spikes are recorded of groups, by name or tag");
        return Err(preparation.error(Some("of"), why));
    }
    let groups = groups(preparation.world(), name).map_err(|error| preparation.address_error("of", error))?;
    match groups.into_iter().find(|&group| preparation.world().get::<Spikes>(group).is_none()) {
        Some(silent) => {
            let who = path_of(preparation.world(), silent);
            Err(preparation.error(Some("of"), format!("`{who}` never fires: no behaviour of it is a neuron model")))
        }
        None => Ok(()),
    }
}

fn record(
    recorders: Query<&Recordings, With<SpikeRecorder>>,
    mut recordings: Query<&mut Recording>,
    sources: Query<&Spikes>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    for own in &recorders {
        for entity in own.iter() {
            let Ok(mut recording) = recordings.get_mut(entity) else { continue };
            let Ok(spikes) = sources.get(recording.source) else { continue };
            if recording.window.contains(clock.iteration)
                && let Err(error) = take(&mut recording, spikes.neurons(), clock.iteration as u32)
            {
                failures.push(format!("{}.spikes", recording.group), error);
            }
        }
    }
}

fn take(recording: &mut Recording, neurons: &[u32], iteration: u32) -> std::io::Result<()> {
    let Recording { members, tape, .. } = recording;
    for &neuron in neurons {
        if members.as_ref().is_none_or(|members| members.contains(&neuron)) {
            tape.append(1, bytemuck::cast_slice(&[iteration, neuron]))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Selection, SpikeRecorder};
    use crate::prelude::*;

    #[test]
    fn spikes_are_events_of_iteration_and_neuron() {
        let mut bench = Bench::new();
        // Above the peak from the start: neurons 1 and 3 fire once, in iteration 0.
        let model = Izhikevich {
            detect: Detection::BeforeStep,
            v: "-65 + 100 * step(i - 2 * step(i - 2) - 0.5)".into(),
            ..default()
        };
        bench.group("cells", 4, model);
        bench.recorder(SpikeRecorder { of: vec!["cells".into()], ..default() });
        bench.recorder(SpikeRecorder { of: vec!["cells".into()], neurons: Selection::List(vec![3]), ..default() });
        bench.ticks(3);
        assert_eq!(bench.recorded_all("cells.spikes"), [vec![0.0, 1.0, 0.0, 3.0], vec![0.0, 3.0]]);
    }
}

//! Recording of spikes: a row of iteration and neuron for every spike.

use std::io;

use bevy_app::App;
use bevy_ecs::{prelude::*, relationship::RelationshipTarget};

use super::{
    Recording, Selection,
    recording::{Content, Recordings, Window},
    resolve::{Request, resolve_firing},
};
use crate::{
    behaviour,
    network::{Behaviour, Clock, Failures, Kind, Preparation, PrepareError, Spikes, variable::VariableInfo},
    schedule::{Stage, add_patient_system},
};

behaviour! {
    /// Records spikes as events: iteration and neuron, in the order in which they happen.
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
}

impl Behaviour for SpikeRecorder {
    const KIND: Kind = Kind::Recorder;

    fn plugin(app: &mut App) {
        add_patient_system::<Self, _>(app, Stage::Record, record);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !preparation.is_first() {
            return Ok(());
        }
        let window = Window { from: self.from, until: self.until.unwrap_or(u64::MAX), every: 1 };
        let request = Request { of: &self.of, neurons: &self.neurons, window };
        let docs = "Spikes: iteration and neuron".into();
        let info = VariableInfo { name: "spikes".into(), unit: String::new(), docs, bytes: 8 };
        resolve_firing(preparation, &request, Content::Spikes, &info).map(drop)
    }
}

fn record(
    recorders: Query<&Recordings, With<SpikeRecorder>>,
    mut recordings: Query<&mut Recording>,
    sources: Query<&Spikes>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    for entity in recorders.iter().flat_map(RelationshipTarget::iter) {
        let Ok(mut recording) = recordings.get_mut(entity) else { continue };
        let Ok(spikes) = sources.get(recording.source) else { continue };
        for (age, neurons) in spikes.news() {
            let iteration = recording.iteration(&clock, age);
            if let Err(error) = recording.take_spikes(neurons, iteration) {
                failures.push_at(recording.source, format!("{}.spikes", recording.group), error);
            }
        }
    }
}

impl Recording {
    /// Takes down who fired in an iteration.
    fn take_spikes(&mut self, neurons: &[u32], iteration: Option<u64>) -> io::Result<()> {
        let Some(iteration) = iteration.filter(|&iteration| self.window.contains(iteration)) else { return Ok(()) };
        neurons.iter().try_for_each(|&neuron| match self.observes(neuron) {
            true => self.rows.append(1, bytemuck::cast_slice(&[iteration as u32, neuron])),
            false => Ok(()),
        })
    }
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

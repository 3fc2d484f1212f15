//! Recording of spikes: a row of iteration and neuron for every spike.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    Recording, Selection,
    recording::{Content, Recordings, Window, record_due},
    resolve::{Request, resolve_firing},
};
use crate::{
    behaviour,
    network::{Behaviour, Clock, Failures, Kind, Preparation, PrepareError, Spikes, variable::VariableInfo},
    schedule::{AddToStage, Stage},
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
        app.add_behaviour_system::<Self, _>(Stage::Record, record);
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
    record_due(recorders.iter(), &mut recordings, &clock, &mut failures, |_, recording| {
        let Ok(spikes) = sources.get(recording.source) else { return Ok(()) };
        let iteration = clock.since(Some(&recording.birth)).iteration as u32;
        spikes.neurons().iter().try_for_each(|&neuron| match recording.observes(neuron) {
            true => recording.rows.append(1, bytemuck::cast_slice(&[iteration, neuron])),
            false => Ok(()),
        })
    });
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

//! Recording of variables: a row of values for every recorded iteration.

use bevy_app::App;
use bevy_ecs::{prelude::*, resource::IsResource};

use super::{
    Recording, Selection,
    recording::{Content, Recordings, Window, record_due},
    resolve::{Request, find, resolve},
};
use crate::{
    behaviour,
    network::{Behaviour, Clock, Failures, Kind, Preparation, PrepareError, Ranks},
    schedule::{Stage, add_patient_system},
};

behaviour! {
    /// Records variables, as they are at the end of an iteration: a row per iteration, a column per neuron.
    pub struct VariableRecorder {
        /// Addresses of variables: `excitatory.v`, `neurons.u` for all groups of a tag, `GLUTAMATE.weights`.
        pub of: Vec<String>,
        /// Which neurons: `All`, `Range(0, 10)`, `Stride(100)`, `List([3, 7])`.
        pub neurons: Selection = Selection::All,
        /// One iteration in so many.
        pub every: u64 = 1,
        /// The first iteration.
        pub from: u64 = 0,
        /// The first iteration that is not recorded any more; `None` records to the end.
        pub until: Option<u64>,
    }
}

impl Behaviour for VariableRecorder {
    const KIND: Kind = Kind::Recorder;

    fn plugin(app: &mut App) {
        add_patient_system::<Self, _>(app, Stage::Record, record);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !preparation.is_first() {
            return Ok(());
        }
        let window = Window { from: self.from, until: self.until.unwrap_or(u64::MAX), every: self.every };
        let request = Request { of: &self.of, neurons: &self.neurons, window };
        resolve(preparation, &request, |world, entity, name| {
            let (entry, dtype, info) = find(world, entity, name)?;
            Some((Content::Variable(entry, dtype), info))
        })
        .map(drop)
    }
}

fn record(
    recorders: Query<&Recordings, With<VariableRecorder>>,
    mut recordings: Query<&mut Recording>,
    sources: Query<EntityRef, (Without<Recording>, Without<IsResource>)>,
    (clock, ranks): (Res<Clock>, Option<Res<Ranks>>),
    mut failures: ResMut<Failures>,
) {
    record_due(recorders.iter(), &mut recordings, &clock, &mut failures, |_, recording| {
        let (Content::Variable(entry, _), Ok(source)) = (recording.content, sources.get(recording.source)) else {
            return Ok(());
        };
        let whole =
            entry.view(source, recording.variable()).and_then(|view| Ranks::whole(ranks.as_deref(), source, view));
        whole.map_or(Ok(()), |whole| recording.take(whole.view()))
    });
}

#[cfg(test)]
mod tests {
    use super::{Selection, VariableRecorder};
    use crate::prelude::*;

    #[test]
    fn a_window_of_chosen_neurons_at_every_third_iteration() {
        let mut bench = Bench::new();
        bench.group("cells", 4, StepCurrent { times: vec![0.0, 5.0], amplitudes: vec![1.0, 2.0], scale: "i".into() });
        let recorder = VariableRecorder {
            of: vec!["cells.input".into()],
            neurons: Selection::List(vec![3, 1]),
            every: 3,
            from: 2,
            until: Some(9),
        };
        bench.recorder(recorder);
        bench.ticks(12);
        // Iterations 2, 5 and 8.
        assert_eq!(bench.recorded("cells.input"), [3.0, 1.0, 6.0, 2.0, 6.0, 2.0]);
    }

    #[test]
    fn an_unknown_variable_is_refused_with_those_that_there_are() {
        let mut bench = Bench::new();
        bench.group("cells", 4, Izhikevich::default());
        let error = bench.try_recorder(VariableRecorder { of: vec!["cells.w".into()], ..default() }).unwrap_err();
        assert!(error.contains("`cells.w`: no such variable"), "{error}");
    }
}

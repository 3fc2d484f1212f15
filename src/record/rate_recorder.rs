//! Recording of population rates: a number per bin, however many neurons fire.

use bevy_app::App;
use bevy_ecs::{prelude::*, relationship::RelationshipTarget};

use super::{
    Recording, Selection,
    recording::{Content, Recordings, Window},
    resolve::{Request, resolve_firing},
};
use crate::{
    behaviour,
    network::{
        Behaviour, Clock, Failures, Kind, Preparation, PrepareError, RegisterState, Spikes, State, Unit,
        variable::VariableInfo,
    },
    numeric::{Archive, ArchiveError, Real, real::real},
    schedule::{Stage, add_patient_system},
};

behaviour! {
    /// Records population rates: the mean rate of the neurons in bins of time, a row per bin, in Hz.
    ///
    /// By default the last bin of a run is recorded only if it is whole.
    pub struct RateRecorder {
        /// Names or tags of neuron groups.
        pub of: Vec<String>,
        /// Length of a bin, rounded to whole iterations; at least one.
        #[reflect(@Unit("ms"))]
        pub bin: f64 = 5.0,
        /// Which neurons: `All`, `Range(0, 10)`, `Stride(100)`, `List([3, 7])`.
        pub neurons: Selection = Selection::All,
        /// The first iteration.
        pub from: u64 = 0,
        /// The first iteration that is not recorded any more; `None` records to the end.
        pub until: Option<u64>,
    }
}

/// On a recording of a rate: the bin that is being filled.
#[derive(Component)]
struct OpenBin {
    spikes: u64,
    iterations: u64,
    /// The rate (Hz) of one spike in a bin.
    hertz: f64,
}

impl State for OpenBin {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.value(&mut self.spikes)?;
        archive.value(&mut self.iterations)
    }
}

impl Behaviour for RateRecorder {
    const KIND: Kind = Kind::Recorder;

    fn plugin(app: &mut App) {
        add_patient_system::<Self, _>(app.register_state::<OpenBin>(), Stage::Record, record);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !preparation.is_first() {
            return Ok(());
        }
        let dt = preparation.clock().dt;
        // A bin of half an iteration is none; a hair less than one is one.
        if !(self.bin.is_finite() && self.bin >= dt * (1.0 - 1e-6)) {
            let why = format!("a bin lasts an iteration of {dt} ms at least, not {} ms", self.bin);
            return Err(preparation.error(Some("bin"), why));
        }
        let every = Clock::new(dt).steps(self.bin).max(1);
        let ms = every as f64 * dt;
        let window = Window { from: self.from, until: self.until.unwrap_or(u64::MAX), every };
        let request = Request { of: &self.of, neurons: &self.neurons, window };
        let docs = format!("Population rate in bins of {} ms", (ms * 1e6).round() / 1e6);
        let info = VariableInfo { name: "rate".into(), unit: "Hz".into(), docs, bytes: size_of::<Real>() };
        for entity in resolve_firing(preparation, &request, Content::Rate, &info)? {
            let neurons = preparation.world().get::<Recording>(entity).map_or(1, neurons);
            let hertz = 1000.0 / (ms * neurons.max(1) as f64);
            preparation.world().entity_mut(entity).insert(OpenBin { spikes: 0, iterations: 0, hertz });
        }
        Ok(())
    }
}

/// How many neurons are recorded; one that is listed twice counts once.
fn neurons(recording: &Recording) -> usize {
    let chosen = |observed: &Vec<bool>| observed.iter().filter(|&&observed| observed).count();
    recording.observed.as_ref().map_or_else(|| recording.shape.iter().product(), chosen)
}

fn record(
    recorders: Query<&Recordings, With<RateRecorder>>,
    mut recordings: Query<(&mut Recording, &mut OpenBin)>,
    sources: Query<&Spikes>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    for entity in recorders.iter().flat_map(RelationshipTarget::iter) {
        let Ok((mut recording, mut bin)) = recordings.get_mut(entity) else { continue };
        let Ok(spikes) = sources.get(recording.source) else { continue };
        for (age, neurons) in spikes.news() {
            if recording.iteration(&clock, age).is_none_or(|iteration| !recording.window.spans(iteration)) {
                continue;
            }
            bin.take(&recording, neurons);
            if bin.iterations == recording.window.every
                && let Err(error) = recording.rows.append(1, bytemuck::bytes_of(&bin.close()))
            {
                failures.push_at(recording.source, format!("{}.rate", recording.group), error);
            }
        }
    }
}

impl OpenBin {
    fn take(&mut self, recording: &Recording, neurons: &[u32]) {
        let observed = neurons.iter().filter(|&&neuron| recording.observes(neuron));
        self.spikes += if recording.observed.is_none() { neurons.len() } else { observed.count() } as u64;
        self.iterations += 1;
    }

    /// The rate of the bin, which is empty again.
    fn close(&mut self) -> Real {
        self.iterations = 0;
        real(std::mem::take(&mut self.spikes) as f64 * self.hertz)
    }
}

#[cfg(test)]
mod tests {
    use super::{RateRecorder, Selection};
    use crate::prelude::*;

    /// Four neurons of which 1 and 3 fire in iteration 0, as in the test of spikes.
    fn bench() -> Bench {
        let mut bench = Bench::new().with_dt(0.5);
        let model = Izhikevich {
            detect: Detection::BeforeStep,
            v: "-65 + 100 * step(i - 2 * step(i - 2) - 0.5)".into(),
            ..default()
        };
        bench.group("cells", 4, model);
        bench
    }

    fn recorder(bin: f64, neurons: Selection) -> RateRecorder {
        RateRecorder { of: vec!["cells".into()], bin, neurons, ..default() }
    }

    #[test]
    fn rates_are_spikes_per_neuron_and_second_in_whole_bins() {
        let mut bench = bench();
        bench.recorder(recorder(1.0, Selection::All));
        bench.recorder(recorder(2.0, Selection::List(vec![3, 2, 3])));
        bench.recorder(RateRecorder { from: 1, until: Some(4), ..recorder(0.5, Selection::All) });
        bench.ticks(7);
        // Two of four neurons within 1 ms: 500 Hz. One of two within 2 ms: 250 Hz. The seventh iteration fills no bin.
        let expected = [vec![500.0, 0.0, 0.0], vec![250.0], vec![0.0; 3]];
        assert_eq!(bench.recorded_all("cells.rate"), expected);
    }

    #[test]
    fn a_bin_that_is_shorter_than_an_iteration_is_refused() {
        for wrong in [0.0, -1.0, 0.2, f64::NAN, f64::INFINITY] {
            let error = bench().try_recorder(recorder(wrong, Selection::All)).unwrap_err();
            assert!(error.contains("an iteration of 0.5 ms at least"), "{wrong}: {error}");
        }
        let error = bench().try_recorder(RateRecorder { of: vec!["cells.v".into()], ..default() }).unwrap_err();
        assert!(error.contains("is no group"), "{error}");
    }
}

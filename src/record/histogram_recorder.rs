//! Recording of distributions: how many members have which value.

use bevy_app::App;
use bevy_ecs::{prelude::*, resource::IsResource};

use super::{
    Bins, Recording, Selection,
    recording::{Content, Recordings, Window, record_due},
    resolve::{Request, find, resolve},
};
use crate::{
    behaviour,
    network::{Behaviour, Clock, Failures, Kind, Preparation, PrepareError, Ranks, Synapses},
    schedule::{Stage, add_patient_system},
};

/// Most bins: a row of so many takes 800 kB.
const MOST_BINS: u32 = 100_000;

behaviour! {
    /// Records histograms of variables, as they are at the end of an iteration: a row of counts per recorded iteration. Weights
    /// of millions of synapses, or potentials over hours, in a file of a few rows.
    ///
    /// By default a row holds the number of members below `low`, in each bin, and above `high`; a sum over rows is the histogram over
    /// members and time. A value that is not a number is counted nowhere.
    pub struct HistogramRecorder {
        /// Addresses of variables: `excitatory.v`, `excitatory.ampa.current`, `GLUTAMATE.weights`.
        pub of: Vec<String>,
        /// Lower edge of the first bin, in the unit of the variable.
        pub low: f64 = 0.0,
        /// Upper edge of the last bin, which includes it.
        pub high: f64 = 1.0,
        /// Number of bins, 1 to 100000.
        pub bins: u32 = 50,
        /// Which members: `All`, `Range(0, 10)`, `Stride(100)`, `List([3, 7])`.
        pub neurons: Selection = Selection::All,
        /// One iteration in so many.
        pub every: u64 = 1,
        /// The first iteration.
        pub from: u64 = 0,
        /// The first iteration that is not recorded any more; `None` records to the end.
        pub until: Option<u64>,
    }
}

impl Behaviour for HistogramRecorder {
    const KIND: Kind = Kind::Recorder;

    fn plugin(app: &mut App) {
        add_patient_system::<Self, _>(app, Stage::Record, record);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !preparation.is_first() {
            return Ok(());
        }
        let bins = self.checked_bins(preparation)?;
        let window = Window { from: self.from, until: self.until.unwrap_or(u64::MAX), every: self.every };
        let request = Request { of: &self.of, neurons: &self.neurons, window };
        resolve(preparation, &request, |world, entity, name| {
            let (entry, _, info) = find(world, entity, name)?;
            Some((Content::Histogram(entry, bins), info))
        })
        .map(drop)
    }
}

impl HistogramRecorder {
    fn checked_bins(&self, preparation: &Preparation<'_>) -> Result<Bins, PrepareError> {
        let bins = Bins { low: self.low, high: self.high, count: self.bins };
        if !(bins.low.is_finite() && (bins.high - bins.low).is_finite() && bins.low < bins.high) {
            let why = format!("must be above `low`, and finite; from {} to {} there is nothing", bins.low, bins.high);
            return Err(preparation.error(Some("high"), why));
        }
        if !(1..=MOST_BINS).contains(&bins.count) {
            let why = format!("must be 1 to {MOST_BINS}, not {}", bins.count);
            return Err(preparation.error(Some("bins"), why));
        }
        Ok(bins)
    }
}

fn record(
    recorders: Query<&Recordings, With<HistogramRecorder>>,
    mut recordings: Query<&mut Recording>,
    sources: Query<EntityRef, (Without<Recording>, Without<IsResource>)>,
    (clock, ranks): (Res<Clock>, Option<Res<Ranks>>),
    mut failures: ResMut<Failures>,
) {
    record_due(recorders.iter(), &mut recordings, &clock, &mut failures, |_, recording| {
        let (Content::Histogram(entry, bins), Ok(source)) = (recording.content, sources.get(recording.source)) else {
            return Ok(());
        };
        let view = entry.view(source, recording.variable());
        let Some(whole) = view.and_then(|view| Ranks::whole(ranks.as_deref(), source, view)) else { return Ok(()) };
        let layout = source.get::<Synapses>().and_then(|synapses| synapses.layout.as_ref());
        // Dense weights have a place for each pair, be there a synapse or not.
        let is_there = |k: &usize| layout.is_none_or(|layout| layout.has(*k));
        let chosen = recording.chosen(whole.view()).filter(|(k, _)| is_there(k)).map(|(_, value)| value);
        let counts = bins.tally(chosen);
        recording.rows.append(1, bytemuck::cast_slice(&counts))
    });
}

#[cfg(test)]
mod tests {
    use super::{HistogramRecorder, Selection};
    use crate::prelude::*;

    fn recorder(of: &str, high: f64) -> HistogramRecorder {
        HistogramRecorder { of: vec![of.into()], high, bins: 2, ..default() }
    }

    #[test]
    fn a_row_counts_below_in_the_bins_and_above() {
        let mut bench = Bench::new();
        // Input −1, 0, 1, 2, 3 in iterations 0 to 4, twice that from then on.
        let scale = "i - 1".into();
        bench.group("cells", 5, StepCurrent { times: vec![0.0, 5.0], amplitudes: vec![1.0, 2.0], scale });
        bench.recorder(HistogramRecorder { every: 5, ..recorder("cells.input", 2.0) });
        bench.recorder(HistogramRecorder {
            neurons: Selection::Range(3, 5),
            until: Some(1),
            ..recorder("cells.input", 2.0)
        });
        bench.ticks(6);
        let expected = [vec![1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 2.0], vec![0.0, 0.0, 1.0, 1.0]];
        assert_eq!(bench.recorded_all("cells.input.histogram"), expected);
    }

    /// A row of what is recorded of the variable of a tag.
    fn counted(bench: &mut Bench, of: &str) -> Vec<f64> {
        let recorder = bench.recorder(recorder(of, 1.0));
        bench.tick();
        let world = bench.world_mut();
        let entity = world.get::<crate::record::Recordings>(recorder).unwrap().iter().next().unwrap();
        world.get::<crate::record::Recording>(entity).unwrap().values()
    }

    #[test]
    fn weights_have_a_histogram_too() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 3, Izhikevich::default());
        let initial = InitialWeights("i * j / 4".into());
        bench.synapses(cells, cells, "GLUTAMATE", (AllToAll::default(), initial));
        // Products 0 (five times), 1, 2, 2, 4, over 4; 0.5 belongs to the upper bin.
        assert_eq!(counted(&mut bench, "GLUTAMATE.weights"), [0.0, 6.0, 3.0, 0.0]);
    }

    #[test]
    fn synapses_that_are_not_there_are_not_counted() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 10, Izhikevich::default());
        bench.synapses(cells, cells, "GLUTAMATE", (AllToAll { autapses: false }, InitialWeights("i / 20".into())));
        assert_eq!(counted(&mut bench, "GLUTAMATE.weights"), [0.0, 90.0, 0.0, 0.0]);
    }

    #[test]
    fn ranges_and_bins_without_sense_are_refused() {
        let refusal = |recorder: HistogramRecorder| {
            let mut bench = Bench::new();
            bench.group("cells", 5, Izhikevich::default());
            bench.try_recorder(recorder).unwrap_err()
        };
        for high in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(refusal(recorder("cells.v", high)).contains("must be above `low`"), "{high}");
        }
        assert!(refusal(HistogramRecorder { low: -1e308, ..recorder("cells.v", 1e308) }).contains("high"));
        for bins in [0, 1_000_000] {
            assert!(refusal(HistogramRecorder { bins, ..recorder("cells.v", 1.0) }).contains("must be 1 to 100000"));
        }
        assert!(refusal(HistogramRecorder { every: 0, ..recorder("cells.v", 1.0) }).contains("every"));
        assert!(refusal(recorder("cells.w", 1.0)).contains("no such variable"));
    }
}

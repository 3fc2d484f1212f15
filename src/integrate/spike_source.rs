//! A group that fires when it is told to: stimuli, recorded spikes, the output of another program.
//!
//! ```text
//! iteration = ⌈time / dt⌉ − 1
//! ```
//! A spike stands at the end of its iteration, as [`Clock`] says: it reaches its targets in the next one.

use std::{path::Path, sync::Arc};

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::spike_list::{Gathered, Times, read_text};
use crate::{
    behaviour,
    network::{Behaviour, Birth, Clock, Preparation, PrepareError, Spikes, Unit},
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// Neurons that fire at given times.
    #[require(Spikes)]
    pub struct SpikeSource {
        /// The times of the spikes, above 0, a list for each neuron, in any order: `[[1, 5.5], [], [3]]`. A spike stands at the
        /// end of its iteration, so that 1 ms is that of iteration 9 at a step of 0.1 ms; one between goes to the later end.
        #[reflect(@Unit("ms"))]
        pub times: Vec<Vec<f64>>,
        /// A file with a row of time and neuron for every spike, in any order, from the scene's folder: `.npy`, `.npz`, or
        /// text with the two numbers on each line.
        pub file: String,
        /// The array's name in a `.npz` file.
        pub key: String,
        /// What the times of the file are: `Milliseconds`, at the ends of iterations, or `Iterations` as in recordings of
        /// spikes.
        pub unit: TimeUnit,
        /// The spikes in order, once they have been read.
        #[reflect(ignore)]
        pub spikes: Option<Arc<[(u64, u32)]>>,
    }
}

/// What a number in a file of spikes is.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeUnit {
    /// A time in milliseconds, above 0: (k + 1) · dt for iteration k.
    #[default]
    Milliseconds,
    /// The number of an iteration.
    Iterations,
}

impl Behaviour for SpikeSource {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Integrate, fire);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if self.spikes.is_some() {
            return Ok(()); // it comes back from being switched off
        }
        let clock = preparation.clock();
        let neurons = preparation.shape().iter().product();
        let field = if self.file.is_empty() { "times" } else { "file" };
        let gathered = match (self.file.as_str(), self.times.is_empty()) {
            ("", _) => {
                let lists = self.times.len();
                if (1..neurons).contains(&lists) {
                    let why = format!("{lists} of {neurons} neurons have a list of times; the others never fire");
                    preparation.warn(Some("times"), why);
                }
                let mut gathered = Gathered::new(neurons, Times::Milliseconds(clock));
                gathered.add_lists(&self.times).map(|()| gathered)
            }
            (_, false) => Err("the spikes come from a list or from a file, not from both".to_owned()),
            (file, true) => self.read(file, Gathered::new(neurons, self.unit_of(clock)), preparation)?,
        };
        let spikes = gathered.and_then(Gathered::schedule).map_err(|why| preparation.error(Some(field), why))?;
        if !preparation.is_trial() {
            self.spikes = Some(spikes.into());
        }
        Ok(())
    }
}

impl SpikeSource {
    /// Fires at the given times (ms, above 0), a list for each neuron.
    #[must_use]
    pub fn at(times: Vec<Vec<f64>>) -> Self {
        Self { times, ..Self::default() }
    }

    fn unit_of(&self, clock: Clock) -> Times {
        match self.unit {
            TimeUnit::Milliseconds => Times::Milliseconds(clock),
            TimeUnit::Iterations => Times::Iterations,
        }
    }

    /// The spikes of a file; an outer error says that it cannot be read, an inner one what is wrong in it.
    fn read(
        &self,
        file: &str,
        mut gathered: Gathered,
        preparation: &mut Preparation<'_>,
    ) -> Result<Result<Gathered, String>, PrepareError> {
        let extension = Path::new(file).extension().and_then(|extension| extension.to_str());
        if matches!(extension, Some("npy" | "npz")) {
            let key = (!self.key.is_empty()).then_some(self.key.as_str());
            let array = preparation.array("file", file, key)?;
            return Ok(gathered.add_array(&array).map(|()| gathered));
        }
        let path = preparation.file("file", file)?;
        Ok(read_text(&path).and_then(|text| gathered.add_text(&text)).map(|()| gathered))
    }
}

fn fire(mut groups: Query<(&SpikeSource, &mut Spikes, Option<&Birth>)>, clock: Res<Clock>, mut due: Local<Vec<u32>>) {
    for (source, mut spikes, birth) in &mut groups {
        emit(source.spikes.as_deref().unwrap_or_default(), &mut spikes, &clock.since(birth), &mut due);
    }
}

/// Lets those of all spikes, in order, come that are due; `due` is room for their list.
pub(super) fn emit(all: &[(u64, u32)], spikes: &mut Spikes, clock: &Clock, due: &mut Vec<u32>) {
    // Searched for, so that nothing but the clock says where a run stands.
    let first = all.partition_point(|&(iteration, _)| iteration < clock.iteration);
    due.clear();
    due.extend(all[first..].iter().take_while(|&&(at, _)| at == clock.iteration).map(|&(_, neuron)| neuron));
    if !due.is_empty() {
        spikes.set_neurons(due);
    }
}

#[cfg(test)]
mod tests {
    use super::{SpikeSource, TimeUnit};
    use crate::{network::ArrayFolder, prelude::*};

    fn trains(bench: &mut Bench, source: Entity, iterations: usize) -> Vec<Vec<u32>> {
        let tick = |_| {
            bench.tick();
            let marks = bench.get(source, "fired");
            let marked: Vec<u32> = (0..).zip(marks).filter(|(_, mark)| *mark != 0.0).map(|(i, _)| i).collect();
            assert_eq!(marked, bench.spikes(source), "the marks are those of the list");
            marked
        };
        (0..iterations).map(tick).collect()
    }

    #[test]
    fn neurons_fire_in_the_iterations_of_their_times() {
        let mut bench = Bench::new().with_dt(0.1);
        let source = bench.group("source", 4, SpikeSource::at(vec![vec![0.4, 0.1], vec![], vec![0.31]]));
        assert_eq!(trains(&mut bench, source, 5), [vec![0], vec![], vec![], vec![0, 2], vec![]]);
        assert_eq!(bench.spike_count(source), 3);
    }

    #[test]
    fn spikes_of_a_file_are_those_of_the_list() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "time,neuron\n0.4,0\n0.25,2\n0.1,0\n").unwrap();
        std::fs::write(folder.path().join("b.txt"), "3 0\n2 2\n0 0\n").unwrap();
        std::fs::write(folder.path().join("wrong.csv"), "0.3,0\n0.1,7\n").unwrap();
        let expected = [vec![0], vec![], vec![2], vec![0], vec![]];
        let mut bench = Bench::new().with_dt(0.1);
        bench.world_mut().insert_resource(ArrayFolder::at(folder.path()));
        let of_file = |file: &str, unit| SpikeSource { file: file.into(), unit, ..default() };
        let list = bench.group("list", 3, SpikeSource::at(vec![vec![0.4, 0.1], vec![], vec![0.25]]));
        let text = bench.group("text", 3, of_file("a.csv", TimeUnit::Milliseconds));
        let iterations = bench.group("iterations", 3, of_file("b.txt", TimeUnit::Iterations));
        for expected in expected {
            bench.tick();
            for source in [list, text, iterations] {
                assert_eq!(bench.spikes(source), expected);
            }
        }
        let error = bench.try_group("a", 3, of_file("wrong.csv", TimeUnit::Milliseconds)).unwrap_err();
        assert_eq!(error, "a: SpikeSource.file: line 2: there is no neuron 7; there are 0 to 2");
        let error = bench.try_group("b", 3, of_file("none.csv", TimeUnit::Milliseconds)).unwrap_err();
        assert!(error.starts_with("b: SpikeSource.file: ") && error.contains("none.csv"), "{error}");
        let both = SpikeSource { times: vec![vec![1.0]], ..of_file("a.csv", TimeUnit::Milliseconds) };
        let error = bench.try_group("c", 3, both).unwrap_err();
        assert_eq!(error, "c: SpikeSource.file: the spikes come from a list or from a file, not from both");
    }

    #[test]
    fn arrays_are_read_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spikes.npy");
        let mut writer = crate::npy::Writer::create(&path, crate::npy::Dtype::F64, &[2]).unwrap();
        let rows: Vec<u8> = [2.0_f64, 2.0, 1.0, 1.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        writer.append(&rows).unwrap();
        writer.finish().unwrap();
        let mut bench = Bench::new();
        bench.world_mut().insert_resource(ArrayFolder::at(folder.path()));
        let source = bench.group("source", 3, SpikeSource { file: "spikes.npy".into(), ..default() });
        assert_eq!(trains(&mut bench, source, 3), [vec![1], vec![2], vec![]]);
    }

    #[test]
    fn lists_that_do_not_fit_are_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("a", 1, SpikeSource::at(vec![vec![], vec![]])).unwrap_err();
        assert_eq!(error, "a: SpikeSource.times: 2 lists for 1 neurons");
        let error = bench.try_group("b", 1, SpikeSource::at(vec![vec![1.0, f64::NAN]])).unwrap_err();
        assert_eq!(error, "b: SpikeSource.times: neuron 0, time 1: NaN ms is no time of a spike");
    }

    #[test]
    fn spikes_reach_their_targets_in_the_next_iteration() {
        let mut bench = Bench::new();
        let source = bench.group("source", 2, SpikeSource::at(vec![vec![1.0], vec![1.0, 2.0]]));
        let cells = bench.group("cells", 1, ());
        bench.receptor(cells, "r", CurrentReceptor { afferent: "A".into(), ..default() });
        bench.synapses(source, cells, "A", AllToAll::default());
        let seen = [(); 4].map(|()| {
            bench.tick();
            bench.get(cells, "input")[0]
        });
        assert_eq!(seen, [0.0, 2.0, 1.0, 0.0]);
    }
}

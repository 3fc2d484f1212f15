//! Poisson input: every neuron gets spikes of its own from many independent sources.
//!
//! ```text
//! arriving[i] += weight · P(rate · sources · dt)      or   input[i] += …   without a receptor
//! ```
//! P(λ) a Poisson number: the superposition of `sources` Poisson trains is one Poisson train of the summed rate, so no
//! source is simulated by itself.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::noise::Streams;
use crate::{
    behaviour, cell,
    network::{
        Arriving, Behaviour, Birth, Cells, CellsOf, Clock, Failures, Input, Parameter, Preparation, PrepareError,
        Range, Receptors, Step, ThreadShares, Unit,
        receptor::{ByGroup, Fed},
    },
    numeric::{
        Archive, ArchiveError, Real,
        blocks::{PerBlock, one_after_another},
        dispatch,
        pass::pass,
        poisson::{Counts, GREATEST_MEAN, next_of_each},
        real::{real, wide},
        shares::Effort,
        vector_rng::{LANES, VectorRng},
    },
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// Spikes from Poisson sources that are not part of the network, independent for every neuron.
    pub struct PoissonInput {
        /// Firing rate of a source.
        #[reflect(@Unit("Hz"), @Range::NOT_NEGATIVE)]
        pub rate: Parameter = 10.0,
        /// Number of sources of a neuron.
        #[reflect(@Range::NOT_NEGATIVE)]
        pub sources: Parameter = 1.0,
        /// Weight of a spike: in the terms of the receptor, or of the model's input.
        pub weight: Parameter = 1.0,
        /// Name of the receptor of the group that takes the spikes; empty to add them to the input.
        pub receptor: String,
        /// When the sources begin to fire.
        #[reflect(@Unit("ms"))]
        pub start: f64 = 0.0,
        /// When they fall silent; `None` for never.
        #[reflect(@Unit("ms"))]
        pub stop: Option<f64>,
        /// The random numbers to come.
        #[reflect(ignore)]
        pub streams: Streams,
        /// The distribution of counts, where it is one for all.
        #[reflect(ignore)]
        pub counts: Counts,
        /// Whether the receptor was there: who removes it while the network runs wants no spikes any more.
        #[reflect(ignore)]
        pub was_heard: bool = false,
    }
}

impl Behaviour for PoissonInput {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, add_spikes);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        preparation.check_window(self.start, self.stop)?;
        self.streams.start(preparation);
        // In a trial the whole network stands; elsewhere the receptor may come later.
        if !preparation.is_trial() || self.receptor.is_empty() {
            return Ok(());
        }
        if let Some(receptor) = self.receptor_of(preparation) {
            preparation.world().entity_mut(receptor).insert(Fed::default());
            return Ok(());
        }
        let (group, world) = (preparation.entity(), preparation.world());
        let receptors = world.get::<Receptors>(group).into_iter().flat_map(RelationshipTarget::iter);
        let names: Vec<&str> = receptors.filter_map(|receptor| world.get(receptor)).map(Name::as_str).collect();
        let there =
            if names.is_empty() { "it has none".to_owned() } else { format!("there are: {}", names.join(", ")) };
        let why = format!("the group has no receptor `{}`; {there}", self.receptor);
        Err(preparation.error(Some("receptor"), why))
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let dt = preparation.clock().dt;
        let neurons = preparation.members();
        if let Some(mut fed) = self.receptor_of(preparation).and_then(|fed| preparation.world().get_mut::<Fed>(fed)) {
            fed.weights = Some(self.weight.range(neurons));
        }
        match (0..neurons).map(|i| self.mean(i, dt)).find(|&mean| mean > GREATEST_MEAN) {
            Some(mean) => {
                let why = format!("{mean:.1e} spikes a step and neuron are more than {GREATEST_MEAN:e}");
                Err(preparation.error(Some("rate"), why))
            }
            None => Ok(()),
        }
    }

    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.streams(&mut self.streams.0)
    }
}

impl PoissonInput {
    /// The receptor that it feeds, if it is there.
    fn receptor_of(&self, preparation: &mut Preparation<'_>) -> Option<Entity> {
        let (group, world) = (preparation.entity(), preparation.world());
        let mut receptors = world.get::<Receptors>(group)?.iter();
        receptors.find(|&receptor| world.get::<Name>(receptor).is_some_and(|name| name.as_str() == self.receptor))
    }

    /// The mean number of spikes that neuron `i` gets in a step (ms).
    fn mean(&self, i: usize, dt: f64) -> f64 {
        wide(self.rate.at(i)) * wide(self.sources.at(i)) * dt * 1e-3
    }
}

cell! {
    struct Sources {
        rate: Real,
        number: Real,
        weight: Real,
    }
}

type GroupItem = (
    (Entity, Option<&'static Name>),
    &'static mut PoissonInput,
    &'static mut Input,
    &'static mut Cells,
    Option<&'static Receptors>,
    &'static ThreadShares,
    Option<&'static Birth>,
);

fn add_spikes(
    mut groups: Query<GroupItem>,
    mut receptors: Query<(Entity, &'static Name, &'static mut Arriving)>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    let mut receptors = ByGroup::new(&mut receptors, |found| found.0);
    pass(|pass| {
        for ((group, name), source, input, cells, own, ThreadShares(shares), birth) in &mut groups {
            let (changed, source, input) = (source.is_changed(), source.into_inner(), &mut input.into_inner().0[..]);
            let (neurons, mean) = (input.len(), source.mean(0, clock.dt));
            let PoissonInput { rate, sources, weight, .. } = &*source;
            let constants = cells.into_inner().of(source, changed, (Step::of(&clock, 1), neurons), |i| Sources {
                rate: rate.at(i),
                number: sources.at(i),
                weight: weight.at(i),
            });
            // Not before: what has changed is seen once.
            if !clock.since(birth).is_within(source.start, source.stop) {
                continue;
            }
            let PoissonInput { receptor, streams, counts, was_heard, .. } = source;
            if matches!(constants, CellsOf::Alike(_)) && counts.mean() != mean {
                *counts = Counts::new(mean);
            }
            let (streams, kernel) = (PerBlock(&mut streams.0[..]), kernel(counts, clock.dt));
            if receptor.is_empty() {
                pass.by_blocks(Effort::Heavy, shares, neurons, (input, constants, streams), kernel);
                continue;
            }
            let (mut found, named) = (false, |name: &Name| name.as_str() == receptor);
            if let Some(own) = own
                && shares.cut(neurons, Effort::Heavy)
            {
                let arriving = receptors.take(own, |(_, name, arriving)| named(name).then_some(arriving));
                if let Some(arriving) = arriving.into_iter().next() {
                    let Arriving { sums, any, .. } = arriving.into_inner();
                    (found, *any) = (true, true);
                    pass.by_blocks(Effort::Heavy, shares, neurons, (&mut sums[..], constants, streams), kernel);
                }
            } else if let Some(own) = own {
                receptors.by_twos(own, |few| {
                    let first = few.iter_mut().find(|(_, name, _)| !found && named(name));
                    if let Some((.., arriving)) = first {
                        (found, arriving.any) = (true, true);
                        let columns = (&mut arriving.sums[..], constants, PerBlock(&mut *streams.0));
                        one_after_another(neurons, columns, &kernel);
                    }
                });
            }
            *was_heard |= found;
            if !*was_heard {
                let who = format!("{}.PoissonInput", name.map_or("", Name::as_str));
                failures.push_at(group, who, format!("the group has no receptor `{receptor}`"));
            }
        }
    });
}

/// Sums, the sources of each neuron, random numbers.
type Columns<'a> = (&'a mut [Real], CellsOf<'a, Sources>, PerBlock<'a, VectorRng>);

/// Adds weighted counts to sums.
fn kernel(counts: &Counts, dt: f64) -> impl Fn(Columns<'_>) + Clone + Send {
    move |(sums, constants, streams)| {
        let Some(lanes) = streams.0.first_mut() else { return };
        dispatch(
            #[inline(always)]
            || match constants {
                CellsOf::Alike(Sources { weight, .. }) => add_counts(sums, weight, counts, lanes),
                CellsOf::Each(each) => {
                    add_each(sums, [0, 1, 2].map(|k| each.column(k)), real(1e-3 * dt), lanes);
                }
            },
        );
    }
}

#[inline(always)]
fn add_counts(sums: &mut [Real], weight: Real, counts: &Counts, lanes: &mut VectorRng) {
    let mut own = lanes.clone();
    let (whole, rest) = sums.as_chunks_mut::<LANES>();
    for sums in whole {
        let counts = counts.next(&mut own);
        for lane in 0..LANES {
            sums[lane] += weight * counts[lane];
        }
    }
    if !rest.is_empty() {
        rest.iter_mut().zip(counts.next(&mut own)).for_each(|(sum, count)| *sum += weight * count);
    }
    *lanes = own;
}

#[inline(always)]
fn add_each(sums: &mut [Real], [rate, sources, weight]: [&[Real]; 3], seconds: Real, lanes: &mut VectorRng) {
    let mut own = lanes.clone();
    let parameters = rate.chunks(LANES).zip(sources.chunks(LANES)).zip(weight.chunks(LANES));
    for (sums, ((rate, sources), weight)) in sums.chunks_mut(LANES).zip(parameters) {
        let mut means = [0.0; LANES];
        for ((mean, rate), sources) in means.iter_mut().zip(rate).zip(sources) {
            *mean = rate * sources * seconds;
        }
        let counts = next_of_each(&means, &mut own);
        for ((sum, weight), count) in sums.iter_mut().zip(weight).zip(counts) {
            *sum += weight * count;
        }
    }
    *lanes = own;
}

#[cfg(test)]
mod tests {
    use crate::{assemble::check, prelude::*, scene::Scene};

    /// Mean and variance over neurons and steps within five standard errors: one of 1.7 million tests fails.
    #[track_caller]
    fn assert_moments(counts: &[f64], mean: f64) {
        let n = counts.len() as f64;
        let found = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        assert!((found - mean).abs() < 5.0 * (mean / n).sqrt(), "{found} {mean}");
        // The variance of (x − λ)² under a Poisson distribution is λ + 2 λ².
        assert!((variance - mean).abs() < 5.0 * ((mean + 2.0 * mean * mean) / n).sqrt(), "{variance} {mean}");
    }

    #[test]
    fn counts_are_poisson_numbers_of_rate_times_sources_times_step() {
        for (rate, sources, mean) in [(8.0, 1600.0, 1.28), (2.0, 10.0, 0.002), (1000.0, 5000.0, 500.0)] {
            for each in ["", " + 0 * i"] {
                let mut bench = Bench::new().with_dt(0.1);
                let rate = Parameter::from(&*format!("{rate}{each}"));
                let input = PoissonInput { rate, sources: sources.into(), weight: 0.5.into(), ..default() };
                let cells = bench.group("cells", 5003, input);
                let mut counts = Vec::new();
                for _ in 0..10 {
                    bench.tick();
                    counts.extend(bench.get(cells, "input").iter().map(|input| 2.0 * input));
                }
                assert_moments(&counts, mean);
            }
        }
    }

    #[test]
    fn spikes_go_through_the_receptor_in_the_same_iteration() {
        let mut bench = Bench::new();
        let input = PoissonInput { rate: 1e4.into(), receptor: "b".into(), ..default() };
        let cells = bench.group("cells", 2000, input);
        bench.receptor(cells, "a", CurrentReceptor { gain: 100.0.into(), ..default() });
        bench.receptor(cells, "b", CurrentReceptor { gain: (-1.0).into(), ..default() });
        bench.tick();
        let counts: Vec<f64> = bench.get(cells, "input").iter().map(|input| -input).collect();
        assert_moments(&counts, 10.0);
    }

    #[test]
    fn neurons_and_steps_are_independent() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 20_000, PoissonInput { rate: 1e3.into(), ..default() });
        bench.tick();
        let first = bench.get(cells, "input");
        bench.tick();
        let second = bench.get(cells, "input");
        let covariance = |a: &[f64], b: &[f64]| {
            a.iter().zip(b).map(|(a, b)| (a - 1.0) * (b - 1.0)).sum::<f64>() / a.len().min(b.len()) as f64
        };
        // Five standard errors of a product of two numbers of variance 1.
        assert!(covariance(&first, &second).abs() < 5.0 / 20_000_f64.sqrt());
        assert!(covariance(&first, &first[1..]).abs() < 5.0 / 20_000_f64.sqrt());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("a", 2, PoissonInput { rate: (-1.0).into(), ..default() }).unwrap_err();
        assert_eq!(error, "a: PoissonInput.rate: must be 0 or more, not -1");
        let error = bench.try_group("b", 2, PoissonInput { sources: "-i".into(), ..default() }).unwrap_err();
        assert_eq!(error, "b: PoissonInput.sources: must be 0 or more; member 1 gets -1");
        let error = bench.try_group("c", 2, PoissonInput { rate: 1e13.into(), ..default() }).unwrap_err();
        assert_eq!(error, "c: PoissonInput.rate: 1.0e10 spikes a step and neuron are more than 1e9");
        bench.group("d", 2, PoissonInput { receptor: "ampa".into(), ..default() });
        assert_eq!(bench.try_ticks(1).unwrap_err(), "d.PoissonInput: the group has no receptor `ampa`");
        let mut scene = Scene::new("refused");
        scene.groups =
            vec![GroupScene::new("e", NeuronGroup::new(2)).with(PoissonInput { receptor: "ampa".into(), ..default() })];
        let faults = check(bench.world_mut(), &scene).unwrap_err().to_string();
        assert!(faults.contains("the group has no receptor `ampa`; it has none"), "{faults}");
    }
}

//! Dopamine for pairs of spikes: the experiment of E. M. Izhikevich, "Solving the distal reward problem through linkage of
//! STDP and dopamine signaling", Cereb. Cortex 17:2443 (2007), fig. 1.
//!
//! ```text
//! the target of a synapse fires less than `within` after its source:  dopamine += amount,  `soonest` to `latest` later
//! ```
//! A spike of the target counts once, with the last spike of the source; spikes of one iteration are no pair. How long a
//! reward is waited for depends on the seed, the name of the synapses and the iteration alone, so that groups that wait for
//! the same synapses are rewarded at the same times.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::dopamine::{Concentration, Dopamine};
use crate::{
    behaviour,
    network::{
        Behaviour, Birth, Clock, Layout, PartOf, Preparation, PrepareError, Range, Ranks, RegisterState, Seed, Source,
        Spikes, State, SynapseGroup, Synapses, Tags, Target, Unit, address::groups,
    },
    numeric::{Archive, ArchiveError, philox::uniform_pair, real::real, stream::Stream},
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// The neurons of a group get dopamine some time after the source and the target of a synapse have fired in this order.
    ///
    /// By default the experiment of the paper.
    #[require(Dopamine, Watch)]
    pub struct Reward {
        /// Name or tag of the synapses that are rewarded.
        pub synapses: String,
        /// The target fires less than so long after the source.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub within: f64 = 20.0,
        /// The least time from the spike of the target to the reward.
        #[reflect(@Unit("ms"), @Range::NOT_NEGATIVE)]
        pub soonest: f64 = 1000.0,
        /// The greatest time from the spike of the target to the reward; all times in between are equally likely.
        #[reflect(@Unit("ms"), @Range::FINITE)]
        pub latest: f64 = 3000.0,
        /// Dopamine that is released.
        #[reflect(@Unit("µM"), @Range::FINITE)]
        pub amount: f64 = 0.5,
    }
}

impl Behaviour for Reward {
    fn plugin(app: &mut App) {
        // Before the rules that go by dopamine, and before it decays.
        app.register_state::<Watch>().add_behaviour_system::<Self, _>(Stage::Learn, give);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if self.latest < self.soonest {
            let why = format!("must not be below soonest, {}, but is {}", self.soonest, self.latest);
            return Err(preparation.error(Some("latest"), why));
        }
        let (entity, network, seed) = (preparation.entity(), preparation.network(), preparation.seed());
        if let Some(mut watch) = preparation.world().get_mut::<Watch>(entity) {
            (watch.network, watch.seed) = (network, seed);
        }
        // In a trial the whole network stands; elsewhere synapses may come later.
        if !preparation.is_trial() {
            return Ok(());
        }
        let found = groups(preparation.world(), network, &self.synapses);
        let found = found.map_err(|error| preparation.address_error("synapses", error))?;
        if found.iter().any(|&group| preparation.world().get::<SynapseGroup>(group).is_some()) {
            return Ok(());
        }
        Err(preparation.error(Some("synapses"), format!("`{}` has neurons, not synapses", self.synapses)))
    }
}

/// What a [`Reward`] has seen: the pairs of neurons that it waits for, and what is due.
#[derive(Component, Clone, Debug, Default)]
pub struct Watch {
    pairs: Vec<Joined>,
    /// Whether the pairs are those that the synapses are between.
    found: bool,
    /// Iterations at whose end dopamine is released, ascending.
    due: VecDeque<u64>,
    /// The network in which the synapses are looked for; `None` for all.
    network: Option<Entity>,
    seed: Seed,
}

/// Two neurons with a synapse.
#[derive(Clone, Debug)]
struct Joined {
    /// Of the synapse group.
    name: Arc<str>,
    source: (Entity, u32),
    target: (Entity, u32),
    /// The iteration in which the source fired last.
    fired: Option<u64>,
}

/// A synapse group as a reward sees it.
type Group<'w> = ((&'w Name, &'w Tags, Option<&'w PartOf>), &'w Source, &'w Target, Ref<'w, Synapses>);

fn give(
    mut rewards: Query<(&Reward, &mut Watch, &mut Concentration, Option<&Birth>)>,
    synapses: Query<Group<'_>>,
    spikes: Query<&Spikes>,
    (clock, ranks): (Res<Clock>, Option<Res<Ranks>>),
) {
    let rewired = synapses.iter().any(|(.., synapses)| synapses.is_changed());
    for (reward, mut watch, mut concentration, birth) in &mut rewards {
        let clock = clock.since(birth);
        if rewired || !watch.found {
            watch.find(reward, &synapses);
        }
        // A rank has the synapses onto its own neurons.
        if Ranks::any(ranks.as_deref(), watch.sees_pair(&spikes, &clock, reward.within)) {
            let stream = Stream::new(watch.seed.0, &[&reward.synapses, "Reward", "delay"]);
            let [part, _] = uniform_pair(stream, clock.iteration);
            let wait = reward.soonest + (reward.latest - reward.soonest) * part;
            watch.await_until(clock.iteration + clock.steps(wait));
        }
        while watch.due.front().is_some_and(|due| *due <= clock.iteration) {
            watch.due.pop_front();
            concentration.0.iter_mut().for_each(|dopamine| *dopamine += real(reward.amount));
        }
    }
}

impl State for Watch {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.value(&mut self.due)?;
        let waiting = |pair: &Joined| (pair.name.to_string(), pair.source.1, pair.fired);
        let here: Vec<(String, u32, Option<u64>)> = archive.union(self.pairs.iter().map(waiting).collect())?;
        if let (Some(saved), true) = (archive.through(&here)?, archive.restores()) {
            // Found among the synapses in the next iteration, by their names.
            let pair = |(name, source, fired): (String, u32, Option<u64>)| Joined {
                name: name.into(),
                source: (Entity::PLACEHOLDER, source),
                target: (Entity::PLACEHOLDER, 0),
                fired,
            };
            (self.pairs, self.found) = (saved.into_iter().map(pair).collect(), false);
        }
        Ok(())
    }
}

impl Watch {
    fn find(&mut self, reward: &Reward, synapses: &Query<Group<'_>>) {
        // Synapses elsewhere may be what has changed: a source has fired when it has.
        let fired: HashMap<_, _> =
            self.pairs.iter().map(|pair| ((pair.name.clone(), pair.source.1), pair.fired)).collect();
        let wanted = |name: &Name, tags: &Tags| name.as_str() == reward.synapses || tags.contains(&reward.synapses);
        let is_there = |part: Option<&PartOf>| self.network.is_none() || part.map(|part| part.0) == self.network;
        let groups = synapses.iter().filter(|((name, tags, part), ..)| wanted(name, tags) && is_there(*part));
        let pairs = groups.flat_map(|((name, ..), source, target, synapses)| {
            let layout = synapses.into_inner().layout.as_ref();
            let (name, fired): (Arc<str>, _) = (name.as_str().into(), &fired);
            layout.into_iter().flat_map(Layout::synapses).map(move |synapse| Joined {
                name: name.clone(),
                source: (source.0, synapse.source),
                target: (target.0, synapse.target),
                fired: fired.get(&(name.clone(), synapse.source)).copied().flatten(),
            })
        });
        (self.pairs, self.found) = (pairs.collect(), true);
    }

    /// Whether the iteration completes a pair.
    fn sees_pair(&mut self, spikes: &Query<&Spikes>, clock: &Clock, within: f64) -> bool {
        let fires = |(group, neuron): (Entity, u32)| spikes.get(group).is_ok_and(|spikes| spikes.has(neuron));
        let mut seen = false;
        for pair in &mut self.pairs {
            let since = pair.fired.map(|fired| (clock.iteration - fired) as f64 * clock.dt);
            // A thousandth of a step for times such as 0.3 that are not exactly what they say.
            seen |= since.is_some_and(|since| since < within - 1e-3 * clock.dt) && fires(pair.target);
            if fires(pair.source) {
                pair.fired = Some(clock.iteration);
            }
        }
        seen
    }

    fn await_until(&mut self, iteration: u64) {
        let place = self.due.partition_point(|due| *due <= iteration);
        self.due.insert(place, iteration);
    }
}

#[cfg(test)]
mod tests {
    use crate::{assemble::build, prelude::*, scene::Scene};

    /// A group with a reward of fixed wait for the only synapse from a source to a target with spikes in these iterations.
    fn rewarded(source: &[f64], target: &[f64], reward: Reward) -> (Bench, Entity) {
        let mut bench = Bench::new();
        let ends = |iterations: &[f64]| SpikeSource::at(vec![iterations.iter().map(|k| k + 1.0).collect()]);
        let source = bench.group("source", 1, ends(source));
        let cells = (ends(target), Dopamine { tau: 1e300, tonic: 0.0 }, reward);
        let target = bench.group("target", 1, cells);
        bench.synapses(source, target, "chosen", OneToOne::default());
        (bench, target)
    }

    fn waiting(soonest: f64, latest: f64) -> Reward {
        Reward { synapses: "chosen".into(), within: 10.0, soonest, latest, ..default() }
    }

    /// The iterations after which dopamine has risen.
    fn rises(bench: &mut Bench, cells: Entity, iterations: usize) -> Vec<usize> {
        let mut before = 0.0;
        let rise = |k: &usize| {
            bench.tick();
            let now = bench.get(cells, "dopamine")[0];
            let rise = now - std::mem::replace(&mut before, now) > 0.4;
            (*k, rise).1
        };
        (0..iterations).filter(rise).collect()
    }

    #[test]
    fn a_target_that_follows_its_source_is_rewarded_once_and_in_time() {
        // 5 → 5 at once, 5 → 14 in time, 20 → 30 too late, 40 → 43 in time with the last of two.
        let (mut bench, cells) = rewarded(&[5.0, 20.0, 40.0, 42.0], &[5.0, 14.0, 30.0, 43.0], waiting(30.0, 30.0));
        assert_eq!(rises(&mut bench, cells, 100), [44, 73]);
        bench.assert_near(cells, "dopamine", &[1.0]);
    }

    #[test]
    fn the_wait_is_between_its_bounds_and_the_same_for_all_who_wait() {
        let at: Vec<f64> = (0..200).map(|k| f64::from(k) * 20.0).collect();
        let later: Vec<f64> = at.iter().map(|t| t + 1.0).collect();
        let (mut bench, cells) = rewarded(&at, &later, waiting(0.0, 19.0));
        let others = (Dopamine { tau: 1e300, tonic: 0.0 }, waiting(0.0, 19.0));
        let others = bench.group("others", 3, others);
        let waits: Vec<usize> = rises(&mut bench, cells, 4000).iter().map(|k| (k - 1) % 20).collect();
        assert_eq!((waits.len(), bench.get(others, "dopamine")[0]), (200, bench.get(cells, "dopamine")[0]));
        // Mean 9.5, standard deviation 19/√12; four standard errors of 200.
        let mean = waits.iter().sum::<usize>() as f64 / 200.0;
        assert!((mean - 9.5).abs() < 4.0 * 5.5 / 200_f64.sqrt(), "{mean}");
    }

    #[test]
    fn synapses_that_do_not_exist_are_refused() {
        let mut bench = Bench::new();
        let scene = |name: &str| {
            format!(
                "(groups: {{\"a\": (size: 2, behaviours: [Reward(synapses: \"{name}\")])}}, synapses: [(name: \"chosen\", \
                 from: \"a\", to: \"a\", connectivity: AllToAll())])"
            )
        };
        for (name, expected) in
            [("choosen", "no group is named or tagged `choosen`"), ("a", "has neurons, not synapses")]
        {
            let scene = Scene::from_text(bench.world_mut(), &scene(name)).unwrap();
            let error = build(bench.world_mut(), &scene).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

//! What is looked at of a network in a world, whoever runs that: a session of its own, a run, a game.

use std::time::{Duration, Instant};

use bevy_ecs::prelude::*;

use super::{
    frame::{Cost, Frame, Snapshot, Wanted},
    outline::{BehaviourView, GroupOutline, Outline, SynapseOutline, behaviours_of},
    synapses::{Partners, WeightsView},
    tap::{Looked, Probe, Seen, Tap},
};
use crate::{
    assemble::Network,
    network::{
        Clock, NeuronGroup, Parts, SynapseGroup,
        compartment::{receptors_of, sites_of},
    },
    stopwatch::Stopwatch,
};

/// Between two looks at what changes slowly: behaviours, synapses, costs.
const SLOW: Duration = Duration::from_millis(500);

/// A network that is looked at.
pub struct Look {
    groups: Vec<Entity>,
    synapses: Vec<(Entity, [u32; 2])>,
    wanted: Wanted,
    /// When synapses and costs are looked at again: later, if that took long.
    slow: Instant,
    /// When behaviours are looked at again.
    behaviours: Instant,
    /// The weights as they were at first, of the synapse group that is looked at.
    first: (u32, Vec<f32>),
    /// Nanoseconds of each timer, and iterations, at the look before.
    costs: (Vec<u64>, u64),
}

impl Look {
    /// Looks at a network from now on.
    pub fn at(world: &mut World, network: &Network) -> Self {
        Self::at_parts(world, network.groups.clone(), &network.synapses)
    }

    /// The same of the entity of a network.
    pub fn of(world: &mut World, network: Entity) -> Self {
        let parts: Vec<Entity> = world.get::<Parts>(network).map(|parts| parts.iter().collect()).unwrap_or_default();
        let (groups, others): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|&part| world.get::<NeuronGroup>(part).is_some());
        let synapses: Vec<Entity> =
            others.into_iter().filter(|&part| world.get::<SynapseGroup>(part).is_some()).collect();
        Self::at_parts(world, groups, &synapses)
    }

    fn at_parts(world: &mut World, groups: Vec<Entity>, synapses: &[Entity]) -> Self {
        let of = |synapses: Entity| {
            let SynapseOutline { source, target, .. } = SynapseOutline::of(world, synapses, &groups);
            (synapses, [source, target])
        };
        let synapses = synapses.iter().map(|&synapses| of(synapses)).collect();
        world.insert_resource(Tap::of(&groups));
        let now = Instant::now();
        let (slow, behaviours, first, costs) = (now, now, (0, Vec::new()), (Vec::new(), 0));
        Self { groups, synapses, wanted: Wanted::default(), slow, behaviours, first, costs }
    }

    /// The place of a group in the outline.
    #[must_use]
    pub fn place(&self, group: Entity) -> Option<u32> {
        self.groups.iter().position(|one| *one == group).map(|place| place as u32)
    }

    /// Whether all that is looked at is still there.
    #[must_use]
    pub fn is_there(&self, world: &World) -> bool {
        let synapses = self.synapses.iter().map(|(one, _)| one);
        !self.groups.is_empty() && self.groups.iter().chain(synapses).all(|&one| world.get_entity(one).is_ok())
    }

    /// What the network is.
    #[must_use]
    pub fn outline(&self, world: &World, title: &str) -> Outline {
        Outline {
            title: title.to_owned(),
            dt: world.resource::<Clock>().dt,
            first: 0,
            groups: self.groups.iter().map(|&group| GroupOutline::of(world, group)).collect(),
            synapses: self.synapses.iter().map(|(one, _)| SynapseOutline::of(world, *one, &self.groups)).collect(),
            steerable: true,
            goes_back: true,
            recorded: false,
        }
    }

    /// Looks at something else from now on. What there is not is not seen.
    pub fn want(&mut self, world: &mut World, wanted: Wanted) {
        if wanted.probes != self.wanted.probes {
            let entity = |probe: &Probe| self.groups.get(probe.group as usize).copied();
            let probes =
                wanted.probes.iter().filter_map(|probe| Some(Looked::new(entity(probe)?, probe.clone()))).collect();
            world.resource_mut::<Tap>().probe(probes);
        }
        let slow = |wanted: &Wanted| (wanted.partners, wanted.weights, wanted.costs);
        if slow(&wanted) != slow(&self.wanted) {
            self.slow = Instant::now();
        }
        self.wanted = wanted;
    }

    /// What was seen since the last time.
    pub fn seen(&self, world: &mut World) -> (Vec<Probe>, Seen) {
        let mut tap = world.resource_mut::<Tap>();
        (tap.probes.iter().map(|looked| looked.probe.clone()).collect(), tap.take())
    }

    /// All behaviours as they are: of groups, with what belongs to them, and of synapses.
    #[must_use]
    pub fn behaviours(&self, world: &World) -> Vec<BehaviourView> {
        let mut all = Vec::new();
        for (&group, place) in self.groups.iter().zip(0..) {
            let own = sites_of(world, group).chain(receptors_of(world, group));
            all.extend(own.flat_map(|entity| behaviours_of(world, entity, Some(place))));
        }
        all.extend(self.synapses.iter().flat_map(|&(synapses, _)| behaviours_of(world, synapses, None)));
        all
    }

    /// The columns that are wanted, as they are now.
    #[must_use]
    pub fn columns(&self, world: &World) -> Vec<Snapshot> {
        let columns = self.wanted.columns.iter();
        let column = |(group, variable): &(u32, String)| {
            let entity = *self.groups.get(*group as usize)?;
            Snapshot::of(world, (*group, entity), variable)
        };
        columns.filter_map(column).collect()
    }

    /// What is new; `anew` if things may have changed otherwise than by time.
    pub fn frame(&mut self, world: &mut World, anew: bool) -> Frame {
        let (probes, seen) = self.seen(world);
        let iteration = world.resource::<Clock>().iteration;
        let mut frame =
            Frame { iteration, furthest: iteration, seen, probes, columns: self.columns(world), ..Frame::default() };
        if anew || Instant::now() >= self.behaviours {
            let began = Instant::now();
            frame.behaviours = Some(self.behaviours(world));
            self.behaviours = began + SLOW.max(500 * began.elapsed());
        }
        if Instant::now() >= self.slow {
            self.look_slowly(world, &mut frame);
        }
        frame
    }

    /// What is only looked at now and then, and never more than a fiftieth of the time.
    fn look_slowly(&mut self, world: &World, frame: &mut Frame) {
        let began = Instant::now();
        frame.partners = self.wanted.partners.map(|neuron| Partners::look(world, neuron, &self.synapses));
        frame.weights = self.wanted.weights.and_then(|place| self.weights(world, place));
        if let Some(weights) = &mut frame.weights {
            weights.iteration = frame.iteration;
        }
        frame.costs = self.wanted.costs.then(|| self.costs(world));
        let took = began.elapsed();
        self.slow = began + SLOW.max(50 * took);
    }

    fn weights(&mut self, world: &World, place: u32) -> Option<WeightsView> {
        let (entity, ends) = *self.synapses.get(place as usize)?;
        if self.first.0 != place {
            self.first = (place, Vec::new());
        }
        let size = |group: u32| {
            let group = self.groups.get(group as usize).and_then(|&group| world.get::<NeuronGroup>(group));
            group.map_or(0, NeuronGroup::size)
        };
        WeightsView::look(world, (place, entity), ends.map(size), &mut self.first.1)
    }

    /// Where the time went since the look before.
    fn costs(&mut self, world: &World) -> Vec<Cost> {
        let Some(stopwatch) = world.get_resource::<Stopwatch>() else { return Vec::new() };
        let (totals, measured) = stopwatch.totals();
        let before = std::mem::replace(&mut self.costs, (totals.iter().map(|lap| lap.2).collect(), measured));
        let iterations = measured.saturating_sub(before.1).max(1) as f64;
        let cost = |(k, (stage, name, total)): (usize, (&str, &str, u64))| {
            let since = total.saturating_sub(before.0.get(k).copied().unwrap_or_default());
            Cost { stage: stage.into(), name: name.into(), microseconds: since as f64 / 1e3 / iterations }
        };
        totals.into_iter().enumerate().map(cost).filter(|cost| cost.microseconds > 0.0).collect()
    }
}

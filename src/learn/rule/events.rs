//! The system of rules by equations: what is due in an iteration is gathered over all rows until a block is full, reckoned by a
//! program, and put back. A synapse is met once by the spikes that arrive, and once by those of its target.

use bevy_ecs::prelude::*;

use super::{
    super::{bounds::WeightBounds, incoming::Incoming},
    Rule,
    ends::RuleVariables,
};
use crate::{
    equations::{Event, Read},
    network::{
        Birth, Clock, Efficacies, Failures, Layout, Source, Spikes, Synapses, Target, Variables, View, Weights,
        shape::path_of,
    },
    numeric::{Column, Real},
};

/// Synapses that are worked on at once.
const BLOCK: usize = 512;

pub(super) fn learn(world: &mut World, groups: &mut QueryState<Entity, With<Rule>>) {
    let all: Vec<Entity> = groups.iter(world).collect();
    let mut failed = Vec::new();
    for group in all {
        // Taken out for the while, so that the neurons at both ends can be read.
        let Ok(mut here) = world.get_entity_mut(group) else { continue };
        let Some(mut variables) = here.get_mut::<RuleVariables>().map(|mut own| std::mem::take(&mut *own)) else {
            continue;
        };
        let Some(mut weights) = here.get_mut::<Weights>().map(|mut own| std::mem::take(&mut own.0)) else { continue };
        let outcome = follow(world, group, &mut variables).and_then(|follows| match follows {
            true => advance(world, group, &mut variables, &mut weights),
            false => Ok(Vec::new()),
        });
        let Ok(mut here) = world.get_entity_mut(group) else { continue };
        if let Some(mut own) = here.get_mut::<Weights>() {
            own.0 = weights;
        }
        match outcome {
            Ok(efficacies) => {
                if let Some(mut own) = here.get_mut::<Efficacies>().filter(|_| variables.has_efficacy()) {
                    own.0.begin();
                    own.0.latest_mut().extend(efficacies);
                }
            }
            Err(why) => failed.push((group, why)),
        }
        if let Some(mut own) = here.get_mut::<RuleVariables>() {
            *own = variables;
        }
    }
    for (group, why) in failed {
        let who = path_of(world, group);
        world.get_resource_or_init::<Failures>().push_at(group, who, why);
    }
}

impl RuleVariables {
    fn has_efficacy(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.efficacy)
    }
}

/// Sees to it that the rule remembers its neurons; whether there is something to be done. Spikes that came while it was switched off
/// are forgotten.
fn follow(world: &mut World, group: Entity, variables: &mut RuleVariables) -> Result<bool, String> {
    let Some((source, target)) = ends(world, group) else { return Ok(false) };
    let Some(layout) = world.get::<Synapses>(group).and_then(|synapses| synapses.layout.as_ref()) else {
        return Ok(false);
    };
    let size = |end| world.get::<Spikes>(end).map_or(0, |spikes| spikes.fired().len());
    let (sizes, clock) = ([source, target].map(size), world.get_resource::<Clock>().copied().unwrap_or_default());
    if let (Layout::Sparse(rows), None) = (layout, &variables.incoming) {
        let found = Incoming::of(rows, sizes[1]).ok_or("more plastic synapses than 32 bits count")?;
        variables.incoming = Some(found);
    }
    let longest = match (layout, &variables.incoming) {
        (Layout::Dense { delay, .. }, _) => *delay,
        (_, incoming) => incoming.as_ref().map_or(0, |incoming| incoming.longest_delay),
    };
    if variables.next != Some(clock.iteration) || !variables.holds(sizes, longest) {
        variables.forget(sizes, longest);
        if let Some(mut spikes) = world.get_mut::<Spikes>(source) {
            spikes.keep(longest);
        }
        let bounds = variables.running.as_ref().map(|running| running.bounds);
        if let (Some(mut stated), Some(bounds)) = (world.get_mut::<WeightBounds>(group), bounds) {
            stated.state::<Rule>(bounds);
        }
    }
    variables.next = Some(clock.iteration + 1);
    Ok(true)
}

fn ends(world: &World, group: Entity) -> Option<(Entity, Entity)> {
    Some((world.get::<Source>(group)?.0, world.get::<Target>(group)?.0))
}

/// One iteration; returns the efficacies of the spikes of the sources.
fn advance(
    world: &World,
    group: Entity,
    variables: &mut RuleVariables,
    weights: &mut [Real],
) -> Result<Vec<Real>, String> {
    let nothing = || Ok(Vec::new());
    let Some((source, target)) = ends(world, group) else { return nothing() };
    let (Some(fired), Some(past)) = (world.get::<Spikes>(target), world.get::<Spikes>(source)) else {
        return nothing();
    };
    let Some(layout) = world.get::<Synapses>(group).and_then(|synapses| synapses.layout.as_ref()) else {
        return nothing();
    };
    let Some(mut running) = variables.running.take() else { return nothing() };
    let clock = world.get_resource::<Clock>().copied().unwrap_or_default();
    let time = clock.since(world.get::<Birth>(group)).time();
    variables.sources.step(running.pre.step.as_mut(), time);
    variables.targets.step(running.post.step.as_mut(), time);
    let outcome = (|| {
        if let Some(event) = &mut running.on_pre {
            let mut gather = Gather::new(world, (source, target), event, time)?;
            let longest = variables.incoming.as_ref().map_or(0, |incoming| incoming.longest_delay);
            arrivals(layout, longest, past, |place, ends| gather.add(variables, weights, place, ends));
            gather.flush(variables, weights);
        }
        if let Some(event) = &mut running.on_post {
            let mut gather = Gather::new(world, (source, target), event, time)?;
            let incoming = variables.incoming.take();
            at_targets(layout, incoming.as_ref(), fired.neurons(), |place, ends| {
                gather.add(variables, weights, place, ends);
            });
            gather.flush(variables, weights);
            variables.incoming = incoming;
        }
        Ok(())
    })();
    let efficacies = variables.sources.spike(running.pre.spike.as_mut(), past.neurons(), running.efficacy, time);
    variables.targets.spike(running.post.spike.as_mut(), fired.neurons(), false, time);
    variables.running = Some(running);
    outcome.map(|()| efficacies)
}

/// Source, target and delay (steps) of a synapse.
type Ends = (u32, u32, u32);

/// The synapses at which spikes of the sources arrive.
fn arrivals(layout: &Layout, longest: u32, past: &Spikes, mut at: impl FnMut(usize, Ends)) {
    match layout {
        Layout::Dense { delay, .. } => {
            for &source in past.history().before(*delay) {
                layout.of_source(source).for_each(|(place, one)| at(place, (source, one.target, *delay)));
            }
        }
        Layout::Sparse(rows) => {
            for age in 0..=longest {
                for &source in past.history().before(age) {
                    rows.of_source_at(source, age).for_each(|(place, one)| at(place, (source, one.target, age)));
                }
            }
        }
    }
}

/// The synapses of targets.
fn at_targets(layout: &Layout, incoming: Option<&Incoming>, targets: &[u32], mut at: impl FnMut(usize, Ends)) {
    for &target in targets {
        match incoming {
            Some(incoming) => {
                for (entry, delay) in incoming.of_target(target as usize) {
                    at(entry.synapse as usize, (entry.source, target, delay));
                }
            }
            None => layout.of_target(target).for_each(|(place, one)| at(place, (one.source, target, one.delay))),
        }
    }
}

/// What an event does, to synapses that are gathered until a block is full.
struct Gather<'a> {
    event: &'a mut Event,
    /// The columns of groups that it reads, in the order of its reads; nothing for variables of the rule.
    groups: Vec<Option<&'a [Real]>>,
    places: Vec<usize>,
    own: Vec<Column<Real>>,
    read: Vec<Column<Real>>,
}

impl<'a> Gather<'a> {
    fn new(world: &'a World, ends: (Entity, Entity), event: &'a mut Event, time: f64) -> Result<Self, String> {
        event.lowered.begin(time, &|_| 0.0);
        let column = |read: &Read| match read {
            Read::Pre(_) | Read::Post(_) => Ok(None),
            Read::OfSource(name) => of_group(world, ends.0, name).map(Some),
            Read::OfTarget(name) => of_group(world, ends.1, name).map(Some),
        };
        let groups = event.reads.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let (places, own) = (Vec::with_capacity(BLOCK), Vec::new());
        let read = vec![Column::default(); event.reads.len()];
        Ok(Self { event, groups, places, own, read })
    }

    /// Adds a synapse by its place among the weights.
    fn add(
        &mut self,
        variables: &mut RuleVariables,
        weights: &mut [Real],
        place: usize,
        (source, target, delay): Ends,
    ) {
        let k = self.places.len();
        if self.own.len() != 1 + variables.synapses.len() {
            self.own = vec![Column::filled(0.0, BLOCK); 1 + variables.synapses.len()];
            self.read.iter_mut().for_each(|column| column.resize(0.0, BLOCK));
        }
        let Some(weight) = weights.get(place) else { return };
        self.own[0][k] = *weight;
        for (column, (_, of)) in self.own[1..].iter_mut().zip(&variables.synapses) {
            column[k] = of[place];
        }
        for ((column, read), group) in self.read.iter_mut().zip(&self.event.reads).zip(&self.groups) {
            let (from, neuron) = match read {
                Read::Pre(variable) => (variables.sources.seen(*variable, delay), source),
                Read::Post(variable) => (variables.targets.seen(*variable, 0), target),
                Read::OfSource(_) => (group.unwrap_or_default(), source),
                Read::OfTarget(_) => (group.unwrap_or_default(), target),
            };
            column[k] = from.get(neuron as usize).copied().unwrap_or_default();
        }
        self.places.push(place);
        if self.places.len() == BLOCK {
            self.flush(variables, weights);
        }
    }

    /// Reckons what was gathered, and puts it back.
    fn flush(&mut self, variables: &mut RuleVariables, weights: &mut [Real]) {
        let n = self.places.len();
        if n == 0 {
            return;
        }
        let mut own: Vec<&mut [Real]> = self.own.iter_mut().map(|column| &mut column[..n]).collect();
        let read: Vec<&[Real]> = self.read.iter().map(|column| &column[..n]).collect();
        let lowered = &self.event.lowered;
        lowered.program.run(&mut own, &read, lowered.lines(), &mut [0; BLOCK][..n]);
        for (k, place) in self.places.drain(..).enumerate() {
            weights[place] = self.own[0][k];
            for (column, (_, of)) in self.own[1..].iter().zip(&mut variables.synapses) {
                of[place] = column[k];
            }
        }
    }
}

/// A variable of a group.
fn of_group<'w>(world: &'w World, group: Entity, name: &str) -> Result<&'w [Real], String> {
    let nothing = format!("`{}` has no variable `{name}`", path_of(world, group));
    let (Some(variables), Ok(group)) = (world.get_resource::<Variables>(), world.get_entity(group)) else {
        return Err(nothing);
    };
    match variables.view(group, name) {
        Some(View::Real(numbers)) => Ok(numbers),
        _ => Err(nothing),
    }
}

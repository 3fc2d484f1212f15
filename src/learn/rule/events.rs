//! The system of rules by equations. Variables of neurons take their step; what is due at synapses is done part by part; what spikes do
//! to variables of their own neurons comes last.

use std::ops::Range;

use bevy_ecs::prelude::*;
use rayon::prelude::*;

use super::{
    super::{bounds::WeightBounds, incoming::Index},
    Rule, noise,
    others::Others,
    parts::{Due, Part, parts},
    reading::Reading,
    steps,
    variables::{Fresh, RuleVariables, Running},
};
use crate::{
    equations::{Event, Read},
    network::{
        Birth, Clock, Efficacies, Failures, Layout, NeuronGroup, Owned, Source, Spikes, Synapses, Target, Weights,
        shape::path_of, synapse_values::numbers_at,
    },
    numeric::{
        Column, Real,
        real::real,
        rows::Synapse,
        threads::{attend, is_alone},
    },
};

/// Synapses at which something happens in an iteration from which threads are called.
const WORTH_SHARING: usize = 1 << 13;

pub(super) fn learn(world: &mut World, groups: &mut QueryState<Entity, With<Rule>>) {
    let mut all: Vec<Entity> = groups.iter(world).collect();
    // Ranks tell one another what rules go by: in the same order.
    all.sort_unstable();
    let mut failed = Vec::new();
    for group in all {
        // Taken out for the while, so that the neurons at both ends can be read.
        let Ok(mut here) = world.get_entity_mut(group) else { continue };
        let Some(mut variables) = here.get_mut::<RuleVariables>().map(|mut own| std::mem::take(&mut *own)) else {
            continue;
        };
        let Some(mut weights) = here.get_mut::<Weights>().map(|mut own| std::mem::take(&mut own.0)) else { continue };
        let others = told(world, group, &variables);
        let outcome = follow(world, group, &mut variables).and_then(|follows| match follows {
            true => advance(world, group, &others?, (&mut variables, &mut weights)),
            false => Ok(Vec::new()),
        });
        let Ok(mut here) = world.get_entity_mut(group) else { continue };
        if let Some(mut own) = here.get_mut::<Weights>() {
            own.0 = weights;
        }
        match outcome {
            Ok(efficacies) => {
                let has_efficacy = variables.running.as_ref().is_some_and(|running| running.rule.efficacy);
                if let Some(mut own) = here.get_mut::<Efficacies>().filter(|_| has_efficacy) {
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

fn told(world: &World, group: Entity, variables: &RuleVariables) -> Result<Others, String> {
    match (&variables.running, ends(world, group)) {
        (Some(running), Some((source, _))) => {
            Others::told(world, source, running, step_is_due(running, &clock(world, group)))
        }
        _ => Ok(Others::default()),
    }
}

/// The time of the group's network.
fn clock(world: &World, group: Entity) -> Clock {
    world.get_resource::<Clock>().copied().unwrap_or_default().since(world.get::<Birth>(group))
}

const fn step_is_due(running: &Running, clock: &Clock) -> bool {
    running.every > 0 && (clock.iteration + 1).is_multiple_of(running.every)
}

/// Sees to it that the rule remembers its neurons and knows its synapses; whether there is something to be done. Spikes that came
/// while it was switched off are forgotten; synapses may have been rewired.
fn follow(world: &mut World, group: Entity, variables: &mut RuleVariables) -> Result<bool, String> {
    let Some((source, target)) = ends(world, group) else { return Ok(false) };
    let Some(layout) = layout_of(world, group) else { return Ok(false) };
    let size = |end| world.get::<Spikes>(end).map_or(0, |spikes| spikes.fired().len());
    let (sizes, clock) = ([source, target].map(size), world.get_resource::<Clock>().copied().unwrap_or_default());
    let changed = world.entity(group).get_change_ticks::<Synapses>().map(|ticks| ticks.changed);
    if variables.seen != changed || variables.seen.is_none() {
        variables.index = match layout {
            Layout::Dense { .. } => None,
            Layout::Sparse(rows) => Some(Index::of(rows, sizes[1])?),
        };
        let asks = variables.running.as_ref().and_then(|running| running.rule.every.as_ref());
        let asks = asks.is_some_and(|event| event.reads.iter().any(of_neurons));
        // In the order of weights, of dense ones also for those that are none.
        variables.ends = if asks { all_ends(layout) } else { Vec::new() };
        variables.seen = changed;
    }
    begin_fresh(world, group, (layout, clock.iteration), variables)?;
    let longest = longest_delay(layout, variables.index.as_ref());
    if variables.next != Some(clock.iteration) || !variables.holds(sizes, longest) {
        variables.forget(sizes, longest);
        if let Some(index) = &mut variables.index {
            index.in_flight.begin_anew();
        }
        variables.last.fill(clock.iteration as u32);
        if let Some(mut spikes) = world.get_mut::<Spikes>(source) {
            spikes.keep(longest);
        }
        let bounds = variables.running.as_ref().map(|running| running.rule.bounds);
        if let (Some(mut stated), Some(bounds)) = (world.get_mut::<WeightBounds>(group), bounds) {
            stated.state::<Rule>(bounds);
        }
    }
    variables.next = Some(clock.iteration + 1);
    Ok(true)
}

fn layout_of(world: &World, group: Entity) -> Option<&Layout> {
    world.get::<Synapses>(group)?.layout.as_ref()
}

fn ends(world: &World, group: Entity) -> Option<(Entity, Entity)> {
    Some((world.get::<Source>(group)?.0, world.get::<Target>(group)?.0))
}

fn longest_delay(layout: &Layout, index: Option<&Index>) -> u32 {
    match layout {
        Layout::Dense { delay, .. } => *delay,
        Layout::Sparse(_) => index.map_or(0, |index| index.incoming.longest_delay),
    }
}

/// The synapse at each place in the order of weights.
fn all_ends(layout: &Layout) -> Vec<Synapse> {
    match *layout {
        Layout::Sparse(ref rows) => rows.iter().collect(),
        Layout::Dense { sources, targets, delay, .. } => (0..sources * targets)
            .map(|k| Synapse { source: (k / targets) as u32, target: (k % targets) as u32, delay })
            .collect(),
    }
}

/// Whether something of a neuron is read.
const fn of_neurons(read: &Read) -> bool {
    matches!(read, Read::Pre(_) | Read::Post(_) | Read::OfSource(_) | Read::OfTarget(_))
}

/// Lets variables of synapses that are new begin.
fn begin_fresh(
    world: &World,
    group: Entity,
    (layout, iteration): (&Layout, u64),
    variables: &mut RuleVariables,
) -> Result<(), String> {
    let fresh = std::mem::replace(&mut variables.fresh, Fresh::Some(Vec::new()));
    if fresh == Fresh::Some(Vec::new()) {
        return Ok(());
    }
    let all = all_ends(layout);
    // By which random numbers are drawn: of the first synapses their place among those of their targets, which ranks that share
    // the neurons know; of later ones the moment and their ends, which no two have in common.
    let (places, keys): (Vec<usize>, Vec<u64>) = match fresh {
        Fresh::All => ((0..all.len()).collect(), places_at_targets(&all)),
        Fresh::Some(places) => {
            let key = |synapse: &Synapse| {
                let ends = u64::from(synapse.source) << 32 | u64::from(synapse.target);
                // An odd factor that spreads iterations over all bits (Steele, Lea & Flood 2014).
                1 << 63 | ends ^ iteration.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            };
            let places: Vec<usize> = places.into_iter().map(|place| place as usize).collect();
            let keys = places.iter().map(|&place| all.get(place).map_or(0, key)).collect();
            (places, keys)
        }
    };
    let Some(running) = &variables.running else { return Ok(()) };
    for (name, column) in &mut variables.synapses {
        let Some(value) = running.of_synapses.get(name) else { continue };
        let mut synapses = places.iter().zip(&keys).filter_map(|(place, key)| Some((*key, *all.get(*place)?)));
        let numbers =
            numbers_at(world, group, ("Rule", name), value, &mut synapses).map_err(|error| error.to_string())?;
        for (place, x) in places.iter().zip(numbers) {
            if let Some(own) = column.get_mut(*place) {
                *own = real(x);
            }
        }
    }
    Ok(())
}

/// Of each synapse its target, and its place among the synapses of that.
fn places_at_targets(all: &[Synapse]) -> Vec<u64> {
    let targets = all.iter().map(|synapse| synapse.target as usize + 1).max().unwrap_or_default();
    let mut number = vec![0_u64; targets];
    let key = |synapse: &Synapse| {
        let place = &mut number[synapse.target as usize];
        *place += 1;
        u64::from(synapse.target) << 32 | (*place - 1)
    };
    all.iter().map(key).collect()
}

/// One iteration; returns the efficacies of the spikes of the sources.
fn advance(
    world: &World,
    group: Entity,
    others: &Others,
    (variables, weights): (&mut RuleVariables, &mut [Real]),
) -> Result<Vec<Real>, String> {
    let Some(mut running) = variables.running.take() else { return Ok(Vec::new()) };
    let efficacies = advance_with(world, group, (&mut running, others), (variables, weights));
    variables.running = Some(running);
    efficacies
}

fn advance_with(
    world: &World,
    group: Entity,
    (running, others): (&mut Running, &Others),
    (variables, weights): (&mut RuleVariables, &mut [Real]),
) -> Result<Vec<Real>, String> {
    let Some((source, target)) = ends(world, group) else { return Ok(Vec::new()) };
    let (Some(fired), Some(past)) = (world.get::<Spikes>(target), world.get::<Spikes>(source)) else {
        return Ok(Vec::new());
    };
    let Some(layout) = layout_of(world, group) else { return Ok(Vec::new()) };
    let clock = clock(world, group);
    let time = clock.time();
    let rule = &mut running.rule;
    for (end, group, state) in
        [(&mut rule.pre, source, &mut variables.sources), (&mut rule.post, target, &mut variables.targets)]
    {
        let inputs = end.reads.iter().map(|name| others.of_group(world, group, name)).collect::<Result<Vec<_>, _>>()?;
        state.step(end.step.as_mut(), &inputs, time);
    }
    for event in [&mut rule.on_pre, &mut rule.on_post, &mut rule.every].into_iter().flatten() {
        event.lowered.begin(time, &|_| 0.0);
    }
    at_synapses((world, others), (source, target), (layout, past, fired), (running, &clock), variables, weights)?;
    let rule = &mut running.rule;
    let efficacies = variables.sources.spike(rule.pre.spike.as_mut(), past.neurons(), rule.efficacy, time);
    variables.targets.spike(rule.post.spike.as_mut(), fired.neurons(), false, time);
    Ok(efficacies)
}

/// What is due at synapses: events, and a step of all when its time has come.
fn at_synapses(
    (world, others): (&World, &Others),
    groups: (Entity, Entity),
    (layout, past, fired): (&Layout, &Spikes, &Spikes),
    (running, clock): (&Running, &Clock),
    variables: &mut RuleVariables,
    weights: &mut [Real],
) -> Result<(), String> {
    let RuleVariables { synapses, last, noises, sources, targets, index, ends, next, .. } = variables;
    let longest = longest_delay(layout, index.as_ref());
    let reading = Reading {
        world,
        others,
        groups,
        ends: (sources, targets),
        factors: &running.factors,
        delays: [if layout.needs_ring() { 0 } else { longest }, longest],
        now: (next.unwrap_or_default().wrapping_sub(1) as u32, clock.dt),
    };
    let rule = &running.rule;
    let event = |event: &Option<Event>| event.as_ref().map(|event| reading.of(event)).transpose();
    let (on_pre, on_post) = (event(&rule.on_pre)?, event(&rule.on_post)?);
    if on_pre.is_some() || on_post.is_some() {
        let due = Due {
            arriving: past.history(),
            fired: fired.neurons(),
            on_pre: rule.on_pre.as_ref().zip(on_pre),
            on_post: rule.on_post.as_ref().zip(on_post),
        };
        let parts = parts(layout, index.as_mut(), (&mut *weights, synapses, last));
        let spikes = past.history().latest().len() + fired.neurons().len();
        change_all(parts, &due, spikes * mean_length(layout));
    }
    if let Some(event) = rule.every.as_ref().filter(|_| step_is_due(running, clock)) {
        let reads = reading.of(event)?;
        let mut columns = vec![&mut *weights];
        columns.extend(synapses.iter_mut().map(|(_, column)| &mut column[..]));
        let own = own_targets(world, groups.1);
        let streams = noises.each().take(running.noises());
        let noises: Vec<Column<Real>> = streams.map(|streams| noise::normals(streams, layout, &own)).collect();
        steps::step(event, &reads, ends, (columns, &noises), &|place| layout.has(place));
    }
    Ok(())
}

/// The neurons of a group that are in the care of this rank.
fn own_targets(world: &World, group: Entity) -> Range<usize> {
    let all = 0..world.get::<NeuronGroup>(group).map_or(0, NeuronGroup::size);
    world.get::<Owned>(group).map_or(all, |own| own.range())
}

fn mean_length(layout: &Layout) -> usize {
    match layout {
        Layout::Dense { targets, .. } => *targets,
        Layout::Sparse(rows) => rows.mean_length(),
    }
}

fn change_all(parts: Vec<Part<'_>>, due: &Due<'_>, work: usize) {
    if parts.len() > 1 && work > WORTH_SHARING && rayon::current_num_threads() > 1 && !is_alone() {
        attend();
        parts.into_par_iter().for_each(|mut part| part.change(due));
    } else {
        parts.into_iter().for_each(|mut part| part.change(due));
    }
}

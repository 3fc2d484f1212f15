//! The system of rules by equations: what is due in an iteration is gathered over all rows until a block is full, reckoned by a
//! program, and put back. A synapse is met once by the spikes that arrive, and once by those of its target.

use bevy_ecs::prelude::*;

use super::{
    super::{bounds::WeightBounds, incoming::Incoming},
    Rule,
    ends::{EndState, RuleVariables},
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
    let RuleVariables { synapses, sources, targets, incoming, .. } = variables;
    let (ends, number) = ((&*sources, &*targets), synapses.len());
    let outcome = (|| {
        if let Some(event) = &mut running.on_pre {
            let mut gather = Gather::new(world, (source, target), ends, (event, number), time)?;
            let longest = incoming.as_ref().map_or(0, |incoming| incoming.longest_delay);
            arrivals(layout, longest, past, &mut Row::default(), |row| gather.add_row(row, (&mut *weights, synapses)));
            gather.flush((&mut *weights, synapses));
        }
        if let Some(event) = &mut running.on_post {
            let mut gather = Gather::new(world, (source, target), ends, (event, number), time)?;
            let add = |place, ends| gather.add(place, ends, (&mut *weights, synapses));
            at_targets(layout, incoming.as_ref(), fired.neurons(), add);
            gather.flush((&mut *weights, synapses));
        }
        Ok(())
    })();
    let efficacies = variables.sources.spike(running.pre.spike.as_mut(), past.neurons(), running.efficacy, time);
    variables.targets.spike(running.post.spike.as_mut(), fired.neurons(), false, time);
    variables.running = Some(running);
    outcome.map(|()| efficacies)
}

/// The synapses at which spikes of the sources arrive, row by row.
fn arrivals(layout: &Layout, longest: u32, past: &Spikes, row: &mut Row, mut at: impl FnMut(&Row)) {
    match layout {
        Layout::Dense { delay, .. } => {
            for &source in past.history().before(*delay) {
                row.begin(source, *delay);
                layout.of_source(source).for_each(|(place, one)| row.add(place, one.target));
                at(row);
            }
        }
        Layout::Sparse(rows) => {
            for age in 0..=longest {
                for &source in past.history().before(age) {
                    row.begin(source, age);
                    for (first, places) in rows.pieces_at(source, age) {
                        for place in places {
                            if !rows.has_delay(place, age) {
                                continue;
                            }
                            row.add(place, (first + rows.target_within(place)) as u32);
                        }
                    }
                    at(row);
                }
            }
        }
    }
}

/// The synapses of a source at which a spike of it is.
#[derive(Default)]
struct Row {
    source: u32,
    /// How old the spike is (iterations).
    age: u32,
    places: Vec<usize>,
    targets: Vec<u32>,
}

impl Row {
    fn begin(&mut self, source: u32, age: u32) {
        (self.source, self.age) = (source, age);
        self.places.clear();
        self.targets.clear();
    }

    fn add(&mut self, place: usize, target: u32) {
        self.places.push(place);
        self.targets.push(target);
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

/// Source, target and delay (steps) of a synapse.
type Ends = (u32, u32, u32);

/// What changes: weights and the variables of synapses.
type Own<'a> = (&'a mut [Real], &'a mut [(String, Column<Real>)]);

/// What an event does, to synapses that are gathered until a block is full.
struct Gather<'a> {
    event: &'a mut Event,
    /// What it reads.
    from: Vec<From<'a>>,
    places: Vec<usize>,
    own: Vec<Column<Real>>,
    read: Vec<Column<Real>>,
}

/// Where a number is read from.
#[derive(Clone, Copy)]
enum From<'a> {
    /// A variable of the sources, as they were.
    Sources(&'a EndState, usize),
    /// A column of the source group.
    OfSource(&'a [Real]),
    /// One of the targets.
    OfTarget(&'a [Real]),
}

#[inline]
fn at(numbers: &[Real], neuron: u32) -> Real {
    numbers.get(neuron as usize).copied().unwrap_or_default()
}

impl<'a> Gather<'a> {
    fn new(
        world: &'a World,
        groups: (Entity, Entity),
        (sources, targets): (&'a EndState, &'a EndState),
        (event, synapses): (&'a mut Event, usize),
        time: f64,
    ) -> Result<Self, String> {
        event.lowered.begin(time, &|_| 0.0);
        let from = |read: &Read| match read {
            Read::Pre(variable) => Ok(From::Sources(sources, *variable)),
            Read::Post(variable) => Ok(From::OfTarget(targets.seen(*variable, 0))),
            Read::OfSource(name) => of_group(world, groups.0, name).map(From::OfSource),
            Read::OfTarget(name) => of_group(world, groups.1, name).map(From::OfTarget),
        };
        let from = event.reads.iter().map(from).collect::<Result<Vec<_>, _>>()?;
        let columns = |number: usize| vec![Column::filled(0.0, BLOCK); number];
        let (places, own, read) = (Vec::with_capacity(BLOCK), columns(1 + synapses), columns(event.reads.len()));
        Ok(Self { event, from, places, own, read })
    }

    /// Adds the synapses of a row: a part of it as long as there is room, and the rest when the block is done.
    fn add_row(&mut self, row: &Row, (weights, synapses): Own<'_>) {
        let mut begun = 0;
        while begun < row.places.len() {
            let k = self.places.len();
            let number = (BLOCK - k).min(row.places.len() - begun);
            let (places, targets) = (&row.places[begun..begun + number], &row.targets[begun..begun + number]);
            self.take_own(places, (&*weights, &*synapses));
            for (column, from) in self.read.iter_mut().zip(&self.from) {
                let column = &mut column[k..k + number];
                match from {
                    From::Sources(sources, variable) => column.fill(at(sources.seen(*variable, row.age), row.source)),
                    From::OfSource(numbers) => column.fill(at(numbers, row.source)),
                    From::OfTarget(numbers) => {
                        column.iter_mut().zip(targets).for_each(|(x, target)| *x = at(numbers, *target));
                    }
                }
            }
            begun += number;
            if self.places.len() == BLOCK {
                self.flush((&mut *weights, &mut *synapses));
            }
        }
    }

    /// Adds a synapse.
    fn add(&mut self, place: usize, (source, target, delay): Ends, (weights, synapses): Own<'_>) {
        let k = self.places.len();
        self.take_own(&[place], (&*weights, &*synapses));
        for (column, from) in self.read.iter_mut().zip(&self.from) {
            column[k] = match from {
                From::Sources(sources, variable) => at(sources.seen(*variable, delay), source),
                From::OfSource(numbers) => at(numbers, source),
                From::OfTarget(numbers) => at(numbers, target),
            };
        }
        if self.places.len() == BLOCK {
            self.flush((weights, synapses));
        }
    }

    fn take_own(&mut self, places: &[usize], (weights, synapses): (&[Real], &[(String, Column<Real>)])) {
        let k = self.places.len();
        let columns = std::iter::once(weights).chain(synapses.iter().map(|(_, column)| &column[..]));
        for (own, column) in self.own.iter_mut().zip(columns) {
            own[k..].iter_mut().zip(places).for_each(|(own, place)| *own = column[*place]);
        }
        self.places.extend(places);
    }

    /// Reckons what was gathered, and puts it back.
    fn flush(&mut self, (weights, synapses): Own<'_>) {
        let n = self.places.len();
        if n == 0 {
            return;
        }
        let mut own: Vec<&mut [Real]> = self.own.iter_mut().map(|column| &mut column[..n]).collect();
        let read: Vec<&[Real]> = self.read.iter().map(|column| &column[..n]).collect();
        let lowered = &self.event.lowered;
        lowered.program.run(&mut own, &read, lowered.lines(), &mut [0; BLOCK][..n]);
        let columns = std::iter::once(weights).chain(synapses.iter_mut().map(|(_, column)| &mut column[..]));
        for (own, column) in self.own.iter().zip(columns) {
            own.iter().zip(&self.places).for_each(|(own, place)| column[*place] = *own);
        }
        self.places.clear();
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

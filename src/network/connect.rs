//! From a connectivity rule to synapses: rows, weights and delays.
//!
//! A rule says which sources a stretch of targets has; everything else is the same for all rules and stands here. The
//! synapses of a block are generated twice, first to be counted and then to be placed, so that nothing but the final
//! rows ever takes room; a synapse's random numbers belong to its target and its place among the target's synapses, so
//! that blocks may be built in any order, by any number of threads, or alone.

use std::ops::Range;

use bevy_ecs::prelude::*;
use rayon::prelude::*;

use super::{
    clock::Clock,
    group::NeuronGroup,
    preparation::{Pair, Preparation, PrepareError, PrepareFault},
    sampler::{Sampler, value_error},
    synapse::{DelaySummary, Delays, Ends, InitialWeights, Layout, Source, Synapses, Target, Weights},
};
use crate::{
    numeric::{
        Column, Real,
        real::real,
        rows::{Count, Part, Rows, Shape, Synapse},
    },
    value::{Batch, Members, Pairs, Value, ValueError},
};

/// Synapses whose values are evaluated in one go: the intermediate numbers stay in the second-level cache.
const AT_ONCE: usize = 1 << 12;

/// The longest delay (steps): 16 bits, as delays are kept from the counting of synapses to their placing.
const LONGEST: f64 = 65_535.0;

/// Which source neurons a target has synapses from.
pub trait Rule: Send + Sync {
    /// Calls `emit(source, target)` for every synapse onto `targets`, target after target or source after source. Both
    /// count among the neurons that take part: see [`Sides::source`].
    ///
    /// What it emits for a target must not depend on the other targets of the stretch, nor on the thread.
    ///
    /// # Errors
    /// A value that the rule depends on cannot be evaluated.
    fn generate(&self, sides: &Sides, targets: Range<usize>, emit: &mut dyn FnMut(usize, usize)) -> Result<(), String>;

    /// Weights that the rule itself brings, as a file of synapses does: factors on those of the group.
    fn weights(&self, pairs: &Pairs) -> Option<Vec<f64>> {
        let _ = pairs;
        None
    }

    /// Delays (ms) that the rule itself brings, instead of those of the group.
    fn delays(&self, pairs: &Pairs) -> Option<Vec<f64>> {
        let _ = pairs;
        None
    }

    /// Whether it brings delays.
    fn has_delays(&self) -> bool {
        false
    }
}

/// The two sides of a synapse group, as a rule sees them.
pub struct Sides {
    /// How many neurons take part.
    pub pair: Pair,
    /// The source group.
    pub source_group: NeuronGroup,
    /// The target group.
    pub target_group: NeuronGroup,
    /// Whether distances are taken across borders.
    pub periodic: bool,
    sources: Option<Vec<u32>>,
    targets: Option<Vec<u32>>,
    /// What a rule's own expressions are evaluated with; set once the rule is prepared.
    sampler: Option<Sampler>,
}

impl Sides {
    /// The sides of a synapse group; `None` if the entity is none.
    ///
    /// # Errors
    /// The field that is to blame, and the fault: a sub-population that is empty or leads beyond the group, groups of
    /// different extent on a torus.
    pub fn of(world: &World, entity: Entity) -> Result<Option<Self>, (&'static str, PrepareFault)> {
        let ends = world.get::<Source>(entity).zip(world.get::<Target>(entity));
        let Some((source, target)) = ends.map(|(source, target)| (source.0, target.0)) else { return Ok(None) };
        let groups = world.get::<NeuronGroup>(source).zip(world.get::<NeuronGroup>(target));
        let Some((&source_group, &target_group)) = groups else { return Ok(None) };
        let ends = world.get::<Ends>(entity).cloned().unwrap_or_default();
        if ends.periodic && source_group.extent() != target_group.extent() {
            let [from, to] = [source_group, target_group].map(|group| format!("{:?}", group.extent()));
            let why = format!("a torus has one size, but the groups' extents are {from} and {to}");
            return Err(("periodic", PrepareFault::Other(why)));
        }
        let sources = ends.sources.of(world, source).and_then(once_each).map_err(|fault| ("sources", fault))?;
        let targets = ends.targets.of(world, target).and_then(once_each).map_err(|fault| ("targets", fault))?;
        let constant = world.get::<Delays>(entity).is_none_or(|delays| match &delays.0 {
            None | Some(Value::Number(_)) => true,
            Some(Value::Text(_) | Value::Array(_)) => false,
        });
        let pair = Pair {
            sources: sources.as_ref().map_or(source_group.size(), Vec::len),
            targets: targets.as_ref().map_or(target_group.size(), Vec::len),
            recurrent: source == target,
            whole: constant && sources.is_none() && targets.is_none(),
        };
        Ok(Some(Self { pair, source_group, target_group, periodic: ends.periodic, sources, targets, sampler: None }))
    }

    /// The numbers of an expression of the rule for some pairs of neurons that take part, source after source.
    ///
    /// # Errors
    /// It cannot be evaluated.
    pub fn evaluate(&self, field: &str, value: &Value, pairs: &Pairs) -> Result<Members, ValueError> {
        match &self.sampler {
            Some(sampler) => sampler.evaluate(&[&sampler.path, field], value, Batch::Synapses(pairs)),
            None => Ok(Members::Uniform(0.0)),
        }
    }

    /// All pairs of the sources of a range and a target.
    #[must_use]
    pub fn pairs(&self, sources: Range<usize>, target: usize) -> Pairs {
        let mut pairs = Pairs::default();
        let t = self.target(target) as u32;
        sources.for_each(|s| pairs.push(self.source(s) as u32, t, self.source(s) as u32));
        pairs
    }

    /// The neuron that is the `k`-th source.
    #[inline]
    #[must_use]
    pub fn source(&self, k: usize) -> usize {
        self.sources.as_ref().map_or(k, |sources| sources[k] as usize)
    }

    /// The neuron that is the `k`-th target.
    #[inline]
    #[must_use]
    pub fn target(&self, k: usize) -> usize {
        self.targets.as_ref().map_or(k, |targets| targets[k] as usize)
    }

    /// Whether a synapse from the `s`-th source to the `t`-th target would lead from a neuron to itself.
    #[inline]
    #[must_use]
    pub fn is_autapse(&self, s: usize, t: usize) -> bool {
        self.pair.recurrent && self.source(s) == self.target(t)
    }

    /// The place among the sources of the neuron that is the `t`-th target, if it is one of them.
    #[must_use]
    pub fn source_like(&self, t: usize) -> Option<usize> {
        self.place_among(&self.sources, self.target(t))
    }

    /// The place among the targets of the neuron that is the `s`-th source, if it is one of them.
    #[must_use]
    pub fn target_like(&self, s: usize) -> Option<usize> {
        self.place_among(&self.targets, self.source(s))
    }

    fn place_among(&self, side: &Option<Vec<u32>>, neuron: usize) -> Option<usize> {
        match side {
            _ if !self.pair.recurrent => None,
            None => Some(neuron),
            Some(side) => side.binary_search(&(neuron as u32)).ok(),
        }
    }

    /// The targets that take part among the neurons of a range.
    fn targets_in(&self, neurons: Range<usize>) -> Range<usize> {
        match &self.targets {
            None => neurons,
            Some(targets) => {
                let place = |neuron: usize| targets.partition_point(|&target| (target as usize) < neuron);
                place(neurons.start)..place(neurons.end)
            }
        }
    }
}

/// A sub-population in ascending order, no neuron twice.
fn once_each(chosen: Option<Vec<u32>>) -> Result<Option<Vec<u32>>, PrepareFault> {
    let Some(mut chosen) = chosen else { return Ok(None) };
    chosen.sort_unstable();
    match chosen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => Err(PrepareFault::Other(format!("neuron {} is named twice", twice[0]))),
        None => Ok(Some(chosen)),
    }
}

/// The sides of the synapse group that a rule is prepared at.
///
/// # Errors
/// As for [`Sides::of`]; the entity is no synapse group.
pub fn sides(preparation: &mut Preparation<'_>) -> Result<Sides, PrepareError> {
    let entity = preparation.entity;
    match Sides::of(preparation.world, entity) {
        Ok(Some(mut sides)) => {
            let mut sampler = Sampler::new(preparation.world, entity, 0)?;
            sampler.shape = vec![sides.source_group.size(), sides.target_group.size()];
            sides.sampler = Some(sampler);
            Ok(sides)
        }
        Ok(None) => Err(preparation.error(None, "the synapse group joins no two neuron groups")),
        // Fields of the synapse group, not of the rule.
        Err((field, fault)) => Err(PrepareError { behaviour: "synapses", ..preparation.fault(field, fault) }),
    }
}

/// Builds the synapses that a rule asks for, unless this is a trial or they exist already.
///
/// # Errors
/// Weights or delays that cannot be evaluated; a delay below one step; whatever the rule says.
pub fn connect(preparation: &mut Preparation<'_>, sides: Sides, rule: impl Rule + 'static) -> Result<(), PrepareError> {
    let values = SynapseValues::new(preparation, &sides, Some(Box::new(rule)))?;
    make(preparation, Job { values, sides, autapses: true })
}

/// Builds dense synapses, a weight for every pair.
///
/// # Errors
/// As for [`connect`].
pub fn connect_densely(preparation: &mut Preparation<'_>, sides: Sides, autapses: bool) -> Result<(), PrepareError> {
    let values = SynapseValues::new(preparation, &sides, None)?;
    make(preparation, Job { values, sides, autapses })
}

fn make(preparation: &mut Preparation<'_>, job: Job) -> Result<(), PrepareError> {
    if preparation.is_trial() {
        return job.values.try_some(&job.sides);
    }
    if !preparation.is_first() {
        return Ok(());
    }
    let entity = preparation.entity;
    if let Some(mut deferred) = preparation.world.get_resource_mut::<Deferred>() {
        deferred.0.push((entity, job));
        return Ok(());
    }
    let made = job.run()?;
    made.attach(preparation.world, entity);
    Ok(())
}

/// While it exists, synapses are not made but noted here, to be made all together: many groups of a network have too
/// few blocks to keep all threads at work alone.
#[derive(Resource, Default)]
pub struct Deferred(Vec<(Entity, Job)>);

impl Deferred {
    /// Makes all synapses that were noted, and forgets them; what failed, by entity.
    #[must_use]
    pub fn make_all(world: &mut World) -> Vec<(Entity, PrepareError)> {
        let Self(jobs) = world.remove_resource().unwrap_or_default();
        let made: Vec<_> = jobs.into_par_iter().map(|(entity, job)| (entity, job.run())).collect();
        let mut failed = Vec::new();
        for (entity, made) in made {
            match made {
                Ok(made) => made.attach(world, entity),
                Err(error) => failed.push((entity, error)),
            }
        }
        failed
    }
}

/// The synapses of a group that are to be made.
struct Job {
    values: SynapseValues,
    sides: Sides,
    /// For dense synapses.
    autapses: bool,
}

/// The synapses of a group.
struct Made {
    layout: Layout,
    weights: Column<Real>,
    delays: Option<DelaySummary>,
}

impl Made {
    fn attach(self, world: &mut World, entity: Entity) {
        let Self { layout, weights, delays } = self;
        let synapses = Synapses { planned: layout.shape(), layout: Some(layout), delays };
        if let Ok(mut entity) = world.get_entity_mut(entity) {
            entity.insert((synapses, Weights(weights)));
        }
    }
}

impl Job {
    fn run(&self) -> Result<Made, PrepareError> {
        match &self.values.rule {
            Some(rule) => self.run_sparse(&**rule),
            None => self.run_dense(),
        }
    }

    fn run_sparse(&self, rule: &dyn Rule) -> Result<Made, PrepareError> {
        let Self { values, sides, .. } = self;
        let (sources, targets) = (sides.source_group.size(), sides.target_group.size());
        let shape = Shape { sources, targets, delay: values.constant.map(|(steps, _)| steps) };
        let wiring = Wiring { values, sides, rule, shape: &shape };
        let counted: Vec<_> = (0..shape.blocks()).into_par_iter().map(|block| wiring.count(block)).collect();
        let (mut counts, mut steps) = (Vec::new(), Vec::new());
        let mut delays = values.constant.and_then(|(_, summary)| summary);
        for block in counted {
            let (count, of_block, summary) = block?;
            counts.push(count);
            steps.push(of_block);
            delays = both(delays, summary);
        }
        let (mut rows, mut weights) = Rows::with_room(&shape, counts);
        let parts = rows.parts(&shape, &mut weights).into_par_iter().zip(steps).enumerate();
        let placed: Vec<_> = parts.map(|(block, (part, steps))| wiring.place(block, part, &steps)).collect();
        placed.into_iter().collect::<Result<(), _>>()?;
        Ok(Made { layout: Layout::Sparse(rows), weights, delays })
    }

    fn run_dense(&self) -> Result<Made, PrepareError> {
        let Self { values, sides, autapses } = self;
        let (sources, targets) = (sides.pair.sources, sides.pair.targets);
        let mut weights = Column::filled(0.0, sources * targets);
        weights.par_chunks_mut(AT_ONCE).enumerate().try_for_each(|(part, weights)| {
            let first = part * AT_ONCE;
            let numbers = values.weights_of(Batch::Range(first, first + weights.len()))?;
            weights.iter_mut().enumerate().for_each(|(i, weight)| *weight = real(numbers.at(i)));
            Ok(())
        })?;
        if sides.pair.recurrent && !autapses {
            weights.iter_mut().step_by(targets + 1).for_each(|weight| *weight = 0.0);
        }
        let (delay, delays) = values.constant.unwrap_or_default();
        Ok(Made { layout: Layout::Dense { sources, targets, delay }, weights, delays })
    }
}

fn both(one: Option<DelaySummary>, other: Option<DelaySummary>) -> Option<DelaySummary> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.and(other)),
        (one, other) => one.or(other),
    }
}

/// What weights and delays are evaluated from.
struct SynapseValues {
    sampler: Sampler,
    weights: Value,
    delays: Option<Value>,
    /// `None` for dense synapses.
    rule: Option<Box<dyn Rule>>,
    behaviour: &'static str,
    dt: f64,
    /// The delay (steps) of all synapses, where it is the same.
    constant: Option<(u32, Option<DelaySummary>)>,
}

impl SynapseValues {
    fn new(preparation: &Preparation<'_>, sides: &Sides, rule: Option<Box<dyn Rule>>) -> Result<Self, PrepareError> {
        let (world, entity) = (&*preparation.world, preparation.entity);
        let mut sampler = Sampler::new(world, entity, 0)?;
        sampler.shape = vec![sides.source_group.size(), sides.target_group.size()];
        let weights = world.get::<InitialWeights>(entity).cloned().unwrap_or_default().0;
        let delays = world.get::<Delays>(entity).cloned().unwrap_or_default().0;
        let dt = world.get_resource::<Clock>().copied().unwrap_or_default().dt;
        let behaviour = preparation.behaviour;
        let mut values = Self { sampler, weights, delays, rule, behaviour, dt, constant: None };
        if values.brings_delays() {
            return Ok(values);
        }
        if values.delays.is_none() {
            values.constant = Some((0, None));
        } else {
            let mut pair = Pairs::default();
            pair.push(sides.source(0) as u32, sides.target(0) as u32, 0);
            if let (Members::Uniform(steps), summary) = values.delays_of(&pair)? {
                values.constant = Some((steps as u32, summary));
            }
        }
        Ok(values)
    }

    fn brings_delays(&self) -> bool {
        self.rule.as_ref().is_some_and(|rule| rule.has_delays())
    }

    fn weights_of(&self, members: Batch<'_>) -> Result<Members, PrepareError> {
        let path = [self.sampler.path.as_str(), "weights"];
        let numbers = self.sampler.evaluate(&path, &self.weights, members);
        let numbers = numbers.map_err(|error| value_error("weights", None, error))?;
        let (Some(rule), Batch::Synapses(pairs)) = (&self.rule, members) else { return Ok(numbers) };
        Ok(match rule.weights(pairs) {
            Some(brought) => Members::Each(brought.iter().enumerate().map(|(k, w)| w * numbers.at(k)).collect()),
            None => numbers,
        })
    }

    /// Delays in steps.
    fn delays_of(&self, pairs: &Pairs) -> Result<(Members, Option<DelaySummary>), PrepareError> {
        if let Some((steps, summary)) = self.constant {
            return Ok((Members::Uniform(f64::from(steps)), summary));
        }
        let brought = self.rule.as_ref().and_then(|rule| rule.delays(pairs)).map(Members::Each);
        let numbers = match (brought, &self.delays) {
            (Some(brought), _) => brought,
            (None, Some(delays)) => {
                let path = [self.sampler.path.as_str(), "delays"];
                let numbers = self.sampler.evaluate(&path, delays, Batch::Synapses(pairs));
                numbers.map_err(|error| value_error("delays", None, error))?
            }
            (None, None) => Members::Uniform(0.0),
        };
        let mut summary: Option<DelaySummary> = None;
        let mut round = |ms: f64| {
            let steps = self.steps(ms)?;
            let rounded = steps * self.dt;
            let own = DelaySummary { shortest_ms: rounded, longest_ms: rounded, rounded_by_ms: (rounded - ms).abs() };
            summary = both(summary, Some(own));
            Ok(steps)
        };
        let steps = match numbers {
            Members::Uniform(ms) => round(ms).map(Members::Uniform),
            Members::Each(all) => all.into_iter().map(round).collect::<Result<_, _>>().map(Members::Each),
        };
        let wrong = |why| PrepareError { behaviour: "delays", field: None, fault: Box::new(PrepareFault::Other(why)) };
        Ok((steps.map_err(wrong)?, summary))
    }

    /// A delay (ms) in whole steps.
    fn steps(&self, ms: f64) -> Result<f64, String> {
        let steps = ms / self.dt;
        // A thousandth of a step for numbers such as 0.1 that are not exactly what they say.
        if steps < 0.999 {
            return Err(format!("a delay of {ms} ms is below one step of {} ms", self.dt));
        }
        if steps > LONGEST {
            return Err(format!("a delay of {ms} ms is more than {LONGEST} steps of {} ms", self.dt));
        }
        Ok(libm::round(steps))
    }

    /// Evaluates the values of some pairs, to find out what is wrong with them.
    fn try_some(&self, sides: &Sides) -> Result<(), PrepareError> {
        let (sources, targets) = (sides.pair.sources, sides.pair.targets);
        let mut pairs = Pairs::default();
        for k in 0..sources.saturating_mul(targets).min(AT_ONCE) {
            let (source, target) = (sides.source(k / targets) as u32, sides.target(k % targets) as u32);
            pairs.push(source, target, (k / targets) as u32);
        }
        // What a rule brings, it has checked.
        if !self.brings_delays() {
            self.delays_of(&pairs)?;
        }
        let path = [self.sampler.path.as_str(), "weights"];
        let tried = self.sampler.evaluate(&path, &self.weights, Batch::Synapses(&pairs));
        tried.map(drop).map_err(|error| value_error("weights", None, error))
    }
}

impl Pairs {
    /// Adds a synapse, the `n`-th of its target.
    #[inline]
    pub(super) fn push(&mut self, source: u32, target: u32, n: u32) {
        self.keys.push(u64::from(target) << 32 | u64::from(n));
        self.sources.push(source);
        self.targets.push(target);
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.sources.clear();
        self.targets.clear();
    }
}

/// The making of one synapse group.
struct Wiring<'a> {
    values: &'a SynapseValues,
    sides: &'a Sides,
    rule: &'a dyn Rule,
    shape: &'a Shape,
}

impl Wiring<'_> {
    /// Hands the synapses onto the targets of a block to `work`, batch by batch.
    fn in_batches(
        &self,
        block: usize,
        mut work: impl FnMut(&Pairs) -> Result<(), PrepareError>,
    ) -> Result<(), PrepareError> {
        let neurons = self.shape.targets_of(block);
        let mut pairs = Pairs::default();
        let mut of_target = vec![0_u32; neurons.len()];
        let mut outcome = Ok(());
        let generated = self.rule.generate(self.sides, self.sides.targets_in(neurons.clone()), &mut |s, t| {
            let target = self.sides.target(t);
            let n = &mut of_target[target - neurons.start];
            pairs.push(self.sides.source(s) as u32, target as u32, *n);
            *n += 1;
            if pairs.keys.len() == AT_ONCE {
                if outcome.is_ok() {
                    outcome = work(&pairs);
                }
                pairs.clear();
            }
        });
        let fault = |why| Box::new(PrepareFault::Other(why));
        generated.map_err(|why| PrepareError { behaviour: self.values.behaviour, field: None, fault: fault(why) })?;
        outcome?;
        if pairs.keys.is_empty() { Ok(()) } else { work(&pairs) }
    }

    /// Counts the synapses of a block. Delays that differ are kept until the synapses are placed, as to evaluate them
    /// again would take longer.
    fn count(&self, block: usize) -> Result<(Count, Vec<u16>, Option<DelaySummary>), PrepareError> {
        let (mut count, mut steps, mut summary) = (Count::default(), Vec::new(), None);
        self.in_batches(block, |pairs| {
            let (delays, own) = self.values.delays_of(pairs)?;
            summary = both(summary, own);
            for (k, &source) in pairs.sources.iter().enumerate() {
                count.add(self.shape, Synapse { source, target: pairs.targets[k], delay: delays.at(k) as u32 });
            }
            if let (Members::Each(delays), None) = (&delays, self.shape.delay) {
                steps.extend(delays.iter().map(|&steps| steps as u16));
            }
            Ok(())
        })?;
        Ok((count, steps, summary))
    }

    /// Places the synapses of a block, with the delays that [`count`](Self::count) found.
    fn place(&self, block: usize, mut part: Part<'_>, steps: &[u16]) -> Result<(), PrepareError> {
        let mut done = 0;
        self.in_batches(block, |pairs| {
            let weights = self.values.weights_of(Batch::Synapses(pairs))?;
            let constant = self.shape.delay.unwrap_or_default();
            for (k, &source) in pairs.sources.iter().enumerate() {
                let delay = steps.get(done + k).map_or(constant, |&steps| u32::from(steps));
                part.place(Synapse { source, target: pairs.targets[k], delay }, real(weights.at(k)));
            }
            done += pairs.sources.len();
            Ok(())
        })
    }
}

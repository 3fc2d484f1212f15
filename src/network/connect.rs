//! From a connectivity rule to synapses: rows, weights and delays.
//!
//! A rule says which sources a stretch of targets has; everything else is the same for all rules and stands here. The
//! synapses of a block are generated twice, first to be counted and then to be placed, so that nothing but the final
//! rows ever takes room; a synapse's random numbers belong to its target and its place among the target's synapses, so
//! that blocks may be built in any order, by any number of threads, or alone.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
};

use bevy_ecs::prelude::*;
use rayon::{ThreadPoolBuildError, ThreadPoolBuilder, prelude::*};

use super::{
    by_source::BySource,
    endpoints::{Endpoints, Rule},
    fault::PrepareError,
    preparation::Preparation,
    ranks::{Owned, count_everywhere},
    room::resize_columns,
    synapse::{DelaySummary, Layout, Rewired, Synapses, Tried, Weights},
    synapse_values::{AT_ONCE, SynapseValues, between_autapses, both},
    trial::Found,
};
use crate::{
    numeric::{
        Column, Real,
        coding::Coding,
        placing::{Count, Part, Shape},
        real::real,
        rows::{Rows, Synapse},
    },
    value::{Batch, Members, Pairs},
};

/// Builds the synapses that a rule asks for, unless this is a trial or they exist already.
///
/// # Errors
/// Weights or delays that cannot be evaluated; a delay below one step; whatever the rule says.
pub fn connect(
    preparation: &mut Preparation<'_>,
    sides: Endpoints,
    rule: impl Rule + 'static,
) -> Result<(), PrepareError> {
    let values = SynapseValues::new(preparation, &sides, Some(Box::new(rule)))?;
    make(preparation, Job { values, sides, autapses: true, own: None })
}

/// Builds dense synapses, a weight for every pair.
///
/// # Errors
/// As for [`connect`].
pub fn connect_densely(
    preparation: &mut Preparation<'_>,
    sides: Endpoints,
    autapses: bool,
) -> Result<(), PrepareError> {
    let values = SynapseValues::new(preparation, &sides, None)?;
    make(preparation, Job { values, sides, autapses, own: None })
}

fn make(preparation: &mut Preparation<'_>, job: Job) -> Result<(), PrepareError> {
    if preparation.is_trial() {
        let (delays, tried) = job.values.try_some(&job.sides, job.autapses)?;
        if let Some(mut synapses) = preparation.world.get_mut::<Synapses>(preparation.entity) {
            (synapses.delays, synapses.tried) = (delays, tried);
        }
        return Ok(());
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
        let Self(mut jobs) = world.remove_resource().unwrap_or_default();
        let mut failed = Vec::new();
        for (entity, job) in &mut jobs {
            job.own = world.get::<Owned>(*entity).map(|own| own.range());
            // Room for the weights that were expected; those that are made come in its place.
            if let Some(mut expected) = world.get_mut::<Weights>(*entity) {
                expected.0 = Column::default();
            }
        }
        // Some at a time: a thread that waits for its own blocks begins another group, and what groups hold while they
        // are made adds up. All at once took 3.0 GB for the cortical microcircuit, which has 1.8.
        for some in jobs.chunks(2 * rayon::current_num_threads()) {
            let made: Vec<_> = some.par_iter().map(|(entity, job)| (*entity, job.run())).collect();
            for (entity, made) in made {
                match made {
                    Ok(made) => made.attach(world, entity),
                    Err(error) => failed.push((entity, error)),
                }
            }
        }
        count_everywhere(world, &jobs.iter().map(|(entity, _)| *entity).collect::<Vec<_>>());
        failed
    }
}

/// Synapses that are being made on threads of their own.
pub struct Making {
    made: Mutex<Receiver<(Entity, Result<Made, PrepareError>)>>,
    /// Synapse groups that are there, and all of them.
    progress: [usize; 2],
}

impl Making {
    /// Makes all synapses that were noted, beside whatever the world does meanwhile; of the processor's threads it takes half.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn begin(world: &mut World) -> Result<Self, ThreadPoolBuildError> {
        let Deferred(jobs) = world.remove_resource().unwrap_or_default();
        let threads = (rayon::current_num_threads() / 2).max(1);
        // A pool of its own: iterations would wait behind long work in theirs.
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        let (to, made) = channel();
        let total = jobs.len();
        pool.spawn(move || {
            for (entity, job) in jobs {
                // Whoever despawned the network wants nothing any more.
                if to.send((entity, job.run())).is_err() {
                    return;
                }
            }
        });
        Ok(Self { made: Mutex::new(made), progress: [0, total] })
    }

    /// Takes in what has been made since the last time; what failed, by entity.
    pub fn take_in(&mut self, world: &mut World) -> Vec<(Entity, PrepareError)> {
        let made = self.made.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut failed = Vec::new();
        for (entity, made) in made.try_iter() {
            self.progress[0] += 1;
            match made {
                Ok(made) => made.attach(world, entity),
                Err(error) => failed.push((entity, error)),
            }
        }
        failed
    }

    /// How many synapse groups are there, and how many there will be.
    #[must_use]
    pub const fn progress(&self) -> [usize; 2] {
        self.progress
    }
}

/// The synapses of a group that are to be made.
struct Job {
    values: SynapseValues,
    sides: Endpoints,
    /// For dense synapses.
    autapses: bool,
    /// The targets whose synapses are made, where others are in the care of other ranks; dense ones are whole on each.
    own: Option<Range<usize>>,
}

/// The synapses of a group.
struct Made {
    layout: Layout,
    weights: Column<Real>,
    delays: Option<DelaySummary>,
}

impl Made {
    fn attach(self, world: &mut World, entity: Entity) {
        let Self { mut layout, weights, delays } = self;
        // Synapses that come later may have shorter delays than all that there are.
        if let Layout::Sparse(rows) = &mut layout
            && world.get::<Rewired>(entity).is_none()
            && let Some(shortest) = rows.shortest_delay()
        {
            rows.begin_with(shortest);
        }
        let (planned, expected) = (layout.shape(), layout.number());
        let synapses = Synapses { layout: Some(layout), delays, planned, expected, tried: Tried::default() };
        if let Ok(mut group) = world.get_entity_mut(entity) {
            group.insert((synapses, Weights(weights)));
        }
        // Other columns of the group were given the number of synapses that was expected.
        resize_columns(world, entity);
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
        let Self { values, sides, own, .. } = self;
        let (sources, targets) = (sides.source_group.size(), sides.target_group.size());
        let delay = values.constant.map(|(steps, _)| steps);
        // Few targets are one block, however long rows are.
        let matters = delay.is_none() || Coding::punctual(targets, 0) != Coding::punctual(targets, usize::MAX);
        let found = if matters { Found::of(rule, sides).map_err(|why| values.fault(why))? } else { Found::default() };
        let row = found.estimate as usize / sources.max(1);
        let coding = match delay {
            Some(_) => Coding::punctual(targets, row),
            None => Coding::delayed((sources, targets), row, longest(&values.delays_of(&found.pairs)?.0)),
        };
        let shape = Shape { sources, targets, delay, coding };
        let wiring = Wiring { values, sides, rule, shape: &shape, own: own.as_ref() };
        let drawn = (rule.is_by_source() && shape.blocks() > 1).then_some(found.estimate);
        let windows = || wiring.windows(drawn);
        let count = |(window, drawn): (Range<usize>, Option<BySource>)| {
            let blocks = window.into_par_iter().map(|block| wiring.count(block, drawn.as_ref()));
            blocks.collect::<Vec<_>>()
        };
        let counted = windows().flat_map(count);
        let (mut counts, mut steps) = (Vec::new(), Vec::new());
        let mut delays = values.constant.and_then(|(_, summary)| summary);
        for block in counted {
            let (count, of_block, summary) = block?;
            counts.push(count);
            steps.push(of_block);
            delays = both(delays, summary);
        }
        let (mut rows, mut weights) = Rows::with_room(&shape, counts);
        let mut parts = rows.parts(&shape, &mut weights).into_iter().zip(steps).enumerate();
        let mut ascending = true;
        for (window, drawn) in windows() {
            let parts: Vec<_> = parts.by_ref().take(window.len()).collect();
            let placed =
                parts.into_par_iter().map(|(block, (part, steps))| wiring.place((block, drawn.as_ref()), part, &steps));
            let placed: Vec<_> = placed.collect::<Result<_, _>>()?;
            ascending &= placed.into_iter().all(|ascending| ascending);
        }
        rows.settle(ascending);
        Ok(Made { layout: Layout::Sparse(rows), weights, delays })
    }

    fn run_dense(&self) -> Result<Made, PrepareError> {
        let Self { values, sides, autapses, .. } = self;
        let (sources, targets) = (sides.pair.sources, sides.pair.targets);
        let autapses = *autapses || !sides.pair.recurrent;
        let mut weights = Column::filled(0.0, sources * targets);
        weights.par_chunks_mut(AT_ONCE).enumerate().try_for_each(|(part, weights)| {
            let first = part * AT_ONCE;
            for batch in between_autapses(first..first + weights.len(), if autapses { None } else { Some(targets) }) {
                let numbers = values.weights_of(Batch::Range(batch.start, batch.end))?;
                let weights = &mut weights[batch.start - first..batch.end - first];
                weights.iter_mut().enumerate().for_each(|(i, weight)| *weight = real(numbers.at(i)));
            }
            Ok(())
        })?;
        let (delay, delays) = values.constant.unwrap_or_default();
        Ok(Made { layout: Layout::Dense { sources, targets, delay, autapses }, weights, delays })
    }
}

/// The longest of some delays (steps).
fn longest(steps: &Members) -> u32 {
    match steps {
        Members::Uniform(steps) => *steps as u32,
        Members::Each(all) => all.iter().copied().fold(0.0, f64::max) as u32,
    }
}

/// The making of one synapse group.
struct Wiring<'a> {
    values: &'a SynapseValues,
    sides: &'a Endpoints,
    rule: &'a dyn Rule,
    shape: &'a Shape,
    own: Option<&'a Range<usize>>,
}

impl Wiring<'_> {
    /// The stretches of blocks that are made together; with their synapses where about so many are drawn for all blocks at once.
    fn windows(&self, drawn: Option<u64>) -> impl Iterator<Item = (Range<usize>, Option<BySource>)> {
        let (blocks, width, targets) = (self.shape.blocks(), self.shape.coding.width(), self.shape.targets);
        let neurons = self.own.cloned().unwrap_or(0..targets);
        let own = if neurons.is_empty() { 0..0 } else { neurons.start / width..neurons.end.div_ceil(width) };
        let of_own = drawn.unwrap_or_default() as f64 * neurons.len() as f64 / targets.max(1) as f64;
        // Nothing is drawn for blocks of others, of which there are no synapses here.
        let [before, behind] =
            [0..own.start, own.end..blocks].map(|others| (!others.is_empty()).then_some((others, None)));
        let windows = BySource::windows(own, of_own as u64).map(move |window| {
            let draw = |_| BySource::draw(self.rule, self.sides, width, (window.clone(), &neurons));
            let drawn = drawn.map(draw);
            (window, drawn)
        });
        before.into_iter().chain(windows).chain(behind)
    }

    /// The targets of a block whose synapses are made.
    fn targets_of(&self, block: usize) -> Range<usize> {
        let Range { start, end } = self.shape.targets_of(block);
        self.own.map_or(start..end, |own| start.max(own.start)..end.min(own.end))
    }

    /// Hands the synapses onto the targets of a block to `work`, batch by batch.
    fn in_batches(
        &self,
        (block, drawn): (usize, Option<&BySource>),
        mut work: impl FnMut(&Pairs) -> Result<(), PrepareError>,
    ) -> Result<(), PrepareError> {
        let neurons = self.targets_of(block);
        if neurons.is_empty() {
            return Ok(());
        }
        let mut pairs = Pairs::default();
        let mut of_target = vec![0_u32; neurons.len()];
        let mut outcome = Ok(());
        let mut emit = |s, t| {
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
        };
        let generated = match drawn {
            None => self.rule.generate(self.sides, self.sides.targets_in(neurons.clone()), &mut emit),
            Some(drawn) => {
                drawn.of_block(block).for_each(|[s, t]| emit(s as usize, t as usize));
                Ok(())
            }
        };
        generated.map_err(|why| self.values.fault(why))?;
        outcome?;
        if pairs.keys.is_empty() { Ok(()) } else { work(&pairs) }
    }

    /// Counts the synapses of a block. Delays that differ are kept until the synapses are placed, as to evaluate them
    /// again would take longer.
    fn count(
        &self,
        block: usize,
        drawn: Option<&BySource>,
    ) -> Result<(Count, Vec<u16>, Option<DelaySummary>), PrepareError> {
        if self.targets_of(block).is_empty() {
            return Ok((Count::elsewhere(), Vec::new(), None));
        }
        let (mut count, mut steps, mut summary) = (Count::default(), Vec::new(), None);
        self.in_batches((block, drawn), |pairs| {
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

    /// Places the synapses of a block, with the delays that [`count`](Self::count) found; returns whether they ascend.
    fn place(
        &self,
        block: (usize, Option<&BySource>),
        mut part: Part<'_>,
        steps: &[u16],
    ) -> Result<bool, PrepareError> {
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
        })?;
        Ok(part.is_ascending())
    }
}

//! What the weights and delays of a group's synapses are evaluated from.

use std::ops::Range;

use bevy_ecs::prelude::*;

use super::{
    endpoints::{Endpoints, Rule},
    fault::{PrepareError, PrepareFault},
    preparation::Preparation,
    sampler::{Sampler, value_error},
    synapse::{DelaySummary, Delays, InitialWeights, Tried},
    trial::Found,
};
use crate::{
    numeric::{
        grid,
        real::{PRECISION, real},
        rows::Synapse,
    },
    value::{Batch, Formula, Members, Pairs, Value},
};

/// Synapses whose values are evaluated in one go: the intermediate numbers stay in the second-level cache.
pub(super) const AT_ONCE: usize = 1 << 12;

/// The longest delay (steps): 16 bits, as delays are kept from the counting of synapses to their placing.
const LONGEST: f64 = 65_535.0;

/// What weights and delays are evaluated from.
pub(super) struct SynapseValues {
    sampler: Sampler,
    weights: Formula,
    delays: Option<Formula>,
    /// `None` for dense synapses.
    pub(super) rule: Option<Box<dyn Rule>>,
    pub(super) behaviour: &'static str,
    dt: f64,
    /// The delay (steps) of all synapses, where it is the same.
    pub(super) constant: Option<(u32, Option<DelaySummary>)>,
}

impl SynapseValues {
    pub(super) fn new(
        preparation: &Preparation<'_>,
        sides: &Endpoints,
        rule: Option<Box<dyn Rule>>,
    ) -> Result<Self, PrepareError> {
        let (world, entity) = (&*preparation.world, preparation.entity);
        let mut sampler = Sampler::new(world, entity, 0)?;
        sampler.shape = vec![sides.source_group.size(), sides.target_group.size()];
        let read = |name, value: Value| value.formula().map_err(|error| value_error(name, None, error));
        let weights = read("weights", world.get::<InitialWeights>(entity).cloned().unwrap_or_default().0)?;
        let delays = world.get::<Delays>(entity).cloned().unwrap_or_default().0;
        let delays = delays.map(|delays| read("delays", delays)).transpose()?;
        let (behaviour, dt) = (preparation.behaviour, sampler.dt);
        let mut values = Self { sampler, weights, delays, rule, behaviour, dt, constant: None };
        if values.brings_delays() {
            return Ok(values);
        }
        if values.delays.is_none() {
            values.constant = Some((0, None));
        } else {
            // Of no pair, since none may be one that there will be: what is the same for all is known without.
            if let (Members::Uniform(steps), summary) = values.delays_of(&Pairs::default())? {
                values.constant = Some((steps as u32, summary));
            }
        }
        Ok(values)
    }

    /// What the rule says that it cannot do.
    pub(super) fn fault(&self, why: String) -> PrepareError {
        PrepareError { behaviour: self.behaviour, field: None, fault: Box::new(PrepareFault::Other(why)) }
    }

    fn brings_delays(&self) -> bool {
        self.rule.as_ref().is_some_and(|rule| rule.has_delays())
    }

    pub(super) fn weights_of(&self, members: Batch<'_>) -> Result<Members, PrepareError> {
        let path = [self.sampler.path.as_str(), "weights"];
        let numbers = self.sampler.evaluate_formula(&path, &self.weights, members);
        let numbers = numbers.map_err(|error| value_error("weights", None, error))?;
        let (Some(rule), Batch::Synapses(pairs)) = (&self.rule, members) else { return Ok(numbers) };
        Ok(match rule.weights(pairs) {
            Some(brought) => {
                let weights: Vec<f64> = brought.iter().enumerate().map(|(k, w)| w * numbers.at(k)).collect();
                match weights.iter().position(|w| !real(*w).is_finite()) {
                    None => Members::Each(weights),
                    Some(k) => return Err(too_large(weights[k], [pairs.sources[k], pairs.targets[k]])),
                }
            }
            None => numbers,
        })
    }

    /// Delays in steps.
    pub(super) fn delays_of(&self, pairs: &Pairs) -> Result<(Members, Option<DelaySummary>), PrepareError> {
        if let Some((steps, summary)) = self.constant {
            return Ok((Members::Uniform(f64::from(steps)), summary));
        }
        let brought = self.rule.as_ref().and_then(|rule| rule.delays(pairs)).map(Members::Each);
        let numbers = match (brought, &self.delays) {
            (Some(brought), _) => brought,
            (None, Some(delays)) => {
                let path = [self.sampler.path.as_str(), "delays"];
                let numbers = self.sampler.evaluate_formula(&path, delays, Batch::Synapses(pairs));
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
        delay_in_steps(ms, self.dt)
    }

    /// Evaluates the values of some synapses, to find out what is wrong with them, and what they are; for dense synapses
    /// `autapses` says whether neurons have some with themselves. Delays are told unless it is the rule that brings them.
    pub(super) fn try_some(
        &self,
        sides: &Endpoints,
        autapses: bool,
    ) -> Result<(Option<DelaySummary>, Tried), PrepareError> {
        let Some(rule) = &self.rule else {
            let weights = self.try_dense(sides, autapses || !sides.pair.recurrent)?;
            return Ok((self.constant.and_then(|(_, summary)| summary), Tried { weights, ..Tried::default() }));
        };
        let found = Found::of(&**rule, sides).map_err(|why| self.fault(why))?;
        let delays = self.delays_of(&found.pairs)?.1.filter(|_| !self.brings_delays());
        let numbers = self.weights_of(Batch::Synapses(&found.pairs))?;
        let weights = range_of(&numbers, found.pairs.keys.len());
        Ok((delays, Tried { weights, estimate: Some(found.estimate), ..Tried::default() }))
    }

    /// The range of the weights of some stretches of a matrix.
    fn try_dense(&self, sides: &Endpoints, autapses: bool) -> Result<Option<[f64; 2]>, PrepareError> {
        let (sources, targets) = (sides.pair.sources, sides.pair.targets);
        let all = sources.saturating_mul(targets);
        let mut range = None;
        for part in 0..STRETCHES.min(all.div_ceil(STRETCH)) {
            let first = if all <= STRETCHES * STRETCH { part * STRETCH } else { all / STRETCHES * part };
            let stretch = first..(first + STRETCH).min(all);
            for batch in between_autapses(stretch, if autapses { None } else { Some(targets) }) {
                let numbers = self.weights_of(Batch::Range(batch.start, batch.end))?;
                range = joined(range, range_of(&numbers, batch.len()));
            }
        }
        Ok(range)
    }
}

/// The numbers of a value at some synapses, each with the key by which its random numbers are drawn. An expression may use what
/// [`InitialWeights`] may.
///
/// # Errors
/// The value cannot be evaluated.
pub(crate) fn numbers_at(
    world: &World,
    group: Entity,
    (behaviour, name): (&'static str, &str),
    value: &Value,
    synapses: &mut dyn Iterator<Item = (u64, Synapse)>,
) -> Result<Vec<f64>, PrepareError> {
    let Ok(Some(sides)) = Endpoints::of(world, group) else { return Ok(Vec::new()) };
    let mut sampler = Sampler::new(world, group, 0)?;
    sampler.shape = vec![sides.source_group.size(), sides.target_group.size()];
    let wrong = |error| value_error(behaviour, Some(&format!("initial.{name}")), error);
    let formula = value.formula().map_err(wrong)?;
    let path = [sampler.path.as_str(), behaviour, name];
    let mut numbers = Vec::new();
    loop {
        let mut pairs = Pairs::default();
        for (key, synapse) in synapses.take(AT_ONCE) {
            pairs.keys.push(key);
            pairs.sources.push(synapse.source);
            pairs.targets.push(synapse.target);
        }
        if pairs.keys.is_empty() {
            return Ok(numbers);
        }
        let found = sampler.evaluate_formula(&path, &formula, Batch::Synapses(&pairs)).map_err(wrong)?;
        numbers.extend((0..pairs.keys.len()).map(|k| found.at(k)));
    }
}

/// A delay (ms) in whole steps of a length (ms): one at least.
///
/// # Errors
/// It is below a step, or longer than spikes are kept for.
pub fn delay_in_steps(ms: f64, dt: f64) -> Result<f64, String> {
    let steps = grid::steps(ms, dt);
    if steps < 1.0 {
        return Err(format!("a delay of {ms} ms is below one step of {dt} ms"));
    }
    if steps > LONGEST {
        return Err(format!("a delay of {ms} ms is more than {LONGEST} steps of {dt} ms"));
    }
    Ok(libm::round(steps))
}

/// A weight that the state cannot hold.
fn too_large(weight: f64, [source, target]: [u32; 2]) -> PrepareError {
    let why = format!("the weight from {source} to {target} is {weight:e}, which is infinite in {PRECISION}");
    PrepareError { behaviour: "weights", field: None, fault: Box::new(PrepareFault::Other(why)) }
}

/// Stretches of a matrix in which weights are tried, and their length.
const STRETCHES: usize = 16;
const STRETCH: usize = 512;

/// The pairs of a matrix in a range, source-major, in parts that lie between those of a neuron with itself; with those too if
/// there is no row length.
pub(super) fn between_autapses(pairs: Range<usize>, row: Option<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut next = pairs.start;
    std::iter::from_fn(move || {
        let Some(row) = row else {
            return (next < pairs.end).then(|| std::mem::replace(&mut next, pairs.end)..pairs.end);
        };
        if next.is_multiple_of(row + 1) {
            next += 1;
        }
        let end = (next.next_multiple_of(row + 1)).min(pairs.end);
        (next < end).then(|| std::mem::replace(&mut next, end)..end)
    })
}

/// The least and the greatest of so many numbers.
fn range_of(numbers: &Members, count: usize) -> Option<[f64; 2]> {
    match numbers {
        _ if count == 0 => None,
        Members::Uniform(number) => Some([*number; 2]),
        Members::Each(all) => all.iter().map(|&number| Some([number; 2])).fold(None, joined),
    }
}

/// The range of both.
fn joined(one: Option<[f64; 2]>, other: Option<[f64; 2]>) -> Option<[f64; 2]> {
    match (one, other) {
        (Some([a, b]), Some([c, d])) => Some([a.min(c), b.max(d)]),
        (one, other) => one.or(other),
    }
}

pub(super) fn both(one: Option<DelaySummary>, other: Option<DelaySummary>) -> Option<DelaySummary> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.and(other)),
        (one, other) => one.or(other),
    }
}

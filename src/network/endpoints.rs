//! The two sides of a synapse group, and what a connectivity rule says of them.

use std::ops::Range;

use bevy_ecs::prelude::*;

use super::{
    extent::Pair,
    fault::{PrepareError, PrepareFault},
    group::NeuronGroup,
    preparation::Preparation,
    sampler::Sampler,
    selection::Selection,
    shape::path_of,
    synapse::{Delays, Ends, Source, Synapses, Target},
};
use crate::value::{
    Batch, Expression, Members, Pairs, Value, ValueError,
    bounds::{Interval, UNBOUNDED},
};

/// Which source neurons a target has synapses from.
pub trait Rule: Send + Sync {
    /// Calls `emit(source, target)` for every synapse onto `targets`, target after target or source after source. Both
    /// count among the neurons that take part: see [`Endpoints::source`].
    ///
    /// What it emits for a target must not depend on the other targets of the stretch, nor on the thread.
    ///
    /// # Errors
    /// A value that the rule depends on cannot be evaluated.
    fn generate(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String>;

    /// Whether the synapses of a source are drawn together, so that those of one target take as long as those of all.
    fn is_by_source(&self) -> bool {
        false
    }

    /// The synapses of the `s`-th source, of a rule that draws them together.
    fn generate_from(&self, sides: &Endpoints, s: usize, emit: &mut dyn FnMut(usize, usize)) {
        let _ = (sides, s, emit);
    }

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
pub struct Endpoints {
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
    /// Sources and targets as the scene lists them, where that is another order.
    listed: [Option<Vec<u32>>; 2],
    /// What a rule's own expressions are evaluated with; set once the rule is prepared.
    sampler: Option<Sampler>,
}

impl Endpoints {
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
        if ends.periodic {
            let fault = |why| ("periodic", PrepareFault::Other(why));
            one_torus(&source_group, &target_group).map_err(fault)?;
        }
        let path = path_of(world, entity);
        let chosen = |selection: &Selection, group, field: &'static str| {
            let chosen = selection.of(world, group, &[&path, field]);
            chosen.and_then(once_each).map_err(|fault| (field, fault))
        };
        let [sources, sources_listed] = chosen(&ends.sources, source, "sources")?;
        let [targets, targets_listed] = chosen(&ends.targets, target, "targets")?;
        let listed = [sources_listed, targets_listed];
        let constant = world.get::<Delays>(entity).is_none_or(|delays| match &delays.0 {
            None | Some(Value::Number(_)) => true,
            Some(Value::Text(_) | Value::Array(_)) => false,
        });
        let common = match (source == target, &sources, &targets) {
            (false, ..) => 0,
            (true, None, None) => source_group.size(),
            (true, Some(some), None) | (true, None, Some(some)) => some.len(),
            (true, Some(some), Some(others)) => {
                some.iter().filter(|neuron| others.binary_search(neuron).is_ok()).count()
            }
        };
        let pair = Pair {
            sources: sources.as_ref().map_or(source_group.size(), Vec::len),
            targets: targets.as_ref().map_or(target_group.size(), Vec::len),
            recurrent: source == target,
            whole: constant && sources.is_none() && targets.is_none(),
            common,
            estimate: world.get::<Synapses>(entity).and_then(|synapses| synapses.tried.estimate),
        };
        let periodic = ends.periodic;
        Ok(Some(Self { pair, source_group, target_group, periodic, sources, targets, listed, sampler: None }))
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

    /// Bounds of an expression of the rule, given those of what it says of neurons.
    #[must_use]
    pub fn bounds(&self, expression: &Expression, names: &dyn Fn(&str) -> Option<Interval>) -> Interval {
        self.sampler.as_ref().map_or(UNBOUNDED, |sampler| sampler.bounds(expression, names))
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

    /// The place of a neuron among the sources, if it is one of them.
    #[must_use]
    pub fn source_place(&self, neuron: usize) -> Option<usize> {
        place_among(&self.sources, neuron)
    }

    /// The place among the sources, which ascend, of the one that the scene lists as the `k`-th.
    #[must_use]
    pub fn listed_source(&self, k: usize) -> usize {
        let listed = self.listed[0].as_ref().map(|listed| listed[k] as usize);
        listed.and_then(|neuron| place_among(&self.sources, neuron)).unwrap_or(k)
    }

    /// The place among the targets, which ascend, of the one that the scene lists as the `k`-th.
    #[must_use]
    pub fn listed_target(&self, k: usize) -> usize {
        let listed = self.listed[1].as_ref().map(|listed| listed[k] as usize);
        listed.and_then(|neuron| place_among(&self.targets, neuron)).unwrap_or(k)
    }

    /// The place among the sources of the neuron that is the `t`-th target, if it is one of them.
    #[must_use]
    pub fn source_like(&self, t: usize) -> Option<usize> {
        place_among(&self.sources, self.target(t)).filter(|_| self.pair.recurrent)
    }

    /// The place among the targets of the neuron that is the `s`-th source, if it is one of them.
    #[must_use]
    pub fn target_like(&self, s: usize) -> Option<usize> {
        place_among(&self.targets, self.source(s)).filter(|_| self.pair.recurrent)
    }

    /// The targets that take part among the neurons of a range.
    #[must_use]
    pub fn targets_in(&self, neurons: Range<usize>) -> Range<usize> {
        match &self.targets {
            None => neurons,
            Some(targets) => {
                let place = |neuron: usize| targets.partition_point(|&target| (target as usize) < neuron);
                place(neurons.start)..place(neurons.end)
            }
        }
    }
}

/// Refuses groups that are on no torus together: their grids, along axes that one of them has, are not equally long. What differs by
/// rounding, as 12 · 0.1 and 4 · 0.3 do, is equal.
fn one_torus(from: &NeuronGroup, to: &NeuronGroup) -> Result<(), String> {
    let [one, other] = [from, to].map(NeuronGroup::extent);
    let differs = |axis: &usize| {
        let is_there = from.shape[*axis].max(to.shape[*axis]) > 1;
        is_there && (one[*axis] - other[*axis]).abs() > 1e-9 * one[*axis].abs().max(other[*axis].abs())
    };
    match (0..3).find(differs) {
        None => Ok(()),
        Some(axis) => {
            let (name, one, other) = (["x", "y", "z"][axis], one[axis], other[axis]);
            Err(format!(
                "a torus has one size, but along {name} the groups' extents (places × spacing) are {one} and {other}"
            ))
        }
    }
}

/// The place of a neuron in a sub-population, or in the whole group.
fn place_among(side: &Option<Vec<u32>>, neuron: usize) -> Option<usize> {
    match side {
        None => Some(neuron),
        Some(side) => side.binary_search(&(neuron as u32)).ok(),
    }
}

/// A sub-population in ascending order, no neuron twice; and as it is listed, if that is another order.
fn once_each(listed: Option<Vec<u32>>) -> Result<[Option<Vec<u32>>; 2], PrepareFault> {
    let Some(listed) = listed else { return Ok([None, None]) };
    let mut ascending = listed.clone();
    ascending.sort_unstable();
    match ascending.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => Err(PrepareFault::Other(format!("neuron {} is named twice", twice[0]))),
        None => {
            let listed = (listed != ascending).then_some(listed);
            Ok([Some(ascending), listed])
        }
    }
}

/// The sides of the synapse group that a rule is prepared at.
///
/// # Errors
/// As for [`Endpoints::of`]; the entity is no synapse group.
pub fn endpoints(preparation: &mut Preparation<'_>) -> Result<Endpoints, PrepareError> {
    let entity = preparation.entity;
    match Endpoints::of(preparation.world, entity) {
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

impl Pairs {
    /// Adds a synapse, the `n`-th of its target.
    #[inline]
    pub fn push(&mut self, source: u32, target: u32, n: u32) {
        self.keys.push(u64::from(target) << 32 | u64::from(n));
        self.sources.push(source);
        self.targets.push(target);
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.sources.clear();
        self.targets.clear();
    }
}

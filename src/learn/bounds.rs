//! Bounds of weights, and ranges that rules demand of their constants.

use std::{borrow::Cow, ops::Range};

use bevy_ecs::prelude::*;
use bevy_reflect::Typed;

use crate::{
    network::{Clock, Failures, Preparation, PrepareError, Soundness, State, Synapses, Weights, shape::path_of},
    numeric::{
        Archive, ArchiveError, Real,
        real::{PRECISION, real, wide},
    },
};

/// On a synapse group: the bounds that its rules have stated, each those of the weights that it may find and leave.
///
/// Whatever else changes weights, as [`Normalization`](super::Normalization) does, holds those of all rules; where rules
/// contradict one another, the least weight gives way. A rule that is switched off keeps its bounds. It demands that weights
/// are within them when it states them, and not again when it comes back or a network is restored: other rules may have
/// other bounds, and it holds the weights that it changes.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct WeightBounds(Vec<(Cow<'static, str>, [f64; 2])>);

impl State for WeightBounds {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.value(&mut self.0)
    }
}

impl WeightBounds {
    /// The rule `R` states its bounds, instead of any that it has stated before. Says whether they are others: then the
    /// weights must be within them.
    pub fn state<R: Typed>(&mut self, bounds: [f64; 2]) -> bool {
        let rule = R::type_info().type_path_table().short_path();
        match self.0.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, known)) => std::mem::replace(known, bounds) != bounds,
            None => {
                self.0.push((rule.into(), bounds));
                true
            }
        }
    }

    /// The bounds that contain all that were stated.
    fn hull(&self) -> Option<[f64; 2]> {
        let all = self.0.iter().map(|(_, bounds)| *bounds);
        all.reduce(|[least, most], [low, high]| [least.min(low), most.max(high)])
    }

    /// The bounds within all that were stated; those of finite numbers if none were.
    pub(super) fn common(&self) -> Bounds {
        self.0.iter().fold(Bounds::FINITE, |common, (_, bounds)| {
            let own = Bounds::new(*bounds);
            Bounds { least: common.least.max(own.least), most: common.most.min(own.most) }
        })
    }
}

/// Weights that are looked at in a look at the least, and of more an eighth: all of 10 million in 2048 iterations, in which a look
/// takes 1 ms.
const LOOKED_AT: usize = 1 << 16;

/// Looks whether weights are within the bounds of their rules, wherever they come from: what leaves those of all rules was not
/// held by whoever changed it.
pub(super) fn look(world: &mut World) {
    let now = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration as usize);
    let every = world.get_resource::<Soundness>().and_then(|soundness| soundness.every).unwrap_or(1).max(1) as usize;
    let mut outside = Vec::new();
    for (group, stated, weights, synapses) in world.query::<(Entity, &WeightBounds, &Weights, &Synapses)>().iter(world)
    {
        let Some(bounds) = stated.hull() else { continue };
        let Bounds { least, most } = Bounds::new(bounds);
        let Some(layout) = &synapses.layout else { continue };
        let part = weights.0.len().div_ceil(8).max(LOOKED_AT);
        let parts = weights.0.len().div_ceil(part).max(1);
        let first = now / every % parts * part;
        let looked_at = first..(first + part).min(weights.0.len());
        let is_outside = |k: &usize| !(least..=most).contains(&weights.0[*k]) && layout.has(*k);
        if let Some(synapse) = suspects(&weights.0, looked_at, [least, most]).find(is_outside) {
            let w = weights.0[synapse];
            let rules: Vec<&str> = stated.0.iter().map(|(rule, _)| &**rule).collect();
            outside.push((group, synapse, w, bounds, rules.join("`, `")));
        }
    }
    // The first by its name: the others are told when that one is mended.
    let first = outside
        .into_iter()
        .map(|found| (path_of(world, found.0), found))
        .reduce(|one, other| if other.0 < one.0 { other } else { one });
    if let Some((name, (group, synapse, w, [least, most], rules))) = first {
        let why = format!(
            "the weight of synapse {synapse} has become {w}, beyond the bounds {least} and {most} that `{rules}` states: \
             whoever changes weights must hold them"
        );
        world.get_resource_or_init::<Failures>().push_at(group, name, why);
    }
}

/// Weights that are told from others by a loop that is vectorised.
const AT_ONCE: usize = 1 << 10;

/// The places of those weights in a range that are near one that is out of bounds, which few are.
fn suspects(weights: &[Real], range: Range<usize>, [least, most]: [Real; 2]) -> impl Iterator<Item = usize> {
    let parts = range.clone().step_by(AT_ONCE).map(move |start| start..(start + AT_ONCE).min(range.end));
    let is_outside = move |part: &Range<usize>| {
        let all = weights[part.clone()].iter().fold(true, |all, w| all & (*w >= least) & (*w <= most));
        !all
    };
    parts.filter(is_outside).flatten()
}

/// The least and the greatest weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub least: Real,
    pub most: Real,
}

impl Bounds {
    /// Those of numbers with which one can go on: infinity less infinity is none, nor is zero times infinity.
    pub const FINITE: Self = Self { least: Real::MIN, most: Real::MAX };

    /// Bounds that are infinite are those of finite numbers.
    pub fn new(bounds: [f64; 2]) -> Self {
        let [least, most] = bounds.map(|bound| real(bound).clamp(Real::MIN, Real::MAX));
        Self { least, most }
    }

    /// The nearest weight that is allowed.
    #[inline(always)]
    pub fn hold(&self, w: Real) -> Real {
        // Comparisons that hold for no number that is none, so that such a weight becomes the least.
        let w = if w > self.least { w } else { self.least };
        if w < self.most { w } else { self.most }
    }
}

/// A field, by name.
type Field = (&'static str, f64);

/// The least weight is below the greatest.
pub(super) fn check(preparation: &mut Preparation<'_>, [least, most]: [f64; 2]) -> Result<(), PrepareError> {
    // In the precision of weights, so that the width is a number to divide by, and its inverse one to multiply by.
    let width = real(most) - real(least);
    if width <= 0.0 {
        return Err(preparation.error(Some("w_max"), format!("must be above w_min, {least}, not {most}")));
    }
    if !width.is_finite() || !width.recip().is_finite() {
        let why = format!("must be so far from w_min, {least}, that one can divide by the distance, not {most}");
        return Err(preparation.error(Some("w_max"), why));
    }
    let entity = preparation.entity();
    if let Some(mut synapses) = preparation.world().get_mut::<Synapses>(entity) {
        let tried = &mut synapses.bypass_change_detection().tried;
        tried.least_allowed = Some(tried.least_allowed.map_or(least, |other| other.max(least)));
    }
    check_tried(preparation, [least, most])
}

/// Before there are synapses, weights that were tried are within the bounds, as the first iteration will demand of all.
pub(super) fn check_tried(preparation: &Preparation<'_>, bounds: [f64; 2]) -> Result<(), PrepareError> {
    let Bounds { least, most } = Bounds::new(bounds);
    let tried = preparation.component::<Synapses>().and_then(|synapses| synapses.tried.weights);
    match tried.into_iter().flatten().map(real).find(|w| !(least..=most).contains(w)) {
        Some(w) => Err(preparation.error(None, outside(w, bounds))),
        None => Ok(()),
    }
}

/// What is said of a weight that is out of bounds.
pub(super) fn outside(w: Real, [least, most]: [f64; 2]) -> String {
    format!("a weight of {w} is not within the bounds of its rule, {least} and {most}")
}

/// Says where single precision changes a time constant: a factor next to 1 is rounded by 3e-8.
pub(super) fn warn_of_slow(preparation: &mut Preparation<'_>, times: &[Field]) {
    let dt = preparation.clock().dt;
    let off = |tau: f64| 0.5 * wide(Real::EPSILON) * tau / dt;
    if let Some((field, tau)) = times.iter().find(|(_, tau)| off(*tau) > 0.01) {
        let percent = (100.0 * off(*tau)).min(100.0);
        let why = format!(
            "in {PRECISION} and steps of {dt} ms a decay with {tau} ms is off by up to {percent:.0} %; longer steps, or a \
             build with `--features f64`, keep it"
        );
        preparation.warn(Some(field), why);
    }
}

/// The nearest number that is not infinite.
#[inline(always)]
pub(super) fn finite_or_nearest(x: Real) -> Real {
    x.clamp(Real::MIN, Real::MAX)
}

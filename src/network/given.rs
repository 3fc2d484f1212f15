//! What a host writes into columns between two runs: input that is to count in the next iteration, potentials that a model has
//! not seen.

use bevy_ecs::{change_detection::Tick, prelude::*};

use smallvec::SmallVec;

use super::columns::{Conductance, Input, Jump, Spikes, V};
use crate::numeric::{Column, Real};

/// The groups with input that was written since the last run: what the first iteration of the next one begins with, and does
/// not clear.
#[derive(Resource, Default)]
pub struct Given {
    /// The groups.
    pub groups: Vec<Entity>,
    /// When the last run ended; never before the first.
    since: Option<Tick>,
    columns: Option<QueryState<Written>>,
}

type Written = (
    Entity,
    Mut<'static, Input>,
    Option<Mut<'static, Conductance>>,
    Option<Mut<'static, Jump>>,
    Option<Ref<'static, V>>,
    Option<Mut<'static, Spikes>>,
);

impl Given {
    /// Whether the input of a group is to stay.
    #[inline]
    #[must_use]
    pub fn is_to(&self, group: Entity) -> bool {
        !self.groups.is_empty() && self.groups.contains(&group)
    }

    /// A run begins: finds what was written since the last one.
    pub(crate) fn begin_run(world: &mut World) {
        let now = world.increment_change_tick();
        // Its contents are taken, and not the resource: bevy remembers removals.
        let mut given = std::mem::take(&mut *world.get_resource_or_init::<Self>());
        given.groups.clear();
        let since = given.since;
        let is_new = |at: Tick| since.is_none_or(|since| at.is_newer_than(since, now));
        let columns = given.columns.get_or_insert_with(|| world.query());
        for (group, mut input, mut conductance, mut jump, v, spikes) in columns.iter_mut(world) {
            if let (true, Some(mut spikes)) = (v.is_some_and(|v| is_new(v.last_changed())), spikes) {
                spikes.bypass_change_detection().remember_counted();
            }
            let mut sums: SmallVec<[_; 3]> = SmallVec::new();
            sums.push((input.last_changed(), &mut input.bypass_change_detection().0, None));
            if let Some(conductance) = &mut conductance {
                let at = conductance.last_changed();
                let Conductance { sum, used } = conductance.bypass_change_detection();
                sums.push((at, sum, Some(used)));
            }
            if let Some(jump) = &mut jump {
                let at = jump.last_changed();
                let Jump { sum, used } = jump.bypass_change_detection();
                sums.push((at, sum, Some(used)));
            }
            let is_given = |(at, sum, _): &(Tick, &mut Column<Real>, _)| is_new(*at) && sum.iter().any(|&x| x != 0.0);
            if !sums.iter().any(is_given) {
                continue;
            }
            given.groups.push(group);
            for one in &mut sums {
                match (is_given(one), one) {
                    (true, (_, _, Some(used))) => **used = true,
                    (true, _) => {}
                    // What the last iteration has left is not given.
                    (false, (_, sum, _)) => sum.fill(0.0),
                }
            }
        }
        *world.get_resource_or_init::<Self>() = given;
    }

    /// A run ends, or state was restored as such a run has left it.
    pub(crate) fn end_run(world: &mut World) {
        let now = world.increment_change_tick();
        world.get_resource_or_init::<Self>().since = Some(now);
    }
}

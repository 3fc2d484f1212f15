//! What a host or a scene writes into columns between two iterations: input that is to count in the next one, potentials that a
//! model has not seen.

use bevy_ecs::{change_detection::Tick, prelude::*};

use super::columns::{Conductance, Input, Jump, Spikes, V};
use crate::numeric::{Column, Real};

/// The groups with input that was written since the last iteration: what the next one begins with, and does not clear.
#[derive(Resource, Default)]
pub struct Given {
    /// The groups.
    pub groups: Vec<Entity>,
    /// When the last run of iterations ended; never before the first.
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

    /// A run begins: finds what a host has written since the last one.
    pub(crate) fn begin_run(world: &mut World) {
        let now = world.increment_change_tick();
        // Its contents are taken, and not the resource: bevy remembers removals.
        let mut given = std::mem::take(&mut *world.get_resource_or_init::<Self>());
        given.groups.clear();
        let since = given.since;
        let is_new = |at: Tick| since.is_none_or(|since| at.is_newer_than(since, now));
        let columns = given.columns.get_or_insert_with(|| world.query());
        for (group, mut input, conductance, jump, v, spikes) in columns.iter_mut(world) {
            if let (true, Some(mut spikes)) = (v.is_some_and(|v| is_new(v.last_changed())), spikes) {
                spikes.bypass_change_detection().remember_counted();
            }
            let sums = sums(&mut input, conductance, jump);
            let is_given = |sum: &Sum<'_>| is_new(sum.written) && sum.numbers.iter().any(|&x| x != 0.0);
            if sums.iter().flatten().any(is_given) {
                given.groups.push(group);
                sums.into_iter().flatten().for_each(|sum| {
                    let is_given = is_given(&sum);
                    sum.keep(is_given);
                });
            }
        }
        *world.get_resource_or_init::<Self>() = given;
    }

    /// A run ends, or state was restored as such a run has left it.
    pub(crate) fn end_run(world: &mut World) {
        let now = world.increment_change_tick();
        world.get_resource_or_init::<Self>().since = Some(now);
    }

    /// Whether a variable sums up what reaches a neuron in an iteration: it is given for the next one alone, and begins from zero.
    pub(super) fn is_sum(variable: &str) -> bool {
        [Input::NAME, Conductance::NAME, Jump::NAME].contains(&variable)
    }

    /// A variable of a group was written between two iterations of a run.
    pub(super) fn note(world: &mut World, group: Entity, variable: &str) {
        if variable == V::NAME
            && let Some(mut spikes) = world.get_mut::<Spikes>(group)
        {
            spikes.remember_counted();
        }
        let is_known = world.get_resource_or_init::<Self>().is_to(group);
        let mut columns = world.query::<(&mut Input, Option<&mut Conductance>, Option<&mut Jump>)>();
        if let (true, false, Ok((mut input, conductance, jump))) =
            (Self::is_sum(variable), is_known, columns.get_mut(world, group))
        {
            sums(&mut input, conductance, jump).into_iter().flatten().for_each(|sum| {
                let is_given = sum.name == variable;
                sum.keep(is_given);
            });
            world.get_resource_or_init::<Self>().groups.push(group);
        }
    }
}

/// A sum of what reaches the neurons of a group.
struct Sum<'a> {
    name: &'static str,
    written: Tick,
    numbers: &'a mut Column<Real>,
    /// Whether anybody ever adds to it, where that is not always so.
    used: Option<&'a mut bool>,
}

impl Sum<'_> {
    /// One that is given is looked at; of another, what the last iteration has left does not count again.
    fn keep(self, is_given: bool) {
        match (is_given, self.used) {
            (true, Some(used)) => *used = true,
            (true, None) => {}
            (false, _) => self.numbers.fill(0.0),
        }
    }
}

/// Those of a group.
fn sums<'a>(
    input: &'a mut Mut<'_, Input>,
    conductance: Option<Mut<'a, Conductance>>,
    jump: Option<Mut<'a, Jump>>,
) -> [Option<Sum<'a>>; 3] {
    let written = input.last_changed();
    let input = Sum { name: Input::NAME, written, numbers: &mut input.bypass_change_detection().0, used: None };
    let conductance = conductance.map(|column| {
        let written = column.last_changed();
        let Conductance { sum, used } = column.into_inner();
        Sum { name: Conductance::NAME, written, numbers: sum, used: Some(used) }
    });
    let jump = jump.map(|column| {
        let written = column.last_changed();
        let Jump { sum, used } = column.into_inner();
        Sum { name: Jump::NAME, written, numbers: sum, used: Some(used) }
    });
    [Some(input), conductance, jump]
}

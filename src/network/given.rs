//! What a host or a scene writes into columns between two iterations: input that is to count in the next one, potentials that a
//! model has not seen.

use bevy_ecs::{change_detection::Tick, entity_disabling::Disabled, prelude::*};

use super::{
    columns::{Conductance, Input, Jump, Spikes, V},
    state::State,
};
use crate::numeric::{Archive, ArchiveError, Column, Real};

/// On what has input: whether some was written since the last iteration. The next one begins with it, and does not clear it.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct GivenInput(pub bool);

impl State for GivenInput {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.any_of(&mut self.0)
    }
}

/// When the last run of iterations ended: what is newer was written by somebody else.
#[derive(Resource, Default)]
pub(crate) struct Given {
    since: Option<Tick>,
    columns: Option<QueryState<Written, Allow<Disabled>>>,
}

type Sums = (Mut<'static, Input>, Option<Mut<'static, Conductance>>, Option<Mut<'static, Jump>>);

type Written = (Mut<'static, GivenInput>, Sums, Option<Ref<'static, V>>, Option<Mut<'static, Spikes>>);

impl Given {
    /// A run begins: finds what a host has written since the last one.
    pub fn begin_run(world: &mut World) {
        let now = world.increment_change_tick();
        // Its contents are taken, and not the resource: bevy remembers removals.
        let mut given = std::mem::take(&mut *world.get_resource_or_init::<Self>());
        let since = given.since;
        let is_new = |at: Tick| since.is_none_or(|since| at.is_newer_than(since, now));
        let columns = given.columns.get_or_insert_with(|| world.query_filtered());
        for (mut stays, (mut input, conductance, jump), v, spikes) in columns.iter_mut(world) {
            if let (true, Some(mut spikes)) = (v.is_some_and(|v| is_new(v.last_changed())), spikes) {
                spikes.bypass_change_detection().remember_counted();
            }
            let sums = sums(&mut input, conductance, jump);
            let is_given = |sum: &Sum<'_>| is_new(sum.written) && sum.numbers.iter().any(|&x| x != 0.0);
            if sums.iter().flatten().any(is_given) {
                stays.0 = true;
                sums.into_iter().flatten().for_each(|sum| if is_given(&sum) { sum.keep() } else { sum.clear() });
            }
        }
        *world.get_resource_or_init::<Self>() = given;
    }

    /// A run ends, or state was restored as such a run has left it.
    pub fn end_run(world: &mut World) {
        let now = world.increment_change_tick();
        world.get_resource_or_init::<Self>().since = Some(now);
    }

    /// Whether a variable sums up what reaches a neuron in an iteration: it is given for the next one alone, and begins from zero.
    pub fn is_sum(variable: &str) -> bool {
        [Input::NAME, Conductance::NAME, Jump::NAME].contains(&variable)
    }

    /// A variable of a group was written between two iterations of a run.
    pub fn note(world: &mut World, group: Entity, variable: &str) {
        if variable == V::NAME
            && let Some(mut spikes) = world.get_mut::<Spikes>(group)
        {
            spikes.remember_counted();
        }
        let mut columns = world.query_filtered::<(Mut<'static, GivenInput>, Sums), Allow<Disabled>>();
        if let (true, Ok((mut stays, (mut input, conductance, jump)))) =
            (Self::is_sum(variable), columns.get_mut(world, group))
        {
            let was_given = std::mem::replace(&mut stays.0, true);
            for sum in sums(&mut input, conductance, jump).into_iter().flatten() {
                match (sum.name == variable, was_given) {
                    (true, _) => sum.keep(),
                    (false, true) => {}
                    (false, false) => sum.clear(),
                }
            }
        }
    }
}

/// A sum of what reaches the neurons of a group.
struct Sum<'a> {
    name: &'static str,
    written: Tick,
    numbers: &'a mut Column<Real>,
    /// Whether some was ever given, where a model does not always look at it.
    given: Option<&'a mut bool>,
}

impl Sum<'_> {
    /// It is given, and looked at.
    fn keep(self) {
        self.given.into_iter().for_each(|given| *given = true);
    }

    /// What the last iteration has left does not count again.
    fn clear(self) {
        self.numbers.fill(0.0);
    }
}

/// Those of a group.
fn sums<'a>(
    input: &'a mut Mut<'_, Input>,
    conductance: Option<Mut<'a, Conductance>>,
    jump: Option<Mut<'a, Jump>>,
) -> [Option<Sum<'a>>; 3] {
    let written = input.last_changed();
    let input = Sum { name: Input::NAME, written, numbers: &mut input.bypass_change_detection().0, given: None };
    let conductance = conductance.map(|column| {
        let written = column.last_changed();
        let Conductance { sum, given, .. } = column.into_inner();
        Sum { name: Conductance::NAME, written, numbers: sum, given: Some(given) }
    });
    let jump = jump.map(|column| {
        let written = column.last_changed();
        let Jump { sum, given, .. } = column.into_inner();
        Sum { name: Jump::NAME, written, numbers: sum, given: Some(given) }
    });
    [Some(input), conductance, jump]
}

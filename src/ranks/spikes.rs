//! The exchange of spikes, and how ranks stop together.
//!
//! ```text
//! a rank gives:  whether it goes on · for each group the number of its spikes · their neurons, ascending
//! ```

use bevy_ecs::prelude::*;

use crate::{
    network::{Failures, Owned, Ranks, Spikes},
    numeric::exchange::Gathered,
    schedule,
};

/// How this rank goes on.
#[derive(Resource, Default)]
pub(super) struct Course {
    /// It has failed, and is to tell so.
    fails: bool,
    /// One of all has said so: no iteration follows.
    over: bool,
}

/// Who is named for a stop whose reason another rank knows.
const ELSEWHERE: &str = "ranks";

/// What the system keeps from iteration to iteration.
#[derive(Default)]
pub(super) struct Room {
    groups: Vec<Entity>,
    own: Vec<u32>,
    all: Gathered,
}

/// Has all ranks know who fired. Ranks take care of ascending neurons, so that spikes in the order of ranks ascend.
pub(super) fn exchange(
    mut groups: Query<(Entity, &mut Spikes, &Owned)>,
    ranks: Res<Ranks>,
    mut course: ResMut<Course>,
    mut failures: ResMut<Failures>,
    mut room: Local<Room>,
) {
    let Room { groups: order, own, all } = &mut *room;
    order.clear();
    order.extend(groups.iter().map(|(group, ..)| group));
    // All ranks have made the same entities; the order of a query is another matter.
    order.sort_unstable();
    own.clear();
    own.push(u32::from(course.fails));
    for &group in &*order {
        let Ok((_, mut spikes, owned)) = groups.get_mut(group) else { continue };
        let fired = spikes.own(&owned.range());
        own.push(fired.len() as u32);
        own.extend_from_slice(fired);
    }
    ranks.0.all_gather(own, all);
    if all.by_rank().any(|words| words.first() != Some(&0)) {
        course.over = true;
        failures.push(ELSEWHERE, "another rank has stopped");
    }
    let mut rest: Vec<&[u32]> = all.by_rank().map(|words| words.get(1..).unwrap_or_default()).collect();
    for &group in &*order {
        let Ok((_, mut spikes, _)) = groups.get_mut(group) else { continue };
        spikes.agree(rest.iter_mut().map(|words| {
            let (&number, behind) = words.split_first().unwrap_or((&0, &[]));
            let (fired, behind) = behind.split_at((number as usize).min(behind.len()));
            *words = behind;
            fired
        }));
    }
}

/// Runs iterations as [`schedule::run_ticks`] does, and stops with all ranks where one has failed: the others learn of it in the
/// exchange of the iteration that follows, which all of them finish.
pub fn run_ticks(world: &mut World, count: u64) -> u64 {
    let ran = schedule::run_ticks(world, count);
    if ran == count || world.get_resource::<Course>().is_none_or(|course| course.over) {
        return ran;
    }
    let own = world.get_resource_or_init::<Failures>().take();
    world.get_resource_or_init::<Course>().fails = true;
    let last = schedule::run_ticks(world, 1);
    let mut failures = world.get_resource_or_init::<Failures>();
    failures.take();
    failures.put_back(own);
    ran + last
}

/// Whether a failure only says that another rank knows the reason.
#[must_use]
pub fn stopped_elsewhere(failure: &crate::network::failure::Failure) -> bool {
    failure.who == ELSEWHERE
}

//! The exchange of spikes, and how ranks stop together.
//!
//! ```text
//! a rank gives:  whether it goes on · for each group and iteration the number of its spikes · their neurons, ascending
//! ```
//! They exchange as seldom as delays allow: a spike that is delivered at the age of *a* iterations at the earliest is told within *a*
//! + 1. Where somebody looks at spikes at once (rules that learn, behaviours of other crates), after every iteration.

use bevy_ecs::prelude::*;

use crate::{
    network::{Clock, Failures, LeastAge, Owned, Ranks, Spikes},
    numeric::exchange::Gathered,
    schedule::{self, SeenAtOnce},
};

/// Iterations that ranks go on without an exchange, at most: where nothing is delivered, a stop is still heard of.
const MOST: u32 = 128;

/// How this rank goes on.
#[derive(Resource, Default)]
pub(super) struct Course {
    /// It has failed, and is to tell so.
    fails: bool,
    /// One of all has said so: no iteration follows.
    over: bool,
    /// The iteration with which a run ends: what has happened so far is known then.
    until: u64,
    /// Iterations since the last exchange.
    since: u32,
    /// Iterations from one exchange to the next.
    every: u32,
}

impl Course {
    /// Another iteration is done: whether ranks exchange, once a spike of another one could be due in the next, or is asked for in this
    /// one. All of them find the same, as they have the same synapse groups and systems.
    fn goes_on(&mut self, least: &LeastAge, seen: &SeenAtOnce, clock: &Clock) -> bool {
        let waits = least.0.map_or(MOST, |age| age.saturating_add(1).min(MOST));
        self.every = if seen.is_so() { 1 } else { waits };
        self.since += 1;
        self.since >= self.every || clock.iteration + 1 >= self.until
    }
}

/// Iterations from one exchange to the next; `None` without ranks.
#[must_use]
pub fn exchanged_every(world: &World) -> Option<u32> {
    world.get_resource::<Course>().map(|course| course.every)
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

/// Has all ranks know who fired since the last exchange. Ranks take care of ascending neurons, so that spikes in the order of ranks
/// ascend.
pub(super) fn exchange(
    mut groups: Query<(Entity, &mut Spikes, &Owned)>,
    (ranks, least, seen, clock): (Res<Ranks>, Res<LeastAge>, Res<SeenAtOnce>, Res<Clock>),
    mut course: ResMut<Course>,
    mut failures: ResMut<Failures>,
    mut room: Local<Room>,
) {
    let is_due = course.goes_on(&least, &seen, &clock);
    let ages = course.since - 1;
    let Room { groups: order, own, all } = &mut *room;
    order.clear();
    own.clear();
    own.push(u32::from(course.fails));
    for (group, mut spikes, owned) in &mut groups {
        spikes.take_care_of(&owned.range());
        spikes.wait(ages);
        order.push(group);
    }
    if !is_due {
        return;
    }
    course.since = 0;
    // All ranks have made the same entities; the order of a query is another matter.
    order.sort_unstable();
    let lists = || order.iter().flat_map(|&group| (0..=ages).rev().map(move |age| (group, age)));
    for (group, age) in lists() {
        let Ok((_, spikes, owned)) = groups.get(group) else { continue };
        let fired = spikes.own(age, &owned.range());
        own.push(fired.len() as u32);
        own.extend_from_slice(fired);
    }
    ranks.0.all_gather(own, all);
    if all.by_rank().any(|words| words.first() != Some(&0)) {
        course.over = true;
        failures.push(ELSEWHERE, "another rank has stopped");
    }
    let mut rest: Vec<&[u32]> = all.by_rank().map(|words| words.get(1..).unwrap_or_default()).collect();
    for (group, age) in lists() {
        let Ok((_, mut spikes, _)) = groups.get_mut(group) else { continue };
        spikes.agree(
            age,
            rest.iter_mut().map(|words| {
                let (&number, behind) = words.split_first().unwrap_or((&0, &[]));
                let (fired, behind) = behind.split_at((number as usize).min(behind.len()));
                *words = behind;
                fired
            }),
        );
    }
}

/// Runs iterations as [`schedule::run_ticks`] does, and stops with all ranks where one has failed: the others learn of it in the
/// exchange that follows, up to which all of them go on.
pub fn run_ticks(world: &mut World, count: u64) -> u64 {
    let until = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration + count);
    let is_over = |world: &World| world.get_resource::<Course>().is_none_or(|course| course.over);
    if let Some(mut course) = world.get_resource_mut::<Course>() {
        course.until = until;
    }
    let mut ran = schedule::run_ticks(world, count);
    if ran == count || is_over(world) {
        return ran;
    }
    let own = world.get_resource_or_init::<Failures>().take();
    world.get_resource_or_init::<Course>().fails = true;
    while ran < count && !is_over(world) {
        let next = schedule::run_ticks(world, 1);
        world.get_resource_or_init::<Failures>().take();
        if next == 0 {
            break;
        }
        ran += next;
    }
    world.get_resource_or_init::<Failures>().put_back(own);
    ran
}

/// Whether a failure only says that another rank knows the reason.
#[must_use]
pub fn stopped_elsewhere(failure: &crate::network::failure::Failure) -> bool {
    failure.who == ELSEWHERE
}

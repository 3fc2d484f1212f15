//! A run on several ranks: rank 0 leads, with its folder, its files and whoever watches; the others follow, order by order. Without
//! ranks an order is just carried out.

use std::{io, path::Path};

use bevy_ecs::prelude::*;

use crate::{
    checkpoint::{self, Checkpoint, CheckpointFileError, Run},
    network::{Failures, Layout, NeuronGroup, Owned, Ranks, Soundness, Synapses},
    numeric::exchange::{Exchange, Gathered},
    output::RankReport,
    ranks::{self, EXCHANGE, stopped_elsewhere},
    record::{Recording, Sink},
    schedule,
    stopwatch::Stopwatch,
};

/// What rank 0 has all ranks do.
#[derive(Debug, PartialEq)]
enum Order {
    Ticks(u64),
    /// Looks whether its state is sound.
    Look,
    /// Gives its part of the state, which rank 0 saves.
    Save,
    Finish,
    /// Tells what it has, and how long it took.
    Tell,
    End,
}

impl Order {
    fn words(&self) -> Vec<u32> {
        match self {
            Self::Ticks(count) => vec![0, *count as u32, (*count >> 32) as u32],
            Self::Look => vec![1],
            Self::Save => vec![2],
            Self::Finish => vec![3],
            Self::Tell => vec![4],
            Self::End => vec![5],
        }
    }

    fn of(words: &[u32]) -> Self {
        match words {
            [0, low, high] => Self::Ticks(u64::from(*high) << 32 | u64::from(*low)),
            [1] => Self::Look,
            [2] => Self::Save,
            [3] => Self::Finish,
            [4] => Self::Tell,
            _ => Self::End,
        }
    }
}

/// What a rank has to tell after an order.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    /// Whether somebody wants it to end.
    wants_end: bool,
    /// What has failed.
    failures: String,
}

impl Answer {
    fn words(&self) -> Vec<u32> {
        std::iter::once(u32::from(self.wants_end)).chain(in_words(&self.failures)).collect()
    }

    fn of(words: &[u32]) -> Self {
        let (wants_end, failures) = words.split_first().unwrap_or((&0, &[]));
        Self { wants_end: *wants_end != 0, failures: from_words(failures) }
    }
}

/// Text as words: its bytes, and zeros behind.
fn in_words(text: &str) -> Vec<u32> {
    bytemuck::pod_collect_to_vec(text.as_bytes())
}

fn from_words(words: &[u32]) -> String {
    String::from_utf8_lossy(bytemuck::cast_slice(words)).trim_end_matches('\0').to_owned()
}

/// Whether somebody wants the run to end, as another rank has told.
#[derive(Resource, Default)]
struct Told(bool);

/// As rank 0: has the others do what follows.
fn order(world: &World, order: &Order) {
    if let Some(Ranks(exchange)) = world.get_resource::<Ranks>() {
        exchange.all_gather(&order.words(), &mut Gathered::default());
    }
}

/// As rank 0: hears what the others have to tell. What only says that another rank knows the reason gives way to the reason.
fn hear(world: &mut World) {
    let Some(Ranks(exchange)) = world.get_resource::<Ranks>().cloned() else { return };
    let mut all = Gathered::default();
    exchange.all_gather(&Answer::default().words(), &mut all);
    let answers: Vec<Answer> = all.by_rank().map(Answer::of).collect();
    world.get_resource_or_init::<Told>().0 |= answers.iter().any(|answer| answer.wants_end);
    let mut failures = world.get_resource_or_init::<Failures>();
    let own = failures.take();
    let others = answers.iter().enumerate().filter(|(_, answer)| !answer.failures.is_empty());
    let heard: Vec<(String, String)> =
        others.map(|(rank, answer)| (format!("rank {rank}"), answer.failures.clone())).collect();
    failures.put_back(own.into_iter().filter(|failure| heard.is_empty() || !stopped_elsewhere(failure)));
    // What fails for all alike is told once.
    if failures.is_empty() {
        heard.into_iter().for_each(|(who, why)| failures.push(who, why));
    }
}

/// Runs iterations, on all ranks.
pub(super) fn run_ticks(world: &mut World, count: u64) -> u64 {
    order(world, &Order::Ticks(count));
    let ran = ranks::run_ticks(world, count);
    hear(world);
    ran
}

/// Does what is done once after the last iteration, on all ranks.
pub(super) fn finish(world: &mut World) {
    order(world, &Order::Finish);
    schedule::finish(world);
}

/// Looks whether the state of all ranks is sound; what is not has [failed](Failures).
pub(super) fn look(world: &mut World) {
    order(world, &Order::Look);
    Soundness::look(world);
    hear(world);
}

/// Saves the state of all ranks.
pub(super) fn save(world: &mut World, run: Run, path: &Path) -> Result<(), CheckpointFileError> {
    order(world, &Order::Save);
    let saved = checkpoint::write(world, Some(run), path);
    hear(world);
    saved
}

/// What all ranks have, and how long it took; nothing without ranks.
pub(super) fn reports(world: &mut World) -> Vec<RankReport> {
    let Some(Ranks(exchange)) = world.get_resource::<Ranks>().cloned() else { return Vec::new() };
    order(world, &Order::Tell);
    tell(&*exchange, world)
}

fn what_is_here(world: &mut World) -> RankReport {
    let neurons =
        world.query_filtered::<&Owned, With<NeuronGroup>>().iter(world).map(|own| own.range().len() as u64).sum();
    let of_group = |(synapses, own): (&Synapses, Option<&Owned>)| match (&synapses.layout, own) {
        (Some(layout @ Layout::Dense { targets, .. }), Some(own)) => {
            (layout.number() * own.range().len() / (*targets).max(1)) as u64
        }
        (layout, _) => layout.as_ref().map_or(0, Layout::number) as u64,
    };
    let synapses = world.query::<(&Synapses, Option<&Owned>)>().iter(world).map(of_group).sum();
    let laps = world.get_resource::<Stopwatch>().map(Stopwatch::laps).unwrap_or_default();
    let mut times = [0.0; 2];
    for lap in laps {
        times[usize::from(lap.name == EXCHANGE)] += lap.mean.as_secs_f64() * 1e6;
    }
    let exchanged_every = ranks::exchanged_every(world).unwrap_or(1);
    RankReport { neurons, synapses, computes_us: times[0], exchanges_us: times[1], exchanged_every }
}

/// Tells all ranks what is here, and hears what they have.
fn tell(exchange: &dyn Exchange, world: &mut World) -> Vec<RankReport> {
    let RankReport { neurons, synapses, computes_us, exchanges_us, exchanged_every } = what_is_here(world);
    let of_rank = |numbers: Vec<u64>| {
        let [neurons, synapses, computes_us, exchanges_us, every] = numbers.try_into().unwrap_or_default();
        let [computes_us, exchanges_us] = [computes_us, exchanges_us].map(f64::from_bits);
        RankReport { neurons, synapses, computes_us, exchanges_us, exchanged_every: every as u32 }
    };
    let own = [neurons, synapses, computes_us.to_bits(), exchanges_us.to_bits(), u64::from(exchanged_every)];
    exchange.all_numbers(&own).into_iter().map(of_rank).collect()
}

/// Whether another rank has told that somebody wants the run to end.
pub(super) fn wants_end(world: &World) -> bool {
    world.get_resource::<Told>().is_some_and(|told| told.0)
}

/// As rank 0: lets the other ranks go, which follow no more.
pub fn dismiss(world: &World) {
    order(world, &Order::End);
}

/// As another rank than 0, once its part of the network stands: does what rank 0 has all ranks do, until that lets it go. `wants_end`
/// says whether somebody wants the run to end.
pub fn follow(world: &mut World, mut wants_end: impl FnMut() -> bool) {
    let Some(Ranks(exchange)) = world.get_resource::<Ranks>().cloned() else { return };
    for mut recording in world.query::<&mut Recording>().iter_mut(world) {
        // It takes everything.
        let _ = recording.rows.attach(Box::new(Elsewhere));
    }
    let mut all = Gathered::default();
    loop {
        exchange.all_gather(&[], &mut all);
        match Order::of(&all.words) {
            Order::Ticks(count) => drop(ranks::run_ticks(world, count)),
            Order::Look => Soundness::look(world),
            Order::Save => {
                if let Err(error) = Checkpoint::take_changes(world) {
                    world.get_resource_or_init::<Failures>().push("checkpoint", error);
                }
            }
            Order::Finish => {
                schedule::finish(world);
                continue;
            }
            Order::Tell => {
                tell(&*exchange, world);
                continue;
            }
            Order::End => return,
        }
        world.clear_trackers();
        let failures = world.get_resource_or_init::<Failures>().take();
        let told: Vec<String> =
            failures.iter().filter(|failure| !stopped_elsewhere(failure)).map(ToString::to_string).collect();
        let answer = Answer { wants_end: wants_end(), failures: told.join("\n  ") };
        exchange.all_gather(&answer.words(), &mut all);
    }
}

/// Where the rows go that rank 0 keeps.
struct Elsewhere;

impl Sink for Elsewhere {
    fn append(&mut self, mut rows: Vec<u8>) -> io::Result<Vec<u8>> {
        rows.clear();
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_answers_arrive_as_they_were_given() {
        for order in [Order::Ticks(1 << 33 | 5), Order::Look, Order::Save, Order::Finish, Order::Tell, Order::End] {
            assert_eq!(Order::of(&order.words()), order);
        }
        for failures in ["", "cells: `v` is no number", "é"] {
            let answer = Answer { wants_end: failures.is_empty(), failures: failures.into() };
            assert_eq!(Answer::of(&answer.words()), answer);
        }
    }
}

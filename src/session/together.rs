//! A run on several ranks: rank 0 leads, with its folder, its files and whoever watches; the others follow, order by order. Without
//! ranks an order is just carried out.

use std::{
    io,
    path::{Path, PathBuf},
};

use bevy_ecs::prelude::*;

use crate::{
    checkpoint::{self, CheckpointFileError, Run},
    network::{Failures, Ranks, Soundness},
    numeric::exchange::Gathered,
    ranks::{self, stopped_elsewhere},
    record::{Recording, Sink},
    schedule,
};

/// What rank 0 has all ranks do.
#[derive(Debug, PartialEq)]
enum Order {
    Ticks(u64),
    /// Saves the state as this file, or beside it.
    Save(PathBuf),
    Finish,
    End,
}

impl Order {
    fn words(&self) -> Vec<u32> {
        match self {
            Self::Ticks(count) => vec![0, *count as u32, (*count >> 32) as u32],
            Self::Save(path) => std::iter::once(1).chain(in_words(&path.display().to_string())).collect(),
            Self::Finish => vec![2],
            Self::End => vec![3],
        }
    }

    fn of(words: &[u32]) -> Self {
        match words {
            [0, low, high] => Self::Ticks(u64::from(*high) << 32 | u64::from(*low)),
            [1, path @ ..] => Self::Save(from_words(path).into()),
            [2] => Self::Finish,
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
    let word = |bytes: &[u8]| {
        let mut word = [0; 4];
        word[..bytes.len()].copy_from_slice(bytes);
        u32::from_le_bytes(word)
    };
    text.as_bytes().chunks(4).map(word).collect()
}

fn from_words(words: &[u32]) -> String {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned()
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
    for failure in own {
        match failure.entity {
            _ if !heard.is_empty() && stopped_elsewhere(&failure) => {}
            Some(entity) => failures.push_at(entity, failure.who, failure.why),
            None => failures.push(failure.who, failure.why),
        }
    }
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

/// Saves the state: of each rank its own.
pub(super) fn save(world: &mut World, run: Run, path: &Path) -> Result<(), CheckpointFileError> {
    order(world, &Order::Save(path.to_owned()));
    let saved = checkpoint::write(world, Some(run), path);
    hear(world);
    saved
}

/// Whether another rank has told that somebody wants the run to end.
pub(super) fn wants_end(world: &World) -> bool {
    world.get_resource::<Told>().is_some_and(|told| told.0)
}

/// As rank 0: lets the other ranks go, which follow no more.
pub fn dismiss(world: &World) {
    order(world, &Order::End);
}

/// The file of a rank's state, beside that of rank 0: `checkpoint.2`.
pub(super) fn file_of_rank(path: &Path, rank: usize) -> PathBuf {
    match rank {
        0 => path.to_owned(),
        rank => path.with_extension(rank.to_string()),
    }
}

/// As another rank than 0, once its part of the network stands: does what rank 0 has all ranks do, until that lets it go.
/// `wants_end` says whether somebody wants it to end.
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
            Order::Save(path) => {
                Soundness::look(world);
                if let Err(error) = checkpoint::write(world, None, &file_of_rank(&path, exchange.rank())) {
                    world.get_resource_or_init::<Failures>().push("checkpoint", error);
                }
            }
            Order::Finish => {
                schedule::finish(world);
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
        for order in [Order::Ticks(1 << 33 | 5), Order::Save("runs/ä/checkpoint".into()), Order::Finish, Order::End] {
            assert_eq!(Order::of(&order.words()), order);
        }
        for failures in ["", "cells: `v` is no number", "é"] {
            let answer = Answer { wants_end: failures.is_empty(), failures: failures.into() };
            assert_eq!(Answer::of(&answer.words()), answer);
        }
    }
}

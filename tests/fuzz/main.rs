//! Fuzzing on the stable toolchain: whatever a scene or a file holds is answered by an error or a network, in bounded time and
//! memory, and never by a panic. `CORTECS_FUZZ_SECONDS=3600 cargo test --release --test fuzz -- --nocapture` searches for an hour;
//! `CORTECS_FUZZ_SEED` takes another way. Inputs are changed copies of `corpus/`, where findings stay once they are mended.
#![forbid(unsafe_code)]

mod archives;
mod checkpoints;
mod choices;
mod corpus;
mod guard;
mod lists;
mod mutate;
mod scenes;
mod targets;

use std::time::{Duration, Instant};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use guard::{Finding, Guard};
use targets::{TARGETS, Target};

/// A plain `cargo test` searches for so long (s): with and without `f64` that is most of a minute in CI.
const SECONDS: u64 = 25;

/// Inputs of a target before it is the turn of the next.
const TURN: usize = 50;

/// Steps on the way to a smaller input that fails in the same way.
const SHRINKING: usize = 400;

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Random numbers that are the same in every run, as long as nobody asks for others.
fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// A target and how its search went.
struct Search {
    target: &'static Target,
    executions: u64,
    accepted: u64,
    findings: Vec<Finding>,
}

impl Search {
    fn examine(&mut self, guard: &mut Guard, input: &[u8]) -> Result<(), Finding> {
        self.executions += 1;
        let accepted = guard.examine(self.target, input)?;
        self.accepted += u64::from(accepted);
        Ok(())
    }

    /// Takes down what was found, unless it is known.
    fn note(&mut self, finding: Finding) {
        if !self.findings.iter().any(|known| known.same(&finding)) {
            eprintln!("{}: {finding}", self.target.name);
            self.findings.push(finding);
        }
    }

    fn turn(&mut self, guard: &mut Guard, inputs: &impl Strategy<Value = Vec<u8>>, runner: &mut TestRunner) {
        for _ in 0..TURN {
            let Ok(mut tree) = inputs.new_tree(runner) else { continue };
            let Err(mut finding) = self.examine(guard, &tree.current()) else { continue };
            for _ in 0..SHRINKING {
                if self.findings.iter().any(|known| known.same(&finding)) || !tree.simplify() {
                    break;
                }
                match guard.examine(self.target, &tree.current()) {
                    Err(smaller) if smaller.same(&finding) => finding = smaller,
                    _ if tree.complicate() => {}
                    _ => break,
                }
            }
            self.note(finding);
        }
    }
}

#[test]
fn whatever_is_written_ends_in_an_error_or_a_network() {
    let seconds = number_of("CORTECS_FUZZ_SECONDS").unwrap_or(SECONDS);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut guard = Guard::start();
    let mut searches: Vec<_> = TARGETS
        .iter()
        .map(|target| {
            let seed = number_of("CORTECS_FUZZ_SEED").unwrap_or_default();
            let search = Search { target, executions: 0, accepted: 0, findings: Vec::new() };
            (search, mutate::inputs(target), runner(seed))
        })
        .collect();
    for (search, ..) in &mut searches {
        for input in corpus::of(search.target) {
            if let Err(finding) = search.examine(&mut guard, &input) {
                search.note(finding);
            }
        }
    }
    while Instant::now() < end {
        for (search, inputs, runner) in &mut searches {
            search.turn(&mut guard, inputs, runner);
        }
    }
    let mut found = 0;
    for (Search { target, executions, accepted, findings }, ..) in &searches {
        println!("{:10} {executions:9} executions, {accepted:9} accepted, {} findings", target.name, findings.len());
        assert!(*executions as usize >= TURN, "{}: too slow to be searched", target.name);
        found += findings.len();
    }
    assert_eq!(found, 0, "findings lie in {}", guard::folder().display());
}

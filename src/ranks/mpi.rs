//! Ranks that are processes of an MPI job: `mpirun -n 4 cortecs run scene.ron`.

use std::sync::{Mutex, PoisonError};

use mpi::{
    Threading,
    datatype::PartitionMut,
    environment::Universe,
    topology::{Communicator, SimpleCommunicator},
    traits::{CommunicatorCollectives, Root},
};

use crate::numeric::exchange::{Exchange, Gathered, Place};

/// What launchers tell each process of a job: Open MPI, MPICH and Intel MPI, and `PMIx` under Slurm.
const LAUNCHED: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"];

/// Words that a rank gives in the first message of an exchange, at most; what is more follows in a second.
const MOST_AT_ONCE: usize = 1 << 12;

/// Exchanges after which the first message is fitted to what they took.
const FITTED_EVERY: u32 = 64;

/// Words that all ranks gather at rank 0 in one message, as MPI counts them with 32 bits.
const MOST_GATHERED: usize = 1 << 28;

/// A process in an MPI job; the job ends for it when this goes.
pub struct Membership {
    _universe: Universe,
}

impl Membership {
    /// Ends all processes of the job.
    pub fn abort(&self, code: u8) -> ! {
        SimpleCommunicator::world().abort(code.into())
    }
}

/// Why a process could not join its job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MpiError {
    /// It is in one already, or the library refuses.
    #[error("MPI does not start")]
    Refused,
    /// The library is for programs with one thread.
    #[error("this MPI library lets only the first thread communicate; one with MPI_THREAD_SERIALIZED is needed")]
    OneThread,
}

/// Joins the job that this process is part of; nothing if no launcher has started it, or it is alone.
///
/// A panic ends the process at once from now on, and so the whole job: others would wait for it forever.
///
/// # Errors
/// MPI does not start, or not for several threads.
pub fn join() -> Result<Option<(Membership, impl Exchange)>, MpiError> {
    if LAUNCHED.iter().all(|name| std::env::var_os(name).is_none()) {
        return Ok(None);
    }
    let (universe, threading) = mpi::initialize_with_threading(Threading::Serialized).ok_or(MpiError::Refused)?;
    let world = SimpleCommunicator::world();
    let [rank, ranks] = [world.rank(), world.size()].map(|number| number as usize);
    if ranks == 1 {
        return Ok(None);
    }
    if threading < Threading::Serialized {
        return Err(MpiError::OneThread);
    }
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        std::process::abort();
    }));
    Ok(Some((Membership { _universe: universe }, Job { rank, ranks, room: Mutex::new(Room::default()) })))
}

/// The processes of the job. They are reached by whichever thread an exchange is on, by one at a time.
struct Job {
    rank: usize,
    ranks: usize,
    room: Mutex<Room>,
}

/// What a rank gives and takes.
#[derive(Default)]
struct Room {
    /// Words that go with the first message; all ranks decide alike.
    at_once: usize,
    /// Words that would have sufficed since they were last fitted to what comes, and exchanges since then.
    sufficient: usize,
    exchanges: u32,
    own: Vec<u32>,
    first: Vec<u32>,
    rest: Vec<u32>,
}

impl Exchange for Job {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    /// One message if all that is given fits into it, as it mostly does where as much comes as before: half the time of two.
    fn all_gather_at(&self, own: &[u32], all: &mut Gathered, _: Place) {
        let world = SimpleCommunicator::world();
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let Room { at_once, sufficient, exchanges, own: sent, first, rest } = &mut *room;
        let head = own.len().min(*at_once);
        sent.clear();
        sent.push(own.len() as u32);
        sent.extend_from_slice(&own[..head]);
        sent.resize(1 + *at_once, 0);
        first.resize(self.ranks * sent.len(), 0);
        world.all_gather_into(&sent[..], &mut first[..]);
        let given: Vec<usize> = first.chunks(sent.len()).map(|words| words[0] as usize).collect();
        let behind: Vec<usize> = given.iter().map(|words| words.saturating_sub(*at_once)).collect();
        let (counts, starts) = counts_and_starts(&behind);
        rest.resize(behind.iter().sum(), 0);
        if !rest.is_empty() {
            world.all_gather_varcount_into(
                &own[head..],
                &mut PartitionMut::new(&mut rest[..], &counts[..], &starts[..]),
            );
        }
        all.clear();
        for (rank, words) in first.chunks(sent.len()).enumerate() {
            let start = starts[rank] as usize;
            all.words.extend_from_slice(&words[1..=given[rank].min(*at_once)]);
            all.push(&rest[start..start + behind[rank]]);
        }
        let most = given.iter().copied().max().unwrap_or_default();
        let suffices = (most + most / 2).next_multiple_of(16).min(MOST_AT_ONCE);
        (*sufficient, *exchanges) = (suffices.max(*sufficient), *exchanges + 1);
        // What was long once, as that of a build, is not sent with all that is short.
        if suffices > *at_once || *exchanges == FITTED_EVERY {
            (*at_once, *sufficient, *exchanges) = (*sufficient, 0, 0);
        }
    }

    fn gather_at(&self, own: &[u32], all: &mut Gathered, _: Place) {
        let world = SimpleCommunicator::world();
        let root = world.process_at_rank(0);
        let mut given = vec![0_u64; self.ranks];
        world.all_gather_into(&(own.len() as u64), &mut given[..]);
        let given: Vec<usize> = given.into_iter().map(|words| words as usize).collect();
        let most = MOST_GATHERED / self.ranks;
        let mut by_rank: Vec<Vec<u32>> = vec![Vec::new(); self.ranks];
        for begin in (0..given.iter().copied().max().unwrap_or_default()).step_by(most) {
            let part = |words: usize| begin.min(words)..(begin + most).min(words);
            if self.rank > 0 {
                root.gather_varcount_into(&own[part(own.len())]);
                continue;
            }
            let (counts, starts) = counts_and_starts(&given.iter().map(|&words| part(words).len()).collect::<Vec<_>>());
            let mut words = vec![0; counts.iter().sum::<i32>() as usize];
            let mut partition = PartitionMut::new(&mut words[..], &counts[..], &starts[..]);
            root.gather_varcount_into_root(&own[part(own.len())], &mut partition);
            for ((own, &start), &count) in by_rank.iter_mut().zip(&starts).zip(&counts) {
                own.extend_from_slice(&words[start as usize..(start + count) as usize]);
            }
        }
        all.clear();
        if self.rank == 0 {
            by_rank.iter().for_each(|words| all.push(words));
        }
    }
}

/// How many words each rank gives, and where they begin.
fn counts_and_starts(words: &[usize]) -> (Vec<i32>, Vec<i32>) {
    let counts: Vec<i32> = words.iter().map(|&words| words as i32).collect();
    let starts = counts.iter().scan(0, |start, count| {
        let own = *start;
        *start += count;
        Some(own)
    });
    let starts = starts.collect();
    (counts, starts)
}

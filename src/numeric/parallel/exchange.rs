//! What processes that share a network tell one another: words, from all to all. Between the threads of a process here, for
//! tests; between processes by MPI elsewhere.

use std::{
    any::Any,
    panic::Location,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::ScopedJoinHandle,
};

use bytemuck::Pod;
use rayon::ThreadPoolBuilder;

/// The ranks that share a network, as one of them sees them. What one of them calls, all of them call, in the same order.
pub trait Exchange: Send + Sync {
    /// Which of them this is, from 0 on.
    fn rank(&self) -> usize;

    /// How many there are.
    fn ranks(&self) -> usize;

    /// What `all_gather` does, from a place that is the same at all ranks.
    fn all_gather_at(&self, own: &[u32], all: &mut Gathered, place: Place);

    /// What `gather` does, in the same way.
    fn gather_at(&self, own: &[u32], all: &mut Gathered, place: Place) {
        self.all_gather_at(own, all, place);
        if self.rank() > 0 {
            all.clear();
        }
    }
}

/// Where in the program something is exchanged.
pub type Place = &'static Location<'static>;

impl dyn Exchange + '_ {
    /// Gives `own` to all of them, and takes what all of them give.
    #[track_caller]
    pub fn all_gather(&self, own: &[u32], all: &mut Gathered) {
        self.all_gather_at(own, all, Location::caller());
    }

    /// Gives `own` to rank 0, which alone takes what all of them give.
    #[track_caller]
    pub fn gather(&self, own: &[u32], all: &mut Gathered) {
        self.gather_at(own, all, Location::caller());
    }

    /// Gives some numbers of 64 bits to all of them, and returns what each of them gives.
    #[track_caller]
    #[must_use]
    pub fn all_numbers(&self, own: &[u64]) -> Vec<Vec<u64>> {
        let mut all = Gathered::default();
        self.all_gather(bytemuck::cast_slice(own), &mut all);
        all.by_rank().map(bytemuck::pod_collect_to_vec).collect()
    }

    /// Gives things of which each rank has some to all of them: those of all in the order of the ranks, and the place of the first of
    /// its own.
    #[track_caller]
    #[must_use]
    pub fn all_of<T: Pod>(&self, own: &[T]) -> (Vec<T>, usize) {
        let mut all = Gathered::default();
        self.all_gather(bytemuck::cast_slice(own), &mut all);
        let first = self.rank().checked_sub(1).map_or(0, |before| all.ends[before]);
        (bytemuck::pod_collect_to_vec(&all.words), first * size_of::<u32>() / size_of::<T>())
    }

    /// Has rank 0 take what each rank gives, in their order, without room for that of all.
    pub fn gather_in_turn(&self, own: &[u32], take: &mut dyn FnMut(&[u32])) {
        let mut all = Gathered::default();
        for rank in 0..self.ranks() {
            self.gather(if rank == self.rank() { own } else { &[] }, &mut all);
            if self.rank() == 0 {
                take(&all.words);
            }
        }
    }
}

/// What each rank gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// That of all, in the order of the ranks.
    pub words: Vec<u32>,
    /// Where that of each rank ends.
    pub ends: Vec<usize>,
}

impl Gathered {
    /// What each rank gave, in their order.
    pub fn by_rank(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.words[start..end])
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.words.clear();
        self.ends.clear();
    }

    /// Adds what the next rank gave.
    pub fn push(&mut self, words: &[u32]) {
        self.words.extend_from_slice(words);
        self.ends.push(self.words.len());
    }
}

/// Does `work` as each of so many ranks, every one with so many threads of its own, and returns what they made of it, in their
/// order. That they exchange the same is seen to: from the same place in the program, each time.
///
/// ```
/// use cortecs::numeric::exchange::{Gathered, together};
///
/// let sums = together(3, 1, |exchange| {
///     let mut all = Gathered::default();
///     exchange.all_gather(&[exchange.rank() as u32 + 1], &mut all);
///     all.words.iter().sum::<u32>()
/// });
/// assert_eq!(sums, [6, 6, 6]);
/// ```
///
/// # Panics
/// One of them does, which ends the others.
pub fn together<R: Send>(ranks: usize, threads: usize, work: impl Fn(Arc<dyn Exchange>) -> R + Sync) -> Vec<R> {
    let meeting = Arc::new(Meeting { ranks, room: Mutex::default(), turn: Condvar::new() });
    std::thread::scope(|scope| {
        let member = |rank| {
            let (work, meeting) = (&work, meeting.clone());
            scope.spawn(move || {
                let _ends = Ends(meeting.clone());
                // Of their own: ranks that wait for others on the threads of one pool would leave those none.
                let pool = ThreadPoolBuilder::new().num_threads(threads).build();
                let pool = pool.unwrap_or_else(|why| panic!("no threads: {why}"));
                pool.install(|| work(Arc::new(Member { rank, meeting })))
            })
        };
        let members: Vec<_> = (0..ranks).map(member).collect();
        let mut made: Vec<_> = members.into_iter().map(ScopedJoinHandle::join).collect();
        // The reason, and not who was ended by it.
        let is_reason = |why: &Box<dyn Any + Send>| why.downcast_ref::<&str>() != Some(&ENDED);
        if let Some(first) = made.iter().position(|made| made.as_ref().is_err_and(is_reason)) {
            made.swap(0, first);
        }
        made.into_iter().map(|made| made.unwrap_or_else(|why| std::panic::resume_unwind(why))).collect()
    })
}

/// What those say who wait for one that will never come.
const ENDED: &str = "another rank has ended";

/// Where the threads of a process meet.
struct Meeting {
    ranks: usize,
    room: Mutex<Room>,
    turn: Condvar,
}

#[derive(Default)]
struct Room {
    given: Vec<(usize, Vec<u32>)>,
    /// From where; it must be the same at all of them.
    place: Option<Place>,
    /// What all have given, and how many are still to take it.
    all: Gathered,
    takers: usize,
    /// Whether one of them will never come.
    over: bool,
}

impl Meeting {
    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, room: MutexGuard<'a, Room>, until: impl Fn(&Room) -> bool) -> MutexGuard<'a, Room> {
        let room =
            self.turn.wait_while(room, |room| !room.over && !until(room)).unwrap_or_else(PoisonError::into_inner);
        if room.over {
            drop(room);
            std::panic::panic_any(ENDED);
        }
        room
    }
}

/// A thread that is a rank.
struct Member {
    rank: usize,
    meeting: Arc<Meeting>,
}

impl Exchange for Member {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.meeting.ranks
    }

    fn all_gather_at(&self, own: &[u32], all: &mut Gathered, place: Place) {
        let meeting = &*self.meeting;
        // Nobody gives before all have taken what was given last.
        let mut room = meeting.wait(meeting.room(), |room| room.takers == 0);
        let theirs = *room.place.get_or_insert(place);
        room.given.push((self.rank, own.to_vec()));
        let given = room.given.len();
        if theirs != place {
            drop(room);
            panic!("rank {} exchanges at {place}, and others at {theirs}", self.rank);
        }
        if given == meeting.ranks {
            room.place = None;
            let mut given = std::mem::take(&mut room.given);
            given.sort_unstable_by_key(|(rank, _)| *rank);
            room.all.clear();
            given.iter().for_each(|(_, words)| room.all.push(words));
            room.takers = meeting.ranks;
            meeting.turn.notify_all();
        } else {
            room = meeting.wait(room, |room| room.takers > 0);
        }
        all.clone_from(&room.all);
        room.takers -= 1;
        if room.takers == 0 {
            meeting.turn.notify_all();
        }
    }
}

/// Ends the meeting if its thread panics.
struct Ends(Arc<Meeting>);

impl Drop for Ends {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.room().over = true;
            self.0.turn.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_takes_what_all_give_in_their_order() {
        for ranks in [1, 2, 5] {
            together(ranks, 1, |exchange| {
                let (mut all, rank) = (Gathered::default(), exchange.rank() as u32);
                for turn in 0..200 {
                    let own: Vec<u32> = (0..(turn + rank) % 4).map(|k| 100 * rank + k).collect();
                    exchange.all_gather(&own, &mut all);
                    assert_eq!(all.ends.len(), ranks);
                    for (other, given) in (0..).zip(all.by_rank()) {
                        assert!(given.iter().copied().eq((0..(turn + other) % 4).map(|k| 100 * other + k)));
                    }
                    exchange.gather(&[rank], &mut all);
                    assert_eq!(all.words.len(), if rank == 0 { ranks } else { 0 });
                }
            });
        }
    }

    #[test]
    #[should_panic(expected = "and others at")]
    fn ranks_that_exchange_something_else_are_found() {
        together(2, 1, |exchange| match exchange.rank() {
            0 => exchange.all_gather(&[], &mut Gathered::default()),
            _ => exchange.gather(&[], &mut Gathered::default()),
        });
    }

    #[test]
    #[should_panic(expected = "gone")]
    fn a_rank_that_ends_ends_the_others() {
        together(3, 1, |exchange| {
            assert!(exchange.rank() > 0, "gone");
            exchange.all_gather(&[], &mut Gathered::default());
        });
    }
}

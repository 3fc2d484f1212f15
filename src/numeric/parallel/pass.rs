//! A pass: what a system does to the neurons of all its groups. Of a small network at once, group by group; of a large one
//! in a parallel region, in which each thread takes its own [`Shares`] and then what others have not got to.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use rayon::prelude::*;

use crate::numeric::{
    blocks::{Cut, one_after_another},
    shares::{Effort, Shares},
    threads::{attend, is_alone},
};

/// What a pass has left to do.
#[derive(Default)]
pub struct Pass<'a> {
    /// By thread.
    tasks: Vec<VecDeque<Task<'a>>>,
    ends: Vec<End<'a>>,
}

type Task<'a> = Box<dyn FnOnce() + Send + 'a>;

/// What is done with the results of a group, on the thread of the caller.
type End<'a> = Box<dyn FnOnce() + 'a>;

/// Lets `work` say what is to be done, and has all of it done.
///
/// ```
/// use cortecs::numeric::{pass::pass, shares::{Effort, Whole, deal}};
///
/// let mut columns = [vec![1.0; 9000], vec![2.0; 4000]];
/// let wholes = columns.each_ref().map(|column| Whole { neurons: column.len(), ..Whole::default() });
/// let shares = deal(&wholes, rayon::current_num_threads());
/// pass(|pass| {
///     for (column, shares) in columns.iter_mut().zip(&shares) {
///         pass.by_blocks(Effort::Heavy, shares, column.len(), &mut column[..], |block| block.iter_mut().for_each(|x| *x += 1.0));
///     }
/// });
/// assert!(columns[0].iter().all(|x| *x == 2.0) && columns[1].iter().all(|x| *x == 3.0));
/// ```
#[inline]
pub fn pass<'a, R>(work: impl FnOnce(&mut Pass<'a>) -> R) -> R {
    let mut pass = Pass::default();
    let result = work(&mut pass);
    if pass.tasks.is_empty() && pass.ends.is_empty() {
        // Nothing was allocated, and the code that would look whether there is anything to free is not inlined.
        std::mem::forget(pass);
    } else {
        pass.run();
    }
    result
}

impl<'a> Pass<'a> {
    /// Runs `kernel` on each block of `columns`, which hold `len` neurons: at once, or where that is to be shared once all
    /// groups have been gone through.
    ///
    /// A kernel sees its part of the columns alone, so that the blocks may run in any order.
    #[inline]
    pub fn by_blocks<C: Cut + 'a>(
        &mut self,
        effort: Effort,
        shares: &Shares,
        len: usize,
        columns: C,
        kernel: impl Fn(C) + Clone + Send + 'a,
    ) {
        if shares.cut(len, effort) {
            self.share(effort, (shares, len), columns, kernel);
        } else {
            one_after_another(len, columns, &kernel);
        }
    }

    #[cold]
    fn share<C: Cut + 'a>(
        &mut self,
        effort: Effort,
        (shares, len): (&Shares, usize),
        columns: C,
        kernel: impl Fn(C) + Clone + Send + 'a,
    ) {
        let (work, later) =
            (move |len, columns| one_after_another(len, columns, &kernel), shares.are_worth_it(len, effort));
        in_shares(shares, len, columns, &mut |thread, (range, columns)| {
            let work = work.clone();
            if later {
                self.add(thread, move || work(range.len(), columns));
            } else {
                work(range.len(), columns);
            }
        });
    }

    /// Runs `work` on each share of `columns`, which is told how many neurons there are in it, once all groups have been gone
    /// through.
    #[cold]
    pub fn by_shares<C: Cut + 'a>(
        &mut self,
        shares: &Shares,
        len: usize,
        columns: C,
        work: impl Fn(usize, C) + Clone + Send + 'a,
    ) {
        in_shares(shares, len, columns, &mut |thread, (range, columns)| {
            let work = work.clone();
            self.add(thread, move || work(range.len(), columns));
        });
    }

    /// As [`by_shares`](Self::by_shares), and then `end` on what `work` gave, in the order of the neurons; `work` is told
    /// the first neuron of its share. At once where a pass of this effort is not worth several threads.
    pub fn by_shares_and<C: Cut + 'a, R: Send + 'a>(
        &mut self,
        effort: Effort,
        (shares, len): (&Shares, usize),
        columns: C,
        work: impl Fn(usize, C) -> R + Clone + Send + 'a,
        end: impl FnOnce(Vec<R>) + 'a,
    ) {
        let results: Arc<Mutex<Vec<(usize, R)>>> = Arc::default();
        let later = shares.are_worth_it(len, effort);
        in_shares(shares, len, columns, &mut |thread, (range, columns)| {
            let (work, results, start) = (work.clone(), results.clone(), range.start);
            let task = move || {
                let result = work(start, columns);
                results.lock().unwrap_or_else(PoisonError::into_inner).push((start, result));
            };
            if later {
                self.add(thread, task);
            } else {
                task();
            }
        });
        self.ends.push(Box::new(move || {
            let mut results = std::mem::take(&mut *results.lock().unwrap_or_else(PoisonError::into_inner));
            results.sort_unstable_by_key(|(start, _)| *start);
            end(results.into_iter().map(|(_, result)| result).collect());
        }));
    }

    /// Has `task` done, by `thread` if it gets to it.
    pub fn add(&mut self, thread: usize, task: impl FnOnce() + Send + 'a) {
        if self.tasks.len() <= thread {
            self.tasks.resize_with(thread + 1, VecDeque::new);
        }
        self.tasks[thread].push_back(Box::new(task));
    }

    #[cold]
    fn run(self) {
        let Self { tasks, ends } = self;
        let number: usize = tasks.iter().map(VecDeque::len).sum();
        if is_alone() {
            tasks.into_iter().flatten().for_each(|task| task());
            return ends.into_iter().for_each(|end| end());
        }
        let queues: Vec<Mutex<VecDeque<Task<'_>>>> = tasks.into_iter().map(Mutex::new).collect();
        attend();
        (0..number.min(rayon::current_num_threads())).into_par_iter().with_max_len(1).for_each(|_| work_off(&queues));
        ends.into_iter().for_each(|end| end());
    }
}

/// Cuts columns into shares, behind those that are not dealt out.
fn in_shares<C: Cut>(shares: &Shares, len: usize, columns: C, take: &mut dyn FnMut(usize, (Range<usize>, C))) {
    let others = 0..shares.range(len).start;
    let before = (!others.is_empty()).then_some((others, None));
    let own = shares.iter(C::GRAIN).map(|(range, thread)| (range, Some(thread)));
    let mut rest = Some(columns);
    for (range, thread) in before.into_iter().chain(own) {
        let Some(columns) = rest.take() else { return };
        // The last block may be short: what is there once for each is not cut behind it.
        let share = if range.end == len {
            columns
        } else {
            let (share, behind) = columns.cut(range.len());
            rest = Some(behind);
            share
        };
        if let Some(thread) = thread {
            take(thread, (range, share));
        }
    }
}

/// Does the tasks of the thread that runs this, then those that others have left, their last ones first.
fn work_off(queues: &[Mutex<VecDeque<Task<'_>>>]) {
    let own = rayon::current_thread_index().unwrap_or(0) % queues.len();
    let (others, first) = queues.split_at(own);
    for (turn, queue) in first.iter().chain(others).enumerate() {
        let next = || {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            if turn == 0 { queue.pop_front() } else { queue.pop_back() }
        };
        while let Some(task) = next() {
            task();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        thread,
        time::{Duration, Instant},
    };

    use rayon::ThreadPoolBuilder;

    use super::*;
    use crate::numeric::{
        blocks::{BLOCK, PerBlock},
        shares::{Whole, deal},
    };

    const SIZES: [usize; 3] = [20_000, 1, 5 * BLOCK];

    fn dealt(threads: usize) -> Vec<Shares> {
        deal(&SIZES.map(|neurons| Whole { neurons, ..Whole::default() }), threads)
    }

    #[test]
    fn every_neuron_is_met_once_with_the_state_of_its_block() {
        for threads in [1, 2, 3, 5] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let mut seen = SIZES.map(|n| vec![0; n]);
            let mut states = SIZES.map(|n| (0..n.div_ceil(BLOCK)).collect::<Vec<usize>>());
            let shares = dealt(threads);
            pool.install(|| {
                pass(|pass| {
                    for ((seen, states), shares) in seen.iter_mut().zip(&mut states).zip(&shares) {
                        let columns = (&mut seen[..], PerBlock(&mut states[..]));
                        pass.by_blocks(Effort::Heavy, shares, columns.0.len(), columns, |(seen, state)| {
                            seen.iter_mut().for_each(|seen| *seen += 1 + state.0[0]);
                        });
                    }
                });
            });
            for seen in &seen {
                assert!(seen.iter().enumerate().all(|(i, &seen)| seen == 1 + i / BLOCK), "{threads}");
            }
        }
    }

    #[test]
    fn results_come_in_the_order_of_neurons() {
        let pool = ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
        let (shares, column) = (dealt(3), vec![1_usize; SIZES[0]]);
        let mut ends = Vec::new();
        pool.install(|| {
            pass(|pass| {
                let sum = |first, column: &[usize]| (first, column.iter().sum::<usize>());
                pass.by_shares_and(Effort::Heavy, (&shares[0], column.len()), &column[..], sum, |sums| ends = sums);
            });
        });
        assert!(ends.len() > 2);
        let end = ends.iter().fold(0, |end, (first, sum)| if *first == end { end + sum } else { 0 });
        assert_eq!(end, SIZES[0]);
    }

    /// The first task waits for all others, which stand behind it.
    #[test]
    fn nobody_waits_for_a_thread_that_has_not_got_to_its_tasks() {
        let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
        let done = AtomicUsize::new(0);
        pool.install(|| {
            pass(|pass| {
                pass.add(0, || {
                    let start = Instant::now();
                    while done.load(Relaxed) < 9 {
                        assert!(start.elapsed() < Duration::from_secs(20), "nobody took over");
                        thread::yield_now();
                    }
                });
                (0..9).for_each(|_| pass.add(0, || _ = done.fetch_add(1, Relaxed)));
            });
        });
    }
}

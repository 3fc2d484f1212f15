//! Lists of the last iterations, as many as delays reach back: who fired, and with what efficacy.

use bytemuck::Pod;

use crate::numeric::{Archive, ArchiveError};

/// A list for every iteration, the latest and some before it; a ring, so that nothing is moved.
#[derive(Clone, Debug)]
pub struct History<T> {
    lists: Vec<Vec<T>>,
    head: usize,
    /// Lists before the latest, one after another, that are empty: all that are kept need not be looked at.
    quiet: usize,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        Self { lists: vec![Vec::new()], head: 0, quiet: 0 }
    }
}

impl<T> History<T> {
    /// The latest list.
    #[must_use]
    pub fn latest(&self) -> &[T] {
        &self.lists[self.head]
    }

    /// The latest list, to be filled.
    pub fn latest_mut(&mut self) -> &mut Vec<T> {
        &mut self.lists[self.head]
    }

    /// The list of `age` iterations before the latest; empty beyond what is kept.
    #[must_use]
    pub fn before(&self, age: u32) -> &[T] {
        let (age, len) = (age as usize, self.lists.len());
        if age < len { &self.lists[(self.head + len - age) % len] } else { &[] }
    }

    /// Puts others into the list of `age` iterations before the latest; nowhere beyond what is kept.
    pub fn replace(&mut self, age: u32, with: impl Iterator<Item = T>) {
        let (age, len) = (age as usize, self.lists.len());
        if age >= len {
            return;
        }
        let list = &mut self.lists[(self.head + len - age) % len];
        list.clear();
        list.extend(with);
        if !list.is_empty() && age > 0 {
            self.quiet = self.quiet.min(age - 1);
        }
    }

    /// How many lists before the latest are kept.
    #[must_use]
    pub const fn reach(&self) -> u32 {
        self.lists.len() as u32 - 1
    }

    /// Whether all lists that are kept are empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.latest().is_empty() && self.quiet + 1 >= self.lists.len()
    }

    /// Keeps the lists of `ages` iterations before the latest from now on, if fewer were kept.
    pub fn keep(&mut self, ages: u32) {
        let (wanted, kept) = (ages as usize + 1, self.lists.len());
        if wanted > kept {
            // The oldest comes first; new, empty ones are older still.
            self.lists.rotate_left((self.head + 1) % kept);
            self.lists.splice(0..0, std::iter::repeat_with(Vec::new).take(wanted - kept));
            self.head = wanted - 1;
            self.quiet = if self.quiet + 1 >= kept { wanted } else { self.quiet };
        }
    }

    /// Goes through the lists of `ages` iterations before the latest, and that: see [`State`](super::State).
    ///
    /// # Errors
    /// What was saved does not fit.
    pub fn persist_lists(&mut self, archive: &mut Archive<'_>, ages: u32) -> Result<(), ArchiveError>
    where
        T: Pod,
    {
        // The oldest first, so that it does not matter where the ring stood.
        let mut lists = self.lists.clone();
        let oldest = (self.head + 1) % lists.len();
        lists.rotate_left(oldest);
        lists.drain(..self.reach().saturating_sub(ages) as usize);
        let here = lists.len() as u64;
        let number = archive.through(&here)?.unwrap_or(here);
        let mut saved = Vec::new();
        for k in 0..number {
            let mut list = lists.get(k as usize).cloned().unwrap_or_default();
            archive.list(&mut list)?;
            saved.push(list);
        }
        if archive.restores() && !saved.is_empty() {
            let quiet = saved.iter().rev().skip(1).take_while(|list| list.is_empty()).count();
            *self = Self { head: saved.len() - 1, lists: saved, quiet };
        }
        Ok(())
    }

    /// Begins an empty list; its predecessors grow older, and the oldest is forgotten.
    pub fn begin(&mut self) {
        self.quiet = if self.latest().is_empty() { self.quiet.saturating_add(1) } else { 0 };
        self.head = if self.head + 1 == self.lists.len() { 0 } else { self.head + 1 };
        self.lists[self.head].clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_kept_as_long_as_delays_reach() {
        let mut history = History::default();
        let add = |history: &mut History<u32>, number| {
            history.begin();
            history.latest_mut().push(number);
        };
        let seen = |history: &History<u32>| {
            [0, 1, 2, 3, 4].map(|age| history.before(age).first().copied().unwrap_or_default())
        };
        add(&mut history, 1);
        history.keep(2);
        add(&mut history, 2);
        assert_eq!(seen(&history), [2, 1, 0, 0, 0]);
        history.keep(3);
        (3..7).for_each(|number| add(&mut history, number));
        assert_eq!(seen(&history), [6, 5, 4, 3, 0]);
        history.begin();
        assert_eq!(seen(&history), [0, 6, 5, 4, 0]);
        for k in 1..5 {
            assert_eq!(history.is_empty(), k > 3, "after {k} empty lists");
            history.begin();
        }
        // What is kept longer from now on was empty before.
        history.keep(20);
        assert!(history.is_empty());
        // Somebody comes to know later who fired.
        history.replace(4, [7, 8].into_iter());
        assert_eq!((history.before(4), history.before(3), history.is_empty()), (&[7, 8][..], &[][..], false));
        (0..16).for_each(|_| history.begin());
        assert_eq!((history.before(20), history.is_empty()), (&[7, 8][..], false));
        history.begin();
        assert!(history.is_empty());
        history.replace(21, [1].into_iter());
        assert!(history.is_empty());
        add(&mut history, 1);
        (0..20).for_each(|_| history.begin());
        assert!(!history.is_empty());
        history.begin();
        assert!(history.is_empty());
    }
}

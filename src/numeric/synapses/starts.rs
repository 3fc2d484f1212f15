//! When the first bucket of rows whose delays differ is delivered: as soon as a synapse needs it, and not before. Until then ranks
//! need not have told one another who fired.

use crate::numeric::rows::Rows;

impl Rows {
    /// The shortest delay (steps) here; `None` without synapses.
    #[must_use]
    pub fn shortest_delay(&self) -> Option<u32> {
        if self.punctual {
            return self.ages.first().copied().filter(|_| !self.is_empty());
        }
        (0..self.ages.len()).find_map(|bucket| {
            let codes = self.codes.all();
            let delays = self.places_of(bucket).flatten().map(|place| self.coding.delay(codes.at(place)));
            delays.min().map(|delay| self.ages[bucket] + delay)
        })
    }

    /// The age (iterations) at which the first bucket is delivered: no delay is shorter.
    #[must_use]
    pub fn youngest(&self) -> u32 {
        self.ages.first().copied().unwrap_or_default()
    }

    /// Says that no delay (steps) is shorter, here or elsewhere: the bucket to which it belongs is delivered no earlier. Those before it
    /// hold nothing.
    pub fn begin_with(&mut self, shortest: u32) {
        if self.punctual {
            return;
        }
        for bucket in 0..self.ages.len() {
            let age = self.start_of(bucket).max(shortest);
            let before = std::mem::replace(&mut self.ages[bucket], age);
            let places: Vec<_> = if before == age { Vec::new() } else { self.places_of(bucket).collect() };
            let mut codes = self.codes.all_mut();
            for place in places.into_iter().flatten() {
                let code = codes.view().at(place);
                let delay = before + self.coding.delay(code) - age;
                codes.set(place, self.coding.code(delay as usize, self.coding.target(code)));
            }
        }
    }

    /// The shortest delay (steps) that a bucket can hold.
    pub(in crate::numeric) const fn start_of(&self, bucket: usize) -> u32 {
        (bucket * self.coding.slots()) as u32
    }
}

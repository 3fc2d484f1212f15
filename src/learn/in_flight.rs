//! Spikes on their way to plastic synapses with delays that differ: each waits in the list of the iteration in which it reaches the
//! next of its synapses, so that an iteration costs what arrives in it, not what is under way.

use crate::{
    network::History,
    numeric::{prefetch::prefetch, row_blocks::RowBlock, rows::Rows},
};

/// Spikes ahead of the one that arrives whose synapses are fetched; twice as far where they lie.
const AHEAD: usize = 6;

/// The spikes under way, block by block of targets. Nothing of it has to be saved: it is found again from the spikes that are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    blocks: Vec<Calendar>,
    /// Whether the spikes of the past are yet to be entered.
    is_new: bool,
}

/// What is under way to a block.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    /// The synapses of the block, those of a piece by their delays.
    places: Vec<u32>,
    /// A list for each iteration, as many as the longest delay lasts; a ring.
    lists: Vec<Vec<Flight>>,
    head: usize,
    arrived: Vec<Arrival>,
}

/// A spike on its way to the synapses that a source has in a bucket of a block.
#[derive(Clone, Copy, Debug)]
struct Flight {
    source: u32,
    /// The delay (steps) of the synapses that it reaches next.
    delay: u32,
    /// Where they begin among `places`, and the end of the piece.
    next: u32,
    end: u32,
}

/// A spike that has arrived at a synapse.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// Where the synapse lies in its block.
    pub place: u32,
    /// The source neuron.
    pub source: u32,
    /// The delay (steps).
    pub delay: u32,
}

impl InFlight {
    /// Nothing on its way to some rows yet.
    pub fn new(rows: &Rows, longest_delay: u32) -> Self {
        let calendar = |block: usize| Calendar {
            places: rows.places_by_delay(block),
            lists: vec![Vec::new(); longest_delay as usize + 1],
            head: 0,
            arrived: Vec::new(),
        };
        Self { blocks: (0..rows.blocks()).map(calendar).collect(), is_new: true }
    }

    /// Bytes that a synapse takes, without the spikes that are under way to it.
    pub const EACH: usize = size_of::<u32>();

    /// Forgets what is under way: it is entered again from the spikes that are kept.
    pub fn begin_anew(&mut self) {
        self.is_new = true;
        self.blocks.iter_mut().flat_map(|calendar| &mut calendar.lists).for_each(Vec::clear);
    }

    /// What is under way to each block, at the beginning of an iteration; whether the past is yet to be entered. None where all delays
    /// are the same.
    pub fn blocks(&mut self) -> impl Iterator<Item = (&mut Calendar, bool)> {
        let is_new = std::mem::take(&mut self.is_new);
        self.blocks.iter_mut().map(move |calendar| (calendar, is_new))
    }
}

impl Calendar {
    /// Enters the spikes of the last iteration, or of a calendar that is new all that are kept; returns which arrive where in this one.
    pub fn turn(&mut self, is_new: bool, spikes: &History<u32>, ages: &[u32], block: &RowBlock<'_>) -> &[Arrival] {
        self.head = (self.head + 1) % self.lists.len();
        for age in 0..if is_new { self.lists.len() } else { 1 } {
            for &source in spikes.before(age as u32) {
                for (bucket, &bucket_age) in ages.iter().enumerate() {
                    let piece = block.piece(bucket, source);
                    let flight = Flight { source, delay: bucket_age, next: piece.start as u32, end: piece.end as u32 };
                    self.enter(block, flight, bucket_age, age as u32);
                }
            }
        }
        self.arrived.clear();
        let mut due = std::mem::take(&mut self.lists[self.head]);
        for k in 0..due.len() {
            if let Some(ahead) = due.get(k + 2 * AHEAD) {
                prefetch(&self.places, ahead.next as usize);
            }
            if let Some(&place) = due.get(k + AHEAD).and_then(|ahead| self.places.get(ahead.next as usize)) {
                block.fetch(place as usize);
            }
            self.arrive(block, due[k]);
        }
        due.clear();
        self.lists[self.head] = due;
        &self.arrived
    }

    /// Lets a spike arrive at the synapses whose turn it is, and wait for the next.
    fn arrive(&mut self, block: &RowBlock<'_>, mut flight: Flight) {
        let Flight { source, delay, .. } = flight;
        let bucket_age = delay - block.delay_within(self.places[flight.next as usize] as usize);
        while flight.next < flight.end {
            let place = self.places[flight.next as usize];
            if bucket_age + block.delay_within(place as usize) != delay {
                break;
            }
            self.arrived.push(Arrival { place, source, delay });
            flight.next += 1;
        }
        self.enter(block, flight, bucket_age, delay);
    }

    /// Puts a spike that is `age` iterations old where it reaches its next synapses, of a bucket of some age.
    fn enter(&mut self, block: &RowBlock<'_>, mut flight: Flight, bucket_age: u32, age: u32) {
        while flight.next < flight.end {
            flight.delay = bucket_age + block.delay_within(self.places[flight.next as usize] as usize);
            if flight.delay >= age {
                let list = (self.head + (flight.delay - age) as usize) % self.lists.len();
                self.lists[list].push(flight);
                return;
            }
            flight.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        network::{Layout, Synapses},
        prelude::*,
    };

    /// Onto targets of two blocks, over delays of several buckets: each synapse against the rule in closed form.
    #[test]
    fn every_synapse_meets_the_spikes_of_its_source_when_they_arrive() {
        const TARGETS: usize = 9000;
        let [sent, fired] = [|i: usize| 2 + 2 * i, |j: usize| 20 + j % 17];
        let mut bench = Bench::new();
        let at = |number: usize, time: fn(usize) -> usize| {
            SpikeSource::at((0..number).map(|k| vec![time(k) as f64]).collect())
        };
        let (source, target) =
            (bench.group("source", 12, at(12, sent)), bench.group("target", TARGETS, at(TARGETS, fired)));
        let rule = (
            FixedInDegree { in_degree: 2, ..default() },
            InitialWeights(0.5.into()),
            Delays(Some("1 + floor(40 * uniform(0, 1))".into())),
            Stdp::default(),
        );
        let group = bench.synapses(source, target, "X", rule);
        bench.ticks(80);
        let found = bench.get(group, "weights");
        let Some(Layout::Sparse(rows)) = bench.world_mut().get::<Synapses>(group).and_then(|own| own.layout.clone())
        else {
            panic!("rows")
        };
        assert!(rows.blocks() == 2 && rows.ages().len() > 1);
        let Stdp { a_plus, a_minus, tau_plus, tau_minus, .. } = Stdp::default();
        let (mut earlier, mut later) = (0, 0);
        for (synapse, found) in rows.iter().zip(found) {
            let arrives = sent(synapse.source as usize) as f64 + f64::from(synapse.delay);
            let apart = fired(synapse.target as usize) as f64 - arrives;
            let change = match apart {
                0.0 => 0.0,
                _ if apart > 0.0 => a_plus * f64::exp(-apart / tau_plus),
                _ => -a_minus * f64::exp(apart / tau_minus),
            };
            assert!((found - 0.5 - change).abs() < 1e-6, "{synapse:?}: {found}, expected {}", 0.5 + change);
            earlier += usize::from(apart > 0.0);
            later += usize::from(apart < 0.0);
        }
        assert!(earlier > 1000 && later > 1000, "{earlier} spikes before those of their targets, {later} after");
    }

    #[test]
    fn spikes_under_way_go_on_from_a_checkpoint() {
        Bench::assert_goes_on(60, |bench| {
            let fire = || PoissonNeurons { rate: 50.0.into(), ..default() };
            let (source, target) = (bench.group("source", 9, fire()), bench.group("target", 3000, fire()));
            let delays = Delays(Some("1 + 20*uniform()".into()));
            bench.synapses(
                source,
                target,
                "X",
                (FixedInDegree { in_degree: 3, ..default() }, InitialWeights(0.5.into()), delays, Stdp::default()),
            );
        });
    }
}

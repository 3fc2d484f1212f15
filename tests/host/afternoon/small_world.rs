//! D. J. Watts & S. H. Strogatz, Nature 393:440 (1998), of targets: each has the neighbours on a ring, some of which are elsewhere.

use std::ops::Range as Stretch;

use cortecs::{
    author::*,
    network::{Endpoints, Extent, Pair, PrepareError, Rule, connect::connect, endpoints::endpoints},
    numeric::words::Words,
    prelude::*,
};
use rand::Rng as _;

behaviour! {
    /// Each target has as many sources as it has neighbours, and each of these is another neuron with a probability.
    struct SmallWorld {
        /// Neighbours on both sides together.
        neighbours: u32 = 4,
        /// With which one is elsewhere.
        #[reflect(@Range::SHARE)]
        rewired: f64 = 0.1,
    }
}

impl Behaviour for SmallWorld {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let sides = endpoints(preparation)?;
        let most = sides.pair.sources.saturating_sub(1);
        if self.neighbours as usize > most || self.neighbours % 2 == 1 {
            let why = format!("must be even and at most {most}, not {}", self.neighbours);
            return Err(preparation.error(Some("neighbours"), why));
        }
        let stream = preparation.stream("rewiring");
        let (rule, sources) = (self.clone(), sides.pair.sources);
        connect(preparation, sides, Drawn { rule, sources, stream })
    }

    fn extent(&self, pair: Pair) -> Extent {
        Extent::sparse(pair, pair.targets as u64 * u64::from(self.neighbours))
    }
}

struct Drawn {
    rule: SmallWorld,
    sources: usize,
    stream: cortecs::numeric::stream::Stream,
}

impl Rule for Drawn {
    fn generate(
        &self,
        _: &Endpoints,
        targets: Stretch<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        let (n, half) = (self.sources, self.rule.neighbours as usize / 2);
        for target in targets {
            let mut own = Words::new(self.stream, target as u32);
            for k in (1..=half).chain(n - half..n) {
                let moved = f64::from(own.next_u32()) / 2f64.powi(32) < self.rule.rewired;
                let away = if moved { 1 + own.next_u32() as usize % (n - 1) } else { k };
                emit((target + away) % n, target);
            }
        }
        Ok(())
    }
}

fn sources(rewired: f64) -> Vec<(u32, u32)> {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<SmallWorld>();
    let cells = bench.group("cells", 200, Izhikevich::default());
    let synapses = bench.synapses(cells, cells, "ring", SmallWorld { neighbours: 6, rewired });
    let layout = bench.world_mut().get::<cortecs::network::Synapses>(synapses).unwrap().layout.as_ref().unwrap();
    layout.synapses().map(|synapse| (synapse.source, synapse.target)).collect()
}

#[test]
fn neighbours_are_neighbours_but_for_those_that_are_elsewhere() {
    let near = |(source, target): &(u32, u32)| (source + 200 - target) % 200 <= 3 || (target + 200 - source) % 200 <= 3;
    assert!(sources(0.0).iter().all(near) && sources(0.0).len() == 1200);
    let far = sources(0.25).iter().filter(|pair| !near(pair)).count();
    // 1200 · 0.25 · 193/199 = 291, five standard deviations of 15.
    assert!((216..366).contains(&far), "{far}");
}

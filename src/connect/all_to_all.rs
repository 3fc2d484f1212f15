//! All-to-all connectivity: every source neuron has a synapse with every target neuron.

use std::ops::Range;

use bevy_app::App;
use bevy_ecs::prelude::*;

use crate::behaviour;
use crate::network::{
    Behaviour, Endpoints, Extent, Kind, Pair, Preparation, PrepareError, Rule,
    connect::{connect, connect_densely},
    endpoints::endpoints,
};

behaviour! {
    /// Every source neuron to every target neuron: as a dense matrix of weights where all neurons take part and delays do not
    /// differ, else as rows.
    pub struct AllToAll {
        /// Whether a neuron of a group that is connected to itself has a synapse with itself.
        pub autapses: bool = true,
    }
}

impl Behaviour for AllToAll {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let sides = endpoints(preparation)?;
        if sides.pair.whole {
            connect_densely(preparation, sides, self.autapses)
        } else {
            connect(preparation, sides, self.clone())
        }
    }

    fn extent(&self, pair: Pair) -> Extent {
        let pairs = (pair.sources as u64).saturating_mul(pair.targets as u64);
        let missing = if self.autapses { 0 } else { pair.common as u64 };
        let synapses = pairs - missing.min(pairs);
        if pair.whole { Extent::dense(synapses) } else { Extent::sparse(pair, synapses) }
    }
}

impl Rule for AllToAll {
    fn generate(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        for t in targets {
            for s in (0..sides.pair.sources).filter(|&s| self.autapses || !sides.is_autapse(s, t)) {
                emit(s, t);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::AllToAll;
    use crate::prelude::*;

    #[test]
    fn without_autapses_a_spike_does_not_reach_its_own_neuron() {
        // Dense, and as rows with a delay of one step.
        for (autapses, delays) in [(true, None), (false, None), (true, Some("dt + 0 * i")), (false, Some("dt + 0 * i"))]
        {
            let mut bench = Bench::new();
            let cells = bench.group("cells", 3, Spikes::default());
            bench.receptor(cells, "all", CurrentReceptor { afferent: "X".into(), ..default() });
            let weights = InitialWeights("i + j".into());
            bench.synapses(cells, cells, "X", (AllToAll { autapses }, weights, Delays(delays.map(Into::into))));
            bench.set(cells, "fired", &[0.0, 1.0, 1.0]);
            bench.ticks(if delays.is_some() { 2 } else { 1 });
            // From 1 and 2: (1 + 2) + j twice; without autapses 1 lacks its 2, and 2 lacks its 4.
            let all: Vec<f64> = (0..3).map(|j| f64::from(3 + 2 * j)).collect();
            let without = [3.0, all[1] - 2.0, all[2] - 4.0];
            assert_eq!(bench.get(cells, "input"), if autapses { all } else { without.to_vec() });
        }
    }
}

//! All-to-all connectivity: every source neuron has a synapse with every target neuron.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::network::{
    Behaviour, Extent, Kind, Layout, Pair, Preparation, PrepareError, Synapses, preparation::pair_of,
};

/// Every source neuron to every target neuron, as a dense matrix of weights.
#[derive(Component, Reflect, Clone, Debug)]
pub struct AllToAll {
    /// Whether a neuron of a group that is connected to itself has a synapse with itself.
    pub autapses: bool,
}

impl Default for AllToAll {
    fn default() -> Self {
        Self { autapses: true }
    }
}

impl Behaviour for AllToAll {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let entity = preparation.entity();
        let Some(pair) = pair_of(preparation.world(), entity) else {
            return Err(preparation.error(None, "the synapse group joins no two neuron groups"));
        };
        let no_autapses = pair.recurrent && !self.autapses;
        let layout = Layout::Dense { sources: pair.sources, targets: pair.targets, no_autapses };
        preparation.world().entity_mut(entity).insert(Synapses { layout: Some(layout) });
        Ok(())
    }

    fn extent(&self, pair: Pair) -> Extent {
        let stored = pair.sources.saturating_mul(pair.targets);
        let missing = if pair.recurrent && !self.autapses { pair.sources } else { 0 };
        Extent { synapses: stored - missing, stored }
    }
}

#[cfg(test)]
mod tests {
    use super::AllToAll;
    use crate::prelude::*;

    #[test]
    fn without_autapses_a_spike_does_not_reach_its_own_neuron() {
        for autapses in [true, false] {
            let mut bench = Bench::new();
            let cells = bench.group("cells", 3, Spikes::default());
            bench.receptor(cells, "all", CurrentReceptor { afferent: "X".into(), ..default() });
            let weights = InitialWeights("i + j".into());
            bench.synapses(cells, cells, "X", (AllToAll { autapses }, weights));
            bench.set(cells, "fired", &[0.0, 1.0, 1.0]);
            bench.tick();
            // From 1 and 2: (1 + 2) + j twice; without autapses 1 lacks its 2, and 2 lacks its 4.
            let all: Vec<f64> = (0..3).map(|j| f64::from(3 + 2 * j)).collect();
            let without = [3.0, all[1] - 2.0, all[2] - 4.0];
            assert_eq!(bench.get(cells, "input"), if autapses { all } else { without.to_vec() });
        }
    }
}

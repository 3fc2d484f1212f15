//! Connectivity by an expression: each pair of neurons with a probability of its own, mostly one of their distance.

use std::ops::Range;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::{
    network::{
        Behaviour, Extent, Kind, Pair, Preparation, PrepareError, PrepareFault, Rule, Sides, connect::connect,
        sides::sides,
    },
    numeric::{philox::uniform_pair, stream::Stream},
    value::Value,
};

/// Sources that are looked at in one go.
const AT_ONCE: usize = 4096;

/// Each pair of neurons with a probability that an expression gives for it.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
pub struct DistanceDependent {
    /// The probability, of `distance`, `dx`, `dy`, `dz`, `i` and `j`; held within 0 and 1.
    pub probability: String,
    /// Whether a neuron of a group that is connected to itself may have a synapse with itself.
    pub autapses: bool,
}

impl Default for DistanceDependent {
    fn default() -> Self {
        Self { probability: "exp(-distance)".into(), autapses: true }
    }
}

impl Behaviour for DistanceDependent {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let sides = sides(preparation)?;
        let probability = Value::from(self.probability.as_str());
        let some = sides.pairs(0..sides.pair.sources.min(AT_ONCE), 0);
        let tried = sides.evaluate("probability", &probability, &some);
        tried.map_err(|error| preparation.fault("probability", PrepareFault::Value(error)))?;
        let rule = Chance { probability, autapses: self.autapses, stream: preparation.stream("connectivity") };
        connect(preparation, sides, rule)
    }

    /// At most; how many there are, only building tells.
    fn extent(&self, pair: Pair) -> Extent {
        Extent::sparse(pair, (pair.sources as u64).saturating_mul(pair.targets as u64))
    }
}

struct Chance {
    probability: Value,
    autapses: bool,
    stream: Stream,
}

impl Rule for Chance {
    fn generate(&self, sides: &Sides, targets: Range<usize>, emit: &mut dyn FnMut(usize, usize)) -> Result<(), String> {
        let sources = sides.pair.sources;
        for t in targets {
            for first in (0..sources).step_by(AT_ONCE) {
                let pairs = sides.pairs(first..(first + AT_ONCE).min(sources), t);
                let chance = sides.evaluate("probability", &self.probability, &pairs);
                let chance = chance.map_err(|error| format!("the probability of a synapse: {error}"))?;
                for (k, &key) in pairs.keys.iter().enumerate() {
                    let connected = uniform_pair(self.stream, key)[0] < chance.at(k);
                    if connected && (self.autapses || !sides.is_autapse(first + k, t)) {
                        emit(first + k, t);
                    }
                }
            }
        }
        Ok(())
    }
}

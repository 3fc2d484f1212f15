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
    value::{Pairs, Value},
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
        // Of no pair: whether it can be read at all. What it gives is tried with the rule.
        let tried = sides.evaluate("probability", &probability, &Pairs::default());
        tried.map_err(|error| preparation.fault("probability", PrepareFault::Value(error)))?;
        let rule = Chance { probability, autapses: self.autapses, stream: preparation.stream("connectivity") };
        connect(preparation, sides, rule)
    }

    /// As the synapses of some targets let expect.
    fn extent(&self, pair: Pair) -> Extent {
        let all = (pair.sources as u64).saturating_mul(pair.targets as u64);
        Extent::sparse(pair, pair.estimate.unwrap_or(all))
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
                let pairs = sides.pairs(first..(first + AT_ONCE).min(sources), t, self.autapses);
                let chance = sides.evaluate("probability", &self.probability, &pairs);
                let chance = chance.map_err(|error| format!("the probability of a synapse: {error}"))?;
                let places = (first..).filter(|&s| self.autapses || !sides.is_autapse(s, t));
                for ((k, &key), s) in pairs.keys.iter().enumerate().zip(places) {
                    if uniform_pair(self.stream, key)[0] < chance.at(k) {
                        emit(s, t);
                    }
                }
            }
        }
        Ok(())
    }
}

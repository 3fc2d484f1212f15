//! Pairwise Bernoulli connectivity: each pair of neurons is connected with the same probability, independently.
//!
//! Sources are skipped by geometrically distributed distances (Batagelj & Brandes, Phys. Rev. E 71:036113, 2005), so that
//! the work is proportional to the synapses that there are: a distance is the whole part of E / −ln(1 − p), E being
//! exponentially distributed.

use std::ops::Range;

use bevy_app::App;
use bevy_ecs::prelude::*;
use rand::distr::Distribution;
use rand_distr::Exp1;

use crate::{
    behaviour,
    network::{
        Behaviour, Endpoints, Extent, Kind, Pair, Preparation, PrepareError, Rule, connect::connect,
        endpoints::endpoints,
    },
    numeric::{stream::Stream, words::Words},
};

behaviour! {
    /// Each pair of neurons with the same probability.
    pub struct FixedProbability {
        /// The probability, 0 to 1.
        pub probability: f64 = 0.1,
        /// Whether a neuron of a group that is connected to itself may have a synapse with itself.
        pub autapses: bool = true,
    }
}

impl Behaviour for FixedProbability {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !(0.0..=1.0).contains(&self.probability) {
            let why = format!("a probability is between 0 and 1, not {}", self.probability);
            return Err(preparation.error(Some("probability"), why));
        }
        let sides = endpoints(preparation)?;
        let rule = Bernoulli { rule: self.clone(), stream: preparation.stream("connectivity") };
        connect(preparation, sides, rule)
    }

    fn extent(&self, pair: Pair) -> Extent {
        let pairs = pair.sources as f64 * pair.targets as f64;
        let missing = if self.autapses { 0.0 } else { pair.common as f64 };
        Extent::sparse(pair, (self.probability * (pairs - missing)).round() as u64)
    }
}

struct Bernoulli {
    rule: FixedProbability,
    stream: Stream,
}

impl Rule for Bernoulli {
    fn generate(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        let FixedProbability { probability, autapses } = self.rule;
        if probability == 0.0 {
            return Ok(());
        }
        let decay = -libm::log1p(-probability);
        let gap = |words: &mut Words| {
            let exponential: f64 = Exp1.sample(words);
            (exponential / decay) as u64
        };
        for t in targets {
            let mut words = Words::new(self.stream, t as u32);
            let mut s = gap(&mut words);
            while s < sides.pair.sources as u64 {
                if autapses || !sides.is_autapse(s as usize, t) {
                    emit(s as usize, t);
                }
                s = s.saturating_add(1).saturating_add(gap(&mut words));
            }
        }
        Ok(())
    }
}

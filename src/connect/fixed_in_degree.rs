//! Connectivity with a fixed in-degree: every target neuron has the same number of synapses, from random sources.

use std::ops::Range;

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::draw::{Choice, check_degree};
use crate::{
    behaviour,
    network::{
        Behaviour, Endpoints, Extent, Kind, Pair, Preparation, PrepareError, Rule, connect::connect,
        endpoints::endpoints,
    },
    numeric::{stream::Stream, words::Words},
};

behaviour! {
    /// Every target neuron has the same number of synapses, from sources that are drawn at random.
    pub struct FixedInDegree {
        /// Synapses of each target neuron.
        pub in_degree: usize = 1,
        /// Whether a neuron of a group that is connected to itself may have a synapse with itself.
        pub autapses: bool = true,
        /// Whether two neurons may have several synapses: sources are drawn with replacement.
        pub multapses: bool = true,
    }
}

impl Behaviour for FixedInDegree {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let sides = endpoints(preparation)?;
        let choice = Choice { from: sides.pair.sources, autapses: self.autapses, multapses: self.multapses };
        let least = choice.least(sides.pair.common);
        check_degree(preparation, "in_degree", self.in_degree, least, self.multapses, "sources")?;
        let rule = Draw { in_degree: self.in_degree, choice, stream: preparation.stream("connectivity") };
        connect(preparation, sides, rule)
    }

    fn extent(&self, pair: Pair) -> Extent {
        Extent::sparse(pair, (self.in_degree as u64).saturating_mul(pair.targets as u64))
    }
}

struct Draw {
    in_degree: usize,
    choice: Choice,
    stream: Stream,
}

impl Rule for Draw {
    fn generate(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        for t in targets {
            let mut words = Words::new(self.stream, t as u32);
            self.choice.draw(&mut words, self.in_degree, sides.source_like(t), &mut |s| emit(s, t));
        }
        Ok(())
    }
}

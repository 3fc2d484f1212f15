//! Connectivity with a fixed out-degree: every source neuron has the same number of synapses, with random targets.
//!
//! A source's targets are drawn all together: for many blocks of targets at once where they are built at once, while a block
//! alone takes the time of drawing for all.

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
    /// Every source neuron has the same number of synapses, with targets that are drawn at random.
    pub struct FixedOutDegree {
        /// Synapses of each source neuron.
        pub out_degree: usize = 1,
        /// Whether a neuron of a group that is connected to itself may have a synapse with itself.
        pub autapses: bool = true,
        /// Whether two neurons may have several synapses: targets are drawn with replacement.
        pub multapses: bool = true,
    }
}

impl Behaviour for FixedOutDegree {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let sides = endpoints(preparation)?;
        let choice = Choice { from: sides.pair.targets, autapses: self.autapses, multapses: self.multapses };
        let least = choice.least(sides.pair.common);
        check_degree(preparation, "out_degree", self.out_degree, least, self.multapses, "targets")?;
        let rule = Draw { out_degree: self.out_degree, choice, stream: preparation.stream("connectivity") };
        connect(preparation, sides, rule)
    }

    fn extent(&self, pair: Pair) -> Extent {
        Extent::sparse(pair, (self.out_degree as u64).saturating_mul(pair.sources as u64))
    }
}

struct Draw {
    out_degree: usize,
    choice: Choice,
    stream: Stream,
}

impl Rule for Draw {
    fn is_by_source(&self) -> bool {
        true
    }

    fn generate_from(&self, sides: &Endpoints, s: usize, emit: &mut dyn FnMut(usize, usize)) {
        let mut words = Words::new(self.stream, s as u32);
        self.choice.draw(&mut words, self.out_degree, sides.target_like(s), &mut |t| emit(s, t));
    }

    fn generate(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        let mut chosen = Vec::with_capacity(self.out_degree);
        for s in 0..sides.pair.sources {
            chosen.clear();
            self.generate_from(sides, s, &mut |_, t| {
                if targets.contains(&t) {
                    chosen.push(t);
                }
            });
            chosen.sort_unstable();
            chosen.iter().for_each(|&t| emit(s, t));
        }
        Ok(())
    }
}

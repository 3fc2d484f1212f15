//! Connectivity with a fixed total number of synapses, each between a random source and a random target.
//!
//! The number is split over the targets by halves: each half gets a binomial number, or a hypergeometric one where no
//! pair may be drawn twice. So any target's share is known without drawing for the others, and the whole is
//! distributed as if every synapse had been drawn on its own.

use std::ops::Range;

use bevy_app::App;
use bevy_ecs::prelude::*;
use rand::distr::Distribution;
use rand_distr::{Binomial, Hypergeometric};

use super::draw::Choice;
use crate::{
    behaviour,
    network::{
        Behaviour, Endpoints, Extent, Kind, Pair, Preparation, PrepareError, Rule, connect::connect,
        endpoints::endpoints,
    },
    numeric::{stream::Stream, words::Words},
};

behaviour! {
    /// A fixed number of synapses in all, each between a source and a target that are drawn at random.
    pub struct FixedTotalNumber {
        /// Synapses in all.
        pub number: u64 = 1,
        /// Whether a neuron of a group that is connected to itself may have a synapse with itself.
        pub autapses: bool = true,
        /// Whether two neurons may have several synapses: pairs are drawn with replacement.
        pub multapses: bool = true,
    }
}

impl Behaviour for FixedTotalNumber {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let sides = endpoints(preparation)?;
        let choice = Choice { from: sides.pair.sources, autapses: self.autapses, multapses: self.multapses };
        let rule = Split::new(self.number, choice, &sides, preparation);
        let pairs = rule.pairs(0..sides.pair.targets);
        if pairs == 0 && self.number > 0 {
            return Err(preparation.error(Some("number"), "there are no pairs to choose from"));
        }
        if !self.multapses && self.number > pairs {
            let why = format!("{} synapses cannot be spread over {pairs} pairs; `multapses: true` would", self.number);
            return Err(preparation.error(Some("number"), why));
        }
        connect(preparation, sides, rule)
    }

    fn extent(&self, pair: Pair) -> Extent {
        Extent::sparse(pair, self.number)
    }
}

struct Split {
    number: u64,
    choice: Choice,
    /// Targets before each one that have a source less to choose from, being among them; empty if none has.
    avoiding: Vec<u32>,
    targets: usize,
    halves: Stream,
    sources: Stream,
}

impl Split {
    fn new(number: u64, choice: Choice, sides: &Endpoints, preparation: &Preparation<'_>) -> Self {
        let targets = sides.pair.targets;
        let mut avoiding = Vec::new();
        if !choice.autapses && sides.pair.recurrent {
            avoiding.push(0);
            for t in 0..targets {
                let before = avoiding[t];
                avoiding.push(before + u32::from(sides.source_like(t).is_some()));
            }
        }
        let (halves, sources) = (preparation.stream("halves"), preparation.stream("connectivity"));
        Self { number, choice, avoiding, targets, halves, sources }
    }

    /// The pairs that there are for some targets.
    fn pairs(&self, targets: Range<usize>) -> u64 {
        let all = targets.len() as u64 * self.choice.from as u64;
        match (self.avoiding.get(targets.start), self.avoiding.get(targets.end)) {
            (Some(&start), Some(&end)) => all - u64::from(end - start),
            _ => all,
        }
    }

    /// Splits `number` synapses over `all` and gives each of `wanted` its share, in ascending order.
    fn split(
        &self,
        number: u64,
        all: Range<usize>,
        wanted: &Range<usize>,
        take: &mut dyn FnMut(usize, u64),
    ) -> Result<(), String> {
        if number == 0 || all.end <= wanted.start || wanted.end <= all.start {
            return Ok(());
        }
        if all.len() == 1 {
            take(all.start, number);
            return Ok(());
        }
        let middle = all.start + all.len() / 2;
        let (left, whole) = (self.pairs(all.start..middle), self.pairs(all.clone()));
        // A half is known by its middle, which is no other half's.
        let mut words = Words::new(self.halves, middle as u32);
        let share = if self.choice.multapses {
            let share = Binomial::new(number, left as f64 / whole as f64).map_err(|error| error.to_string())?;
            share.sample(&mut words)
        } else {
            let share = Hypergeometric::new(whole, left, number).map_err(|error| error.to_string())?;
            share.sample(&mut words)
        };
        self.split(share, all.start..middle, wanted, take)?;
        self.split(number - share, middle..all.end, wanted, take)
    }
}

impl Rule for Split {
    fn generate(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        self.split(self.number, 0..self.targets, &targets, &mut |t, share| {
            let mut words = Words::new(self.sources, t as u32);
            self.choice.draw(&mut words, share as usize, sides.source_like(t), &mut |s| emit(s, t));
        })
    }
}

//! Drawing neurons with and without replacement, for rules that fix a number of synapses.

use rand::{distr::uniform::SampleRange, seq::index};

use crate::{
    network::{Preparation, PrepareError},
    numeric::words::Words,
};

/// What is drawn from: the neurons of the other side.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    /// Their number.
    pub from: usize,
    pub autapses: bool,
    pub multapses: bool,
}

impl Choice {
    /// The least number of neurons that a neuron can choose from, where so many are on both sides.
    pub fn least(&self, common: usize) -> usize {
        self.from - usize::from(common > 0 && !self.autapses)
    }

    /// How many neurons there are to choose from for one that stands at `own` among them, if it does.
    pub fn candidates(&self, own: Option<usize>) -> usize {
        self.from - usize::from(!self.autapses && own.is_some())
    }

    /// Draws `count` neurons for one that stands at `own` among them, if it does.
    pub fn draw(&self, words: &mut Words, count: usize, own: Option<usize>, take: &mut dyn FnMut(usize)) {
        let candidates = self.candidates(own);
        let avoided = own.filter(|_| !self.autapses);
        // Those from the neuron itself on move up by one.
        let place = |k: usize| k + usize::from(avoided.is_some_and(|own| k >= own));
        if self.multapses {
            (0..count).flat_map(|_| (0..candidates).sample_single(words)).for_each(|k| take(place(k)));
        } else {
            index::sample(words, candidates, count).into_iter().for_each(|k| take(place(k)));
        }
    }
}

/// Refuses a degree that the other side cannot satisfy.
pub(super) fn check_degree(
    preparation: &Preparation<'_>,
    field: &'static str,
    degree: usize,
    least: usize,
    multapses: bool,
    what: &str,
) -> Result<(), PrepareError> {
    if least == 0 && degree > 0 {
        return Err(preparation.error(Some(field), format!("there are no {what} to choose from")));
    }
    if !multapses && degree > least {
        let why =
            format!("{degree} different {what} cannot be chosen from {least}; `multapses: true` would repeat some");
        return Err(preparation.error(Some(field), why));
    }
    Ok(())
}

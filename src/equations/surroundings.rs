//! What a model stands in, and what becomes of it there.

use std::sync::Arc;

use bevy_reflect::prelude::*;

use super::{graph::Fixed, lower::Lowered, method::Method};
use crate::{
    numeric::{Column, Real, grid, real::real},
    value::Array,
};

/// When a neuron fires.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// In every iteration in which the condition holds and the neuron is not refractory.
    #[default]
    While,
    /// In the iteration in which the condition becomes true.
    Becomes,
}

/// What a model stands in.
pub struct Surroundings<'a> {
    /// The iteration (ms).
    pub dt: f64,
    /// Steps in an iteration.
    pub steps: u32,
    /// How it is integrated.
    pub method: Method,
    /// When neurons fire.
    pub when: When,
    /// The iterations for which they are refractory then.
    pub refractory: Fixed,
    /// How many neurons numbers are at hand for.
    pub members: usize,
    /// How many neurons there are.
    pub neurons: usize,
    /// Numbers by name: parameters, constants, draws, indices and positions.
    pub number: &'a dyn Fn(&str) -> Option<Fixed>,
    /// Names of those, for suggestions.
    pub known: Vec<String>,
    /// The array of a file.
    pub array: &'a dyn Fn(&str) -> Result<Arc<Array>, String>,
    /// Where on a neuron something may reach it: at itself, then at its compartments.
    pub sites: &'a [Site],
    /// Whether `v` is a potential that is read, and no variable.
    pub potential: bool,
    /// Whether their threshold may move.
    pub shift: bool,
    /// The names of sums over synapses. One that is the name of a variable is added to it at the start of an iteration.
    pub sums: &'a [String],
}

/// Where something reaches a neuron, and what may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The compartment; nothing for the neuron itself.
    pub compartment: Option<String>,
    /// Whether conductances may be open there.
    pub conductance: bool,
    /// Whether its potential may jump.
    pub jump: bool,
}

impl Site {
    /// What a variable, or an input, of this name is called here: `v_dendrite`.
    #[must_use]
    pub fn name_of(&self, name: &str) -> String {
        self.compartment.as_ref().map_or_else(|| name.to_owned(), |own| format!("{name}_{own}"))
    }
}

/// What a column is that a program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// What reaches the neurons at a site.
    Input(u16),
    /// The sum of open conductances there.
    Conductance(u16),
    /// The jumps of the potential there.
    Jump(u16),
    /// The potential, of equations that do not move it.
    Potential,
    /// The shift of the threshold.
    Shift,
    /// Standard normal numbers.
    Normal,
    /// Uniform numbers of [0, 1).
    Uniform,
    /// The row of an array that is due.
    Timed(u16),
    /// A sum over synapses, by its place among their names.
    Sum(u16),
}

/// An array of which a row is due at each time.
#[derive(Clone, Debug)]
pub struct Timed {
    pub(super) array: Arc<Array>,
    /// The time from a row to the next (ms).
    pub(super) every: f64,
}

impl Timed {
    /// The row at a time: the last one from its end on.
    #[must_use]
    pub fn row(&self, time: f64) -> usize {
        let rows = self.array.shape.first().copied().unwrap_or_default();
        (grid::steps(time, self.every).max(0.0) as usize).min(rows.saturating_sub(1))
    }

    /// The numbers in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.array.shape.iter().skip(1).product()
    }

    /// The number that is due, of an array with one in a row.
    #[must_use]
    pub fn number_at(&self, time: f64) -> f64 {
        self.numbers(self.row(time)).first().copied().unwrap_or_default()
    }

    /// The numbers of a row.
    #[must_use]
    pub fn numbers(&self, row: usize) -> &[f64] {
        &self.array.data[row * self.width()..][..self.width()]
    }
}

/// The rows that are due of arrays with a number for each neuron, and which they are.
#[derive(Clone, Debug, Default)]
pub struct Rows(Vec<(Option<usize>, Column<Real>)>);

impl Rows {
    /// Begins an iteration at a time (ms): of a program, too, which has numbers of arrays with one in a row as constants.
    pub fn begin(&mut self, lowered: &mut Lowered, timed: &[Timed], time: f64) {
        lowered.begin(time, &|k| timed[usize::from(k)].number_at(time));
        self.0.resize_with(timed.len(), Default::default);
        for ((which, row), timed) in self.0.iter_mut().zip(timed).filter(|(_, timed)| timed.width() > 1) {
            let due = timed.row(time);
            if *which != Some(due) {
                *which = Some(due);
                row.refill(timed.numbers(due).iter().map(|x| real(*x)));
            }
        }
    }

    /// That of an array.
    #[must_use]
    pub fn row(&self, k: u16) -> &[Real] {
        self.0.get(usize::from(k)).map_or(&[], |(_, row)| &row[..])
    }
}

/// A model that runs.
#[derive(Clone, Debug)]
pub struct Runnable {
    /// What runs, on the variables in their order and, if there is a refractory period, what is left of it.
    pub lowered: Lowered,
    /// What each input of the graph is.
    pub sources: Vec<Source>,
    /// Arrays of which rows are due.
    pub timed: Vec<Timed>,
    /// The method that was chosen.
    pub method: Method,
    /// Whether there is a refractory period.
    pub refractory: bool,
    /// For each site the time constant (ms) of its potential, where that is linear with a coefficient that never changes, and driven by
    /// input alone.
    pub membranes: Vec<Option<Fixed>>,
}

//! Equations tried for some steps before a network runs: whether numbers stay finite, and whether the step is short enough.

use crate::{
    equations::{Model, Runnable},
    numeric::{
        Column, Real,
        real::{real, wide},
    },
    value::Members,
};

/// Neurons that are tried.
const TRIED: usize = 1024;

/// Steps after which a step and half of it are compared, and neurons for which that is done.
const COMPARED: (usize, usize) = (2, 16);

/// How far both may be apart, as a part of the way: one and a half times the shortest time constant makes a quarter, with Euler's method.
const APART: f64 = 0.25;

/// A program that is tried.
pub(super) struct Trial<'a> {
    pub model: &'a Model,
    pub made: &'a Runnable,
    /// How many neurons numbers are at hand for.
    pub members: usize,
}

/// Where variables start.
type Start<'a> = &'a [(String, Members)];

impl Trial<'_> {
    /// The variables of some neurons after some steps from where they start, moved by a part of their size; without input.
    fn after(&self, made: &Runnable, start: Start<'_>, members: usize, steps: usize, moved: f64) -> Vec<Column<Real>> {
        let mut made = made.clone();
        made.lowered.begin(0.0, &|k| made.timed[usize::from(k)].number_at(0.0));
        let column = |name: &str| -> Column<Real> {
            let numbers = named(start, name);
            let begins = (0..members).map(|i| numbers.map_or(0.0, |numbers| numbers.at(i)));
            begins.map(|x| real(x + moved * x.abs().max(1.0))).collect::<Vec<_>>()[..].into()
        };
        let mut columns: Vec<Column<Real>> = self.model.variables().map(|variable| column(&variable.name)).collect();
        if made.refractory {
            columns.push(Column::filled(0.0, members));
        }
        let zeros = Column::filled(0.0, members);
        let read = made.lowered.read.iter().map(|_| &zeros[..]);
        let inputs: Vec<&[Real]> = read.chain(made.lowered.fixed.iter().map(|fixed| &fixed[..members])).collect();
        for _ in 0..steps {
            let mut own: Vec<&mut [Real]> = columns.iter_mut().map(|column| &mut column[..]).collect();
            made.lowered.program.run_unmarked(&mut own, &inputs, made.lowered.lines(), members);
        }
        columns
    }

    /// The first variable, and neuron, that is no finite number after a step.
    pub fn not_finite(&self, start: Start<'_>) -> Option<(String, usize)> {
        let columns = self.after(self.made, start, self.members.min(TRIED), 1, 0.0);
        let found = self.model.variables().zip(&columns).find_map(|(variable, column)| {
            let neuron = column.iter().position(|x| !x.is_finite())?;
            Some((variable.name.clone(), neuron))
        });
        // What starts at infinity is meant to.
        found.filter(|(name, neuron)| named(start, name).is_none_or(|numbers| numbers.at(*neuron).is_finite()))
    }

    /// A variable that two steps take elsewhere than four of half the length, by much of the way.
    pub fn too_long(&self, half: &Runnable, start: Start<'_>) -> Option<String> {
        let ((steps, most), nudge) = (COMPARED, 0.01);
        let members = self.members.min(most);
        let [before, after, finer] = [(self.made, 0), (self.made, steps), (half, 2 * steps)]
            .map(|(made, steps)| self.after(made, start, members, steps, nudge));
        let differs = |k: usize| {
            let columns = [&before, &after, &finer].map(|columns| &columns[k]);
            (0..members).any(|i| {
                let [x, y, z] = columns.map(|column| wide(column[i]));
                let way = (y - x).abs().max((z - x).abs());
                way > 1e-3 * x.abs().max(1e-3) && (y - z).abs() > APART * way
            })
        };
        self.model.variables().enumerate().find(|(k, _)| differs(*k)).map(|(_, variable)| variable.name.clone())
    }
}

fn named<'a>(start: Start<'a>, name: &str) -> Option<&'a Members> {
    start.iter().find(|(known, _)| known == name).map(|(_, numbers)| numbers)
}

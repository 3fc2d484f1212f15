//! Numbers that a kernel needs instead of its parameters: factors of a step, from time constants. Derived in double
//! precision when parameters or the step change, and not in every iteration.

use super::parameter::{Parameter, Parameters};
use crate::numeric::{
    Column, Real,
    real::{real, wide},
};

/// Numbers derived from parameters, for all neurons or for each; kept until parameters or the step change.
#[derive(Clone, Debug)]
pub struct Derived<const N: usize> {
    dt: f64,
    members: usize,
    numbers: Option<Numbers<N>>,
}

#[derive(Clone, Debug)]
enum Numbers<const N: usize> {
    Uniform([Real; N]),
    Each([Column<Real>; N]),
}

impl<const N: usize> Default for Derived<N> {
    fn default() -> Self {
        Self { dt: 0.0, members: 0, numbers: None }
    }
}

impl<const N: usize> Derived<N> {
    /// Whether numbers for a step and a number of members are at hand.
    pub fn holds(&self, dt: f64, members: usize) -> bool {
        self.numbers.is_some() && self.dt == dt && self.members == members
    }

    /// Derives the numbers by a rule: once, if all parameters are uniform.
    pub fn derive<const M: usize>(
        &mut self,
        dt: f64,
        members: usize,
        parameters: [&Parameter; M],
        rule: impl Fn([f64; M]) -> [f64; N],
    ) {
        let uniform = parameters.iter().all(|parameter| parameter.uniform().is_some());
        self.derive_by(dt, members, uniform, &|i| {
            let mut own = [0.0; M];
            for (own, parameter) in own.iter_mut().zip(parameters) {
                *own = wide(parameter.at(i));
            }
            rule(own)
        });
    }

    /// Whatever the rule is, so that this is compiled once for all rules of so many numbers.
    fn derive_by(&mut self, dt: f64, members: usize, uniform: bool, of: &dyn Fn(usize) -> [f64; N]) {
        let numbers = if uniform {
            let mut numbers = [0.0; N];
            for (number, derived) in numbers.iter_mut().zip(of(0)) {
                *number = real(derived);
            }
            Numbers::Uniform(numbers)
        } else {
            let mut columns = std::array::from_fn(|_| Column::filled(0.0, members));
            for i in 0..members {
                for (column, number) in columns.iter_mut().zip(of(i)) {
                    column[i] = real(number);
                }
            }
            Numbers::Each(columns)
        };
        *self = Self { dt, members, numbers: Some(numbers) };
    }

    /// The numbers for all neurons, unless they differ.
    pub fn uniform(&self) -> Option<&[Real; N]> {
        match &self.numbers {
            Some(Numbers::Uniform(numbers)) => Some(numbers),
            _ => None,
        }
    }

    /// The numbers; none before they were derived.
    pub fn get(&self) -> Parameters<'_, N> {
        match &self.numbers {
            Some(Numbers::Uniform(numbers)) => Parameters::Uniform(*numbers),
            Some(Numbers::Each(all)) => {
                let mut columns: [&[Real]; N] = [&[]; N];
                for (column, own) in columns.iter_mut().zip(all) {
                    *column = own;
                }
                Parameters::Each(columns)
            }
            None => Parameters::Each([&[]; N]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Members;

    #[test]
    fn numbers_are_derived_once_or_for_each_and_hold_for_a_step() {
        let mut derived = Derived::<1>::default();
        let (two, mut each) = (Parameter::from(2.0), Parameter::from("i"));
        derived.derive(0.5, 3, [&two, &two], |[a, b]| [a + b]);
        assert!(matches!(derived.get(), Parameters::Uniform([sum]) if sum == 4.0));
        assert!(derived.holds(0.5, 3) && !derived.holds(1.0, 3) && !derived.holds(0.5, 4));
        each.store(&Members::Each(vec![0.0, 1.0, 2.0]), 3);
        derived.derive(0.5, 3, [&two, &each], |[a, b]| [a + b]);
        assert!(matches!(derived.get(), Parameters::Each([sums]) if sums == [2.0, 3.0, 4.0]));
    }
}

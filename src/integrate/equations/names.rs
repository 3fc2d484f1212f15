//! What the names in equations stand for that come from outside: parameters, constants of the scene, draws of the group, arrays of files.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    equations::Fixed,
    network::{Parameter, Preparation, sample::Outside},
    numeric::real::wide,
    value::{Array, ArraySource, Expression, Members},
};

/// Numbers and arrays by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// How many neurons there are.
    pub neurons: usize,
    others: BTreeMap<String, Fixed>,
    known: Vec<String>,
    arrays: HashMap<String, Arc<Array>>,
}

impl Names {
    /// Looks up those in some expressions; `is_own` tells those that come from elsewhere.
    pub fn new<'m>(
        expressions: impl Iterator<Item = &'m Expression>,
        is_own: &dyn Fn(&str) -> bool,
        preparation: &Preparation<'_>,
        outside: &Outside,
    ) -> Self {
        let neurons = preparation.shape().iter().product();
        let mut names = Self { neurons, known: outside.known(), ..Self::default() };
        let folder = preparation.folder();
        for expression in expressions {
            for (name, _) in expression.names() {
                if is_own(name) || names.others.contains_key(name) {
                    continue;
                }
                if let Some(numbers) = outside.get(name) {
                    names.others.insert(name.to_owned(), fixed(numbers));
                }
            }
            for file in expression.texts() {
                // Who cannot be read is told where it is used.
                if let Ok(array) = folder.load(file, None) {
                    names.arrays.insert(file.to_owned(), array);
                }
            }
        }
        names
    }

    /// The number behind a name, a parameter first.
    pub fn number(&self, parameters: &BTreeMap<String, Parameter>, members: usize, name: &str) -> Option<Fixed> {
        let own = parameters.get(name).map(|parameter| of_parameter(parameter, members));
        own.or_else(|| self.others.get(name).cloned())
    }

    /// The array of a file.
    pub fn array(&self, file: &str) -> Result<Arc<Array>, String> {
        let known = self.arrays.get(file).cloned();
        known.ok_or_else(|| format!("`{file}` cannot be read: it is no NumPy file in the folder of the scene"))
    }

    /// All names, with others.
    pub fn with<'n>(&'n self, others: impl Iterator<Item = &'n String>) -> Vec<String> {
        self.known.iter().chain(others).cloned().collect()
    }
}

/// A parameter in the precision of the state, so that it is the same number whether all neurons have it or each its own.
pub(super) fn of_parameter(parameter: &Parameter, members: usize) -> Fixed {
    match parameter.uniform() {
        Some(x) => Fixed::Number(wide(x)),
        None => Fixed::Each((0..members).map(|i| wide(parameter.at(i))).collect()),
    }
}

fn fixed(numbers: Members) -> Fixed {
    match numbers {
        Members::Uniform(x) => Fixed::Number(x),
        Members::Each(each) => Fixed::Each(each.into()),
    }
}

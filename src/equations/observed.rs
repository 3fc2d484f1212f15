//! An expression of variables that somebody else has: evaluated on their columns, which it does not change.

use super::{
    build::Names,
    graph::{Graph, Node},
    lower::{Lowered, Task},
};
use crate::{
    numeric::{Column, Real},
    value::{Expression, ValueError},
};

/// An expression of columns by their names.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The names, in the order of the columns.
    names: Vec<String>,
    /// What is run; nothing where a column is all that is asked for.
    lowered: Option<Lowered>,
}

impl Observed {
    /// Reads an expression.
    ///
    /// # Errors
    /// It is none.
    pub fn read(text: &str) -> Result<Self, ValueError> {
        let expression = Expression::parse(text)?;
        let (mut graph, mut known, mut names) = (Graph::default(), Names::default(), Vec::new());
        for (name, _) in expression.names() {
            if name != "pi" && known.get(name).is_none() {
                let input = graph.input(names.len());
                known.insert(name, input);
                names.push(name.to_owned());
            }
        }
        let made = graph.build(&expression, &known)?;
        if matches!(graph.node(made), Node::Input(0)) {
            return Ok(Self { names, lowered: None });
        }
        let mark = graph.number(0.0);
        let task = Task { graph: &graph, outputs: vec![(0, made)], mark, columns: 1, members: 0 };
        let lowered = Lowered::of(&task)?;
        // Names that cancel out are not asked for.
        let names = lowered.read.iter().map(|k| names[usize::from(*k)].clone()).collect();
        Ok(Self { names, lowered: Some(lowered) })
    }

    /// The names of the columns that it is made of.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its numbers, of so many members, from the columns of its names; `room` holds them if they are not one of those.
    pub fn numbers<'a>(&self, columns: &[&'a [Real]], members: usize, room: &'a mut Column<Real>) -> &'a [Real] {
        let Some(lowered) = &self.lowered else { return columns.first().copied().unwrap_or_default() };
        room.resize(0.0, members);
        lowered.program.run_unmarked(&mut [&mut room[..]], columns, lowered.lines(), members);
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::real::{real, wide};

    #[test]
    fn expressions_are_evaluated_on_columns() {
        let x: Vec<Real> = (0..20).map(|i| real(f64::from(i) / 10.0)).collect();
        let y = [real(2.0); 20];
        for (text, names, of) in [
            ("x", vec!["x"], (|x, _| x) as fn(f64, f64) -> f64),
            ("tanh(x)*y", vec!["x", "y"], |x: f64, y| x.tanh() * y),
            ("3", vec![], |_, _| 3.0),
            ("x - x + y", vec!["x", "y"], |_, y| y),
        ] {
            let observed = Observed::read(text).unwrap();
            assert_eq!(observed.names(), names, "{text}");
            let columns: Vec<&[Real]> = names.iter().map(|name| if *name == "x" { &x[..] } else { &y[..] }).collect();
            let mut room = Column::default();
            let found = observed.numbers(&columns, 20, &mut room);
            let near = |(found, x): (&Real, &Real)| (wide(*found) - of(wide(*x), 2.0)).abs() < 1e-6;
            assert!(found.len() == 20 && found.iter().zip(&x).all(near), "{text}: {found:?}");
        }
        assert!(Observed::read("x +").is_err());
    }
}

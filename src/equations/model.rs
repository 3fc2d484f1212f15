//! The texts of a model, read: which variables there are, in which order expressions follow from each other, what happens at a spike.

use std::collections::{HashMap, HashSet};

use super::statement::{Assignment, Meaning, Side, Statement, assignments, fault, statements};
use crate::value::{Expression, Fault, ValueError};

/// Where an error stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The equations.
    Model,
    /// The condition of a spike.
    Spike,
    /// The condition under which a neuron is refractory.
    RefractoryWhile,
    /// What happens at one.
    Reset,
    /// What arrives does.
    Arrive,
    /// What a spike of the source does.
    OnPre,
    /// What a spike of the target does.
    OnPost,
    /// The current that a receptor gives.
    Current,
    /// The conductance.
    Conductance,
    /// The jump of the potential.
    Jump,
}

impl Part {
    /// The field that it is written in.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Spike => "spike",
            Self::RefractoryWhile => "refractory_while",
            Self::Reset => "reset",
            Self::Arrive => "arrive",
            Self::OnPre => "on_pre",
            Self::OnPost => "on_post",
            Self::Current => "current",
            Self::Conductance => "conductance",
            Self::Jump => "jump",
        }
    }
}

/// An error of a model.
pub type Wrong = (Part, ValueError);

/// A model as its texts say it.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The statements, expressions after those that they use.
    pub statements: Vec<Statement>,
    /// When a neuron fires; never without.
    pub spike: Option<Expression>,
    /// While what holds it is refractory besides the time after a spike.
    pub refractory_while: Option<Expression>,
    /// What happens then, one after another.
    pub reset: Vec<Assignment>,
    /// What happens at the start of an iteration.
    pub arrive: Vec<Assignment>,
}

/// Names that have a meaning of their own.
const TAKEN: [&str; 10] = ["t", "dt", "i", "pi", "input", "conductance", "jump", "shift", "fired", "refractory_left"];

/// Whether a name is that of white noise.
pub fn is_noise(name: &str) -> bool {
    name == "xi" || name.starts_with("xi_")
}

/// Whether a name has a meaning of its own.
#[must_use]
pub fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name) || is_noise(name)
}

impl Model {
    /// Reads the texts of a model.
    ///
    /// # Errors
    /// They are none, name something twice, or go in a circle.
    pub fn read(model: &str, spike: &str, reset: &str, arrive: &str) -> Result<Self, Wrong> {
        let in_model = |error| (Part::Model, error);
        let statements = statements(model).map_err(in_model)?;
        names_once(&statements).map_err(in_model)?;
        if let Some(sided) = statements.iter().find(|statement| statement.side != Side::Unsaid) {
            let why = "`pre`, `post` and `synapse` are for rules: here all variables are the neuron's";
            return Err(in_model(fault(why, sided.at.clone())));
        }
        let statements = in_order(statements).map_err(in_model)?;
        let spike = condition(spike, Part::Spike)?;
        let reset = assignments(reset).map_err(|error| (Part::Reset, error))?;
        let arrive = assignments(arrive).map_err(|error| (Part::Arrive, error))?;
        let read = Self { statements, spike, refractory_while: None, reset, arrive };
        read.check_targets(&read.reset).map_err(|error| (Part::Reset, error))?;
        read.check_targets(&read.arrive).map_err(|error| (Part::Arrive, error))?;
        if read.variables().next().is_none() {
            return Err((Part::Model, fault("there is no variable: `dv/dt = …`", 0..0)));
        }
        Ok(read)
    }

    /// The same model, whose neurons are refractory while a condition holds, too.
    ///
    /// # Errors
    /// It is none.
    pub fn refractory_while(self, text: &str) -> Result<Self, Wrong> {
        Ok(Self { refractory_while: condition(text, Part::RefractoryWhile)?, ..self })
    }

    /// The variables, in the order in which they stand there.
    pub fn variables(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| !matches!(statement.meaning, Meaning::Subexpression(_)))
    }

    /// The expressions that have a name, those that others use first.
    pub fn subexpressions(&self) -> impl Iterator<Item = (&Statement, &Expression)> {
        self.statements.iter().filter_map(|statement| match &statement.meaning {
            Meaning::Subexpression(value) => Some((statement, value)),
            _ => None,
        })
    }

    /// The place of a variable.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        self.variables().position(|variable| variable.name == name)
    }

    /// The compartments of which it has a potential (`v_dendrite`) and of which it names what reaches them (`input_dendrite`,
    /// `conductance_dendrite`), in the order of their potentials.
    #[must_use]
    pub fn compartments(&self) -> Vec<String> {
        let named = |name: &String| {
            let is_outside = |of: &str| {
                let own = format!("{of}_{name}");
                self.uses(&own) && !self.statements.iter().any(|statement| statement.name == own)
            };
            is_outside("input") || is_outside("conductance")
        };
        let potentials = self.variables().filter(|variable| matches!(variable.meaning, Meaning::Derivative(_)));
        potentials.filter_map(|variable| variable.name.strip_prefix("v_").map(str::to_owned)).filter(named).collect()
    }

    /// Whether a name is used, be it anywhere.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        self.expressions().any(|expression| expression.names().iter().any(|(used, _)| *used == name))
    }

    /// All expressions.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let own = self.statements.iter().flat_map(Statement::expressions);
        let events = self.reset.iter().chain(&self.arrive).map(|assignment| &assignment.value);
        own.chain(&self.spike).chain(&self.refractory_while).chain(events)
    }

    /// Refuses assignments to what is no variable.
    fn check_targets(&self, assignments: &[Assignment]) -> Result<(), ValueError> {
        for assignment in assignments {
            if self.place(&assignment.name).is_some() {
                continue;
            }
            let at = Some(assignment.at.clone());
            if self.subexpressions().any(|(statement, _)| statement.name == assignment.name) {
                let why = format!(
                    "`{}` is an expression of the model: it has no value of its own to be set",
                    assignment.name
                );
                return Err(ValueError { fault: Fault::Equation(why), at, known: Vec::new() });
            }
            let known = self.variables().map(|variable| variable.name.clone()).collect();
            let why = format!("`{}` is no variable: an event sets those of the model", assignment.name);
            return Err(ValueError { fault: Fault::Equation(why), at, known });
        }
        Ok(())
    }
}

/// A condition; blank ones are none.
fn condition(text: &str, part: Part) -> Result<Option<Expression>, Wrong> {
    let is_blank = text.trim().is_empty();
    let read = || Expression::parse(text).map_err(|error| (part, error));
    if is_blank { Ok(None) } else { read().map(Some) }
}

pub(super) fn names_once(statements: &[Statement]) -> Result<(), ValueError> {
    let mut seen = HashSet::new();
    for Statement { name, at, .. } in statements {
        if !seen.insert(name) {
            return Err(fault(format!("`{name}` is said twice"), at.clone()));
        }
        if is_taken(name) {
            return Err(fault(
                format!("`{name}` has a meaning of its own in equations: choose another name"),
                at.clone(),
            ));
        }
    }
    Ok(())
}

/// Statements so that each expression comes after those that it uses; variables first.
pub(super) fn in_order(statements: Vec<Statement>) -> Result<Vec<Statement>, ValueError> {
    let (mut pending, mut ordered): (Vec<_>, Vec<_>) =
        statements.into_iter().partition(|statement| matches!(statement.meaning, Meaning::Subexpression(_)));
    let mut open: HashSet<String> = pending.iter().map(|statement| statement.name.clone()).collect();
    let uses: HashMap<String, HashSet<String>> = pending
        .iter()
        .map(|statement| {
            let Meaning::Subexpression(value) = &statement.meaning else {
                return (statement.name.clone(), HashSet::new());
            };
            let own = value.names().into_iter().map(|(name, _)| name.to_owned()).filter(|name| open.contains(name));
            (statement.name.clone(), own.collect())
        })
        .collect();
    while !pending.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) =
            pending.into_iter().partition(|statement| uses[&statement.name].iter().all(|used| !open.contains(used)));
        if let (true, Some(first)) = (ready.is_empty(), rest.first()) {
            return Err(fault(format!("`{}` goes in a circle: it is made of itself", first.name), first.at.clone()));
        }
        ready.iter().for_each(|statement| _ = open.remove(&statement.name));
        ordered.extend(ready);
        pending = rest;
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(model: &str, spike: &str, reset: &str) -> (Part, String) {
        let (part, error) = Model::read(model, spike, reset, "").unwrap_err();
        (part, error.to_string())
    }

    #[test]
    fn expressions_come_after_those_that_they_use() {
        let model = Model::read("a = b + v; dv/dt = a; b = c*2; c = 3", "v > 1", "v = 0", "").unwrap();
        let order: Vec<&str> = model.subexpressions().map(|(statement, _)| statement.name.as_str()).collect();
        assert_eq!(order, ["c", "b", "a"]);
        assert!(model.uses("c") && !model.uses("d") && model.place("v") == Some(0));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(why("a = b; b = a; dv/dt = a", "", "").1.contains("circle"));
        assert!(why("a = a + 1; dv/dt = a", "", "").1.contains("circle"));
        assert!(why("dv/dt = 1; v = 3", "", "").1.contains("twice"));
        assert!(why("dt/dt = 1", "", "").1.contains("meaning of its own"));
        assert!(why("xi_a = 1; dv/dt = 1", "", "").1.contains("meaning of its own"));
        assert!(why("a = 1", "", "").1.contains("no variable"));
        assert_eq!(why("dv/dt = 1", "v >", "").0, Part::Spike);
        assert_eq!(why("dv/dt = 1; a = 2", "v > 1", "a = 3").0, Part::Reset);
        assert_eq!(why("dv/dt = 1", "v > 1", "w = 3").0, Part::Reset);
    }
}

//! Expressions to nodes of the graph: names, operators, functions.

use std::{collections::HashMap, rc::Rc};

use super::{
    graph::{Graph, Id, Node},
    operation::{One, Two},
    statement::{Assignment, fault},
};
use crate::{
    text::units::leading_unit,
    value::{
        Expression, Fault, ValueError,
        expression::{Kind, Term},
    },
};

/// What the names in expressions stand for.
#[derive(Clone, Default)]
pub struct Names<'a> {
    known: HashMap<String, Id>,
    calls: Option<Calls<'a>>,
}

/// What makes nodes of calls that are no arithmetic: of their name and their arguments, as texts and numbers.
pub type Special<'a> = dyn Fn(&mut Graph, &str, &[Argument]) -> Option<Result<Id, String>> + 'a;

type Calls<'a> = Rc<Special<'a>>;

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A node.
    Node(Id),
    /// A text in quotes.
    Text(String),
}

impl<'a> Names<'a> {
    /// Lets a name stand for a node.
    pub fn insert(&mut self, name: &str, id: Id) {
        self.known.insert(name.to_owned(), id);
    }

    /// What a name stands for.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Id> {
        self.known.get(name).copied()
    }

    /// With something that makes nodes of further calls.
    #[must_use]
    pub fn with_calls(mut self, calls: Rc<Special<'a>>) -> Self {
        self.calls = Some(calls);
        self
    }

    /// All names, in their order.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        let mut all: Vec<String> = self.known.keys().cloned().collect();
        all.sort();
        all
    }
}

/// The functions of one number.
const OF_ONE: [(&str, One); 11] = [
    ("exp", One::Exponential),
    ("expm1", One::ExpM1),
    ("exprel", One::MeanExp),
    ("ln", One::Logarithm),
    ("log", One::Logarithm),
    ("sqrt", One::SquareRoot),
    ("sin", One::Sine),
    ("cos", One::Cosine),
    ("abs", One::Absolute),
    ("floor", One::Floor),
    ("round", One::Round),
];

/// The functions of two.
const OF_TWO: [(&str, Two); 3] = [("min", Two::Minimum), ("max", Two::Maximum), ("pow", Two::Power)];

/// The others, which are made of operations.
const COMPOSED: [&str; 9] = ["log10", "tan", "tanh", "sigmoid", "sign", "ceil", "clip", "step", "if"];

impl Graph {
    /// The node of an expression.
    ///
    /// # Errors
    /// A name or function that nobody knows; too few or many arguments.
    pub fn build(&mut self, expression: &Expression, names: &Names<'_>) -> Result<Id, ValueError> {
        self.term(&expression.root, names)
    }

    fn term(&mut self, term: &Term, names: &Names<'_>) -> Result<Id, ValueError> {
        Ok(match &term.kind {
            Kind::Number(x) => self.number(*x),
            Kind::Text(_) => return Err(fault("expected a number, found a text", term.span.clone())),
            Kind::Name(name) if name == "pi" => self.number(std::f64::consts::PI),
            Kind::Name(name) => names.get(name).ok_or_else(|| unknown(name, term, names))?,
            Kind::Negative(inner) => {
                let inner = self.term(inner, names)?;
                self.one(One::Negate, inner)
            }
            Kind::Not(inner) => {
                let inner = self.term(inner, names)?;
                self.one(One::Not, inner)
            }
            Kind::Pair(operator, left, right) => {
                let (left, right) = (self.term(left, names)?, self.term(right, names)?);
                self.pair(*operator, left, right)
            }
            Kind::Call(name, _, arguments) => self.call(name, arguments, term, names)?,
        })
    }

    fn pair(&mut self, operator: char, a: Id, b: Id) -> Id {
        match operator {
            '+' => self.two(Two::Add, a, b),
            '-' => self.two(Two::Subtract, a, b),
            '*' => self.two(Two::Multiply, a, b),
            '/' => self.two(Two::Divide, a, b),
            '<' => self.two(Two::Less, a, b),
            '>' => self.two(Two::Less, b, a),
            '≤' => self.two(Two::LessEqual, a, b),
            '≥' => self.two(Two::LessEqual, b, a),
            '=' => self.two(Two::Equal, a, b),
            '≠' => {
                let equal = self.two(Two::Equal, a, b);
                self.one(One::Not, equal)
            }
            '∧' => self.two(Two::And, a, b),
            '∨' => self.two(Two::Or, a, b),
            _ => self.two(Two::Power, a, b),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Term], term: &Term, names: &Names<'_>) -> Result<Id, ValueError> {
        let mut given = Vec::new();
        for argument in arguments {
            given.push(match &argument.kind {
                Kind::Text(text) => Argument::Text(text.clone()),
                _ => Argument::Node(self.term(argument, names)?),
            });
        }
        if let Some(made) = names.calls.clone().and_then(|calls| calls(self, name, &given)) {
            return made.map_err(|why| fault(why, term.span.clone()));
        }
        let nodes: Option<Vec<Id>> = given
            .iter()
            .map(|argument| match argument {
                Argument::Node(id) => Some(*id),
                Argument::Text(_) => None,
            })
            .collect();
        if let Some(made) = nodes.and_then(|nodes| self.function(name, &nodes)) {
            return Ok(made);
        }
        let known = OF_ONE.iter().map(|(name, _)| *name).chain(OF_TWO.iter().map(|(name, _)| *name)).chain(COMPOSED);
        let known: Vec<String> = known.map(str::to_owned).collect();
        if known.iter().any(|known| known == name) {
            return Err(fault(format!("`{name}` takes other arguments"), term.span.clone()));
        }
        let fault = Fault::UnknownFunction(name.to_owned());
        Err(ValueError { fault, at: Some(term.span.start..term.span.start + name.len()), known })
    }

    /// A function of numbers, if there is one of that name and so many.
    fn function(&mut self, name: &str, arguments: &[Id]) -> Option<Id> {
        if let ([a], Some((_, one))) = (arguments, OF_ONE.iter().find(|(known, _)| *known == name)) {
            return Some(self.one(*one, *a));
        }
        if let ([a, b], Some((_, two))) = (arguments, OF_TWO.iter().find(|(known, _)| *known == name)) {
            return Some(self.two(*two, *a, *b));
        }
        Some(match (name, arguments) {
            ("log10", [a]) => {
                let logarithm = self.one(One::Logarithm, *a);
                let ten = self.number(std::f64::consts::LN_10);
                self.two(Two::Divide, logarithm, ten)
            }
            ("tan", [a]) => {
                let (sine, cosine) = (self.one(One::Sine, *a), self.one(One::Cosine, *a));
                self.two(Two::Divide, sine, cosine)
            }
            ("tanh", [a]) => {
                // Through exp(2a) − 1, so that it keeps its digits near zero.
                let two = self.number(2.0);
                let twice = self.two(Two::Multiply, *a, two);
                let e = self.one(One::ExpM1, twice);
                let below = self.two(Two::Add, e, two);
                self.two(Two::Divide, e, below)
            }
            ("sigmoid", [a]) => {
                let one = self.number(1.0);
                let less = self.one(One::Negate, *a);
                let e = self.one(One::Exponential, less);
                let below = self.two(Two::Add, e, one);
                self.two(Two::Divide, one, below)
            }
            ("sign", [a]) => {
                let zero = self.number(0.0);
                let (above, below) = (self.two(Two::Less, zero, *a), self.two(Two::Less, *a, zero));
                self.two(Two::Subtract, above, below)
            }
            ("ceil", [a]) => {
                let less = self.one(One::Negate, *a);
                let floor = self.one(One::Floor, less);
                self.one(One::Negate, floor)
            }
            ("clip", [a, low, high]) => self.clipped(*a, [*low, *high]),
            ("step", [a]) => {
                let edge = self.number(0.0);
                self.two(Two::LessEqual, edge, *a)
            }
            ("step", [a, edge]) => self.two(Two::LessEqual, *edge, *a),
            ("if", [condition, a, b]) => self.select(*condition, *a, *b),
            _ => return None,
        })
    }

    /// A number held within two bounds.
    pub fn clipped(&mut self, x: Id, [low, high]: [Id; 2]) -> Id {
        let raised = self.two(Two::Maximum, x, low);
        self.two(Two::Minimum, raised, high)
    }

    /// What an assignment makes of a variable and the value of its expression.
    pub fn assigned(&mut self, assignment: &Assignment, before: Id, value: Id) -> Id {
        let operation = match assignment.operator {
            None => return value,
            Some('+') => Two::Add,
            Some('-') => Two::Subtract,
            Some('*') => Two::Multiply,
            Some(_) => Two::Divide,
        };
        self.two(operation, before, value)
    }

    /// A column that is read.
    pub fn input(&mut self, k: usize) -> Id {
        self.leaf(Node::Input(k as u16))
    }
}

/// A name that nobody knows: a unit, perhaps, as other simulators write them.
fn unknown(name: &str, term: &Term, names: &Names<'_>) -> ValueError {
    // A single letter is a name, seldom a second.
    let is_unit = name.len() > 1 && leading_unit(name).is_some_and(|unit| unit.len() == name.len());
    let known = if is_unit { Vec::new() } else { names.all() };
    let fault = if is_unit { Fault::Unit(name.to_owned()) } else { Fault::UnknownName(name.to_owned()) };
    ValueError { fault, at: Some(term.span.clone()), known }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> ValueError {
        let mut graph = Graph::default();
        let mut names = Names::default();
        let tau = graph.number(1.0);
        names.insert("tau_m", tau);
        graph.build(&Expression::parse(text).unwrap(), &names).unwrap_err()
    }

    #[test]
    fn what_nobody_knows_is_told_with_what_there_is() {
        let unknown = error("1 + tua_m");
        assert_eq!((unknown.at, unknown.known), (Some(4..9), vec!["tau_m".to_owned()]));
        let unknown = error("2 * expp(1)");
        assert_eq!(unknown.at, Some(4..8));
        assert!(unknown.known.iter().any(|known| known == "exp"));
        assert!(error("20*mV").to_string().starts_with("units are not written, here `mV`"));
        assert_eq!(error("min(1)").to_string(), "`min` takes other arguments");
        assert_eq!(error("exp('a')").to_string(), "`exp` takes other arguments");
    }

    /// In double precision the functions are those of values.
    #[test]
    fn functions_are_those_of_values() {
        for text in [
            "tanh(0.3)",
            "sigmoid(-2)",
            "sign(-3) + ceil(1.2) + floor(-1.2)",
            "clip(5, 0, 2) + step(1, 2) + step(0)",
            "log10(50) + tan(0.4) + if(0, 1, 2) + pow(2, 0.3)",
            "1 == 1 and not 2 < 1 or 0",
            "2^-3 + (1 != 2)",
        ] {
            let mut graph = Graph::default();
            let expression = Expression::parse(text).unwrap();
            let made = graph.build(&expression, &Names::default()).unwrap();
            let functions = crate::value::Functions::default();
            let scope = crate::value::Scope::bare(&[1], 1, &[], &functions);
            let expected = expression.evaluate(&scope, crate::value::Batch::Range(0, 1)).unwrap().at(0);
            assert!((graph.constant(made).unwrap() - expected).abs() < 1e-14, "{text}");
        }
    }
}

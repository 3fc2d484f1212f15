//! A value as a scene writes it (a number, an expression, an array) and how it becomes numbers, one per member
//! of a group. No ECS and no scene in here.
#![forbid(unsafe_code)]

mod array;
pub mod bounds;
mod evaluate;
pub(crate) mod expression;
pub mod functions;

use std::{fmt, ops::Range, sync::Arc};

pub use array::{Array, ArraySource, NoArrays, ShapeMismatch};
pub use evaluate::{Batch, Members, Names, NoNames, Pairs, Scope};
pub use expression::Expression;
pub use functions::{Function, Functions};

/// A value of a scene: one number for all members of a group, or one for each.
///
/// `From` a number, a text (an expression such as `"-65 + 15 * r^2"`) or an [`Array`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The same number for every member.
    Number(f64),
    /// An expression, evaluated for each member.
    Text(Arc<str>),
    /// An array with one number for each member, row-major.
    Array(Arc<Array>),
}

/// A value whose expression, if it is one, was read.
#[derive(Clone, Debug)]
pub enum Formula {
    /// The same number for every member.
    Number(f64),
    /// An expression, evaluated for each member.
    Expression(Expression),
    /// An array with one number for each member.
    Array(Arc<Array>),
}

impl Formula {
    /// Whether an expression uses a name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        matches!(self, Self::Expression(expression) if expression.names().iter().any(|(used, _)| *used == name))
    }

    /// The numbers of `members`, checked to be finite.
    ///
    /// # Errors
    /// The expression uses an unknown name, or an array does not fit; a result is not finite.
    pub fn evaluate<'b>(&self, scope: &Scope<'_>, members: impl Into<Batch<'b>>) -> Result<Members, ValueError> {
        let members = members.into();
        let numbers = match self {
            Self::Number(number) => Members::Uniform(*number),
            Self::Array(array) => members.of_array(array, scope.shape)?,
            Self::Expression(expression) => expression.evaluate(scope, members)?,
        };
        let first = if let Batch::Range(first, _) = members { first } else { 0 };
        numbers.check_finite(first)?;
        Ok(numbers)
    }
}

impl Default for Value {
    fn default() -> Self {
        Self::Number(0.0)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Array> for Value {
    fn from(array: Array) -> Self {
        Self::Array(Arc::new(array))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Array(array) => write!(f, "an array of shape {:?}", array.shape),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or an expression in quotes")
            }

            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(Value::Number(number))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Number(number as f64))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(Value::Number(number as f64))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(text.into())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{fault}")]
pub struct ValueError {
    /// The fault itself.
    pub fault: Fault,
    /// Where in the expression, in bytes; `None` for the value as a whole.
    pub at: Option<Range<usize>>,
    /// Known names, where an unknown one was used.
    pub known: Vec<String>,
}

/// The ways in which a value can be wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The expression is not well formed.
    #[error("expected {expected}, found {found}")]
    Syntax {
        /// What could stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// A unit after a number.
    #[error("{}", crate::text::units::not_written(.0))]
    Unit(String),
    /// More nested than anybody writes by hand.
    #[error("an expression may be nested {0} levels deep, or have {0} terms in a row, at most")]
    TooDeep(usize),
    /// Longer than anybody writes by hand.
    #[error("an expression has {0} bytes at most")]
    TooLong(usize),
    /// A name that nobody defines.
    #[error("nothing is named `{0}` here")]
    UnknownName(String),
    /// A function that nobody registered.
    #[error("no value function is named `{0}`")]
    UnknownFunction(String),
    /// Too few or too many arguments, or a text for a number.
    #[error("`{function}` takes other arguments: {takes}")]
    Arguments {
        /// The function.
        function: &'static str,
        /// What it takes.
        takes: String,
    },
    /// The array does not fit the group.
    #[error(transparent)]
    Shape(#[from] ShapeMismatch),
    /// The array could not be read.
    #[error("{0}")]
    Unreadable(String),
    /// An equation that is none, or cannot be carried out.
    #[error("{0}")]
    Equation(String),
    /// A result that is no number.
    #[error("member {member} gets {value}, which is not a finite number")]
    NotFinite {
        /// The first such member.
        member: usize,
        /// Its value.
        value: f64,
    },
    /// A number that the state cannot hold.
    #[error("member {member} gets {value:e}, which is infinite in {precision}")]
    TooLarge {
        /// The first such member.
        member: usize,
        /// Its value.
        value: f64,
        /// The precision.
        precision: &'static str,
    },
}

impl From<Fault> for ValueError {
    fn from(fault: Fault) -> Self {
        Self { fault, at: None, known: Vec::new() }
    }
}

impl ValueError {
    pub(crate) fn at(fault: Fault, span: Range<usize>) -> Self {
        Self { fault, at: Some(span), known: Vec::new() }
    }
}

impl Value {
    /// The numbers of `members`, checked to be finite.
    ///
    /// # Errors
    /// The expression is malformed, uses an unknown name, or an array does not fit; a result is not finite.
    pub fn evaluate<'b>(&self, scope: &Scope<'_>, members: impl Into<Batch<'b>>) -> Result<Members, ValueError> {
        self.formula()?.evaluate(scope, members)
    }

    /// The value with its expression read, for those who evaluate it batch by batch.
    ///
    /// # Errors
    /// The expression is malformed.
    pub fn formula(&self) -> Result<Formula, ValueError> {
        Ok(match self {
            Self::Number(number) => Formula::Number(*number),
            Self::Array(array) => Formula::Array(array.clone()),
            Self::Text(text) => Formula::Expression(Expression::parse(text)?),
        })
    }

    /// Whether all members surely have the same value.
    #[must_use]
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

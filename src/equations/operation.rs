//! What nodes do with the numbers that they are made of, and what that gives in double precision.

use crate::numeric::real::{or_zero, real, wide};

/// What is done with one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum One {
    /// −a
    Negate,
    /// |a|
    Absolute,
    /// √a
    SquareRoot,
    /// exp a
    Exponential,
    /// exp a − 1
    ExpM1,
    /// (exp a − 1) / a
    MeanExp,
    /// ln a
    Logarithm,
    /// sin a
    Sine,
    /// cos a
    Cosine,
    /// The largest whole number that is not above a.
    Floor,
    /// The nearest whole number.
    Round,
    /// not a
    Not,
    /// a, which has the value of the start of the iteration in all stages of a step.
    Once,
    /// a, or 0 where it is next to nothing.
    OrZero,
}

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Two {
    /// a + b
    Add,
    /// a − b
    Subtract,
    /// a · b
    Multiply,
    /// a / b
    Divide,
    /// The smaller one.
    Minimum,
    /// The larger one.
    Maximum,
    /// a to the power of b
    Power,
    /// a < b
    Less,
    /// a ≤ b
    LessEqual,
    /// a = b
    Equal,
    /// a and b
    And,
    /// a or b
    Or,
}

impl One {
    /// Of a number, in double precision.
    pub fn of(self, x: f64) -> f64 {
        match self {
            Self::Negate => -x,
            Self::Absolute => x.abs(),
            Self::SquareRoot => x.sqrt(),
            // As the kernel has it: never infinite.
            Self::Exponential => libm::exp(x.clamp(-708.0, 708.0)),
            Self::ExpM1 => libm::expm1(x.clamp(-708.0, 708.0)),
            Self::MeanExp if x == 0.0 => 1.0,
            Self::MeanExp => Self::ExpM1.of(x) / x,
            Self::Logarithm => libm::log(x),
            Self::Sine => libm::sin(x),
            Self::Cosine => libm::cos(x),
            Self::Floor => x.floor(),
            Self::Round => x.round(),
            Self::Not => f64::from(u8::from(x == 0.0)),
            Self::Once => x,
            Self::OrZero => wide(or_zero(real(x))),
        }
    }
}

impl Two {
    /// Of two numbers, in double precision.
    pub fn of(self, x: f64, y: f64) -> f64 {
        let truth = |holds: bool| f64::from(u8::from(holds));
        match self {
            Self::Add => x + y,
            Self::Subtract => x - y,
            Self::Multiply => x * y,
            Self::Divide => x / y,
            Self::Minimum => {
                if y < x {
                    y
                } else {
                    x
                }
            }
            Self::Maximum => {
                if y > x {
                    y
                } else {
                    x
                }
            }
            Self::Power => libm::pow(x, y),
            Self::Less => truth(x < y),
            Self::LessEqual => truth(x <= y),
            Self::Equal => truth(x == y),
            Self::And => truth(x != 0.0 && y != 0.0),
            Self::Or => truth(x != 0.0 || y != 0.0),
        }
    }
}

//! What an instruction can do. Those of several steps round after each, so that they give the bits of the steps one by one.

/// What an instruction does with its operands *a*, *b*, *c*, *d*. A truth is 1 or 0, and what is not 0 is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// a
    Copy,
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
    /// The nearest whole number; halves go away from zero.
    Round,
    /// not a
    Not,
    /// a, or 0 where it is next to nothing
    OrZero,
    /// a + b
    Add,
    /// a − b
    Subtract,
    /// a · b
    Multiply,
    /// a / b
    Divide,
    /// The smaller one; b where it is no less and no more.
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
    /// a ? b : c
    Select,
    /// a · b + c
    MulAdd,
    /// a · b − c
    MulSub,
    /// a − b · c
    SubMulOf,
    /// (a + b) · c
    AddMul,
    /// (a − b) · c
    SubMul,
    /// a + b + c
    AddAdd,
    /// a + b − c
    AddSub,
    /// a − b + c
    SubAdd,
    /// a − b − c
    SubSub,
    /// a · b · c
    MulMul,
    /// a / b · c
    DivMul,
    /// a · b / c
    MulDiv,
    /// (a − b) / c
    SubDiv,
    /// exp(a · b)
    ExpMul,
    /// exp(a · b + c)
    ExpMulAdd,
    /// a < b ? c : d
    SelectLess,
    /// a ≤ b ? c : d
    SelectLessEqual,
    /// a · b · c + d
    MulMulAdd,
    /// (a · b + c) · d
    MulAddMul,
    /// (a − b) · c + d
    SubMulAdd,
    /// (a + b) · c + d
    AddMulAdd,
    /// a · b + c · d
    MulAddMulOf,
    /// a · b − c · d
    MulSubMulOf,
    /// a · b + c + d
    MulAddAdd,
    /// a · b + c − d
    MulAddSub,
    /// (a − b · c) · d
    SubMulOfMul,
}

impl Operation {
    /// How many operands it takes.
    #[must_use]
    pub const fn arity(self) -> usize {
        match self {
            Self::Copy
            | Self::Negate
            | Self::Absolute
            | Self::SquareRoot
            | Self::Exponential
            | Self::ExpM1
            | Self::MeanExp
            | Self::Logarithm
            | Self::Sine
            | Self::Cosine
            | Self::Floor
            | Self::Round
            | Self::Not
            | Self::OrZero => 1,
            Self::Add
            | Self::Subtract
            | Self::Multiply
            | Self::Divide
            | Self::Minimum
            | Self::Maximum
            | Self::Power
            | Self::Less
            | Self::LessEqual
            | Self::Equal
            | Self::And
            | Self::Or
            | Self::ExpMul => 2,
            Self::Select
            | Self::MulAdd
            | Self::MulSub
            | Self::SubMulOf
            | Self::AddMul
            | Self::SubMul
            | Self::AddAdd
            | Self::AddSub
            | Self::SubAdd
            | Self::SubSub
            | Self::MulMul
            | Self::DivMul
            | Self::MulDiv
            | Self::SubDiv
            | Self::ExpMulAdd => 3,
            Self::SelectLess
            | Self::SelectLessEqual
            | Self::MulMulAdd
            | Self::MulAddMul
            | Self::SubMulAdd
            | Self::AddMulAdd
            | Self::MulAddMulOf
            | Self::MulSubMulOf
            | Self::MulAddAdd
            | Self::MulAddSub
            | Self::SubMulOfMul => 4,
        }
    }
}

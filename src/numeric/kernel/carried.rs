//! Numbers of a state that change a little in each step: alone, or with their rest below the last place. A step is written
//! once for both.

use crate::numeric::{Real, real::moved};

/// A number of a state, as the step of a model sees it.
///
/// What a step adds to it goes through [`moved`](Self::moved), so that changes of less than half a unit in the last place add up
/// where the driver of the model carries their rests.
pub trait Carried: Copy {
    /// Whether rests are carried: a step may use a form that is exact to the last place of a change.
    const CARRIES: bool;

    /// A number without a rest.
    fn of(x: Real) -> Self;

    /// A number and its rest.
    fn with_rest(x: Real, rest: Real) -> Self;

    /// The number.
    fn value(self) -> Real;

    /// What it has below its last place; 0 where that is not carried.
    fn rest(self) -> Real;

    /// The number after a change.
    #[must_use]
    fn moved(self, change: Real) -> Self;
}

impl Carried for Real {
    const CARRIES: bool = false;

    #[inline(always)]
    fn of(x: Real) -> Self {
        x
    }

    #[inline(always)]
    fn with_rest(x: Real, _: Real) -> Self {
        x
    }

    #[inline(always)]
    fn value(self) -> Real {
        self
    }

    #[inline(always)]
    fn rest(self) -> Real {
        0.0
    }

    #[inline(always)]
    fn moved(self, change: Real) -> Self {
        self + change
    }
}

/// A number with its rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WithRest(Real, Real);

impl Carried for WithRest {
    const CARRIES: bool = true;

    #[inline(always)]
    fn of(x: Real) -> Self {
        Self(x, 0.0)
    }

    #[inline(always)]
    fn with_rest(x: Real, rest: Real) -> Self {
        Self(x, rest)
    }

    #[inline(always)]
    fn value(self) -> Real {
        self.0
    }

    #[inline(always)]
    fn rest(self) -> Real {
        self.1
    }

    #[inline(always)]
    fn moved(self, change: Real) -> Self {
        let (x, rest) = moved(self.0, self.1, change);
        Self(x, rest)
    }
}

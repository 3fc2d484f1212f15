//! Sums of pairs of spikes: what rules add up of each synapse that do not change its weight at once.
//!
//! ```text
//! source:  c ← c − a_minus · y
//! target:  c ← c + a_plus · x
//! ```

use super::changes::Update;
use crate::numeric::{Real, real::real};

/// The constants of a sum.
#[derive(Clone, Copy, Debug)]
pub struct PairSum {
    plus: Real,
    minus: Real,
}

impl PairSum {
    /// A sum that grows by `a_plus` with a source just before its target, and shrinks by `a_minus` with one just after it.
    #[must_use]
    pub const fn new(a_plus: f64, a_minus: f64) -> Self {
        Self { plus: real(a_plus), minus: real(a_minus) }
    }
}

impl Update<1, 1> for PairSum {
    #[inline(always)]
    fn on_pre(&self, _: Real, _: [Real; 1], [y]: [Real; 1]) -> Real {
        -self.minus * y
    }

    #[inline(always)]
    fn on_post(&self, _: Real, [x]: [Real; 1], _: [Real; 1]) -> Real {
        self.plus * x
    }
}

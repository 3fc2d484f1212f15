//! A constant current.
//!
//! ```text
//! input[i] += amplitude
//! ```

use bevy_app::App;

use super::current::{AddCurrent, Current};
use crate::{
    behaviour,
    network::{Behaviour, Clock, Parameter},
    numeric::Real,
};

behaviour! {
    /// Adds the same current in every iteration.
    pub struct ConstantCurrent {
        /// The current, in the unit of the model's input.
        pub amplitude: Parameter,
    }
}

impl Behaviour for ConstantCurrent {
    fn plugin(app: &mut App) {
        app.add_current::<Self>();
    }
}

impl Current for ConstantCurrent {
    type Cell = Real;
    type Now = ();

    fn cell(&self, i: usize) -> Real {
        self.amplitude.at(i)
    }

    fn now(&self, _: &Clock) -> Option<()> {
        Some(())
    }

    #[inline(always)]
    fn current(amplitude: Real, (): ()) -> Real {
        amplitude
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn a_current_for_all_or_one_for_each() {
        let mut bench = Bench::new();
        let same = bench.group("same", 2, ConstantCurrent { amplitude: 3.0.into() });
        let each = bench.group("each", 3, ConstantCurrent { amplitude: "2 * i".into() });
        bench.ticks(2);
        assert_eq!(bench.get(same, "input"), [3.0, 3.0]);
        assert_eq!(bench.get(each, "input"), [0.0, 2.0, 4.0]);
    }
}

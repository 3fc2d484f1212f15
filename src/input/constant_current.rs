//! A constant current.
//!
//! ```text
//! input[i] += amplitude
//! ```

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::{
    network::{Behaviour, Input, Parameter, Parameters},
    numeric::{Real, dispatch},
    schedule::{AddToStage, Stage},
};

/// Adds the same current in every iteration.
#[derive(Component, Reflect, Clone, Debug, Default)]
#[reflect(from_reflect = false, Clone, Debug)]
pub struct ConstantCurrent {
    /// The current, in the unit of the model's input.
    pub amplitude: Parameter,
}

impl Behaviour for ConstantCurrent {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, add_current);
    }
}

fn add_current(mut groups: Query<(&ConstantCurrent, &mut Input)>) {
    for (current, mut input) in &mut groups {
        let amplitude = Parameters::of([&current.amplitude]);
        dispatch(
            #[inline(always)]
            || add(&mut input.0, amplitude, 1.0),
        );
    }
}

/// Adds a parameter times a factor to the input.
#[inline(always)]
pub(super) fn add(input: &mut [Real], amplitude: Parameters<'_, 1>, factor: Real) {
    match amplitude {
        Parameters::Uniform([amplitude]) => input.iter_mut().for_each(|input| *input += factor * amplitude),
        Parameters::Each([amplitude]) => {
            input.iter_mut().zip(amplitude).for_each(|(input, amplitude)| *input += factor * amplitude);
        }
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

//! An instantaneous current: what arrives in an iteration acts in that iteration alone.
//!
//! ```text
//! input[j] += gain · arriving[j]
//! ```

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::{
    network::{Afferent, Arriving, Behaviour, Input, Kind, Parameter, Parameters, Receptors},
    numeric::{Real, dispatch},
    schedule::{AddToStage, Stage},
};

/// A receptor without dynamics of its own: the weights that arrive in an iteration, times a gain, are input of that
/// iteration.
#[derive(Component, Reflect, Clone, Debug)]
pub struct CurrentReceptor {
    /// Tag or name of the afferent synapse groups whose spikes it takes.
    pub afferent: Afferent,
    /// Factor on the weights; negative for inhibition.
    pub gain: Parameter,
}

impl Default for CurrentReceptor {
    fn default() -> Self {
        Self { afferent: Afferent::default(), gain: 1.0.into() }
    }
}

impl Behaviour for CurrentReceptor {
    const KIND: Kind = Kind::Receptor;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, receive);
    }
}

/// Group by group and in the order of its receptors, so that the sum does not depend on the order of a query.
fn receive(mut groups: Query<(&mut Input, &Receptors)>, mut receptors: Query<(&CurrentReceptor, &mut Arriving)>) {
    for (mut input, own) in &mut groups {
        for receptor in own.iter() {
            let Ok((receptor, mut arriving)) = receptors.get_mut(receptor) else { continue };
            if std::mem::take(&mut arriving.any) {
                let gain = Parameters::of([&receptor.gain]);
                dispatch(
                    #[inline(always)]
                    || take_in(&mut input.0, &mut arriving.sums, gain),
                );
            }
        }
    }
}

/// Adds what arrives times a gain to a sum, and clears it.
#[inline(always)]
pub(super) fn take_in(input: &mut [Real], arriving: &mut [Real], gain: Parameters<'_, 1>) {
    match gain {
        Parameters::Uniform([gain]) => {
            for (input, arriving) in input.iter_mut().zip(arriving) {
                *input += gain * *arriving;
                *arriving = 0.0;
            }
        }
        Parameters::Each([gain]) => {
            for ((input, arriving), gain) in input.iter_mut().zip(arriving).zip(gain) {
                *input += gain * *arriving;
                *arriving = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn two_receptors_add_up_with_their_gains() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 2, ());
        let excitation = bench.receptor(cells, "a", CurrentReceptor { gain: 0.5.into(), ..default() });
        let inhibition = bench.receptor(cells, "b", CurrentReceptor { gain: (-1.0).into(), ..default() });
        bench.set(excitation, "arriving", &[4.0, 0.0]);
        bench.set(inhibition, "arriving", &[1.0, 3.0]);
        bench.tick();
        assert_eq!(bench.get(cells, "input"), [1.0, -3.0]);
        bench.tick();
        assert_eq!(bench.get(cells, "input"), [0.0, 0.0]);
    }
}

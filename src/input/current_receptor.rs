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

fn receive(mut groups: Query<(&mut Input, &Receptors)>, mut receptors: Query<Weighing<'_, CurrentReceptor>>) {
    for (mut input, own) in &mut groups {
        weigh(&mut input.0, own, &mut receptors, |receptor| &receptor.gain);
    }
}

/// A receptor and what arrives there.
pub(super) type Weighing<'w, R> = (&'w R, &'w mut Arriving);

/// Adds what arrives at a group's receptors of a kind, times their gains, to a sum; in the order of the receptors, so
/// that it does not depend on the order of a query.
pub(super) fn weigh<R: Component>(
    sum: &mut [Real],
    own: &Receptors,
    receptors: &mut Query<Weighing<'_, R>>,
    gain: impl Fn(&R) -> &Parameter,
) {
    own.by_twos(receptors, |found| {
        let mut active = found.iter_mut().filter_map(|(receptor, arriving)| {
            let any = std::mem::take(&mut arriving.any);
            any.then(|| (&mut arriving.sums[..], Parameters::of([gain(receptor)])))
        });
        let (one, other) = (active.next(), active.next());
        dispatch(
            #[inline(always)]
            || match (one, other) {
                (Some((one, Parameters::Uniform([gain]))), Some((other, Parameters::Uniform([other_gain])))) => {
                    take_two(sum, (one, gain), (other, other_gain));
                }
                (one, other) => [one, other].into_iter().flatten().for_each(|(own, gain)| take_in(sum, own, gain)),
            },
        );
    });
}

/// Adds what arrives times a gain to a sum, and clears it.
#[inline(always)]
fn take_in(sum: &mut [Real], arriving: &mut [Real], gain: Parameters<'_, 1>) {
    match gain {
        Parameters::Uniform([gain]) => {
            for (sum, arriving) in sum.iter_mut().zip(arriving) {
                *sum += gain * *arriving;
                *arriving = 0.0;
            }
        }
        Parameters::Each([gain]) => {
            for ((sum, arriving), gain) in sum.iter_mut().zip(arriving).zip(gain) {
                *sum += gain * *arriving;
                *arriving = 0.0;
            }
        }
    }
}

/// The same for two, one after the other: a pass less over the sum.
#[inline(always)]
fn take_two(sum: &mut [Real], (one, gain): (&mut [Real], Real), (other, other_gain): (&mut [Real], Real)) {
    for ((sum, one), other) in sum.iter_mut().zip(one).zip(other) {
        *sum = *sum + gain * *one + other_gain * *other;
        (*one, *other) = (0.0, 0.0);
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

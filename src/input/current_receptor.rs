//! An instantaneous current: what arrives in an iteration acts in that iteration alone.
//!
//! ```text
//! input[j] += gain · arriving[j]
//! ```

use bevy_app::App;
use bevy_ecs::prelude::*;

use crate::{
    behaviour,
    network::{
        Afferent, Arriving, Behaviour, Cells, CellsOf, Input, Kind, Parameter, Receptors, Step, ThreadShares,
        receptor::ByGroup,
    },
    numeric::{Real, dispatch, pass::pass, shares::Effort},
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// A receptor without dynamics of its own: the weights that arrive in an iteration, times a gain, are input of that
    /// iteration.
    pub struct CurrentReceptor {
        /// Tag or name of the afferent synapse groups whose spikes it takes.
        pub afferent: Afferent,
        /// Factor on the weights; negative for inhibition.
        pub gain: Parameter = 1.0,
    }
}

impl Behaviour for CurrentReceptor {
    const KIND: Kind = Kind::Receptor;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, receive);
    }
}

fn receive(
    mut groups: Query<(&mut Input, &Receptors, &ThreadShares)>,
    mut receptors: Query<Weighing<CurrentReceptor>>,
) {
    let groups = groups.iter_mut().map(|(input, own, shares)| (&mut input.into_inner().0[..], own, shares));
    weigh(groups, &mut receptors, |receptor| &receptor.gain);
}

/// A receptor and what arrives there.
pub(super) type Weighing<R> = (Entity, Ref<'static, R>, &'static mut Arriving, &'static mut Cells);

/// What arrives, and the gain.
type Weighed<'a> = (&'a mut [Real], CellsOf<'a, Real>);

/// Adds what arrives at the receptors of a kind of each group, times their gains, to the sum of the group; in the order of the
/// receptors, so that it does not depend on the order of a query.
pub(super) fn weigh<'a, R: Behaviour>(
    groups: impl Iterator<Item = (&'a mut [Real], &'a Receptors, &'a ThreadShares)>,
    receptors: &'a mut Query<Weighing<R>>,
    gain: fn(&R) -> &Parameter,
) {
    let mut receptors = ByGroup::new(receptors, |found| found.0);
    pass(|pass| {
        for (sum, own, ThreadShares(shares)) in groups {
            if shares.cut(sum.len(), Effort::Light) {
                let all = receptors.take(own, |(_, receptor, arriving, cells)| {
                    begin(&receptor, gain, arriving.into_inner(), cells.into_inner())
                });
                pass.by_shares(shares, sum.len(), (sum, all), |_, (sum, all)| take_in_all(sum, all));
            } else {
                receptors.by_twos(own, |found| {
                    let found = found.iter_mut();
                    let mut own =
                        found.filter_map(|(_, receptor, arriving, cells)| begin(receptor, gain, arriving, cells));
                    take_in_both(sum, own.next(), own.next());
                });
            }
        }
    });
}

/// What a receptor takes in; nothing if nothing has arrived.
#[inline]
fn begin<'a, R: Behaviour>(
    receptor: &Ref<'_, R>,
    gain: fn(&R) -> &Parameter,
    Arriving { sums, any, .. }: &'a mut Arriving,
    cells: &'a mut Cells,
) -> Option<Weighed<'a>> {
    // Of no step: a gain is the same for all.
    let size = (Step::default(), sums.len());
    let gains = cells.of(&**receptor, receptor.is_changed(), size, |i| gain(receptor).at(i));
    std::mem::take(any).then_some((&mut sums[..], gains))
}

fn take_in_all(sum: &mut [Real], all: Vec<Weighed<'_>>) {
    let mut all = all.into_iter();
    while let Some(one) = all.next() {
        take_in_both(sum, Some(one), all.next());
    }
}

fn take_in_both(sum: &mut [Real], one: Option<Weighed<'_>>, other: Option<Weighed<'_>>) {
    dispatch(
        #[inline(always)]
        || match (one, other) {
            (Some((one, CellsOf::Alike(gain))), Some((other, CellsOf::Alike(other_gain)))) => {
                take_two(sum, (one, gain), (other, other_gain));
            }
            (one, other) => [one, other].into_iter().flatten().for_each(|(own, gain)| take_in(sum, own, gain)),
        },
    );
}

/// Adds what arrives times a gain to a sum, and clears it.
#[inline(always)]
fn take_in(sum: &mut [Real], arriving: &mut [Real], gain: CellsOf<'_, Real>) {
    match gain {
        CellsOf::Alike(gain) => {
            for (sum, arriving) in sum.iter_mut().zip(arriving) {
                *sum += gain * *arriving;
                *arriving = 0.0;
            }
        }
        CellsOf::Each(gains) => {
            for ((sum, arriving), gain) in sum.iter_mut().zip(arriving).zip(gains.column(0)) {
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

//! What a current is: what it is made of at a time, and what a neuron makes of it. One system drives them all.

use bevy_app::App;
use bevy_ecs::prelude::*;

use crate::{
    network::{Behaviour, Birth, Cell, Cells, CellsOf, Clock, Input, Step, ThreadShares},
    numeric::{Real, dispatch},
    schedule::{AddToStage, Stage},
};

/// A behaviour that adds a current to the input of each neuron, whatever the state of the network.
///
/// Its [`plugin`](Behaviour::plugin) is [`add_current`](AddCurrent::add_current).
///
/// ```
/// use cortecs::{author::*, prelude::*};
///
/// /// A current that decays.
/// #[derive(Component, Reflect, Clone, Default)]
/// struct Fading {
///     from: Parameter,
/// }
///
/// impl Behaviour for Fading {
///     fn plugin(app: &mut App) {
///         app.add_current::<Self>();
///     }
/// }
///
/// impl Current for Fading {
///     type Cell = Real;
///     type Now = Real;
///
///     fn cell(&self, i: usize) -> Real {
///         self.from.at(i)
///     }
///
///     fn now(&self, clock: &Clock) -> Option<Real> {
///         Some((-0.1 * clock.time() as Real).exp())
///     }
///
///     fn current(from: Real, left: Real) -> Real {
///         from * left
///     }
/// }
///
/// let mut bench = Bench::new();
/// bench.app_mut().register_behaviour::<Fading>();
/// let cells = bench.group("cells", 2, Fading { from: "10 * i".into() });
/// bench.ticks(2);
/// bench.assert_near(cells, "input", &[0.0, 10.0 * (-0.1_f64).exp()]);
/// ```
pub trait Current: Behaviour {
    /// The constants of a neuron: a number, or a [`cell!`](crate::cell).
    type Cell: Cell;

    /// What is the same for all neurons in an iteration.
    type Now: Copy;

    /// The constants of neuron `i`.
    fn cell(&self, i: usize) -> Self::Cell;

    /// What it is made of in the iteration that the clock stands at; nothing where no current flows.
    fn now(&self, clock: &Clock) -> Option<Self::Now>;

    /// The current of a neuron, in the unit of its model's input.
    fn current(cell: Self::Cell, now: Self::Now) -> Real;

    /// Whether constants differ between neurons where no parameter does.
    fn differs(&self) -> bool {
        false
    }
}

/// Adds currents.
pub trait AddCurrent {
    /// For the [`plugin`](Behaviour::plugin) of a current: its system, in the input stage.
    fn add_current<C: Current>(&mut self) -> &mut Self;
}

impl AddCurrent for App {
    fn add_current<C: Current>(&mut self) -> &mut Self {
        self.add_behaviour_system::<C, _>(Stage::Input, add_to_input::<C>)
    }
}

type Group<C> =
    (Ref<'static, C>, &'static mut Input, &'static mut Cells, &'static ThreadShares, Option<&'static Birth>);

fn add_to_input<C: Current>(mut groups: Query<Group<C>>, clock: Res<Clock>) {
    for (current, mut input, cells, ThreadShares(shares), birth) in &mut groups {
        let size = (Step::of(&clock, 1), input.0.len());
        let changed = current.is_changed();
        let cells = cells.into_inner().of_differing(&*current, changed, size, current.differs(), |i| current.cell(i));
        if let Some(now) = current.now(&clock.since(birth)) {
            let (_, (input, cells)) = shares.own(size.1, (&mut input.0[..], cells));
            dispatch(
                #[inline(always)]
                || add::<C>(input, cells, now),
            );
        }
    }
}

#[inline(always)]
fn add<C: Current>(input: &mut [Real], cells: CellsOf<'_, C::Cell>, now: C::Now) {
    match cells {
        CellsOf::Alike(cell) => {
            let current = C::current(cell, now);
            input.iter_mut().for_each(|input| *input += current);
        }
        CellsOf::Each(each) => {
            let cell = C::Cell::read(each, 0);
            for (i, input) in input.iter_mut().enumerate() {
                *input += C::current(cell(i), now);
            }
        }
    }
}

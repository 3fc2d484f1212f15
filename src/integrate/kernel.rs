//! Behaviours that do the same for each neuron and are no models: declared by the columns that they change and read, and by what
//! becomes of one neuron. Threads, instruction sets and what differs between neurons are the business of the system here.

use bevy_app::App;
use bevy_ecs::{
    component::RequiredComponentsError,
    prelude::*,
    query::{IterQueryData, QueryData, ReadOnlyQueryData},
};

use super::states::States;
use crate::{
    network::{
        Behaviour, Cell, Cells, CellsOf, Clock, Failures, Input, Spikes, Step, ThreadShares, variable::RealColumn,
    },
    numeric::{Real, blocks::Cut, dispatch, pass::pass, shares::Effort},
    schedule::{AddToStage, Stage},
};

/// A behaviour that changes some columns of its group, each neuron by itself.
///
/// ```
/// use cortecs::{author::*, prelude::*};
///
/// variable! {
///     /// Calcium that comes with spikes.
///     pub struct Calcium = "calcium" in "µM";
/// }
///
/// behaviour! {
///     /// Calcium that decays, and jumps at a spike.
///     struct CalciumTrace {
///         #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
///         tau: Parameter = 100.0,
///         #[reflect(@Unit("µM"))]
///         jump: Parameter = 1.0,
///         calcium: Initial = 0.0,
///     }
/// }
///
/// cell! {
///     struct Constants {
///         kept: Real,
///         jump: Real,
///     }
/// }
///
/// impl Behaviour for CalciumTrace {
///     fn plugin(app: &mut App) {
///         app.add_kernel::<Self>(Stage::Learn);
///     }
/// }
///
/// impl NeuronKernel for CalciumTrace {
///     type Changes = (Calcium,);
///     type Reads = (Spikes,); // 1 for who has fired, else 0
///     type Cell = Constants;
///
///     fn cell(&self, i: usize, step: Step) -> Constants {
///         Constants { kept: exp(-step.dt() / self.tau.at(i)), jump: self.jump.at(i) }
///     }
///
///     #[inline(always)]
///     fn change(cell: Constants, [calcium]: [Real; 1], [fired]: [Real; 1]) -> [Real; 1] {
///         [cell.kept * calcium + cell.jump * fired]
///     }
/// }
///
/// let mut bench = Bench::new();
/// bench.app_mut().register_behaviour::<CalciumTrace>();
/// let spikes = SpikeSource::at(vec![vec![0.5], vec![]]);
/// let cells = bench.group("cells", 2, (spikes, CalciumTrace { jump: "2 + i".into(), calcium: 5.0.into(), ..default() }));
/// bench.tick();
/// bench.assert_near(cells, "calcium", &[5.0 * (-0.01_f64).exp() + 2.0, 5.0 * (-0.01_f64).exp()]);
/// ```
pub trait NeuronKernel: Behaviour {
    /// The columns that it changes, one to eight of [`variable!`](crate::variable): `(V, U)`.
    type Changes: States;

    /// The columns that it reads besides, others than those: none to four, of [`variable!`](crate::variable), or [`Spikes`].
    type Reads: ReadColumns;

    /// The constants of a neuron: a number, or a [`cell!`](crate::cell).
    type Cell: Cell;

    /// What an iteration of a neuron costs.
    const EFFORT: Effort = Effort::Light;

    /// The constants of neuron `i`; asked for when parameters or the step have changed.
    fn cell(&self, i: usize, step: Step) -> Self::Cell;

    /// What becomes of a neuron in an iteration: plain arithmetic, so that it runs on many neurons at once;
    /// `#[inline(always)]` for the same reason.
    fn change(
        cell: Self::Cell,
        own: <Self::Changes as States>::Values<Real>,
        read: <Self::Reads as ReadColumns>::Values,
    ) -> <Self::Changes as States>::Values<Real>;
}

/// Adds kernels.
pub trait AddKernel {
    /// For the [`plugin`](Behaviour::plugin) of a kernel: its columns come with it, and its system runs in the stage.
    fn add_kernel<K: NeuronKernel>(&mut self, stage: Stage) -> &mut Self;
}

impl AddKernel for App {
    fn add_kernel<K: NeuronKernel>(&mut self, stage: Stage) -> &mut Self {
        K::Changes::register(self);
        if require::<K>(self.world_mut()).is_err() {
            let why = "there are groups with this behaviour already, without what it needs: add its plugin before them";
            self.world_mut().get_resource_or_init::<Failures>().push(K::short_type_path(), why);
        }
        self.add_behaviour_system::<K, _>(stage, run::<K>)
    }
}

fn require<K: NeuronKernel>(world: &mut World) -> Result<(), RequiredComponentsError> {
    K::Changes::require::<K>(world)?;
    K::Reads::require::<K>(world)?;
    world.try_register_required_components::<K, Input>()
}

/// What a group of a kernel has.
type Group<K> = (
    Ref<'static, K>,
    <<K as NeuronKernel>::Changes as States>::Components,
    <<K as NeuronKernel>::Reads as ReadColumns>::Components,
    &'static mut Cells,
    &'static ThreadShares,
);

fn run<K: NeuronKernel>(mut groups: Query<Group<K>>, clock: Res<Clock>) {
    let step = Step::of(&clock, 1);
    pass(|pass| {
        for (kernel, own, read, cells, ThreadShares(shares)) in &mut groups {
            let (changed, kernel, own) = (kernel.is_changed(), kernel.into_inner(), K::Changes::columns(own));
            let neurons = K::Changes::len(&own);
            let cells = cells.into_inner().of(kernel, changed, (step, neurons), |i| kernel.cell(i, step));
            let columns = (own, K::Reads::columns(read), cells);
            pass.by_blocks(K::EFFORT, shares, neurons, columns, |(own, read, cells)| {
                dispatch(
                    #[inline(always)]
                    || match cells {
                        CellsOf::Alike(cell) => advance::<K>(own, read, move |_| cell),
                        CellsOf::Each(each) => advance::<K>(own, read, K::Cell::read(each, 0)),
                    },
                );
            });
        }
    });
}

#[inline(always)]
fn advance<K: NeuronKernel>(
    own: <K::Changes as States>::Columns<'_>,
    read: <K::Reads as ReadColumns>::Columns<'_>,
    cell: impl Fn(usize) -> K::Cell,
) {
    let read = K::Reads::by_neuron(read);
    K::Changes::change(
        own,
        #[inline(always)]
        move |i, own| K::change(cell(i), own, read(i)),
    );
}

/// A column that kernels read: one of [`variable!`](crate::variable), or [`Spikes`].
pub trait ReadColumn: Component {
    /// The number of a neuron as it lies in the column.
    type Number: Copy + Sync + 'static;

    /// The column.
    fn numbers(&self) -> &[Self::Number];

    /// It as a number to reckon with.
    fn number(number: Self::Number) -> Real;

    /// Has every entity with the component `M` have it.
    ///
    /// # Errors
    /// Entities have it already.
    fn require<M: Component>(world: &mut World) -> Result<(), RequiredComponentsError>;
}

impl<T: RealColumn> ReadColumn for T {
    type Number = Real;

    #[inline(always)]
    fn numbers(&self) -> &[Real] {
        self.column()
    }

    #[inline(always)]
    fn number(number: Real) -> Real {
        number
    }

    fn require<M: Component>(world: &mut World) -> Result<(), RequiredComponentsError> {
        world.try_register_required_components::<M, T>()
    }
}

/// 1 for a neuron that has fired in the iteration, else 0.
impl ReadColumn for Spikes {
    type Number = u8;

    #[inline(always)]
    fn numbers(&self) -> &[u8] {
        self.fired()
    }

    #[inline(always)]
    fn number(number: u8) -> Real {
        Real::from(number)
    }

    fn require<M: Component>(world: &mut World) -> Result<(), RequiredComponentsError> {
        world.try_register_required_components::<M, Self>()
    }
}

/// None to four columns that a kernel reads.
pub trait ReadColumns: 'static {
    /// The numbers of one neuron: an array.
    type Values: Copy;

    /// The numbers of all.
    type Columns<'a>: Cut + 'a;

    /// The components, for a query.
    type Components: ReadOnlyQueryData + IterQueryData;

    /// Has every entity with the component `M` have them.
    ///
    /// # Errors
    /// Entities have it already.
    fn require<M: Component>(world: &mut World) -> Result<(), RequiredComponentsError>;

    /// The numbers of the components.
    fn columns<'w>(components: <Self::Components as QueryData>::Item<'w, '_>) -> Self::Columns<'w>;

    /// Those of each neuron.
    fn by_neuron<'a>(columns: Self::Columns<'a>) -> impl Fn(usize) -> Self::Values + 'a;
}

impl ReadColumns for () {
    type Values = [Real; 0];
    type Columns<'a> = ();
    type Components = ();

    fn require<M: Component>(_: &mut World) -> Result<(), RequiredComponentsError> {
        Ok(())
    }

    #[inline]
    fn columns<'w>((): ()) -> Self::Columns<'w> {}

    #[inline(always)]
    fn by_neuron<'a>((): ()) -> impl Fn(usize) -> [Real; 0] + 'a {
        #[inline(always)]
        |_| []
    }
}

macro_rules! read_columns {
    ($($number:literal: $($type:ident $column:ident),*;)+) => {$(
        impl<$($type: ReadColumn),*> ReadColumns for ($($type,)*) {
            type Values = [Real; $number];
            type Columns<'a> = ($(&'a [$type::Number],)*);
            type Components = ($(&'static $type,)*);

            fn require<M: Component>(world: &mut World) -> Result<(), RequiredComponentsError> {
                $($type::require::<M>(world)?;)*
                Ok(())
            }

            #[inline]
            fn columns<'w>(($($column,)*): <Self::Components as QueryData>::Item<'w, '_>) -> Self::Columns<'w> {
                ($($column.numbers(),)*)
            }

            #[inline(always)]
            fn by_neuron<'a>(($($column,)*): Self::Columns<'a>) -> impl Fn(usize) -> Self::Values + 'a {
                #[inline(always)]
                move |i| [$($type::number($column[i])),*]
            }
        }
    )+};
}

read_columns! {
    1: A a;
    2: A a, B b;
    3: A a, B b, C c;
    4: A a, B b, C c, D d;
}

//! What a neuron model is: its state, its constants and the step of one neuron. Columns, threads, instruction sets, what differs
//! between neurons and the refractory period are the business of the [driver](super::driver).

use super::{drives::DriveColumns, states::States};
use crate::{
    network::{Behaviour, Cell, Step},
    numeric::{Real, carried::Carried, shares::Effort},
};

/// A behaviour that is a neuron model, declared by its physics.
///
/// Its [`plugin`](Behaviour::plugin) is [`add_model`](super::AddModel::add_model). Its parameters are its fields, with units and
/// ranges as attributes.
///
/// ```
/// use cortecs::{author::*, prelude::*};
///
/// behaviour! {
///     /// Neurons that leak, and fire when they reach 1.
///     struct Leaky {
///         #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
///         tau: Parameter = 20.0,
///         v: Initial = 0.0,
///     }
/// }
///
/// impl Behaviour for Leaky {
///     const MODEL: bool = true;
///
///     fn plugin(app: &mut App) {
///         app.add_model::<Self>();
///     }
/// }
///
/// impl NeuronModel for Leaky {
///     type State = (V,);
///     /// What a step covers of the way to the input.
///     type Cell = Real;
///     type Takes = ();
///
///     fn cell(&self, i: usize, step: Step) -> Real {
///         -exp_m1(-step.h() / self.tau.at(i))
///     }
///
///     fn step<X: Carried>(part: Real, [v]: [X; 1], drive: impl Drive, _: At) -> ([X; 1], bool) {
///         let v = v.moved((drive.input() - v.value()) * part);
///         if v.value() >= 1.0 { ([X::of(0.0)], true) } else { ([v], false) }
///     }
/// }
///
/// let mut bench = Bench::new();
/// bench.app_mut().register_behaviour::<Leaky>();
/// let cells = bench.group("cells", 3, (Leaky::default(), ConstantCurrent { amplitude: "i".into() }));
/// bench.ticks(100);
/// assert!(bench.spike_count(cells) > 0);
/// ```
pub trait NeuronModel: Behaviour {
    /// The columns of its variables, the membrane potential first: `(V, U)`.
    type State: States;

    /// The constants of a neuron, as its step needs them: a [`cell!`](crate::cell).
    type Cell: Cell;

    /// The forms in which it takes what reaches its neurons, besides currents: `()`, or some of `(Conductance, Jump,
    /// ThresholdShift)`.
    type Takes: DriveColumns;

    /// What an iteration of a neuron costs.
    const EFFORT: Effort = Effort::Light;

    /// Whether its neurons are refractory after a spike, as [`refractory`](Self::refractory) says.
    const REFRACTORY: bool = false;

    /// Whether [`begin`](Self::begin) may let a neuron fire, as one is reset at the start of an iteration: then a neuron that somebody
    /// puts above the peak fires, too.
    const FIRES_AT_BEGIN: bool = false;

    /// Whether a step is compiled once more for groups that no conductance reaches, as where it is a shorter computation there; else
    /// it sees a conductance of 0.
    const WITHOUT_CONDUCTANCES: bool = true;

    /// For models that use [`Drive::mean_exp`]: how far from zero its argument is with a conductance, at most. Where it is near for all
    /// neurons, a faster form gives the same bits.
    const EXPONENT: Option<fn(Self::Cell, Real) -> Real> = None;

    /// How its steps are compiled.
    const STEPS: Steps = Steps::UpTo(1);

    /// Steps in an iteration.
    fn steps(&self) -> u32 {
        1
    }

    /// The constants of neuron `i`.
    fn cell(&self, i: usize, step: Step) -> Self::Cell;

    /// The rates (1/ms) at which the membrane potential and the slowest of the other variables of neuron `i` relax; none
    /// where that is up to the state. In steps that are small beside it the rests below the last place are carried.
    fn rates(&self, i: usize) -> [Option<f64>; 2] {
        let _ = i;
        [None; 2]
    }

    /// The iterations for which a neuron is refractory after one in which it fired.
    fn refractory(cell: Self::Cell) -> Real {
        let _ = cell;
        0.0
    }

    /// The constants with a threshold that has moved, for models that take shifts.
    #[must_use]
    fn shifted(cell: Self::Cell, shift: Real) -> Self::Cell {
        let _ = shift;
        cell
    }

    /// What comes before the steps of an iteration, of `h` (ms) each; and whether the neuron fires by it, which
    /// [`FIRES_AT_BEGIN`](Self::FIRES_AT_BEGIN) says.
    #[inline(always)]
    fn begin<X: Carried>(cell: Self::Cell, state: Values<Self, X>, h: Real) -> (Values<Self, X>, bool) {
        let _ = (cell, h);
        (state, false)
    }

    /// A step: the state after it, and whether the neuron fires in it. Plain arithmetic, so that it runs on many neurons at
    /// once; `#[inline(always)]` for the same reason.
    fn step<X: Carried>(cell: Self::Cell, state: Values<Self, X>, drive: impl Drive, at: At)
    -> (Values<Self, X>, bool);

    /// What comes after the steps; `fires` tells whether the neuron has fired so far, the result whether it has in all.
    #[inline(always)]
    fn end<X: Carried>(cell: Self::Cell, state: Values<Self, X>, fires: bool) -> (Values<Self, X>, bool) {
        let _ = cell;
        (state, fires)
    }
}

/// The variables of a neuron, in the order of [`NeuronModel::State`]: `[X; 2]` for two.
pub type Values<M, X> = <<M as NeuronModel>::State as States>::Values<X>;

/// How the steps of an iteration are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// An iteration is a single step, whatever [`NeuronModel::steps`] says: all of a neuron's iteration in one piece.
    One,
    /// All of a neuron's iteration in one piece if it has no more than so many steps, 2 at most; else one after another, of all
    /// neurons of a block. In one piece is faster where a step is a few operations, and not where registers run short.
    UpTo(u32),
}

/// Where in an iteration a step is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At {
    /// Its length (ms).
    pub h: Real,
    /// Whether it is the last one of the iteration.
    pub last: bool,
    /// Whether the neuron is refractory, or has fired in the iteration.
    pub held: bool,
}

/// What reaches a neuron in an iteration.
pub trait Drive: Copy {
    /// The sum of currents, in the unit of the model.
    fn input(&self) -> Real;

    /// The sum of the conductances that are open, where there may be any; with the input the current is input − conductance · v.
    fn conductance(&self) -> Option<Real>;

    /// The jump of the membrane potential at the start of the iteration, where there may be one.
    fn jump(&self) -> Option<Real>;

    /// (exp(x) − 1) / x; see [`NeuronModel::EXPONENT`].
    fn mean_exp(&self, x: Real) -> Real;
}

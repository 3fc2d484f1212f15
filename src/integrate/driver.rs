//! What drives the neuron models: one system for each, which is the same. It deals neurons out to threads and blocks, and
//! compiles the step of a model for what reaches its neurons and for what is the same in all of them.

use std::{iter, ops::Range};

use bevy_app::App;
use bevy_ecs::{component::RequiredComponentsError, prelude::*};

use super::{
    drives::DriveColumns,
    model::{At, Drive, NeuronModel, Steps, Values},
    refractory::RefractoryLeft,
    states::{Spike, States},
};
use crate::{
    network::{
        Cell, Cells, CellsOf, Clock, Failures, Input, RegisterState, RegisterVariable, Spikes, Step, ThreadShares,
        residues::Residues,
    },
    numeric::{
        Real,
        blocks::BLOCK,
        carried::{Carried, WithRest},
        dispatch,
        exp::{greatest, is_near_zero, mean_exp, mean_exp_near_zero},
        pass::{Pass, pass},
        rarely,
    },
    schedule::{AddToStage, Stage},
};

/// Adds neuron models.
pub trait AddModel {
    /// For the [`plugin`](crate::network::Behaviour::plugin) of a model: its columns come with it, and its system runs in the
    /// integrate stage.
    fn add_model<M: NeuronModel>(&mut self) -> &mut Self;
}

impl AddModel for App {
    fn add_model<M: NeuronModel>(&mut self) -> &mut Self {
        M::State::register(self);
        if M::REFRACTORY {
            self.register_variable::<RefractoryLeft>();
        }
        self.register_state::<Residues>();
        if require::<M>(self.world_mut()).is_err() {
            let why = "there are groups of this model already, without what it needs: add its plugin before them";
            self.world_mut().get_resource_or_init::<Failures>().push(M::short_type_path(), why);
        }
        self.add_behaviour_system::<M, _>(Stage::Integrate, integrate::<M>)
    }
}

/// On a group with a neuron model, whichever: brings what all of them need.
#[derive(Component, Clone, Copy, Debug, Default)]
#[require(Input, Spikes, Residues)]
struct Modelled;

/// Has every group of a model have what the model needs.
fn require<M: NeuronModel>(world: &mut World) -> Result<(), RequiredComponentsError> {
    M::State::require::<M>(world)?;
    if M::State::NUMBER > Residues::VARIABLES {
        world.try_register_required_components_with::<M, Residues>(|| Residues::of(M::State::NUMBER))?;
    }
    world.try_register_required_components::<M, Modelled>()?;
    M::Takes::require::<M>(world)?;
    if M::REFRACTORY {
        world.try_register_required_components::<M, RefractoryLeft>()?;
    }
    Ok(())
}

/// What a group of a model has.
type Group<M> = (
    Entity,
    Ref<'static, M>,
    <<M as NeuronModel>::State as States>::Components,
    Option<&'static mut RefractoryLeft>,
    &'static Input,
    <<M as NeuronModel>::Takes as DriveColumns>::Components,
    &'static mut Cells,
    &'static mut Residues,
    &'static mut Spikes,
    &'static ThreadShares,
);

fn integrate<M: NeuronModel>(mut groups: Query<Group<M>>, clock: Res<Clock>) {
    let mut overdue = Vec::new();
    pass(|pass| {
        for (group, model, state, left, input, forms, cells, residues, mut spikes, shares) in &mut groups {
            let (changed, model) = (model.is_changed(), model.into_inner());
            let (step, neurons) = (Step::of(&clock, model.steps()), spikes.fired().len());
            let counted = spikes.take_counted();
            let rates = |i| model.rates(i);
            let rests = residues.into_inner().rests(model, changed, step, (M::State::NUMBER, neurons), &rates);
            let cells = cells.into_inner().of(model, changed, (step, neurons), |i| model.cell(i, step));
            let left = left.map_or(&mut [][..], |left| &mut left.into_inner().0[..]);
            let state = M::State::columns(state);
            if let (true, Some(counted)) = (M::FIRES_AT_BEGIN, counted) {
                overdue.push((group, put_above::<M>((&state, shares.0.range(neurons)), cells, &counted, step)));
            }
            let columns = (state, left, (&input.0[..], M::Takes::columns(forms)), cells);
            if let Some(rests) = rests {
                carry::<M>(pass, spikes.into_inner(), shares, (columns, M::State::collect(rests)), step);
                continue;
            }
            let kernel = move |(state, left, reaching, cells): Handed<'_, M>, fired: &mut [u8]| {
                let columns = (state, M::State::collect(iter::empty()), (fired, left));
                dispatch(
                    #[inline(always)]
                    || advance::<M, Real>(columns, reaching, cells, step),
                );
            };
            spikes.into_inner().by_blocks(M::EFFORT, pass, shares, columns, kernel);
        }
    });
    if !M::FIRES_AT_BEGIN {
        return;
    }
    for (group, neurons) in overdue.iter().filter(|(_, neurons)| !neurons.is_empty()) {
        if let Ok((.., mut spikes, _)) = groups.get_mut(*group) {
            spikes.add_neurons(neurons);
        }
    }
}

/// The neurons that somebody has put above the potential at which their model resets them: that is a spike of theirs, unless they
/// fired in the last iteration, and were `counted` then.
#[cold]
fn put_above<M: NeuronModel>(
    (state, neurons): (&<M::State as States>::Columns<'_>, Range<usize>),
    cells: CellsOf<'_, M::Cell>,
    counted: &[u32],
    step: Step,
) -> Vec<u32> {
    let cell = |i: usize| match cells {
        CellsOf::Each(each) => M::Cell::read(each, 0)(i),
        CellsOf::Alike(cell) => cell,
    };
    let is_reset = |i: &usize| M::begin::<Real>(cell(*i), M::State::at(state, *i), step.h()).1;
    let neurons = neurons.filter(|i| counted.binary_search(&(*i as u32)).is_err()).filter(is_reset);
    neurons.map(|i| i as u32).collect()
}

/// The columns that a kernel is handed: variables, what is left of refractory periods, what reaches the neurons, constants.
type Handed<'a, M> = (
    <<M as NeuronModel>::State as States>::Columns<'a>,
    &'a mut [Real],
    Reaching<'a, M>,
    CellsOf<'a, <M as NeuronModel>::Cell>,
);

/// The same with rests below the last place, which is rare.
#[cold]
fn carry<'a, M: NeuronModel>(
    pass: &mut Pass<'a>,
    spikes: &'a mut Spikes,
    shares: &ThreadShares,
    columns: (Handed<'a, M>, <M::State as States>::Columns<'a>),
    step: Step,
) {
    spikes.by_blocks(M::EFFORT, pass, shares, columns, move |((state, left, reaching, cells), rests), fired| {
        rarely(
            #[inline(always)]
            || advance::<M, WithRest>((state, rests, (fired, left)), reaching, cells, step),
        );
    });
}

/// The variables of neurons, their rests below the last place or none; spikes, and what is left of refractory periods.
type Columns<'a, 'f, M> = (
    <<M as NeuronModel>::State as States>::Columns<'a>,
    <<M as NeuronModel>::State as States>::Columns<'a>,
    (&'f mut [u8], &'a mut [Real]),
);

/// Input, and what reaches neurons in other forms.
type Reaching<'a, M> = (&'a [Real], <<M as NeuronModel>::Takes as DriveColumns>::Columns<'a>);

/// One iteration, with constants that are the same for all neurons or not.
#[inline(always)]
fn advance<M: NeuronModel, X: Carried>(
    columns: Columns<'_, '_, M>,
    (input, forms): Reaching<'_, M>,
    cells: CellsOf<'_, M::Cell>,
    step: Step,
) {
    let reaching = (input, M::Takes::by_place(forms));
    if X::CARRIES {
        // Rests are rare: compiled once, wherever the constants come from.
        let (own, same);
        let cell: &dyn Fn(usize) -> M::Cell = match cells {
            CellsOf::Each(each) => {
                own = M::Cell::read(each, 0);
                &own
            }
            CellsOf::Alike(cell) => {
                same = alike(cell);
                &same
            }
        };
        return shifted::<M, X, false>(columns, reaching, cell, step);
    }
    let conducts = M::Takes::TAKEN[0] && !reaching.1[0].is_empty();
    match cells {
        CellsOf::Each(each) => shifted::<M, X, false>(columns, reaching, M::Cell::read(each, 0), step),
        // In steps of 0.1 ms a conductance seldom takes v further than half of its way.
        CellsOf::Alike(cell) if conducts && is_near_zero(M::exponent(cell, greatest(reaching.1[0]))) => {
            shifted::<M, X, true>(columns, reaching, alike(cell), step);
        }
        CellsOf::Alike(cell) => shifted::<M, X, false>(columns, reaching, alike(cell), step),
    }
}

#[inline(always)]
fn alike<C: Copy>(cell: C) -> impl Fn(usize) -> C + Copy {
    #[inline(always)]
    move |_| cell
}

/// Shifts come in through the constants, so that the kernels below are the same without them.
#[inline(always)]
fn shifted<M: NeuronModel, X: Carried, const NEAR: bool>(
    columns: Columns<'_, '_, M>,
    (input, [conductance, jump, shift]): (&[Real], [&[Real]; 3]),
    cell: impl Fn(usize) -> M::Cell + Copy,
    step: Step,
) {
    let n = columns.2.0.len();
    // What is absent is zero where rests are carried, for the same reason.
    let [conductance, jump, shift] =
        [conductance, jump, shift].map(|column| if X::CARRIES && column.is_empty() { &ZEROS } else { column });
    let drives = [&input[..n], conductance, jump];
    if !M::Takes::TAKEN[2] || !X::CARRIES && shift.is_empty() {
        return driven::<M, X, NEAR>(columns, drives, cell, step);
    }
    let shift = &shift[..n];
    driven::<M, X, NEAR>(
        columns,
        drives,
        #[inline(always)]
        move |i| M::shifted(cell(i), shift[i]),
        step,
    );
}

/// Zeros for all neurons of a block.
static ZEROS: [Real; BLOCK] = [0.0; BLOCK];

/// With conductances, with jumps, or without.
#[inline(always)]
fn driven<M: NeuronModel, X: Carried, const NEAR: bool>(
    columns: Columns<'_, '_, M>,
    drives: [&[Real]; 3],
    cell: impl Fn(usize) -> M::Cell + Copy,
    step: Step,
) {
    let n = columns.2.0.len();
    let conductances = NEAR || M::Takes::TAKEN[0] && (X::CARRIES || !drives[1].is_empty());
    let jumps = M::Takes::TAKEN[1] && (X::CARRIES || !drives[2].is_empty());
    match (conductances, jumps) {
        (false, false) => iterate::<M, X, _>(columns, drive::<NEAR, false, false>(drives, n), cell, step),
        (true, false) => iterate::<M, X, _>(columns, drive::<NEAR, true, false>(drives, n), cell, step),
        (false, true) => iterate::<M, X, _>(columns, drive::<NEAR, false, true>(drives, n), cell, step),
        (true, true) => iterate::<M, X, _>(columns, drive::<NEAR, true, true>(drives, n), cell, step),
    }
}

/// What reaches each of `n` neurons.
#[inline(always)]
fn drive<const NEAR: bool, const CONDUCTANCE: bool, const JUMP: bool>(
    [input, conductance, jump]: [&[Real]; 3],
    n: usize,
) -> impl Fn(usize) -> Driven<NEAR> + Copy {
    let conductance = &conductance[..if CONDUCTANCE { n } else { 0 }];
    let jump = &jump[..if JUMP { n } else { 0 }];
    #[inline(always)]
    move |i| Driven {
        input: input[i],
        conductance: if CONDUCTANCE { Some(conductance[i]) } else { None },
        jump: if JUMP { Some(jump[i]) } else { None },
    }
}

/// What reaches a neuron; where conductances are `NEAR` zero for all of them, means of exponentials are polynomials.
#[derive(Clone, Copy)]
struct Driven<const NEAR: bool> {
    input: Real,
    conductance: Option<Real>,
    jump: Option<Real>,
}

impl<const NEAR: bool> Drive for Driven<NEAR> {
    #[inline(always)]
    fn input(&self) -> Real {
        self.input
    }

    #[inline(always)]
    fn conductance(&self) -> Option<Real> {
        self.conductance
    }

    #[inline(always)]
    fn jump(&self) -> Option<Real> {
        self.jump
    }

    #[inline(always)]
    fn mean_exp(&self, x: Real) -> Real {
        if NEAR { mean_exp_near_zero(x) } else { mean_exp(x) }
    }
}

/// The iteration of all neurons: of each in one piece if it has few steps, else step by step.
#[inline(always)]
fn iterate<M: NeuronModel, X: Carried, D: Drive>(
    columns: Columns<'_, '_, M>,
    drive: impl Fn(usize) -> D + Copy,
    cell: impl Fn(usize) -> M::Cell + Copy,
    step: Step,
) {
    match (M::STEPS, step.steps) {
        (Steps::One, _) => whole::<M, X, D, 1>(columns, drive, cell, step.h()),
        // Of those who carry rests, which are rare, one form is compiled.
        (Steps::UpTo(1 | 2), 1) if !X::CARRIES => whole::<M, X, D, 1>(columns, drive, cell, step.h()),
        (Steps::UpTo(2), 2) if !X::CARRIES => whole::<M, X, D, 2>(columns, drive, cell, step.h()),
        _ => by_steps::<M, X, D>(columns, drive, cell, step),
    }
}

/// Iterations of so many steps, a number that is known when the kernel is compiled: a loop within the loop over neurons keeps
/// the latter from being vectorised.
#[inline(always)]
fn whole<M: NeuronModel, X: Carried, D: Drive, const STEPS: u32>(
    columns: Columns<'_, '_, M>,
    drive: impl Fn(usize) -> D + Copy,
    cell: impl Fn(usize) -> M::Cell + Copy,
    h: Real,
) {
    walk::<M, X>(
        columns,
        #[inline(always)]
        move |i, state, spike| {
            let (cell, drive) = (cell(i), drive(i));
            let (mut state, mut spike) = begin::<M, X>(cell, state, spike, h);
            for k in 0..STEPS {
                (state, spike) = take_step::<M, X>(cell, state, spike, drive, (h, k + 1 == STEPS));
            }
            end::<M, X>(cell, state, spike)
        },
    );
}

/// Iterations of any number of steps.
#[inline(always)]
fn by_steps<M: NeuronModel, X: Carried, D: Drive>(
    (mut state, mut rests, (fired, left)): Columns<'_, '_, M>,
    drive: impl Fn(usize) -> D + Copy,
    cell: impl Fn(usize) -> M::Cell + Copy,
    step: Step,
) {
    let h = step.h();
    macro_rules! columns {
        () => {
            (M::State::again(&mut state), M::State::again(&mut rests), (&mut *fired, &mut *left))
        };
    }
    walk::<M, X>(
        columns!(),
        #[inline(always)]
        move |i, state, spike| begin::<M, X>(cell(i), state, spike, h),
    );
    for k in 1..=step.steps {
        let at = (h, k == step.steps);
        walk::<M, X>(
            columns!(),
            #[inline(always)]
            move |i, state, spike| take_step::<M, X>(cell(i), state, spike, drive(i), at),
        );
    }
    walk::<M, X>(
        columns!(),
        #[inline(always)]
        move |i, state, spike| end::<M, X>(cell(i), state, spike),
    );
}

#[inline(always)]
fn walk<M: NeuronModel, X: Carried>(
    (state, rests, spikes): Columns<'_, '_, M>,
    step: impl Fn(usize, Values<M, X>, Spike) -> (Values<M, X>, Spike),
) {
    if M::REFRACTORY {
        M::State::walk::<X, true>(state, rests, spikes, step);
    } else {
        M::State::walk::<X, false>(state, rests, spikes, step);
    }
}

#[inline(always)]
fn begin<M: NeuronModel, X: Carried>(
    cell: M::Cell,
    state: Values<M, X>,
    spike: Spike,
    h: Real,
) -> (Values<M, X>, Spike) {
    let (state, fired) = M::begin(cell, state, h);
    (state, Spike { fired, ..spike })
}

#[inline(always)]
fn take_step<M: NeuronModel, X: Carried>(
    cell: M::Cell,
    state: Values<M, X>,
    spike: Spike,
    drive: impl Drive,
    (h, last): (Real, bool),
) -> (Values<M, X>, Spike) {
    let held = (spike.left > 0.0) | spike.fired;
    let (state, fires) = M::step(cell, state, drive, At { h, last, held });
    (state, Spike { fired: spike.fired | fires, ..spike })
}

/// Who fired begins to be refractory, the others count on.
#[inline(always)]
fn end<M: NeuronModel, X: Carried>(cell: M::Cell, state: Values<M, X>, spike: Spike) -> (Values<M, X>, Spike) {
    let (state, fired) = M::end(cell, state, spike.fired);
    let waited = if spike.left > 0.0 { spike.left - 1.0 } else { 0.0 };
    (state, Spike { fired, left: if fired { M::refractory(cell) } else { waited } })
}

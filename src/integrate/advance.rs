//! The kernel of a neuron model: an iteration of the neurons of a block. It is compiled once for each combination of what can
//! reach neurons of the model, and of what can be the same in all of them, and not for others: a condition that is known of the
//! model stands in a `const` block of its own, without which what never runs would be compiled, too (three quarters of it).

use super::{
    drives::DriveColumns,
    model::{At, Drive, NeuronModel, Steps, Values},
    states::{Spike, States},
};
use crate::{
    network::{Cell, CellsOf, Step},
    numeric::{
        Real,
        blocks::BLOCK,
        carried::Carried,
        exp::{greatest, is_near_zero, mean_exp, mean_exp_near_zero},
    },
};

/// The variables of neurons, their rests below the last place or none; spikes, and what is left of refractory periods.
type Columns<'a, 'f, M> = (
    <<M as NeuronModel>::State as States>::Columns<'a>,
    <<M as NeuronModel>::State as States>::Columns<'a>,
    (&'f mut [u8], &'a mut [Real]),
);

/// Input, and what reaches neurons in other forms.
pub(super) type Reaching<'a, M> = (&'a [Real], <<M as NeuronModel>::Takes as DriveColumns>::Columns<'a>);

/// Input, conductances, jumps.
type Drives<'a> = [&'a [Real]; 3];

/// One iteration, with constants that are the same for all neurons or not.
#[inline(always)]
pub(super) fn advance<M: NeuronModel, X: Carried>(
    columns: Columns<'_, '_, M>,
    (input, forms): Reaching<'_, M>,
    cells: CellsOf<'_, M::Cell>,
    step: Step,
) {
    let [conductance, jump, shift] = M::Takes::by_place(forms);
    let drives = [input, conductance, jump];
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
        return shifted::<M, X, false>(columns, drives, shift, cell, step);
    }
    let cell = match cells {
        CellsOf::Each(each) => {
            return shifted::<M, X, false>(columns, drives, shift, M::Cell::read(each, 0), step);
        }
        CellsOf::Alike(cell) => cell,
    };
    if const { M::Takes::TAKEN[0] && M::EXPONENT.is_some() } {
        // In steps of 0.1 ms a conductance seldom takes v further than half of its way.
        let near = |exponent: fn(M::Cell, Real) -> Real| is_near_zero(exponent(cell, greatest(conductance)));
        if !conductance.is_empty() && M::EXPONENT.is_some_and(near) {
            return shifted::<M, X, true>(columns, drives, shift, alike(cell), step);
        }
    }
    shifted::<M, X, false>(columns, drives, shift, alike(cell), step);
}

#[inline(always)]
fn alike<C: Copy>(cell: C) -> impl Fn(usize) -> C + Copy {
    #[inline(always)]
    move |_| cell
}

/// Shifts come in through the constants, so that the kernels below are the same without them. Where there are none nothing is added,
/// which takes LIF neurons that differ 6 % more time.
#[inline(always)]
fn shifted<M: NeuronModel, X: Carried, const NEAR: bool>(
    columns: Columns<'_, '_, M>,
    drives: Drives<'_>,
    shift: &[Real],
    cell: impl Fn(usize) -> M::Cell + Copy,
    step: Step,
) {
    if const { !M::Takes::TAKEN[2] } {
        return iterate::<M, X, NEAR>(columns, drives, cell, step);
    }
    if const { !X::CARRIES } && shift.is_empty() {
        return iterate::<M, X, NEAR>(columns, drives, cell, step);
    }
    let shift = &or_zeros(shift)[..columns.2.0.len()];
    iterate::<M, X, NEAR>(
        columns,
        drives,
        #[inline(always)]
        move |i| M::shifted(cell(i), shift[i]),
        step,
    );
}

/// Zeros for all neurons of a block.
static ZEROS: [Real; BLOCK] = [0.0; BLOCK];

/// What is absent is zero.
#[inline(always)]
fn or_zeros(column: &[Real]) -> &[Real] {
    if column.is_empty() { &ZEROS } else { column }
}

/// The iteration of all neurons: of each in one piece if it has few steps, else step by step.
#[inline(always)]
fn iterate<M: NeuronModel, X: Carried, const NEAR: bool>(
    (mut state, mut rests, (fired, left)): Columns<'_, '_, M>,
    drives: Drives<'_>,
    cell: impl Fn(usize) -> M::Cell + Copy,
    step: Step,
) {
    let h = step.h();
    macro_rules! columns {
        () => {
            (M::State::again(&mut state), M::State::again(&mut rests), (&mut *fired, &mut *left))
        };
    }
    if const { matches!(M::STEPS, Steps::One) } {
        return driven::<M, X, NEAR, 1>(columns!(), drives, cell, (h, true));
    }
    // Of those who carry rests, which are rare, one form is compiled.
    if const { matches!(M::STEPS, Steps::UpTo(1 | 2)) && !X::CARRIES } && step.steps == 1 {
        return driven::<M, X, NEAR, 1>(columns!(), drives, cell, (h, true));
    }
    if const { matches!(M::STEPS, Steps::UpTo(2)) && !X::CARRIES } && step.steps == 2 {
        return driven::<M, X, NEAR, 2>(columns!(), drives, cell, (h, true));
    }
    walk::<M, X>(
        columns!(),
        #[inline(always)]
        move |i, state, spike| begin::<M, X>(cell(i), state, spike, h),
    );
    for k in 1..=step.steps {
        driven::<M, X, NEAR, 0>(columns!(), drives, cell, (h, k == step.steps));
    }
    walk::<M, X>(
        columns!(),
        #[inline(always)]
        move |i, state, spike| end::<M, X>(cell(i), state, spike),
    );
}

/// With conductances or without: an iteration of so many `STEPS`, or 0 for one step of several.
#[inline(always)]
fn driven<M: NeuronModel, X: Carried, const NEAR: bool, const STEPS: u32>(
    columns: Columns<'_, '_, M>,
    drives: Drives<'_>,
    cell: impl Fn(usize) -> M::Cell + Copy,
    at: (Real, bool),
) {
    if const { !M::Takes::TAKEN[0] } {
        return jumping::<M, X, NEAR, STEPS, false>(columns, drives, cell, at);
    }
    if const { !NEAR && !X::CARRIES && M::WITHOUT_CONDUCTANCES } && drives[1].is_empty() {
        return jumping::<M, X, NEAR, STEPS, false>(columns, drives, cell, at);
    }
    jumping::<M, X, NEAR, STEPS, true>(columns, drives, cell, at);
}

/// With jumps or without.
#[inline(always)]
fn jumping<M: NeuronModel, X: Carried, const NEAR: bool, const STEPS: u32, const CONDUCTANCE: bool>(
    columns: Columns<'_, '_, M>,
    drives: Drives<'_>,
    cell: impl Fn(usize) -> M::Cell + Copy,
    at: (Real, bool),
) {
    let n = columns.2.0.len();
    if const { !M::Takes::TAKEN[1] } {
        return walk_through::<M, X, _, STEPS>(columns, drive::<NEAR, CONDUCTANCE, false>(drives, n), cell, at);
    }
    if const { !X::CARRIES } && drives[2].is_empty() {
        return walk_through::<M, X, _, STEPS>(columns, drive::<NEAR, CONDUCTANCE, false>(drives, n), cell, at);
    }
    walk_through::<M, X, _, STEPS>(columns, drive::<NEAR, CONDUCTANCE, true>(drives, n), cell, at);
}

/// What reaches each of `n` neurons.
#[inline(always)]
fn drive<const NEAR: bool, const CONDUCTANCE: bool, const JUMP: bool>(
    [input, conductance, jump]: Drives<'_>,
    n: usize,
) -> impl Fn(usize) -> Driven<NEAR> + Copy {
    let input = &input[..n];
    let conductance = if CONDUCTANCE { &or_zeros(conductance)[..n] } else { &[] };
    let jump = if JUMP { &or_zeros(jump)[..n] } else { &[] };
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

/// Iterations of so many steps, a number that is known when the kernel is compiled: a loop within the loop over neurons keeps
/// the latter from being vectorised. Of 0 steps: one step of several.
#[inline(always)]
fn walk_through<M: NeuronModel, X: Carried, D: Drive, const STEPS: u32>(
    columns: Columns<'_, '_, M>,
    drive: impl Fn(usize) -> D + Copy,
    cell: impl Fn(usize) -> M::Cell + Copy,
    (h, last): (Real, bool),
) {
    if const { STEPS == 0 } {
        return walk::<M, X>(
            columns,
            #[inline(always)]
            move |i, state, spike| take_step::<M, X>(cell(i), state, spike, drive(i), (h, last)),
        );
    }
    walk::<M, X>(
        columns,
        #[inline(always)]
        move |i, state, spike| {
            let (cell, drive) = (cell(i), drive(i));
            let (mut state, mut spike) = begin::<M, X>(cell, state, spike, h);
            // An inclusive range is not unrolled, and with it the loop around is not vectorised: twenty times slower.
            for k in 0..STEPS {
                (state, spike) = take_step::<M, X>(cell, state, spike, drive, (h, k + 1 == STEPS));
            }
            end::<M, X>(cell, state, spike)
        },
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

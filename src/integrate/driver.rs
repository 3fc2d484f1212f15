//! What drives the neuron models: one system for each, which is the same. It deals neurons out to threads and blocks; what becomes
//! of a block is the business of the [kernel](super::advance).

use std::{iter, ops::Range};

use bevy_app::App;
use bevy_ecs::{component::RequiredComponentsError, prelude::*};

use super::{
    advance::{Reaching, advance},
    drives::DriveColumns,
    model::NeuronModel,
    refractory::RefractoryLeft,
    states::States,
};
use crate::{
    network::{
        Cell, Cells, CellsOf, Clock, Failures, Input, RegisterState, RegisterVariable, Spikes, Step, ThreadShares,
        residues::Residues,
    },
    numeric::{
        Real,
        carried::WithRest,
        dispatch,
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

//! What runs of receptors by equations: their programs, which write into the sums of their groups; group by group, in the order of
//! the receptors.

use bevy_ecs::prelude::*;

use super::{
    EquationVariables,
    names::{Names, of_parameter},
    reads::Read,
    receptor::EquationsReceptor,
    running::remark,
};
use crate::{
    equations::{
        Fixed, Lowered, Membranous, Part, ReceptorModel, Rows, RunnableReceptor, Source, Surroundings, WEIGHT, When,
        Wrong,
    },
    network::{
        Arriving, Birth, Clock, Conductance, Failures, Input, Jump, Membrane, Preparation, PrepareError, Receptors,
        Remark, ThreadShares, V, receptor::ByGroup, sample::Outside,
    },
    numeric::{Real, blocks::Cut, pass::pass, shares::Effort},
};

/// What runs.
#[derive(Component, Clone, Debug, Default)]
pub struct Receiving {
    model: ReceptorModel,
    names: Names,
    /// For a step (ms) and a number of neurons, and a membrane or none.
    made: Option<((f64, usize, bool), RunnableReceptor)>,
    rows: Rows,
}

impl Receiving {
    /// What a receptor comes to.
    pub fn new(
        receptor: &EquationsReceptor,
        model: ReceptorModel,
        preparation: &Preparation<'_>,
        outside: &Outside,
    ) -> Result<Self, PrepareError> {
        let is_own = |name: &str| {
            model.model.statements.iter().any(|statement| statement.name == name)
                || ["v", WEIGHT].contains(&name)
                || receptor.parameters.contains_key(name)
        };
        let names = Names::new(model.expressions(), &is_own, preparation, outside);
        let mut receiving = Self { model, names, ..Self::default() };
        let size = (preparation.clock().dt, preparation.members());
        let made = receiving.make(receptor, size, None);
        let made = made.map_err(|(part, error): Wrong| preparation.fault(part.field(), error.into()))?;
        receiving.made = Some(((size.0, size.1, false), made));
        Ok(receiving)
    }

    fn make(
        &self,
        receptor: &EquationsReceptor,
        (dt, members): (f64, usize),
        membrane: Option<&Membrane>,
    ) -> Result<RunnableReceptor, Wrong> {
        let sums = [WEIGHT.to_owned()];
        let number = |name: &str| self.names.number(&receptor.parameters, members, name);
        let around = Surroundings {
            dt,
            steps: 1,
            method: receptor.method,
            when: When::While,
            refractory: Fixed::Number(0.0),
            members,
            neurons: self.names.neurons,
            number: &number,
            known: self.names.with(receptor.parameters.keys().chain(&sums)),
            array: &|file| self.names.array(file),
            sites: &[],
            potential: true,
            shift: false,
            sums: &sums,
        };
        let membranous = Membranous {
            reversal: receptor.reversal.as_ref().map(|reversal| of_parameter(reversal, members)),
            tau: membrane.map(|membrane| of_parameter(&membrane.tau, members)),
        };
        self.model.runnable(&around, &membranous)
    }

    /// What is said of it.
    pub fn remark(&self) -> Option<Remark> {
        self.made.as_ref().map(|(_, made)| remark(&self.model.model, made.method, &made.lowered))
    }

    /// Brings the program up to date, and the numbers of an iteration.
    fn begin(
        &mut self,
        receptor: &Ref<'_, EquationsReceptor>,
        size: (f64, usize),
        membrane: Option<&Ref<'_, Membrane>>,
        time: f64,
    ) -> Result<(), Wrong> {
        let of = (size.0, size.1, membrane.is_some());
        let changed = receptor.is_changed() || membrane.is_some_and(Ref::is_changed);
        if changed || self.made.as_ref().is_none_or(|(made, _)| *made != of) {
            self.made = Some((of, self.make(receptor, size, membrane.map(|membrane| &**membrane))?));
            self.rows = Rows::default();
        }
        let Some((_, made)) = &mut self.made else { return Ok(()) };
        self.rows.begin(&mut made.lowered, &made.timed, time);
        Ok(())
    }
}

/// What a group, or a compartment, offers to its receptors.
type Offers = (
    &'static mut Input,
    (Option<&'static mut Conductance>, Option<&'static mut Jump>),
    (Option<Ref<'static, Membrane>>, Option<&'static V>),
    (&'static Receptors, &'static ThreadShares, Option<&'static Birth>),
);

/// What a receptor has.
type ReceptorItem = (
    Entity,
    Ref<'static, EquationsReceptor>,
    &'static mut Receiving,
    &'static mut EquationVariables,
    &'static mut Arriving,
);

pub(super) fn receive(
    mut groups: Query<Offers>,
    mut receptors: Query<ReceptorItem>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    let mut receptors = ByGroup::new(&mut receptors, |found| found.0);
    pass(|pass| {
        for (input, (open, jump), (membrane, v), (own, ThreadShares(shares), birth)) in &mut groups {
            let input = &mut input.into_inner().0[..];
            let neurons = input.len();
            let mut given = Given {
                input,
                open: open.map_or(&mut [], |open| &mut open.into_inner().sum),
                jump: jump.map_or(&mut [], |jump| &mut jump.into_inner().sum),
                v: v.map_or(&[], |v| &v.0),
            };
            let (size, time) = ((clock.dt, neurons), clock.since(birth).time());
            let mut ready = |entity: Entity, receptor: &Ref<'_, EquationsReceptor>, receiving: &mut Receiving| {
                let begun = receiving.begin(receptor, size, membrane.as_ref(), time);
                let told = begun.map_err(|(part, error)| {
                    failures.push_at(entity, format!("EquationsReceptor.{}", part.field()), error);
                });
                told.is_ok()
            };
            if shares.cut(neurons, Effort::Heavy) {
                let own = receptors.take(own, |(entity, receptor, receiving, columns, arriving)| {
                    let receiving = receiving.into_inner();
                    let ready = ready(entity, &receptor, receiving);
                    ready.then(|| Own::new(receiving, columns.into_inner(), arriving.into_inner())).flatten()
                });
                pass.by_shares(shares, neurons, (own, given), |_, (own, mut given)| {
                    own.into_iter().for_each(|own| own.run(&mut given));
                });
            } else {
                receptors.by_twos(own, |found| {
                    for (entity, receptor, receiving, columns, arriving) in found {
                        if ready(*entity, receptor, receiving)
                            && let Some(own) = Own::new(receiving, columns, arriving)
                        {
                            own.run(&mut given);
                        }
                    }
                });
            }
        }
    });
}

/// What receptors give to.
struct Given<'a> {
    input: &'a mut [Real],
    open: &'a mut [Real],
    jump: &'a mut [Real],
    v: &'a [Real],
}

impl Cut for Given<'_> {
    fn cut(self, at: usize) -> (Self, Self) {
        let (head, tail) = (self.input, self.open, self.jump, self.v).cut(at);
        let given = |(input, open, jump, v)| Given { input, open, jump, v };
        (given(head), given(tail))
    }
}

/// What one receptor has of its own, and to what it gives: input, conductance, jumps.
struct Own<'a> {
    lowered: &'a Lowered,
    gives: [bool; 3],
    columns: Vec<&'a mut [Real]>,
    reads: Vec<Read<'a>>,
    arriving: &'a mut [Real],
}

impl Cut for Own<'_> {
    fn cut(self, at: usize) -> (Self, Self) {
        let Self { lowered, gives, .. } = self;
        let (head, tail) = (self.columns, self.reads, self.arriving).cut(at);
        let own = |(columns, reads, arriving)| Own { lowered, gives, columns, reads, arriving };
        (own(head), own(tail))
    }
}

impl<'a> Own<'a> {
    fn new(receiving: &'a Receiving, columns: &'a mut EquationVariables, arriving: &'a mut Arriving) -> Option<Self> {
        let Receiving { model, made, rows, .. } = receiving;
        let RunnableReceptor { lowered, sources, .. } = &made.as_ref()?.1;
        let read = |place: &u16| match sources[usize::from(*place)] {
            Source::Timed(k) => Read::Column(rows.row(k)),
            other => Read::Of(other),
        };
        let fixed = lowered.fixed.iter().map(|numbers| Read::Column(numbers));
        let reads = lowered.read.iter().map(read).chain(fixed).collect();
        let [current, open, jump] = [Part::Current, Part::Conductance, Part::Jump].map(|part| model.gives(part));
        arriving.any = false;
        let (columns, arriving) = (columns.columns_mut().collect(), &mut arriving.sums[..]);
        Some(Self { lowered, gives: [current || open, open, jump], columns, reads, arriving })
    }

    /// A step; nothing happens while a column has another length, since its group waits to be prepared again.
    fn run(self, given: &mut Given<'_>) {
        let Self { lowered, gives, columns, reads, arriving } = self;
        let mut columns: Vec<&mut [Real]> = columns;
        let n = given.input.len();
        let sums = [&mut *given.input, &mut *given.open, &mut *given.jump];
        columns.extend(sums.into_iter().zip(gives).filter(|(_, given)| *given).map(|(sum, _)| sum));
        let mut inputs: Vec<&[Real]> = Vec::with_capacity(reads.len());
        inputs.extend(reads.iter().map(|read| match read {
            Read::Column(numbers) => numbers,
            Read::Of(Source::Sum(_)) => &*arriving,
            Read::Of(_) => given.v,
        }));
        let fits = columns.iter().all(|column| column.len() == n) && inputs.iter().all(|input| input.len() == n);
        if fits {
            lowered.program.run_unmarked(&mut columns, &inputs, lowered.lines(), n);
        }
        arriving.fill(0.0);
    }
}

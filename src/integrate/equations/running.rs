//! What runs of a behaviour with equations: its program for what may reach the neurons, made anew when that, a parameter or the step
//! changes; and the random streams of its noise.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use bevy_ecs::prelude::*;

use super::{Equations, refractory};
use crate::{
    equations::{Fixed, Model, Runnable, Site, Source, Surroundings, Wrong, runnable},
    network::{
        Membrane, Parameter, Preparation, PrepareError, Remark, State, compartment::compartment_named, sample::Outside,
    },
    numeric::{
        Archive, ArchiveError, Column, Real,
        blocks::BLOCK,
        real::{real, wide},
        stream::Stream,
        vector_rng::VectorRng,
    },
    value::{Array, ArraySource, Expression, Members},
};

/// What a program was made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct For {
    /// The iteration (ms).
    pub dt: f64,
    /// At which sites conductances may be open: a bit for each.
    pub conductance: u64,
    /// At which potentials may jump.
    pub jump: u64,
    /// Whether thresholds may move.
    pub shift: bool,
    /// How many neurons.
    pub members: usize,
}

/// Sites of a neuron, at most: a bit of [`For`] for each.
pub(super) const MOST_SITES: usize = 64;

/// Neurons that are tried with a step when a model is prepared.
const TRIED: usize = 1024;

/// A row of an array, and which it is.
type Row = (Option<usize>, Column<Real>);

/// What an iteration runs on.
pub(super) type On<'a> = ((&'a Model, &'a [String]), &'a Runnable, &'a [Row], &'a mut [VectorRng]);

/// What runs.
#[derive(Component, Clone, Debug, Default)]
pub struct Running {
    /// The model.
    model: Arc<Model>,
    /// The compartments besides the soma.
    compartments: Vec<String>,
    /// How many neurons there are.
    neurons: usize,
    /// Numbers behind names that are no parameters.
    others: BTreeMap<String, Fixed>,
    /// The names that there are besides.
    known: Vec<String>,
    arrays: HashMap<String, Arc<Array>>,
    made: Option<(For, Runnable)>,
    /// The rows of arrays that are due, one number for each neuron, and which they are.
    rows: Vec<Row>,
    /// The random streams: of each noise, one per block of neurons.
    streams: Vec<VectorRng>,
}

impl Running {
    /// What a behaviour comes to, tried with all that may reach its neurons.
    pub fn new(
        equations: &Equations,
        model: Model,
        preparation: &Preparation<'_>,
        outside: &Outside,
    ) -> Result<Self, PrepareError> {
        let neurons = preparation.shape().iter().product();
        let compartments = equations.compartments_in(&model);
        let known = outside.known();
        let mut running = Self { model: Arc::new(model), compartments, neurons, known, ..Self::default() };
        running.look_up(equations, outside);
        running.read_arrays(preparation);
        let dt = preparation.clock().dt;
        let members = preparation.members();
        let told = |(part, error): Wrong| preparation.fault(part.field(), error.into());
        let mut noises = 0;
        for (conductance, jump) in [(u64::MAX, u64::MAX), (u64::MAX, 0), (0, u64::MAX), (0, 0)] {
            // Of the last one all is kept.
            let members = if conductance | jump == 0 { members } else { members.min(TRIED) };
            let of = For { dt, conductance, jump, shift: conductance > 0, members };
            let made = running.make(equations, of).map_err(told)?;
            noises = noises.max(made.sources.iter().filter(|source| draws(**source)).count());
            running.made = Some((of, made));
        }
        if !preparation.is_trial() {
            let blocks = members.div_ceil(BLOCK);
            let stream: Stream = preparation.stream("noise");
            let of_noise = |noise| VectorRng::for_blocks(stream.of_event(noise as u64), blocks);
            running.streams = (0..noises).flat_map(of_noise).collect();
        }
        Ok(running)
    }

    /// Looks up the names in the equations that come from the scene and the group.
    fn look_up(&mut self, equations: &Equations, outside: &Outside) {
        let (model, sums) = (self.model.clone(), equations.sum_names());
        for (name, _) in model.expressions().flat_map(Expression::names) {
            let own = model.statements.iter().any(|statement| statement.name == name);
            if own
                || sums.iter().any(|sum| sum == name)
                || equations.parameters.contains_key(name)
                || self.others.contains_key(name)
            {
                continue;
            }
            if let Some(numbers) = outside.get(name) {
                self.others.insert(name.to_owned(), fixed(numbers));
            }
        }
    }

    fn read_arrays(&mut self, preparation: &Preparation<'_>) {
        let model = self.model.clone();
        let folder = preparation.folder();
        for file in model.expressions().flat_map(Expression::texts) {
            // Who cannot be read is told where it is used.
            if let Ok(array) = folder.load(file, None) {
                self.arrays.insert(file.to_owned(), array);
            }
        }
    }

    fn make(&self, equations: &Equations, of: For) -> Result<Runnable, Wrong> {
        let named = |name: &str| {
            let own = equations.parameters.get(name).map(|parameter| of_parameter(parameter, of.members));
            own.or_else(|| self.others.get(name).cloned())
        };
        let array = |file: &str| {
            let known = self.arrays.get(file).cloned();
            known.ok_or_else(|| format!("`{file}` cannot be read: it is no NumPy file in the folder of the scene"))
        };
        let iterations = |time: f64| wide(refractory::iterations(real(time), real(of.dt)));
        let refractory = match of_parameter(&equations.refractory, of.members) {
            Fixed::Number(time) => Fixed::Number(iterations(time)),
            Fixed::Each(times) => Fixed::Each(times.iter().map(|time| iterations(*time)).collect()),
        };
        let sums = equations.sum_names();
        let places = std::iter::once(None).chain(self.compartments.iter().cloned().map(Some)).enumerate();
        let sites: Vec<Site> = places
            .map(|(k, compartment)| Site {
                compartment,
                conductance: of.conductance >> k & 1 == 1,
                jump: of.jump >> k & 1 == 1,
            })
            .collect();
        let around = Surroundings {
            dt: of.dt,
            steps: equations.steps,
            method: equations.method,
            when: equations.when,
            refractory,
            members: of.members,
            neurons: self.neurons,
            number: &named,
            known: self.known.iter().chain(equations.parameters.keys()).chain(&sums).cloned().collect(),
            array: &array,
            sites: &sites,
            shift: of.shift,
            sums: &sums,
        };
        runnable(&self.model, &around)
    }

    /// The first variable, and neuron, that is no finite number after a step from where variables start, without input.
    pub fn not_finite(&self, start: &[(String, Members)]) -> Option<(String, usize)> {
        let (of, made) = self.made.as_ref()?;
        let members = of.members.min(TRIED);
        let mut made = made.clone();
        made.lowered.begin(0.0, &|k| made.timed[usize::from(k)].numbers(0)[0]);
        let named = |name: &str| start.iter().find(|(known, _)| known == name).map(|(_, numbers)| numbers);
        let column = |name: &str| -> Column<Real> {
            let numbers = named(name);
            (0..members).map(|i| numbers.map_or(0.0, |numbers| real(numbers.at(i)))).collect::<Vec<_>>()[..].into()
        };
        let names: Vec<&str> = self.model.variables().map(|variable| variable.name.as_str()).collect();
        let mut columns: Vec<Column<Real>> = names.iter().map(|name| column(name)).collect();
        if made.refractory {
            columns.push(Column::filled(0.0, members));
        }
        let zeros = Column::filled(0.0, members);
        let read = made.lowered.read.iter().map(|_| &zeros[..]);
        let inputs: Vec<&[Real]> = read.chain(made.lowered.fixed.iter().map(|fixed| &fixed[..members])).collect();
        let mut own: Vec<&mut [Real]> = columns.iter_mut().map(|column| &mut column[..]).collect();
        made.lowered.program.run(&mut own, &inputs, made.lowered.lines(), &mut vec![0; members]);
        let found = names.iter().zip(&columns).find_map(|(name, column)| {
            let neuron = column.iter().position(|x| !x.is_finite())?;
            Some(((*name).to_owned(), neuron))
        });
        // What starts at infinity is meant to.
        found.filter(|(name, neuron)| named(name).is_none_or(|numbers| numbers.at(*neuron).is_finite()))
    }

    /// The compartments besides the soma.
    pub fn compartments(&self) -> &[String] {
        &self.compartments
    }

    /// Whether the program is the one for what may reach the neurons.
    pub fn is_for(&self, of: For) -> bool {
        self.made.as_ref().is_some_and(|(made, _)| *made == of)
    }

    /// Makes the program for what may reach the neurons.
    ///
    /// # Errors
    /// A parameter was changed, so that it cannot be made.
    pub fn make_for(&mut self, equations: &Equations, of: For) -> Result<(), Wrong> {
        self.made = Some((of, self.make(equations, of)?));
        self.rows.clear();
        Ok(())
    }

    /// What an iteration at a time (ms) runs on: the model and its compartments, its program, rows of arrays that are due, random
    /// streams.
    pub fn begin(&mut self, time: f64) -> Option<On<'_>> {
        let Self { model, compartments, made, rows, streams, .. } = self;
        let (_, made) = made.as_mut()?;
        let timed = &made.timed;
        made.lowered.begin(time, &|k| timed[usize::from(k)].numbers(timed[usize::from(k)].row(time))[0]);
        rows.resize_with(timed.len(), Row::default);
        for (row, timed) in rows.iter_mut().zip(timed).filter(|(_, timed)| timed.width() > 1) {
            let due = timed.row(time);
            if row.0 != Some(due) {
                *row = (Some(due), timed.numbers(due).iter().map(|x| real(*x)).collect::<Vec<_>>()[..].into());
            }
        }
        Some(((model, compartments), made, rows, streams))
    }

    /// States the time constants of potentials that are linear, so that receptors are exact together with them.
    fn state_membranes(&self, preparation: &mut Preparation<'_>) {
        let Some((_, made)) = &self.made else { return };
        let group = preparation.entity();
        let world = preparation.world();
        let own = self.compartments.iter().map(|name| compartment_named(world, group, name));
        let sites: Vec<Option<Entity>> = std::iter::once(Some(group)).chain(own).collect();
        for (site, tau) in sites.into_iter().zip(&made.membranes) {
            let Some(Ok(mut site)) = site.map(|site| world.get_entity_mut(site)) else { continue };
            match tau {
                Some(Fixed::Number(tau)) => _ = site.insert(Membrane { tau: Parameter::from(*tau) }),
                Some(Fixed::Each(each)) => _ = site.insert(Membrane { tau: Parameter::of(each) }),
                None => _ = site.remove::<Membrane>(),
            }
        }
    }

    /// Takes the place of what has run; random streams go on.
    pub fn take_place(mut self, preparation: &mut Preparation<'_>) {
        self.state_membranes(preparation);
        let (entity, is_trial) = (preparation.entity(), preparation.is_trial());
        let mut group = preparation.world().entity_mut(entity);
        if let Some((_, made)) = &self.made {
            let (variables, length) = (self.model.variables().count(), made.lowered.program.len());
            let plural = |number: usize| if number == 1 { "" } else { "s" };
            let of = (plural(variables), made.method, plural(length));
            group.insert(Remark(format!("{variables} variable{} by {:?}, {length} operation{}", of.0, of.1, of.2)));
        }
        if let (Some(mut before), false) = (group.get_mut::<Self>(), is_trial) {
            if before.streams.len() == self.streams.len() {
                std::mem::swap(&mut self.streams, &mut before.streams);
            }
            *before = self;
        }
    }
}

impl State for Running {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.streams(&mut self.streams)
    }
}

/// Whether a source draws random numbers.
pub(super) const fn draws(source: Source) -> bool {
    matches!(source, Source::Normal | Source::Uniform)
}

/// A parameter in the precision of the state, so that it is the same number whether all neurons have it or each its own.
fn of_parameter(parameter: &Parameter, members: usize) -> Fixed {
    match parameter.uniform() {
        Some(x) => Fixed::Number(wide(x)),
        None => Fixed::Each((0..members).map(|i| wide(parameter.at(i))).collect()),
    }
}

fn fixed(numbers: Members) -> Fixed {
    match numbers {
        Members::Uniform(x) => Fixed::Number(x),
        Members::Each(each) => Fixed::Each(each.into()),
    }
}

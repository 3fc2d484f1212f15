//! What runs of a behaviour with equations: its program for what may reach the neurons, made anew when that, a parameter or the step
//! changes; and the random streams of its noise.

use std::sync::Arc;

use bevy_ecs::prelude::*;

use super::{
    Equations,
    names::{Names, of_parameter},
    refractory,
    trial::Trial,
};
use crate::{
    equations::{Fixed, Lowered, Method, Model, Rows, Runnable, Site, Source, Surroundings, Wrong, runnable},
    network::{
        Membrane, Parameter, Preparation, PrepareError, Remark, State, compartment::compartment_named, sample::Outside,
    },
    numeric::{
        Archive, ArchiveError, Noises,
        blocks::BLOCK,
        real::{real, wide},
        stream::Stream,
    },
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

/// Neurons for which programs are made on trial.
const TRIED: usize = 1024;

/// What an iteration runs on.
pub(super) type On<'a> = ((&'a Model, &'a [String]), &'a Runnable, &'a Rows, &'a mut Noises);

/// What runs.
#[derive(Component, Clone, Debug, Default)]
pub struct Running {
    /// The model.
    model: Arc<Model>,
    /// The compartments besides the soma.
    compartments: Vec<String>,
    names: Names,
    made: Option<(For, Runnable)>,
    rows: Rows,
    noises: Noises,
}

impl Running {
    /// What a behaviour comes to, tried with all that may reach its neurons.
    pub fn new(
        equations: &Equations,
        model: Model,
        preparation: &Preparation<'_>,
        outside: &Outside,
    ) -> Result<Self, PrepareError> {
        let compartments = equations.compartments_in(&model);
        let sums = equations.sum_names();
        let is_own = |name: &str| {
            model.statements.iter().any(|statement| statement.name == name)
                || sums.iter().any(|sum| sum == name)
                || equations.parameters.contains_key(name)
        };
        let names = Names::new(model.expressions(), &is_own, preparation, outside);
        let mut running = Self { model: Arc::new(model), compartments, names, ..Self::default() };
        let dt = preparation.clock().dt;
        let members = preparation.members();
        let told = |(part, error): Wrong| preparation.fault(part.field(), error.into());
        let mut noises = 0;
        for reaching in [u64::MAX, 0] {
            // Of the last one all is kept.
            let members = if reaching == 0 { members } else { members.min(TRIED) };
            let of = For { dt, conductance: reaching, jump: reaching, shift: reaching > 0, members };
            let made = running.make(equations, of).map_err(told)?;
            noises = noises.max(made.sources.iter().filter(|source| draws(**source)).count());
            running.made = Some((of, made));
        }
        if !preparation.is_trial() {
            let blocks = members.div_ceil(BLOCK);
            let stream: Stream = preparation.stream("noise");
            running.noises = Noises::of(stream, blocks, noises);
        }
        Ok(running)
    }

    fn make(&self, equations: &Equations, of: For) -> Result<Runnable, Wrong> {
        let named = |name: &str| self.names.number(&equations.parameters, of.members, name);
        let array = |file: &str| self.names.array(file);
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
            neurons: self.names.neurons,
            number: &named,
            known: self.names.with(equations.parameters.keys().chain(&sums)),
            array: &array,
            sites: &sites,
            potential: false,
            shift: of.shift,
            sums: &sums,
        };
        runnable(&self.model, &around)
    }

    /// What is tried without input before a network runs.
    pub fn trial(&self) -> Option<Trial<'_>> {
        let (of, made) = self.made.as_ref()?;
        Some(Trial { model: &self.model, made, members: of.members })
    }

    /// The same equations with half the step, where their method is one that a long step can upset.
    pub fn made_for_half(&self, equations: &Equations) -> Option<Runnable> {
        let (of, made) = self.made.as_ref()?;
        let is_stable = matches!(made.method, Method::Exact | Method::ExponentialEuler | Method::Implicit);
        if is_stable { None } else { self.make(equations, For { dt: of.dt / 2.0, ..*of }).ok() }
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
        self.rows = Rows::default();
        Ok(())
    }

    /// What an iteration at a time (ms) runs on: the model and its compartments, its program, rows of arrays that are due, random
    /// streams.
    pub fn begin(&mut self, time: f64) -> Option<On<'_>> {
        let Self { model, compartments, made, rows, noises, .. } = self;
        let (_, made) = made.as_mut()?;
        rows.begin(&mut made.lowered, &made.timed, time);
        Some(((model, compartments), made, rows, noises))
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
            group.insert(remark(&self.model, made.method, &made.lowered));
        }
        if let (Some(mut before), false) = (group.get_mut::<Self>(), is_trial) {
            self.noises.go_on(&mut before.noises);
            *before = self;
        }
    }
}

/// What is said of a program: its size, and the method that was chosen.
pub(super) fn remark(model: &Model, method: Method, lowered: &Lowered) -> Remark {
    let (variables, length) = (model.variables().count(), lowered.program.len());
    let plural = |number: usize| if number == 1 { "" } else { "s" };
    let of = (plural(variables), plural(length));
    Remark(format!("{variables} variable{} by {method:?}, {length} operation{}", of.0, of.1))
}

impl State for Running {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        self.noises.persist(archive)
    }
}

/// Whether a source draws random numbers.
pub(super) const fn draws(source: Source) -> bool {
    matches!(source, Source::Normal | Source::Uniform)
}

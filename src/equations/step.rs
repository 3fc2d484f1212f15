//! An iteration of a model as a program: what arrives, the step, the test for a spike, the reset, the refractory period.
//!
//! All derivatives and expressions see the state at the start of a step; new values are stored together. Spikes are looked for at the
//! new values, and where potentials jump, also just before the step. A reset is assignments one after another.

use std::{cell::RefCell, sync::Arc};

use super::{
    assembly::{Assembly, Growing},
    graph::{Fixed, Graph, Id, Node},
    lower::{Lowered, Task, fixed},
    method::{Method, System},
    model::{Model, Part, Wrong},
    operation::{One, Two},
    statement::{Assignment, Meaning, Statement, fault},
    surroundings::{Runnable, Source, Surroundings, When},
};
use crate::value::{Expression, ValueError};

/// The model in its surroundings.
///
/// # Errors
/// A name that nobody knows; what its method cannot do; more than a program can hold.
pub fn runnable(model: &Model, around: &Surroundings<'_>) -> Result<Runnable, Wrong> {
    let state = RefCell::default();
    let mut assembly = Assembly::new(model, around, &state)?;
    let Stepped { new, method, membranes } = assembly.stepped()?;
    let fires = assembly.fires(&new)?;
    let (mut outputs, refractory) = assembly.after(&new, fires)?;
    let mut graph = assembly.into_graph();
    graph.settle(&mut outputs);
    let roots: Vec<Id> = outputs.iter().map(|(_, id)| *id).chain([fires]).collect();
    let (graph, roots) = graph.compacted(&roots);
    outputs.iter_mut().zip(&roots).for_each(|((_, id), root)| *id = *root);
    let columns = model.variables().count() + usize::from(refractory);
    let mark = roots[roots.len() - 1];
    let task = Task { graph: &graph, outputs, mark, columns, members: around.members };
    let lowered = Lowered::of(&task).map_err(in_model)?;
    let Growing { sources, timed } = state.into_inner();
    Ok(Runnable { lowered, sources, timed, method, refractory, membranes })
}

/// What a step comes to.
struct Stepped {
    /// The variables after it.
    new: Vec<Id>,
    /// The method that gave them.
    method: Method,
    /// The time constants of potentials, where receptors may go by them.
    membranes: Vec<Option<Fixed>>,
}

fn in_model(error: ValueError) -> Wrong {
    (Part::Model, error)
}

impl Assembly<'_> {
    /// The differential equations.
    pub fn system(&mut self) -> Result<System, Wrong> {
        let model = self.model;
        for (statement, value) in model.subexpressions() {
            let made = self.build(value, Part::Model, statement.once)?;
            let made = if statement.once { self.graph.one(One::Once, made) } else { made };
            self.names.insert(&statement.name, made);
        }
        let zero = self.graph.number(0.0);
        let mut f = Vec::new();
        for variable in model.variables() {
            f.push(match &variable.meaning {
                Meaning::Derivative(value) => self.build(value, Part::Model, false)?,
                _ => zero,
            });
        }
        let noise: Vec<Id> = self.noise.iter().map(|(_, number)| *number).collect();
        let (h, members, compartments) = (self.h(), self.around.members, self.around.sites.len() > 1);
        Ok(System { x: self.x.clone(), f, noise, h, members, compartments })
    }

    /// The method by which they are integrated.
    pub fn chosen(&mut self, system: &System) -> Method {
        match self.around.method {
            // A conductance makes a coefficient change.
            Method::Exact if self.around.sites.iter().any(|site| site.conductance) => match system.compartments {
                true => Method::Implicit,
                false => Method::ExponentialEuler,
            },
            method => method.chosen(&mut self.graph, system),
        }
    }

    /// The variables after a step, by the variables before it.
    pub fn step_of(&mut self, method: Method, system: &System) -> Result<Vec<Id>, Wrong> {
        let (model, growing) = (self.model, self.growing);
        let mut normal = |graph: &mut Graph| growing.borrow_mut().add(graph, Source::Normal);
        let step = method.step(&mut self.graph, system, &mut normal).map_err(|refusal| {
            let variable = model.variables().nth(refusal.variable);
            let (name, at) = variable.map_or(("", 0..0), |variable| (variable.name.as_str(), variable.at.clone()));
            in_model(fault(format!("`{name}` cannot be integrated so: {}", refusal.why), at))
        })?;
        self.graph.check_size().map_err(in_model)?;
        Ok(step)
    }

    fn stepped(&mut self) -> Result<Stepped, Wrong> {
        let (model, growing) = (self.model, self.growing);
        let system = self.system()?;
        let method = self.chosen(&system);
        let sites = 0..self.around.sites.len() as u16;
        let membranes = sites.map(|site| self.membrane(&system, method, site)).collect();
        let before = growing.borrow().sources.len();
        let step = self.step_of(method, &system)?;
        let drawn = (before..growing.borrow().sources.len()).map(|k| self.graph.input(k));
        let noise: Vec<Id> = system.noise.iter().copied().chain(drawn.collect::<Vec<_>>()).collect();
        self.start = self.arrived()?;
        let new = self.in_steps(&step, &noise)?;
        let new = self.within_bounds(new)?;
        let free = self.free()?;
        let hold = |graph: &mut Graph, (variable, (new, x)): (&Statement, (Id, Id))| {
            if variable.held { graph.select(free, new, x) } else { new }
        };
        let pairs = model.variables().zip(new.into_iter().zip(self.x.clone()));
        let new = pairs.map(|pair| hold(&mut self.graph, pair)).collect();
        Ok(Stepped { new, method, membranes })
    }

    /// The time constant of the potential of a site, where receptors may go by it.
    fn membrane(&mut self, system: &System, method: Method, site: u16) -> Option<Fixed> {
        let place = self.potential(site)?;
        let (v, input) = (self.x[place], self.names.get(&self.around.sites[usize::from(site)].name_of("input"))?);
        let graph = &mut self.graph;
        let feeds_others = system.f.iter().enumerate().any(|(k, f)| k != place && graph.depends(*f, input));
        let slope = graph.derivative(system.f[place], v);
        let gain = graph.derivative(system.f[place], input);
        let exact = matches!(method, Method::Exact | Method::ExponentialEuler);
        if feeds_others || !exact || !graph.is_fixed(slope) || !graph.is_fixed(gain) {
            return None;
        }
        let slopes = fixed(graph, &[slope], self.around.members).pop()?;
        let members = if matches!(slopes, Fixed::Number(_)) { 1 } else { self.around.members };
        let taus: Arc<[f64]> = (0..members).map(|member| -1.0 / slopes.at(member)).collect();
        let real = taus.iter().all(|tau| *tau > 0.0 && tau.is_finite());
        match taus[..] {
            _ if !real => None,
            [tau] => Some(Fixed::Number(tau)),
            _ => Some(Fixed::Each(taus)),
        }
    }

    /// The variables after all steps of an iteration, each with noise of its own, from where jumps have taken them.
    fn in_steps(&mut self, step: &[Id], noise: &[Id]) -> Result<Vec<Id>, Wrong> {
        let start = self.start.clone();
        let by = |there: &[Id], more: Vec<(Id, Id)>, x: &[Id]| -> Vec<(Id, Id)> {
            x.iter().copied().zip(there.iter().copied()).chain(more).collect()
        };
        let mut new = self.graph.replaced(step, &by(&start, Vec::new(), &self.x), true);
        // What is taken once is that of the start of the iteration in all of them.
        let once: Vec<Id> = self
            .graph
            .parts(step)
            .into_iter()
            .filter(|id| matches!(self.graph.node(*id), Node::One(One::Once, _)))
            .collect();
        let fixed = self.graph.replaced(&once, &by(&start, Vec::new(), &self.x), true);
        for _ in 1..self.around.steps {
            let fresh: Vec<Id> =
                noise.iter().map(|_| self.growing.borrow_mut().add(&mut self.graph, Source::Normal)).collect();
            let others = once.iter().copied().zip(fixed.iter().copied());
            let others = others.chain(noise.iter().copied().zip(fresh)).collect();
            new = self.graph.replaced(step, &by(&new, others, &self.x), false);
            self.graph.check_size().map_err(in_model)?;
        }
        Ok(new)
    }

    /// The variables once something has arrived: jumps of the potential, sums that go by the name of a variable, and what the model
    /// makes of others.
    pub fn arrived(&mut self) -> Result<Vec<Id>, Wrong> {
        let (model, around) = (self.model, self.around);
        let mut start = self.x.clone();
        for (k, site) in (0..).zip(around.sites) {
            if let (Some(place), true) = (self.potential(k), site.jump) {
                let jump = self.drive(Source::Jump(k), true);
                start[place] = self.graph.two(Two::Add, start[place], jump);
            }
        }
        for name in around.sums {
            if let Some(place) = model.place(name) {
                let sum = self.sum(name);
                start[place] = self.graph.two(Two::Add, start[place], sum);
            }
        }
        for assignment in &model.arrive {
            let place = model.place(&assignment.name).unwrap_or_default();
            start[place] = self.assigned(&start, place, (assignment, Part::Arrive))?;
        }
        self.within_bounds(start)
    }

    pub fn within_bounds(&mut self, mut new: Vec<Id>) -> Result<Vec<Id>, Wrong> {
        let model = self.model;
        for (place, variable) in model.variables().enumerate() {
            let Some([low, high]) = &variable.bounds else { continue };
            let (low, high) = (self.build(low, Part::Model, false)?, self.build(high, Part::Model, false)?);
            new[place] = self.graph.clipped(new[place], [low, high]);
        }
        Ok(new)
    }

    fn has_refractory(&self) -> bool {
        match &self.around.refractory {
            Fixed::Number(iterations) => *iterations > 0.0,
            Fixed::Each(iterations) => iterations.iter().any(|iterations| *iterations > 0.0),
        }
    }

    /// Iterations for which a neuron is refractory still: the column after the variables.
    fn left(&mut self) -> Id {
        self.graph.leaf(Node::Column(self.x.len() as u16))
    }

    /// Whether a neuron is not refractory: its time is over, and the condition did not hold at the start of the iteration.
    fn free(&mut self) -> Result<Id, Wrong> {
        let waited = if self.has_refractory() { self.waited() } else { self.graph.number(1.0) };
        let Some(holds) = &self.model.refractory_while else { return Ok(waited) };
        let holds = self.build(holds, Part::RefractoryWhile, false)?;
        let not = self.graph.one(One::Not, holds);
        Ok(self.graph.two(Two::And, waited, not))
    }

    /// Whether its refractory time is over.
    fn waited(&mut self) -> Id {
        let (left, zero) = (self.left(), self.graph.number(0.0));
        self.graph.two(Two::LessEqual, left, zero)
    }

    /// Whether a neuron fires.
    fn fires(&mut self, new: &[Id]) -> Result<Id, Wrong> {
        let free = self.free()?;
        let Some(spike) = &self.model.spike else { return Ok(self.graph.number(0.0)) };
        let mut above = self.build_at(new, spike, Part::Spike)?;
        if self.start != self.x {
            let arrived = self.build_at(&self.start.clone(), spike, Part::Spike)?;
            above = self.graph.two(Two::Or, above, arrived);
        }
        if self.around.when == When::Becomes {
            let before = self.build_at(&self.x.clone(), spike, Part::Spike)?;
            let before = self.one_iteration_ago(before, spike)?;
            let not = self.graph.one(One::Not, before);
            above = self.graph.two(Two::And, above, not);
        }
        Ok(self.graph.two(Two::And, free, above))
    }

    /// A condition on variables of the last iteration, at its time.
    fn one_iteration_ago(&mut self, condition: Id, spike: &Expression) -> Result<Id, Wrong> {
        let changes = |id: &Id| match self.graph.node(*id) {
            Node::Timed(_) => true,
            Node::Input(k) => {
                let source = self.growing.borrow().sources[usize::from(k)];
                !matches!(source, Source::Shift)
            }
            _ => false,
        };
        if self.graph.parts(&[condition]).iter().any(changes) {
            let why = "a condition that is to become true goes by variables, parameters and `t`: of all else nobody knows what it was \
                       before; a variable can keep it";
            let all = spike.names().into_iter().map(|(_, at)| at).reduce(|one, other| one.start..other.end);
            return Err((Part::Spike, fault(why, all.unwrap_or_default())));
        }
        let (time, dt) = (self.graph.leaf(Node::Time), self.graph.number(self.around.dt));
        let before = self.graph.two(Two::Subtract, time, dt);
        Ok(self.graph.replaced(&[condition], &[(time, before)], false)[0])
    }

    /// All columns after the iteration, and whether there is one for the refractory period.
    fn after(&mut self, new: &[Id], fires: Id) -> Result<(Vec<(u16, Id)>, bool), Wrong> {
        let model = self.model;
        let mut reset = new.to_vec();
        for assignment in &model.reset {
            let place = model.place(&assignment.name).unwrap_or_default();
            reset[place] = self.assigned(&reset, place, (assignment, Part::Reset))?;
        }
        let reset = self.within_bounds(reset)?;
        let mut outputs = Vec::new();
        for (place, (new, reset)) in new.iter().zip(reset).enumerate() {
            let id = self.graph.select(fires, reset, *new);
            outputs.push((place as u16, id));
        }
        if self.has_refractory() {
            let iterations = self.given(self.around.refractory.clone());
            let (left, one, zero) = (self.left(), self.graph.number(1.0), self.graph.number(0.0));
            let less = self.graph.two(Two::Subtract, left, one);
            let over = self.waited();
            let waited = self.graph.select(over, zero, less);
            let id = self.graph.select(fires, iterations, waited);
            outputs.push((self.x.len() as u16, id));
        }
        self.graph.check_size().map_err(in_model)?;
        Ok((outputs, self.has_refractory()))
    }

    fn assigned(&mut self, there: &[Id], place: usize, (assignment, part): (&Assignment, Part)) -> Result<Id, Wrong> {
        let value = self.build_at(there, &assignment.value, part)?;
        Ok(self.graph.assigned(assignment, there[place], value))
    }
}

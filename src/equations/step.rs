//! An iteration of a model as a program: what arrives, the step, the test for a spike, the reset, the refractory period.
//!
//! All derivatives and expressions see the state at the start of a step; new values are stored together. Spikes are looked for at the
//! new values, and where potentials jump, also just before the step. A reset is assignments one after another.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use super::{
    build::{Argument, Names, Special},
    graph::{Fixed, Graph, Id, Node},
    lower::{Lowered, Task, fixed},
    method::{Method, System},
    model::{Model, Part, Wrong, is_noise},
    operation::{One, Two},
    statement::{Assignment, Meaning, Statement, fault},
    surroundings::{Runnable, Source, Surroundings, Timed, When},
};
use crate::value::{Expression, ValueError};

/// The model in its surroundings.
///
/// # Errors
/// A name that nobody knows; what its method cannot do; more than a program can hold.
pub fn runnable(model: &Model, around: &Surroundings<'_>) -> Result<Runnable, Wrong> {
    let state = RefCell::default();
    let mut assembly = Assembly::new(model, around, &state)?;
    let (new, method, membrane) = assembly.stepped()?;
    let (fires, free) = assembly.fires(&new)?;
    let (mut outputs, refractory) = assembly.after(&new, fires, free)?;
    let graph = assembly.into_graph();
    let roots: Vec<Id> = outputs.iter().map(|(_, id)| *id).chain([fires]).collect();
    let (graph, roots) = graph.compacted(&roots);
    outputs.iter_mut().zip(&roots).for_each(|((_, id), root)| *id = *root);
    let columns = model.variables().count() + usize::from(refractory);
    let mark = roots[roots.len() - 1];
    let task = Task { graph: &graph, outputs, mark, columns, members: around.members };
    let lowered = Lowered::of(&task).map_err(in_model)?;
    let Growing { sources, timed } = state.into_inner();
    Ok(Runnable { lowered, sources, timed, method, refractory, membrane })
}

fn in_model(error: ValueError) -> Wrong {
    (Part::Model, error)
}

/// Inputs and arrays, of which there are more with every call in an expression.
#[derive(Default)]
struct Growing {
    sources: Vec<Source>,
    timed: Vec<Timed>,
}

impl Growing {
    /// Another input.
    fn add(&mut self, graph: &mut Graph, source: Source) -> Id {
        self.sources.push(source);
        graph.input(self.sources.len() - 1)
    }

    /// An input of which there is one.
    fn the(&mut self, graph: &mut Graph, source: Source) -> Id {
        match self.sources.iter().position(|known| *known == source) {
            Some(known) => graph.input(known),
            None => self.add(graph, source),
        }
    }
}

struct Assembly<'a> {
    model: &'a Model,
    around: &'a Surroundings<'a>,
    graph: Graph,
    growing: &'a RefCell<Growing>,
    names: Names<'a>,
    /// The variables at the start of an iteration.
    x: Vec<Id>,
    /// The variables once something has arrived.
    start: Vec<Id>,
    /// White noises by their names: standard normal numbers.
    noise: Vec<(String, Id)>,
}

impl<'a> Assembly<'a> {
    fn new(model: &'a Model, around: &'a Surroundings<'a>, growing: &'a RefCell<Growing>) -> Result<Self, Wrong> {
        let mut graph = Graph::default();
        let mut names = Names::default();
        let (t, dt) = (graph.leaf(Node::Time), graph.number(around.dt));
        names.insert("t", t);
        names.insert("dt", dt);
        let mut x = Vec::new();
        for (place, variable) in model.variables().enumerate() {
            let id = graph.leaf(Node::Column(place as u16));
            names.insert(&variable.name, id);
            x.push(id);
        }
        Ok(Self { model, around, graph, growing, names, start: x.clone(), x, noise: Vec::new() })
    }

    fn into_graph(self) -> Graph {
        self.graph
    }

    /// A node that is given from outside.
    fn given(&mut self, given: Fixed) -> Id {
        match given {
            Fixed::Number(x) => self.graph.number(x),
            Fixed::Each(numbers) => self.graph.member_of(numbers),
        }
    }

    /// Makes the names in an expression known that come from outside.
    fn find_names(&mut self, expression: &Expression, part: Part) -> Result<(), Wrong> {
        for (name, at) in expression.names() {
            if name == "pi" || self.names.get(name).is_some() {
                continue;
            }
            let id = match name {
                "input" => self.input(),
                "conductance" => self.drive(Source::Conductance, self.around.conductance),
                "shift" => self.drive(Source::Shift, self.around.shift),
                "jump" | "fired" | "refractory_left" => {
                    return Err((part, fault(format!("`{name}` cannot be read in equations"), at)));
                }
                noise if is_noise(noise) => {
                    if part != Part::Model {
                        return Err((part, fault("white noise stands in derivatives; here it is `randn()`", at)));
                    }
                    self.white(noise)
                }
                sum if self.around.sums.iter().any(|known| known == sum) => self.sum(sum),
                // A name that nobody knows is told where the expression is built.
                other => match (self.around.number)(other) {
                    Some(given) => self.given(given),
                    None => continue,
                },
            };
            self.names.insert(name, id);
        }
        Ok(())
    }

    fn drive(&mut self, source: Source, is_there: bool) -> Id {
        if is_there { self.growing.borrow_mut().the(&mut self.graph, source) } else { self.graph.number(0.0) }
    }

    fn sum(&mut self, name: &str) -> Id {
        let place = self.around.sums.iter().position(|known| known == name).unwrap_or_default();
        self.drive(Source::Sum(place as u16), true)
    }

    /// The current that reaches the neuron: what conductances let in, too, unless the model speaks of them itself.
    fn input(&mut self) -> Id {
        let current = self.drive(Source::Input, true);
        let v = self.model.place("v").map(|place| self.x[place]);
        match v {
            Some(v) if self.around.conductance && !self.model.uses("conductance") => {
                let open = self.drive(Source::Conductance, true);
                let leak = self.graph.two(Two::Multiply, open, v);
                self.graph.two(Two::Subtract, current, leak)
            }
            _ => current,
        }
    }

    /// White noise: a standard normal number over the root of a step.
    fn white(&mut self, name: &str) -> Id {
        let number = self.growing.borrow_mut().add(&mut self.graph, Source::Normal);
        self.noise.push((name.to_owned(), number));
        let root = self.graph.number(1.0 / self.h().sqrt());
        self.graph.two(Two::Multiply, number, root)
    }

    fn h(&self) -> f64 {
        self.around.dt / f64::from(self.around.steps.max(1))
    }

    /// The node of an expression; `random` says whether it may draw.
    fn build(&mut self, expression: &Expression, part: Part, random: bool) -> Result<Id, Wrong> {
        self.find_names(expression, part)?;
        let names = self.names.clone().with_calls(self.calls(random));
        let made = self.graph.build(expression, &names).and_then(|made| self.graph.check_size().map(|()| made));
        made.map_err(|mut error| {
            error.known.extend(self.around.known.iter().cloned());
            (part, error)
        })
    }

    /// Calls that read files or draw.
    fn calls(&self, random: bool) -> Rc<Special<'a>> {
        let (growing, around) = (self.growing, self.around);
        Rc::new(move |graph, name, arguments| match (name, arguments) {
            ("rand" | "randn", []) if !random => {
                let why =
                    format!("`{name}` is for resets and for expressions that are `once`; in derivatives noise is `xi`");
                Some(Err(why))
            }
            ("rand", []) => Some(Ok(growing.borrow_mut().add(graph, Source::Uniform))),
            ("randn", []) => Some(Ok(growing.borrow_mut().add(graph, Source::Normal))),
            ("timed", [Argument::Text(file), Argument::Node(every)]) => Some(match graph.constant(*every) {
                Some(every) if every > 0.0 && every.is_finite() => timed(graph, growing, around, file, every),
                _ => {
                    Err("the second argument of `timed` is the time from a row to the next: a number above 0 (ms)"
                        .into())
                }
            }),
            ("timed", _) => {
                Some(Err("`timed` takes a file and the time from a row to the next: timed('drive.npy', 0.5)".into()))
            }
            _ => None,
        })
    }

    /// The variables after an iteration, the method that gave them, and the time constant of the potential.
    fn stepped(&mut self) -> Result<(Vec<Id>, Method, Option<Fixed>), Wrong> {
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
        let system = System { x: self.x.clone(), f, noise: noise.clone(), h: self.h(), members: self.around.members };
        // A conductance makes a coefficient change.
        let method = match self.around.method {
            Method::Exact if self.around.conductance => Method::ExponentialEuler,
            method => method.chosen(&mut self.graph, &system),
        };
        let membrane = self.membrane(&system, method);
        let growing = self.growing;
        let before = growing.borrow().sources.len();
        let mut normal = |graph: &mut Graph| growing.borrow_mut().add(graph, Source::Normal);
        let step = method.step(&mut self.graph, &system, &mut normal).map_err(|refusal| {
            let variable = model.variables().nth(refusal.variable);
            let (name, at) = variable.map_or(("", 0..0), |variable| (variable.name.as_str(), variable.at.clone()));
            in_model(fault(format!("`{name}` cannot be integrated so: {}", refusal.why), at))
        })?;
        let drawn = (before..growing.borrow().sources.len()).map(|k| self.graph.input(k));
        let noise: Vec<Id> = noise.into_iter().chain(drawn.collect::<Vec<_>>()).collect();
        self.graph.check_size().map_err(in_model)?;
        self.start = self.arrived()?;
        let new = self.in_steps(&step, &noise)?;
        let new = self.within_bounds(new)?;
        let free = self.free();
        let hold = |graph: &mut Graph, (variable, (new, x)): (&Statement, (Id, Id))| {
            if variable.held { graph.select(free, new, x) } else { new }
        };
        let pairs = model.variables().zip(new.into_iter().zip(self.x.clone()));
        Ok((pairs.map(|pair| hold(&mut self.graph, pair)).collect(), method, membrane))
    }

    /// The time constant of the potential, where receptors may go by it.
    fn membrane(&mut self, system: &System, method: Method) -> Option<Fixed> {
        let place = self.model.place("v")?;
        let (v, input) = (self.x[place], self.names.get("input")?);
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
    fn arrived(&mut self) -> Result<Vec<Id>, Wrong> {
        let (model, around) = (self.model, self.around);
        let mut start = self.x.clone();
        if let (Some(place), true) = (model.place("v"), around.jump) {
            let jump = self.drive(Source::Jump, true);
            start[place] = self.graph.two(Two::Add, start[place], jump);
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

    fn within_bounds(&mut self, mut new: Vec<Id>) -> Result<Vec<Id>, Wrong> {
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

    /// Whether a neuron is not refractory.
    fn free(&mut self) -> Id {
        if !self.has_refractory() {
            return self.graph.number(1.0);
        }
        let (left, zero) = (self.left(), self.graph.number(0.0));
        self.graph.two(Two::LessEqual, left, zero)
    }

    /// The names where the variables are others.
    fn names_at(&mut self, there: &[Id]) -> Names<'a> {
        let mut names = self.names.clone();
        let by: Vec<(Id, Id)> = self.x.iter().copied().zip(there.iter().copied()).collect();
        let own: Vec<&str> = self.model.subexpressions().map(|(statement, _)| statement.name.as_str()).collect();
        let before: Vec<Id> = own.iter().filter_map(|name| self.names.get(name)).collect();
        let after = self.graph.replaced(&before, &by, false);
        own.iter().zip(after).for_each(|(name, id)| names.insert(name, id));
        if let Some(input) = self.names.get("input") {
            let there = self.graph.replaced(&[input], &by, false)[0];
            names.insert("input", there);
        }
        self.model.variables().zip(there).for_each(|(variable, id)| names.insert(&variable.name, *id));
        names
    }

    /// An expression where the variables are others.
    fn build_at(&mut self, there: &[Id], expression: &Expression, part: Part) -> Result<Id, Wrong> {
        self.find_names(expression, part)?;
        let names = self.names_at(there);
        let before = std::mem::replace(&mut self.names, names);
        let made = self.build(expression, part, matches!(part, Part::Reset | Part::Arrive));
        self.names = before;
        made
    }

    /// Whether a neuron fires, and whether it is not refractory.
    fn fires(&mut self, new: &[Id]) -> Result<(Id, Id), Wrong> {
        let free = self.free();
        let Some(spike) = &self.model.spike else { return Ok((self.graph.number(0.0), free)) };
        let mut above = self.build_at(new, spike, Part::Spike)?;
        if self.start != self.x {
            let arrived = self.build_at(&self.start.clone(), spike, Part::Spike)?;
            above = self.graph.two(Two::Or, above, arrived);
        }
        if self.around.when == When::Becomes {
            let before = self.build_at(&self.x.clone(), spike, Part::Spike)?;
            let not = self.graph.one(One::Not, before);
            above = self.graph.two(Two::And, above, not);
        }
        Ok((self.graph.two(Two::And, free, above), free))
    }

    /// All columns after the iteration, and whether there is one for the refractory period.
    fn after(&mut self, new: &[Id], fires: Id, free: Id) -> Result<(Vec<(u16, Id)>, bool), Wrong> {
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
            let waited = self.graph.select(free, zero, less);
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

/// The number, or the number of each neuron, of an array that is due.
fn timed(
    graph: &mut Graph,
    growing: &RefCell<Growing>,
    around: &Surroundings<'_>,
    file: &str,
    every: f64,
) -> Result<Id, String> {
    let array = (around.array)(file)?;
    let width: usize = array.shape.iter().skip(1).product();
    if array.data.is_empty() || array.shape.is_empty() {
        return Err(format!("`{file}` has no row"));
    }
    let mut growing = growing.borrow_mut();
    let k = growing.timed.len() as u16;
    growing.timed.push(Timed { array, every });
    match width {
        1 => Ok(graph.leaf(Node::Timed(k))),
        width if width == around.neurons => Ok(growing.add(graph, Source::Timed(k))),
        width => Err(format!(
            "a row of `{file}` has {width} numbers: one, or one for each of {} neurons, is needed",
            around.neurons
        )),
    }
}
